"""What two pieces of feedback have in common, as numbers from 0 to 1."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations, pairwise
from math import comb
from operator import mul
from typing import NamedTuple

from opshub.matching.terms import is_cjk

__all__ = ["ALL", "Pair", "Piece", "Rarity", "Weighed", "compare", "form"]

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
    terms: tuple[str, ...] = field(init=False, repr=False, compare=False)
    """Those of title and body."""
    often: Mapping[str, int] = field(init=False, repr=False, compare=False)
    """How often each term is said."""

    def __post_init__(self) -> None:
        # A search makes forty of these: a property that waits to be asked takes longer than the counting.
        terms = self.title + self.body
        often = dict.fromkeys(terms, 1)
        object.__setattr__(self, "terms", terms)
        object.__setattr__(self, "often", often if len(often) == len(terms) else Counter(terms))

    @cached_property
    def cjk(self) -> bool:
        """Whether it is written in Chinese, Japanese or Korean, judged by its beginning."""
        return is_cjk("".join(self.terms[:20]))

    @cached_property
    def characters(self) -> frozenset[str]:
        """The single characters of such a text."""
        return frozenset(term for term in self.often if len(term) == 1) if self.cjk else frozenset()

    @cached_property
    def paired(self) -> frozenset[str]:
        """Those of the characters of which each makes a pair with each other one."""
        return frozenset(sorted(self.characters)[:CHARACTERS])

    @cached_property
    def pairs(self) -> frozenset[tuple[str, ...]]:
        """Its pairs of characters in any order, or its neighbouring words."""
        return frozenset(combinations(sorted(self.paired), 2) if self.cjk else pairwise(self.terms))

    @cached_property
    def trigrams(self) -> frozenset[tuple[str, str, str]]:
        """The stretches of three characters of what is written in an alphabet."""
        if self.cjk:
            return frozenset()
        text = " ".join(self.terms)[:TRIGRAMS]
        return frozenset(zip(text, text[1:], text[2:], strict=False))


class Rarity:
    """How much each term says: the more, the fewer pieces of feedback have it."""

    def __init__(self, pieces: int) -> None:
        self.pieces = pieces
        self._known: dict[str, float] = {}

    def learn(self, counts: Mapping[str, int]) -> None:
        """Take in how many pieces have each term."""
        most = self.pieces + 1
        self._known.update((term, math.log(1 + most / (count + 0.5))) for term, count in counts.items())

    def unknown(self, terms: Set[str]) -> Set[str]:
        """Those of the terms that were not taken in."""
        return terms - self._known.keys()

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


class Weighed:
    """A piece, and what each of its terms weighs: made once, however many others it is compared with."""

    def __init__(self, piece: Piece, rarity: Rarity) -> None:
        """``rarity``: it has taken in all terms of the piece."""
        self.piece, self.rarity = piece, rarity
        self.terms = rarity.weights(piece.often)
        self.square = _square(self.terms)

    @cached_property
    def whole(self) -> float:
        """The sum of the weights."""
        return math.fsum(self.terms.values())

    @cached_property
    def title(self) -> dict[str, float]:
        """What each term of the title weighs."""
        return self.rarity.weights(Counter(self.piece.title))

    @cached_property
    def title_square(self) -> float:
        """The sum of the squares of these weights."""
        return _square(self.title)


ALL = (1.0,) * len(Pair._fields)
"""Every feature is wanted."""


def compare(one: Weighed, other: Weighed, bm25: float, wanted: Sequence[float] = ALL) -> Pair:
    """The features of two pieces; the same in either order. One that ``wanted`` has a 0 for is 0 and costs nothing."""
    shared = one.terms.keys() & other.terms.keys()
    mine, theirs = ([*map(it.terms.__getitem__, shared)] for it in (one, other))
    cosine, containment, jaccard, trigrams, title, characters, pairs, best = wanted
    both = math.fsum(map(min, mine, theirs)) if containment or jaccard else 0.0
    return Pair(
        _share(math.fsum(map(mul, mine, theirs)), math.sqrt(one.square * other.square)) if cosine else 0.0,
        _share(both, min(one.whole, other.whole)) if containment else 0.0,
        _share(both, one.whole + other.whole - both) if jaccard else 0.0,
        _dice(one.piece.trigrams, other.piece.trigrams) if trigrams else 0.0,
        _titles(one, other) if title else 0.0,
        _characters(one, other) if characters else 0.0,
        _pairs(one.piece, other.piece) if pairs else 0.0,
        bm25 if best else 0.0,
    )


def form(one: Piece, other: Piece) -> str:
    """By which weights two pieces are judged."""
    if one.cjk:
        return "cjk"
    return "titled" if one.title and other.title else "plain"


def _square(weights: Mapping[str, float]) -> float:
    return math.fsum(map(mul, weights.values(), weights.values()))


def _titles(one: Weighed, other: Weighed) -> float:
    if not one.piece.title or not other.piece.title:
        return 0.0
    mine, theirs = one.title, other.title
    shared = math.fsum(mine[term] * theirs[term] for term in mine.keys() & theirs.keys())
    return _share(shared, math.sqrt(one.title_square * other.title_square))


def _characters(one: Weighed, other: Weighed) -> float:
    mine, theirs, of = one.piece.characters, other.piece.characters, one.rarity.of
    if not mine or not theirs:
        return 0.0
    return _share(math.fsum(map(of, mine & theirs)), math.fsum(map(of, mine | theirs)))


def _pairs(one: Piece, other: Piece) -> float:
    if not (one.cjk and other.cjk):
        return _dice(one.pairs, other.pairs)
    here, there, both = (comb(len(it), 2) for it in (one.paired, other.paired, one.paired & other.paired))
    return _share(2.0 * both, float(here + there))


def _dice(one: Set[object], other: Set[object]) -> float:
    return _share(2.0 * len(one & other), float(len(one) + len(other)))


def _share(part: float, whole: float) -> float:
    return min(1.0, part / whole) if whole else 0.0
