"""The seventh stage: the plan becomes requests, one item at a time.

For each item: read what stands there, judge every wish against it, mark the wishes as being sent (in a transaction
that proves that nobody took over), write once, acknowledge. A write whose answer is lost stays marked: the next pass
reads before it sends anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from opshub.engine.connection import Connection
from opshub.engine.create import create
from opshub.engine.guard import asking
from opshub.engine.plan import CREATION, RANKING
from opshub.engine.points import point
from opshub.engine.publish import publish
from opshub.engine.pull import refuse_while_parked, remember_failure
from opshub.engine.report import Failure
from opshub.engine.shape import flaw
from opshub.engine.values import added, merged, shown, without_tags
from opshub.engine.work import Work
from opshub.errors import (
    BadRecordError,
    ConflictError,
    PausedError,
    RateLimitedError,
    RefusedWriteError,
    RetryError,
    SkipError,
    UnknownOutcomeError,
)
from opshub.model import Change, Receipt, TrackedItem
from opshub.sdk import Creates, Publishes, Writes, clean_value
from opshub.store.rows import OutboxRow, OutboxState, Written

__all__ = ["apply"]

TRIES = 3
"""How often a write is begun again because the item changed between reading and writing."""


def apply(work: Work, rows: Sequence[OutboxRow]) -> int:
    """Send wishes; every failure ends up in the report. How many requests were acknowledged."""
    done = 0
    with work.timed("apply"):
        for name, of_connection in groupby(rows, key=lambda row: row.connection):
            done += _connection(work, work.connection(name), list(of_connection))
    return done


def _connection(work: Work, connection: Connection, rows: Sequence[OutboxRow]) -> int:
    """One connection's wishes; a failure of the connection ends it, a failure of one item does not."""
    done = 0
    try:
        refuse_while_parked(work, work.store.connection(connection.name))
        for target, of_target in groupby(rows, key=lambda row: row.target):
            if work.stopping():
                break
            try:
                done += _target(work, connection, target, list(of_target))
            except (UnknownOutcomeError, SkipError) as error:
                work.report.tell(Failure.of(error, connection.name))
    except (RetryError, PausedError) as error:
        work.report.tell(Failure.of(error, connection.name))
        if isinstance(error, RateLimitedError):
            remember_failure(work, connection.name, error)
    return done


def _target(work: Work, connection: Connection, target: str, rows: Sequence[OutboxRow]) -> int:
    connector: object = connection.connector
    done = 0
    for row in rows:
        if row.field == CREATION and isinstance(connector, Creates):
            done += create(work, connection, connector, row)
        elif row.field == RANKING and target == "" and isinstance(connector, Publishes):
            done += publish(work, connection, connector, row)
    fields = [row for row in rows if row.field not in (CREATION, *([RANKING] if not target else []))]
    if fields and isinstance(connector, Writes):
        for attempt in range(TRIES):
            try:
                return done + _item(work, connection, connector, target, fields)
            except ConflictError:
                # It changed between our read and our write; the next read sees what is there now.
                if attempt == TRIES - 1:
                    raise
    return done


@dataclass(slots=True)
class _Verdict:
    """What is to be done with each wish once the item has been read."""

    send: list[OutboxRow] = field(default_factory=list)
    stands: list[OutboxRow] = field(default_factory=list)
    conflicts: list[tuple[OutboxRow, str]] = field(default_factory=list)


def _item(
    work: Work, connection: Connection, connector: Writes, target: str, rows: Sequence[OutboxRow]
) -> int:
    """Read, judge, write, acknowledge one item; 1 if anything became known."""
    with asking(connection, BadRecordError):
        item = _read(connector, target)
    point("apply.read")
    if item is None:
        _settle(work, rows, OutboxState.REFUSED, "the item is gone or out of reach")
        return 0
    unanswered = [row for row in rows if row.state is OutboxState.SENDING]
    if unanswered:
        # What to wish for now is the planner's to say, once it knows what stands there.
        _find_out(work, connection, item, unanswered)
        return 1
    verdict = _judge(work, connection, item, rows)
    for row, note in verdict.conflicts:
        _settle(work, [row], OutboxState.CONFLICT, note)
    _acknowledge(work, connection, item, verdict.stands, "already there")
    if not verdict.send:
        return 0
    receipt = _send(work, connection, connector, item, verdict.send)
    point("apply.written")
    taken = [row for row in verdict.send if row.field not in receipt.refused]
    for row in verdict.send:
        if row.field in receipt.refused:
            _refuse(work, row, item, receipt.refused[row.field])
    _acknowledge(work, connection, replace(item, version=receipt.version or item.version), taken, "written")
    point("apply.acknowledged")
    return 1


def _find_out(work: Work, connection: Connection, item: TrackedItem, rows: Sequence[OutboxRow]) -> None:
    """Settle what was sent and never answered by what stands there; their ideas are due for planning again."""
    last = work.store.written(connection.name, [item.ref.id])
    mine = {tag for memory in last.values() for tag in memory.own}
    with work.store.transaction(work.lease):
        for row in rows:
            current = item.fields.get(row.field)
            known = last.get((row.target, row.field))
            there = {*current} if isinstance(current, tuple) else set()
            # Members that this request or an earlier one asked for are the hub's, also where only some arrived.
            own = tuple(sorted(there & {*row.own, *(known.own if known else ())}))
            mine.update(own)
            done = current == row.wish or (isinstance(row.wish, tuple) and there == {*row.wish})
            work.store.settle(row, OutboxState.DONE if done else OutboxState.PLANNED)
            if done or isinstance(row.wish, tuple):
                stands = replace(row, wish=row.wish if done else current, own=own)
                work.store.put_written([_written(work, stands)])
        if connection.role == "ideas":
            work.store.put_items([without_tags(item, mine)], own=True)
        work.store.touch_ideas(sorted({row.idea for row in rows}))
    work.stage("apply").add("found out", len(rows))


def _send(
    work: Work, connection: Connection, connector: Writes, item: TrackedItem, rows: Sequence[OutboxRow]
) -> Receipt:
    """The one request. A clear refusal closes the wishes; a race for the item opens them again."""
    with work.store.transaction(work.lease):
        work.store.mark_sending(rows, work.clock.now(), work.report.run)
    point("apply.marked")
    work.prove()
    change = Change(target=item.ref.id, fields={row.field: row.wish for row in rows}, version=item.version)
    try:
        with asking(connection, UnknownOutcomeError):
            return connector.write(change)
    except RefusedWriteError as error:
        _settle(work, rows, OutboxState.REFUSED, str(error))
        raise
    except ConflictError:
        _settle(work, rows, OutboxState.PLANNED, "")
        raise


def _refuse(work: Work, row: OutboxRow, item: TrackedItem, reason: str) -> None:
    _settle(work, [row], OutboxState.REFUSED, reason)
    refusal = RefusedWriteError(
        f"{row.connection}: {item.key}: {reason}", field=row.field, hint="after a change there: opshub apply"
    )
    work.report.tell(Failure.of(refusal))


def _read(connector: Writes, target: str) -> TrackedItem | None:
    """The item as it stands, or None where it is gone."""
    for record in connector.read([target]):
        item = connector.item(record)
        if isinstance(item, TrackedItem) and item.ref.id == target:
            item = clean_value(item)
            wrong = flaw(item)
            if wrong:
                raise BadRecordError(f"{target} cannot be understood: {wrong}", record_id=target)
            return item
    return None


def _judge(work: Work, connection: Connection, item: TrackedItem, rows: Iterable[OutboxRow]) -> _Verdict:
    """Sort wishes by what now stands in their fields."""
    verdict = _Verdict()
    written = work.store.written(connection.name, [item.ref.id])
    for row in rows:
        current = item.fields.get(row.field)
        last = written.get((row.target, row.field))
        if isinstance(row.wish, tuple):
            before = last.own if last else ()
            own = added(current, before, row.own)
            whole = merged(current, before, own)
            same = whole == tuple(sorted(current if isinstance(current, tuple) else ()))
            row = replace(row, wish=whole, own=own, base=current)
            (verdict.stands if same else verdict.send).append(row)
        elif current == row.wish:
            verdict.stands.append(row)
        elif (
            current == row.base
            or (last is not None and current == last.value)
            or connection.conflict == "hub"
        ):
            verdict.send.append(replace(row, base=current))
        else:
            note = f"somebody changed it from {shown(row.base)} to {shown(current)}"
            verdict.conflicts.append((replace(row, base=current), note))
    return verdict


def _settle(work: Work, rows: Iterable[OutboxRow], state: OutboxState, note: str) -> None:
    with work.store.transaction(work.lease):
        for row in rows:
            work.store.settle(row, state, note=note)
            if state is not OutboxState.PLANNED:
                work.stage("apply").add(str(state))


def _acknowledge(
    work: Work, connection: Connection, item: TrackedItem, rows: Sequence[OutboxRow], word: str
) -> None:
    """Close wishes, remember what was written, and see the item as it now is; one transaction."""
    if not rows:
        return
    with work.store.transaction(work.lease):
        last = work.store.written(connection.name, [item.ref.id])
        for row in rows:
            work.store.settle(row, OutboxState.DONE)
        memories = [_written(work, row) for row in rows]
        work.store.put_written(memories)
        if connection.role == "ideas":
            values = {**item.fields, **{row.field: row.wish for row in rows}}
            own = {tag for memory in (*last.values(), *memories) for tag in memory.own}
            work.store.put_items([replace(without_tags(item, own), fields=values)], own=True)
    work.stage("apply").add(word, len(rows))


def _written(work: Work, row: OutboxRow) -> Written:
    """The memory of a write."""
    return Written(
        connection=row.connection,
        target=row.target,
        field=row.field,
        idea=row.idea,
        before=row.base,
        value=row.wish,
        own=row.own,
        run=work.report.run,
        at=work.clock.now(),
    )
