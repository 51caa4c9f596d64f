"""Why a rule does not hold for a stored idea."""

from __future__ import annotations

from typing import Any

import pytest

from opshub.errors import NotFoundError

RULES = """
rule "They may leave" { when any feedback (text mentions ["cancel"]) tag "churn-risk" }
rule "Many may leave" { when (count feedback where text mentions ["cancel"]) >= 3 tag "many" }
rule "Large customer" { when any feedback (account.arr > 1000) tag "large" }
"""


@pytest.fixture
def ruled(world: Any) -> Any:
    """One person says something else."""
    world.use(RULES)
    world.desk.add(1, "The export is slow", who="ann", account="acme")
    world.hub.sync()
    return world.hub


def test_the_nearest_feedback_comes_with_its_quote_and_address(ruled: Any) -> None:
    told = ruled.why_not("IDEA-1", "they")

    assert not told.holds
    assert (told.nearest.quote, told.nearest.url) == ("The export is slow", "https://desk.example/1")
    assert told.misses[0].feedback == told.nearest
    assert told.misses[0].needed == 'mentions one of ["cancel"]'


def test_a_missing_value_is_not_a_false_one(ruled: Any) -> None:
    told = ruled.why_not("1", "Large customer")

    assert [unmet.answer for unmet in told.unmet] == ["missing", "missing"]
    assert told.unmet[1].saw == {"account.arr": None}


def test_a_rule_is_found_by_a_part_of_its_name_that_no_other_has(ruled: Any) -> None:
    assert ruled.why_not("1", "MANY may").rule == "Many may leave"

    with pytest.raises(NotFoundError, match="2 rules have 'may leave'"):
        ruled.why_not("1", "may leave")
    with pytest.raises(NotFoundError, match="no rule 'They my leave'") as error:
        ruled.why_not("1", "They my leave")
    assert error.value.hint == "did you mean 'They may leave'?"
