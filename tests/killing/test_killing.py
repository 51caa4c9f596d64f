"""A few trials of the kill harness; `make kill` runs a hundred, `make mutants` seeds every bug."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HARNESS = Path(__file__).parent / "harness.py"


def run(*words: str) -> tuple[int, dict[str, object]]:
    """The harness's exit code and its answer."""
    done = subprocess.run(
        [sys.executable, str(HARNESS), "--as-json", *words], capture_output=True, text=True, timeout=500
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_killed_hub_ends_where_an_undisturbed_one_does() -> None:
    code, told = run("--trials", "8")

    assert (told["failed"], told["trials"], code) == ([], 8, 0)


@pytest.mark.parametrize(("bug", "first"), [("cursor-first", 1), ("plain-begin", 3)])
def test_a_seeded_bug_is_found(bug: str, first: int) -> None:
    code, told = run("--mutant", bug, "--first", str(first), "--trials", "40", "--until-found")

    assert told["failed"]
    assert code == 0
