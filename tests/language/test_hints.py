"""What a message says beyond its code: the place that is meant, and the next step."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opshub.language import Checked

Check = Callable[..., Checked]


@pytest.mark.parametrize(
    ("when", "code", "said"),
    [
        ("idea.tags contains any [1]", "R202", 'write "1" in quotes'),
        ('idea.voices matches "x"', "R206", "'matches' is for a text, this is a number"),
        ('any feedback (text matches "' + "a" * 1001 + '")', "R215", "'mentions' takes lists of words"),
        ('any feedback (text matches "a\ud800")', "R214", "half a sign stands in this pattern"),
        ("any feedback (decay(created, age(created)) > 1)", "R204", "for example 90d, 36h or 2w"),
        ('idea.tags == "a"', "R202", 'a set of texts contains a text: tags contains "x"'),
        ("ago(1d) in [2026-01-01]", "R213", "this moves with every moment"),
        ("idea.voices == 3d", "R202", "cannot compare a number with a duration"),
        ("idea.voices > 1 tag 3d", "R006", "found '3d' where a text in quotes is expected"),
        ("idea.urgent priority + 3d", "R006", "a number is needed here, without a unit"),
        ("idea.urgent priority # as ever\n", "R006", "'priority' is not expected here"),
        ('idea.urgent && idea.tags contains "a"', "R012", "write 'and'"),
    ],
)
def test_a_message_says_what_to_write(when: str, code: str, said: str, checked: Check) -> None:
    found = checked(f'rule "R" {{ when {when} tag "x" }}')

    assert [d.code for d in found.diagnostics] == [code]
    assert said in f"{found.diagnostics[0].message} | {found.diagnostics[0].hint}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("score a = 1 AND 2", "write 'and'"),
        ("let rule = 3", "'rule' is a word of the language and cannot be a name"),
        ('when "x" { tag "y" }', "found 'when' where"),
        ("signal a = reported, per day\nsignal b = (a in [1])", "a signal is a number for each period"),
    ],
)
def test_a_statement_that_is_none_is_told_what_it_could_be(text: str, said: str, checked: Check) -> None:
    found = checked(text)

    assert [said in f"{d.message} | {d.hint}" for d in found.diagnostics] == [True]


def test_an_alert_opens_one_idea_only(checked: Check) -> None:
    found = checked(
        'signal x = reported, per day\nalert "A" { when signal x > 1 open idea "one" open idea "other" }\n'
    )

    assert [(d.code, d.message, d.column) for d in found.diagnostics] == [
        ("R228", "an alert opens one idea", 47)
    ]


def test_a_period_that_is_none_is_told_once(checked: Check) -> None:
    found = checked(
        "signal x = reported, per y\n" + 'alert "A" { when signal x > 1 for 2 days open idea "a" }'
    )

    assert [d.code for d in found.diagnostics] == ["R121"]


def test_what_reads_a_signal_that_was_lost_is_no_second_mistake(checked: Check) -> None:
    found = checked("signal a = \nsignal c = a * 2\n")

    assert [d.code for d in found.diagnostics] == ["R006"]


def test_a_statement_that_ends_too_soon_is_marked_at_its_last_word(checked: Check) -> None:
    (found,) = checked('let a = "x # y" ==   # to be done\n').diagnostics

    assert (found.line, found.column, found.end_column) == (1, 18, 19)


def test_the_name_before_a_comment_is_the_one_that_is_marked(checked: Check) -> None:
    (found,) = checked('rule "R" { when idea.urgent stpo # or not\n }').diagnostics

    assert (found.column, found.hint) == (29, "did you mean 'stop'?")
