"""Vendors' loose values: junk is refused or missing, never taken for something else."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.sdk import (
    Feedback,
    Finding,
    MissingError,
    Ref,
    Tombstone,
    TrackedItem,
    as_item,
    list_of,
    number_of,
    table_of,
    text_of,
    ungrouped,
    value_of,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@pytest.mark.parametrize("junk", [1, True, ["a"], {"a": 1}, b"a"])
def test_what_is_no_text_is_not_taken_for_speech(junk: object) -> None:
    with pytest.raises(TypeError):
        text_of(junk)


@pytest.mark.parametrize("junk", [1, True, "a", ["a"]])
def test_what_is_no_table_is_refused(junk: object) -> None:
    with pytest.raises(TypeError):
        table_of(junk)


@pytest.mark.parametrize("junk", [1, True, "abc", {"a": 1}])
def test_what_is_no_list_is_refused(junk: object) -> None:
    with pytest.raises(TypeError):
        list_of(junk)


def test_nothing_is_the_empty_one() -> None:
    assert (text_of(None), dict(table_of(None)), list(list_of(None))) == ("", {}, [])


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("12000.50", 12000.5),
        (" 7 ", 7.0),
        (3, 3.0),
        ("12,000", None),
        ("nan", None),
        (True, None),
        (None, None),
    ],
)
def test_numbers_are_read_where_there_is_one(value: object, number: float | None) -> None:
    assert number_of(value) == number


@settings(max_examples=100)
@given(JSON)
def test_a_number_is_finite_and_a_field_value_simple(value: object) -> None:
    number, field = number_of(value), value_of(value)

    assert number is None or math.isfinite(number)
    assert field is None or isinstance(field, (str, int, float, tuple))
    assert not isinstance(field, tuple) or field == tuple(sorted(set(field)))


def test_a_look_that_fails_is_a_finding_with_the_next_step() -> None:
    def look() -> str:
        raise MissingError("no field has the id 7", hint="look there")

    assert Finding.of("fields", lambda: "all there") == Finding(True, "fields", "all there")
    found = Finding.of("fields", look)
    assert (found.ok, found.detail, found.hint) == (False, "no field has the id 7", "look there")


def test_an_item_is_the_same_record_and_a_tombstone_stays_one() -> None:
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    seen = Feedback(
        ref=Ref("desk", "1"), url="https://acme.test/1", text="Please!", created_at=moment, tags=("vip",)
    )
    gone = Tombstone(Ref("desk", "2"))

    item = as_item(seen, key="#1", fields={"tags": ("vip",)}, status="open", version="v1")

    assert isinstance(item, TrackedItem)
    shared = {
        "ref",
        "url",
        "text",
        "title",
        "created_at",
        "tags",
        "visibility",
        "comments",
        "kind",
        "mentions",
    }
    assert all(getattr(item, name) == getattr(seen, name) for name in shared)
    assert (item.key, item.status, item.version) == ("#1", "open", "v1")
    assert as_item(gone, key="#2", fields={}) is gone


@pytest.mark.parametrize(
    ("text", "decimal", "plain"),
    [
        ("USD 30,000", ".", "USD 30000"),
        ("30,000", ",", "30.0000"),
        ("30.000", ",", "30000"),
        ("30.000", ".", "30.0000"),
        ("1.234.567,89 EUR", ",", "1234567.89 EUR"),
        ("-1,200.5", ".", "-1200.5"),
        ("1,20", ".", "1,20"),
        ("12,34,567", ".", "12,34,567"),
        ("7", ".", "7"),
        ("free", ".", "free"),
    ],
)
def test_signs_between_thousands_go_where_it_is_said_what_separates_a_fraction(
    text: str, decimal: str, plain: str
) -> None:
    assert ungrouped(text, decimal) == plain
