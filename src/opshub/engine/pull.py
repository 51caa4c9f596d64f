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
from typing import Any

import orjson

from opshub.engine.connection import Connection
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
    UsageError,
)
from opshub.model import Cursor, Record, Ref
from opshub.sdk import Page, Rewinds
from opshub.store.base import ConnectionState, RawRow

__all__ = ["binding", "pull", "remember_failure"]

AHEAD = 2
"""Pages fetched ahead of the one being stored; bounds the memory."""

AT_HAND = 2000
"""Records stored since the last thought from which the later stages are let in between two pages: what was just stored
is then still in memory and need not be read and decoded again."""

MAX_RECORD = 8 * 2**20
"""Bytes of one record beyond which it is set aside instead of stored."""


@dataclass(frozen=True, slots=True)
class _Fetched:
    """A page with what can be computed before the store is asked."""

    rows: list[tuple[RawRow, Record]]
    bad: list[tuple[Ref, str, bytes]]
    cursor: Cursor | None
    total: int | None


def binding(connection: Connection) -> tuple[str, str]:
    """What the cursor, and what the normalized records, belong to: when either changes they are redone."""
    connector = connection.connector
    scope = orjson.dumps(
        [connector.cursor_version, connector.scope()], option=orjson.OPT_SORT_KEYS, default=str
    )
    shape = f"{connection.role}:{connector.revision}:{','.join(sorted(connector.fields))}"
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
        report.failure = Failure.of(error)
        remember_failure(work, connection.name, error)
    else:
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
    if since is not None:
        connector: object = connection.connector
        if not isinstance(connector, Rewinds):
            raise UsageError(
                f"{connection.name}: {connection.connector.kind} cannot start from a moment",
                hint=f"use: opshub sync {connection.name} --full",
            )
        return connector.rewind(since)
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
        with closing(_ahead(self.connection, cursor, self.meanwhile)) as pages:
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
                    report.stopped = True
                    return


def _ahead(
    connection: Connection, cursor: Cursor | None, meanwhile: Callable[[], bool] | None
) -> Generator[_Fetched, None, None]:
    """Pages from a thread that fetches ahead; its error comes out here, after the pages before it."""
    pages: queue.Queue[_Fetched | BaseException | None] = queue.Queue(AHEAD)
    stop = threading.Event()
    thread = threading.Thread(
        target=_fetch, args=(connection, cursor, pages, stop), name=f"pull-{connection.name}", daemon=True
    )
    thread.start()
    try:
        while True:
            while meanwhile is not None and pages.empty() and meanwhile():
                pass
            page = pages.get()
            if page is None:
                return
            if isinstance(page, BaseException):
                raise page
            yield page
    finally:
        stop.set()
        while thread.is_alive():
            # The thread may be waiting for room in the queue.
            _drain(pages)
            thread.join(0.01)


def _drain(pages: queue.Queue[Any]) -> None:
    """Make room in a queue that nobody reads any more."""
    try:
        pages.get_nowait()
    except queue.Empty:
        return


def _fetch(
    connection: Connection,
    cursor: Cursor | None,
    pages: queue.Queue[_Fetched | BaseException | None],
    stop: threading.Event,
) -> None:
    """The thread's work: pull, hash, hand over."""
    try:
        for page in connection.connector.pull(cursor):
            pages.put(_prepare(connection, page))
            if stop.is_set():
                return
        pages.put(None)
    except OpshubError as error:
        pages.put(error)
    except Exception as error:
        # The vendor's answer or the connector's own defect: one connection must not take the others down.
        broken = BadAnswerError(
            f"{connection.name}: an answer does not have the expected shape "
            f"({type(error).__name__} in connector {connection.connector.kind})",
            hint="try again later; if it stays, run with --debug and report it to the connector's author",
        )
        broken.__cause__ = error
        pages.put(broken)
    except BaseException as error:
        # The interpreter is ending: the thread that waits must learn of it.
        pages.put(error)


def _prepare(connection: Connection, page: Page) -> _Fetched:
    """Name and hash every record."""
    rows: list[tuple[RawRow, Record]] = []
    bad: list[tuple[Ref, str, bytes]] = []
    for number, record in enumerate(page.records):
        body = _encode(record)
        digest = hashlib.blake2b(body, digest_size=16).digest()
        try:
            record_id = connection.connector.identify(record)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError):
            ref = Ref(connection.name, f"?{digest.hex()}")
            bad.append((ref, f"record {number + 1} of its page has no id", body[:MAX_RECORD]))
            continue
        ref = Ref(connection.name, record_id[:500])
        if len(body) > MAX_RECORD:
            size = f"{len(body) / 2**20:.1f} MB"
            bad.append((ref, f"the record is too large: {size}", body[:1000]))
            continue
        rows.append((RawRow(ref, digest, body), record))
    return _Fetched(rows, bad, page.cursor, page.total)


def _encode(record: object) -> bytes:
    try:
        return orjson.dumps(record, option=orjson.OPT_SORT_KEYS, default=str)
    except (TypeError, ValueError, RecursionError):
        # Lone surrogates, integers beyond 64 bits, deep nesting: kept in a form that can be shown and hashed.
        return orjson.dumps(repr(record)[:MAX_RECORD].encode("utf-8", "backslashreplace").decode())


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
    report.got += len(page.rows) + len(page.bad)
    report.changed += len(changed)
    report.bad += len(page.bad) + (len(meaning.bad) if meaning else 0)
    report.gone += len(meaning.gone) if meaning else 0


def _remember_success(work: Work, name: str) -> None:
    now = work.clock.now()
    with work.store.transaction(work.lease):
        state = work.store.connection(name)
        done = replace(state, parked_until=None, error="", error_kind="", last_success=now, last_attempt=now)
        work.store.put_connection(done)


def remember_failure(work: Work, name: str, error: OpshubError) -> None:
    """Keep the error with the connection, and the moment until which a vendor wants to be left alone."""
    until = error.until if isinstance(error, RateLimitedError) else None
    with work.store.transaction(work.lease):
        state = work.store.connection(name)
        work.store.put_connection(
            replace(
                state,
                parked_until=until,
                error=str(error),
                error_kind=type(error).__name__,
                last_attempt=work.clock.now(),
            )
        )
