"""What two pieces of feedback have in common, as numbers from 0 to 1."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import NamedTuple

from opshub.matching.terms import is_cjk

__all__ = ["Pair", "Piece", "Rarity", "compare", "form"]

TRIGRAMS = 800
"""Characters whose trigrams are compared."""

CHARACTERS = 24
"""Different characters whose unordered pairs are compared."""


class Pair(NamedTuple):
    """How alike two pieces are; of two equal ones each is 1, but for what they have nothing of."""

    cosine: float
    """Of all terms, by how often and how rarely they are said."""
    containment: float
    """Of the shorter piece's weight, what the other holds too."""
    jaccard: float
    """Of both pieces' weight, what both hold."""
    trigrams: float
    """Of the three-character stretches of alphabets, Dice's coefficient."""
    title: float
    """The cosine of the titles; 0 where one has none."""
    characters: float
    """Of single Chinese, Japanese and Korean characters, the weighted Jaccard index."""
    pairs: float
    """Pairs of such characters in any order, or neighbouring words in an alphabet; Dice's coefficient."""
    bm25: float
    """Of the best score among all that were found, what this one reaches."""


@dataclass(frozen=True)
class Piece:
    """The terms of a piece of feedback, and what is made of them once."""

    title: tuple[str, ...]
    body: tuple[str, ...]

    @cached_property
    def terms(self) -> tuple[str, ...]:
        """Those of title and body."""
        return self.title + self.body

    @cached_property
    def often(self) -> Counter[str]:
        """How often each term is said."""
        return Counter(self.terms)

    @cached_property
    def cjk(self) -> bool:
        """Whether it is written in Chinese, Japanese or Korean, judged by its beginning."""
        return is_cjk("".join(self.terms[:20]))

    @cached_property
    def characters(self) -> frozenset[str]:
        """The single characters of such a text."""
        return frozenset(term for term in self.often if len(term) == 1) if self.cjk else frozenset()

    @cached_property
    def pairs(self) -> frozenset[tuple[str, ...]]:
        """Its pairs of characters in any order, or its neighbouring words."""
        if self.cjk:
            return frozenset(combinations(sorted(self.characters)[:CHARACTERS], 2))
        return frozenset(pairwise(self.terms))

    @cached_property
    def trigrams(self) -> frozenset[str]:
        """The stretches of three characters of what is written in an alphabet."""
        if self.cjk:
            return frozenset()
        text = " ".join(self.terms)[:TRIGRAMS]
        return frozenset(map("".join, zip(text, text[1:], text[2:], strict=False)))


class Rarity:
    """How much each term says: the more, the fewer pieces of feedback have it."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self._known: dict[str, float] = {}

    def learn(self, counts: Mapping[str, int]) -> None:
        """Take in how many pieces have each term."""
        most = self.pieces + 1
        self._known.update((term, math.log(1 + most / (count + 0.5))) for term, count in counts.items())

    def unknown(self, terms: Counter[str]) -> list[str]:
        """Those of the terms that were not taken in."""
        return [term for term in terms if term not in self._known]

    def of(self, term: str) -> float:
        """The inverse document frequency of a term that was taken in."""
        return self._known[term]

    def weights(self, often: Mapping[str, int]) -> dict[str, float]:
        """What each term of a piece weighs."""
        known = self._known
        return {
            term: known[term] if count == 1 else (1 + math.log(count)) * known[term]
            for term, count in often.items()
        }


def compare(one: Piece, other: Piece, rarity: Rarity, bm25: float) -> Pair:
    """The features of two pieces, whose terms the measure of rarity has taken in; the same in either order."""
    mine, theirs = rarity.weights(one.often), rarity.weights(other.often)
    shared = sorted(mine.keys() & theirs.keys())
    both = math.fsum(min(mine[term], theirs[term]) for term in shared)
    here, there = math.fsum(mine.values()), math.fsum(theirs.values())
    return Pair(
        _cosine(mine, theirs),
        _share(both, min(here, there)),
        _share(both, here + there - both),
        _dice(one.trigrams, other.trigrams),
        _cosine(rarity.weights(Counter(one.title)), rarity.weights(Counter(other.title))),
        _characters(one, other, rarity),
        _dice(one.pairs, other.pairs),
        bm25,
    )


def form(one: Piece, other: Piece) -> str:
    """By which weights two pieces are judged."""
    if one.cjk:
        return "cjk"
    return "titled" if one.title and other.title else "plain"


def _cosine(mine: Mapping[str, float], theirs: Mapping[str, float]) -> float:
    length = math.sqrt(math.fsum(w * w for w in mine.values()) * math.fsum(w * w for w in theirs.values()))
    return _share(math.fsum(mine[term] * theirs[term] for term in mine.keys() & theirs.keys()), length)


def _characters(one: Piece, other: Piece, rarity: Rarity) -> float:
    if not one.characters or not other.characters:
        return 0.0
    shared = math.fsum(map(rarity.of, one.characters & other.characters))
    return _share(shared, math.fsum(map(rarity.of, one.characters | other.characters)))


def _dice(one: frozenset[object], other: frozenset[object]) -> float:
    return _share(2.0 * len(one & other), float(len(one) + len(other)))


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole else 0.0
