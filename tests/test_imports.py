"""What a command does not need, it does not import: ``--help`` nothing heavy, an idle sync only what looks for news."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from opshub_connectors.twins.zendesk import ZendeskTwin

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


IDLE = {
    "asyncio",
    "jira",
    "lark",
    "markdown_it",
    "opshub.engine.apply",
    "opshub.engine.census",
    "opshub.engine.create",
    "opshub.engine.publish",
    "opshub.engine.reading",
    "opshub.engine.revert",
    "opshub.language.checking",
    "opshub.language.compiler",
    "opshub.language.legend",
    "opshub.language.meaning",
    "opshub.language.runtime",
    "opshub.language.ruleset",
    "opshub.sdk.text.html",
    "opshub.sdk.text.wiki",
    "opshub.testing",
    "pydantic_settings",
    "requests",
    "sqlite_utils",
    "starlette",
    "tenacity",
    "wcwidth",
}
"""What a sync has no business with while nothing is new, nothing fails and nothing is to be written."""

RULES = "score priority = 40\nbands priority { P1 >= 30, P2 otherwise }\n"


def loaded_by(args: list[str], folder: Path | None = None) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LOOK.format(args=args)],
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
        cwd=folder,
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("args", ASKED)
def test_help_imports_nothing_heavy(args: list[str]) -> None:
    loaded = loaded_by(args)

    assert "click" in loaded
    assert loaded & HEAVY == set()


def test_a_sync_that_finds_nothing_new_imports_no_more_than_looking_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A setting in the environment is read by a package of its own.
    monkeypatch.delenv("OPSHUB_HUB__ENCODER")
    twin = ZendeskTwin()
    twin.add_ticket("Export to CSV", "Please!", requester=twin.add_user("Ann"))
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "own.rules").write_text(RULES, encoding="utf-8")
    with twin.serve() as url:
        table = [f"{key} = {json.dumps(value)}" for key, value in twin.settings(url).items()]
        (tmp_path / "opshub.toml").write_text("\n".join(["[connections.desk]", *table]), encoding="utf-8")
        first = loaded_by(["sync"], tmp_path)

        again = loaded_by(["sync"], tmp_path)

    assert "opshub.language.compiler" in first
    assert "lark" not in first
    assert {"httpx", "pydantic", "sqlite3"} <= again
    assert again & IDLE == set()


def test_the_module_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "opshub", "--version"], capture_output=True, text=True, check=True
    )

    assert done.stdout.startswith("opshub ")
