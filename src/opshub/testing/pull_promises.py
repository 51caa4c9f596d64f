"""What every pull promises: it can stop anywhere, it ends, and it misses nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any

import orjson

from opshub.errors import BadAnswerError, CursorExpiredError
from opshub.model import Cursor, Record, Tombstone
from opshub.sdk import Connector, Counts, Page, Rewinds
from opshub.testing.trial import Trial, canonical, meanings, raised, some_of

__all__ = ["PullPromises"]

LARGEST_CURSOR = 64 * 1024


class PullPromises(Trial):
    """Promises about ``pull``, ``census`` and ``rewind``."""

    def test_a_pull_brings_records(self) -> None:
        pages = self.pages(self.connect())

        assert [record for page in pages for record in page.records], "the twin is empty"
        if self.serves():
            assert len(pages) > 1, "one page shows nothing about paging: give the twin more records"

    def test_pulling_twice_gives_the_same(self) -> None:
        once = self.pages(self.connect())
        again = self.pages(self.connect())

        assert _texts(once) == _texts(again)

    def test_a_pull_resumes_after_any_page(self) -> None:
        pages = self.pages(self.connect())

        for number in some_of(len(pages)):
            page = pages[number]
            rest = _counted(self.connect(), (r for later in pages[number + 1 :] for r in later.records))
            got = _counted(self.connect(), self.records(self.connect(), _thawed(page.cursor)))
            behind = _counted(self.connect(), (r for early in pages[: number + 1] for r in early.records))
            assert not rest - got, f"lost after page {number + 1}: {_named(rest - got)}"
            extra = got - rest - behind if self.redelivers else got - rest
            assert not extra, f"repeated after page {number + 1}: {_named(extra)}"

    def test_a_pull_from_the_end_brings_nothing(self) -> None:
        pages = self.pages(self.connect())

        again = self.records(self.connect(), _thawed(pages[-1].cursor))

        known = {canonical(record) for page in pages for record in page.records}
        news = [record for record in again if not self.redelivers or canonical(record) not in known]
        assert news == []

    def test_a_cursor_is_a_small_json_object(self) -> None:
        for page in self.pages(self.connect()):
            assert isinstance(page.cursor, dict), (
                f"a cursor is a JSON object, not {type(page.cursor).__name__}"
            )
            text = orjson.dumps(page.cursor)
            assert orjson.loads(text) == page.cursor, "the cursor changes on its way through JSON"
            assert len(text) <= LARGEST_CURSOR, f"the cursor has {len(text)} bytes"

    def test_a_promised_total_is_kept(self) -> None:
        pages = self.pages(self.connect())

        promised = {page.total for page in pages} - {None}
        assert promised <= {sum(len(page.records) for page in pages)}

    def test_a_repeated_token_is_noticed(self) -> None:
        self.vendor.faults.always("repeat_token")

        error = raised(lambda: self.pages(self.connect()))

        if self.vendor.faults.count("repeat_token"):
            assert isinstance(error, BadAnswerError), f"a repeated token ended in {error!r}"

    def test_an_expired_cursor_is_called_that(self) -> None:
        pages = self.pages(self.connect())
        self.vendor.faults.always("expire_cursor")

        for page in pages[:-1]:
            error = raised(partial(self.pages, self.connect(), _thawed(page.cursor)))
            if self.vendor.faults.count("expire_cursor"):
                assert isinstance(error, CursorExpiredError), f"an expired cursor ended in {error!r}"

    def test_no_change_slips_between_two_pulls(self) -> None:
        """Changes at the last pull's own moment, within a step of the vendor's time filter, and after it."""
        cursor = self._last_cursor(self.connect(), None)

        for step in self._steps():
            first = self.fresh(self.vendor)
            cursor, got = self._pull_on(cursor)
            self.clock.advance(step)
            second = self.fresh(self.vendor)
            cursor, more = self._pull_on(cursor)
            cursor, last = self._after_waiting(cursor)
            missed = {first, second} - got - more - last
            assert not missed, f"changes {step} apart, with pulls between, and one was missed: {missed}"

    def test_no_change_is_missed_for_showing_late(self) -> None:
        """A change that the vendor's lists hold back for the declared lag arrives with a later pull."""
        self.vendor.faults.lag = self.connector_class().lag
        self.wait()
        cursor = self._last_cursor(self.connect(), None)

        for _ in range(3):
            self.clock.advance(timedelta(seconds=1))
            changed = self.fresh(self.vendor)
            cursor, got = self._pull_on(cursor)
            cursor, more = self._after_waiting(cursor)
            assert changed in got | more, f"a change that showed late was missed: {changed}"

    def test_a_census_lists_every_id(self) -> None:
        connector = self.connect()
        assert isinstance(connector, Counts)

        listed = {connector.identify(record) for page in connector.census() for record in page.records}

        gone = {
            connector.identify(record)
            for record in self.records(self.connect())
            if all(isinstance(meaning, Tombstone) for meaning in meanings(connector, record))
        }
        pulled = {connector.identify(record) for record in self.records(self.connect())}
        assert pulled - gone == listed

    def test_a_census_that_breaks_off_raises(self) -> None:
        connector = self.connect()
        assert isinstance(connector, Counts)
        before = len(self.vendor.requests())
        list(connector.census())
        needed = len(self.vendor.requests()) - before

        for after in some_of(needed):
            self.vendor.faults.clear()
            self.vendor.faults.always("status", after=after, code=503)
            error = raised(lambda: list(connector.census()))
            assert error is not None, (
                f"request {after + 1} of {needed} failed, and the census looked complete"
            )

    def test_a_rewound_pull_brings_everything_since(self) -> None:
        connector = self.connect()
        assert isinstance(connector, Rewinds)
        before = self.clock.now()
        self.clock.advance(timedelta(minutes=5))
        changed = self.fresh(self.vendor)
        self.wait()

        cursor = _thawed(connector.rewind(before))

        assert changed in {connector.identify(record) for record in self.records(self.connect(), cursor)}

    def _steps(self) -> list[timedelta]:
        step = self.connector_class().granularity or timedelta(seconds=1)
        return [timedelta(0), step / 3, step, step * 2, timedelta(seconds=1)]

    def _last_cursor(self, connector: Connector[Any], cursor: Cursor | None) -> Cursor | None:
        for page in self.pages(connector, cursor):
            cursor = page.cursor
        return _thawed(cursor)

    def _pull_on(self, cursor: Cursor | None) -> tuple[Cursor | None, set[str]]:
        connector = self.connect()
        ids = set()
        for page in self.pages(connector, cursor):
            ids |= {connector.identify(record) for record in page.records}
            cursor = page.cursor
        return _thawed(cursor), ids

    def _after_waiting(self, cursor: Cursor | None) -> tuple[Cursor | None, set[str]]:
        """The pull that comes once the vendor has had its time; the clock stays where it is if that is none."""
        self.wait()
        return self._pull_on(cursor)


def _thawed(cursor: Cursor | None) -> Cursor | None:
    """The cursor as it comes back from the store."""
    thawed: Cursor | None = orjson.loads(orjson.dumps(cursor))
    return thawed


def _texts(pages: list[Page]) -> list[bytes]:
    return [canonical(record) for page in pages for record in page.records]


def _counted(connector: Connector[Any], records: Iterable[Record]) -> Counter[tuple[str, bytes]]:
    return Counter((connector.identify(record), canonical(record)) for record in records)


def _named(counted: Counter[tuple[str, bytes]]) -> str:
    return ", ".join(sorted({name for name, _ in counted}))[:300]
