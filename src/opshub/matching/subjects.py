"""Whether the pieces of one idea speak of two subjects."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from opshub.matching.terms import terms

__all__ = ["APART", "LOOKED_AT", "Subjects", "gathered", "in_chinese", "subjects"]

LOOKED_AT = 40
"""Pieces of an idea that are compared, each with each."""

TOGETHER = 0.06
"""Groups are joined as long as their pieces are that much alike on average."""

APART = 0.03
"""Two subjects share no more than this."""

WITHIN = 0.12
"""And the pieces of each are at least this much alike."""

LEAST = 2
"""Pieces of the smaller subject."""


class Subjects(NamedTuple):
    """Positions of the pieces of the smaller subject; how alike the pieces of each are, and those of both."""

    second: tuple[int, ...]
    within: float
    between: float


def subjects(texts: Sequence[tuple[str, str]], rarity: Mapping[str, float]) -> Subjects | None:
    """Two groups of (title, text) that share next to nothing; None where there is one subject.

    Groups in different scripts are never told apart: a Chinese piece and its English twin share no word.
    """
    vectors = [_vector(title, text, rarity) for title, text in texts]
    alike = [[_cosine(one, two) for two in vectors] for one in vectors]
    pairs = {(one, two): alike[one][two] for one in range(len(alike)) for two in range(one)}
    groups = gathered(len(alike), pairs, TOGETHER)
    large = [group for group in groups if len(group) >= LEAST]
    if len(large) < 2:
        return None
    first, second = large[:2]
    if in_chinese([texts[at] for at in first]) != in_chinese([texts[at] for at in second]):
        return None
    within = min(_mean(alike, group, group) for group in (first, second))
    between = _mean(alike, first, second)
    if within < WITHIN or between > APART:
        return None
    return Subjects(tuple(sorted(second)), round(within, 4), round(between, 4))


def _vector(title: str, text: str, rarity: Mapping[str, float]) -> dict[str, float]:
    weights = {term: rarity.get(term, 1.0) for term in terms(title, text)}
    length = math.sqrt(math.fsum(weight * weight for weight in weights.values())) or 1.0
    return {term: weight / length for term, weight in weights.items()}


def _cosine(one: Mapping[str, float], two: Mapping[str, float]) -> float:
    return math.fsum(weight * two[term] for term, weight in one.items() if term in two)


def gathered(pieces: int, alike: Mapping[tuple[int, int], float], least: float) -> list[list[int]]:
    """Groups of so many pieces by average linkage, the largest first: joined as long as their pieces are at least that
    much alike on average. Pairs that are not named are not alike at all."""
    groups = {at: [at] for at in range(pieces)}
    sums: dict[int, dict[int, float]] = {at: {} for at in groups}
    for (one, two), much in alike.items():
        if much > 0:
            sums[one][two] = sums[two][one] = much
    waiting = [(-much, one, two) for one, row in sums.items() for two, much in row.items() if one < two]
    heapify(waiting)
    made = pieces
    while (best := _best(waiting, groups)) is not None and -best[0] >= least:
        for other, mean in _joined(groups, sums, best[1:], made):
            heappush(waiting, (-mean, other, made))
        made += 1
    return sorted(groups.values(), key=lambda group: (-len(group), min(group)))


def _best(
    waiting: list[tuple[float, int, int]], groups: Mapping[int, Sequence[int]]
) -> tuple[float, int, int] | None:
    """The pair of groups that are most alike, of those that there still are."""
    while waiting:
        best = heappop(waiting)
        if best[1] in groups and best[2] in groups:
            return best
    return None


def _joined(
    groups: dict[int, list[int]], sums: dict[int, dict[int, float]], pair: tuple[int, int], made: int
) -> Iterator[tuple[int, float]]:
    """Make one group of two; every other that it shares something with, and how much on average."""
    one, two = pair
    groups[made] = groups.pop(one) + groups.pop(two)
    mine, theirs = sums.pop(one), sums.pop(two)
    sums[made] = {}
    for other in sorted({*mine, *theirs} - {one, two}):
        much = mine.get(other, 0) + theirs.get(other, 0)
        sums[made][other] = sums[other][made] = much
        sums[other].pop(one, None)
        sums[other].pop(two, None)
        yield other, much / (len(groups[made]) * len(groups[other]))


def _mean(alike: Sequence[Sequence[float]], ones: Sequence[int], twos: Sequence[int]) -> float:
    found = [alike[one][two] for one in ones for two in twos if one != two]
    return math.fsum(found) / len(found)


def in_chinese(texts: Sequence[tuple[str, str]]) -> bool:
    """Whether most of these (title, text) hold Chinese characters."""
    written = [any("\u3400" <= sign <= "\u9fff" for sign in "".join(text)) for text in texts]
    return sum(written) * 2 > len(written)
