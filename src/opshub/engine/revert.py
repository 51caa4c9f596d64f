"""Steps that a person takes back or decides: revert a run, settle a conflict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

from opshub.engine.connection import Connection
from opshub.engine.guard import asking
from opshub.engine.plan import CREATION, RANKING
from opshub.engine.report import Failure
from opshub.engine.values import merged, without_tags
from opshub.engine.work import Work
from opshub.errors import (
    ConflictError,
    NotFoundError,
    PausedError,
    RefusedWriteError,
    RetryError,
    SkipError,
    UnknownOutcomeError,
    UsageError,
)
from opshub.model import Change, Receipt, Ref, TrackedItem, Value
from opshub.sdk import Writes, clean_value
from opshub.store.rows import OutboxState, Written

__all__ = ["resolve", "revert"]

SHOWN = 10
"""Items that a message names."""


def revert(work: Work, run: int) -> None:
    """Put back what stood there before a run wrote, field by field, unless somebody changed it since.

    The hub's wish is then held: it is not repeated until the decision is another one.
    """
    rows = work.store.written_in(run)
    if not rows:
        raise NotFoundError(
            f"run {run} wrote nothing that can be put back",
            hint="runs are listed by: opshub status; what a later run wrote again belongs to that run",
        )
    with work.timed("revert"):
        for name, of_connection in groupby(rows, key=lambda row: row.connection):
            try:
                _connection(work, work.connection(name), list(of_connection))
            except (RetryError, PausedError) as error:
                work.report.tell(Failure.of(error, name))


def _connection(work: Work, connection: Connection, rows: list[Written]) -> None:
    """One connection's fields; a failure of the connection ends it, a failure of one item does not."""
    made = [str(row.value) for row in rows if row.field == CREATION]
    if made:
        work.report.tell(Failure.of(_stays(work, connection, made)))
    before = [row for row in rows if row.field != CREATION and row.target not in made]
    for target, of_target in groupby(before, key=lambda row: row.target):
        try:
            _put_back(work, connection, target, list(of_target))
        except (UnknownOutcomeError, SkipError) as error:
            work.report.tell(Failure.of(error, connection.name))


def _stays(work: Work, connection: Connection, made: list[str]) -> SkipError:
    """What the run created: nothing stood in its fields before."""
    items = [work.store.item(Ref(connection.name, name)) for name in made]
    keys = [item.key if item is not None else name for item, name in zip(items, made, strict=True)]
    more = f" and {len(keys) - SHOWN} more" if len(keys) > SHOWN else ""
    return SkipError(
        f"{connection.name}: made by that run, and left as it is: {', '.join(keys[:SHOWN])}{more}",
        hint="what is not wanted is closed by hand",
    )


def _put_back(work: Work, connection: Connection, target: str, rows: list[Written]) -> None:
    if any(row.field == RANKING and row.target == "" for row in rows):
        error = SkipError(f"{connection.name}: a published list is not taken back", hint="edit it by hand")
        work.report.tell(Failure.of(error))
    fields = [row for row in rows if row.target and not row.held]
    connector: object = connection.connector
    if not fields or not isinstance(connector, Writes):
        return
    with asking(connection):
        item = next(
            (i for i in map(connector.item, connector.read([target])) if isinstance(i, TrackedItem)), None
        )
    if item is None:
        raise SkipError(f"{connection.name}: {target} is gone or out of reach", hint="nothing to put back")
    item = clean_value(item)
    back = {row.field: (row, old) for row in fields for old in _old_value(work, row, item)}
    if back:
        _write_back(work, connection, connector, item, back)


def _old_value(work: Work, row: Written, item: TrackedItem) -> Iterator[Value]:
    """What to put back; nothing where somebody changed the field since."""
    current = item.fields.get(row.field)
    if isinstance(row.value, tuple):
        yield merged(current, row.own, row.before if isinstance(row.before, tuple) else ())
    elif current == row.value:
        yield row.before
    else:
        error = ConflictError(
            f"{row.connection}: {item.key} {row.field}: somebody changed it since; it is left alone"
        )
        work.report.tell(Failure.of(error))


def _write_back(
    work: Work,
    connection: Connection,
    connector: Writes,
    item: TrackedItem,
    back: dict[str, tuple[Written, Value]],
) -> None:
    with work.store.transaction(work.lease):
        # The holds come first: were the process to die after the request, the next plan must not undo it.
        work.store.put_written([_held(work, row, value) for row, value in back.values()])
        keys = [(row.connection, row.target, row.field) for row, _ in back.values()]
        work.store.drop_wishes(keys)
    change = Change(
        target=item.ref.id, fields={name: value for name, (_, value) in back.items()}, version=item.version
    )
    receipt = _send(work, connection, connector, change, [row for row, _ in back.values()])
    _release(work, [back[name][0] for name in receipt.refused])
    for name, reason in receipt.refused.items():
        refusal = RefusedWriteError(f"{connection.name}: {item.key}: {name}: {reason}", field=name)
        work.report.tell(Failure.of(refusal))
    if connection.role == "ideas":
        taken = {name: value for name, value in change.fields.items() if name not in receipt.refused}
        values = {**item.fields, **taken}
        with work.store.transaction(work.lease):
            own = {tag for row, _ in back.values() for tag in row.own}
            there = replace(without_tags(item, own), fields=values, version=receipt.version)
            work.store.put_items([there], own=True)
    work.stage("revert").add("put back", len(back) - len(receipt.refused))


def _send(
    work: Work, connection: Connection, connector: Writes, change: Change, rows: list[Written]
) -> Receipt:
    """The one request; what is known not to have been done is released."""
    try:
        with asking(connection, UnknownOutcomeError):
            return connector.write(change)
    except UnknownOutcomeError:
        raise
    except (RetryError, PausedError, SkipError):
        _release(work, rows)
        raise


def _release(work: Work, rows: list[Written]) -> None:
    """Nothing was put back: these fields stand as before, and another revert can try again."""
    with work.store.transaction(work.lease):
        work.store.put_written(rows)
        work.store.touch_ideas(sorted({row.idea for row in rows if row.idea}))


def _held(work: Work, row: Written, value: Value) -> Written:
    """The memory of a reverted field: what stands there now, and the hub's wish that is not to come back."""
    wish: Value = row.own if isinstance(row.value, tuple) else row.value
    return replace(row, before=wish, value=value, own=(), held=True, run=work.report.run, at=work.clock.now())


def resolve(work: Work, connection: str, target: str, field_name: str, keep: str) -> None:
    """Settle a conflict: the hub's value is planned again, or the remote one stays until the decision changes."""
    if keep not in ("hub", "remote"):
        raise UsageError(f"a conflict keeps 'hub' or 'remote', not {keep!r}", hint="say --keep hub")
    for row in work.store.outbox(connection=connection, states=[OutboxState.CONFLICT]):
        if row.target == target and row.field == field_name:
            break
    else:
        raise NotFoundError(
            f"{connection}: there is no conflict about {field_name or 'an item'} of {target or 'the list'}",
            hint="conflicts are listed by: opshub plan",
        )
    last = work.store.written(connection, [target]).get((target, field_name))
    memory = Written(
        connection=connection,
        target=target,
        field=field_name,
        idea=row.idea,
        before=row.wish if keep == "remote" else row.base,
        value=row.base,
        own=last.own if last else (),
        run=work.report.run,
        at=work.clock.now(),
        held=keep == "remote",
    )
    with work.store.transaction(work.lease):
        work.store.put_written([memory])
        work.store.settle(row, OutboxState.DONE if keep == "remote" else OutboxState.PLANNED)
