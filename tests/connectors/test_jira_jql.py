"""The queries that the Jira connector writes: times on every clock, the admin's own words kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub_connectors.jira.jql import bounded, jql_text, jql_time, problem, restriction
from opshub_connectors.jira.walk import numbered

ZONES = (
    "UTC",
    "America/New_York",
    "Asia/Kathmandu",
    "Asia/Shanghai",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Pacific/Apia",
    "Pacific/Marquesas",
)
CHANGES = (
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 4, 4, 15, tzinfo=UTC),
    datetime(2026, 10, 3, 15, 30, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 11, 1, 6, tzinfo=UTC),
)
moments = st.one_of(
    st.datetimes(datetime(1990, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)),
    st.builds(
        lambda change, minutes: change + timedelta(minutes=minutes),
        st.sampled_from(CHANGES),
        st.floats(-150, 150),
    ),
)


@settings(max_examples=300, deadline=None)
@given(moments, st.sampled_from(ZONES))
def test_a_rendered_time_is_never_late_and_at_most_an_hour_and_a_minute_early(
    moment: datetime, zone: str
) -> None:
    """Whichever of two equal wall times Jira takes the text for."""
    wall = datetime.strptime(jql_time(moment, ZoneInfo(zone)), "%Y-%m-%d %H:%M")

    for fold in (0, 1):
        read = wall.replace(tzinfo=ZoneInfo(zone), fold=fold).astimezone(UTC)
        assert timedelta(0) <= moment - read < timedelta(hours=2, minutes=1)


@settings(max_examples=100, deadline=None)
@given(moments)
def test_a_zone_without_summer_time_loses_less_than_a_minute(moment: datetime) -> None:
    wall = datetime.strptime(jql_time(moment, ZoneInfo("Asia/Shanghai")), "%Y-%m-%d %H:%M")
    read = wall.replace(tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)

    if moment.year > 1991:  # China had summer time until then
        assert timedelta(0) <= moment - read < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("moment", "zone", "text"),
    [
        (datetime(2026, 11, 1, 4, 59, tzinfo=UTC), "America/New_York", "2026-11-01 00:59"),
        (datetime(2026, 11, 1, 5, 30, tzinfo=UTC), "America/New_York", "2026-11-01 00:30"),
        (datetime(2026, 11, 1, 6, 30, tzinfo=UTC), "America/New_York", "2026-11-01 00:30"),
        (datetime(2026, 11, 1, 7, 0, 59, tzinfo=UTC), "America/New_York", "2026-11-01 02:00"),
        (datetime(2026, 3, 8, 7, 0, tzinfo=UTC), "America/New_York", "2026-03-08 03:00"),
        (datetime(2026, 3, 8, 6, 59, tzinfo=UTC), "America/New_York", "2026-03-08 01:59"),
    ],
)
def test_times_around_the_change_of_clocks(moment: datetime, zone: str, text: str) -> None:
    assert jql_time(moment, ZoneInfo(zone)) == text


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("project = A", "project = A"),
        ("project = A order by created", "project = A"),
        ("project = A  ORDER\n BY created DESC, key", "project = A"),
        ('summary ~ "order by phone"', 'summary ~ "order by phone"'),
        ("summary ~ 'the \\' order by' ORDER BY key", "summary ~ 'the \\' order by'"),
        ("order = 7 AND by = 8", "order = 7 AND by = 8"),
    ],
)
def test_only_the_order_is_taken_from_a_query(query: str, kept: str) -> None:
    assert restriction(query) == kept


def test_the_bound_holds_for_the_whole_restriction() -> None:
    assert bounded("a = 1 OR b = 2 ORDER BY c", "2026-01-01 00:00", "updated ASC") == (
        '(a = 1 OR b = 2) AND updated >= "2026-01-01 00:00" ORDER BY updated ASC'
    )


@pytest.mark.parametrize("query", ["a = 1) OR (b = 2", "(a = 1", 'a ~ "b', "a ~ 'b", "ORDER BY key", " "])
def test_what_would_break_out_of_its_brackets_is_a_problem(query: str) -> None:
    assert problem(query)


@given(st.text(max_size=40))
def test_a_quoted_text_ends_where_it_should(text: str) -> None:
    quoted = jql_text(text)

    assert problem(f"labels = {quoted}") is None
    assert quoted.count('"') - quoted.count('\\"') in (1, 2)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int]]]:
    """Minutes at which issues changed, and which issue changes again while a page is on its way."""
    minutes = sorted(draw(st.lists(st.integers(0, 3), min_size=1, max_size=25)))
    edits = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, len(minutes) - 1)), max_size=8))
    return minutes, edits


@settings(max_examples=300, deadline=None)
@given(histories(), st.integers(2, 5))
def test_numbered_pages_miss_nothing_while_issues_change(
    history: tuple[list[int], list[tuple[int, int]]], size: int
) -> None:
    minutes, edits = history
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    changed = {number: begin + timedelta(minutes=minute) for number, minute in enumerate(minutes)}
    limit, asked = begin + timedelta(hours=1), 0

    def fetch(since: datetime | None, offset: int) -> dict[str, object]:
        nonlocal asked
        for place, number in edits:
            if place == asked:
                changed[number] = limit + timedelta(seconds=asked)
        asked += 1
        rows = sorted((at, number) for number, at in changed.items() if since is None or at >= since)
        shown = [{"id": str(n), "fields": {"updated": at.isoformat()}} for at, n in rows]
        assert offset >= 0
        return {"issues": shown[offset : offset + size], "total": len(shown)}

    seen = {row["id"] for part in numbered(fetch, None, limit) for row in part.rows}

    assert seen == {str(number) for number in changed}
