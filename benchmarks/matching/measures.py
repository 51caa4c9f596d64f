"""How well ideas fit the labels: pairs, B-cubed, adjusted Rand index, recall of an earlier item.

Pairwise and B-cubed precision and recall as in Amigó et al., "A comparison of extrinsic clustering evaluation metrics",
Information Retrieval 12 (2009); the adjusted Rand index as in Hubert and Arabie, "Comparing partitions", Journal of
Classification 2 (1985).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from math import comb
from typing import NamedTuple

__all__ = ["Fit", "fit", "percentile"]


class Fit(NamedTuple):
    """Shares from 0 to 1; the index is 0 for chance and 1 for the same partition."""

    pair_precision: float
    pair_recall: float
    cubed_precision: float
    cubed_recall: float
    rand: float

    @property
    def pair_f1(self) -> float:
        """The harmonic mean of both."""
        return _harmonic(self.pair_precision, self.pair_recall)

    @property
    def cubed_f1(self) -> float:
        """The harmonic mean of both."""
        return _harmonic(self.cubed_precision, self.cubed_recall)


def fit(found: Sequence[Hashable], meant: Sequence[Hashable]) -> Fit:
    """How the ideas that items were given fit those that they were meant for, both in order of the items."""
    both = Counter(zip(found, meant, strict=True))
    ours, theirs, total = Counter(found), Counter(meant), len(meant)
    together = sum(comb(count, 2) for count in both.values())
    one, other = (sum(comb(count, 2) for count in counts.values()) for counts in (ours, theirs))
    chance = one * other / comb(total, 2) if total > 1 else 0.0
    most = (one + other) / 2
    return Fit(
        together / one if one else 1.0,
        together / other if other else 1.0,
        sum(count * count / ours[mine] for (mine, _), count in both.items()) / (total or 1),
        sum(count * count / theirs[label] for (_, label), count in both.items()) / (total or 1),
        (together - chance) / (most - chance) if most != chance else 1.0,
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share lies; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0
