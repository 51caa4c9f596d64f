"""In memory: records as they came, quarantine, and what normalizing gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from opshub.model import Feedback, Ref, Tombstone, TrackedItem
from opshub.store.codec import encode_feedback, encode_item
from opshub.store.memory_work import Kept, Work, storable
from opshub.store.moments import HOUR
from opshub.store.rows import BadRow, RawRow
from opshub.store.storable import fit_names

__all__ = ["Records"]


class Records(Work):
    """Records and their meaning."""

    # -- records ------------------------------------------------------------------------------------------------

    def hashes(self, connection: str, ids: Sequence[str]) -> dict[str, bytes]:
        """The content hashes of those records that are known."""
        fit_names(ids)
        refs = [Ref(connection, name) for name in ids]
        return {ref.id: self.kept.records[ref][0] for ref in refs if ref in self.kept.records}

    def put_records(self, rows: Sequence[RawRow], *, normalized: bool) -> None:
        """Keep records."""
        fit_names(row.ref.id for row in rows)
        self._writing().records.update({row.ref: (row.hash, row.body, normalized) for row in rows})

    def unnormalized(self, connection: str, limit: int) -> list[RawRow]:
        """Records that the normalize stage has yet to see, oldest first."""
        rows = [
            RawRow(ref, digest, body)
            for ref, (digest, body, done) in self.kept.records.items()
            if ref.connection == connection and not done
        ]
        return rows[:limit]

    def mark_unnormalized(self, connection: str) -> int:
        """Make all records of a connection due for normalizing again; how many."""
        for ref, (digest, body, _) in self._writing().records.items():
            if ref.connection == connection:
                self.kept.records[ref] = (digest, body, False)
        return self.count_records(connection)

    def mark_normalized(self, refs: Sequence[Ref]) -> None:
        """The normalize stage has seen them."""
        for ref in refs:
            if ref in self._writing().records:
                self.kept.records[ref] = (*self.kept.records[ref][:2], True)

    def record(self, ref: Ref) -> RawRow | None:
        """A record as it came."""
        row = self.kept.records.get(ref)
        return RawRow(ref, row[0], row[1]) if row else None

    def count_records(self, connection: str) -> int:
        """How many are kept."""
        return sum(ref.connection == connection for ref in self.kept.records)

    def absent(self, connection: str, ids: Iterable[str]) -> list[str]:
        """Ids of living records (feedback or items) of the connection that are not among ``ids``, sorted."""
        living = {
            ref.id
            for table in (self.kept.feedback, self.kept.items)
            for ref, row in table.items()
            if ref.connection == connection and not row.gone
        }
        return sorted(living - set(ids))

    # -- quarantine ---------------------------------------------------------------------------------------------

    def put_bad(self, ref: Ref, reason: str, body: bytes, now: datetime) -> None:
        """Put a record into quarantine, or count one more attempt."""
        storable(ref, reason, body, now)
        known = self._writing().bad.get(ref)
        if known is None:
            row = BadRow(key=self._take("bad"), ref=ref, reason=reason, body=body, first_seen=now)
        else:
            row = replace(known, reason=reason, body=body, attempts=known.attempts + 1)
        self.kept.bad[ref] = row

    def drop_bad(self, refs: Sequence[Ref]) -> None:
        """Take records out of quarantine: they were understood after all."""
        for ref in refs:
            self._writing().bad.pop(ref, None)

    def bad(self, connection: str | None = None) -> list[BadRow]:
        """What is in quarantine, oldest first."""
        rows = sorted(self.kept.bad.values(), key=lambda row: row.key)
        return [row for row in rows if connection in (None, row.ref.connection)]

    def bad_by_key(self, key: int) -> BadRow | None:
        """One of them."""
        return next((row for row in self.kept.bad.values() if row.key == key), None)

    # -- what normalizing gives ---------------------------------------------------------------------------------

    def put_feedback(
        self, rows: Sequence[Feedback], encoded: Mapping[Ref, tuple[int, bytes]] | None = None
    ) -> int:
        """Insert or replace; only real changes get a new sequence number and are counted."""
        fit_names(row.ref.id for row in rows)
        given = encoded or {}
        encoded = {row.ref: given.get(row.ref) or encode_feedback(row) for row in rows}
        before = dict(self._writing().feedback)
        changed = self._replace(self.kept.feedback, encoded)
        self._wait_again(
            row.created for ref in changed for row in (before.get(ref), self.kept.feedback[ref]) if row
        )
        for ref in changed:
            old = before.get(ref)
            if old is not None and (old.gone or _text(old.body) != _text(encoded[ref][1])):
                self.kept.indexed.pop(ref, None)
                self.kept.vectors.pop(ref, None)
                self.kept.said.pop(ref, None)
        self._touch(self.kept.links[ref].idea for ref in changed if ref in self.kept.links)
        return len(changed)

    def put_items(self, rows: Sequence[TrackedItem], *, own: bool = False) -> int:
        """The same for tracked items; touches the bound idea, unless ``own`` says that the hub itself wrote it."""
        fit_names(row.ref.id for row in rows)
        encoded = {row.ref: encode_item(row) for row in rows}
        changed = self._replace(self._writing().items, encoded)
        if not own:
            self._touch_bound(changed)
        return len(changed)

    def _replace(self, table: dict[Ref, Kept], rows: Mapping[Ref, tuple[int, bytes]]) -> list[Ref]:
        """Put rows that are new, different or dead; which."""
        changed = [
            ref
            for ref, (created, body) in rows.items()
            if (old := table.get(ref)) is None or old.gone or (old.created, old.body) != (created, body)
        ]
        for ref in changed:
            table[ref] = Kept(self._take("seq"), *rows[ref])
        return changed

    def put_tombstones(self, rows: Sequence[Tombstone]) -> int:
        """Take the records out of all counts, keeping what was known; touches their ideas. How many were living."""
        reasons = {row.ref: str(row.reason) for row in rows}
        voices = [ref for ref in reasons if _living(self._writing().feedback, ref)]
        items = [ref for ref in reasons if _living(self.kept.items, ref)]
        self._wait_again(self.kept.feedback[ref].created for ref in voices)
        for ref in voices:
            self.kept.feedback[ref] = replace(self.kept.feedback[ref], gone=reasons[ref])
            self.kept.indexed.pop(ref, None)
            self.kept.vectors.pop(ref, None)
        for ref in items:
            self.kept.items[ref] = replace(self.kept.items[ref], gone=reasons[ref])
        self._touch(self.kept.links[ref].idea for ref in voices if ref in self.kept.links)
        self._touch_bound(items)
        return len(voices) + len(items)

    def _wait_again(self, created: Iterable[int]) -> None:
        """The hours of these moments are to be counted again."""
        self._writing().uncounted.update(dict.fromkeys(at // HOUR for at in created))

    def _touch_bound(self, refs: Iterable[Ref]) -> None:
        self._touch(self.kept.bindings[ref] for ref in refs if ref in self.kept.bindings)

    def _touch(self, numbers: Iterable[int]) -> None:
        """Give ideas a new sequence number."""
        for number in dict.fromkeys(numbers):
            seq = self._take("seq")
            if number in self.kept.ideas:
                self.kept.ideas[number] = (seq, self.kept.ideas[number][1])


def _living(table: Mapping[Ref, Kept], ref: Ref) -> bool:
    return ref in table and not table[ref].gone


def _text(body: bytes) -> list[Any]:
    """The part of stored feedback that the full-text index reads."""
    row = orjson.loads(body)
    return [row[1], row[2], [comment[1] for comment in row[8]]]
