"""Reads ``opshub.toml``, the environment and the secrets folder into one checked value."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from opshub.config.currencies import rates_of, unpriced
from opshub.config.declaring import clashes
from opshub.config.environment import Given, from_environment, from_folder, strays
from opshub.config.fields import TableSettings, table_name
from opshub.config.locate import KeyPath, line_of, lines_of
from opshub.config.problems import Problem, meant, refuse
from opshub.config.section import Section
from opshub.config.settings import ConnectionSettings, HubSettings
from opshub.errors import ConfigError, PluginError
from opshub.plugins import Registry
from opshub.sdk import Settings

if TYPE_CHECKING:
    from opshub.language.currencies import Currencies

__all__ = ["FILE", "Config", "Configured", "expand", "find", "load"]

FILE = "opshub.toml"
MAX_SIZE = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Configured:
    """One connection as it stands in the configuration; ``section`` holds what its connector is to check."""

    name: str
    common: ConnectionSettings
    section: Section = field(repr=False)

    @property
    def role(self) -> str:
        """``feedback`` or ``ideas``."""
        return self.common.role

    @property
    def destinations(self) -> tuple[str, ...]:
        """The projects to which ideas may be routed there; any where none are named."""
        return self.common.destinations

    @property
    def based(self) -> bool:
        """Whether it names the project of ideas whose route names none."""
        return bool(self.section.text("project"))


@dataclass(frozen=True, slots=True)
class Config:
    """A checked configuration. ``folder`` is where relative paths start."""

    path: Path
    folder: Path
    hub: HubSettings
    connections: Mapping[str, Configured]
    tables: Mapping[str, TableSettings]
    currency: str
    """What the hub counts amounts of money in; empty where the file does not say."""
    rates: Mapping[str, Decimal]
    registry: Registry = field(repr=False)
    lines: Mapping[KeyPath, int] = field(repr=False)
    absent: tuple[Problem, ...] = ()
    """Entries of ``rules`` that name no file: who only looks may go on without rules."""

    @property
    def database(self) -> Path:
        """The database's file."""
        return self.folder / Path(self.hub.database).expanduser()

    @property
    def currencies(self) -> Currencies:
        """The hub's currency and the rates, as amounts are converted with them."""
        from opshub.language.currencies import Currencies

        return Currencies(self.currency, self.rates)

    def problem(self, path: KeyPath, message: str, hint: str = "") -> Problem:
        """A mistake at a key, with its place."""
        line = line_of(self.lines, path)
        return Problem(line, f"{self.path.name}:{line}", message, hint)

    def settings(self, name: str) -> tuple[Settings | None, list[Problem]]:
        """A connection's own settings as its connector declares them, or all that is wrong with them."""
        connection = self.connections[name]
        return _own(self.registry, connection.common.kind, connection.section, self.folder)


def find(environ: Mapping[str, str], start: Path) -> Path:
    """The file that ``OPSHUB_CONFIG`` names, or the nearest one from a folder upwards; else ConfigError."""
    named = environ.get("OPSHUB_CONFIG")
    if named:
        return Path(named).expanduser()
    for folder in (start, *start.parents):
        if (folder / FILE).is_file():
            return folder / FILE
    raise ConfigError(
        f"there is no {FILE} here, nor in any folder above",
        hint="run: opshub init, or name the file with --config or OPSHUB_CONFIG",
    )


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Config:
    """The configuration, with every mistake of the file told at once in a ConfigError.

    Without a path the file is searched for: see ``find``. Connectors' own settings are checked when the
    connection is used, and beforehand only where something else is wrong anyway.
    """
    environ = os.environ if environ is None else environ
    path = find(environ, Path.cwd()) if path is None else path
    text = _text(path)
    lines = lines_of(text)
    tree = _parse(text, path)
    given = list(from_environment(environ))
    return _Loading(path, tree, lines, given, environ).run()


def expand(folder: Path, entry: str) -> Iterator[Path]:
    """The files that an entry of ``rules`` stands for: a file, a folder's ``*.rules``, or a pattern."""
    path = folder / Path(entry).expanduser()
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(path.glob("*.rules"))
    elif any(mark in entry for mark in "*?["):
        start = Path(path.anchor) if Path(entry).is_absolute() else folder
        pattern = str(path.relative_to(start))
        yield from sorted(file for file in start.glob(pattern) if file.is_file())


def _text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_SIZE + 1)
    except FileNotFoundError as error:
        raise ConfigError(f"{path} does not exist", hint="run: opshub init, or correct --config") from error
    except OSError as error:
        hint = "name the file itself with --config or OPSHUB_CONFIG, and let its owner read it"
        raise ConfigError(f"{path} cannot be read: {error.strerror}", hint=hint) from error
    if len(data) > MAX_SIZE:
        raise ConfigError(
            f"{path} is larger than {MAX_SIZE // 2**20} MiB: that is no configuration",
            hint="name the right file with --config or OPSHUB_CONFIG",
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(
            f"{path.name}:{line}: this is no UTF-8 text", hint="save the file as UTF-8"
        ) from error


def _parse(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        reason = str(error) if isinstance(error, ValueError) else "nested too deeply"
        found = [int(word) for word in reason.replace(",", " ").replace(")", " ").split() if word.isdigit()]
        line = found[-2] if "at line" in reason and len(found) >= 2 else text.count("\n") + 1
        twice = "twice" in reason or "overwrite" in reason
        what = "a table or a setting stands once; join the two" if twice else "texts stand in quotes"
        raise ConfigError(
            f"{path.name}:{line}: this is no TOML: {reason}", hint=f"{what}; see https://toml.io"
        ) from error


_TOP = ("connections", "currencies", "hub", "tables")


class _Loading:
    """One load: what was read, and what is wrong with it so far."""

    def __init__(
        self,
        path: Path,
        tree: dict[str, Any],
        lines: Mapping[KeyPath, int],
        given: list[Given],
        environ: Mapping[str, str],
    ) -> None:
        self.path, self.tree, self.lines, self.given = path, tree, lines, given
        self.folder = path.absolute().parent
        self.environ = environ
        self.problems: list[Problem] = []

    def run(self) -> Config:
        self._top()
        hub = self._hub()
        absent = tuple(self._absent(hub))
        plugins = self.folder / Path(hub.plugins).expanduser()
        registry = Registry(plugins if plugins.is_dir() or "plugins" in hub.model_fields_set else None)
        sections = dict(self._sections())
        connections = {name: self._connection(name, section) for name, section in sections.items()}
        config = Config(
            self.path,
            self.folder,
            hub,
            {name: made for name, made in connections.items() if made is not None},
            dict(self._tables()),
            *self._currencies(),
            registry,
            self.lines,
            absent,
        )
        for name, section in sections.items():
            self._kind(config, name, section)
        self.problems += clashes(config)
        if config.currency or "currencies" not in self.tree:
            self.problems += unpriced(config)
        if self.problems:
            self.problems += absent
            for name, section in sections.items():
                self._own(registry, name, section)
            refuse(self.path.name, self.problems)
        return config

    def _problem(self, path: KeyPath, message: str, hint: str = "") -> None:
        line = line_of(self.lines, path)
        self.problems.append(Problem(line, f"{self.path.name}:{line}", message, hint))

    def _top(self) -> None:
        for name in strays(self.environ):
            hint = "write OPSHUB_HUB__SETTING or OPSHUB_CONNECTIONS__NAME__SETTING, with two underscores"
            self.problems.append(Problem(0, f"environment variable {name}", "there is no such setting", hint))
        for key, value in self.tree.items():
            if key not in _TOP:
                self._problem((key,), f'unknown table "{key}"{meant(key, _TOP)}')
            elif not isinstance(value, dict):
                self._problem((key,), f'"{key}" must be a table: [{key}]')

    def _hub(self) -> HubSettings:
        found = self._check(self._section(("hub",), self.tree.get("hub", {})), HubSettings)
        hub = found or HubSettings()
        folders = [(self.folder / hub.secrets, True)]
        if self.environ.get("CREDENTIALS_DIRECTORY"):
            folders.append((Path(self.environ["CREDENTIALS_DIRECTORY"]), False))
        stronger = {given.path for given in self.given}
        for folder, guarded in folders:
            more = [given for given in from_folder(folder, guarded=guarded) if given.path not in stronger]
            self.given += more
            stronger |= {given.path for given in more}
        return hub

    def _absent(self, hub: HubSettings) -> Iterator[Problem]:
        for index, entry in enumerate(hub.rules if "rules" in hub.model_fields_set else ()):
            if not (self.folder / entry).is_dir() and not any(expand(self.folder, entry)):
                hint = "correct the path, or make the folder; paths start at the folder of opshub.toml"
                line = line_of(self.lines, ("hub", "rules", index))
                message = f'[hub] "rules" names no file: "{entry}"'
                yield Problem(line, f"{self.path.name}:{line}", message, hint)

    def _sections(self) -> Iterator[tuple[str, Section]]:
        tables = self.tree.get("connections", {})
        tables = dict(tables) if isinstance(tables, dict) else {}
        known = {name.lower().replace("-", "_").replace(".", "_"): name for name in tables}
        for given in self.given:
            if given.path[0] != "connections" or given.path[1] in known:
                continue
            if any(g.path == ("connections", given.path[1], "kind") for g in self.given):
                known[given.path[1]] = given.path[1]
                tables[given.path[1]] = {}
            else:
                message = f'there is no connection "{given.path[1]}"{meant(given.path[1], known)}'
                self.problems.append(Problem(0, given.origin, message))
        for spelled, name in known.items():
            if isinstance(tables[name], dict):
                yield name, self._section(("connections", name), tables[name], ("connections", spelled))
            else:
                self._problem(("connections", name), f"must be a table: [connections.{name}]")

    def _tables(self) -> Iterator[tuple[str, TableSettings]]:
        found = self.tree.get("tables", {})
        for name, table in found.items() if isinstance(found, dict) else ():
            if not isinstance(table, dict):
                self._problem(("tables", name), f"must be a table: [tables.{name}]")
                continue
            try:
                table_name(name)
            except ValueError as error:
                self._problem(("tables", name), f"[tables.{name}] {error}")
            made = self._check(self._section(("tables", name), table), TableSettings)
            if made is not None:
                yield name, made

    def _currencies(self) -> tuple[str, dict[str, Decimal]]:
        table = self.tree.get("currencies")
        if not isinstance(table, dict):
            return "", {}
        hub, rates, problems = rates_of(self._section(("currencies",), table))
        self.problems += problems
        return hub if not problems else "", rates

    def _section(
        self, path: tuple[str, ...], table: object, spelled: tuple[str, ...] | None = None
    ) -> Section:
        spelled = spelled or path
        given = [g for g in self.given if g.path[: len(spelled)] == spelled]
        return Section(
            path,
            table if isinstance(table, dict) else {},
            {"__".join(g.path[len(spelled) :]): g for g in given},
            self.path.name,
            self.lines,
        )

    def _check(self, section: Section, model: type[BaseModel]) -> Any:
        value, problems = section.check(model)
        self.problems += problems
        return value

    def _connection(self, name: str, section: Section) -> Configured | None:
        common = self._check(section.only(_names(ConnectionSettings)), ConnectionSettings)
        return Configured(name, common, section) if common is not None else None

    def _kind(self, config: Config, name: str, section: Section) -> None:
        kind = section.text("kind")
        kinds = {info.kind for info in config.registry.kinds()}
        path, subject = ("connections", name, "kind"), f"[connections.{name}]"
        if kind and kind not in kinds:
            hint = "run: opshub connections kinds"
            self._problem(path, f'{subject} there is no connector "{kind}"{meant(kind, kinds)}', hint)

    def _own(self, registry: Registry, name: str, section: Section) -> None:
        kind = section.text("kind")
        if kind not in {info.kind for info in registry.kinds()}:
            return
        try:
            self.problems += _own(registry, kind, section, self.folder)[1]
        except PluginError as error:
            self._problem(("connections", name, "kind"), f"[connections.{name}] {error}", error.hint)


def _own(
    registry: Registry, kind: str, section: Section, folder: Path
) -> tuple[Settings | None, list[Problem]]:
    model = registry.connector(kind).Settings
    own = section.without(_names(ConnectionSettings) - _names(model))
    made, problems = own.check(model)
    problems += _texts_among_fields(section)
    return (None if made is None or problems else _settled(made, folder)), problems


def _texts_among_fields(section: Section) -> Iterator[Problem]:
    fields = section.table.get("fields")
    for name, given in fields.items() if isinstance(fields, dict) else ():
        if isinstance(given, str):
            line = line_of(section.lines, (*section.path, "fields", name))
            reason = f'[{".".join(section.path)}] "fields.{name}" must be a table'
            hint = f'write: {name} = {{ type = "text", from = "{given}" }}'
            yield Problem(line, f"{section.file}:{line}", reason, hint)


def _names(model: type[BaseModel]) -> frozenset[str]:
    return frozenset(info.alias or name for name, info in model.model_fields.items())


def _settled(settings: Settings, folder: Path) -> Settings:
    """Paths, the defaults too, start at the configuration's folder."""
    paths = {name: value for name, value in settings if isinstance(value, Path)}
    return settings.model_copy(update={name: folder / path.expanduser() for name, path in paths.items()})
