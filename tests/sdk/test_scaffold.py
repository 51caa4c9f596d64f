"""A new connector begins with one that runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from opshub.errors import UsageError
from opshub.plugins import Registry
from opshub.sdk.scaffold import write_scaffold


def test_a_scaffold_keeps_the_contract_as_it_is_written(tmp_path: Path) -> None:
    written = write_scaffold("acme_desk", tmp_path)

    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )

    assert written == [tmp_path / "acme_desk.py", tmp_path / "tests" / "test_acme_desk.py"]
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_a_scaffold_is_a_connector_of_its_folder(tmp_path: Path) -> None:
    write_scaffold("acme", tmp_path)
    registry = Registry(tmp_path)

    assert registry.problems == []
    assert registry.connector("acme").__name__ == "Acme"


def test_a_scaffold_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_acme.py").write_text("mine")

    with pytest.raises(UsageError, match="exists already"):
        write_scaffold("acme", tmp_path)

    assert not (tmp_path / "acme.py").exists()


@pytest.mark.parametrize("kind", ["", "Acme", "a-b", "1a", "class", "../a", "a.b", "x" * 50, "ä"])
def test_a_kind_is_a_modules_name(tmp_path: Path, kind: str) -> None:
    with pytest.raises(UsageError, match="cannot be the name"):
        write_scaffold(kind, tmp_path)

    assert list(tmp_path.iterdir()) == []
