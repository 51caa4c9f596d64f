"""Pieces of feedback that share telling terms with a new one, best first by BM25."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import NamedTuple

from opshub.matching.matcher import Search
from opshub.matching.pairs import Piece, Rarity
from opshub.matching.terms import is_cjk
from opshub.model import Ref

__all__ = ["ALONE", "BESIDE", "Other", "Reach", "Retrieval", "chosen"]

MOST_TERMS = 24
POOL = 40

_K1, _B = 1.2, 0.75
_SINGLE = 2.0
"""How much more a single Chinese character says in a search than its rarity alone."""


class Reach(NamedTuple):
    """How far one search looks."""

    entries: int
    """Those of the full-text index that it reads, so that its cost stays flat as the store grows."""
    pieces: int
    """Those that are scored exactly, to find the pool among them."""


ALONE = Reach(6_000, 60)

BESIDE = Reach(2_000, 40)
"""Beside an encoder, which finds by itself what shares only usual words."""


class Other(NamedTuple):
    """A piece that was found."""

    ref: Ref
    idea: int
    piece: Piece
    score: float


@dataclass(frozen=True)
class Retrieval:
    """One search: what it looks for, and how it weighs what it finds."""

    own: Piece
    search: Search
    rarity: Rarity
    usual: float
    """Terms of a piece, on average."""
    weights: dict[str, float]
    """What each own term weighs that somebody else used too, the heaviest first."""
    counts: dict[str, int]

    @classmethod
    def begin(cls, own: Piece, search: Search) -> Retrieval:
        """Weigh the terms of a piece."""
        pieces, length = search.text_size()
        rarity = Rarity(pieces)
        counts = search.term_counts(sorted(own.often))
        rarity.learn(counts)
        weights = {
            term: (1 + math.log(own.often[term])) * math.log(1 + (pieces - count + 0.5) / (count + 0.5))
            for term, count in counts.items()
            if count
        }
        heaviest = sorted(weights, key=lambda term: (-weights[term], term))
        told = {
            term: weights[term] * (_SINGLE if len(term) == 1 and is_cjk(term) else 1) for term in heaviest
        }
        return cls(own, search, rarity, length / max(pieces, 1), told, counts)

    def pool(self, but: Ref, reach: Reach = ALONE) -> list[Other]:
        """The best of the linked pieces that the index finds."""
        terms = chosen(self.weights, self.counts, reach.entries)
        if not terms:
            return []
        hits = self.search.search_text({term: self.weights[term] for term in terms}, reach.pieces)
        linked = ((ref, idea, title, body) for ref, idea, _, title, body in hits if ref != but)
        return self.scored(linked, POOL)

    def scored(
        self, hits: Iterable[tuple[Ref, int | None, str, str]], limit: int | None = None
    ) -> list[Other]:
        """Linked pieces with their scores, best first; what came first stays first among equals."""
        found = []
        for ref, idea, title, body in hits:
            if idea is not None:
                one, other = (text.split(" ") if text else [] for text in (title, body))
                found.append((self._score(one + other), ref, idea, one, other))
        best = sorted(found, key=itemgetter(0), reverse=True)[:limit]
        return [
            Other(ref, idea, Piece(tuple(one), tuple(other)), score) for score, ref, idea, one, other in best
        ]

    def _score(self, terms: Sequence[str]) -> float:
        """BM25 by all own terms."""
        weights = self.weights
        damp = _K1 * (1 - _B + _B * len(terms) / (self.usual or 1.0))
        shared = Counter(filter(weights.__contains__, terms))
        return math.fsum(
            [weights[term] * count * (_K1 + 1) / (count + damp) for term, count in shared.items()]
        )


def chosen(heaviest: Iterable[str], counts: dict[str, int], entries: int = ALONE.entries) -> Sequence[str]:
    """The heaviest terms within so many entries; one that would pass that is left out, and those behind it are looked
    at."""
    found: list[str] = []
    spent = 0
    for term in heaviest:
        if len(found) == MOST_TERMS:
            break
        if not found or spent + counts[term] <= entries:
            found.append(term)
            spent += counts[term]
    return found
