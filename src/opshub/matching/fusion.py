"""Two ways of finding, by words and by meaning, made into one pool, and how its pieces are judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from opshub.matching.meaning import Meaning, Place
from opshub.matching.pairs import Pair, Piece, form
from opshub.matching.retrieval import Other, Retrieval
from opshub.matching.scorer import learned, probability
from opshub.model import Feedback, Ref

__all__ = ["ACROSS", "Senses", "fused"]

ACROSS = "across"
"""The form of two pieces of which only one is written in Chinese, Japanese or Korean: they share hardly a word."""

MOST = 30
"""Pieces of the pool that are judged: with what lies near among them, fewer are enough than by words alone."""

_RANK = 60
"""How little the first ranks differ from each other: with it, being found both ways counts most.

Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual rank learning methods", SIGIR
2009.
"""


@dataclass(frozen=True, slots=True)
class Senses:
    """How near the pieces of a pool lie in meaning, by one encoder; without one nothing is known."""

    encoder: str = ""
    places: Mapping[Ref, Place] = field(default_factory=dict)
    best: float = 1.0
    """The largest cosine of them."""

    def likeness(self, own: Piece, other: Other, pair: Pair) -> float:
        """The probability that both mean the same; by words alone where one has no vector yet."""
        if other.ref not in self.places:
            return probability(form(own, other.piece), pair)
        return probability(self.form(own, other.piece), self.features(other.ref, pair), self.encoder)

    def wanted(self, own: Piece, other: Other) -> Sequence[float]:
        """What each feature of two pieces weighs in their likeness; one with a 0 need not be known."""
        if other.ref not in self.places:
            return learned(form(own, other.piece))[1:]
        return learned(self.form(own, other.piece), self.encoder)[1 : 1 + len(Pair._fields)]

    def form(self, own: Piece, other: Piece) -> str:
        """By which weights two pieces are judged that both have a vector."""
        return ACROSS if own.cjk != other.cjk else form(own, other)

    def features(self, ref: Ref, pair: Pair) -> tuple[float, ...]:
        """What two pieces have in common, their cosine, what share it is of the best one in the pool, and the crowd."""
        cosine, crowd = self.places[ref]
        return *pair, cosine, max(0.0, cosine) / max(self.best, 0.01), crowd


def fused(
    retrieval: Retrieval, feedback: Feedback, pool: Sequence[Other], meaning: Meaning
) -> tuple[list[Other], Senses]:
    """The best of what words found and of what lies near in meaning, and how near each lies that has a vector."""
    search = retrieval.search
    around = meaning.around(feedback, search, MOST)
    words = {other.ref: rank for rank, other in enumerate(pool)}
    senses = {it.feedback: rank for rank, it in enumerate(around.near)}
    best = sorted(words | senses, key=lambda ref: (-_worth(ref, words, senses), ref))[:MOST]
    texts = search.indexed_text([ref for ref in best if ref not in words])
    known = {other.ref: other for other in pool}
    known |= {other.ref: other for other in retrieval.scored((ref, *text) for ref, text in texts.items())}
    ranked = [known[ref] for ref in best if ref in known]
    places = {it.feedback: it.place for it in around.near}
    rest = [other.ref for other in ranked if other.ref not in places]
    places |= around.places(search.vectors_of(rest))
    best_cosine = max((it.cosine for it in places.values()), default=1.0)
    return ranked, Senses(meaning.encoder.name.split()[0], places, best_cosine)


def _worth(ref: Ref, *ranks: Mapping[Ref, int]) -> float:
    return sum(1 / (_RANK + known[ref]) for known in ranks if ref in known)
