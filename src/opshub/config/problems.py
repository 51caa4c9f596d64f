"""What is wrong with settings, each with its place, told together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from opshub.config.locate import KeyPath
from opshub.errors import ConfigError

__all__ = ["Problem", "listed", "meant", "plain_reason", "refuse"]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. ``place`` is ``file:line`` or the name of an environment variable; ``line`` only sorts."""

    line: int
    place: str
    message: str
    hint: str = field(default="", compare=False)
    absent: bool = field(default=False, compare=False)
    """Whether it is only that a secret is missing."""

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


def refuse(name: str, problems: Sequence[Problem]) -> NoReturn:
    """Raise a ConfigError that lists all problems in the order of the file."""
    raise listed(name, problems)


def listed(name: str, problems: Sequence[Problem]) -> ConfigError:
    """All problems in the order of the file, as one error."""
    ordered = sorted(set(problems))
    hint = next((p.hint for p in ordered if p.hint), f"correct {name} and run the command again")
    if len(ordered) == 1:
        return ConfigError(str(ordered[0]), hint=hint)
    lines = "\n".join(f"  {problem}" for problem in ordered)
    return ConfigError(f"{name} has {len(ordered)} mistakes\n{lines}", hint=hint)


def meant(word: str, known: Iterable[str]) -> str:
    """``; did you mean "x"?`` where something known is near, else the few that there are, else nothing."""
    from difflib import get_close_matches

    names = sorted(known)
    near = get_close_matches(word.casefold(), names, n=1)
    if near:
        return f'; did you mean "{near[0]}"?'
    return f"; known: {', '.join(names)}" if 0 < len(names) <= 8 else ""


def plain_reason(error: Mapping[str, Any], known: Iterable[str], given: object = None) -> str:
    """One of pydantic's errors in our words. ``given`` is the refused value, or None where it is a secret."""
    loc: KeyPath = tuple(error["loc"])
    key = ".".join(str(part) for part in loc if part != "[key]")
    kind, text = str(error["type"]), str(error["msg"])
    if kind == "missing":
        return f'"{key}" is missing'
    if kind == "extra_forbidden":
        return f'unknown setting "{key}"{meant(str(loc[-1]), known)}'
    if kind in {"literal_error", "enum"}:
        options = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
        near = meant(given, options) if isinstance(given, str) else ""
        return f'"{key}" must be {_either(options)}{near if "did you" in near else ""}'
    text = text.removeprefix("Value error, ").removeprefix("Assertion failed, ")
    text = _SHAPES.get(kind, text.replace("Input should be", "must be"))
    return f'"{key}" {text}' if key and text.startswith(("must ", "sends ", "is ")) else _named(key, text)


_SHAPES = {
    "tuple_type": 'must be a list, such as ["a", "b"]',
    "list_type": 'must be a list, such as ["a", "b"]',
    "set_type": 'must be a list, such as ["a", "b"]',
    "frozen_set_type": 'must be a list, such as ["a", "b"]',
    "dict_type": 'must be a table, such as { a = "b" }',
    "model_type": 'must be a table, such as { a = "b" }',
    "string_type": "must be a text in quotes",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "string_too_short": "must not be empty",
}
"""Kind of pydantic's error → our words, where pydantic speaks of Python."""


def _named(key: str, text: str) -> str:
    return f'"{key}": {text[:1].lower()}{text[1:]}' if key else text


def _either(options: Sequence[str]) -> str:
    quoted = [f'"{option}"' for option in options]
    return " or ".join(filter(None, [", ".join(quoted[:-1]), quoted[-1] if quoted else ""]))
