"""One table of the configuration: its values from every source, each with its origin, and their check."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError

from opshub.config.environment import Given, decode, variable
from opshub.config.locate import KeyPath, line_of
from opshub.config.problems import Problem, meant, plain_reason

__all__ = ["Section", "secret_texts"]

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True, slots=True, repr=False)
class Section:
    """``table`` is what the file says, ``given`` what the environment and the secrets folder add, by name."""

    path: tuple[str, ...]
    table: Mapping[str, object]
    given: Mapping[str, Given]
    file: str
    lines: Mapping[KeyPath, int]

    def text(self, name: str) -> str:
        """A plain text as it is given, before any check; empty where there is none."""
        value = self.given[name].text if name in self.given else self.table.get(name)
        return value if isinstance(value, str) else ""

    def problem(self, key: str, reason: str) -> Problem:
        """A mistake at one of the table's keys."""
        line = line_of(self.lines, (*self.path, key))
        return Problem(line, f"{self.file}:{line}", f'[{".".join(self.path)}] "{key}" {reason}')

    def only(self, names: Collection[str]) -> Section:
        """The part with these keys."""
        return self._where(lambda key: key in names)

    def without(self, names: Collection[str]) -> Section:
        """The part without these keys."""
        return self._where(lambda key: key not in names)

    def _where(self, wanted: Any) -> Section:
        return replace(
            self,
            table={key: value for key, value in self.table.items() if wanted(key)},
            given={key: given for key, given in self.given.items() if wanted(key.split("__")[0])},
        )

    def check(self, model: type[M]) -> tuple[M | None, list[Problem]]:
        """The values as the model, or everything that is wrong with them; never a value of a secret."""
        values, problems = self._values(model)
        problems += self._mistyped(model)
        try:
            made = model.model_validate(values)
        except ValidationError as error:
            errors = error.errors(include_input=False, include_url=False)
            places = {problem.line for problem in problems if problem.line}
            told = [self._problem(model, values, dict(e)) for e in errors]
            return None, [*problems, *(problem for problem in told if problem.line not in places)]
        return (None if problems else made), problems

    def _values(self, model: type[BaseModel]) -> tuple[dict[str, object], list[Problem]]:
        values: dict[str, object] = dict(self.table)
        problems: list[Problem] = []
        known = {
            (info.alias or name).lower(): info.alias or name for name, info in model.model_fields.items()
        }
        for key in sorted({name.split("__")[0] for name in self.given}):
            texts = {name: g.text for name, g in self.given.items() if name.split("__")[0] == key}
            if key not in known:
                problems.append(Problem(0, self._origin(key), f'unknown setting "{key}"{meant(key, known)}'))
                continue
            try:
                decoded = decode(model, texts)
            except ValueError as error:
                problems.append(Problem(0, self._origin(key), f'"{key}" {error}'))
            else:
                for value in decoded.values():
                    values[known[key]] = _combine(values.get(known[key]), value)
        return values, problems

    def _mistyped(self, model: type[BaseModel]) -> Iterator[Problem]:
        """Texts for numbers and the like: from the file no value is turned into another kind."""
        for name, info in model.model_fields.items():
            key = info.alias or name
            kinds = {kind for kind in (info.annotation, *get_args(info.annotation)) if kind is not type(None)}
            if key in self.given or key not in self.table or not kinds or not kinds <= _PLAIN.keys():
                continue
            value = self.table[key]
            if type(value) not in {fit for kind in kinds for fit in _PLAIN[kind]}:
                words = " or ".join(sorted({_WORDS[kind] for kind in kinds}))
                line = line_of(self.lines, (*self.path, key))
                reason = f'[{".".join(self.path)}] "{key}" must be {words}'
                yield Problem(line, f"{self.file}:{line}", reason)

    def _origin(self, key: str) -> str:
        return next(g.origin for name, g in self.given.items() if name.split("__")[0] == key)

    def _problem(
        self, model: type[BaseModel], values: Mapping[str, object], error: dict[str, Any]
    ) -> Problem:
        loc: KeyPath = tuple(error["loc"])
        top = str(loc[0]) if loc else ""
        secret = top in set(_secrets(model))
        reason = plain_reason(error, _known(model, loc), None if secret else _reach(values, loc))
        for hidden in _raw_secrets(model, values):
            reason = reason.replace(hidden, "***")
        line = line_of(self.lines, (*self.path, *loc))
        hint = ""
        if error["type"] == "missing" and len(loc) == 1 and self.path[0] not in _FILE_ONLY:
            name = variable(*self.path, top)
            reason += f"; write it under [{'.'.join(self.path)}] or set {name}"
            hint = f"set the environment variable {name}, or put it into the secrets folder" if secret else ""
        given = [name for name in self.given if name.split("__")[0] == top.lower()]
        place = self._origin(top.lower()) if given else f"{self.file}:{line}"
        absent = secret and error["type"] == "missing"
        return Problem(0 if given else line, place, f"[{'.'.join(self.path)}] {reason}", hint, absent)


_FILE_ONLY = ("currencies", "tables")
"""Tables that no environment variable adds to."""

_PLAIN: Mapping[Any, tuple[type, ...]] = {bool: (bool,), int: (int,), float: (int, float), str: (str,)}
_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "a text in quotes"}


def _combine(old: object, new: object) -> object:
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    spelled = {str(key).lower(): key for key in old}
    return {**old, **{spelled.get(str(key).lower(), key): value for key, value in new.items()}}


def _known(model: type[BaseModel], loc: KeyPath) -> list[str]:
    for part in loc[:-1]:
        info = model.model_fields.get(str(part))
        inner = (
            [a for a in _types(info.annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
            if info
            else []
        )
        if inner:
            model = inner[0]
    return [info.alias or name for name, info in model.model_fields.items()]


def _types(annotation: object) -> Iterator[object]:
    yield annotation
    for inner in get_args(annotation):
        yield from _types(inner)


def _secrets(model: type[BaseModel]) -> Iterator[str]:
    for name, info in model.model_fields.items():
        if any(kind in (SecretStr, SecretBytes) for kind in _types(info.annotation)):
            yield info.alias or name


def secret_texts(settings: BaseModel) -> Iterator[str]:
    """Every secret that settings hold, for the layers that must never show one."""
    for _, value in settings:
        yield from _opened(value)


def _opened(value: object) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, BaseModel):
        yield from secret_texts(value)
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _opened(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from _opened(inner)


def _raw_secrets(model: type[BaseModel], values: Mapping[str, object]) -> Iterator[str]:
    for name in _secrets(model):
        yield from (str(text) for text in _leaves(values.get(name)) if len(str(text)) > 3)


def _leaves(value: object) -> Iterator[object]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from _leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _leaves(inner)
    elif value is not None:
        yield value


def _reach(values: Any, loc: KeyPath) -> object:
    for part in loc:
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return None
    return values
