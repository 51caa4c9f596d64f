"""The interpreter that keeps reasons: missing is not false, and a change reaches only what reads it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ('idea.status in ["new", "open"]', True),
        ('idea.tags contains "a"', True),
        ('idea.tags contains any ["x", "a"]', True),
        ('idea.tags contains all ["x", "a"]', False),
        ('idea.title matches "^Exp[a-z]+$"', True),
        ('idea.title mentions ["import", "export"]', True),
        ("known and idea.voices - -idea.impact > 5", True),
        ("score_of / 0 is missing", True),
        ("unknown_yet == 0", True),
        ("idea.created + 2d - 1d > idea.created", True),
        ("(idea.created + 2d - idea.created) / 12h == 4", True),
        ("(age(idea.created) + 1d) - 12h == 60h", True),
        ("max(idea.voices, 7) == 7 and days_since(idea.created) == 2", True),
        ("(count distinct accounts where rating < 0.5) == 1", True),
        ("(share of feedback where rating < 0.5) > 60%", True),
        ("(share of accounts where rating > 0.5) == 0.5", True),
        ("(sum account.arr over distinct accounts) == 30", True),
        ("(median rating) == 0.3 and (mean rating) > 0.4", True),
        ("max (rating * 2) > 1 and min rating within 30h > 0.1", True),
        (
            "any account (rating > 0.5) and no person (rating > 2) and all feedback (rating is not missing)",
            True,
        ),
        ('(sum rating where kind == "nothing") == 0 and (mean rating where rating > 2) is missing', True),
        ("clamp(idea.voices, 4, 9) == 4", True),
    ],
)
def test_every_construct_comes_to_the_same_as_compiled_rules(
    when: str, holds: bool, rules: Rules, idea: Make, feedback: Make
) -> None:
    found = rules(
        "let known = idea.urgent is missing or idea.voices > 1\n"
        "score late = idea.effort\nlet unknown_yet = late * 2\nscore score_of = idea.voices\n"
        f'rule "R" {{ when {when} tag "x" stop }}\nrule "S" {{ when idea.voices > 0 tag "y" }}'
    )
    values = idea(
        title="Export", status="open", tags=("a", "b"), voices=3, impact=4.0, created=NOW - timedelta(days=2)
    )
    rows: list[Any] = [
        feedback(rating=0.2, account_id="a", author_id="1", account_arr=10, created=NOW - timedelta(days=1)),
        feedback(rating=0.3, account_id="a", author_id="2", account_arr=5, created=NOW - timedelta(days=9)),
        feedback(rating=0.8, account_id="b", author_id="3", account_arr=20, created=NOW - timedelta(hours=3)),
    ]

    slow = Interpreter(found.program, values, rows, NOW)

    assert [rule.name for rule in slow.held()] == (["R"] if holds else ["S"])
    assert found.decide(values, rows, NOW).tags == (("x",) if holds else ("y",))
