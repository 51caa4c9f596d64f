"""SQLite: records as they came, quarantine, and what normalizing gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import orjson

from opshub.model import Feedback, Ref, Tombstone, TrackedItem
from opshub.store import search_statements as searching
from opshub.store import statements as sql
from opshub.store.codec import decode_feedback, encode_feedback, encode_item, is_canonical
from opshub.store.database import by_connection, json_of
from opshub.store.moments import HOUR, from_micros, micros
from opshub.store.packing import FIRST, Packer, train
from opshub.store.rows import BadRow, RawRow
from opshub.store.sqlite_index import Index
from opshub.store.text_statements import DROP_SAID
from opshub.store.vector_statements import DROP_VECTOR, UNQUEUE

__all__ = ["Records"]

_AT_HAND = 4096
_A_LOT = 256


class Records(Index):
    """Records and their meaning."""

    _keys: dict[Ref, int]
    """Names of feedback lately seen, and their keys, which never change."""
    _recent: dict[int, Feedback]
    """Feedback lately seen, by sequence number: every change gets a new one."""
    _packer: Packer
    _packs: dict[str, Callable[[bytes], bytes]]
    """What compresses the records of a connection."""

    # -- records ------------------------------------------------------------------------------------------------

    def hashes(self, connection: str, ids: Sequence[str]) -> dict[str, bytes]:
        """The content hashes of those records that are known."""
        return dict(self._rows(sql.HASHES, (connection, json_of(ids)))) if ids else {}

    def put_records(self, rows: Sequence[RawRow], *, normalized: bool) -> None:
        """Keep records, compressed."""
        json_of(row.ref[1] for row in rows)
        groups: dict[str, list[RawRow]] = {}
        for row in rows:
            groups.setdefault(row.ref[0], []).append(row)
        with self._turn:
            done = int(normalized)
            for connection, group in groups.items():
                pack = self._packing(connection, group)
                written = [(connection, row.ref[1], row.hash, done, pack(row.body)) for row in group]
                self._write_many(sql.PUT_RECORD, written)

    def _packing(self, connection: str, rows: Sequence[RawRow]) -> Callable[[bytes], bytes]:
        """What compresses a connection's records; its dictionary is made of the first rows that are enough for one."""
        pack = self._packs.get(connection)
        if pack is None:
            known = self._row(sql.DICTIONARY_OF, (connection,))
            dictionary = known[0] if known else self._train(connection, rows)
            if dictionary is None:
                return self._packer.plain
            pack = self._packs[connection] = self._packer.using(dictionary)
        return pack

    def _train(self, connection: str, rows: Sequence[RawRow]) -> bytes | None:
        number = FIRST + self._counter("dictionary")
        dictionary = train([row.body for row in rows], number)
        if dictionary is not None:
            self._take("dictionary")
            self._write(sql.PUT_DICTIONARY, (number, connection, dictionary))
        return dictionary

    def _dictionary(self, number: int) -> bytes:
        row = self._row(sql.DICTIONARY, (number,))
        return bytes(row[0]) if row else b""

    def unnormalized(self, connection: str, limit: int) -> list[RawRow]:
        """Records that the normalize stage has yet to see, oldest first."""
        with self._turn:
            rows = self._rows(sql.UNNORMALIZED, (connection, limit))
            return [
                RawRow(Ref(connection, name), digest, self._packer.unpack(body))
                for name, digest, body in rows
            ]

    def mark_unnormalized(self, connection: str) -> int:
        """Make all records of a connection due for normalizing again; how many."""
        self._write(sql.MARK_UNNORMALIZED, (connection,))
        return self.count_records(connection)

    def mark_normalized(self, refs: Sequence[Ref]) -> None:
        """The normalize stage has seen them."""
        for connection, ids in by_connection(refs).items():
            self._write(sql.MARK_NORMALIZED, (connection, json_of(ids)))

    def record(self, ref: Ref) -> RawRow | None:
        """A record as it came."""
        with self._turn:
            row = self._row(sql.RECORD, ref)
            return RawRow(ref, row[0], self._packer.unpack(row[1])) if row else None

    def count_records(self, connection: str) -> int:
        """How many are kept."""
        row = self._row(sql.COUNT_RECORDS, (connection,))
        return int(row[0]) if row else 0

    def absent(self, connection: str, ids: Iterable[str]) -> list[str]:
        """Ids of living records (feedback or items) of the connection that are not among ``ids``, sorted."""
        present = set(ids)
        rows = self._rows(sql.LIVING_IDS, (connection, connection))
        return sorted(name for (name,) in rows if name not in present)

    # -- quarantine ---------------------------------------------------------------------------------------------

    def put_bad(self, ref: Ref, reason: str, body: bytes, now: datetime) -> None:
        """Put a record into quarantine, or count one more attempt."""
        with self._turn:
            known = self._row(sql.BAD_KEY, ref)
            key = known[0] if known else self._take("bad")
            self._write(sql.PUT_BAD, (key, *ref, reason, self._packer.plain(body), micros(now)))

    def drop_bad(self, refs: Sequence[Ref]) -> None:
        """Take records out of quarantine: they were understood after all."""
        for connection, ids in by_connection(refs).items():
            if self._row(sql.ANY_BAD, (connection,)):
                self._write(sql.DROP_BAD, (connection, json_of(ids)))

    def bad(self, connection: str | None = None) -> list[BadRow]:
        """What is in quarantine, oldest first."""
        with self._turn:
            rows = self._rows(sql.BAD) if connection is None else self._rows(sql.BAD_OF, (connection,))
            return [self._as_bad(row) for row in rows]

    def bad_by_key(self, key: int) -> BadRow | None:
        """One of them."""
        with self._turn:
            row = self._row(sql.BAD_BY_KEY, (key,))
            return self._as_bad(row) if row else None

    def _as_bad(self, row: tuple[Any, ...]) -> BadRow:
        first_seen = from_micros(row[5])
        assert first_seen is not None
        return BadRow(
            key=row[0],
            ref=Ref(row[1], row[2]),
            reason=row[3],
            body=self._packer.unpack(row[4]),
            first_seen=first_seen,
            attempts=row[6],
        )

    # -- what normalizing gives ---------------------------------------------------------------------------------

    def put_feedback(
        self, rows: Sequence[Feedback], encoded: Mapping[Ref, tuple[int, bytes]] | None = None
    ) -> int:
        """Insert or replace; only real changes get a new sequence number and are counted."""
        given = encoded or {}
        encoded = {it.ref: given.get(it.ref) or encode_feedback(it) for it in rows}
        with self._turn:
            known = self._known(sql.KNOWN_FEEDBACK, encoded)
            changed = [ref for ref, row in encoded.items() if ref not in known or not _same(known[ref], *row)]
            if not changed:
                return 0
            seq = self._take("seq", len(changed))
            self._store_feedback(changed, encoded, known, seq)
            moments = [encoded[ref][0] for ref in changed] + [
                known[ref][2] for ref in changed if ref in known
            ]
            self._write_many(sql.COUNT_AGAIN, [(hour,) for hour in {at // HOUR for at in moments}])
            values = {it.ref: it for it in rows}
            self._remember((number, values[ref]) for number, ref in enumerate(changed, seq))
            return len(changed)

    def _store_feedback(
        self,
        changed: Sequence[Ref],
        encoded: Mapping[Ref, tuple[int, bytes]],
        known: Mapping[Ref, tuple[Any, ...]],
        seq: int,
    ) -> None:
        new: list[tuple[Any, ...]] = []
        replaced: list[tuple[Any, ...]] = []
        stale: list[tuple[int]] = []
        touched: dict[int, int] = {}
        for number, ref in enumerate(changed, seq):
            created, body = encoded[ref]
            if ref not in known:
                new.append((number, ref[0], ref[1], number, created, body))
                self._keys[ref] = number
                continue
            key, gone, _, old, idea = known[ref]
            self._keys[ref] = key
            replaced.append((number, created, body, key))
            if gone or _text(old) != _text(body):
                stale.append((key,))
            if idea is not None:
                touched[idea] = touched.get(idea, 0) + (1 if gone else 0)
        self._write_many(sql.INSERT_FEEDBACK, new)
        self._write_many(sql.UPDATE_FEEDBACK, replaced)
        self._read_again(stale)
        self._write_many(searching.QUEUE_TEXT, [(row[0],) for row in new] + stale)
        self._count_voices(touched)

    def _read_again(self, stale: Sequence[tuple[int]]) -> None:
        """Forget what was made of texts that are other now."""
        self._drop_texts([key for (key,) in stale])
        for statement in (DROP_SAID, DROP_VECTOR, UNQUEUE):
            self._write_many(statement, stale)

    def _remember(self, rows: Iterable[tuple[int, Feedback]]) -> None:
        """Keep feedback at hand for the stages behind, as far as it is exactly what reading it would give."""
        self._recent.update((seq, feedback) for seq, feedback in rows if is_canonical(feedback))
        _shorten(self._recent)
        _shorten(self._keys)

    def _forget(self) -> None:
        self._recent.clear()
        self._keys.clear()
        self._packs.clear()

    def _decoded(self, rows: Sequence[tuple[int, int]]) -> dict[int, Feedback]:
        """Feedback by key, from (sequence number, key)."""
        with self._turn:
            found = {key: self._recent[seq] for seq, key in rows if seq in self._recent}
            missing = [key for _, key in rows if key not in found]
            if missing:
                read: list[tuple[int, Feedback]] = []
                for seq, key, connection, name, created, body in self._rows(
                    sql.FEEDBACK_BY_KEYS, (json_of(missing),)
                ):
                    ref = Ref(connection, name)
                    found[key] = decode_feedback(ref, created, body)
                    self._keys[ref] = key
                    read.append((seq, found[key]))
                # Those who read a great deal do not come back to it soon, and would push out all that is at hand.
                self._remember(read if len(read) <= _A_LOT else ())
            return found

    def _keys_of(self, refs: Iterable[Ref]) -> dict[Ref, int]:
        """The keys of those that are known."""
        with self._turn:
            found: dict[Ref, int] = {}
            missing: list[Ref] = []
            for ref in refs:
                key = self._keys.get(ref)
                if key is None:
                    missing.append(ref)
                else:
                    found[ref] = key
            if missing:
                found.update((ref, row[0]) for ref, row in self._known(sql.KEYS_OF_FEEDBACK, missing).items())
            return found

    def put_items(self, rows: Sequence[TrackedItem], *, own: bool = False) -> int:
        """The same for tracked items; touches the bound idea, unless ``own`` says that the hub itself wrote it."""
        encoded = {it.ref: (*encode_item(it), it.key, it.url) for it in rows}
        with self._turn:
            known = self._known(sql.KNOWN_ITEMS, encoded)
            changed = [
                ref
                for ref, row in encoded.items()
                if ref not in known or not _same(known[ref], row[0], row[1])
            ]
            if not changed:
                return 0
            new: list[tuple[Any, ...]] = []
            replaced: list[tuple[Any, ...]] = []
            for number, ref in enumerate(changed, self._take("seq", len(changed))):
                if ref in known:
                    replaced.append((number, *encoded[ref], known[ref][0]))
                else:
                    new.append((number, *ref, number, *encoded[ref]))
            self._write_many(sql.INSERT_ITEM, new)
            self._write_many(sql.UPDATE_ITEM, replaced)
            self._touch_bound(changed, own=own)
            return len(changed)

    def put_tombstones(self, rows: Sequence[Tombstone]) -> int:
        """Take the records out of all counts, keeping what was known; touches their ideas. How many were living."""
        reasons = {row.ref: str(row.reason) for row in rows}
        with self._turn:
            voices = self._known(sql.LIVING_FEEDBACK, reasons)
            items = self._known(sql.LIVING_ITEMS, reasons)
            self._write(sql.COUNT_AGAIN_OF, (json_of(row[0] for row in voices.values()),))
            self._write_many(sql.END_FEEDBACK, [(reasons[ref], row[0]) for ref, row in voices.items()])
            self._drop_texts([row[0] for row in voices.values()])
            for statement in (searching.UNQUEUE_TEXT, DROP_VECTOR, UNQUEUE):
                self._write_many(statement, [(row[0],) for row in voices.values()])
            self._write_many(sql.END_ITEM, [(reasons[ref], row[0]) for ref, row in items.items()])
            lost: dict[int, int] = {}
            for ref in reasons:
                if ref in voices and voices[ref][1] is not None:
                    lost[voices[ref][1]] = lost.get(voices[ref][1], 0) - 1
            self._count_voices(lost)
            self._touch_bound([ref for ref in reasons if ref in items], own=False)
            return len(voices) + len(items)

    def _known(self, statement: str, refs: Iterable[Ref]) -> dict[Ref, tuple[Any, ...]]:
        """What a statement by (connection, ids) gives, by name; its first column is the id."""
        found: dict[Ref, tuple[Any, ...]] = {}
        for connection, ids in by_connection(refs).items():
            for row in self._rows(statement, (connection, json_of(ids))):
                found[Ref(connection, row[0])] = row[1:]
        return found

    def _touch_bound(self, refs: Iterable[Ref], *, own: bool) -> None:
        """Count the living items of the ideas bound to these items, and give those ideas a new sequence number."""
        listed = list(refs)
        bound = self._known(sql.BOUND, listed)
        ideas = list(dict.fromkeys(bound[ref][0] for ref in listed if ref in bound))
        if ideas:
            self._count_tracked(ideas)
            if not own:
                self._count_voices(dict.fromkeys(ideas, 0))

    def _count_tracked(self, ideas: Iterable[int]) -> None:
        """Count the living items that stand for these ideas."""
        numbers = json_of(ideas)
        self._write(sql.COUNT_TRACKED, (numbers,))
        self._write(sql.MARK_ALIVE, (numbers,))

    def _count_voices(self, changes: Mapping[int, int]) -> int:
        """Give ideas a new sequence number and so many voices more; how many of them there are."""
        if not changes:
            return 0
        seq = self._take("seq", len(changes))
        rows = [(number, more, more, idea) for number, (idea, more) in enumerate(changes.items(), seq)]
        return self._write_many(sql.COUNT_VOICE, rows)


def _shorten(remembered: dict[Any, Any]) -> None:
    for oldest in list(islice(remembered, max(0, len(remembered) - _AT_HAND))):
        del remembered[oldest]


def _same(known: tuple[Any, ...], created: int, body: bytes) -> bool:
    """Whether what is stored is living and equal: (key, gone, created, body, idea)."""
    return known[1] is None and known[3] == body and known[2] == created


def _text(body: bytes) -> list[Any]:
    """The part of stored feedback that the full-text index reads."""
    row = orjson.loads(body)
    return [row[1], row[2], [comment[1] for comment in row[8]]]
