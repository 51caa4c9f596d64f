"""``opshub --help`` imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {
    "httpx",
    "jira",
    "lark",
    "orjson",
    "pydantic",
    "pydantic_settings",
    "requests",
    "sqlite3",
    "sqlite_utils",
}
HEAVY |= {"selectolax", "starlette", "tenacity", "uvicorn", "wcwidth", "zoneinfo", "asyncio", "ssl"}

LOOK = """
import sys
sys.argv = ["opshub", *{args!r}]
from opshub.cli import main
try:
    main()
except SystemExit:
    pass
sys.stderr.write(" ".join(name for name in sys.modules))
"""


ASKED = [["--help"], ["--version"], ["sync", "--help"], ["ideas", "--help"], ["init", "--help"]]


@pytest.mark.parametrize("args", ASKED)
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(args=args)],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )

    loaded = set(done.stderr.split())
    assert "click" in loaded
    assert loaded & HEAVY == set()


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "opshub", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("opshub ")
