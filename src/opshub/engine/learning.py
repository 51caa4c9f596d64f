"""What people's answers teach: weights for each kind of feedback, and whether a likeness may attach it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from opshub.engine.connection import Limits
from opshub.engine.work import Work
from opshub.matching import SHIPPED, Features, Weights, careful, chance, fit
from opshub.store.asked import Answer, Calibration, Valued, Verdict

__all__ = [
    "ENOUGH",
    "LATEST",
    "NEVER",
    "REFIT",
    "Expected",
    "expect",
    "held",
    "kept",
    "learn",
    "may_attach",
    "why_off",
]

REFIT = 50
"""Answers between two fits."""

ENOUGH = 100
"""Answers that must be there before anything attaches."""

LATEST = 200
"""So many of the latest answers are held against the promise."""

SURE = 59
"""So many sure ones must be among them: were one of twenty wrong, 59 would all be right once in twenty times."""

RECENT = 10
"""So many of the latest sure ones are looked at alone."""

ALARM = 3
"""So many wrong ones among the ``RECENT`` switch it off at once, however good the others were."""

NEVER = frozenset({"issue"})
"""Kinds that a likeness never attaches. In trackers no threshold is right often enough."""


class Expected(NamedTuple):
    """What two promises come to: shares of feedback, and how often what attaches is right, as it is expected."""

    attached: float
    asked: float
    new: float
    right: float


def learn(work: Work, kind: str, model: str) -> Calibration | None:
    """Fit anew where enough was answered, and switch on or off what the latest answers say; the newest version.

    Used inside of a transaction, after answers came or went.
    """
    store, limits = work.store, work.limits
    before, answers = store.calibration(kind, model), store.answers(kind, model)
    fitted = before.fitted if before else 0
    due = len(answers) >= fitted + REFIT or len(answers) < fitted
    if before is None and not due:
        return None
    weights = _fitted(answers, model, limits) if due else Weights(*(before.weights if before else SHIPPED))
    sure, right = kept(answers, weights, limits.attach)
    attaching = switched(kind, answers, weights, limits.attach)
    if before is not None and not due and (attaching, limits.attach) == (before.attaching, before.promise):
        return before
    expected = expect(store.valued(kind), weights, limits.attach, limits.ask)
    made = Calibration(
        kind=kind,
        model=model,
        version=max((it.version for it in store.calibrations(kind)), default=0) + 1,
        weights=(*weights,),
        fitted=len(answers) if due else fitted,
        answers=len(answers),
        sure=sure,
        right=right,
        promise=limits.attach,
        attaching=attaching,
        attached=expected.attached,
        asked=expected.asked,
        at=work.clock.now(),
    )
    store.put_calibration(made)
    return made


def _fitted(answers: Sequence[Answer], model: str, limits: Limits) -> Weights:
    """What these answers teach about likenesses that a model valued."""
    return held(answers, careful(fit(_examples(answers)), model), limits.attach)


def _examples(answers: Iterable[Answer]) -> list[tuple[Features, bool]]:
    """What to fit to. What a guard held back says nothing of likeness."""
    return [(Features(it.logit, it.margin), it.verdict is Verdict.YES) for it in answers if not it.guarded]


def held(answers: Sequence[Answer], weights: Weights, promise: float) -> Weights:
    """The same weights with a constant so low that what is sure of the latest answers kept the promise.

    The least sure ones fall out, one after the other. As they are where that leaves too few.
    """
    if len(answers) < ENOUGH or not _doubt(answers, weights, promise):
        return weights
    begins = math.log(promise / (1 - promise))
    values = sorted({_value(it, weights) for it in _sure(answers, weights, promise)})
    for out, least in pairwise(values):
        lower = weights._replace(constant=round(weights.constant - (out + least) / 2 + begins, 6))
        if not _doubt(answers, lower, promise):
            return lower
    return weights


def _value(answer: Answer, weights: Weights) -> float:
    """The logit of what an answer was expected to come to."""
    return math.fsum((weights.constant, weights.logit * answer.logit, weights.margin * answer.margin))


def kept(answers: Sequence[Answer], weights: Weights, promise: float) -> tuple[int, int]:
    """How many of the latest answers are sure by these weights to keep the promise, and how many of those were right.

    Of three weights over a hundred answers and more, it matters little that most of these have been learned from.
    """
    sure = _sure(answers, weights, promise)
    return len(sure), sum(it.verdict is Verdict.YES for it in sure)


def _sure(answers: Sequence[Answer], weights: Weights, promise: float) -> list[Answer]:
    return [
        it
        for it in answers[-LATEST:]
        if not it.guarded and chance(Features(it.logit, it.margin), weights) >= promise
    ]


def switched(kind: str, answers: Sequence[Answer], weights: Weights, promise: float) -> bool:
    """Whether these answers show that a likeness may attach this kind."""
    return kind not in NEVER and not _doubt(answers, weights, promise)


def _doubt(answers: Sequence[Answer], weights: Weights, promise: float) -> str:
    """What speaks against it; empty where nothing does."""
    if len(answers) < ENOUGH:
        return f"{ENOUGH - len(answers)} more answers are needed"
    sure, right = kept(answers, weights, promise)
    if sure < SURE:
        return f"of the latest {min(len(answers), LATEST)} answers {sure} are sure, {SURE} are needed"
    # Laplace's rule of succession: what the next one is expected to be, not only what those before were.
    if right + 1 < promise * (sure + 2):
        return f"of {sure} sure ones {right} were right, too few"
    recent = _sure(answers, weights, promise)[-RECENT:]
    wrong = sum(it.verdict is not Verdict.YES for it in recent)
    return f"{wrong} of the latest {RECENT} sure ones were wrong" if wrong >= ALARM else ""


def why_off(kind: str, answers: Sequence[Answer], weights: Weights, limits: Limits, promise: float) -> str:
    """Why a likeness does not attach a kind under this promise; empty where it does."""
    if limits.similar == "suggest":
        return 'similar = "suggest"'
    if kind in NEVER:
        return "trackers get suggestions only"
    return "" if limits.similar == "attach" else _doubt(answers, weights, promise)


def may_attach(calibration: Calibration | None, kind: str, limits: Limits) -> bool:
    """Whether a likeness attaches a kind of feedback now."""
    if limits.similar != "learn" or kind in NEVER:
        return limits.similar == "attach" and kind not in NEVER
    return calibration is not None and calibration.attaching and calibration.promise == limits.attach


def expect(rows: Iterable[Valued], weights: Weights, attach: float, ask: float) -> Expected:
    """What would come of stored questions under these promises."""
    count = attached = asked = 0
    hopes = 0.0
    for row in rows:
        count += 1
        likely = chance(Features(row.logit, row.margin), weights) if row.offered else 0.0
        if likely >= attach and not row.guarded:
            attached += 1
            hopes += likely
        elif row.offered and likely >= ask:
            asked += 1
    whole = count or 1
    shares = (attached / whole, asked / whole, (count - attached - asked) / whole)
    right = hopes / attached if attached else 0.0
    return Expected(*(round(value, 4) for value in (*shares, right)))
