"""Routes give ideas to persons and keep them in the inbox; the checker says who could not be told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from opshub.language import Checked, RuleSet, Source, run_tests
from opshub.language.formatting import formatted

GIVEN = 'rule "A" { when idea.voices > 1 route to jira.SEC as urgent assign "ann@acme.test" }\n'
NOW = datetime(2026, 1, 1, tzinfo=UTC)
KEPT = 'rule "B" { when idea.voices > 5 route to inbox assign "bo" }\n'


def test_the_first_route_wins_with_its_owner(rules: Callable[[str], RuleSet]) -> None:
    made = rules(
        KEPT
        + GIVEN
        + 'test "kept" { given idea.voices = 6 expect owner == "bo", route == "inbox" }\n'
        + 'test "given" { given idea.voices = 2 expect owner == "ann@acme.test", urgency == "urgent" }\n'
        + 'test "nobody" { given idea.voices = 1 expect owner is missing }\n'
    )

    assert [test.failures for test in run_tests(made)] == [(), (), ()]


def test_an_explanation_names_the_owner(rules: Callable[[str], RuleSet]) -> None:
    made = rules(GIVEN)
    idea = tuple(2.0 if f.name == "idea.voices" else None for f in made.program.schema.idea)

    (part,) = made.decide(idea, (), NOW).parts

    assert part.effect == "route to jira.SEC as urgent assign ann@acme.test"


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        (GIVEN.replace("ann@acme.test", " "), ["R233"]),
        (GIVEN.replace("ann@acme.test", "x" * 101), ["R233"]),
        (GIVEN.replace("jira.SEC", "board.X"), ["R331"]),
        (GIVEN.replace("jira.SEC", "inbox"), []),
        (GIVEN.replace("jira.SEC", "inboxes"), ["R104"]),
        (GIVEN + 'test "t" { given idea.voices = 2 expect owner == "zoe" }', ["R132"]),
    ],
)
def test_what_is_wrong_with_an_owner_is_said(
    checked: Callable[..., Checked], text: str, codes: list[str]
) -> None:
    assert [found.code for found in checked(text).diagnostics] == codes


def test_an_owner_stays_on_the_line_of_its_route() -> None:
    text = 'rule "A" {\n    when idea.voices > 1\n    route to inbox assign "bo"\n}\n'

    assert formatted(Source("a.rules", text)).text == text
