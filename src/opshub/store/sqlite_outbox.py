"""SQLite: wishes, and what was written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from opshub.errors import StoreError
from opshub.model import Value
from opshub.store import statements as sql
from opshub.store.codec import decode_value, encode_value, stored_json
from opshub.store.database import json_of
from opshub.store.moments import from_micros, micros, micros_or_none
from opshub.store.outbox import merged
from opshub.store.rows import OutboxRow, OutboxState, Written
from opshub.store.sqlite_signals import Signals

__all__ = ["Outbox"]


class Outbox(Signals):
    """One row per connection, target and field."""

    def put_wishes(self, rows: Sequence[OutboxRow]) -> int:
        """A newer wish replaces an older one and raises its version. How many rows changed."""
        changed = 0
        with self._turn:
            for row in rows:
                found = self._row(sql.WISH, (row.connection, row.target, row.field))
                wish = merged(_as_wish(found) if found else None, row)
                if wish is not None:
                    self._write(sql.PUT_WISH, _of_wish(wish))
                    changed += 1
        return changed

    def drop_wishes(self, keys: Sequence[tuple[str, str, str]]) -> int:
        """Remove open wishes that are no longer wanted, except those in state SENDING. How many."""
        return self._write_many(sql.DROP_WISH, keys)

    def outbox(
        self,
        *,
        connection: str | None = None,
        states: Sequence[OutboxState] = (),
        ideas: Sequence[int] = (),
        limit: int | None = None,
    ) -> list[OutboxRow]:
        """Rows in order of connection, target and field."""
        clauses: list[str] = []
        parameters: list[Any] = []
        if connection is not None:
            clauses.append(sql.OUTBOX_CONNECTION)
            parameters.append(connection)
        if states:
            clauses.append(sql.OUTBOX_STATES)
            parameters.append(json_of(str(state) for state in states))
        if ideas:
            clauses.append(sql.OUTBOX_IDEAS)
            parameters.append(json_of(ideas))
        where = " where " + " and ".join(clauses) if clauses else ""
        tail = sql.OUTBOX_ORDER + (sql.LIMIT if limit is not None else "")
        parameters += [] if limit is None else [limit]
        return [_as_wish(row) for row in self._rows(sql.OUTBOX + where + tail, parameters)]

    def mark_sending(self, rows: Sequence[OutboxRow], now: datetime, run: int) -> None:
        """Before the request: state SENDING, one attempt more. StoreError if a wish changed since it was read."""
        at = micros(now)
        with self._turn:
            for row in rows:
                key = (row.connection, row.target, row.field, row.version)
                if self._write(sql.MARK_SENDING, (at, run, *key)) != 1:
                    raise StoreError(
                        f"the wish for {row.field or 'a new item'} of {row.connection}:{row.target} has changed",
                        hint="make the plan again: opshub plan",
                    )

    def settle(self, row: OutboxRow, state: OutboxState, *, note: str = "") -> bool:
        """Close the wish that was sent, keeping ``row.base`` as what is now known to stand there.

        False, and PLANNED again, where a newer version came meanwhile.
        """
        key = (row.connection, row.target, row.field)
        base = _value(row.base, *key)
        with self._turn:
            if self._write(sql.SETTLE, (str(state), note, base, *key, row.version)) == 1:
                return True
            self._write(sql.REOPEN, key)
            return False

    def put_written(self, rows: Sequence[Written]) -> None:
        """Remember what was written last."""
        self._write_many(sql.PUT_WRITTEN, [_of_written(row) for row in rows])

    def written(self, connection: str, targets: Sequence[str]) -> dict[tuple[str, str], Written]:
        """(target, field) → the last value written there."""
        rows = self._rows(sql.WRITTEN, (connection, json_of(targets))) if targets else []
        return {(row[1], row[2]): _as_written(row) for row in rows}

    def written_in(self, run: int) -> list[Written]:
        """What a run wrote and no later one replaced."""
        return [_as_written(row) for row in self._rows(sql.WRITTEN_IN, (run,))]


def _value(value: Value, connection: str, target: str, field: str) -> bytes:
    try:
        plain = encode_value(value)
    except (TypeError, ValueError):
        plain = value
    return stored_json(plain, f"the value of {connection}:{target} {field}".rstrip())


def _of_wish(row: OutboxRow) -> tuple[Any, ...]:
    key = (row.connection, row.target, row.field)
    return (
        *key,
        row.idea,
        _value(row.base, *key),
        _value(row.wish, *key),
        _value(row.own, *key),
        row.why,
        str(row.state),
        row.version,
        row.attempts,
        micros_or_none(row.sent_at),
        row.note,
        row.run,
    )


def _as_wish(row: tuple[Any, ...]) -> OutboxRow:
    return OutboxRow(
        connection=row[0],
        target=row[1],
        field=row[2],
        idea=row[3],
        base=decode_value(orjson.loads(row[4])),
        wish=decode_value(orjson.loads(row[5])),
        own=tuple(orjson.loads(row[6])),
        why=row[7],
        state=OutboxState(row[8]),
        version=row[9],
        attempts=row[10],
        sent_at=from_micros(row[11]),
        note=row[12],
        run=row[13],
    )


def _of_written(row: Written) -> tuple[Any, ...]:
    key = (row.connection, row.target, row.field)
    values = (_value(row.before, *key), _value(row.value, *key), _value(row.own, *key))
    return (*key, row.idea, *values, row.run, micros(row.at), int(row.held))


def _as_written(row: tuple[Any, ...]) -> Written:
    at = from_micros(row[8])
    assert at is not None
    return Written(
        connection=row[0],
        target=row[1],
        field=row[2],
        idea=row[3],
        before=decode_value(orjson.loads(row[4])),
        value=decode_value(orjson.loads(row[5])),
        own=tuple(orjson.loads(row[6])),
        run=row[7],
        at=at,
        held=bool(row[9]),
    )
