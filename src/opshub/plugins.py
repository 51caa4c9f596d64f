"""Finds connectors, twins and rule packs: entry points first, then the admin's folder.

Listing what is installed imports nothing. The files of the folder are imported when the first connector is
asked for; one that is broken is reported in ``Registry.problems`` and the others load.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import stat
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeGuard

from opshub.errors import PluginError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from opshub.sdk import Connector

__all__ = ["KindInfo", "Registry"]

CONNECTORS = "opshub.connectors"
TWINS = "opshub.twins"
PACKS = "opshub.rulepacks"
DROPINS = "opshub_dropins"
"""The package that the files of the admin's folder belong to: they may import each other from it."""

BUNDLED = "bundled"
KINDS_HINT = "`opshub connections kinds` lists what is installed."


@dataclass(frozen=True, slots=True)
class KindInfo:
    """One kind of connector.

    ``origin`` is ``bundled``, a package with its version, or a file. ``problem`` says why it cannot be
    used, and is empty where nothing is known against it.
    """

    kind: str
    version: str
    origin: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Installed:
    """An entry point and where it comes from."""

    point: EntryPoint

    @property
    def version(self) -> str:
        return self.point.dist.version if self.point.dist else ""

    @property
    def origin(self) -> str:
        if self.point.dist is None:
            return f"entry point {self.point.value}"
        return BUNDLED if self.point.dist.name == "opshub" else f"{self.point.dist.name} {self.version}"

    def load(self, what: str) -> Any:
        """The object itself; PluginError where its package fails, whatever it fails with."""
        try:
            return self.point.load()
        # An import runs a stranger's code: whatever it raises belongs in one message with its origin.
        except Exception as error:
            raise PluginError(
                f"{what} {self.point.name!r} of {self.origin} cannot be loaded: {_reason(error)}",
                hint=f"Install or repair the package that provides {self.point.value}.",
            ) from error


@dataclass(frozen=True, slots=True)
class _DropIn:
    """A connector class from the admin's folder."""

    connector: type[Connector[Any]]
    path: Path

    @property
    def kind(self) -> str:
        return str(self.connector.kind)

    @property
    def replaces(self) -> bool:
        return getattr(self.connector, "replaces", "") == self.kind


class Registry:
    """Everything that is installed, by name.

    ``folder`` holds the admin's own connectors: each ``*.py`` that does not begin with an underscore. A
    name that exists twice is unusable, and both origins are named, unless the class in the folder says
    ``replaces = KIND``.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._installed: dict[str, dict[str, list[_Installed]]] = {}
        self._dropins: dict[str, list[_DropIn]] | None = None
        self._problems: list[str] = []

    @property
    def problems(self) -> list[str]:
        """What is wrong with the plugins, a line each: broken files, and names that exist twice."""
        found = self._from_folder()
        twice = [self._clash(kind) for kind in sorted({*self._points(CONNECTORS), *found})]
        return [*self._problems, *filter(None, twice)]

    def kinds(self) -> list[KindInfo]:
        """Every kind of connector by name; one that exists twice is listed once an origin."""
        infos = []
        for kind in sorted({*self._points(CONNECTORS), *self._from_folder()}):
            problem = self._clash(kind)
            dropins = self._from_folder().get(kind, [])
            replaced = not problem and any(dropin.replaces for dropin in dropins)
            for installed in [] if replaced else self._points(CONNECTORS).get(kind, []):
                infos.append(KindInfo(kind, installed.version, installed.origin, problem))
            infos += [KindInfo(kind, "", str(dropin.path), problem) for dropin in dropins]
        return infos

    def connector(self, kind: str) -> type[Connector[Any]]:
        """The class of a kind; PluginError where there is none, or two, or where it fails to load."""
        if problem := self._clash(kind):
            raise PluginError(
                problem, hint="Remove one of them, or set `replaces` in the file that should win."
            )
        if dropins := self._from_folder().get(kind):
            return dropins[0].connector
        installed = self._one(CONNECTORS, "connector", kind)
        loaded = installed.load("connector")
        if fault := _fault(loaded, kind):
            raise PluginError(
                f"connector {kind!r} of {installed.origin} is not one: {fault}", hint=KINDS_HINT
            )
        connector: type[Connector[Any]] = loaded
        return connector

    def twin(self, kind: str) -> type[Any]:
        """The loopback twin of a kind, an ``opshub.testing.Twin``; PluginError where there is none."""
        loaded: type[Any] = self._one(TWINS, "twin", kind).load("twin")
        return loaded

    def twins(self) -> list[str]:
        """The kinds that have a twin."""
        return sorted(self._points(TWINS))

    def packs(self) -> list[str]:
        """The names of the rule packs that are installed."""
        return sorted(self._packs())

    def pack(self, name: str) -> Traversable:
        """The rule file of a pack; PluginError where there is none, or two."""
        found = self._packs().get(name, [])
        if len(found) == 1:
            return found[0][1]
        if found:
            raise PluginError(f"rule pack {name!r} exists twice: {_listed(origin for origin, _ in found)}")
        raise self._missing(PACKS, "rule pack", name, set(self._packs()))

    def _packs(self) -> dict[str, list[tuple[str, Traversable]]]:
        """Each entry point names a package; every rule file in it is a pack."""
        from importlib.resources import files

        found: dict[str, list[tuple[str, Traversable]]] = {}
        for point in (point for points in self._points(PACKS).values() for point in points):
            for file in files(point.load("rule pack")).iterdir():
                if file.name.endswith(".rules"):
                    found.setdefault(file.name.removesuffix(".rules"), []).append((point.origin, file))
        return found

    def _points(self, group: str) -> dict[str, list[_Installed]]:
        if group not in self._installed:
            found: dict[str, list[_Installed]] = {}
            for point in entry_points(group=group):
                found.setdefault(point.name, []).append(_Installed(point))
            self._installed[group] = found
        return self._installed[group]

    def _one(self, group: str, what: str, name: str) -> _Installed:
        found = self._points(group).get(name, [])
        if len(found) == 1:
            return found[0]
        if found:
            raise PluginError(f"{what} {name!r} exists twice: {_listed(one.origin for one in found)}")
        known = set(self._points(group)) | (set(self._from_folder()) if group == CONNECTORS else set())
        raise self._missing(group, what, name, known)

    @staticmethod
    def _missing(group: str, what: str, name: str, known: Iterable[str]) -> PluginError:
        from difflib import get_close_matches

        close = get_close_matches(name, sorted(known), n=1)
        meant = f"; did you mean {close[0]!r}?" if close else ""
        hint = KINDS_HINT if group == CONNECTORS else f"There are: {', '.join(sorted(known)) or 'none'}."
        return PluginError(f"there is no {what} {name!r}{meant}", hint=hint)

    def _clash(self, kind: str) -> str:
        """Why a kind is ambiguous; empty where it is not."""
        installed = self._points(CONNECTORS).get(kind, [])
        dropins = self._from_folder().get(kind, [])
        if len(dropins) == 1 and (dropins[0].replaces or not installed):
            return ""
        if len(installed) + len(dropins) <= 1:
            return ""
        origins = [*(one.origin for one in installed), *(str(one.path) for one in dropins)]
        return f"connector {kind!r} exists twice: {_listed(origins)}"

    def _from_folder(self) -> dict[str, list[_DropIn]]:
        if self._dropins is None:
            self._dropins = {}
            for dropin in self._load_folder():
                self._dropins.setdefault(dropin.kind, []).append(dropin)
        return self._dropins

    def _load_folder(self) -> Iterator[_DropIn]:
        if self._folder is None:
            return
        if not self._folder.is_dir():
            self._problems.append(f"the plugins folder {self._folder} is not there")
            return
        _new_package(self._folder)
        for path in sorted(self._folder.glob("*.py")):
            if path.name.startswith("_"):
                continue
            try:
                yield from _load_file(path)
            except PluginError as error:
                self._problems.append(str(error))


def _new_package(folder: Path) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == DROPINS]:
        del sys.modules[name]
    package = ModuleType(DROPINS)
    package.__path__ = [str(folder)]
    sys.modules[DROPINS] = package


def _load_file(path: Path) -> list[_DropIn]:
    """The connectors that a file defines; PluginError names the file, the line and the reason."""
    if not path.stem.isidentifier():
        raise PluginError(f"{path}: a plugin's file name must be a Python name, such as acme.py")
    if path.stat().st_mode & stat.S_IWOTH:
        raise PluginError(f"{path}: everybody may write to this file, so it is not run; use `chmod o-w`")
    module = _run(path)
    found = []
    for _, member in inspect.getmembers(module, _is_connector):
        if member.__module__ != module.__name__ or not hasattr(member, "kind"):
            continue
        if fault := _fault(member, str(member.kind)):
            raise PluginError(f"{path}: {member.__name__} is not a connector: {fault}")
        replaces = getattr(member, "replaces", member.kind)
        if replaces != member.kind:
            raise PluginError(f"{path}: replaces = {replaces!r}, but the kind is {member.kind!r}")
        found.append(_DropIn(member, path))
    if not found:
        raise PluginError(
            f"{path}: no connector is defined here; begin the name with _ if none is meant to be"
        )
    return found


def _run(path: Path) -> ModuleType:
    name = f"{DROPINS}.{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path}: this is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    # A stranger's file may raise anything, and may try to end the process; the others must still load.
    except (Exception, SystemExit) as error:
        sys.modules.pop(name, None)
        raise PluginError(f"{_place(path, error)}: {_reason(error)}") from error
    return module


def _place(path: Path, error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.lineno:
        return f"{path}:{error.lineno}"
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f"{path}:{lines[-1]}" if lines else str(path)


def _reason(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_connector(member: object) -> TypeGuard[type[Connector[Any]]]:
    from opshub.sdk import Connector

    return isinstance(member, type) and issubclass(member, Connector)


def _fault(loaded: Any, kind: str) -> str:
    """Why an object cannot serve as the connector of this kind; empty where it can."""
    from opshub.sdk import Connector, Settings

    if not _is_connector(loaded):
        return f"{loaded!r} is not a subclass of opshub.sdk.Connector"
    if getattr(loaded, "kind", None) != kind or not kind:
        return f"its kind is {getattr(loaded, 'kind', None)!r}"
    settings = getattr(loaded, "Settings", None)
    if not (isinstance(settings, type) and issubclass(settings, Settings)):
        return "its Settings is not a subclass of opshub.sdk.Settings"
    missing = [name for name in ("pull", "normalize") if getattr(loaded, name) is getattr(Connector, name)]
    return f"it lacks {' and '.join(missing)}" if missing else ""


def _listed(origins: Iterable[str]) -> str:
    return " and ".join(origins)
