"""Whether the pieces of one idea speak of two subjects."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from opshub.matching.terms import terms

__all__ = ["APART", "LOOKED_AT", "Subjects", "subjects"]

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
    groups = _gathered(alike)
    large = [group for group in groups if len(group) >= LEAST]
    if len(large) < 2:
        return None
    first, second = large[:2]
    if _han(texts, first) != _han(texts, second):
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


def _gathered(alike: Sequence[Sequence[float]]) -> list[list[int]]:
    """Groups by average linkage, the largest first."""
    groups = [[at] for at in range(len(alike))]
    sums = [list(row) for row in alike]
    while len(groups) > 1:
        best, one, two = max(
            (sums[one][two] / (len(groups[one]) * len(groups[two])), -one, -two)
            for one in range(len(groups))
            for two in range(one)
        )
        if best < TOGETHER:
            break
        _join(groups, sums, -two, -one)
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def _join(groups: list[list[int]], sums: list[list[float]], one: int, two: int) -> None:
    """Make two groups one, ``one`` before ``two``."""
    groups[one] += groups.pop(two)
    for row in sums:
        row[one] += row[two]
    gone = sums.pop(two)
    sums[one] = [mine + theirs for mine, theirs in zip(sums[one], gone, strict=True)]
    for row in sums:
        row.pop(two)


def _mean(alike: Sequence[Sequence[float]], ones: Sequence[int], twos: Sequence[int]) -> float:
    found = [alike[one][two] for one in ones for two in twos if one != two]
    return math.fsum(found) / len(found)


def _han(texts: Sequence[tuple[str, str]], group: Sequence[int]) -> bool:
    """Whether a group is written in Chinese characters for the most part."""
    written = [any("\u3400" <= sign <= "\u9fff" for sign in "".join(texts[at])) for at in group]
    return sum(written) * 2 > len(written)
