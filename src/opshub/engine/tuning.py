"""How attaching by a likeness stands for each kind of feedback, and what other promises would come to; reads only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opshub.engine.connection import Limits
from opshub.engine.learning import Expected, expect, kept, why_off
from opshub.engine.likeness import Judge
from opshub.matching import SHIPPED, Weights
from opshub.store.base import Store

__all__ = ["PROMISES", "Prospect", "Standing", "prospects", "standings"]

PROMISES = (0.9, 0.95, 0.98, 0.99)
"""Those that are compared."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One kind of feedback: what was answered and learned. ``why`` says why it does not attach; empty where it does."""

    kind: str
    model: str
    answers: int
    open: int
    seen: int
    version: int
    sure: int
    right: int
    attaching: bool
    why: str

    @property
    def precision(self) -> float | None:
        """How often what was sure of the latest answers was right; None where nothing was."""
        return round(self.right / self.sure, 4) if self.sure else None


@dataclass(frozen=True, slots=True)
class Prospect:
    """What two promises would come to for one kind. Of the answers that were ``sure`` by then, ``right`` were."""

    kind: str
    attach: float
    ask: float
    expected: Expected
    sure: int
    right: int
    attaching: bool
    why: str


def standings(store: Store, limits: Limits) -> list[Standing]:
    """Every kind of feedback that was ever looked at or answered."""
    judge, counts = Judge(store, limits), store.count_questions()
    found = []
    for kind in _kinds(store):
        known, answers = judge.calibration(kind), store.answers(kind, judge.model)
        weights = Weights(*known.weights) if known else SHIPPED
        why = why_off(kind, answers, weights, limits, limits.attach)
        if not why and not judge.attaches(kind):
            why = "the promise was changed: opshub matching prepare"
        sure, right = kept(answers, weights, limits.attach)
        seen = sum(count for (name, _), count in counts.items() if name == kind)
        version = known.version if known else 0
        open_ = counts.get((kind, "open"), 0)
        found.append(
            Standing(kind, judge.model, len(answers), open_, seen, version, sure, right, not why, why)
        )
    return found


def _kinds(store: Store) -> list[str]:
    return sorted({*(kind for kind, _ in store.count_questions()), *(it.kind for it in store.calibrations())})


def prospects(
    store: Store, limits: Limits, promises: Sequence[float] = PROMISES, ask: float | None = None
) -> list[Prospect]:
    """What each of these promises would come to, by kind, from this hub's own answers and stored candidates."""
    judge, found = Judge(store, limits), []
    lowest = limits.ask if ask is None else ask
    for kind in _kinds(store):
        known, answers = judge.calibration(kind), store.answers(kind, judge.model)
        weights = Weights(*known.weights) if known else SHIPPED
        rows = list(store.valued(kind))
        for promise in promises:
            expected = expect(rows, weights, promise, lowest)
            sure, right = kept(answers, weights, promise)
            why = why_off(kind, answers, weights, limits, promise)
            found.append(Prospect(kind, promise, lowest, expected, sure, right, not why, why))
    return found
