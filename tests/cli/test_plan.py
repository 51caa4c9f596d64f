"""The plan as a person reads it: what is owned, what changes, and what waits for somebody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from opshub.cli import cli
from opshub.cli.text import width_of
from opshub.plugins import Registry
from opshub.testing import Twin

CONFIG = """\
[hub]
rules = ["own.rules"]

[connections.tracker]
{settings}
as = "ideas"

[connections.tracker.write]
band = "priority"
score = "customfield_10042"
tags = "labels"
evidence = "remotelinks"

[connections.tracker.bands]
P1 = "Highest"
P2 = "Low"

[connections.notes]
kind = "files"
paths = ["notes.jsonl"]
permalink = "https://notes.example/a-rather-long-folder-name/{{id}}"

[connections.notes.columns]
id = "id"
text = "text"
created = "created"
"""

RULES = """\
score priority = count feedback

rule "Exports matter" {
    when any feedback (text mentions ["export", "导出"])
    priority +10 because "exports are this quarter's goal"
    tag "export"
}

bands priority { P1 >= 10, P2 otherwise }
"""


class Hub:
    """A tracker's twin, a file that speaks of its issues, and the commands over them."""

    def __init__(self, here: Path, twin: Any, url: str) -> None:
        self.here, self.twin = here, twin
        table = {**twin.settings(url), "query": "project = FEED"}
        settings = "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
        (here / "opshub.toml").write_text(CONFIG.format(settings=settings), encoding="utf-8")
        (here / "own.rules").write_text(RULES, encoding="utf-8")
        twin.add_project("FEED", "Feedback")
        twin.add("Export names the wrong columns", project="FEED", priority="Medium")
        twin.add("看板太慢", project="FEED", priority="Medium")
        texts = ["FEED-1, see the export"] * 4 + ["FEED-2: 太慢了"]
        rows = [{"id": n, "text": t, "created": "2026-01-05T08:00:00Z"} for n, t in enumerate(texts)]
        (here / "notes.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    def run(self, *args: str) -> str:
        done = CliRunner().invoke(cli, ["--config", str(self.here / "opshub.toml"), *args])
        assert done.exit_code in (0, 7), done.output
        return done.stdout


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    twin: Twin = Registry().twin("jira")()
    with twin.serve() as url:
        yield Hub(tmp_path, twin, url)


def test_a_plan_names_the_hubs_field_beside_the_remote_one_and_says_why(hub: Hub) -> None:
    hub.run("sync")

    rows = [" ".join(line.split()) for line in hub.run("plan").splitlines()]

    assert "FEED-1 band → priority Medium Highest priority 14: exports are this quarter's goal" in rows
    assert "FEED-2 score → customfield_10042 1 priority 1: count feedback" in rows
    assert any(
        row.startswith("FEED-2 evidence → remotelinks") and row.endswith("1 piece of feedback")
        for row in rows
    )
    assert any("and 3 more 4 pieces of feedback" in row for row in rows)
    assert rows[-1].endswith("to write: opshub apply")


def test_the_json_of_a_plan_has_every_value_in_full(hub: Hub) -> None:
    hub.run("sync")

    rows = {(row["item"], row["hub_field"]): row for row in json.loads(hub.run("plan", "--json"))}

    assert len(rows["FEED-1", "evidence"]["new"]) == 4
    assert rows["FEED-1", "tags"]["field"] == "labels"
    assert rows["FEED-1", "band"]["old"] == "Medium"


def test_a_plan_fits_the_terminal(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    hub.run("sync")
    monkeypatch.setenv("COLUMNS", "80")

    shown = hub.run("plan")

    assert max(width_of(line) for line in shown.splitlines()) <= 80


def test_a_conflict_comes_with_what_happened_and_the_command_that_settles_it(hub: Hub) -> None:
    hub.run("sync")
    hub.run("apply")
    hub.twin.edit("FEED-1", priority="Lowest")
    hub.run("sync")

    shown = hub.run("plan")
    command = "opshub resolve tracker FEED-1 priority --keep hub"
    settled = hub.run(*command.removeprefix("opshub ").split())
    hub.run("apply")

    assert "conflict: tracker FEED-1 band: somebody changed it from Highest to Lowest" in " ".join(
        shown.split()
    )
    assert command in shown
    assert "keeps the hub's value" in settled
    assert hub.twin.issue("FEED-1").priority == "Highest"


def test_a_refused_write_is_told_once_keeps_its_reason_and_says_how_to_go_on(hub: Hub) -> None:
    config = hub.here / "opshub.toml"
    config.write_text(config.read_text("utf-8").replace('"Highest"', '"Sky-high"'), "utf-8")
    hub.run("sync")

    applied = hub.run("apply", "--json")
    shown = hub.run("plan")

    assert [failure["kind"] for failure in json.loads(applied)["failures"]] == ["RefusedWriteError"]
    assert "refused: tracker FEED-1 band:" in shown
    assert "Sky-high" in shown
    assert "opshub connections check tracker" in shown
