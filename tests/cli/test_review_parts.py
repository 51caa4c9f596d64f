"""A part of an idea as a person is asked about it: what is shown, what each answer does."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Begin, Run, value
from tests.cli.test_review import Terminal, bare

RULES = """\
score priority = count feedback
match "Inbox" {
  when text mentions ["app"]
  to idea "The app"
}
"""
EXPORT = product(("loses", "forgets", "drops"), ("monthly", "weekly", "yearly", "daily"))
LOGIN = product(("text message", "mail", "phone call"), ("late", "slowly", "seldom"))
TEXTS = [
    *(f"The app {how} the last column of the {what} report in the Excel export" for how, what in EXPORT),
    *(f"The app sends the login code by {way} far too {late}" for way, late in LOGIN),
    "Login codes by text message arrive late",
]


@pytest.fixture
def run(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A rule puts twelve pieces about one thing and nine about another into one idea."""
    monkeypatch.setenv("OPSHUB_HUB__ENCODER", "off")
    rows = [f"{at},{text},2026-01-{at:02}T08:00:00Z" for at, text in enumerate(TEXTS, 1)]
    return begin({"desk.csv": "\n".join(["id,text,created", *rows, ""]), "own.rules": RULES})


def part(run: Run) -> dict[str, Any]:
    (asked,) = value(run("review", "--kind", "part", "--json"))
    return dict(asked)


def test_a_part_is_listed_and_told_in_json_with_all_its_pieces(run: Run) -> None:
    listed = run("review", "--list", "--kind", "part").stdout.splitlines()

    assert len(listed) == 3
    asked = part(run)
    assert listed[1].split()[:2] == [asked["name"], "part"]
    assert "9 pieces: The app sends" in listed[1]
    assert sorted(asked["pieces"]) == [f"desk:{at}" for at in range(13, 22)]
    assert [offer["idea"] for offer in asked["offers"]] == ["IDEA-1", "IDEA-2"]
    assert len(asked["seen"]) == 5
    assert asked["name"] == f"IDEA-1/{asked['seen'][0]['feedback']}"
    assert asked["seen"][0]["text"] == asked["text"]


def test_all_pieces_that_an_answer_binds_are_shown_where_there_is_little_room(run: Run, folder: Path) -> None:
    names = [it["feedback"] for it in part(run)["seen"]]
    person = Terminal(folder, 84)
    shown = bare(person.until("q quit"))
    person.press("q")

    assert person.end() == 0
    assert [name for name in names if f"{name}:" not in shown] == []
    assert "…" not in shown.replace("new …", "")


def test_its_pieces_stand_beside_the_ideas_and_an_answer_moves_all_of_them(run: Run, folder: Path) -> None:
    person = Terminal(folder)
    shown = bare(person.until("q quit"))
    person.press("2")
    person.until("kept")

    assert person.end() == 0
    assert "and 4 more to IDEA-2" in person.seen
    lines = shown.splitlines()
    assert any(line.startswith("9 pieces, such as") and "The app" in line for line in lines)
    assert shown.count("The app sends") >= 3
    assert "9 pieces of IDEA-1 lie apart from its others: y if they belong there" in shown
    ideas = {row["idea"]: row["voices"] for row in value(run("ideas", "list", "--json"))}
    assert ideas == {"IDEA-1": 12, "IDEA-2": 10}


def test_a_script_begins_an_idea_with_it_and_takes_that_back(run: Run) -> None:
    asked = part(run)

    done = run("review", "answer", asked["name"], "new", "--by", "ann", "--because", "two things")

    assert f"ann split {asked['feedback']}" in done.stdout
    assert "off IDEA-1 as IDEA-3: two things" in done.stdout
    assert value(run("review", "--kind", "part", "--json")) == []
    assert run("ideas", "undo", "--by", "ann").exit_code == 0
    assert part(run)["name"] == asked["name"]


def test_what_is_no_part_any_more_is_told_with_what_to_do(run: Run) -> None:
    name = part(run)["name"]
    assert run("review", "answer", name, "yes").exit_code == 0
    told = run("review", "--list", "--kind", "part").stdout
    assert told.startswith("nothing is asked about parts of ideas; new feedback")

    done = run("review", "answer", name, "yes")

    assert done.exit_code == 2
    assert "nobody is asked about that part of IDEA-1" in done.stderr
    assert "next: to split it: opshub ideas split IDEA-1 FEEDBACK" in done.stderr


def test_a_suggestion_to_split_shows_some_pieces_and_names_all(run: Run) -> None:
    told = run("ideas", "suggest", "--split").stdout

    assert told.count("    desk:") == 8
    assert "    and 1 more" in told
    command = next(line for line in told.splitlines() if line.startswith("  yes: opshub ideas split IDEA-1 "))
    assert len(command.split()) == 5 + 9
