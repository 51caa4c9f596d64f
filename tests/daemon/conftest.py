"""A real daemon in a process of its own, and what it says."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import pytest

from opshub.clock import SystemClock
from opshub.plugins import Registry
from opshub.store import open_store
from opshub.store.base import Store
from opshub.testing import Twin

PATIENCE = 30.0
"""Seconds after which something that should have happened counts as not happening; nothing waits so long."""


def until(true: Callable[[], Any]) -> Any:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = true()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError("it did not happen")


class Serving:
    """One running ``opshub serve``."""

    def __init__(self, folder: Path, *args: str) -> None:
        command = [sys.executable, "-m", "opshub", "--config", str(folder / "opshub.toml"), "serve", *args]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line.decode())

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def events(self, name: str = "") -> list[dict[str, Any]]:
        rows = [json.loads(line) for line in list(self.lines) if line.startswith("{")]
        return [row for row in rows if name in ("", row["event"])]

    def wait_for(self, name: str, count: int = 1, **facts: object) -> dict[str, Any]:
        """The ``count``-th event of that name with those facts."""

        def found() -> Any:
            assert self.process.poll() is None or self.events(name), self.text
            rows = [r for r in self.events(name) if facts.items() <= r.items()]
            return rows[count - 1 : count]

        row: dict[str, Any] = until(found)[0]
        return row

    def get(self, path: str) -> httpx.Response:
        listening = self.wait_for("health.listening")
        return httpx.get(f"http://127.0.0.1:{listening['port']}{path}", trust_env=False)

    def signal(self, number: int = signal.SIGTERM) -> None:
        self.process.send_signal(number)

    def end(self) -> int:
        """Wait for the end; the exit code."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def stop(self) -> int:
        self.signal()
        return self.end()

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()


class Place:
    """A folder with a configuration, twins to speak to, and daemons that end with the test."""

    def __init__(self, folder: Path, closing: ExitStack) -> None:
        self.folder = folder
        self.rules = folder / "rules"
        self.rules.mkdir()
        self.tables: dict[str, dict[str, object]] = {}
        self.hub: dict[str, object] = {"log": "json", "listen": "127.0.0.1:0", "wait": "1s"}
        self.more = ""
        self._closing = closing

    def twin(self, kind: str, name: str, **settings: object) -> Any:
        """A twin on a socket, and the connection to it."""
        twin: Twin = Registry().twin(kind)()
        url = self._closing.enter_context(twin.serve())
        self.tables[name] = {**twin.settings(url), "every": "1s", **settings}
        return twin

    def write(self) -> None:
        parts = [_table("hub", self.hub)]
        parts += [_table(f"connections.{name}", table) for name, table in self.tables.items()]
        (self.folder / "opshub.toml").write_text("\n".join([*parts, self.more]), encoding="utf-8")

    def serve(self, *args: str) -> Serving:
        self.write()
        serving = Serving(self.folder, *args)
        self._closing.callback(serving.kill)
        return serving

    def opshub(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Another process beside the daemon."""
        self.write()
        command = [sys.executable, "-m", "opshub", "--config", str(self.folder / "opshub.toml"), *args]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def until(self, true: Callable[[], Any]) -> Any:
        """Wait for something to become true."""
        return until(true)

    @cached_property
    def store(self) -> Store:
        """The daemon's database, read beside it."""
        store = open_store(self.folder / "opshub.db", clock=SystemClock())
        self._closing.callback(store.close)
        return store

    def put_rules(self, text: str, name: str = "team.rules") -> None:
        file = self.folder / f"{name}.new"
        file.write_text(text, encoding="utf-8")
        file.replace(self.rules / name)


def _table(name: str, table: Mapping[str, object]) -> str:
    rows = [
        f"{key} = {_inline(value) if isinstance(value, Mapping) else json.dumps(value)}"
        for key, value in table.items()
    ]
    return f"[{name}]\n" + "\n".join(rows) + "\n"


def _inline(value: Mapping[str, object]) -> str:
    return "{ " + ", ".join(f"{json.dumps(key)} = {json.dumps(part)}" for key, part in value.items()) + " }"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty folder for one daemon."""
    with ExitStack() as closing:
        yield Place(tmp_path, closing)
