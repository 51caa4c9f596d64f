"""The first stage: a cursor in, pages of records out; page and cursor are committed together.

The next page is fetched on a thread of its own while the last one is being stored, and the stages behind use the
time that is left over. Normalizing happens in the page's own transaction, because the record is at hand: the stage of
that name only sees what was left for it.
"""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias

import orjson

from opshub.engine.connection import Connection
from opshub.engine.guard import asking
from opshub.engine.normalize import translate
from opshub.engine.points import point
from opshub.engine.report import ConnectionReport, Failure
from opshub.engine.work import Work
from opshub.errors import (
    BadAnswerError,
    CursorExpiredError,
    OpshubError,
    PausedError,
    RateLimitedError,
    RetryError,
)
from opshub.model import Cursor, Record, Ref
from opshub.sdk import Page, Rewinds, clean
from opshub.store.rows import ConnectionState, RawRow

__all__ = ["binding", "pull", "remember_failure"]

AHEAD = 2
"""Pages fetched ahead of the one being stored; bounds the memory."""

GRACE = 5.0
"""Seconds that a page on its way gets to arrive when the process is asked to stop."""

PATIENCE = 2.0
"""Seconds that a pull which ends early waits for the page that is on its way."""

AT_HAND = 2000
"""Records stored since the last thought from which the later stages are let in between two pages: what was just stored
is then still in memory and need not be read and decoded again."""

MAX_RECORD = 8 * 2**20
"""Bytes of one record beyond which it is set aside instead of stored."""

MAX_CURSOR = 16 * 2**20
"""Bytes of a cursor; it is written with every page."""

LONGEST_ID = 500
"""Characters of a record's id."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A page with what can be computed before the store is asked."""

    rows: list[tuple[RawRow, Record]]
    bad: list[tuple[Ref, str, bytes]]
    cursor: Cursor | None
    total: int | None


_Pages: TypeAlias = "queue.Queue[_Fetched | BaseException | None]"


def binding(connection: Connection) -> tuple[str, str]:
    """What the cursor, and what the normalized records, belong to: when either changes they are redone."""
    connector = connection.connector
    scope = orjson.dumps(
        [connector.cursor_version, connector.scope()], option=orjson.OPT_SORT_KEYS, default=str
    )
    shape = f"{connection.role}:{connector.revision}:{','.join(sorted(connector.fields))}"
    if connector.declared:
        shape += f":{orjson.dumps(connector.declared, option=orjson.OPT_SORT_KEYS).decode()}"
    digest = hashlib.blake2b(scope, digest_size=8).hexdigest()
    return f"{connector.kind}:{digest}", f"{connector.kind}:{shape}"


def pull(
    work: Work,
    connection: Connection,
    *,
    full: bool = False,
    since: datetime | None = None,
    normalize: bool = True,
    meanwhile: Callable[[], bool] | None = None,
) -> ConnectionReport:
    """Pull a connection to its end; every failure ends up in the report and in the connection's state.

    ``meanwhile`` is called while the next page is on its way, and says whether it found something to do.
    """
    report = ConnectionReport(connection.name)
    work.report.connections.append(report)
    begun = work.clock.monotonic()
    try:
        state = work.store.connection(connection.name)
        refuse_while_parked(work, state)
        cursor = _start(work, connection, state, full=full, since=since)
        _Walk(work, connection, report, normalize, meanwhile).to_the_end(cursor)
    except (RetryError, PausedError) as error:
        report.failure = remember_failure(work, connection.name, error)
    else:
        if not report.stopped:
            _remember_success(work, connection.name)
    report.seconds = work.clock.monotonic() - begun
    return report


def refuse_while_parked(work: Work, state: ConnectionState) -> None:
    """Raise again what parked the connection, while the vendor's wait is not over."""
    until = state.parked_until
    if until is not None and until > work.clock.now():
        raise RateLimitedError(
            f"{state.name}: the vendor asked to wait until {until:%Y-%m-%d %H:%M:%S} UTC",
            until=until,
            hint="run the command again after that time",
        )


def _start(
    work: Work, connection: Connection, state: ConnectionState, *, full: bool, since: datetime | None
) -> Cursor | None:
    """Where to begin: the saved cursor if it still fits the settings."""
    with asking(connection):
        bound, shape = binding(connection)
    if state.binding != f"{bound}|{shape}":
        old_bound = state.binding.partition("|")[0]
        with work.store.transaction(work.lease):
            if old_bound:
                # Settings shape the meaning of records too: what is kept is understood anew.
                work.store.mark_unnormalized(connection.name)
            cursor = state.cursor if old_bound == bound else None
            state = replace(state, binding=f"{bound}|{shape}", cursor=cursor)
            work.store.put_connection(state)
    connector: object = connection.connector
    if since is not None and isinstance(connector, Rewinds):
        with asking(connection):
            return _storable(connection, connector.rewind(since))
    return None if full else state.cursor


@dataclass(slots=True)
class _Walk:
    """One way through a connection's pages."""

    work: Work
    connection: Connection
    report: ConnectionReport
    normalize: bool
    meanwhile: Callable[[], bool] | None

    def to_the_end(self, cursor: Cursor | None) -> None:
        """Store all pages; from the start where the vendor no longer accepts the cursor."""
        try:
            self._pages(cursor)
        except CursorExpiredError:
            # Hashes make a second walk over known records cheap.
            self.work.stage("pull").add("started over")
            self._pages(None)

    def _pages(self, cursor: Cursor | None) -> None:
        report, work = self.report, self.work
        report.got = thought = 0
        with closing(_ahead(work, self.connection, cursor, self.meanwhile)) as pages:
            for page in pages:
                point("pull.fetched")
                _store(work, self.connection, page, report, self.normalize)
                report.pages += 1
                if page.total is not None:
                    report.expected = page.total
                if self.meanwhile is not None and report.got - thought >= AT_HAND:
                    thought = report.got
                    while self.meanwhile():
                        pass
                work.watch.pulling(self.connection.name, report.got, report.expected)
                if work.stopping():
                    break
        report.stopped = work.stopping()


def _ahead(
    work: Work, connection: Connection, cursor: Cursor | None, meanwhile: Callable[[], bool] | None
) -> Generator[_Fetched, None, None]:
    """Pages from a thread that fetches ahead; its error comes out here, after the pages before it."""
    pages: _Pages = queue.Queue(AHEAD)
    stop = threading.Event()
    thread = threading.Thread(
        target=_fetch, args=(connection, cursor, pages, stop), name=f"pull-{connection.name}", daemon=True
    )
    thread.start()
    try:
        while True:
            while meanwhile is not None and pages.empty() and not work.stopping() and meanwhile():
                pass
            page = _next(work, pages)
            if page is None:
                return
            if isinstance(page, BaseException):
                raise page
            yield page
    finally:
        stop.set()
        # A vendor that keeps its answer back must not keep us: the thread ends by itself when that answer comes.
        thread.join(PATIENCE)


def _next(work: Work, pages: _Pages) -> _Fetched | BaseException | None:
    """What the thread hands over next. Asked to stop, a page that is on its way gets a while to arrive."""
    asked: float | None = None
    while True:
        try:
            return pages.get(timeout=0.25)
        except queue.Empty:
            now = work.clock.monotonic()
            if work.stopping() and now - (asked := now if asked is None else asked) >= GRACE:
                return None


def _fetch(connection: Connection, cursor: Cursor | None, pages: _Pages, stop: threading.Event) -> None:
    """The thread's work: pull, hash, hand over."""
    try:
        with asking(connection):
            for page in connection.connector.pull(cursor):
                _hand_over(_prepare(connection, page), pages, stop)
                if stop.is_set():
                    return
        _hand_over(None, pages, stop)
    except BaseException as error:
        # Also where the interpreter is ending: whoever waits must learn of it.
        _hand_over(error, pages, stop)


def _hand_over(page: _Fetched | BaseException | None, pages: _Pages, stop: threading.Event) -> None:
    """Wait for room in the queue, for as long as somebody reads it."""
    while not stop.is_set():
        try:
            pages.put(page, timeout=0.1)
        except queue.Full:
            continue
        return


def _prepare(connection: Connection, page: Page) -> _Fetched:
    """Name and hash every record."""
    rows: list[tuple[RawRow, Record]] = []
    bad: list[tuple[Ref, str, bytes]] = []
    for number, record in enumerate(page.records, 1):
        body = _encode(record)
        digest = hashlib.blake2b(body, digest_size=16).digest()
        name = _name_of(connection, record)
        ref = Ref(connection.name, name if 0 < len(name) <= LONGEST_ID else f"?{digest.hex()}")
        if not name:
            bad.append((ref, f"record {number} of its page has no id", body[:MAX_RECORD]))
        elif len(name) > LONGEST_ID:
            bad.append((ref, f"its id is too long: {len(name):,} characters", body[:MAX_RECORD]))
        elif len(body) > MAX_RECORD:
            bad.append((ref, f"the record is too large: {len(body) / 2**20:.1f} MB", body[:1000]))
        else:
            rows.append((RawRow(ref, digest, body), record))
    total = page.total if type(page.total) is int else None
    return _Fetched(rows, bad, _storable(connection, page.cursor), total)


def _name_of(connection: Connection, record: Record) -> str:
    """The record's id as the store can keep it; empty where it has none."""
    try:
        return clean(connection.connector.identify(record))
    except Exception:
        # Whatever a hostile record provokes there: it is a record without an id.
        return ""


def _storable(connection: Connection, cursor: Cursor | None) -> Cursor | None:
    """The cursor as it will come back from the store; BadAnswerError for one that would not."""
    if cursor is None:
        return None
    try:
        text = orjson.dumps(cursor)
        kept: object = orjson.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise _bad_cursor(connection, "is no JSON") from error
    if not isinstance(kept, dict) or b"\\u0000" in text:
        raise _bad_cursor(connection, "is no JSON object that can be stored")
    if len(text) > MAX_CURSOR:
        raise _bad_cursor(connection, f"has {len(text) / 2**20:.1f} MB")
    return kept


def _bad_cursor(connection: Connection, what: str) -> BadAnswerError:
    return BadAnswerError(
        f"{connection.name}: the cursor that connector {connection.connector.kind} gave {what}",
        hint="nothing of that page was kept; report it to the connector's author",
    )


def _encode(record: object) -> bytes:
    try:
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS, default=str)
    except (TypeError, ValueError, RecursionError):
        # Lone surrogates, integers beyond 64 bits, deep nesting: kept in a form that can be shown and hashed.
        return orjson.dumps(_shown(record)[:MAX_RECORD].encode("utf-8", "backslashreplace").decode())


def _shown(record: object) -> str:
    try:
        return repr(record)
    except RecursionError:
        return f"a {type(record).__name__} that is nested too deeply to be shown"


def _store(
    work: Work, connection: Connection, page: _Fetched, report: ConnectionReport, normalize: bool
) -> None:
    """One transaction: records, what they mean, quarantine, cursor."""
    newest = {row.ref.id: (row, record) for row, record in page.rows}
    known = work.store.hashes(connection.name, list(newest))
    changed = [pair for pair in newest.values() if known.get(pair[0].ref.id) != pair[0].hash]
    meaning = translate(work, connection, changed) if normalize and changed else None
    with work.commit("pull"):
        now = work.clock.now()
        for ref, reason, body in page.bad:
            work.store.put_bad(ref, reason, body, now)
        if changed:
            work.store.put_records([row for row, _ in changed], normalized=meaning is not None)
        if meaning is not None:
            meaning.store(work, now)
        if page.cursor is not None:
            state = work.store.connection(connection.name)
            work.store.put_connection(replace(state, cursor=page.cursor, last_attempt=now))
    report.got += len(newest) + len(page.bad)
    report.changed += len(changed)
    report.bad += len(page.bad) + (len(meaning.bad) if meaning else 0)
    report.gone += len(meaning.gone) if meaning else 0


def _remember_success(work: Work, name: str) -> None:
    now = work.clock.now()
    with work.store.transaction(work.lease):
        state = work.store.connection(name)
        done = replace(state, parked_until=None, error="", error_kind="", last_success=now, last_attempt=now)
        work.store.put_connection(done)


def remember_failure(work: Work, name: str, error: OpshubError) -> Failure:
    """Keep the error with the connection, and the moment until which a vendor wants to be left alone."""
    failure = Failure.of(error, name)
    until = error.until if isinstance(error, RateLimitedError) else None
    with work.store.transaction(work.lease):
        state = work.store.connection(name)
        work.store.put_connection(
            replace(
                state,
                parked_until=until,
                error=failure.message,
                error_kind=failure.kind,
                last_attempt=work.clock.now(),
            )
        )
    return failure
