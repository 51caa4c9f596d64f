"""Amounts of money with their currency: what is compared, calculated and gathered, and what is said of the rest."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opshub.language import Checked, Currencies, RuleSet, Schema, Source, check, run_tests
from opshub.language.currencies import DIGITS, Money, Unpriced
from opshub.language.deferred import fingerprint
from opshub.language.exporting import exported
from opshub.language.formatting import formatted
from opshub.language.interpreter import Interpreter
from opshub.language.runtime import total
from opshub.language.whynot import why_not

NOW = datetime(2026, 1, 1, tzinfo=UTC)
EURO = Currencies("EUR", {"USD": Decimal("0.92"), "JPY": Decimal("0.006"), "KWD": Decimal("3.01")})
Rules = Callable[[str], RuleSet]
Row = Callable[..., tuple[object, ...]]


def spent(amount: float, code: str = "EUR") -> Money:
    return EURO.money(amount, code)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("max account.spend == 1_000 USD", True),
        ("max account.spend == 920 EUR", True),
        ("max account.spend > 920 EUR", False),
        ("min account.spend < 1 EUR", True),
        ("sum account.spend == 920.60 EUR", True),
        ("sum account.spend >= 100_000 JPY", True),
        ("mean account.spend == 460.30 EUR", True),
        ("median account.spend == 460.30 EUR", True),
        ("(sum account.spend) / 2 == 460.30 EUR", True),
        ("2 * (max account.spend) - 40 EUR == 1800 EUR", True),
        ("(max account.spend) / 92 EUR == 10", True),
        ("any feedback (account.spend in [5 EUR, 1_000 USD])", True),
        ("any feedback (-account.spend == -920 EUR)", True),
        ("clamp(max account.spend, 1 EUR, 500 EUR) == 500 EUR", True),
        ("max(min account.spend, 2 EUR) == 2 EUR", True),
        ("round(sum account.spend) == 921 EUR", True),
        ("idea.budget > 0 EUR", False),
        ("idea.budget is missing", True),
        ("any feedback (account.spend is missing)", True),
    ],
)
def test_amounts_are_compared_by_what_they_are_worth_to_the_hub(
    condition: str, holds: bool, rules: Rules, idea: Row, feedback: Row
) -> None:
    rows = [feedback(account_spend=spent(1000, "USD")), feedback(account_spend=spent(100, "JPY")), feedback()]
    found = rules(f'rule "x" {{ when {condition} priority +1 }}\n')

    assert bool(found.decide(idea(), rows, NOW).scores["priority"]) is holds


@pytest.mark.parametrize(
    ("text", "code", "said", "hint"),
    [
        ("let a = account.spend > 500", "R202", "cannot compare money with a number", "write 500 EUR"),
        ("let a = account.spend in [500]", "R202", "cannot compare money with a number", "write 500 EUR"),
        ("let a = idea.voices > 500 EUR", "R202", "cannot compare a number with money", "write 500 without"),
        ("let a = account.spend > rating", "R202", "cannot compare money with a number", "… / 1 EUR"),
        ("let a = account.spend * account.spend", "R235", "money times money", "divided by an amount"),
        ("let a = account.spend + 3", "R235", "'+' takes money and money", "write 3 EUR"),
        ("let a = account.spend - rating", "R235", "'-' takes money and money", "… * 1 EUR"),
        ("let a = 5 / account.spend", "R235", "a number cannot be divided by money", "divided by money"),
        ("let a = account.spend * 3d", "R235", "money is not calculated with a duration", "with numbers"),
        ("let a = account.spend > 500 GBP", "R141", "has no rate for GBP", "add the line: GBP = "),
        ("let a = account.spend > 500 EUX", "R140", "there is no currency 'EUX'", "did you mean 'EUR'?"),
        ("let a = account.spend > 500EUR", "R011", "'EUR' is not a unit", "with a space: 500 EUR"),
        ("let a = account.spend > 500 eur", "R006", "found 'eur'", "in capitals: EUR"),
        ("let a = account.spend > €500", "R012", "'€' means nothing", "behind the number: 500 EUR"),
        ("let a = account.spend > $500", "R012", "'$' means nothing", "500 USD"),
        ("let a = account.spend > 1,000 EUR", "R006", "found ','", "1_000"),
        ("let a = clamp(account.spend, 0, 5 EUR)", "R204", "the low of 'clamp' is money", "write 0 EUR"),
        ("let a = days_since(account.spend)", "R204", "is a time, not money", "days_since("),
        ("let a = account.spend > 5 AND rating > 1", "R006", "found 'AND'", "write 'and'"),
        ("score a = sum account.spend", "R212", "this is money", "divide it by an amount: … / 10000 EUR"),
        ("signal a = sum account.spend, per month", "R203", "a signal is a number", "… / 1 EUR"),
        ('rule "x" { when true priority +5 EUR }', "R006", "found '5 EUR'", "without a currency"),
        (
            'score ICE = 1\nrule "x" { when idea.voices > 3 ICE +5 }',
            "R140",
            "no currency 'ICE'",
            "a new line",
        ),
        ("bands priority { P1 >= 5 EUR, P2 otherwise }", "R006", "found '5 EUR'", "without a currency"),
        ('test "x" { given account.spend = 4 expect priority == 0 }', "R211", "of kind money", "write 4 EUR"),
        (
            'test "x" { given idea.voices = 4 EUR expect priority == 0 }',
            "R211",
            "this is money",
            "a number",
        ),
    ],
)
def test_a_mistake_with_money_is_told_once_with_what_to_write(
    text: str, code: str, said: str, hint: str, checked: Callable[..., Checked]
) -> None:
    errors = [found for found in checked(f"{text}\n").diagnostics if found.severity == "error"]

    assert [found.code for found in errors] == [code]
    assert said in errors[0].message
    assert hint in errors[0].hint


def test_without_a_currency_of_the_hub_an_amount_says_what_to_add(schema: Schema) -> None:
    bare = replace(schema, currencies=Currencies())

    found = check([Source("a.rules", "let a = account.spend > 500 SEK\n")], bare)

    assert [(d.code, d.hint) for d in found.diagnostics if d.severity == "error"] == [
        ("R141", 'add the table [currencies] with the line: hub = "SEK"')
    ]


def test_tests_and_parameters_give_amounts_of_any_known_currency(rules: Rules) -> None:
    found = rules(
        'parameter floor = 500 EUR because "a usual month"\n'
        "let large = account.spend >= floor\n"
        "score revenue = (sum account.spend over distinct accounts) / 10 EUR\n"
        'rule "Large" { when any feedback (large) or idea.budget < -5 EUR priority +5 }\n'
        'test "large" {\n    given account.spend = 1_000 USD, account.id = "a"\n'
        '    given account.spend = 10 EUR, account.id = "b"\n    expect priority == 5, revenue == 93\n}\n'
        'test "debts" {\n    given idea.budget = -10 USD\n    expect priority == 5\n}\n'
        'test "small" {\n    given account.spend = 499.99 EUR\n    expect priority == 0\n}\n'
    )

    assert [(test.name, test.failures) for test in run_tests(found)] == [
        ("large", ()),
        ("debts", ()),
        ("small", ()),
    ]


def test_why_shows_amounts_with_their_currency_and_what_others_are_worth(
    rules: Rules, idea: Row, feedback: Row
) -> None:
    found = rules(
        "score revenue = (sum account.spend) / 10_000 EUR\n"
        'rule "Large" { when any feedback (account.spend > 5 EUR) and idea.budget > 1 EUR priority +5 }\n'
    )
    rows = [feedback(account_spend=spent(12_000, "USD")), feedback(account_spend=spent(960.5))]

    score, rule = found.decide(idea(budget=spent(2_000)), rows, NOW).parts

    assert score.saw == {"sum account.spend": "12,000.50 EUR"}
    assert rule.saw == {"idea.budget": "2,000 EUR", "account.spend": "12,000 USD (11,040 EUR)"}


def test_why_not_names_the_amount_that_was_there_and_the_one_that_is_needed(
    rules: Rules, idea: Row, feedback: Row
) -> None:
    program = rules('rule "Large" { when sum account.spend >= 2_000 USD tag "x" }\n').program
    rows = [feedback(account_spend=spent(960.5))]

    told = why_not(program, program.rules[0], idea(), rows, NOW)

    assert told.clauses[0].saw == {"sum account.spend": "960.50 EUR"}
    assert told.changes[0].needed == "at least 2,000 USD (1,840 EUR)"


def test_the_smallest_change_of_an_amount_is_named_in_its_currency(rules: Rules, idea: Row) -> None:
    program = rules(
        'rule "Large" { when idea.budget * 2 > 1_000 EUR and idea.budget > 700 EUR tag "x" }\n'
    ).program

    told = why_not(program, program.rules[0], idea(budget=spent(600)), [], NOW)

    assert [change.needed for change in told.changes] == ["more than 700 EUR"]


def test_a_let_of_money_reads_the_same_in_the_interpreter(rules: Rules, idea: Row, feedback: Row) -> None:
    program = rules(
        "let worth = account.spend * 2\nscore a = (max worth) / 1 EUR + clamp(sum worth, 1 EUR, 9 EUR) / 1 EUR\n"
    ).program
    rows = [feedback(account_spend=spent(10, "USD")), feedback()]

    assert Interpreter(program, idea(), rows, NOW).scores() == {"a": 18.4 + 9}


def test_rates_name_the_rules_anew_only_where_they_read_money(schema: Schema) -> None:
    dearer = replace(schema, currencies=replace(EURO, rates={**EURO.rates, "USD": Decimal("0.95")}))
    texts = {
        "account.spend is missing": True,
        "spend is missing": True,
        "(count feedback) * 2 USD > 5 EUR": True,
        "idea.voices > 5": False,
    }
    for condition, reads in texts.items():
        source = [Source("a.rules", f'rule "x" {{ when any feedback ({condition}) tag "x" }}\n')]

        assert (fingerprint(source, schema) != fingerprint(source, dearer)) is reads, condition


def test_another_currency_of_a_field_names_the_rules_anew(schema: Schema) -> None:
    spend = schema.feedback[-1]
    dollars = replace(schema, feedback=(*schema.feedback[:-1], replace(spend, currency="USD")))
    source = [Source("a.rules", "score a = sum account.spend / 1 EUR\n")]

    assert fingerprint(source, schema) != fingerprint(source, dollars)


def test_an_amount_is_laid_out_with_one_blank_and_exported_with_its_currency() -> None:
    source = Source("a.rules", "let a=account.spend>1_000.50 \t EUR\n")

    laid = formatted(source)
    (statement,) = exported([source])["files"][0]["statements"]

    assert laid.text == "let a = account.spend > 1_000.50 EUR\n"
    assert statement["value"]["right"]["value"] == {"amount": 1000.5, "currency": "EUR"}
    assert statement["value"]["right"]["kind"] == "money"


@pytest.mark.parametrize(
    ("value", "worth", "shown"),
    [
        (1200, 1200.0, "1,200 EUR"),
        (0.5, 0.5, "0.50 EUR"),
        (-12_000.456, -12_000.456, "-12,000.46 EUR"),
        ("1200", 1200.0, "1,200 EUR"),
        ("USD 1,200.00", 1104.0, "1,200 USD (1,104 EUR)"),
        (" 1200 USD ", 1104.0, "1,200 USD (1,104 EUR)"),
        ("1.200,50 EUR", 1200.5, "1,200.50 EUR"),
        ("EUR 1,200,000", 1_200_000.0, "1,200,000 EUR"),
        ("100000 JPY", 600.0, "100,000 JPY (600 EUR)"),
        ("1.250 KWD", 3.7625, "1.250 KWD (3.76 EUR)"),
        ("0.125", 0.125, "0.12 EUR"),
        ("0.004", 0.004, "0.004 EUR"),
    ],
)
def test_a_stored_value_is_an_amount_where_it_can_mean_only_one(
    value: object, worth: float, shown: str
) -> None:
    found = EURO.read(value, "EUR")

    assert (float(found), str(found)) == (worth, shown)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("¥1,200", "is no amount"),
        ("$5", "is no amount"),
        ("1,200 EUR", "could be 1.200 or 1200"),
        ("1.200", "could be 1.200 or 1200"),
        ("EUR 5 EUR", "is no amount"),
        ("5 eur", "is no amount"),
        ("1,2,3", "is no amount"),
        ("1e5", "is no amount"),
        ("free", "is no amount"),
        (True, "is no amount"),
        (None, "is no amount"),
        (float("nan"), "is no amount"),
        (10**400, "too large"),
        ("9" * 16, "is no amount"),
        ("5 GBP", "no rate for GBP"),
    ],
)
def test_a_stored_value_that_is_unclear_is_refused_with_the_reason(value: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        EURO.read(value, "EUR")


@pytest.mark.parametrize("value", [None, math.inf, math.nan, 10**400])
def test_what_is_no_amount_shows_as_missing(value: Any) -> None:
    assert EURO.shown(value) is None


def test_what_is_tiny_or_of_another_currency_is_shown_all_the_same() -> None:
    assert [EURO.shown(value) for value in (0.0, -0.004, 1e-9, 12, 1e15)] == [
        "0 EUR",
        "-0.004 EUR",
        "1e-09 EUR",
        "12 EUR",
        "1,000,000,000,000,000 EUR",
    ]


def test_nothing_is_worth_anything_without_a_currency_of_the_hub() -> None:
    with pytest.raises(Unpriced, match="currencies"):
        Currencies().money(5, "EUR")


@given(st.integers(-(10**12), 10**12), st.decimals("0.0001", "10000", places=4))
def test_conversion_is_exact_to_the_nearest_float(cents: int, rate: Decimal) -> None:
    money = Currencies("EUR", {"USD": rate}).money(str(Decimal(cents) / 100), "USD")

    assert float(money) == float(Decimal(cents) * rate / 100)


@given(
    st.lists(st.sampled_from([spent(0.1), spent(0.7, "USD"), spent(3, "JPY"), spent(1e6)]), max_size=9),
    st.randoms(),
)
def test_a_sum_of_amounts_is_the_same_in_any_order(amounts: list[Money], random: Random) -> None:
    shuffled = sorted(amounts, key=lambda _: random.random())

    assert total(list(amounts)) == total(list(shuffled))


def test_an_amount_keeps_its_currency_when_it_is_copied() -> None:
    copied = pickle.loads(pickle.dumps(spent(5, "USD")))

    assert (copied, str(copied), str(-copied)) == (4.6, "5 USD (4.60 EUR)", "-5 USD (-4.60 EUR)")


def test_the_currencies_are_those_of_iso_4217_with_their_digits() -> None:
    assert len(DIGITS) == 165
    assert (DIGITS["EUR"], DIGITS["JPY"], DIGITS["KWD"], DIGITS["CLF"]) == (2, 0, 3, 4)
    assert "XAU" not in DIGITS


def test_an_amount_beyond_all_measure_is_not_shown() -> None:
    assert Currencies("EUR", {}).shown(10**400) is None


def test_an_amount_can_be_owed(rules: Rules) -> None:
    found = rules(
        "score priority = idea.budget / 1 EUR\n"
        'rule "R" { when idea.budget in [-5 EUR, +4 EUR] tag "x" }\n'
        'test "owed" { given idea.budget = -5 EUR expect priority == -5, tags contains "x" }\n'
        'test "gained" { given idea.budget = +5 EUR expect priority == 5 }'
    )

    assert [test.failures for test in run_tests(found)] == [(), ()]
