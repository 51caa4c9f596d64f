"""Places among all ideas: what each function gives, what it may name, and how a test gives the others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opshub.language import Checked, RuleSet, run_tests
from opshub.language.across import ACROSS, QUANTITIES
from opshub.language.interpreter import Interpreter

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Rules = Callable[[str], RuleSet]
CASES = [(name, *case) for name, one in ACROSS.items() for case in one.cases.items()]
LOUD = "score loud = idea.voices\n"

finite = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(("name", "values", "result"), CASES)
def test_each_example_of_the_manual_is_true(name: str, values: tuple[float, ...], result: str) -> None:
    assert f"{QUANTITIES[name](values[0], sorted(values)):.12g}" == result


@given(st.lists(finite, min_size=1))
def test_every_place_is_within_its_bounds_whatever_the_values(values: list[float]) -> None:
    ordered = sorted(values)
    for value in values:
        assert 0 <= QUANTITIES["normalize"](value, ordered) <= 100
        assert 0 <= QUANTITIES["percentile"](value, ordered) <= 100
        assert 1 <= QUANTITIES["rank"](value, ordered) <= len(values)


def test_the_highest_is_a_hundred_and_the_scale_begins_at_nought_or_at_the_lowest() -> None:
    normalize = QUANTITIES["normalize"]

    assert [normalize(value, [2, 3, 6]) for value in (6, 3, 2)] == [100, 50, pytest.approx(33.333333)]
    assert [normalize(value, [-5, 1, 5]) for value in (5, 1, -5)] == [100, 60, 0]
    assert [normalize(value, [-5, -2, -1]) for value in (-5, -2, -1)] == [0, 75, 100]
    assert normalize(-3, [-3, -3]) == 0


def test_a_test_gives_the_other_ideas_by_their_scores(rules: Rules) -> None:
    found = rules(
        LOUD + "score priority = normalize(loud) + rank(loud) / 10 + percentile(loud)\n"
        'rule "First" { when rank(loud) <= 1 tag "first" }\n'
        'test "in the middle" {\n    given idea.voices = 5, others.loud = [10, -10, 1]\n'
        "    expect priority >= 141, priority <= 142\n}\n"
        'test "alone" {\n    given idea.voices = 5\n    expect priority == 200.1, tags contains "first"\n}\n'
    )

    assert [result.failures for result in run_tests(found)] == [(), ()]


def test_an_explanation_shows_the_value_its_scale_and_how_many_ideas_there_are(
    rules: Rules, idea: Callable[..., tuple[object, ...]]
) -> None:
    found = rules(LOUD + 'score priority = normalize(loud)\nrule "Top" { when rank(loud) <= 3 tag "top" }\n')

    values = found.completed(idea(voices=5), (), NOW, {"loud": (10, 20)})
    parts = {part.effect: dict(part.saw) for part in found.decide(values, (), NOW).parts}

    assert parts["priority = 25"] == {
        "normalize(loud)": 25.0,
        "loud": 5.0,
        "loud at 0": 0.0,
        "loud at 100": 20.0,
    }
    assert parts["tag top"] == {"rank(loud)": 3.0, "loud": 5.0, "ideas": 3.0}


def test_nothing_of_the_fields_that_are_read_changes(rules: Rules) -> None:
    assert rules(LOUD + "score priority = normalize(loud)\n").reads == {"idea.voices"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("score priority = normalize(5)\n", "R222"),
        (LOUD + "score priority = rank(loud, loud)\n", "R222"),
        ("score other = rank(priority)\n", "R222"),
        (LOUD + "score priority = rank(lout)\n", "R101"),
        ("score priority = rank(late)\nscore late = 1\n", "R109"),
        (
            LOUD
            + "let first = rank(loud) <= 1\nscore second = 1 + rank(loud)\nscore priority = rank(second)\n",
            "R223",
        ),
        (LOUD + "score place = rank(loud)\nscore twice = place * 2\nscore priority = rank(twice)\n", "R223"),
        ("score priority = count feedback where rank(loud) > 1\n", "R209"),
        (LOUD + 'test "t" { expect rank(loud) == 1 }\n', "R209"),
        (
            LOUD + 'score priority = rank(loud)\ntest "t" { given others.loud = "x" expect priority == 1 }\n',
            "R211",
        ),
        (LOUD + "score priority = ranks(loud)\n", "R103"),
    ],
)
def test_what_cannot_be_compared_is_told(checked: Callable[..., Checked], text: str, code: str) -> None:
    codes = [found.code for found in checked(text).diagnostics]

    assert code in codes


def test_the_interpreter_reads_the_same_places(rules: Rules, idea: Callable[..., tuple[object, ...]]) -> None:
    found = rules(LOUD + "score priority = normalize(loud) * 2 + rank(loud)\n")
    values: Any = found.completed(idea(voices=5), (), NOW, {"loud": (10, 20)})

    slow = Interpreter(found.program, values, (), NOW)

    assert slow.scores() == dict(found.decide(values, (), NOW).scores)
    assert Interpreter(found.program, idea(voices=5), (), NOW).scores()["priority"] == 0.0


def test_each_idea_is_placed_among_all(rules: Rules, idea: Callable[..., tuple[object, ...]]) -> None:
    found = rules(LOUD + "score priority = rank(loud)\n")
    measured = {number: found.measured(idea(voices=number), (), NOW) for number in (3, 9, 5)}

    assert found.survey(measured) == {3: (3.0, 3.0), 9: (1.0, 3.0), 5: (2.0, 3.0)}


def test_an_idea_alone_is_placed_among_itself(rules: Rules, idea: Callable[..., tuple[object, ...]]) -> None:
    found = rules(LOUD + "score priority = rank(loud)\n")

    assert found.decide(idea(voices=3), (), NOW).scores["priority"] == 1
