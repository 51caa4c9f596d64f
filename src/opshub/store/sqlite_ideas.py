"""SQLite: ideas as they are read, decisions and routes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from opshub.model import Decision, Feedback, Idea, Override, Ref
from opshub.store import statements as sql
from opshub.store.codec import (
    VISIBILITY,
    decode_decision,
    decode_destination,
    decode_light,
    decode_override,
    encode_decision,
    encode_override,
)
from opshub.store.database import json_of
from opshub.store.goal_statements import (
    COUNT_IDEAS_IN_BAND_WITH,
    COUNT_IDEAS_WITH,
    DROP_FACETS,
    PUT_FACET,
    RANKED_IN_BAND_WITH,
    RANKED_WITH,
)
from opshub.store.moments import from_micros, micros
from opshub.store.rows import Facet, Light, Route, facets
from opshub.store.sqlite_matching import Matching
from opshub.store.text_statements import LASTING

__all__ = ["Ideas"]

_CHUNK = 500


class Ideas(Matching):
    """Ideas, decisions, routes."""

    def idea(self, number: int) -> Idea | None:
        """One idea."""
        row = self._row(sql.IDEA, (number,))
        return _as_idea(row) if row else None

    def ideas(self, numbers: Sequence[int]) -> list[Idea]:
        """Those that exist, in the order asked for."""
        rows = self._rows(sql.IDEAS, (json_of(numbers),)) if numbers else []
        found = {row[0]: _as_idea(row) for row in rows}
        return [found[number] for number in numbers if number in found]

    def ideas_after(self, seq: int, limit: int) -> list[tuple[int, int]]:
        """(seq, number) of ideas that changed after ``seq``, in order of sequence."""
        return self._rows(sql.IDEAS_AFTER, (seq, limit))

    def ideas_due(self, now: datetime, limit: int) -> list[int]:
        """Ideas whose decision falls due by the clock, the longest due first."""
        return [number for (number,) in self._rows(sql.IDEAS_DUE, (micros(now), limit))]

    def ideas_of_items(self, refs: Sequence[Ref]) -> dict[Ref, int]:
        """The idea that each tracked item is bound to."""
        return {ref: row[0] for ref, row in self._known(sql.IDEAS_OF_ITEMS, refs).items()}

    def voices(self, numbers: Sequence[int]) -> Iterator[tuple[int, Feedback]]:
        """Living feedback of the ideas, grouped by idea in the order given, oldest first within each.

        Keys are read first and feedback in blocks, so that an idea with very many voices fits into memory.
        """
        order = list(dict.fromkeys(numbers))
        for start in range(0, len(order), _CHUNK):
            chunk = order[start : start + _CHUNK]
            places = {number: place for place, number in enumerate(chunk)}
            keys = self._rows(sql.VOICE_KEYS, (json_of(chunk),))
            keys.sort(key=lambda row: places[row[0]])
            for at in range(0, len(keys), _CHUNK):
                part = keys[at : at + _CHUNK]
                found = self._decoded([(seq, key) for _, seq, key in part])
                yield from ((idea, found[key]) for idea, _, key in part if key in found)

    def ranked(
        self, limit: int, offset: int = 0, band: str | None = None, facet: Facet | None = None
    ) -> list[tuple[Idea, Decision, int]]:
        """Ideas with at least one living voice or tracked item, best priority first: (idea, decision, voices)."""
        plain, banded = (
            (sql.RANKED, sql.RANKED_IN_BAND) if facet is None else (RANKED_WITH, RANKED_IN_BAND_WITH)
        )
        asked = (*(facet or ()), *(() if band is None else (band,)))
        rows = self._rows(plain if band is None else banded, (*asked, limit, offset))
        return [(_as_idea(row), _decision(row[0], row[7], row[8]), row[6]) for row in rows]

    def count_ideas(self, band: str | None = None, facet: Facet | None = None) -> int:
        """How many ``ranked`` has."""
        plain, banded = (
            (sql.COUNT_IDEAS, sql.COUNT_IDEAS_IN_BAND)
            if facet is None
            else (COUNT_IDEAS_WITH, COUNT_IDEAS_IN_BAND_WITH)
        )
        asked = (*(facet or ()), *(() if band is None else (band,)))
        row = self._row(plain if band is None else banded, asked)
        return int(row[0]) if row else 0

    def ideas_titled(self, words: Sequence[str], limit: int) -> list[int]:
        """Ideas of those that ``ranked`` has whose titles hold all the words in either case, best priority first."""
        folded = [word.casefold() for word in words]
        return [number for (number,) in self._rows(sql.TITLED, (json_of(folded), limit))]

    # -- decisions and routes -----------------------------------------------------------------------------------

    def decisions(self, numbers: Sequence[int]) -> dict[int, Decision]:
        """What the rules said of the ideas."""
        rows = self._rows(sql.DECISIONS, (json_of(numbers),)) if numbers else []
        return {idea: decode_decision(idea, due, body) for idea, due, body in rows}

    def lasting(self, numbers: Sequence[int], seq: int, now: datetime, items: bool) -> dict[int, Light]:
        """Decisions that are not due, of ideas that stood by ``seq`` and, with ``items``, whose items stood before."""
        rows = self._rows(LASTING, (json_of(numbers), seq, micros(now), not items)) if numbers else []
        return {idea: decode_light(idea, due, body) for idea, due, body in rows}

    def put_decisions(self, rows: Sequence[Decision]) -> int:
        """Keep decisions; only those that differ get a new sequence number and are counted. ``due`` always moves.

        StoreError for an idea that the store does not know.
        """
        encoded = {it.idea: (*encode_decision(it), it) for it in rows}
        if not encoded:
            return 0
        with self._turn:
            known = {row[0]: row[1:] for row in self._rows(sql.DECISIONS, (json_of(encoded),))}
            changed = [n for n, row in encoded.items() if n not in known or known[n][1] != row[1]]
            later = [(row[0], n) for n, row in encoded.items() if n in known and known[n] != row[:2]]
            self._write_many(sql.SET_DUE, later)
            if changed:
                self._store_decisions([(n, *encoded[n]) for n in changed])
            return len(changed)

    def _store_decisions(self, rows: Sequence[tuple[int, int | None, bytes, Decision]]) -> None:
        seq = self._take("seq", len(rows))
        self._write_many(
            sql.PUT_DECISION, [(idea, n, due, body) for n, (idea, due, body, _) in enumerate(rows, seq)]
        )
        found = self._write_many(
            sql.SET_PRIORITY,
            [(float(it.scores.get("priority", 0.0)), it.band, idea) for idea, _, _, it in rows],
        )
        self._must_exist([row[0] for row in rows], found)
        self._write(DROP_FACETS, (json_of([row[0] for row in rows]),))
        self._write_many(PUT_FACET, [(*facet, it.idea) for *_, it in rows for facet in facets(it)])

    def decisions_after(self, seq: int, limit: int) -> list[tuple[int, Decision]]:
        """Decisions that changed after ``seq``, in order of sequence."""
        rows = self._rows(sql.DECISIONS_AFTER, (seq, limit))
        return [(number, decode_decision(idea, due, body)) for number, idea, due, body in rows]

    def destinations_after(self, seq: int, limit: int) -> list[tuple[int, int, str, str]]:
        """The same decisions, but only where they send the idea: (seq, idea, route, urgency)."""
        rows = self._rows(sql.DECISIONS_AFTER, (seq, limit))
        return [(number, idea, *decode_destination(body)) for number, idea, _, body in rows]

    def put_override(self, override: Override) -> None:
        """Keep what a person set for an idea; a new one replaces the old. Touches the idea, which must exist."""
        body = encode_override(override)
        with self._turn:
            self._must_exist([override.idea], self._count_voices({override.idea: 0}))
            self._write(sql.PUT_OVERRIDE, (override.idea, body))

    def drop_override(self, number: int) -> bool:
        """Forget it, and touch the idea; whether there was one."""
        with self._turn:
            there = self._write(sql.DROP_OVERRIDE, (number,)) > 0
            if there:
                self.touch_ideas([number])
            return there

    def overrides(self, numbers: Sequence[int]) -> dict[int, Override]:
        """What people set for these ideas, also where it has ended."""
        rows = self._rows(sql.OVERRIDES, (json_of(numbers),)) if numbers else []
        return {idea: decode_override(idea, body) for idea, body in rows}

    def put_standing(self, rows: Sequence[tuple[str, int, float | None]]) -> int:
        """Keep scores that ideas are compared by; None for an idea that no longer counts. How many changed."""
        numbers = list(dict.fromkeys(number for _, number, _ in rows))
        known = {row[:2]: row[2] for row in self._rows(sql.STANDING_OF, (json_of(numbers),))}
        changed = [row for row in rows if known.get(row[:2]) != row[2]]
        self._write_many(sql.PUT_STANDING, [row for row in changed if row[2] is not None])
        self._write_many(sql.END_STANDING, [row[:2] for row in changed if row[2] is None])
        return len(changed)

    def standing(self, score: str) -> list[tuple[int, float, str]]:
        """(idea, value, what it has seen) of every idea, by idea."""
        return self._rows(sql.STANDING, (score,))

    def put_seen(self, rows: Sequence[tuple[str, int, str]]) -> None:
        """Keep what ideas read of all ideas for a score. Ideas that do not stand are left out."""
        self._write_many(sql.SET_SEEN, [(text, score, number) for score, number, text in rows])

    def seen(self, numbers: Sequence[int]) -> list[tuple[str, int, str]]:
        """(score, idea, text) of these ideas, by score and idea."""
        return self._rows(sql.SEEN, (json_of(numbers),)) if numbers else []

    def drop_standing(self) -> None:
        """Forget where every idea stands."""
        self._write(sql.DROP_STANDING)

    def put_routes(self, rows: Sequence[Route]) -> None:
        """Send ideas somewhere."""
        self._write_many(sql.PUT_ROUTE, [(it.idea, it.connection, it.project, it.urgency) for it in rows])

    def drop_routes(self, numbers: Sequence[int]) -> None:
        """Back to the inbox."""
        if numbers:
            self._write(sql.DROP_ROUTES, (json_of(numbers),))

    def routes(self, numbers: Sequence[int]) -> dict[int, Route]:
        """Where each idea goes; ideas in the inbox are left out."""
        rows = self._rows(sql.ROUTES, (json_of(numbers),)) if numbers else []
        return {row[0]: Route(idea=row[0], connection=row[1], project=row[2], urgency=row[3]) for row in rows}


def _as_idea(row: tuple[Any, ...]) -> Idea:
    created = from_micros(row[2])
    assert created is not None
    return Idea(
        number=row[0],
        title=row[1],
        created_at=created,
        visibility=VISIBILITY[row[3]],
        item=None if row[4] is None else Ref(row[4], row[5]),
    )


def _decision(idea: int, due: int | None, body: bytes | None) -> Decision:
    return Decision(idea=idea) if body is None else decode_decision(idea, due, body)
