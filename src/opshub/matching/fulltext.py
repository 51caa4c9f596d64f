"""The matcher that reads words: the full-text index finds pieces of feedback, the shipped scorer judges each pair."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from opshub.matching.fusion import Senses, fused
from opshub.matching.guards import guards
from opshub.matching.matcher import Candidate, Search, model_name
from opshub.matching.meaning import Meaning
from opshub.matching.meaning_weights import MEANING
from opshub.matching.pairs import ALL, Pair, Piece, Weighed, compare
from opshub.matching.retrieval import ALONE, BESIDE, Other, Retrieval
from opshub.matching.terms import COMMON, columns, is_cjk, words
from opshub.matching.votes import Votes, heard, joins_from
from opshub.matching.weights import WEIGHTS
from opshub.model import Feedback

__all__ = ["FullText", "compared", "piece_of"]

NAMED = 6
"""Shared words that are told."""


def _print(weights: object) -> str:
    return f"words {hashlib.blake2b(repr(weights).encode(), digest_size=4).hexdigest()}"


class FullText:
    """Candidates by the words that texts share.

    The likeness of an idea is the probability that its nearest piece means the same. By itself it does not see that two
    texts mean the same in other words; with an encoder it also finds what lies near in meaning, and judges by that too.
    """

    words, both = _print(WEIGHTS), _print((WEIGHTS, MEANING))

    def __init__(self, meaning: Meaning | None = None) -> None:
        """``meaning``: what an encoder knows of the feedback that is searched."""
        self.meaning = meaning

    @property
    def model(self) -> str:
        """What values likenesses: those of two models are not compared."""
        return model_name(self.both, self.meaning.name) if self.meaning else model_name(self.words)

    def joins_from(self, feedback: Feedback) -> float:
        """The vote from which feedback joins an idea where nobody is waited for."""
        return joins_from(piece_of(feedback), self.meaning.encoder.name if self.meaning else "")

    def candidates(self, feedback: Feedback, search: Search, limit: int = 5) -> list[Candidate]:
        """The ideas most alike, best first, each once."""
        own = piece_of(feedback)
        retrieval = Retrieval.begin(own, search)
        telling = retrieval.weights.keys() - COMMON
        found = retrieval.pool(feedback.ref, BESIDE if self.meaning else ALONE)
        pool = [it for it in found if not telling.isdisjoint(it.piece.often)]
        senses = Senses()
        if self.meaning is not None:
            pool, senses = fused(retrieval, feedback, pool, self.meaning)
        judged = [
            (senses.likeness(own, other, pair), other) for other, pair in compared(retrieval, pool, senses)
        ]
        judged.sort(key=lambda found: (-found[0], -found[1].score, found[1].idea))
        best: dict[int, tuple[float, Other]] = {}
        for likeness, other in judged:
            best.setdefault(other.idea, (likeness, other))
        votes = heard(own, [(likeness, other.idea, other.ref, other.piece) for likeness, other in judged])
        written = words(feedback.title, feedback.text) if best else {}
        return [
            Candidate(
                other.idea,
                likeness,
                other.ref,
                _shared(retrieval, other, written),
                guards(own, other.piece),
                votes.get(other.idea, Votes()),
            )
            for likeness, other in list(best.values())[:limit]
        ]


def piece_of(feedback: Feedback) -> Piece:
    """The terms by which feedback is compared."""
    title, body = columns(feedback.title, feedback.text)
    return Piece(tuple(title), tuple(body))


def compared(
    retrieval: Retrieval, pool: Sequence[Other], senses: Senses | None = None
) -> list[tuple[Other, Pair]]:
    """Each piece of the pool with what it has in common with the own one.

    With ``senses``, of what their likeness does not read nothing is made: it stays 0.
    """
    piece, rarity = retrieval.own, retrieval.rarity
    foreign = set().union(*(other.piece.often for other in pool))
    rarity.learn(retrieval.search.term_counts(sorted(rarity.unknown(foreign))))
    top = max((other.score for other in pool), default=0.0) or 1.0
    own = Weighed(piece, rarity)
    found = []
    for other in pool:
        wanted = senses.wanted(piece, other) if senses else ALL
        found.append((other, compare(own, Weighed(other.piece, rarity), other.score / top, wanted)))
    return found


def _shared(retrieval: Retrieval, other: Other, written: dict[str, str]) -> tuple[str, ...]:
    """The most telling words of both, as they are written; of Chinese the pairs rather than their characters."""
    both = [term for term in retrieval.weights if term in other.piece.often and term not in COMMON]
    pairs = "".join(term for term in both if len(term) == 2 and is_cjk(term))
    told = (written.get(term, term) for term in both if len(term) > 1 or term not in pairs)
    return tuple(dict.fromkeys(told))[:NAMED]
