"""A short fuzz run, files that once failed, and the run's own eyes; `make fuzz` tries a million files."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def run(folder: Path, *words: str) -> tuple[int, str]:
    """The exit code of a run, and what it said."""
    command = [sys.executable, str(HERE / "rules.py"), "--keep", str(folder), *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert done.stdout, done.stderr
    return done.returncode, done.stdout


def seeded(folder: Path, body: str) -> list[str]:
    """The words for a trial that has a bug of its own."""
    file = folder / "seeded.py"
    file.write_text(f"import os, time\nclass Trial:\n    def of(self, data, chance):\n        {body}\n")
    return ["--trial", str(file), "--files", "60", "--limit", "1"]


def test_mutated_files_neither_crash_nor_hang(tmp_path: Path) -> None:
    code, told = run(tmp_path, "--files", "6000")

    assert code == 0, told
    assert told.startswith("6,000 files: ")
    assert "0 crash, 0 hang" in told


def test_files_that_once_failed_do_no_longer(tmp_path: Path) -> None:
    code, told = run(tmp_path, "--again", str(HERE / "found"))

    assert code == 0, told


def test_a_crash_is_counted_and_the_file_is_kept_as_small_as_it_can_be(tmp_path: Path) -> None:
    bug = "assert b'score' not in data; return 'passed', ()"

    code, told = run(tmp_path / "kept", *seeded(tmp_path, bug))

    assert code == 1
    assert "crash: AssertionError in seeded.py:4" in told
    assert [file.read_bytes() for file in (tmp_path / "kept").iterdir()] == [b"score"]


@pytest.mark.parametrize(
    ("bug", "sign"),
    [("time.sleep(99)", "hang: over 1 s: 1,"), ("os._exit(3)", "crash: the process ended (3): 1,")],
)
def test_a_run_goes_on_behind_a_file_that_hangs_or_ends_its_process(
    bug: str, sign: str, tmp_path: Path
) -> None:
    once = f"os.path.exists('{tmp_path}/met') or (open('{tmp_path}/met', 'w').close(), {bug}); return 'passed', ()"

    code, told = run(tmp_path / "kept", *seeded(tmp_path, once))

    assert code == 1
    assert told.startswith("60 files: 0 unreadable, 0 refused, 59 passed, ")
    assert sign in told
    assert len(list((tmp_path / "kept").iterdir())) == 1


def test_a_file_is_made_the_same_way_by_its_number(tmp_path: Path) -> None:
    _, one = run(tmp_path, "--files", "300", "--first", "50", "--jobs", "2")
    _, other = run(tmp_path, "--files", "300", "--first", "50")

    assert one.partition(";")[0] == other.partition(";")[0]
