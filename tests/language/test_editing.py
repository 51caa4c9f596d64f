"""What an editor is told of half-typed rules: proposals, meanings, definitions, an outline."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opshub.language import Schema, Source
from opshub.language.codes import CODES
from opshub.language.completion import Known, propose
from opshub.language.functions import FUNCTIONS
from opshub.language.hovering import define, explain, rationale
from opshub.language.symbols import Word, symbols, word_at

STARTER = files("opshub_rules").joinpath("starter.rules").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected", "missing"),
    [
        ("|", {"let", "score", "rule", "bands", "test"}, {"rating"}),
        ("score reach = co|", {"idea.voices", "clamp", "count"}, {"rating"}),
        ("score reach = count feedback where |", {"rating", "account.plan", "created"}, set()),
        ("let a = rating < 0.4\nscore b = count feedback where |", {"a", "rating"}, set()),
        ('rule "x" {\n    when any feedback (|', {"rating", "text", "account.plan"}, set()),
        ('rule "x" {\n    when any feedback (rating < 0.4) and |', {"idea.voices"}, {"rating"}),
        ('rule "x" {\n    when any feedback (visibility == |', {'"public"', '"internal"'}, {"rating"}),
        ('rule "x" {\n    when any feedback (visibility in ["|', {'"public"'}, {"rating"}),
        ('rule "x" {\n    when any feedback (visibility == "pu|', {'"public"'}, {"rating"}),
        ('rule "x" {\n    when idea.voices > 5\n    |', {"tag", "route to", "stop", "priority"}, set()),
        ('rule "x" {\n    when idea.voices > 5\n    route to |', {"board."}, {"rating", "idea.voices"}),
        ('rule "x" {\n    when idea.voices > 5\n    route to bo|', {"board."}, {"rating"}),
        ('rule "x" {\n    when idea.voices > 5\n    route to tracker.A as |', {"urgent", "low"}, {"tag"}),
        ('rule "x" {\n    when idea.voices |', {"and", ">=", "is missing"}, {"rating"}),
        ("score reach = 1\nbands |", {"reach", "priority"}, {"rating"}),
        (
            'bands priority { P1 >= 9, P2 otherwise }\ntest "t" {\n    expect band == |',
            {'"P1"', '"P2"'},
            set(),
        ),
        ('test "t" {\n    given |', {"feedback.rating", "idea.voices"}, {"rating"}),
        ('score loud = 1\ntest "t" {\n    given |', {"others.loud", "idea.voices"}, {"rating"}),
        ('test "t" {\n    expect |', {"band", "tags", "route", "priority"}, {"rating"}),
        (
            'rule "r" { when idea.voices > 5 tag "退款" }\nrule "s" { when idea.voices > 5 tag |',
            {'"退款"'},
            set(),
        ),
        ("let dear = account.spend > 500 |", {"EUR", "USD", "and"}, {"GBP"}),
        ("let dear = account.spend > 500 E|", {"EUR", "USD"}, set()),
        ('signal a = count feedback, per day\nrule "r" { when signal |', {"a"}, {"rating", "idea.voices"}),
        ("signal a = count feedback, per day\nsignal b = |", {"a"}, set()),
        (
            'signal s = count feedback, per day\ngoal "Win" { signal s reach 1 by 2026-12-31 }\nrule "R" {\n'
            "    when idea.voices > 1\n    supports |",
            {'"Win"'},
            {"rating"},
        ),
        (
            'signal s = count feedback, per day\ngoal "Win" { signal s reach 1 by 2026-12-31 }\nrule "R" {\n'
            "    when idea.goals contains |",
            {'"Win"'},
            {"rating"},
        ),
        ('rule "x" {|', {"when"}, {"route to"}),
        ('match "x" {|', {"when"}, {"route to"}),
        (
            'match "x" {\n    when |',
            {"text", "account.plan", "clamp"},
            {"idea.voices", "priority", "ago", "rank"},
        ),
        ('match "x" {\n    when rating < 0.4\n    |', {"to", "and"}, {"route to"}),
        ('match "x" {\n    when rating < 0.4\n    to |', {"idea"}, {"rating"}),
        ('match "x" { when rating < 0.4 to "IDEA-1" }\ntest "t" {\n    expect match == |', {'"x"'}, set()),
        ('score "" = 1\nscore a = |', {"priority"}, {""}),
        ('let a = visibility in ["public"], |', set(), {'"public"'}),
        ("# a comment |", set(), {"let", "rating"}),
        ('rule "any |', set(), {"let", "rating"}),
    ],
)
def test_what_fits_the_place_is_proposed(
    text: str, expected: set[str], missing: set[str], schema: Schema
) -> None:
    typed, _, rest = text.partition("|")
    known = Known.of(schema, [Source("x.rules", typed + rest)])

    found = {proposal.label for proposal in propose(typed + rest, len(typed), known)}

    assert expected <= found
    assert not missing & found


def test_destinations_are_those_that_are_configured(schema: Schema) -> None:
    text = 'rule "x" { when idea.urgent route to '

    found = [proposal.label for proposal in propose(text, len(text), Known.of(schema, []))]

    assert found == ["jira.SEC", "jira.EXP", "board.", "wiki"]
    based = replace(schema, based=frozenset({"jira", "board", "wiki"}))
    found = [proposal.label for proposal in propose(text, len(text), Known.of(based, []))]
    assert found == ["jira", "jira.SEC", "jira.EXP", "board", "board.", "wiki"]


def test_a_proposal_starts_where_the_typed_word_starts(schema: Schema) -> None:
    text = "score 分 = account.pl"

    found = propose(text, len(text), Known.of(schema, []))

    assert {proposal.start for proposal in found} == {10}


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_each_function_is_explained_with_an_example(name: str, schema: Schema) -> None:
    word = word_at(f"{name}(1)", 1)
    assert word is not None

    told = explain(word, Known.of(schema, []))

    assert FUNCTIONS[name].signature in told
    assert all(example in told for example in FUNCTIONS[name].examples)


def test_fields_are_explained_with_kind_and_values(schema: Schema) -> None:
    known = Known.of(schema, [])
    told = {
        text: explain(word, known) for text in ("plan", "visibility", "zz", "7") if (word := word_at(text, 1))
    }

    assert "**account.plan** (text; may be missing)" in told["plan"]
    assert "One of: public, customer" in told["visibility"]
    assert (told["zz"], told["7"]) == ("", "")


@pytest.mark.parametrize("code", sorted(CODES))
def test_each_diagnostic_has_its_rationale(code: str) -> None:
    assert code in rationale(code)


def test_names_lead_to_what_defines_them(schema: Schema) -> None:
    text = "let a = 1 < 2\nscore b = 1\nbands b { P1 >= 9, P2 otherwise }\n"
    known = Known.of(schema, [Source("x.rules", text)])
    found = {
        name: (symbol.word, symbol.start)
        for name in ("a", "b", '"P2"', "c")
        if (word := word_at(name, 1)) and (symbol := define(word, known))
    }

    assert found == {"a": ("let", 4), "b": ("score", 20), '"P2"': ("band", text.index("P2"))}


def test_a_name_of_ones_own_is_explained_by_its_statement(schema: Schema) -> None:
    text = "let unhappy = rating < 0.4\nscore sad = count feedback where unhappy\n"
    known = Known.of(schema, [Source("team.rules", text)])

    said = explain(Word("name", "unhappy", 0, 7), known)

    assert said == "```rules\nlet unhappy = rating < 0.4\n```\n\nlet in team.rules"


def test_a_statement_ends_before_the_comment_of_the_next() -> None:
    text = "let a = 1 < 2\n\n# about b\nscore b = 1  # two\n"

    found = [symbol.text for symbol in symbols([Source("x.rules", text)])]

    assert found == ["let a = 1 < 2", "score b = 1"]


def test_a_statement_goes_on_behind_a_text_that_holds_a_number_sign() -> None:
    text = 'let order = text matches "order #[0-9]+"\n# about b\nlet b = 1 < 2\n'

    found = [symbol.text for symbol in symbols([Source("x.rules", text)])]

    assert found == ['let order = text matches "order #[0-9]+"', "let b = 1 < 2"]


def test_a_line_of_number_signs_ends_like_any_other_comment() -> None:
    text = "let a = 1 < 2\n" + "#" * 60_000 + "\nlet b = 2 < 1 " + '"#' * 60_000 + "\nbands " + "a" * 60_000

    found = [symbol.text[:13] for symbol in symbols([Source("x.rules", text)])]

    assert found == ["let a = 1 < 2", "let b = 2 < 1", "bands aaaaaaa"]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cut=st.integers(0, len(STARTER)),
    length=st.integers(0, 200),
    typed=st.text(st.sampled_from('"(){}[].,=<>#\n 退😀ab1'), max_size=8)
    | st.sampled_from(["when ", "in [", "expect "]),
)
def test_nothing_that_is_half_typed_makes_it_fail(cut: int, length: int, typed: str, schema: Schema) -> None:
    text = STARTER[:cut] + typed + STARTER[cut + length :]
    known = Known.of(schema, [Source("x.rules", text)])
    at = cut + len(typed)
    word = word_at(text, at)

    assert all(0 <= proposal.start <= at for proposal in propose(text, at, known))
    assert word is None or isinstance(explain(word, known), str)
    assert all(
        text[s.first : s.last] == s.text and s.first <= s.start <= s.end <= s.last for s in known.symbols
    )


def test_a_currency_is_explained_by_its_rate(schema: Schema) -> None:
    known = Known.of(schema, [])
    said = [explain(Word("name", code, 0, 3), known) for code in ("EUR", "USD", "GBP")]

    assert said == [
        "**EUR**: the currency that the hub counts in",
        "**USD**: 1 USD is 0.92 EUR in [currencies]",
        "",
    ]


def test_there_is_nothing_to_say_of_a_sign(schema: Schema) -> None:
    assert explain(Word("sign", "==", 0, 2), Known.of(schema, [])) == ""
