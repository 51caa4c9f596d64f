"""A folder with a configuration, a file of feedback and rules, through the real store and the real cycle."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from opshub.clock import SystemClock
from opshub.config import check_rules, close, load, open_hub
from opshub.engine.hub import Hub
from opshub.engine.report import Report
from opshub.errors import ConfigError


class Place:
    """A folder with a configuration, a file of feedback, rules."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, name: str, text: str | bytes) -> None:
        (self.folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())

    def configure(self, text: str, rules: str = "score priority = 0") -> None:
        (self.folder / "rules").mkdir(exist_ok=True)
        self.put("opshub.toml", text)
        self.put("rules/own.rules", rules)

    def rows(self, header: str, *rows: str) -> None:
        lines = [f"no,at,said,{header}"]
        lines += [f"{number},2026-05-04,Voice {number},{row}" for number, row in enumerate(rows, 1)]
        self.put("said.csv", "\n".join(lines) + "\n")

    @contextmanager
    def hub(self) -> Iterator[Hub]:
        hub = open_hub(load(self.folder / "opshub.toml", {}), clock=SystemClock())
        try:
            yield hub
        finally:
            close(hub.connections)
            hub.store.close()

    def sync(self) -> Report:
        with self.hub() as hub:
            return hub.sync()

    def scores(self) -> dict[str, float]:
        """Priority by the idea's title."""
        with self.hub() as hub:
            return {idea.title: decision.scores["priority"] for idea, decision, _ in hub.ranked(100)}

    def count(self, stage: str, word: str) -> int:
        report = self.sync()
        return sum(found.counts.get(word, 0) for found in report.stages if found.name == stage)

    def mistakes(self) -> str:
        with pytest.raises(ConfigError) as caught:
            load(self.folder / "opshub.toml", {})
        return str(caught.value)

    def findings(self) -> list[str]:
        checked = check_rules(load(self.folder / "opshub.toml", {}))
        return [f"{one.code} {one.message} ({one.hint})" for one in checked.diagnostics]


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)
