"""What a message says beyond its code: the place that is meant, and the next step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from opshub.language import Checked, Field, Kind, Schema, Source, check

Check = Callable[..., Checked]


@pytest.mark.parametrize(
    ("text", "word", "hint"),
    [
        ("let = 3", "let", "such as: let popular = idea.voices > 5"),
        ("let", "let", "such as: let popular = idea.voices > 5"),
        ("let == 3", "let", "such as: let popular = idea.voices > 5"),
        ("parameter = 3", "parameter", "such as: parameter weight = 2"),
        ("score = count feedback", "score", "such as: score reach = count feedback"),
        ("score 3 = 4", "score", "such as: score reach = count feedback"),
        ("signal = reported, per day", "signal", "such as: signal complaints = count feedback, per day"),
        ("bands { P1 otherwise }", "bands", "such as: bands priority { P1 >= 50, P2 otherwise }"),
        ('let "popular" = idea.voices > 5', "let", "a name stands without quotes: let popular"),
        ('let "big one" = idea.voices > 5', "let", "such as: let popular = idea.voices > 5"),
    ],
)
def test_a_missing_name_is_told_with_the_word_that_it_follows(
    text: str, word: str, hint: str, checked: Check
) -> None:
    (found,) = checked(text).diagnostics

    assert (found.code, found.message, found.hint) == ("R016", f"the name is missing after '{word}'", hint)


@pytest.mark.parametrize(
    "text",
    [
        'rule = "R" { when idea.urgent tag "x" }',
        'rule "R" { when idea.urgent tag = "x" }',
        'rule "R" { when idea.urgent route to = jira.SEC }',
        'use = "starter"',
        'match "M" { when rating < 0.5 to = "IDEA-1" }',
    ],
)
def test_an_equals_sign_before_a_text_is_to_be_left_out(text: str, checked: Check) -> None:
    (found,) = checked(text).diagnostics

    assert (found.code, found.hint) == ("R006", "leave it out; '=' is for let, score and given")


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
        ("idea.voices > 1234567890123456", "R014", "15 digits are the most"),
        ("idea.created > ago(99999d)", "R014", "36500d is the most"),
        ("max(nix, 1) > 2", "R101", "there is no 'nix'"),
        ("idea.urgent == 3", "R202", "put what is counted in brackets: (count feedback where …) >= 3"),
        ('kind == "call"', "R208", "count feedback where …"),
        ("rating > 0.5", "R208", "max rating"),
        ("any feedback (voices > 1)", "R101", "did you mean 'idea.voices'?"),
        ("impact > 1", "R101", "did you mean 'idea.impact'?"),
        ("not " * 60 + "1 > 2", "R009", "name the inner parts with let"),
        ("not (" * 60 + "1 > 2" + ")" * 60, "R009", "name the inner parts with let"),
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


def test_a_value_given_in_an_unknown_currency_is_told_once(checked: Check) -> None:
    found = checked('test "t" { given account.spend = 3 GBP expect priority == 0 }')

    assert [d.code for d in found.diagnostics] == ["R141"]


def test_a_blank_that_is_none_of_the_keyboard_is_a_blank(checked: Check) -> None:
    found = checked("score\u00a0a\u3000= 1\n")

    assert found.diagnostics == ()


@pytest.mark.parametrize(
    ("signal", "target", "said"),
    [
        ("count feedback", "40%", "write how many: 500"),
        ("share of feedback where rating < 0.5", "40", "write 40%"),
        ("count feedback", "3 EUR", "write 40%, 0.4 or 50000"),
        ("count feedback", "500", None),
        ("mean rating", "40%", None),
    ],
)
def test_a_target_is_in_the_unit_of_its_signal(
    signal: str, target: str, said: str | None, checked: Check
) -> None:
    found = checked(
        f'signal s = {signal}, per day\ngoal "G" {{ signal s reach {target} by 2026-12-31 }}\n'
        'rule "R" { when idea.voices > 1 supports "G" }'
    )

    assert [d.hint for d in found.diagnostics] == ([said] if said else [])


def test_a_number_that_a_field_never_comes_to_is_told_with_what_it_can_be() -> None:
    asked = Field("idea.asked", Kind.NUMBER, "How often it was asked for.", optional=False, least=0, most=9)

    found = check([Source("x.rules", 'rule "R" { when idea.asked > 10 tag "x" }')], Schema((asked,), (), {}))

    assert [(d.code, d.hint) for d in found.diagnostics] == [("R336", "a value of this field is from 0 to 9")]


def test_a_short_name_of_a_field_of_the_idea_leads_to_it(schema: Schema) -> None:
    asked = Field("idea.nps", Kind.NUMBER, "What people answered.")

    found = check([Source("x.rules", "score a = nps")], replace(schema, idea=(*schema.idea, asked)))

    assert [d.hint for d in found.diagnostics] == ["did you mean 'idea.nps'?"]
