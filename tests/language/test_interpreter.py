"""The interpreter that keeps reasons: missing is not false, and a change reaches only what reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from opshub.language import RuleSet
from opshub.language.interpreter import Interpreter, Truth
from opshub.language.meaning import leaves

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Rules = Callable[[str], RuleSet]
Make = Callable[..., tuple[object, ...]]


@pytest.mark.parametrize(
    ("when", "truth"),
    [
        ("idea.impact > 3", Truth.MISSING),
        ("idea.voices > 3", Truth.FALSE),
        ("idea.voices > 1", Truth.TRUE),
        ("idea.voices > 3 and idea.impact > 3", Truth.FALSE),
        ("idea.voices > 1 and idea.impact > 3", Truth.MISSING),
        ("idea.voices > 3 or idea.impact > 3", Truth.MISSING),
        ("idea.voices > 1 or idea.impact > 3", Truth.TRUE),
        ("not (idea.impact > 3)", Truth.TRUE),
        ("idea.impact is missing", Truth.TRUE),
        ("idea.urgent", Truth.MISSING),
        ("any feedback (rating > 0.5)", Truth.MISSING),
        ('any feedback (kind == "call")', Truth.FALSE),
        ("all feedback (rating > 0.5)", Truth.MISSING),
        ("no feedback (rating > 0.5)", Truth.TRUE),
        ("1 / 0 > 3", Truth.MISSING),
    ],
)
def test_missing_is_kept_apart_from_false(
    when: str, truth: Truth, rules: Rules, idea: Make, feedback: Make
) -> None:
    found = rules(f'rule "R" {{ when {when} tag "x" }}')
    rows = [feedback(kind="review"), feedback(kind="ticket")]

    step = Interpreter(found.program, idea(voices=2), rows, NOW).judge(found.program.rules[0].when)

    assert step.truth is truth


def test_a_change_of_one_row_leaves_the_others_as_they_are(rules: Rules, feedback: Make, idea: Make) -> None:
    found = rules('rule "R" { when (count feedback where rating < 0.5) >= 2 tag "x" }')
    when = found.program.rules[0].when
    rows: list[Any] = [feedback(rating=0.2), feedback(rating=0.9), feedback(rating=0.8)]
    slow = Interpreter(found.program, idea(), rows, NOW)
    field = when.operands[0].operands[0].operands[0]

    better = slow.changed({(field, 1): 0.1})

    assert not slow.judge(when).holds
    assert better.judge(when).holds
    assert not slow.changed({(field, 1): 0.7}).judge(when).holds


def test_a_change_of_the_idea_reaches_the_feedback_that_is_compared_with_it(
    rules: Rules, feedback: Make, idea: Make
) -> None:
    found = rules('rule "R" { when any feedback (rating < idea.impact and kind == "call") tag "x" }')
    when = found.program.rules[0].when
    slow = Interpreter(found.program, idea(impact=0.1), [feedback(rating=0.5, kind="call")], NOW)
    (impact,) = {term for term in leaves(when, {}) if term.op == "idea"}

    assert not slow.judge(when).holds
    assert slow.changed({(impact, None): 0.9}).judge(when).holds
    assert not slow.changed({(impact, None): 0.2}).judge(when).holds


def test_it_adds_up_beyond_all_numbers_as_compiled_rules_do(rules: Rules, feedback: Make, idea: Make) -> None:
    found = rules("score a = sum account.arr\nscore b = mean account.arr\nscore c = median account.arr")
    rows: list[Any] = [feedback(account_arr=1e308), feedback(account_arr=1.5e308)]

    slow = Interpreter(found.program, idea(), rows, NOW).scores()

    compiled = found.decide(idea(), rows, NOW).scores
    assert slow == {name: compiled[name] for name in "abc"} == {"a": 0, "b": 0, "c": 0}
