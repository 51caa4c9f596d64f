"""Rules over ideas read what signals came to: checked, compiled, explained and tested like an idea's own values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from opshub.language import Checked, RuleSet, Source, run_tests
from opshub.language.formatting import formatted
from opshub.language.series import Series
from opshub.language.whynot import why_not

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RATE = "signal rate = reported, per day\nsignal both = rate * 2\n"
RULE = RATE + 'rule "Crisis" { when signal rate > 0.8% priority +10 tag "crisis" }\n'
Rules = Callable[[str], RuleSet]


def world(rules: RuleSet, **values: float) -> tuple[object, ...]:
    """An idea of which nothing is known but the signals."""
    own = len(rules.program.schema.idea) - len(rules.program.world)
    return (*[None] * own, *rules.world(NOW, lambda _: lambda series, periods: [values.get(series.name)]))


@pytest.mark.parametrize(("value", "priority"), [(0.009, 10.0), (0.008, 0.0), (None, 0.0)])
def test_a_rule_holds_where_the_signal_has_passed_the_bound(
    rules: Rules, value: float | None, priority: float
) -> None:
    made = rules(RULE)

    idea = world(made, **({} if value is None else {"rate": value}))

    assert made.decide(idea, (), NOW).scores["priority"] == priority


def test_an_idea_that_is_told_of_no_signal_misses_them(rules: Rules) -> None:
    assert rules(RULE).decide((), (), NOW).tags == ()


def test_an_explanation_shows_the_value_and_its_period(rules: Rules) -> None:
    made = rules(RATE + "score heat = 100 * signal both\n")

    (part,) = made.decide(world(made, rate=0.02), (), NOW).parts

    assert part.amount == 4.0
    assert dict(part.saw) == {"signal both (last full day)": 0.04}


def test_what_no_decision_reads_is_left_missing(rules: Rules) -> None:
    made = rules("signal other = reported, per day\n" + RULE)

    read: list[str] = []

    def reader(series: Series, periods: int) -> list[float | None]:
        read.append(series.name)
        return [1.0]

    values = made.world(NOW, lambda _: reader)

    assert values == (None, 1.0, None)
    assert read == ["rate"]
    assert not rules("signal other = reported, per day\n").observes


def test_a_signal_may_stand_below_the_rule_that_reads_it(checked: Callable[..., Checked]) -> None:
    lines = RULE.splitlines()

    assert checked("\n".join(reversed([*lines[:1], lines[2]]))).diagnostics == ()


def test_signals_stand_where_conditions_on_feedback_do(rules: Rules) -> None:
    made = rules(RATE + 'rule "Low" { when any feedback (rating < signal rate) tag "low" }')
    schema = made.program.schema
    row = tuple(0.1 if field.name == "feedback.rating" else None for field in schema.feedback)

    assert made.decide(world(made, rate=0.2), [row], NOW).tags == ("low",)
    assert made.decide(world(made, rate=0.05), [row], NOW).tags == ()


def test_signals_can_be_combined_with_the_word_signal_too(rules: Rules) -> None:
    made = rules(RATE.replace("rate * 2", "signal rate * 2") + "score s = signal both\n")

    assert made.decide(world(made, rate=2.0), (), NOW).scores["s"] == 4.0


def test_a_test_block_gives_the_signal(rules: Rules) -> None:
    text = RULE + (
        'test "above" { given signal rate = [0.1%, 1%] expect priority == 10 }\n'
        'test "below" { given signal rate = [1%, 0.1%] expect priority == 0 }\n'
        'test "missing" { given idea.voices = 3 expect priority == 0 }\n'
    )

    assert [test.failures for test in run_tests(rules(text))] == [(), (), ()]


def test_scores_across_ideas_can_read_signals(rules: Rules) -> None:
    text = RATE + "score heat = idea.voices * signal rate\nscore place = rank(heat)\n"
    test = (
        'test "third" { given idea.voices = 1, signal rate = 1, others.heat = [2, 3] '
        "expect place == 3, heat == 1 }"
    )

    assert [found.failures for found in run_tests(rules(text + test))] == [()]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('rule "A" { when signal rte > 1% tag "x" }', "R120"),
        ("signal x = count feedback where rating < signal rate, per day", "R225"),
        ('test "t" { given idea.voices = 1 expect signal rate > 1 }', "R209"),
        ('rule "A" { when signal rate > "much" tag "x" }', "R202"),
        ('rule "A" { when signal rate tag "x" }', "R201"),
        ('rule "A" { when not (signal rate > 1) tag "x" }', "R301"),
    ],
)
def test_what_is_wrong_with_a_reading_is_said(checked: Callable[..., Checked], text: str, code: str) -> None:
    assert [found.code for found in checked(RATE + text).diagnostics] == [code]


def test_why_not_names_the_nearest_value_of_the_signal(rules: Rules) -> None:
    made = rules(RULE)

    found = why_not(made.program, made.program.rules[0], world(made, rate=0.005), (), NOW)

    assert [(change.saw, change.needed) for change in found.changes] == [(0.005, "more than 0.008")]
    assert [dict(clause.saw) for clause in found.clauses] == [{"signal rate": 0.005}]


def test_a_reading_is_laid_out_like_a_name() -> None:
    text = 'rule "A" {\n    when signal   rate>1%  and not(signal rate  is missing)\n    tag "x"\n}\n'

    assert formatted(Source("a.rules", text)).text == (
        'rule "A" {\n    when signal rate > 1% and not (signal rate is missing)\n    tag "x"\n}\n'
    )
