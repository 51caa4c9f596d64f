"""From a likeness to an expected precision, as the answers of one hub about one kind of feedback teach it.

Two features alone: the logit of the best likeness, and its margin over the logit of the next best idea. Anything that
tells one source from another, such as the length of texts or the size of ideas, would teach the source instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from opshub.matching.matcher import by_words

__all__ = ["SHIPPED", "Features", "Weights", "careful", "chance", "features", "fit"]

LEAST = 0.0005
"""Likenesses below this, and those as near to 1, are taken for it."""

RIDGE = (4.0, 20.0, 40.0)
"""How firmly each weight is held to what is shipped: as answers come, they outweigh it.

A few hundred answers say little of how steep the line is, and the margin says little while most ideas have one piece.
"""

STEPS = 50
"""Newton steps at most; it takes about six."""


BY_WORDS = 1.2
"""What is taken off the constant where words alone judge.

Nearly equal texts may differ in the one word that counts; how often they do, a few hundred answers do not show.
"""


class Features(NamedTuple):
    """What a decision reads of the candidates of one piece of feedback."""

    logit: float
    margin: float


class Weights(NamedTuple):
    """Those of a constant and of the two features."""

    constant: float
    logit: float
    margin: float


SHIPPED = Weights(0.0, 1.0, 0.0)
"""Without any answer the likeness is taken at its word."""


def careful(weights: Weights, model: str) -> Weights:
    """The weights that are used: by words alone less is sure than answers say. ``model`` valued the likenesses."""
    if not by_words(model):
        return weights
    return weights._replace(constant=round(weights.constant - BY_WORDS, 6))


def features(likenesses: Sequence[float]) -> Features:
    """The features of candidates, of which the first is the one in question; 0 stands for those that there are not."""
    first = _logit(likenesses[0] if likenesses else 0.0)
    return Features(round(first, 4), round(first - _logit(max(likenesses[1:], default=0.0)), 4))


def _logit(likeness: float) -> float:
    held = min(1 - LEAST, max(LEAST, likeness))
    return math.log(held / (1 - held))


def chance(found: Features, weights: Weights) -> float:
    """How likely the first candidate is right, from 0 to 1, rounded to 4 places."""
    return round(_sigmoid(_sum(found, weights)), 4)


def _sum(found: Features, weights: Weights) -> float:
    return math.fsum((weights.constant, weights.logit * found.logit, weights.margin * found.margin))


def _sigmoid(value: float) -> float:
    if value >= 0:
        return 1 / (1 + math.exp(-value))
    small = math.exp(value)
    return small / (1 + small)


def fit(examples: Sequence[tuple[Features, bool]], toward: Weights = SHIPPED) -> Weights:
    """The weights that explain the answers best, held to those that are shipped; rounded to 6 places.

    No feature counts backwards: where answers say so, it does not count at all.
    """
    free = (True, True, True)
    while True:
        found = _newton(examples, toward, free)
        wrong = [at for at in (1, 2) if free[at] and found[at] < 0]
        if not wrong:
            return Weights(*(round(value, 6) + 0.0 for value in found))
        free = (True, free[1] and 1 not in wrong, free[2] and 2 not in wrong)


def _newton(
    examples: Sequence[tuple[Features, bool]], toward: Weights, free: tuple[bool, bool, bool]
) -> Weights:
    """The lowest loss over the weights that are free; the others are 0."""
    now = Weights(*(value if may else 0.0 for value, may in zip(toward, free, strict=True)))
    loss = _loss(examples, now, toward)
    for _ in range(STEPS):
        step = _step(examples, now, toward, free)
        size, further = 1.0, loss
        while size > 1e-6:
            there = Weights(*(value - size * part for value, part in zip(now, step, strict=True)))
            further = _loss(examples, there, toward)
            if further < loss:
                break
            size /= 2
        else:
            return now
        done = loss - further < 1e-12 * (1 + abs(loss))
        now, loss = there, further
        if done:
            return now
    return now


def _loss(examples: Sequence[tuple[Features, bool]], weights: Weights, toward: Weights) -> float:
    """Minus the logarithm of the likelihood, and half of what holds the weights."""
    told = []
    for found, right in examples:
        value = _sum(found, weights) * (1 if right else -1)
        told.append(math.log1p(math.exp(-value)) if value > -30 else -value)
    held = [ridge * (w - t) ** 2 / 2 for ridge, w, t in zip(RIDGE, weights, toward, strict=True)]
    return math.fsum((*told, *held))


def _step(
    examples: Sequence[tuple[Features, bool]],
    now: Weights,
    toward: Weights,
    free: tuple[bool, bool, bool],
) -> Sequence[float]:
    """What Newton's method takes off the weights."""
    rows = [(1.0, *found) for found, _ in examples]
    odds = [_sigmoid(_sum(found, now)) for found, _ in examples]
    missed = [odd - right for odd, (_, right) in zip(odds, examples, strict=True)]
    bend = [odd * (1 - odd) for odd in odds]
    chosen = [at for at in range(3) if free[at]]
    slope = [
        math.fsum(
            (*(m * row[at] for m, row in zip(missed, rows, strict=True)), RIDGE[at] * (now[at] - toward[at]))
        )
        for at in chosen
    ]
    matrix = [
        [
            math.fsum(b * row[one] * row[two] for b, row in zip(bend, rows, strict=True))
            + (RIDGE[one] if one == two else 0.0)
            for two in chosen
        ]
        for one in chosen
    ]
    solved = iter(_solve(matrix, slope))
    return [next(solved) if may else 0.0 for may in free]


def _solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a few linear equations; the ridge keeps the matrix positive, so that no pivot is 0."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for at, pivot in enumerate(rows):
        for other in rows[:at] + rows[at + 1 :]:
            factor = other[at] / pivot[at]
            for column in range(at, len(pivot)):
                other[column] -= factor * pivot[column]
    return [row[-1] / row[at] for at, row in enumerate(rows)]
