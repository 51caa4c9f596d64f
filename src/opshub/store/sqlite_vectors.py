"""SQLite: vectors of feedback."""

from __future__ import annotations

from collections.abc import Sequence

from opshub.model import Ref
from opshub.store import vector_statements as sql
from opshub.store.database import json_of
from opshub.store.rows import Seen
from opshub.store.sqlite_questions import Questions

__all__ = ["Vectors"]


class Vectors(Questions):
    """Vectors of one encoder at a time."""

    _undone = 0

    def _forget(self) -> None:
        self._undone += 1
        super()._forget()

    def encoder(self) -> str:
        """The encoder whose vectors are kept; empty for none."""
        return self.fact("encoder")

    def use_encoder(self, name: str) -> None:
        """Keep vectors of this encoder from now on, empty for none; another one's are forgotten and due again."""
        with self._turn:
            if name == self.encoder():
                return
            self._write(sql.FORGET_VECTORS)
            self._write(sql.FORGET_QUEUE)
            if name:
                self._write(sql.QUEUE_ALL)
            self.set_fact("encoder", name)

    def unencoded(self, limit: int) -> list[Seen]:
        """Living, linked feedback that the full-text index holds and that has no vector yet, oldest first."""
        return self._seen(self._rows(sql.UNENCODED, (limit,)))

    def put_vectors(self, rows: Sequence[tuple[Ref, bytes, bytes]]) -> None:
        """Keep a vector's signs and its numbers, of living feedback as its text stands now; replaces the old one."""
        wanted = {ref: (signs, body) for ref, signs, body in rows}
        if not wanted:
            return
        with self._turn:
            keys = self._keys_of(wanted)
            living = {key for (key,) in self._rows(sql.ENCODABLE, (json_of(keys.values()),))}
            # Numbers follow the order of the rows, which is that of arrival.
            fresh = [(keys[ref], *row) for ref, row in wanted.items() if keys.get(ref) in living]
            for statement in (sql.DROP_VECTOR, sql.UNQUEUE):
                self._write_many(statement, [(key,) for key, _, _ in fresh])
            first = self._take("vector", len(fresh)) if fresh else 0
            self._write_many(sql.PUT_VECTOR, [(number, *row) for number, row in enumerate(fresh, first)])

    def count_vectors(self) -> tuple[int, int]:
        """How many pieces have a vector, and how many wait for one."""
        row = self._row(sql.COUNT_VECTORS)
        return (row[0], row[1]) if row else (0, 0)

    def vectors_undone(self) -> int:
        """Grows whenever a transaction of this process was undone: what was read of vectors may not be true."""
        return self._undone

    def signs_after(self, number: int, limit: int) -> list[tuple[int, bytes]]:
        """(number, signs) of vectors after that number, in order."""
        return [(row[0], row[1]) for row in self._rows(sql.SIGNS_AFTER, (number, limit))]

    def vectors(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """The vectors of these numbers, as far as they are still kept."""
        return dict(self._rows(sql.VECTORS, (json_of(numbers),))) if numbers else {}

    def vectors_of(self, refs: Sequence[Ref]) -> dict[Ref, bytes]:
        """The vectors of these pieces, as far as they have one."""
        names = {key: ref for ref, key in self._keys_of(refs).items()}
        rows = self._rows(sql.VECTORS_OF, (json_of(names),)) if names else []
        return {names[key]: body for key, body in rows}

    def encoded(self, numbers: Sequence[int]) -> dict[int, tuple[Ref, int | None]]:
        """Whose vectors these are: (feedback, idea)."""
        rows = self._rows(sql.ENCODED, (json_of(numbers),)) if numbers else []
        return {number: (Ref(connection, name), idea) for number, connection, name, idea in rows}
