"""Where ideas can be sent."""

from __future__ import annotations

import pytest

from opshub.language import misrouted

KNOWN = {"jira": ("SEC", "EXP"), "board": None, "wiki": ()}


@pytest.mark.parametrize("there", ["jira.SEC", "board.ANY", "wiki", "inbox"])
def test_an_idea_can_be_sent_to(there: str) -> None:
    assert misrouted(there, KNOWN, ()) is None


@pytest.mark.parametrize(
    ("there", "reason"),
    [
        ("jira", "'jira' needs a project"),
        ("board", "'board' needs a project"),
        ("wiki.HOME", "'wiki' has no projects"),
        ("jira.SECC", "'jira' has no project 'SECC'"),
        ("jra", "there is no connection 'jra'"),
    ],
)
def test_an_idea_cannot_be_sent_to(there: str, reason: str) -> None:
    wrong = misrouted(there, KNOWN, ())

    assert wrong is not None
    assert wrong[0] == reason


def test_a_connection_with_a_project_of_its_own_needs_none_in_the_route() -> None:
    assert misrouted("jira", KNOWN, {"jira", "board"}) is None
    assert misrouted("board", KNOWN, {"jira", "board"}) is None
    assert misrouted("jira.SECC", KNOWN, {"jira"}) is not None
