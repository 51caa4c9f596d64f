"""The second stage: a record becomes feedback, a tracked item, a tombstone, or goes to quarantine.

Translation itself is the connector's pure function. What surrounds it is here: the door where text is cleaned, the
reasons of bad records, and the recognition of the hub's own writes when they come back.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

import orjson

from opshub.engine.connection import Connection
from opshub.engine.shape import flaw, is_plain, report_flaw
from opshub.engine.values import without_tags
from opshub.engine.work import BATCH, JUDGED, Work
from opshub.errors import BadRecordError, StoreError
from opshub.model import Feedback, Point, Record, Ref, Tombstone, TrackedItem
from opshub.sdk import Reports, Tracks
from opshub.sdk.clean import clean_value, is_clean_json
from opshub.store.codec import encode_feedback
from opshub.store.rows import OutboxState, RawRow, Written

__all__ = ["Meaning", "normalize", "retry", "translate"]

Pair = tuple[RawRow, Record]
Meant = Feedback | TrackedItem | Tombstone | tuple[Point, ...]


@dataclass(slots=True)
class Meaning:
    """What a batch of records turned out to be."""

    feedback: list[Feedback] = field(default_factory=list)
    items: list[TrackedItem] = field(default_factory=list)
    points: dict[Ref, tuple[Point, ...]] = field(default_factory=dict)
    gone: list[Tombstone] = field(default_factory=list)
    bad: list[tuple[Ref, str, bytes]] = field(default_factory=list)
    understood: list[Ref] = field(default_factory=list)
    encoded: dict[Ref, tuple[int, bytes]] = field(default_factory=dict)
    """Feedback as it will be stored, where that is known already."""
    echoes: int = 0

    def store(self, work: Work, now: datetime) -> None:
        """Put everything where it belongs; runs inside the caller's transaction."""
        stage = work.stage("normalize")
        if self.understood:
            work.store.drop_bad(self.understood)
        if self.feedback:
            stage.add("feedback", work.store.put_feedback(self.feedback, self.encoded))
        if self.items:
            stage.add("tracked items", work.store.put_items(self.items))
        if self.points:
            changed = work.store.put_points(self.points)
            stage.add("reports", changed)
            if changed:
                work.store.set_fact(JUDGED, "")
        if self.gone:
            stage.add("gone", work.store.put_tombstones(self.gone))
        for ref, reason, body in self.bad:
            work.store.put_bad(ref, reason, body, now)
        if self.bad:
            stage.add("bad", len(self.bad))
        if self.echoes:
            stage.add("own writes", self.echoes)


def translate(work: Work, connection: Connection, pairs: Sequence[Pair]) -> Meaning:
    """What records mean; reads the store, writes nothing."""
    meaning = Meaning()
    read, feedback = _translator(connection), connection.role == "feedback"
    for row, record in pairs:
        try:
            value = read(record)
            encoded = _as_it_is(value, row.ref) if feedback else None
            if encoded is not None:
                meaning.encoded[row.ref] = encoded
            else:
                value = _judged(clean_value(value), row.ref, connection.role)
        except BadRecordError as error:
            meaning.bad.append((row.ref, str(error), row.body))
        except Exception as error:
            # Whatever a hostile record provokes in the connector's translation is this record's matter alone.
            meaning.bad.append((row.ref, _reason(error), row.body))
        else:
            meaning.understood.append(row.ref)
            _sort(meaning, value, row.ref)
    if connection.write:
        _drop_echoes(work, connection, meaning)
    return meaning


def _translator(connection: Connection) -> Callable[[Record], Any]:
    connector = connection.connector
    if connection.role == "signals":
        return cast(Reports, connector).points
    if connection.role == "ideas":
        return cast(Tracks, connector).item
    return connector.normalize


def _as_it_is(value: object, ref: Ref) -> tuple[int, bytes] | None:
    """Most feedback is clean and keeps the contract: what the store will keep of it shows so; None where it does not.

    What is None here need not be bad: whoever asks has to look closer.
    """
    if type(value) is not Feedback or type(value.ref) is not Ref or value.ref != ref or not is_plain(value):
        return None
    try:
        encoded = encode_feedback(value)
    except StoreError:
        return None
    return encoded if is_clean_json(encoded[1]) else None


def _judged(value: Any, ref: Ref, role: str) -> Meant:
    """The value, if it keeps the contract: right kind and name, right types, aware times, a safe permalink."""
    if role == "signals":
        return () if isinstance(value, Tombstone) else _reported(value, ref)
    good = isinstance(value, TrackedItem if role == "ideas" else Feedback)
    if not good and not isinstance(value, Tombstone):
        raise BadRecordError(f"it was read as a {type(value).__name__}", record_id=ref.id)
    made = cast("Feedback | TrackedItem | Tombstone", value)
    if not isinstance(made.ref, Ref) or made.ref != ref:
        raise BadRecordError(f"it was read as {str(made.ref)[:200]}", record_id=ref.id)
    wrong = "" if isinstance(made, Tombstone) else flaw(made)
    if wrong:
        raise BadRecordError(wrong, record_id=ref.id)
    return made


def _reported(value: Any, ref: Ref) -> tuple[Point, ...]:
    """The points of a record, each with a name, a moment and a number of its own."""
    points = tuple(value)
    for point in points:
        wrong = report_flaw(point)
        if wrong or point.ref != ref:
            raise BadRecordError(wrong or f"it was read as {str(point.ref)[:200]}", record_id=ref.id)
    if len({point.signal for point in points}) < len(points):
        raise BadRecordError("it holds two values of one signal", record_id=ref.id)
    return points


def _reason(error: Exception) -> str:
    """Why a record could not be understood, in words for an admin; quotes nothing longer than a name."""
    detail = str(error)[:200]
    if isinstance(error, KeyError):
        return f"field {detail} is missing"
    if isinstance(error, TypeError | AttributeError | IndexError):
        return f"a field has another type than expected: {detail}"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return f"a value cannot be understood: {detail}"


def _sort(meaning: Meaning, value: Meant, ref: Ref) -> None:
    if isinstance(value, tuple):
        meaning.points[ref] = value
    elif isinstance(value, Feedback):
        meaning.feedback.append(value)
    elif isinstance(value, TrackedItem):
        meaning.items.append(value)
    else:
        meaning.gone.append(value)


def _drop_echoes(work: Work, connection: Connection, meaning: Meaning) -> None:
    """Take out what differs from the stored state only by the hub's own writes."""
    before = len(meaning.feedback) + len(meaning.items)
    names = [f.ref.id for f in meaning.feedback] + [item.ref.id for item in meaning.items]
    written = work.store.written(connection.name, names)
    own = _own_tags(work, connection, written)
    if written or own:
        meaning.encoded.clear()
        meaning.items = [without_tags(item, own.get(item.ref.id, ())) for item in meaning.items]
        kept = [without_tags(_without_fields(f, written), own.get(f.ref.id, ())) for f in meaning.feedback]
        meaning.feedback = [f for f in kept if not _is_feedback_echo(work, f)]
    meaning.items = [item for item in meaning.items if not _is_item_echo(work, item)]
    meaning.echoes = before - len(meaning.feedback) - len(meaning.items)


def _own_tags(
    work: Work, connection: Connection, written: Mapping[tuple[str, str], Written]
) -> Mapping[str, set[str]]:
    """The tags that the hub gave records, by id; those of a request whose answer is not known yet count."""
    own: dict[str, set[str]] = {}
    sending = work.store.outbox(connection=connection.name, states=[OutboxState.SENDING])
    tags = [(row.target, row.own) for row in written.values()] + [(row.target, row.own) for row in sending]
    for target, given in tags:
        if given:
            own.setdefault(target, set()).update(given)
    return own


def _is_item_echo(work: Work, item: TrackedItem) -> bool:
    stored = work.store.item(item.ref)
    return stored is not None and item == replace(
        stored, updated_at=item.updated_at, version=item.version, marker=item.marker
    )


def _without_fields(feedback: Feedback, written: Mapping[tuple[str, str], Written]) -> Feedback:
    """The feedback without the fields that the hub wrote, so that no rule reads what a rule has written."""
    mine = {name for target, name in written if target == feedback.ref.id} - {"tags"}
    if mine.isdisjoint(feedback.fields):
        return feedback
    return replace(feedback, fields={n: value for n, value in feedback.fields.items() if n not in mine})


def _is_feedback_echo(work: Work, feedback: Feedback) -> bool:
    stored = work.store.feedback(feedback.ref)
    if stored is None:
        return False
    same_fields = {name: stored.fields.get(name) for name in feedback.fields} == dict(feedback.fields)
    return same_fields and feedback == replace(stored, updated_at=feedback.updated_at, fields=feedback.fields)


def normalize(work: Work, connection: Connection, limit: int = BATCH) -> bool:
    """One batch of records that were stored but not yet understood; whether there was any."""
    if connection.lacking:  # its connector refuses every record, and the records are not to blame
        return False
    rows = work.store.unnormalized(connection.name, limit)
    if not rows:
        return False
    with work.timed("normalize"):
        _redo(work, connection, rows)
    return True


def retry(work: Work, connection: Connection, rows: Sequence[RawRow]) -> int:
    """Normalize quarantined records again; how many are still bad."""
    return len(_redo(work, connection, rows).bad)


def _redo(work: Work, connection: Connection, rows: Sequence[RawRow]) -> Meaning:
    pairs: list[Pair] = []
    torn: list[tuple[Ref, str, bytes]] = []
    for row in rows:
        try:
            record = orjson.loads(row.body)
        except orjson.JSONDecodeError:
            torn.append((row.ref, "it is not JSON", row.body))
        else:
            pairs.append((row, record))
    meaning = translate(work, connection, pairs)
    meaning.bad.extend(torn)
    with work.commit("normalize"):
        meaning.store(work, work.clock.now())
        work.store.mark_normalized([row.ref for row in rows])
    return meaning
