"""Making a tracker's item for an idea that has none: marker first, look-up before every request, one POST."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from opshub.engine.connection import Connection
from opshub.engine.guard import asking
from opshub.engine.merged import survivor
from opshub.engine.points import point
from opshub.engine.shape import flaw
from opshub.engine.values import Wanted, draft, without_tags
from opshub.engine.work import Work
from opshub.errors import UnknownOutcomeError
from opshub.model import Draft, TrackedItem, Value
from opshub.sdk import OWNER, Creates, clean_value
from opshub.store.rows import OutboxRow, OutboxState, Written

__all__ = ["create"]

PATIENCE = timedelta(seconds=5)
"""A lag up to which the look-up is awaited within the run; beyond it, the next run looks again."""


def create(work: Work, connection: Connection, connector: Creates, row: OutboxRow) -> int:
    """Create the item unless it is there; 1 if it now is.

    Raises UnknownOutcomeError while nobody can know whether an earlier request made it.
    """
    idea = work.store.idea(survivor(work.store, row.idea))
    decision = work.store.decisions([row.idea]).get(row.idea)
    if idea is None or decision is None:
        return 0
    if idea.number != row.idea:
        return _settle_merged(work, connection, connector, row)
    text = _text(work, connection, row, Wanted(idea, decision, ()))
    # A pull may have seen the item before an earlier request could be acknowledged.
    with asking(connection):
        found = idea.item.id if idea.item is not None else _look_up(work, connection, connector, row)
    point("create.looked_up")
    if found is None:
        found = _make(work, connection, connector, row, text)
    with asking(connection, UnknownOutcomeError):
        item = _read_back(connector, row, found)
    _bind(work, row, item, text)
    point("create.acknowledged")
    work.stage("apply").add("created")
    return 1


def _settle_merged(work: Work, connection: Connection, connector: Creates, row: OutboxRow) -> int:
    """Close the wish of an idea that is part of another by now: nothing is made for it; what was made goes along.

    The match stage gives the item to the survivor when it sees it, by its marker.
    """
    with asking(connection):
        found = _look_up(work, connection, connector, row) if row.state is OutboxState.SENDING else None
    with work.store.transaction(work.lease):
        work.store.settle(row, OutboxState.DONE, note=f"{row.target} was merged into another idea")
        if found is not None:
            work.store.put_written([_memory(work, row, row.target, row.field, found, ())])
    work.stage("apply").add("found out")
    return 1


def _make(work: Work, connection: Connection, connector: Creates, row: OutboxRow, text: Draft) -> str:
    """The one request; the new item's id."""
    with work.store.transaction(work.lease):
        work.store.mark_sending([row], work.clock.now(), work.report.run)
    point("create.marked")
    work.prove()
    with asking(connection, UnknownOutcomeError):
        receipt = connector.create(text)
    point("create.created")
    if OWNER in receipt.refused:
        work.report.notices.append(f"{connection.name}: {row.target} has no owner: {receipt.refused[OWNER]}")
    if receipt.refused.keys() - {OWNER}:
        # Tried again as ordinary wishes, which then say why.
        work.stage("apply").add("fields left out at creation", len(receipt.refused.keys() - {OWNER}))
    return receipt.target


def _text(work: Work, connection: Connection, row: OutboxRow, wanted: Wanted) -> Draft:
    voices = [feedback for _, feedback in work.store.voices([row.idea])]
    return draft(replace(wanted, voices=voices), connection, str(row.wish))


def _look_up(work: Work, connection: Connection, connector: Creates, row: OutboxRow) -> str | None:
    """The item that carries the marker. While the vendor's search may not show it yet, absence proves nothing."""
    found = connector.find(row.target)
    if found is not None or row.state is not OutboxState.SENDING or row.sent_at is None:
        return found
    left = row.sent_at + connection.connector.lag - work.clock.now()
    if left > PATIENCE:
        raise UnknownOutcomeError(
            f"{connection.name}: an item for {row.target} was asked for and no answer came",
            hint=f"its search may lag by {connection.connector.lag}; the next sync looks again",
        )
    if left > timedelta(0):
        work.clock.sleep(left.total_seconds())
    return connector.find(row.target)


def _bind(work: Work, row: OutboxRow, item: TrackedItem, text: Draft) -> None:
    """See the new item, tie it to its idea, remember the fields that came with it; one transaction."""
    idea, target = work.store.idea(row.idea), item.ref.id
    assert idea is not None
    mine = {tag for wish in text.fields.values() if isinstance(wish, tuple) for tag in wish}
    with work.store.transaction(work.lease):
        work.store.settle(row, OutboxState.DONE)
        work.store.put_items([without_tags(item, mine)], own=True)
        work.store.bind_items([(item.ref, row.idea)])
        work.store.put_ideas([replace(idea, item=item.ref)])
        work.store.put_written([_memory(work, row, row.target, row.field, target, ())])
        for name, wish in text.fields.items():
            there = item.fields.get(name)
            own = (
                tuple(sorted({*wish} & {*there}))
                if isinstance(wish, tuple) and isinstance(there, tuple)
                else ()
            )
            work.store.put_written([_memory(work, row, target, name, there, own)])


def _read_back(connector: Creates, row: OutboxRow, target: str) -> TrackedItem:
    """The new item as the tracker shows it; UnknownOutcomeError where it shows none."""
    for item in map(connector.item, connector.read([target])):
        if isinstance(item, TrackedItem) and not flaw(item):
            return clean_value(item)
    raise UnknownOutcomeError(
        f"{row.connection}: the item made for {row.target} cannot be read back",
        hint="check that the account may browse the project; the next sync looks again",
    )


def _memory(
    work: Work, row: OutboxRow, target: str, field: str, value: Value, own: tuple[str, ...]
) -> Written:
    return Written(
        connection=row.connection,
        target=target,
        field=field,
        idea=row.idea,
        before=None,
        value=value,
        own=own,
        run=work.report.run,
        at=work.clock.now(),
    )
