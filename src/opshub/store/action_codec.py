"""What people did, as compact JSON and back, exactly; written by position, like all values of the model."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import orjson

from opshub.errors import StoreError
from opshub.model import Idea, Link, LinkMaker, Ref, Visibility
from opshub.store.moments import EPOCH, micros
from opshub.store.rows import Action, ActionKind, Bound, Linked, Named
from opshub.store.storable import unstorable

__all__ = ["decode_action", "encode_action"]


def encode_action(it: Action) -> bytes:
    """Everything but the action's number. StoreError for what no database could hold."""
    found = unstorable(it.told())
    if found:
        raise StoreError(
            f"an action cannot be stored: {found[0]} holds {found[1]}", hint="write it without that"
        )
    row = [
        it.kind,
        micros(it.at),
        it.who,
        it.because,
        it.idea,
        it.other,
        it.feedback,
        it.undoes,
        [(change.feedback, _link(change.before), _link(change.after), change.stated) for change in it.links],
        it.bindings,
        [(_idea(change.before), _idea(change.after)) for change in it.ideas],
        it.apart,
        it.allowed,
        it.present,
        it.breaches,
        it.others,
    ]
    return orjson.dumps(row, default=list)  # named tuples


def decode_action(number: int, body: bytes) -> Action:
    """The action as it was put."""
    row = orjson.loads(body)
    return Action(
        number=number,
        kind=ActionKind(row[0]),
        at=EPOCH + timedelta(microseconds=row[1]),
        who=row[2],
        because=row[3],
        idea=row[4],
        other=row[5],
        feedback=tuple(Ref(*ref) for ref in row[6]),
        undoes=row[7],
        links=tuple(_linked(*change) for change in row[8]),
        bindings=tuple(Bound(Ref(*ref), before, after) for ref, before, after in row[9]),
        ideas=tuple(Named(_as_idea(before), _known(after)) for before, after in row[10]),
        apart=tuple((Ref(*ref), idea) for ref, idea in row[11]),
        allowed=tuple((Ref(*ref), idea) for ref, idea in row[12]),
        present=tuple(Ref(*ref) for ref in row[13]),
        breaches=tuple((alert, since) for alert, since in row[14]),
        others=tuple(row[15] if len(row) > 15 else ()),
    )


def _link(it: Link | None) -> Any:
    return None if it is None else (it.idea, it.maker, it.reason, it.confidence)


def _linked(ref: list[str], before: Any, after: Any, stated: int) -> Linked:
    return Linked(Ref(*ref), _as_link(Ref(*ref), before), _as_link(Ref(*ref), after), stated)


def _as_link(ref: Ref, row: Any) -> Link | None:
    if row is None:
        return None
    return Link(feedback=ref, idea=row[0], maker=LinkMaker(row[1]), reason=row[2], confidence=row[3])


def _idea(it: Idea | None) -> Any:
    return None if it is None else (it.number, it.title, micros(it.created_at), it.visibility, it.item)


def _as_idea(row: Any) -> Idea | None:
    return None if row is None else _known(row)


def _known(row: Any) -> Idea:
    number, title, created, visibility, item = row
    return Idea(
        number=number,
        title=title,
        created_at=EPOCH + timedelta(microseconds=created),
        visibility=Visibility(visibility),
        item=None if item is None else Ref(*item),
    )
