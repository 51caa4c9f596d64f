"""Everything that is measured, each as a command in a folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from measure import HERE, Cost, run

__all__ = ["Hub", "Rivals", "downloading", "floor", "installed", "libraries"]

CONFIG = """
[connections.desk]
kind = "zendesk"
url = "{url}"
email = "ops@example.test"
token = "not a secret"
private = true
comments = false
jira_links = false
"""
QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "PYTHONPATH": ""}


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def installed(cache: Path, *beside: str) -> Path:
    """The interpreter of an environment with this tree's opshub, as people install it, and other packages beside it."""
    shutil.rmtree(HERE.parent / "build", ignore_errors=True)
    python = _environment(cache / "opshub", *beside or (HERE.parent,))
    subprocess.run([python, "-m", "pip", "install", "--quiet", HERE.parent], check=True)
    return python


def floor(python: Path, url: str, folder: Path) -> Cost:
    """The least that the load can cost."""
    return run([python, HERE / "floor.py", url, "floor.db"], folder=_emptied(folder))


def libraries(python: Path, url: str, folder: Path, hub: Path) -> float:
    """Seconds of CPU that libraries take of a hub's first sync, which has been run: its rows are put once more."""
    command = [
        python,
        HERE / "libraries.py",
        url,
        hub / "opshub.db",
        "copy.db",
        hub / "rules" / "starter.rules",
    ]
    run(command, folder=_emptied(folder))
    return sum(json.loads((folder / "output.txt").read_bytes()).values())


def downloading(python: Path, url: str, folder: Path) -> Cost:
    """The pages, fetched one after another and thrown away."""
    return run([python, HERE / "floor.py", url], folder=_emptied(folder))


class Hub:
    """opshub with a default configuration and the starter rules."""

    def __init__(self, python: Path, url: str, folder: Path) -> None:
        self._python = python
        self._url = url
        self._folder = folder

    def load(self) -> Cost:
        """The first sync of an empty hub."""
        self._empty()
        return self.again()

    def only_load(self) -> Cost:
        """The part of it that other tools do too: records pulled, kept and understood, nothing decided."""
        self._empty()
        return self.command("sync", "--until", "normalize")

    def _empty(self) -> None:
        rules = _emptied(self._folder) / "rules"
        rules.mkdir()
        shutil.copy(HERE.parent / "rules" / "starter.rules", rules)
        (self._folder / "opshub.toml").write_text(CONFIG.format(url=self._url), encoding="utf-8")

    def again(self) -> Cost:
        """One more sync."""
        return self.command("sync")

    def command(self, *arguments: str) -> Cost:
        """Any command of it."""
        return run([self._python, "-m", "opshub", *arguments], folder=self._folder)


class Rivals:
    """dlt and the Singer SDK, each in a virtual environment that is made here, from the package index."""

    def __init__(self, cache: Path, url: str, folder: Path) -> None:
        self._dlt = _environment(cache / "dlt", "dlt[sqlalchemy]")
        self._singer = _environment(cache / "singer", "singer-sdk")
        self._url = url
        self._folder = folder
        self.sides: dict[str, tuple[Callable[[], Cost], Callable[[], Cost]]] = {
            "dlt": (self._load_dlt, self._again_dlt),
            "Singer": (self._load_singer, self._again_singer),
        }

    def _load_dlt(self) -> Cost:
        _emptied(self._folder / "dlt")
        return self._again_dlt()

    def _again_dlt(self) -> Cost:
        folder = self._folder / "dlt"
        return run(
            [self._dlt, HERE / "rivals" / "dlt_load.py", self._url, folder], folder=folder, environment=QUIET
        )

    def _load_singer(self) -> Cost:
        folder = _emptied(self._folder / "singer")
        (folder / "tap.json").write_text(json.dumps({"url": self._url}))
        (folder / "target.json").write_text(json.dumps({"database": str(folder / "desk.db")}))
        (folder / "state.json").write_text("{}")
        return self._again_singer()

    def _again_singer(self) -> Cost:
        rivals = HERE / "rivals"
        tap = f"{self._singer} {rivals / 'singer_tap.py'} --config tap.json --state state.json"
        target = f"{self._singer} {rivals / 'singer_target.py'} --config target.json"
        line = f"{tap} | {target} > states.json; tail -n 1 states.json > state.json; test -s state.json"
        return run(["sh", "-c", line], folder=self._folder / "singer", environment=QUIET)


def _environment(folder: Path, *packages: str | Path) -> Path:
    """The interpreter of an environment with packages, made unless it is there."""
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run(
            [sys.executable, "-m", "venv", folder], check=True, env={**os.environ, "PYTHONPATH": ""}
        )
        subprocess.run([python, "-m", "pip", "install", "--quiet", *packages], check=True)
        (folder / "ready").touch()
    return python
