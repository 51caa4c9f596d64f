"""SQLite: the full-text index, and in how many pieces of feedback each term stands.

SQLite's own table of terms reads the whole list of pieces for each count, so the counts are kept beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import orjson

from opshub.model import Ref
from opshub.store import search_statements as sql
from opshub.store.database import json_of
from opshub.store.sqlite_work import Work
from opshub.store.terms import CLASSES, add_up, best, length_class, single_terms, split_terms, wanted_terms

__all__ = ["Index"]

_PIECES, _LENGTH = "", " "
"""Terms that no text has: under them stand the number of indexed pieces, and of all their terms together."""


class Index(Work):
    """Search."""

    def search_text(
        self, weights: Mapping[str, float], limit: int
    ) -> list[tuple[Ref, int | None, float, str, str]]:
        """Indexed living feedback with any of the first 24 terms, best first: (ref, idea, score, title, body)."""
        scores: dict[int, float] = {}
        with self._turn:
            for term, weight in wanted_terms(weights).items():
                (held,) = self._rows(sql.HOLDING, ('"' + term.replace('"', '""') + '"',))
                add_up(scores, orjson.loads(held[0]), weight)
            pieces, length = self.text_size()
            hits = best(scores, length / max(pieces, 1), limit)
            rows = self._rows(sql.HITS, (json_of(piece for _, piece in hits),)) if hits else []
        told = {row[0]: row[1:] for row in rows}
        return [
            (Ref(connection, name), idea, score, title, body)
            for score, piece in hits
            for connection, name, idea, title, body in (told[piece],)
        ]

    def term_counts(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many indexed pieces of feedback each term stands; 0 for one that is nowhere."""
        counts = dict.fromkeys(terms, 0)
        wanted = single_terms(counts)
        if wanted:
            counts.update(self._rows(sql.TERM_COUNTS, (json_of(wanted),)))
        return counts

    def text_size(self) -> tuple[int, int]:
        """How many pieces of feedback are indexed, and how many terms they have together."""
        counts = dict(self._rows(sql.TERM_COUNTS, (json_of((_PIECES, _LENGTH)),)))
        return counts.get(_PIECES, 0), counts.get(_LENGTH, 0)

    def _put_texts(self, rows: Iterable[tuple[int, str, str]]) -> None:
        """Index pieces, by key, that are not in the index."""
        counts: Counter[str] = Counter()
        written = []
        for key, title, body in rows:
            one, other = split_terms(title), split_terms(body)
            length = len(one) + len(other)
            written.append((key * CLASSES + length_class(length), " ".join(one), " ".join(other)))
            counts.update({_PIECES, *one, *other})
            counts[_LENGTH] += length
        self._write_many(sql.INDEX_TEXT, written)
        self._write_many(sql.COUNT_TERM, sorted(counts.items()))

    def _drop_texts(self, keys: Collection[int]) -> None:
        """Take pieces out of the index, as far as they are in it."""
        rows = self._rows(sql.INDEXED_OF, (json_of(keys),)) if keys else []
        if not rows:
            return
        counts: Counter[str] = Counter()
        for _, title, body in rows:
            terms = [*split_terms(title), *split_terms(body)]
            counts.update({_PIECES, *terms})
            counts[_LENGTH] += len(terms)
        self._write_many(sql.UNINDEX_TEXT, [(row[0],) for row in rows])
        self._write_many(sql.COUNT_TERM, sorted((term, -count) for term, count in counts.items()))
        self._write(sql.DROP_TERMS, (json_of(counts),))
