"""Patterns over texts, and sets that are compared with lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from opshub.language import Checked, RuleSet
from opshub.language.patterns import Pattern, Patterns

Rules = Callable[[str], RuleSet]
Row = Callable[..., tuple[object, ...]]


def _tagged(rules: RuleSet, idea: tuple[object, ...], *rows: tuple[object, ...], now: object) -> bool:
    return "x" in rules.decide(idea, rows, now).tags  # type: ignore[arg-type]  # the fixture's moment


@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        (r"order #\d{4,}", "my order #12345 is late", True),
        (r"order #\d{4,}", "my order #123 is late", False),
        (r"Refund", "a refund", False),
        (r"(?i)refund", "a REFUND", True),
        (r"退.?款", "我要退 款。", True),
        (r"^\S+$", "one", True),
        (r"say \"no\"", 'they say "no"', True),
        (r"C:\\", "C:\\temp", True),
    ],
)
def test_a_pattern_is_found_as_its_manual_says(
    pattern: str, text: str, holds: bool, rules: Rules, idea: Row, feedback: Row, now: object
) -> None:
    found = rules(f'rule "R" {{ when any feedback (text matches "{pattern}") tag "x" }}')

    assert _tagged(found, idea(), feedback(text=text), now=now) is holds
    assert not _tagged(found, idea(), feedback(), now=now)


def test_a_pattern_that_would_make_other_engines_hang_is_answered(
    rules: Rules, idea: Row, feedback: Row, now: object
) -> None:
    found = rules('rule "R" { when any feedback (text matches "(a+)+$") tag "x" }')

    assert not _tagged(found, idea(), feedback(text="a" * 50_000 + "b"), now=now)


def test_what_cannot_be_in_a_text_is_not_looked_for() -> None:
    patterns = Patterns()
    refund, digits = Pattern(r"refund \d+", patterns), Pattern(r"\d\d", patterns)

    _, possible = patterns.possible("nothing of that")

    assert possible == {1}
    assert not refund("nothing of that")
    assert digits("12")
    assert refund("refund 7") and not refund("refund")
    assert not Pattern("(?i)cancel|退.*x")(" ，")


def test_texts_that_no_utf_8_holds_are_searched_all_the_same() -> None:
    assert Pattern("a.b")("a\ud800b")
    assert not Pattern("a")("")


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        ("ab(c", "ab(c"),
        ("a[z-a]", "z-a"),
        ("x(?=y)", "(?="),
        ("a**", "**"),
        (r"退款\1", r"\1"),
        ("a{1,9999}", "{1,9999}"),
        (r"a\pZZ[", "["),
    ],
)
def test_a_mistake_is_shown_at_its_place_inside_the_pattern(
    pattern: str, wrong: str, checked: Callable[..., Checked]
) -> None:
    before = 'score priority = count feedback where text matches "'

    (found,) = checked(f'{before}{pattern}"').diagnostics

    assert found.code == "R214"
    assert pattern[found.column - 1 - len(before) : found.end_column - 1 - len(before)] == wrong


@pytest.mark.parametrize(
    ("condition", "tags", "holds"),
    [
        ('any ["a", "b"]', ("b", "c"), True),
        ('any ["a", "b"]', ("c",), False),
        ('all ["a", "b"]', ("a", "b", "c"), True),
        ('all ["a", "b"]', ("a",), False),
        ('all ["a", "b"]', None, False),
        ('any ["a", "b"]', None, False),
    ],
)
def test_a_set_is_compared_with_a_list(
    condition: str, tags: tuple[str, ...] | None, holds: bool, rules: Rules, idea: Row, now: object
) -> None:
    found = rules(f'rule "R" {{ when idea.tags contains {condition} tag "x" }}')

    assert _tagged(found, idea(tags=tags), now=now) is holds


def test_an_explanation_shows_what_a_pattern_found(
    rules: Rules, idea: Row, feedback: Row, now: object
) -> None:
    found = rules(r'rule "R" { when any feedback (text matches "order #\d+") tag "x" }')

    (part,) = found.decide(idea(), [feedback(text="my order #12 is late")], now).parts  # type: ignore[arg-type]  # see above

    assert part.saw["feedback.text matches"] == "order #12"


def test_an_explanation_shows_a_pattern_as_it_was_written(rules: Rules, now: datetime) -> None:
    made = rules('score priority = count feedback where text matches "a+\\d"')

    (part,) = made.decide((), (), now).parts

    assert list(part.saw) == ['count feedback where feedback.text matches "a+\\d"']
