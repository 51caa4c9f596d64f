"""The hub's currency and its rates: what they make of amounts, and what is said of a table that is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import CliRunner

from opshub.cli import cli
from opshub.config import load
from opshub.config.tables import check_tables
from opshub.errors import ConfigError
from opshub.plugins import Registry

EURO = '[currencies]\nhub = "EUR"\nUSD = 0.92\nJPY = 0.006\n\n'
DESK = """\
[connections.desk]
kind = "files"
paths = ["said.csv"]
columns = { id = "no", text = "said", created = "at", account_id = "who", account_domain = "who", account_arr = "arr" }
"""
BASKET = '\n[connections.desk.fields.basket]\ntype = "money"\n'
TABLE = (
    '\n[tables.crm]\nfile = "crm.csv"\nkey = "who"\n'
    '[tables.crm.columns]\ndeal = { type = "money", currency = "USD" }\n'
)


@pytest.mark.parametrize(
    ("cell", "worth"),
    [
        ("1200", 1200),
        ("1200.50", 1200.5),
        ('"1,200.00"', 1200),
        ('"1,200"', 1200),
        ("1.250", 1.25),
        ("1000 USD", 920),
        ('"USD 1,000.00"', 920),
        ("100000 JPY", 600),
    ],
)
def test_a_field_of_money_is_read_in_the_currency_of_the_hub(place: Any, cell: str, worth: float) -> None:
    place.configure(EURO + DESK + BASKET, "score priority = sum feedback.fields.basket / 1 EUR")
    place.rows("who,arr,basket", f"a,,{cell}")

    place.sync()

    assert place.scores() == {"Voice 1": worth}


@pytest.mark.parametrize("cell", ["¥1200", "$5", "5 GBP", "cheap", '"1,2,3 USD"'])
def test_an_unclear_amount_is_missing_and_counted(place: Any, cell: str) -> None:
    place.configure(EURO + DESK + BASKET, "score priority = sum feedback.fields.basket / 1 EUR")
    place.rows("who,arr,basket", f"a,,{cell}", "b,,7")

    assert place.count("score", "feedback.fields.basket of another kind") == 1
    assert place.scores() == {"Voice 1": 0, "Voice 2": 7}


@pytest.mark.parametrize(
    ("connection", "field", "worth"),
    [("", "", 100), ('currency = "USD"\n', "", 92), ('currency = "USD"\n', 'currency = "JPY"\n', 0.6)],
)
def test_a_bare_number_is_in_the_currency_of_its_field_its_connection_or_the_hub(
    place: Any, connection: str, field: str, worth: float
) -> None:
    config = EURO + DESK + connection + BASKET + field
    place.configure(config, "score priority = sum feedback.fields.basket / 1 EUR")
    place.rows("who,arr,basket", "a,,100")

    place.sync()

    assert place.scores() == {"Voice 1": worth}


def test_the_revenue_of_accounts_is_money_once_there_are_currencies(place: Any) -> None:
    place.configure(EURO + DESK + 'currency = "USD"\n', "score priority = sum account.arr / 1 EUR")
    place.rows("who,arr", "a,1000", "b,")

    place.sync()

    assert place.scores() == {"Voice 1": 920, "Voice 2": 0}
    place.configure(EURO + DESK, 'rule "it" { when any feedback (account.arr > 1000) tag "x" }')
    assert place.findings() == ["R202 cannot compare money with a number (write 1000 EUR)"]


def test_the_revenue_of_accounts_is_a_number_where_there_are_none(place: Any) -> None:
    place.configure(DESK, "score priority = sum account.arr")
    place.rows("who,arr", "a,1000")

    place.sync()

    assert place.scores() == {"Voice 1": 1000}
    place.configure(DESK, 'rule "it" { when any feedback (account.arr > 1000 EUR) tag "x" }')
    assert place.findings() == [
        "R141 opshub.toml does not say in which currency the hub counts "
        '(add the table [currencies] with the line: hub = "EUR")'
    ]


def test_cells_of_a_table_are_amounts_and_unclear_ones_are_told_with_their_line(place: Any) -> None:
    place.configure(EURO + DESK + TABLE, "score priority = sum crm.deal / 1 EUR")
    place.rows("who,arr", "a,", "b,", "c,", "d,")
    place.put("crm.csv", 'who,deal\na,1000\nb,1000 EUR\nc,"1,200"\nd,¥5\n')

    place.sync()

    assert place.scores() == {"Voice 1": 920, "Voice 2": 1000, "Voice 3": 0, "Voice 4": 0}
    assert check_tables(load(place.folder / "opshub.toml", {})) == (
        "crm.csv, line 4: deal counts as missing: '1,200' could be 1.200 or 1200: write 1200.00 or 1.20",
        "crm.csv, line 5: deal counts as missing: '¥5' is no amount: write a number, or 1200 USD",
    )


@pytest.mark.parametrize(
    ("decimal", "cells", "worth"),
    [
        (".", ("USD 30,000", "1,200.50", "7"), 27_600 + 1_104.46 + 6.44),
        (",", ("30.000", "1.200,50 EUR", "7,5"), 28_807.4),
    ],
)
def test_a_table_may_say_what_separates_the_fraction(
    place: Any, decimal: str, cells: tuple[str, ...], worth: float
) -> None:
    table = TABLE.replace('key = "who"\n', f'key = "who"\ndecimal = "{decimal}"\n')
    place.configure(EURO + DESK + table, "score priority = sum crm.deal / 1 EUR")
    place.rows("who,arr", *(f"{number}," for number in range(3)))
    place.put("crm.csv", "who;deal\n" + "".join(f"{n};{cell}\n" for n, cell in enumerate(cells)))

    place.sync()

    assert sum(place.scores().values()) == pytest.approx(worth)
    assert check_tables(load(place.folder / "opshub.toml", {})) == ()


def test_another_rate_decides_anew_what_reads_money_and_nothing_else(place: Any) -> None:
    for rules, again in (
        ("score priority = sum account.arr / 1 EUR", 1),
        ("score priority = idea.voices", 0),
    ):
        place.configure(EURO + DESK + 'currency = "USD"\n', rules)
        place.rows("who,arr", "a,1000")
        place.sync()

        place.configure(EURO.replace("0.92", "0.95") + DESK + 'currency = "USD"\n', rules)

        assert place.count("score", "scored") == again
        assert place.count("score", "scored") == 0


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("USD = 0.92\n", 'opshub.toml:1: [currencies] "hub" is missing'),
        ('hub = ""\n', '"hub" must not be empty'),
        ('hub = "EURO"\n', '"hub" is no currency of ISO 4217, such as "EUR"; did you mean "EUR"?'),
        ('hub = "eur"\n', 'did you mean "EUR"?'),
        ('hub = "EUR"\nUSX = 1\n', 'opshub.toml:3: [currencies] "USX" is no currency of ISO 4217'),
        ('hub = "EUR"\nusd = 1\n', '"usd" is no currency of ISO 4217, such as "EUR"; did you mean "USD"?'),
        ('hub = "EUR"\nUSD = 0\n', '"USD" must be more than 0: what one USD is worth in EUR'),
        ('hub = "EUR"\nUSD = -1\n', '"USD" must be more than 0'),
        ('hub = "EUR"\nUSD = inf\n', '"USD" must be more than 0'),
        ('hub = "EUR"\nUSD = "0.9"\n', '"USD" must be a number: what one USD is worth in EUR'),
        ('hub = "EUR"\nUSD = true\n', '"USD" must be a number'),
        ('hub = "EUR"\nEUR = 1\n', '"EUR" is the hub\'s own currency, whose rate is 1: leave this line out'),
    ],
)
def test_each_mistake_in_the_table_has_its_line_and_no_echo(place: Any, table: str, told: str) -> None:
    place.configure(f"[currencies]\n{table}\n{DESK}{BASKET}")

    found = place.mistakes()

    assert told in found
    assert found.count("opshub.toml:") == 1


def test_money_without_a_table_of_currencies_says_what_to_add(place: Any) -> None:
    place.configure(DESK + BASKET + TABLE)

    with pytest.raises(ConfigError) as caught:
        load(place.folder / "opshub.toml", {})

    told = str(caught.value)
    assert caught.value.hint == 'add a table [currencies] with: hub = "EUR"'
    assert "opshub.toml:6: [connections.desk.fields.basket] is money, and nothing says" in told
    assert "[tables.crm.columns.deal] is money" in told


def test_a_currency_without_a_rate_names_what_uses_it(place: Any) -> None:
    place.configure(
        EURO + DESK + 'currency = "GBP"\n' + BASKET + 'currency = "CHF"\n' + TABLE.replace("USD", "SEK")
    )

    told = place.mistakes()

    assert '[connections.desk] is in "GBP", which has no rate in [currencies]' in told
    assert '[connections.desk.fields.basket] is in "CHF"' in told
    assert '[tables.crm.columns.deal] is in "SEK"' in told


def test_fields_are_listed_with_the_currency_of_bare_numbers(place: Any) -> None:
    shop = DESK.replace("desk", "shop")
    place.configure(EURO + DESK + 'currency = "USD"\n' + BASKET + 'currency = "JPY"\n' + shop)

    shown = CliRunner().invoke(cli, ["--config", str(place.folder / "opshub.toml"), "rules", "fields", "a"])

    told = " ".join(shown.output.split())
    assert (
        "money, may be missing the customer's revenue a year, in USD through desk, EUR through shop where"
        in told
    )
    assert "declared in opshub.toml, in JPY where it has no currency of its own" in told


def test_a_plan_says_which_amount_a_score_was_made_of(place: Any) -> None:
    twin = Registry().twin("jira")()
    twin.add("Export", custom={"customfield_10045": "12000 USD"})
    with twin.serve() as url:
        table = {**twin.settings(url), "as": "ideas", "write": {"score": "customfield_10042"}}
        lines = "".join(f"{key} = {_shown(value)}\n" for key, value in table.items())
        place.configure(
            f'{EURO}[connections.board]\n{lines}\n[connections.board.fields.deal]\ntype = "money"\nfrom = "Urgency"\n',
            "score priority = idea.fields.deal / 1_000 EUR",
        )
        place.sync()
        with place.hub() as hub:
            (row,) = hub.plan().rows

    assert row.wish == 11.04
    assert row.why == "priority 11.04: idea.fields.deal 12,000 USD (11,040 EUR)"


def _shown(value: object) -> str:
    """A value as TOML has it."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_shown(one)}" for key, one in value.items()) + " }"
    return json.dumps(value)
