"""What is gathered over pieces of feedback, accounts and persons, in windows and of calculated values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from opshub.language import RuleSet

Rules = Callable[[str], RuleSet]
Row = Callable[..., tuple[object, ...]]


@pytest.fixture
def decide(rules: Rules, idea: Row, now: datetime) -> Callable[..., float]:
    """The value of an expression as a score, or 1 and 0 for a condition."""

    def run(expression: str, *rows: tuple[object, ...]) -> float:
        asks = expression.startswith(("any", "all", "no"))
        text = f'rule "R" {{ when {expression} priority +1 }}' if asks else f"score priority = {expression}"
        return rules(text).decide(idea(), rows, now).scores["priority"]

    return run


def test_an_account_qualifies_when_one_of_its_pieces_does_and_counts_once(
    decide: Callable[..., float], feedback: Row
) -> None:
    rows = [
        feedback(account_id="a", rating=0.1),
        feedback(account_id="a", rating=0.9),
        feedback(account_id="b", rating=0.2),
        feedback(rating=0.1),
    ]

    assert decide("all accounts (rating < 0.5)", *rows) == 1
    assert decide("all feedback (rating < 0.5)", *rows) == 0
    assert decide("all accounts (rating < 0.15)", *rows) == 0
    assert decide("any account (rating > 0.8)", *rows) == 1
    assert decide("no account (rating > 0.8)", *rows) == 0
    assert decide("share of accounts where rating < 0.15", *rows) == 0.5


def test_feedback_without_an_account_makes_no_account_qualify(
    decide: Callable[..., float], feedback: Row
) -> None:
    row = feedback(rating=0.1, author_id="p")

    assert decide("any account (rating < 0.5)", row) == 0
    assert decide("all accounts (rating < 0.5)", row) == 0
    assert decide("no account (rating < 0.5)", row) == 1
    assert decide("any person (rating < 0.5)", row) == 1
    assert decide("all persons (rating < 0.5)", row) == 1


def test_a_window_counts_what_was_written_in_it(
    decide: Callable[..., float], feedback: Row, now: datetime
) -> None:
    rows = [feedback(created=now - timedelta(days=days), rating=days / 100) for days in (10, 40, 100)]

    assert decide("count feedback within 90d", *rows) == 2
    assert decide("count feedback within 90d where rating > 0.2", *rows) == 1
    assert decide("share of feedback within 90d where rating > 0.2", *rows) == 0.5
    assert decide("all feedback within 30d (rating < 0.2)", *rows) == 1
    assert decide("any feedback within 90d (rating > 0.5)", *rows) == 0
    assert decide("round(sum rating within 90d, 2)", *rows) == 0.5


def test_a_window_makes_the_idea_due_when_a_piece_leaves_it(
    rules: Rules, idea: Row, feedback: Row, now: datetime
) -> None:
    rows = [feedback(created=now - timedelta(days=60))]

    outcome = rules("score priority = count feedback within 90d").decide(idea(), rows, now)

    assert outcome.due == now + timedelta(days=30)


def test_a_value_may_be_calculated_before_it_is_gathered(decide: Callable[..., float], feedback: Row) -> None:
    rows = [
        feedback(rating=0.5, account_arr=100, account_id="a"),
        feedback(rating=0.25, account_arr=100, account_id="a"),
        feedback(account_arr=100, account_id="b"),
    ]

    assert decide("sum (rating * 2)", *rows) == 1.5
    assert decide("sum (account.arr * rating) over distinct accounts", *rows) == 50
    assert decide("max (account.arr / rating)", *rows) == 400
    assert decide("min (rating * 4) where rating > 0.3", *rows) == 2
    assert decide("mean (account.arr * rating)", *rows) == 37.5


def test_a_median_is_the_middle_or_the_mean_of_the_two_middle_values(
    decide: Callable[..., float], feedback: Row
) -> None:
    rows = [feedback(rating=rating) for rating in (0.9, 0.1, 0.3)]

    assert decide("median rating", *rows) == 0.3
    assert decide("median rating", *rows, feedback(rating=0.5)) == 0.4
    assert decide("median rating") == 0


def test_values_that_overflow_are_left_out(decide: Callable[..., float], feedback: Row) -> None:
    rows = [feedback(account_arr=1e300), feedback(account_arr=-1e300), feedback(account_arr=2)]

    assert decide("sum (account.arr * account.arr)", *rows) == 4


def test_an_explanation_shows_what_was_gathered_as_it_was_written(
    rules: Rules, idea: Row, feedback: Row, now: datetime
) -> None:
    rows = [feedback(created=now - timedelta(days=1), account_id="a", rating=0.1)]
    shown = (
        "share of accounts within 36h where feedback.rating < 0.5",
        "median (feedback.rating * 2) over distinct persons within 30d",
        "count feedback within 2w where (feedback.rating < 0.5 or feedback.text is missing) and feedback.rating > 0",
    )

    for text in shown:
        (part,) = rules(f"score priority = {text}").decide(idea(), rows, now).parts
        assert text.replace("2w", "14d") in part.saw
