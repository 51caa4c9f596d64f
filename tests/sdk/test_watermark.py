"""No change is lost, and none is left out that was not delivered, whatever the pages look like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from opshub.sdk import Cursor, Watermark
from opshub.sdk import watermark as module

START = datetime(2026, 3, 1, 12, tzinfo=UTC)
LAG = timedelta(seconds=90)
MINUTE = timedelta(minutes=1)


@dataclass
class Vendor:
    """A tracker whose search lags, floors its filter to the minute, and sorts by the time of change."""

    now: datetime = START
    known: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    waiting: list[tuple[datetime, str, tuple[datetime, int]]] = field(default_factory=list)
    count: int = 0

    def change(self, name: str, visible_after: int) -> None:
        self.count += 1
        visible = self.now + timedelta(seconds=visible_after)
        self.waiting.append((visible, name, (self.now, self.count)))

    def show(self) -> None:
        """Let the search see what it should see by now."""
        for entry in sorted(self.waiting, key=lambda entry: entry[2][1]):
            if entry[0] <= self.now:
                self.known[entry[1]] = entry[2]
                self.waiting.remove(entry)

    def pages(self, since: datetime | None, size: int) -> Iterator[list[tuple[str, datetime, int]]]:
        """The order is that of the walk's beginning; each page shows its records as they are when it is fetched."""
        self.show()
        floor = since.replace(second=0, microsecond=0) if since else None
        names = [name for name, entry in self.known.items() if floor is None or entry[0] >= floor]
        names.sort(key=lambda name: self.known[name])
        for place in range(0, len(names), size):
            yield [(name, *self.known[name]) for name in names[place : place + size]]


@dataclass
class Hub:
    """Pulls, and keeps the cursor of the last page that it stored."""

    vendor: Vendor
    cursor: Cursor | None = None
    got: list[tuple[str, int]] = field(default_factory=list)

    def pull(self, size: int, pages: int | None = None, edits: str = "") -> None:
        mark = Watermark.decode(self.cursor)
        since = mark.start(LAG + MINUTE, MINUTE, limit=self.vendor.now)
        for number, page in enumerate(self.vendor.pages(since, size)):
            if number == pages:
                return
            self.got += [
                (name, version) for name, moment, version in page if mark.fresh(name, moment, version)
            ]
            self.cursor = mark.encode()
            self.vendor.now += timedelta(seconds=70)
            if edits:
                self.vendor.change(edits[number % len(edits)], 0)
            self.vendor.show()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("change"), st.sampled_from("abcdefg"), st.integers(0, 90)),
        st.tuples(st.just("wait"), st.just(""), st.sampled_from([0, 1, 20, 59, 60, 61, 600])),
        st.tuples(st.just("pull"), st.text("abcdefg", max_size=3), st.integers(1, 5)),
        st.tuples(st.just("die"), st.text("abcdefg", max_size=3), st.integers(1, 5)),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(STEPS)
@example([*(("change", name, 0) for name in "abc"), ("wait", "", 600), ("die", "b", 1)])
def test_every_change_arrives_and_arrives_once(steps: list[tuple[str, str, int]]) -> None:
    vendor = Vendor()
    hub = Hub(vendor)
    for step, name, number in steps:
        if step == "change":
            vendor.change(name, number)
        elif step == "wait":
            vendor.now += timedelta(seconds=number)
        else:
            hub.pull(number, pages=2 if step == "die" else None, edits=name)
    vendor.now += LAG

    hub.pull(3)

    assert {(name, version) for name, (_, version) in vendor.known.items()} <= set(hub.got)
    assert len(hub.got) == len(set(hub.got))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.integers(0, 2))))
def test_only_what_was_delivered_in_that_version_is_left_out(rows: list[tuple[str, int, int]]) -> None:
    mark = Watermark(START)
    last: dict[str, int] = {}

    for name, seconds, version in rows:
        fresh = mark.fresh(name, START + timedelta(seconds=seconds), version)

        assert fresh == (last.get(name) != version)
        last[name] = version


def test_the_first_pull_asks_for_everything() -> None:
    assert Watermark.decode(None).start(timedelta(minutes=5)) is None


def test_the_start_lies_before_the_mark_and_on_the_vendors_step() -> None:
    mark = Watermark(START + timedelta(seconds=100))

    assert mark.start(timedelta(minutes=1), MINUTE) == START
    assert mark.start(timedelta(0), timedelta(0)) == START + timedelta(seconds=100)


def test_an_overlap_longer_than_history_begins_in_1970() -> None:
    assert Watermark(START).start(timedelta(days=99_999), MINUTE) == datetime(1970, 1, 1, tzinfo=UTC)


def test_a_list_out_of_order_moves_the_mark_at_its_end_only() -> None:
    mark = Watermark(START)
    mark.fresh("a", START + timedelta(hours=1))

    assert mark.encode(ordered=False)["mark"] == START.isoformat()
    assert mark.encode()["mark"] == (START + timedelta(hours=1)).isoformat()


def test_a_cursor_stays_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED", 10)
    mark = Watermark(START)
    for number in range(100):
        mark.fresh(number, START + timedelta(milliseconds=number))

    kept = Watermark.decode(mark.encode())

    assert not kept.fresh(99, START + timedelta(milliseconds=99))
    assert kept.fresh(0, START)


@pytest.mark.parametrize(
    "cursor", [{}, {"mark": "x", "seen": {}}, {"mark": None, "seen": {"a": 1}}, {"seen": []}]
)
def test_a_foreign_cursor_is_refused(cursor: Cursor) -> None:
    with pytest.raises(ValueError, match=r"."):
        Watermark.decode(cursor)
