"""Putting the ranked list into the document that people read."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

from opshub.engine.connection import Connection
from opshub.engine.guard import asking
from opshub.engine.points import point
from opshub.engine.values import ranking
from opshub.engine.work import Work
from opshub.errors import ConflictError, UnknownOutcomeError
from opshub.sdk import Publishes
from opshub.store.rows import OutboxRow, OutboxState, Written

__all__ = ["publish"]


def publish(work: Work, connection: Connection, connector: Publishes, row: OutboxRow) -> int:
    """Publish the list unless it stands there already; 1 if a request was acknowledged.

    Raises ConflictError where somebody else edited the hub's section and the connection does not let the hub win.
    """
    rows = ranking(work.store, connection)
    with asking(connection):
        want = connector.fingerprint(rows)
        there = connector.published()
    last = work.store.written(connection.name, [""]).get(("", row.field))
    if there == want:
        _acknowledge(work, row, want, there if last is None else str(last.before), "already there")
        return 0
    edited = there is not None and last is not None and there != last.value
    if edited and row.state is not OutboxState.SENDING and connection.conflict != "hub":
        _refuse(work, replace(row, base=there))
    with work.store.transaction(work.lease):
        work.store.mark_sending([row], work.clock.now(), work.report.run)
    point("publish.marked")
    work.prove()
    with asking(connection, UnknownOutcomeError):
        connector.publish(rows)
    point("publish.published")
    _acknowledge(work, row, want, there, "published")
    return 1


def _refuse(work: Work, row: OutboxRow) -> NoReturn:
    note = "somebody edited the ranked list"
    with work.store.transaction(work.lease):
        work.store.settle(row, OutboxState.CONFLICT, note=note)
    work.stage("apply").add("conflicts")
    raise ConflictError(f"{row.connection}: {note}", hint="settle it: opshub plan says how")


def _acknowledge(work: Work, row: OutboxRow, want: str, before: str | None, word: str) -> None:
    memory = Written(
        connection=row.connection,
        target=row.target,
        field=row.field,
        idea=0,
        before=before,
        value=want,
        run=work.report.run,
        at=work.clock.now(),
    )
    with work.store.transaction(work.lease):
        work.store.settle(row, OutboxState.DONE)
        work.store.put_written([memory])
    work.stage("apply").add(word)
