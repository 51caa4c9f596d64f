"""Values of the model as compact JSON and back, exactly.

A value is written by position, so that a stored row holds no field names: adding a field to the model means adding it
at the end here, with a default for shorter rows. Times are whole microseconds since 1970, in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from math import isfinite
from typing import Any

import orjson

from opshub.errors import StoreError
from opshub.model import (
    Account,
    Comment,
    Decision,
    Feedback,
    Override,
    Person,
    Rating,
    Ref,
    Trace,
    TrackedItem,
    Value,
    Visibility,
)
from opshub.store.making import maker
from opshub.store.moments import EPOCH, from_micros, micros, micros_or_none
from opshub.store.rows import Light
from opshub.store.storable import unstorable

__all__ = [
    "VISIBILITY",
    "decode_decision",
    "decode_destination",
    "decode_feedback",
    "decode_item",
    "decode_light",
    "decode_override",
    "decode_value",
    "encode_decision",
    "encode_feedback",
    "encode_item",
    "encode_override",
    "encode_value",
    "is_canonical",
    "stored_json",
]

_FAILS = (TypeError, ValueError, AttributeError, OverflowError, RecursionError)
_PLAIN = frozenset({str, int, bool, type(None)})
VISIBILITY = {str(member): member for member in Visibility}


def encode_value(value: Value) -> Any:
    """As plain JSON data: a moment is ``{"t": microseconds}``, a set of texts a list."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if isinstance(value, float):
        return _finite(value)
    if isinstance(value, datetime):
        return {"t": micros(value)}
    if isinstance(value, tuple) and all(isinstance(member, str) for member in value):
        return list(value)
    if isinstance(value, str | int):
        return value
    raise TypeError(f"a {kind.__name__}")


def decode_value(data: Any) -> Value:
    """What ``encode_value`` was given."""
    if type(data) is list:
        return tuple(data)
    if type(data) is dict:
        return from_micros(data["t"])
    value: Value = data
    return value


def stored_json(data: object, what: str) -> bytes:
    """Plain data as JSON. StoreError names ``what`` and the place of a value that JSON cannot hold."""
    try:
        return orjson.dumps(data)
    except _FAILS as error:
        raise _refusal(data, what, error) from None


def encode_feedback(feedback: Feedback) -> tuple[int, bytes]:
    """The moment it was created, and everything else but its name."""
    try:
        return micros(feedback.created_at), _feedback(feedback)
    except _FAILS as error:
        raise _refusal(feedback, str(feedback.ref), error) from None


def encode_item(item: TrackedItem) -> tuple[int, bytes]:
    """The moment it was created, and everything else but its name."""
    try:
        return micros(item.created_at), _item(item)
    except _FAILS as error:
        raise _refusal(item, str(item.ref), error) from None


def encode_decision(decision: Decision) -> tuple[int | None, bytes]:
    """The moment it falls due, and everything else but the idea's number."""
    try:
        return micros_or_none(decision.due), _decision(decision)
    except _FAILS as error:
        raise _refusal(decision, f"the decision on IDEA-{decision.idea}", error) from None


def encode_override(override: Override) -> bytes:
    """Everything but the idea's number."""
    try:
        return orjson.dumps(_override(override))
    except _FAILS as error:
        raise _refusal(override, f"the override of IDEA-{override.idea}", error) from None


def decode_override(idea: int, body: bytes) -> Override:
    """The override as it was put."""
    return _as_override(idea, orjson.loads(body))


def _override(it: Override) -> tuple[Any, ...]:
    priority = None if it.priority is None else _finite(it.priority)
    said = (priority, it.band, it.tags, it.route, it.because, it.who, micros(it.at), micros(it.until), it.day)
    return (*said, it.owner) if it.owner else said


def _as_override(idea: int, row: list[Any]) -> Override:
    priority, band, tags, route, because, who, at, until, day, *more = row
    return Override(
        idea=idea,
        priority=priority,
        band=band,
        tags=tuple(tags),
        route=route,
        because=because,
        who=who,
        at=EPOCH + timedelta(microseconds=at),
        until=EPOCH + timedelta(microseconds=until),
        day=day,
        owner=more[0] if more else "",
    )


def _refusal(value: object, what: str, error: Exception) -> StoreError:
    """Why a value cannot be stored: the first field that no database could hold, else what the encoder said."""
    place, problem = unstorable(value) or ("", str(error)[:100])
    where = f"its {place} holds" if place else "it holds"
    return StoreError(
        f"{ascii(what)[1:-1]} cannot be stored: {where} {problem}",
        hint="clean the value where the record is read",
    )


def is_canonical(it: Feedback) -> bool:
    """Whether decoding what it is encoded to gives not only an equal value, but one of the same make.

    A moment in another zone is equal and yet prints differently: a rule must not see the one before a restart and
    the other after it.
    """
    return (
        it.created_at.tzinfo is UTC
        and (it.updated_at is None or it.updated_at.tzinfo is UTC)
        and not it.comments
        and type(it.tags) is tuple
        and type(it.mentions) is tuple
        and all(type(value) in _PLAIN or type(value) is float for value in it.fields.values())
    )


def _feedback(it: Feedback) -> bytes:
    row = [
        it.url,
        it.text,
        it.title,
        it.kind,
        None if it.updated_at is None else micros(it.updated_at),
        it.visibility,
        None if it.author is None else _person(it.author),
        None if it.account is None else _account(it.account),
        [_comment(comment) for comment in it.comments] if it.comments else (),
        it.language,
        None if it.rating is None else _rating(it.rating),
        it.tags,
        _values(it.fields) if it.fields else {},
        it.mentions,
        it.duplicate_of,
    ]
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


def decode_feedback(ref: Ref, created: int, body: bytes) -> Feedback:
    """The feedback as it was put."""
    row = orjson.loads(body)
    fields = row[12]
    feedback: Feedback = maker(Feedback)(
        ref,
        row[0],
        row[1],
        EPOCH + timedelta(microseconds=created),
        row[2],
        row[3],
        None if row[4] is None else from_micros(row[4]),
        VISIBILITY[row[5]],
        None if row[6] is None else maker(Person)(*row[6]),
        None if row[7] is None else maker(Account)(*row[7]),
        tuple(map(_as_comment, row[8])) if row[8] else (),
        row[9],
        None if row[10] is None else maker(Rating)(*row[10]),
        tuple(row[11]) if row[11] else (),
        {name: decode_value(value) for name, value in fields.items()} if fields else fields,
        tuple(row[13]) if row[13] else (),
        row[14],
    )
    return feedback


def _item(it: TrackedItem) -> bytes:
    row = [
        it.key,
        it.url,
        it.title,
        it.text,
        it.kind,
        micros_or_none(it.updated_at),
        it.status,
        it.visibility,
        None if it.author is None else _person(it.author),
        [_comment(comment) for comment in it.comments],
        it.tags,
        _values(it.fields),
        it.mentions,
        it.duplicate_of,
        it.version,
        it.marker,
    ]
    return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)


def decode_item(ref: Ref, created: int, body: bytes) -> TrackedItem:
    """The tracked item as it was put."""
    row = orjson.loads(body)
    item: TrackedItem = maker(TrackedItem)(
        ref,
        row[0],
        row[1],
        row[2],
        EPOCH + timedelta(microseconds=created),
        row[3],
        row[4],
        from_micros(row[5]),
        row[6],
        VISIBILITY[row[7]],
        None if row[8] is None else maker(Person)(*row[8]),
        tuple(map(_as_comment, row[9])),
        tuple(row[10]),
        {name: decode_value(value) for name, value in row[11].items()},
        tuple(row[12]),
        row[13],
        row[14],
        row[15],
    )
    return item


def _decision(it: Decision) -> bytes:
    scores = (
        it.scores if all(map(isfinite, it.scores.values())) else dict(map(_finite_item, it.scores.items()))
    )
    row: tuple[Any, ...] = (scores, it.band, it.tags, it.route, it.urgency, it.legend, it.traces)
    if it.override is not None or it.goals or it.owner:
        row = (*row, it.override and _override(it.override), _values(it.ruled))
    if it.goals or it.owner:
        row = (*row, it.goals, it.owner)
    return orjson.dumps(row, default=encode_value, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _finite_item(item: tuple[str, float]) -> tuple[str, float]:
    return item[0], _finite(item[1])


def decode_decision(idea: int, due: int | None, body: bytes) -> Decision:
    """The decision as it was put."""
    scores, band, tags, route, urgency, legend, traces, *more = orjson.loads(body)
    return Decision(
        idea=idea,
        scores=scores,
        band=band,
        tags=tuple(tags),
        route=route,
        urgency=urgency,
        legend=legend,
        traces=tuple(map(_as_trace, traces)),
        due=from_micros(due),
        override=_as_override(idea, more[0]) if more and more[0] else None,
        ruled={name: decode_value(value) for name, value in more[1].items()} if more else {},
        goals=tuple(more[2]) if len(more) > 2 else (),
        owner=more[3] if len(more) > 2 else "",
    )


def decode_light(idea: int, due: int | None, body: bytes) -> Light:
    """The decision as far as it is needed at once; what a person set is part of it as a whole."""
    scores, band, tags, route, urgency, legend, traces, *more = orjson.loads(body)
    whole = partial(decode_decision, idea, due, body)
    held = [trace[0] for trace in traces]
    if more and more[0]:
        return Light(whole(), held, whole)
    goals, owner = (tuple(more[2]), more[3]) if len(more) > 2 else ((), "")
    light: tuple[Any, ...] = (
        idea,
        scores,
        band,
        tuple(tags),
        route,
        urgency,
        legend,
        (),
        from_micros(due),
        None,
        {},
    )
    return Light(maker(Decision)(*light, goals, owner), held, whole)


def decode_destination(body: bytes) -> tuple[str, str]:
    """Route and urgency of the decision alone."""
    _, _, _, route, urgency, *_ = orjson.loads(body)
    return route, urgency


def _as_trace(row: list[Any]) -> Trace:
    number, values, evidence = row
    return (
        number,
        tuple(map(decode_value, values)),
        tuple((connection, name) for connection, name in evidence),
    )


def _values(fields: Mapping[str, Value]) -> dict[str, Any]:
    return {
        name: value
        if (kind := type(value)) in _PLAIN or (kind is float and isfinite(value))  # type: ignore[arg-type]  # kind says so
        else encode_value(value)
        for name, value in fields.items()
    }


def _finite(number: float) -> float:
    """JSON has no NaN and no infinity; orjson would quietly write null for them."""
    if not isfinite(number):
        raise ValueError(f"the number {number}")
    return number


def _person(it: Person) -> tuple[str, str, str]:
    return it.id, it.name, it.email


def _account(it: Account) -> tuple[Any, ...]:
    return it.id, it.name, it.domain, it.plan, None if it.arr is None else _finite(it.arr)


def _rating(it: Rating) -> tuple[Any, ...]:
    return _finite(it.value), _finite(it.worst), _finite(it.best), it.scale


def _comment(it: Comment) -> tuple[Any, ...]:
    author = None if it.author is None else _person(it.author)
    return it.id, it.text, micros_or_none(it.created_at), author, it.visibility


def _as_comment(row: list[Any]) -> Comment:
    return Comment(
        id=row[0],
        text=row[1],
        created_at=from_micros(row[2]),
        author=None if row[3] is None else maker(Person)(*row[3]),
        visibility=VISIBILITY[row[4]],
    )
