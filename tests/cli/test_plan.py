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


def test_what_a_person_sets_is_marked_wherever_the_number_is_shown(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "ann")
    hub.run("sync")
    asked = (
        "ideas",
        "override",
        "FEED-2",
        "--priority",
        "90",
        "--tag",
        "key",
        "--owner",
        "zoe",
        "--because",
        "the board\nasks",
    )

    said = hub.run(*asked, "--until", "30d")

    assert said.startswith("FEED-2: set by ann until ")
    listed = hub.run("ideas", "list").splitlines()
    assert "90" in listed[1] and " * " in listed[1] and " * " not in listed[2]
    assert listed[-1].startswith("* set by a person")
    shown = " ".join(hub.run("ideas", "show", "FEED-2").split())
    assert "by hand priority 90 (the rules: 1), owner zoe (the rules: nothing), tag key; set by ann" in shown
    why = [" ".join(row.split()) for row in hub.run("ideas", "why", "FEED-2").splitlines()]
    assert why[3].startswith("priority 90 because the board asks set by ann until")
    assert why[3].endswith("instead of 1")
    (row,) = [row for row in json.loads(hub.run("ideas", "list", "--json")) if row["override"]]
    assert (row["override"]["who"], row["override"]["rules"]["priority"]) == ("ann", 1.0)
    assert "set by ann until" in hub.run("ideas", "export")
    assert "set by ann until" in " ".join(hub.run("plan").split())


def test_the_rules_decide_again_where_an_override_is_cleared(hub: Hub) -> None:
    hub.run("sync")
    hub.run("ideas", "override", "FEED-2", "--band", "P1", "--because", "so", "--until", "2d")

    said = hub.run("ideas", "override", "FEED-2", "--clear")

    assert said == "FEED-2: the rules decide again\n"
    assert "*" not in hub.run("ideas", "list")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--clear", "--priority", "1"], "--clear takes nothing else"),
        (["--priority", "1", "--until", "2d"], "an override needs a reason and an end"),
        (["--priority", "1", "--because", "so"], "an override needs a reason and an end"),
        (["--because", "so", "--until", "2d"], "nothing to set"),
        (
            ["--priority", "1", "--because", "so", "--until", "soon"],
            "--until is no date and no time span: soon",
        ),
        (["--priority", "1", "--because", "so", "--until", "2d", "--band", "X"], "there is no band 'X'"),
        (
            ["--priority", "1", "--because", "so", "--until", "9999-12-31T23:59-14:00"],
            "lies beyond the calendar",
        ),
        (
            ["--priority", "1", "--because", "so", "--until", "2001-01-01"],
            "--until 2001-01-01 is not ahead of us",
        ),
    ],
)
def test_an_override_that_cannot_be_is_refused_with_what_to_do(
    hub: Hub, words: list[str], message: str
) -> None:
    hub.run("sync")

    done = CliRunner().invoke(
        cli, ["--config", str(hub.here / "opshub.toml"), "ideas", "override", "FEED-1", *words]
    )

    assert done.exit_code == 2
    assert message in done.stderr
    assert "*" not in hub.run("ideas", "list")


def test_who_has_no_name_is_told_by_number(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    hub.run("sync")

    said = hub.run("ideas", "override", "FEED-1", "--tag", "x", "--because", "so", "--until", "2d")

    assert said.startswith("FEED-1: set by user ")
