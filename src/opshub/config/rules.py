"""Finds, reads and checks the rule files that the configuration names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from opshub.config.declaring import declared
from opshub.config.loading import Config, expand
from opshub.config.problems import refuse
from opshub.errors import ConfigError, PluginError, RuleError

if TYPE_CHECKING:
    from opshub.engine.connection import Connection
    from opshub.engine.declared import Declared
    from opshub.language import Checked, RuleSet, Schema, Source
    from opshub.store.base import Store

__all__ = [
    "Packs",
    "check_rules",
    "load_declared",
    "load_rules",
    "other_rules",
    "rule_entries",
    "rule_files",
    "rule_schema",
    "sources",
]

MAX_SIZE = 1024 * 1024
PACKS = "packs"
"""What is shown as the folder of an installed pack."""


def rule_entries(config: Config) -> dict[str, list[Path]]:
    """The files of each entry of the setting, by name within a folder."""
    return {entry: list(expand(config.folder, entry)) for entry in config.hub.rules}


def rule_files(config: Config) -> list[Path]:
    """The rule files in force, each once, as the setting orders them."""
    return list(dict.fromkeys(file for files in rule_entries(config).values() for file in files))


def sources(
    config: Config, files: Sequence[Path] | None = None, unsaved: Mapping[Path, str] | None = None
) -> list[Source]:
    """The texts of the rule files (all that are configured, if none are named); ``unsaved`` ones are not read.

    ConfigError where one cannot be read, or what is configured names no file.
    """
    from opshub.language import Source

    if files is None and config.absent:
        refuse(config.path.name, config.absent)
    known = unsaved or {}
    return [
        Source(_shown(config.folder, file), known[file] if file in known else _text(file))
        for file in files or rule_files(config)
    ]


class Packs(Mapping[str, "Source"]):
    """The rule files that others can use, by name: the admin's own first, then those that are installed.

    Nothing is looked for before somebody asks.
    """

    def __init__(self, config: Config) -> None:
        self._config = config

    @cached_property
    def _own(self) -> dict[str, Path]:
        return {file.stem: file for file in reversed(rule_files(self._config))}

    def __getitem__(self, name: str) -> Source:
        from opshub.language import Source

        if name in self._own:
            return sources(self._config, [self._own[name]])[0]
        if name not in self._config.registry.packs():
            raise KeyError(name)
        text = self._config.registry.pack(name).read_text(encoding="utf-8")
        return Source(f"{PACKS}/{name}.rules", text)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._own, *self._config.registry.packs()}))

    def __len__(self) -> int:
        return len({*self._own, *self._config.registry.packs()})


def check_rules(config: Config, files: Sequence[Path] | None = None) -> Checked:
    """What the checker says of the rule files; needs no connector and no secret."""
    from opshub.language import check

    return check(sources(config, files), rule_schema(config))


def load_rules(config: Config, known: str = "") -> RuleSet:
    """The compiled rules in force; RuleError with every finding where one file does not pass its check.

    Rules whose hash is ``known`` have passed it before: those are compiled only when something is to be decided.
    """
    from opshub.language.deferred import deferred, fingerprint

    texts, fields = sources(config), rule_schema(config)
    if known and known == fingerprint(texts, fields):
        return deferred(known, lambda: _compiled(texts, fields))
    return _compiled(texts, fields)


def other_rules(config: Config, path: Path) -> tuple[RuleSet, tuple[str, ...]]:
    """The rules of a file, or of a folder's ``*.rules``, in place of the configured ones, with the files' names."""
    files = list(expand(Path(), str(path.absolute())))
    if not files:
        reason = "holds no file that ends in .rules" if path.is_dir() else "does not exist"
        raise ConfigError(f"{path} {reason}", hint="name a rule file, or a folder with rule files")
    texts = sources(config, files)
    return _compiled(texts, rule_schema(config)), tuple(text.path for text in texts)


def load_declared(config: Config, rules: RuleSet, store: Store) -> tuple[Declared, ...]:
    """The admin's own fields, the tables that rules need read anew; ConfigError where one is broken."""
    from opshub.engine.score import read_tables

    own = declared(config)
    read_tables(store, rules, own, always=True)
    return own


def rule_schema(config: Config) -> Schema:
    """What rule files are checked against, the admin's own fields among it."""
    from opshub.engine.facts import schema

    made = schema(cast("Sequence[Connection]", list(config.connections.values())), declared=declared(config))
    readers = {name: c.common.audience or config.hub.audience for name, c in config.connections.items()}
    return replace(
        made,
        audiences={name: str(readers[name]) for name in made.destinations},
        packs=Packs(config),
        assigns=_Assigning(config),
        currencies=config.currencies,
    )


class _Assigning:
    """The connections that can give their items to a person; a connector is loaded only to answer that."""

    def __init__(self, config: Config) -> None:
        self._config = config

    def __contains__(self, name: object) -> bool:
        connection = self._config.connections.get(str(name))
        try:
            made = self._config.registry.connector(connection.common.kind) if connection else None
        except PluginError:
            return True  # its own finding
        return callable(getattr(made, "assignable", None))


def _compiled(texts: Sequence[Source], fields: Schema) -> RuleSet:
    from opshub.language import check

    checked = check(texts, fields)
    if checked.rules is not None:
        return checked.rules
    errors = [d for d in checked.diagnostics if d.severity == "error"]
    count = "one mistake" if len(errors) == 1 else f"{len(errors)} mistakes"
    shown = "\n\n".join(diagnostic.render() for diagnostic in errors)
    raise RuleError(
        f"the rules have {count}\n\n{shown}", hint="correct the lines above, then run: opshub rules check"
    )


def _shown(folder: Path, file: Path) -> str:
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_SIZE + 1)
    except OSError as error:
        hint = "correct the name, or let its owner read it; what is configured: rules in [hub]"
        raise ConfigError(f"the rule file {file} cannot be read: {error.strerror}", hint=hint) from error
    if len(data) > MAX_SIZE:
        raise ConfigError(
            f"the rule file {file} is larger than {MAX_SIZE // 2**20} MiB", hint="split it by subject"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{file.name}:{line}: this is no UTF-8 text", hint="save the file as UTF-8"
        ) from error
