"""Projects that a connection names: rules route to these alone, and who writes another one is told the near name."""

from __future__ import annotations

from typing import Any

import pytest

from opshub.config import load

JIRA = """
[connections.jira]
kind = "jira"
url = "https://acme.test"
email = "a@acme.test"
query = "labels = idea"
as = "ideas"
"""
NAMED = f'{JIRA}destinations = ["SEC", "FEED", "MY-TEAM"]\n'


def routed(place: Any, text: str, destination: str) -> list[str]:
    """What the check of a rule that routes there finds."""
    place.configure(text, f'rule "R" {{ when idea.voices > 3 route to "{destination}" }}\n')
    findings: list[str] = place.findings()
    return findings


def test_a_project_that_the_connection_does_not_name_is_told_with_the_near_one(place: Any) -> None:
    assert routed(place, NAMED, "jira.SECC") == [
        "R104 'jira' has no project 'SECC' (did you mean 'jira.SEC'?)",
    ]
    assert routed(place, NAMED, "jira") == ["R104 'jira' needs a project (did you mean 'jira.SEC'?)"]
    assert routed(place, NAMED, "jira.MY-TEAM") == routed(place, NAMED, "jira.FEED") == []


@pytest.mark.parametrize("text", [JIRA, NAMED])
def test_a_connection_with_a_project_of_its_own_is_a_destination_by_itself(place: Any, text: str) -> None:
    assert routed(place, f'{text}project = "FEED"\n', "jira") == []
    assert routed(place, f'{text}project = ""\n', "jira") != []
    assert len(routed(place, f'{NAMED}project = "FEED"\n', "jira.SECC")) == 1


def test_where_no_project_is_named_any_may_be(place: Any) -> None:
    assert routed(place, JIRA, "jira.SECC") == []
    assert routed(place, f"{JIRA}destinations = []\n", "jira.SECC") == []


def test_projects_can_come_from_the_environment(place: Any) -> None:
    place.configure(JIRA)

    made = load(place.folder / "opshub.toml", {"OPSHUB_CONNECTIONS__JIRA__DESTINATIONS": '["SEC", "FEED"]'})

    assert made.connections["jira"].destinations == ("SEC", "FEED")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            NAMED.replace('as = "ideas"', 'as = "feedback"'),
            '"destinations" are for trackers: add as = "ideas"',
        ),
        (f'{JIRA}destinations = "SEC"\n', "opshub.toml:8: "),
        (f'{JIRA}destinations = ["SEC", ""]\n', "opshub.toml:8: "),
    ],
)
def test_projects_that_nobody_could_route_to_are_refused(place: Any, text: str, told: str) -> None:
    place.configure(text)

    assert told in place.mistakes()
