"""Ages, durations and weights that fade, and the moment at which each moves on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from opshub.language import RuleSet
from opshub.language.moments import added, lasting, less
from opshub.language.runtime import utc

Rules = Callable[[str], RuleSet]
Row = Callable[..., tuple[object, ...]]
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 1, 2, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def test_a_weight_halves_with_each_half_life_and_moves_at_midnight(
    rules: Rules, idea: Row, feedback: Row
) -> None:
    found = rules("score priority = sum (decay(created, 1d))")
    rows = [feedback(created=NOON), feedback(created=NOON - DAY), feedback(created=NOON - 2 * DAY)]

    outcome = found.decide(idea(), rows, NOON)

    assert outcome.scores["priority"] == 1.75
    assert outcome.due == MIDNIGHT
    assert found.decide(idea(), rows, MIDNIGHT - timedelta(microseconds=1)).scores == outcome.scores
    assert found.decide(idea(), rows, MIDNIGHT).scores["priority"] == 0.875


def test_a_weight_that_is_spent_makes_nothing_due(rules: Rules, idea: Row, feedback: Row) -> None:
    found = rules("score priority = sum (decay(created, 1d))")

    outcome = found.decide(idea(), [feedback(created=NOON - 10 * DAY), feedback()], NOON)

    assert (outcome.scores["priority"], outcome.due) == (0, None)


def test_a_weight_of_the_future_stays_until_its_day_has_passed(
    rules: Rules, idea: Row, feedback: Row
) -> None:
    outcome = rules("score priority = sum (decay(created, 1d))").decide(
        idea(), [feedback(created=NOON + 3 * DAY)], NOON
    )

    assert (outcome.scores["priority"], outcome.due) == (1, MIDNIGHT + 3 * DAY)


def test_days_are_those_of_utc(rules: Rules, idea: Row, feedback: Row) -> None:
    tokyo = timezone(timedelta(hours=9))
    rows = [feedback(created=datetime(2026, 1, 1, 8, tzinfo=tokyo))]

    outcome = rules("score priority = max (days_since(created))").decide(idea(), rows, NOON)

    assert (outcome.scores["priority"], outcome.due) == (1, MIDNIGHT)


@pytest.mark.parametrize(
    ("condition", "holds", "due"),
    [
        ("any feedback (age(created) > 30h)", False, 6 * 3600 + 1e-6),
        ("any feedback (age(created) >= 30h)", False, 6 * 3600),
        ("any feedback (age(created) < 30h)", True, 6 * 3600),
        ("any feedback (age(created) > 12h)", True, None),
        ("any feedback (created + 2d > ago(0d))", True, 24 * 3600),
        ("any feedback (age(updated) - age(created) > 2h)", True, None),
        ("any feedback ((updated - created) / 1h == 3)", False, None),
        ("any feedback (created - updated == 3h)", True, None),
        ("max (age(created)) > 30h", False, 6 * 3600 + 1e-6),
        ("any feedback (created + 36500d > created and created - 36500d < created)", True, None),
    ],
)
def test_durations_are_compared_and_the_moment_of_the_flip_is_computed(
    condition: str, holds: bool, due: float | None, rules: Rules, idea: Row, feedback: Row
) -> None:
    found = rules(f'rule "R" {{ when {condition} tag "x" }}')
    row = feedback(created=NOON - DAY, updated=NOON - DAY - timedelta(hours=3))

    outcome = found.decide(idea(), [row], NOON)

    assert outcome.tags == ("x",) * holds
    assert outcome.due == (None if due is None else NOON + timedelta(seconds=due))


def test_arithmetic_ends_at_the_edges_of_the_calendar(rules: Rules, idea: Row, feedback: Row) -> None:
    beyond = "created + 36500d > created or created - 36500d < created"
    text = (
        f'rule "R" {{ when all feedback (created + 1d > created - 1d) and any feedback ({beyond}) tag "x" }}'
    )
    rows = [
        feedback(created=datetime(9999, 12, 31, tzinfo=UTC)),
        feedback(created=datetime(1, 1, 2, tzinfo=UTC)),
    ]

    assert rules(text).decide(idea(), rows, NOON).tags == ("x",)


def test_an_age_is_explained_in_words(rules: Rules, idea: Row, feedback: Row) -> None:
    found = rules('rule "R" { when max (age(created)) > 30h tag "x" }')

    (part,) = found.decide(idea(), [feedback(created=NOON - timedelta(days=3, hours=12))], NOON).parts

    assert part.saw == {"max (age(feedback.created))": "3.5d", "feedback.created": NOON - timedelta(days=3.5)}


@pytest.mark.parametrize(
    ("left", "right", "sum_", "difference"),
    [
        (LAST, DAY, LAST, LAST - DAY),
        (FIRST, -DAY, FIRST, FIRST + DAY),
        (FIRST, DAY, FIRST + DAY, FIRST),
        (LAST, -DAY, LAST - DAY, LAST),
        (timedelta.max, DAY, timedelta.max, timedelta.max - DAY),
        (timedelta.min, DAY, timedelta.min + DAY, timedelta.min),
    ],
)
def test_sums_and_differences_stop_at_the_edge_that_they_would_pass(
    left: Any, right: Any, sum_: Any, difference: Any
) -> None:
    assert (added(left, right), less(left, right)) == (sum_, difference)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, None), (timedelta(0), "0s"), (timedelta(seconds=90), "1.5min"), (-DAY, "-1d")],
)
def test_a_length_is_said_in_its_largest_unit(value: timedelta | None, shown: str | None) -> None:
    assert lasting(value) == shown


def test_nothing_is_due_after_the_last_day_of_the_calendar(rules: Rules, idea: Row, feedback: Row) -> None:
    found = rules(
        "score a = sum (days_since(created))\nscore b = sum (decay(created, 9d))\n"
        'rule "R" { when any feedback (age(created) > 20d) tag "x" }'
    )

    outcome = found.decide(idea(), [feedback(created=LAST - DAY)], LAST)

    assert outcome.due is None


def test_a_moment_outside_of_utcs_calendar_is_taken_as_it_stands(
    rules: Rules, idea: Row, feedback: Row
) -> None:
    first = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    found = rules('rule "R" { when all feedback (created < ago(1d)) tag "x" }')

    assert found.decide(idea(), [feedback(created=first)], NOON).tags == ("x",)
    assert utc(first) == FIRST
