"""Coverage counts what was true and false, for every clause, and which rules held."""

from __future__ import annotations

from collections.abc import Callable

from opshub.language import RuleSet
from opshub.language.coverage import Coverage

RULES = """\
let early = created < 2025-12-30
let large = idea.voices > 10

rule "A" {
    when any feedback (early and not (rating < 0.5)) or large
    priority +5
    stop
}

rule "B" {
    when idea.voices > 2
    tag "b"
}

test "one" {
    given  feedback.created = 2025-12-01, feedback.rating = 0.9
    given  feedback.created = 2025-12-31, feedback.rating = 0.9, idea.voices = 3
    expect priority == 5
}
"""


def _counted(rules: RuleSet) -> tuple[dict[str, tuple[int, int]], dict[str, int]]:
    coverage = Coverage(rules)
    coverage.see_tests()
    clauses = {c.text: (c.tally.true, c.tally.false) for c in coverage.clauses()}
    return clauses, {rule.name: rule.held for rule in coverage.rules()}


def test_each_operand_each_when_and_each_let_is_a_clause(rules: Callable[[str], RuleSet]) -> None:
    clauses, _ = _counted(rules(RULES))

    assert clauses == {
        "let early": (1, 1),
        "let large": (0, 1),
        "any feedback (early and not (rating < 0.5)) or large": (1, 0),
        "any feedback (early and not (rating < 0.5))": (1, 0),
        "early and not (rating < 0.5)": (1, 1),
        "early": (1, 1),
        "not (rating < 0.5)": (1, 0),
        "rating < 0.5": (0, 1),
        "large": (0, 1),
        "idea.voices > 2": (1, 0),
    }


def test_a_rule_that_an_earlier_one_stopped_did_not_hold(rules: Callable[[str], RuleSet]) -> None:
    _, held = _counted(rules(RULES))

    assert held == {"A": 1, "B": 0}


def test_a_clause_that_reads_a_score_sees_its_value(rules: Callable[[str], RuleSet]) -> None:
    text = """\
score reach = idea.voices * 2

rule "A" {
    when reach > 5 and idea.urgent
    tag "a"
}

test "t" {
    given  idea.voices = 3
    expect reach == 6
}
"""

    clauses, held = _counted(rules(text))

    assert clauses == {"reach > 5 and idea.urgent": (0, 1), "reach > 5": (1, 0), "idea.urgent": (0, 1)}
    assert held == {"A": 0}


def test_what_no_rule_reads_but_a_clause_does_is_read(rules: Callable[[str], RuleSet]) -> None:
    found = rules('let a = rating < 0.5\nrule "A" {\n    when idea.urgent\n    tag "a"\n}\n')

    assert Coverage(found).reads >= {"feedback.rating", "idea.urgent"}


WATCHED = """\
signal rate = share of feedback where rating < 0.4, per day
signal double = rate * 2

alert "Bad" {
    when signal rate > 20% for 2 days and signal double > 50%
    notify "Look"
}

alert "Worse" {
    when signal rate > 90%
    notify "Look"
}

test "two bad days" {
    given  feedback.rating = 0.2
    given  signal rate = [30%, 40%]
    expect alerts contains "Bad"
}
"""


def test_conditions_of_signals_and_alerts_are_clauses_and_alerts_can_be_dead(
    rules: Callable[[str], RuleSet],
) -> None:
    coverage = Coverage(rules(WATCHED))
    coverage.see_tests()

    assert {c.text: (c.tally.true, c.tally.false) for c in coverage.clauses()} == {
        "rating < 0.4": (1, 0),
        "signal rate > 20% for 2 days": (1, 0),
        "signal double > 50%": (1, 0),
        "signal rate > 90%": (0, 1),
    }
    assert {alert.name: alert.held for alert in coverage.alerts()} == {"Bad": 1, "Worse": 0}


def test_the_last_periods_of_signals_try_alerts_window_by_window(rules: Callable[[str], RuleSet]) -> None:
    coverage = Coverage(rules(WATCHED))
    coverage.see_periods(lambda series, periods: [*[None] * (periods - 4), 0.1, 0.3, 0.4, 0.95])

    found = {c.text: (c.tally.true, c.tally.false) for c in coverage.clauses()}

    assert found["signal rate > 20% for 2 days"] == (2, 2)
    assert found["signal rate > 90%"] == (1, 3)
    assert found["signal double > 50%"] == (3, 1)


def test_an_alert_that_was_in_breach_is_not_dead(rules: Callable[[str], RuleSet]) -> None:
    coverage = Coverage(rules(WATCHED))
    coverage.see_breaches(["Worse", "Worse", "of older rules"])

    assert {alert.name: alert.held for alert in coverage.alerts()} == {"Bad": 0, "Worse": 2}
