"""How every connector behaves: it keeps secrets, documents its settings, and owns no time, log or store."""

from __future__ import annotations

import ast
import base64
import contextlib
import inspect
import io
import logging
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

from opshub.sdk import Connector, Settings
from opshub.sdk.settings import meanings
from opshub.testing.failure_promises import under_each_fault
from opshub.testing.trial import Trial, own_settings, raised, secrets_of

__all__ = ["ConductPromises"]

SHORTEST_SECRET = 6
FORBIDDEN = frozenset(
    {
        "asyncio",
        "concurrent",
        "logging",
        "random",
        "sched",
        "socket",
        "sqlite3",
        "subprocess",
        "threading",
        "time",
    }
)
"""Modules that a connector has no business with."""

SHARED = ("", "opshub.testing", "opshub_connectors", "opshub_dropins")
"""Packages whose modules belong to several connectors."""

SAYS_SECRET = ("token", "password", "secret", "api_key", "private_key")


class ConductPromises(Trial):
    """Promises about settings, secrets and manners."""

    def test_every_setting_is_described(self) -> None:
        settings: type[Settings] = self.connector_class().Settings

        assert [name for name, meaning in meanings(settings).items() if not meaning.strip()] == []

    def test_unknown_settings_are_refused(self) -> None:
        table = {**own_settings(self.table(self.url)), "surely_unknown": 1}

        assert raised(lambda: self.connector_class().Settings.model_validate(table)) is not None

    def test_settings_that_sound_secret_are_secret(self) -> None:
        open_ones = [
            name
            for name, info in self.connector_class().Settings.model_fields.items()
            if name.lower().endswith(SAYS_SECRET) and "Secret" not in repr(info.annotation)
        ]

        assert open_ones == []

    def test_secrets_appear_nowhere(self) -> None:
        """Not in a repr, an error, its cause, a traceback, a log at any level, a cursor or a finding."""
        secrets = self._secrets()
        heard = _Ears()

        with heard.listening():
            said = list(self._said())

        for text in (*said, *heard.lines):
            found = [secret[:2] + "…" for secret in secrets if secret in text]
            assert not found, f"a secret shows in: {text[:300]}"

    def test_nothing_sleeps_logs_or_prints(self) -> None:
        heard, out = _Ears(), io.StringIO()

        with heard.listening(), _no_sleep(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            connector = self.connect()
            self.records(connector)
            list(connector.check())

        files = {str(path) for path in self._files()}
        assert [record.getMessage() for record in heard.records if record.pathname in files] == []
        assert out.getvalue() == ""

    def test_it_imports_nothing_beyond_the_sdk(self) -> None:
        module = self.connector_class().__module__
        own = {module, module.rpartition(".")[0]} - {""}

        for path in self._files():
            for line, name in _imports(path):
                allowed = name == "opshub.sdk" or name.startswith("opshub.sdk.") or _inside(name, own)
                assert allowed or name.partition(".")[0] != "opshub", f"{path.name}:{line} imports {name}"
                assert name.partition(".")[0] not in FORBIDDEN, f"{path.name}:{line} imports {name}"

    def test_it_never_asks_for_the_time(self) -> None:
        asks = [f"{path.name}:{line}" for path in self._files() for line in _clock_calls(path)]

        assert asks == []

    def _said(self) -> Iterator[str]:
        """Everything that a connector says for itself."""
        connector = self.connect()
        yield from (repr(connector), repr(connector.settings), str(connector.settings), repr(vars(connector)))
        yield from (repr(page.cursor) for page in self.pages(connector))
        yield from (repr(finding) for finding in connector.check())
        table = own_settings(self.table(self.url))
        for name in table:
            yield from _told(raised(partial(self._validate, {**table, name: [table[name]]})))
        yield from _told(raised(lambda: self._validate({**table, "surely_unknown": 1})))
        if not self.serves():
            return
        for error in under_each_fault(self, lambda: self.pages(self.connect())):
            yield from _told(error)
        self.vendor.faults.always("status", code=400, body={"message": f"You sent {self._secrets()}"})
        yield from _told(raised(lambda: self.pages(self.connect())))
        yield from (repr(finding) for finding in self.connect().check())

    def _validate(self, table: dict[str, object]) -> object:
        return self.connector_class().Settings.model_validate(table)

    def _secrets(self) -> list[str]:
        """Every secret of the settings, in the forms that it takes on the wire."""
        settings = self.connector_class().Settings.model_validate(own_settings(self.table(self.url)))
        plain = [text for text in secrets_of(settings) if len(text) >= SHORTEST_SECRET]
        sent = [
            one.headers["authorization"].rpartition(" ")[2]
            for one in (self.vendor.requests() if self.serves() else ())
            if "authorization" in one.headers
        ]
        coded = [base64.b64encode(text.encode()).decode() for text in plain]
        return sorted({*plain, *sent, *coded, *(quote(text, safe="") for text in plain)})

    def _files(self) -> list[Path]:
        return source_files(self.connector_class())


def source_files(connector: type[Connector[Any]]) -> list[Path]:
    """The connector's module, or all modules of its package where it is one."""
    path, name = Path(inspect.getfile(connector)), connector.__module__
    is_package = hasattr(sys.modules[name], "__path__")
    package = name if is_package else name.rpartition(".")[0]
    alone = package in SHARED or not hasattr(sys.modules.get(package), "__path__")
    return [path] if alone else sorted(path.parent.glob("**/*.py"))


class _Ears(logging.Handler):
    """Hears every log record of the process, at any level."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def lines(self) -> list[str]:
        return [record.getMessage() for record in self.records]

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        root = logging.getLogger()
        level = root.level
        root.addHandler(self)
        root.setLevel(logging.DEBUG)
        try:
            yield
        finally:
            root.removeHandler(self)
            root.setLevel(level)


@contextlib.contextmanager
def _no_sleep() -> Iterator[None]:
    caller, sleep = threading.current_thread(), time.sleep

    def refuse(seconds: float) -> None:
        if threading.current_thread() is caller:
            raise AssertionError("a connector must not sleep")
        sleep(seconds)

    with mock.patch("time.sleep", refuse):
        yield


def _told(error: BaseException | None) -> Iterator[str]:
    """Everything that an error and its causes say."""
    if error is not None:
        yield from (str(error), repr(error), getattr(error, "hint", ""))
        yield "".join(traceback.format_exception(error))


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or ""


def _inside(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _clock_calls(path: Path) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in ("now", "utcnow", "today") and "date" in ast.unparse(node.func.value).lower():
            yield node.lineno
