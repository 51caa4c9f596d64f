"""A folder with a small hub, laid out as files, and commands that run there as a person runs them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from opshub.cli import cli

DESK = """\
[hub]
rules = ["own.rules"]
{hub}
[connections.desk]
kind  = "files"
paths = ["desk.csv"]
{desk}
[connections.desk.columns]
id      = "id"
text    = "text"
created = "created"
"""
"""A hub with one file of feedback; ``hub`` and ``desk`` are more settings of theirs."""

COUNT = "score priority = count feedback\n"

Run = Callable[..., Result]
Begin = Callable[..., Run]


def invoke(*args: str) -> Result:
    """Run a command; an error that nobody expects is one of the test."""
    return CliRunner().invoke(cli, args, catch_exceptions=False)


def value(result: Result) -> Any:
    """What a command that went well says in JSON."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def configure(folder: Path, hub: str = "", desk: str = "") -> None:
    """Write the settings of a hub with one file of feedback."""
    (folder / "opshub.toml").write_text(DESK.format(hub=hub, desk=desk), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that commands run in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def lay(folder: Path) -> Begin:
    """Lays a hub out: its files by name, ``more`` settings of the hub and of its desk."""

    def made(files: dict[str, str], **more: str) -> Run:
        configure(folder, **more)
        for name, text in {"own.rules": COUNT, **files}.items():
            (folder / name).write_text(text, encoding="utf-8")
        return invoke

    return made


@pytest.fixture
def begin(lay: Begin) -> Begin:
    """Lays a hub out, and syncs it."""

    def made(files: dict[str, str], **more: str) -> Run:
        run = lay(files, **more)
        assert run("sync").exit_code == 0
        return run

    return made
