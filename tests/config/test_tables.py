"""Lookup tables: joined to feedback by the account, read whole or not at all, in any encoding."""

from __future__ import annotations

import json
import random
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opshub.cli import cli
from opshub.config import load
from opshub.config import tables as module
from opshub.config.tables import check_tables, tables
from opshub.errors import ConfigError

DESK = """\
[connections.desk]
kind = "files"
paths = ["said.csv"]
columns = { id = "no", text = "said", created = "at", account_id = "who", account_domain = "domain" }
"""
TABLE = """
[tables.accounts]
file = "accounts.csv"
key = "domain"

[tables.accounts.columns]
segment = { type = "text", values = ["large", "small"] }
seats = { type = "number" }
"""
SEATS = "score priority = sum accounts.seats"
CHINESE = "domain,segment,seats\nhai.example,大客户,7\n"


def filled(place: Any, table: str | bytes, rules: str = SEATS, config: str = DESK + TABLE) -> Any:
    place.configure(config, rules)
    place.rows("who,domain", "7,Acme.example", "8,other.example", "9,")
    place.put("accounts.csv", table)
    return place


def broken(place: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        place.sync()
    return caught.value


def notes(place: Any) -> tuple[str, ...]:
    return check_tables(load(place.folder / "opshub.toml", {}))


def test_a_row_is_joined_by_the_domain_of_the_account(place: Any) -> None:
    filled(place, "domain,segment,seats,more\n acme.EXAMPLE ,large,40,x\nthird.example,small,2,y\n")

    place.sync()

    assert place.scores() == {"Voice 1": 40, "Voice 2": 0, "Voice 3": 0}


@pytest.mark.parametrize("key", ["8", "desk:8"])
def test_a_row_is_joined_by_the_id_of_the_account(place: Any, key: str) -> None:
    config = DESK + TABLE.replace('key = "domain"', 'key = "domain"\njoins = "account.id"')
    filled(place, f"domain,segment,seats\n{key},large,40\ndesk:7,large,1\n7,large,2\n", config=config)

    place.sync()

    assert place.scores() == {"Voice 1": 1, "Voice 2": 40, "Voice 3": 0}


def test_a_changed_table_decides_what_reads_it_anew(place: Any) -> None:
    filled(place, "domain,segment,seats\nacme.example,large,40\n")
    place.sync()
    unchanged = place.count("score", "scored")

    place.put("accounts.csv", "domain,segment,seats\nacme.example,large,50\n")

    assert (unchanged, place.count("score", "scored")) == (0, 3)
    assert place.scores()["Voice 1"] == 50


def test_a_table_that_no_rule_reads_is_not_looked_at(place: Any) -> None:
    filled(place, b"\xff\xff\x00 no table", rules="score priority = count feedback")

    assert place.sync().outcome == "done"
    (place.folder / "accounts.csv").unlink()
    assert place.sync().outcome == "done"


def test_a_column_that_no_rule_reads_is_not_looked_at(place: Any) -> None:
    filled(place, "domain,segment,seats\nacme.example,gigantic,40\n")

    counts = {word for stage in place.sync().stages for word in stage.counts}

    assert not [word for word in counts if word.startswith("accounts")]


def test_what_does_not_fit_is_missing_counted_and_told_with_its_line(place: Any) -> None:
    rules = SEATS + '\nrule "a" { when any feedback (accounts.segment == "large") priority +100 }'
    filled(
        place,
        "domain,segment,seats\nacme.example,gigantic,12\nacme.example,large,99\nother.example,large,1_0\n"
        "x.example,small,nan\ny.example,,\n,large,3\n",
        rules,
    )

    report = place.sync()

    assert place.scores() == {"Voice 1": 12, "Voice 2": 100, "Voice 3": 0}
    counts = next(stage.counts for stage in report.stages if stage.name == "score")
    assert counts["accounts: cells of another kind"] == 3
    assert counts["accounts: rows with another's key"] == 1
    assert notes(place) == (
        "accounts.csv, line 2: segment counts as missing: 'gigantic' is none of its values",
        'accounts.csv, line 3: "acme.example" stands further up already, and the first one counts',
        "accounts.csv, line 4: seats counts as missing: '1_0' is no number",
        "accounts.csv, line 5: seats counts as missing: 'nan' is no number",
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_table_is_read_in_every_encoding(place: Any, encoding: str, end: str) -> None:
    rules = 'rule "it" { when any feedback (accounts.segment == "大客户") priority +1 }'
    table = CHINESE.replace("hai", "acme") + "海.example,方便快捷的客户，服务态度很好,2\n"
    config = DESK + TABLE.replace(', values = ["large", "small"]', "")
    filled(place, table.replace("\n", end).encode(encoding), rules, config)

    place.sync()

    assert place.scores()["Voice 1"] == 1


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (b"", "accounts.csv: the file is empty"),
        (b"domain,segment\na,b\n", 'accounts.csv, line 1: there is no column "seats"'),
        (b"doman,segment,seats\na,b,1\n", 'line 1: there is no column "domain"; did you mean "doman"?'),
        (b"domain,segment,seats\na,b,1\nb,c,2,3,4\n", "accounts.csv, line 3: 5 cells, but the first line"),
        (b'domain,segment,seats\na,b,1\n"b,c,2\n', "line 3: a quote is opened and never closed"),
        (b"domain,segment,seats\na,b,1\nb,\xe4\xb8,2\n", "line 3, byte"),
        (b"domain,segment,seats\n" + b"x" * (5 << 20) + b",b,1\n", "line 2: too large"),
    ],
)
def test_a_broken_table_is_told_with_its_line_and_nothing_is_decided(
    place: Any, table: bytes, told: str
) -> None:
    filled(place, "domain,segment,seats\nacme.example,large,40\n")
    place.sync()
    place.put("accounts.csv", table)

    error = broken(place)

    assert told in str(error) and str(error).startswith("[tables.accounts] ")
    assert error.hint
    assert place.folder.joinpath("opshub.db").exists()


def test_a_table_that_is_gone_is_told(place: Any) -> None:
    filled(place, "domain,segment,seats\n")
    (place.folder / "accounts.csv").unlink()

    assert "accounts.csv cannot be read: No such file" in str(broken(place))


@pytest.mark.parametrize(
    ("limit", "told"), [("MAX_ROWS", "accounts.csv: more than 3 rows"), ("MAX_SIZE", "0 MB, more than")]
)
def test_a_table_has_bounds(place: Any, monkeypatch: pytest.MonkeyPatch, limit: str, told: str) -> None:
    monkeypatch.setattr(module, limit, 3)
    filled(place, "domain,segment,seats\n" + "".join(f"{n}.example,large,1\n" for n in range(4)))

    assert told in str(broken(place))


def test_all_broken_tables_are_told_at_once(place: Any) -> None:
    more = TABLE.replace("tables.accounts", "tables.others").replace("accounts.csv", "others.csv")
    filled(place, "", config=DESK + TABLE + more)

    with pytest.raises(ConfigError) as caught:
        notes(place)

    assert "[tables.accounts] accounts.csv: the file is empty" in str(caught.value)
    assert "[tables.others] the file " in str(caught.value)


def test_mistakes_in_the_configuration_are_told_at_once(place: Any) -> None:
    place.configure(
        '[tables.account]\nfile = "a.csv"\nkey = "k"\njoins = "domain"\ncolums = 1\n'
        '[tables.big]\nkey = "k"\nencoding = "utf9"\n[tables.big.columns]\nseats = { type = "numbr" }\n'
        '[tables."my table"]\nfile = "a"\nkey = "k"\ncolumns = { "a b" = { type = "text" } }\n'
    )

    told = place.mistakes()

    assert "opshub.toml:1: [tables.account] is a word of the rules" in told
    assert 'opshub.toml:4: [tables.account] "joins" must be "account.domain" or "account.id"' in told
    assert 'opshub.toml:5: [tables.account] unknown setting "colums"; did you mean "columns"?' in told
    assert 'opshub.toml:6: [tables.big] "file" is missing' in told
    assert "is no encoding" in told
    assert 'did you mean "number"?' in told
    assert '[tables.my table] is no name for rules; use letters, digits and _: "my_table"' in told
    assert '"columns.a b" is no name for rules' in told


def test_the_checker_knows_a_table(place: Any) -> None:
    place.configure(
        DESK + TABLE,
        'rule "a" { when any feedback (accounts.segment == "big" or accounts.seat > 1) priority +1 }\n'
        "score reach = sum accounts.seats over distinct accounts\n"
        'test "it" { given accounts.seats = 4, account.id = "x"\n expect reach == 4 }',
    )

    assert [found.partition(" (")[0] for found in place.findings()] == [
        "R102 'big' is never a value of accounts.segment; it is one of large, small",
        "R101 there is no 'accounts.seat'",
    ]


def test_rules_read_dates_truths_and_sets_of_a_table(place: Any) -> None:
    config = (
        '[currencies]\nhub = "EUR"\n\n'
        + DESK
        + '[tables.crm]\nfile = "accounts.csv"\nkey = "domain"\n[tables.crm.columns]\n'
        + 'since = { type = "date" }\nvip = { type = "yes-no", from = "VIP" }\nuses = { type = "texts" }\n'
        + 'worth = { type = "money", currency = "EUR" }\n'
    )
    rules = (
        'let it = crm.since < 2025-01-01 and crm.vip and crm.uses contains "api" and crm.worth > 1000 EUR\n'
        'rule "it" { when any feedback (it) priority +1 }'
    )
    table = "domain;since;VIP;uses;worth\nacme.example;2024-05-01;Yes;web, api;1200.50\n"
    filled(place, table, rules, config)

    place.sync()

    assert place.scores()["Voice 1"] == 1


def test_memory_stays_bounded_however_wide_the_file_is(place: Any) -> None:
    filled(
        place,
        "domain,segment,seats,more\n" + "".join(f"{n}.example,large,7,{'x' * 500}\n" for n in range(20_000)),
    )
    (table,) = tables(load(place.folder / "opshub.toml", {}))
    wanted = table.wanted(frozenset(["accounts.segment", "accounts.seats"]))

    tracemalloc.start()
    rows = table.rows(wanted)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert len(rows.held) == 20_000
    assert held < 8 << 20 and peak < 16 << 20


def mutated(text: bytes, seed: int) -> bytes:
    chance = random.Random(seed)
    found = bytearray(text)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(found) + 1)
        found[at : at + chance.randint(0, 3)] = bytes(
            chance.choice(b'",;\n\r\x00\xff\xfe\xe4t|abc1') for _ in range(chance.randint(0, 3))
        )
    return bytes(found)


@settings(max_examples=200, deadline=None)
@example(b"\xff\xfe\x00")
@example(b"\x00" * 64)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.integers(0, 2**32).map(
            lambda seed: mutated(b"domain,segment,seats\nacme,large,1\nb,small,2\n", seed)
        ),
    )
)
def test_no_table_does_anything_but_be_read_or_be_refused(
    tmp_path_factory: pytest.TempPathFactory, table: bytes
) -> None:
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "opshub.toml").write_text(TABLE, encoding="utf-8")
    (folder / "accounts.csv").write_bytes(table)

    try:
        check_tables(load(folder / "opshub.toml", {}))
    except ConfigError as error:
        assert str(error).startswith("[tables.accounts] ")


def test_fields_are_listed_with_where_they_come_from(place: Any) -> None:
    place.configure(DESK + TABLE + '[connections.desk.fields.impact]\ntype = "number"\nfrom = "Impact"\n')
    command = ["--config", str(place.folder / "opshub.toml"), "rules", "fields", "--json"]

    rows = json.loads(CliRunner().invoke(cli, command).stdout)

    origins = {row["name"]: row["origin"] for row in rows if row["origin"]}
    assert origins == {
        "feedback.fields.impact": "[connections.desk] Impact",
        "accounts.segment": "[tables.accounts] segment",
        "accounts.seats": "[tables.accounts] seats",
    }


def test_a_signal_that_reads_a_changed_table_is_counted_anew(place: Any) -> None:
    may, june = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    filled(
        place, "domain,segment,seats\nacme.example,large,40\n", "signal seats = sum accounts.seats, per month"
    )
    place.sync()

    place.put("accounts.csv", "domain,segment,seats\nacme.example,large,50\n")
    with (place.folder / "said.csv").open("a") as file:
        file.write("4,2026-04-04,Voice 4,9,\n")
    place.sync()

    with place.hub() as hub:
        assert hub.store.values("seats", may, june) == {may: 50.0}


def test_a_sync_without_the_rule_files_that_were_there_decides_nothing(place: Any) -> None:
    place.configure('[hub]\nrules = ["rules"]\n', "score priority = 7\n")
    with place.hub() as hub:
        hub.sync()

    (place.folder / "rules/own.rules").unlink()

    with pytest.raises(ConfigError, match="there is no rule file at rules any more"), place.hub():
        pass
    place.put("rules/own.rules", "")
    with place.hub() as hub:
        hub.sync()
