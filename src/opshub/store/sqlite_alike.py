"""SQLite: ideas that resemble each other, and those that hold two subjects."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from opshub.model import Ref
from opshub.store import alike_statements as sql
from opshub.store.alike import Near, Pair, Refusal, Resemblance, TwoFold
from opshub.store.codec import stored_json
from opshub.store.database import json_of
from opshub.store.moments import EPOCH, from_micros, micros
from opshub.store.sqlite_vectors import Vectors

__all__ = ["Alike"]


class Alike(Vectors):
    """Resemblances between pieces, judged by the ideas that they belong to when somebody asks."""

    def put_resemblances(self, feedback: Sequence[Ref], rows: Sequence[Resemblance]) -> None:
        """What these pieces resemble, in place of what was kept of them; what the store does not know is left out."""
        with self._turn:
            keys = self._keys_of(dict.fromkeys([*feedback, *(row.nearest for row in rows)]))
            self._write_many(sql.DROP_RESEMBLANCES, [(keys[ref],) for ref in feedback if ref in keys])
            there = [row for row in rows if row.feedback in keys and row.nearest in keys]
            values = [(keys[row.feedback], keys[row.nearest], row.likeness) for row in there]
            self._write_many(sql.PUT_RESEMBLANCE, values)

    def alike_ideas(self, voices: int, limit: int, idea: int = 0) -> list[Pair]:
        """Pairs of ideas that have that many voices each, by links as they are now; what is worth most first.

        ``idea``: those of one idea; that costs what it has of feedback, the others what all have.
        """
        statement, of = (sql.ALIKE_TO, (idea, idea)) if idea else (sql.ALIKE_IDEAS, ())
        return [Pair(*row) for row in self._rows(statement, (*of, voices, voices, limit))]

    def alike_pieces(self, one: int, two: int, limit: int) -> list[Resemblance]:
        """Living pieces of one idea that resemble pieces of the other, either way, the most alike first."""
        rows = [row for pair in ((one, two), (two, one)) for row in self._rows(sql.ALIKE_PIECES, pair)]
        found = [Resemblance(Ref(row[0], row[1]), Ref(row[2], row[3]), row[4]) for row in rows]
        return sorted(found, key=lambda it: (-it.likeness, it.feedback, it.nearest))[:limit]

    def resemblances_of(self, feedback: Sequence[Ref]) -> list[Resemblance]:
        """What these pieces resemble, as far as it lives, by the names of both."""
        rows = self._rows(sql.RESEMBLANCES_OF, (json_of(self._keys_of(feedback).values()),))
        return sorted(Resemblance(Ref(row[0], row[1]), Ref(row[2], row[3]), row[4]) for row in rows)

    def put_near(self, rows: Sequence[Near]) -> None:
        """What lies nearest to each, in place of what was kept of it; what the store does not know is left out."""
        with self._turn:
            keys = self._keys_of({ref: None for row in rows for ref in (row.feedback, *dict(row.others))})
            values = [
                (
                    keys[row.feedback],
                    orjson.dumps([(keys[ref], much) for ref, much in row.others if ref in keys]),
                )
                for row in rows
                if row.feedback in keys
            ]
            self._write_many(sql.PUT_NEAR, values)

    def near_within(self, idea: int, limit: int) -> list[Near]:
        """The newest living pieces of an idea, oldest first, each with those of them that lie near it."""
        rows = self._rows(sql.NEAR_WITHIN, (idea, limit))[::-1]
        names = {key: Ref(connection, id) for key, connection, id, _ in rows}
        return [
            Near(
                names[key],
                tuple((names[at], much) for at, much in orjson.loads(body or b"[]") if at in names),
            )
            for key, _, _, body in rows
        ]

    def put_twofold(self, row: TwoFold) -> None:
        """Keep that an idea seems to hold two subjects, in place of what was kept of it; no pieces: forget it."""
        with self._turn:
            self._write(sql.DROP_TWOFOLD, (row.idea,))
            if row.feedback:
                body = stored_json([[ref.connection, ref.id] for ref in row.feedback], f"IDEA-{row.idea}")
                self._write(sql.PUT_TWOFOLD, (row.idea, row.worth, body))

    def twofold(self, limit: int) -> list[TwoFold]:
        """Ideas that seem to hold two subjects, those first whose answer is worth most."""
        return [_as_twofold(*row) for row in self._rows(sql.TWOFOLD, (limit,))]

    def twofold_of(self, idea: int) -> TwoFold | None:
        """What is kept of one idea."""
        return next((_as_twofold(*row) for row in self._rows(sql.TWOFOLD_OF, (idea,))), None)

    def put_refusal(self, refusal: Refusal) -> None:
        """Keep what a person refused."""
        row = (refusal.idea, refusal.other, micros(refusal.at), refusal.who)
        self._write(sql.PUT_REFUSAL, row)

    def drop_refusal(self, idea: int, other: int) -> bool:
        """Forget a refusal; whether there was one."""
        return self._write(sql.DROP_REFUSAL, (idea, other)) > 0

    def refusals(self) -> list[Refusal]:
        """Everything that people refused, by idea."""
        return [
            Refusal(row[0], row[1], from_micros(row[2]) or EPOCH, row[3]) for row in self._rows(sql.REFUSALS)
        ]


def _as_twofold(idea: int, worth: int, body: bytes) -> TwoFold:
    return TwoFold(idea, worth, tuple(Ref(*name) for name in orjson.loads(body)))
