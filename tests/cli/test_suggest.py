"""Suggestions as a person sees them: the pieces, the command that follows one, and the one that refuses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Begin, Run, value

FEEDBACK = """\
id,text,created
1,The weekly export to Excel loses its last column,2026-01-05T08:00:00Z
2,Weekly export loses the last column when opened in Excel,2026-01-06T08:00:00Z
3,The weekly Excel export loses a column,2026-01-07T08:00:00Z
4,Excel export: last column lost,2026-01-08T08:00:00Z
5,Please bring a dark theme for late evenings,2026-01-09T08:00:00Z
6,A dark theme for evenings,2026-01-10T08:00:00Z
"""


@pytest.fixture
def run(begin: Begin) -> Run:
    """Runs a command where pieces 1 and 3, 2 and 4, 5 and 6 make three ideas."""
    run = begin({"desk.csv": FEEDBACK})
    for piece, idea in ((3, 1), (4, 2), (6, 5)):
        assert run("ideas", "link", f"desk:{piece}", f"IDEA-{idea}").exit_code == 0
    return run


def test_a_suggested_merge_names_the_pieces_and_the_commands_that_follow_and_refuse_it(run: Run) -> None:
    told = run("ideas", "suggest").stdout

    assert "IDEA-2 (2) → IDEA-1 (2)" in told
    assert "desk:2: Weekly export loses the last column when opened in Excel" in told
    assert "yes: opshub ideas merge IDEA-2 IDEA-1" in told
    assert "no:  opshub ideas refuse IDEA-2 IDEA-1" in told


def test_following_it_makes_one_idea_of_two_and_the_second_subject_is_suggested_then(run: Run) -> None:
    assert value(run("ideas", "suggest", "--split", "--json")) == {"split": []}
    assert run("ideas", "merge", "IDEA-2", "IDEA-1").exit_code == 0
    assert run("ideas", "merge", "IDEA-5", "IDEA-1").exit_code == 0

    told = run("ideas", "suggest", "--split").stdout
    assert "IDEA-1 seems to hold two subjects" in told
    assert "yes: opshub ideas split IDEA-1 desk:5 desk:6" in told

    assert run("ideas", "split", "IDEA-1", "desk:5", "desk:6").exit_code == 0
    assert run("ideas", "suggest").stdout == "nothing to suggest\n"


def test_a_refusal_is_told_and_can_be_taken_back(run: Run) -> None:
    done = run("ideas", "refuse", "IDEA-2", "IDEA-1")

    first, second = done.stdout.splitlines()
    assert first == "to merge IDEA-1 and IDEA-2 is not suggested again"
    assert second.startswith("take it back: opshub ideas undo ")
    assert value(run("ideas", "suggest", "--merge", "--json")) == {"merge": []}

    back = value(run("ideas", "refuse", "IDEA-1", "IDEA-2", "--again", "--json"))
    assert back == {"ideas": ["IDEA-1", "IDEA-2"], "refused": False, "action": back["action"]}
    assert len(value(run("ideas", "suggest", "--json"))["merge"]) == 1


def test_what_is_shown_of_a_piece_has_no_end_that_runs_away(run: Run, tmp_path: Path) -> None:
    long = "The weekly export to Excel loses its last column. " * 40
    (tmp_path / "desk.csv").write_text(
        FEEDBACK.replace("Excel export: last column lost", long), encoding="utf-8"
    )
    assert run("sync").exit_code == 0

    found = value(run("ideas", "suggest", "--merge", "--json"))["merge"]

    assert found
    assert all(len(piece["text"]) <= 160 for it in found for pair in it["pieces"] for piece in pair)
