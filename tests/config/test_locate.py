"""Settings' errors name the line on which the setting stands."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.config.locate import line_of, lines_of

TEXT = (
    '''# a comment with [brackets] and a = sign
title = """several
[not.a.table]
lines = 3"""

[hub]
rules = [
    "a",  # "b" is no entry
    'c',
]
"quoted key" = { inner = [1, 2], text = "]" }
a.b.c = 1

[connections . jira]
query = "[x]"

[[tables]]
name = 1
[[tables]]
name = 2
[tables.inner]
deep = 'it'''
    + "'''s'''\n"
)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("hub",), 6),
        (("hub", "rules"), 7),
        (("hub", "rules", 0), 8),
        (("hub", "rules", 1), 9),
        (("hub", "quoted key"), 11),
        (("hub", "quoted key", "inner"), 11),
        (("hub", "a", "b", "c"), 12),
        (("connections", "jira", "query"), 15),
        (("connections", "jira", "missing"), 14),
        (("tables", 0, "name"), 18),
        (("tables", 1, "name"), 20),
        (("tables", 1, "inner", "deep"), 22),
        (("nowhere",), 1),
    ],
)
def test_each_key_is_found_on_its_line(path: tuple[str | int, ...], line: int) -> None:
    text = TEXT.replace("'it'''s'''", "'it'")
    tomllib.loads(text)

    assert line_of(lines_of(text), path) == line


KEYS = st.sampled_from(["a", "b-c", '"d e"', "'f.g'", "h1"])
VALUES = st.sampled_from(
    [
        "1",
        "true",
        '"x # y"',
        "'[z]'",
        '"""a\n[b]\nc = 1"""',
        "'''\n# d\n'''",
        "[1, 2]",
        '[\n "a",\n # "b"\n "c",\n]',
        '{ k = "}" }',
        r'"\" = ["',
        '"""x\\"""" # y',
    ]
)


PAIRS = st.lists(st.tuples(KEYS, VALUES), max_size=4, unique_by=lambda pair: pair[0])
TABLES = st.lists(st.tuples(KEYS, PAIRS), max_size=4, unique_by=lambda table: table[0])


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_every_key_of_every_table_is_found(tables: list[tuple[str, list[tuple[str, str]]]]) -> None:
    text, expected = "", {}
    for table, pairs in tables:
        text += f"\n[{table}]\n"
        for key, value in pairs:
            expected[(table.strip("\"'"), key.strip("\"'"))] = text.count("\n") + 1
            text += f"  {key} = {value}  # {key} = 0\n"
    tomllib.loads(text)

    found = lines_of(text)

    assert {path: found.get(path) for path in expected} == expected
    assert {path for path in found if len(path) == 1} == {(table.strip("\"'"),) for table, _ in tables}
