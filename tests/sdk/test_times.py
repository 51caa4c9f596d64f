"""Vendors' timestamps, one moment each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opshub.sdk import parse_time, zone_of

MOMENT = datetime(2026, 3, 29, 1, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-03-29T01:30:15Z",
        "2026-03-29T01:30:15.000Z",
        "2026-03-29T09:30:15+08:00",
        "2026-03-28T20:30:15.000-0500",
        "2026-03-29 01:30:15",
        "2026-03-29 01:30:15 UTC",
        "2026-03-29 01:30:15 +0000",
        "2026/03/29 01:30:15",
        " 2026-03-29T01:30:15Z ",
        "20260329T013015Z",
        1774747815,
        1774747815.0,
        1774747815000,
        "1774747815",
        "1774747815000",
        MOMENT,
        MOMENT.astimezone(timezone(timedelta(hours=5))),
        MOMENT.replace(tzinfo=None),
    ],
)
def test_each_spelling_is_the_same_moment(value: object) -> None:
    found = parse_time(value)

    assert found == MOMENT
    assert found.tzinfo is UTC


def test_a_time_without_offset_is_read_in_its_zone() -> None:
    assert parse_time("2026/03/01 20:00", "Asia/Shanghai") == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert parse_time("2026-03-01", zone_of("Asia/Shanghai")) == datetime(2026, 2, 28, 16, tzinfo=UTC)


def test_an_offset_outweighs_the_zone() -> None:
    assert parse_time("2026-03-01T12:00Z", "Asia/Shanghai") == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_an_hour_that_comes_twice_is_the_first() -> None:
    assert parse_time("2026-10-25 02:30", "Europe/Berlin") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "soon",
        "2026-13-01",
        True,
        [],
        {},
        float("nan"),
        float("inf"),
        10**30,
        "9" * 30,
        b"2026-01-01",
        "12",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_junk_is_a_value_error(value: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(value)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "/etc/passwd", "a\x00b", "UTC" * 100])
def test_a_zone_that_is_none_is_a_value_error(name: str) -> None:
    with pytest.raises(ValueError, match="time zone"):
        zone_of(name)


@given(
    st.one_of(
        st.text(max_size=40),
        st.integers(),
        st.floats(),
        st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*", fullmatch=True),
    )
)
def test_anything_is_a_time_or_a_value_error(value: Any) -> None:
    try:
        found = parse_time(value)
    except ValueError:
        return
    assert found.tzinfo is UTC


@given(st.datetimes(min_value=datetime(1971, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.timezones()))
def test_iso_texts_come_back_as_they_went(moment: datetime) -> None:
    assert parse_time(moment.isoformat()) == moment.astimezone(UTC)
