"""The rows of what people are asked: questions, answers, and what was learned from them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from opshub.model import Ref

__all__ = ["LOT", "Answer", "Calibration", "Offer", "Question", "QuestionState", "Valued", "Verdict"]


LOT = 2_654_435_761
"""Arrivals times this, modulo 2^32, is the order of a lot: near the golden ratio of the range, so that whatever follows
each other in arrival lies far apart (Knuth, "The Art of Computer Programming" 3, 6.4)."""


class QuestionState(StrEnum):
    """How a question stands."""

    OPEN = "open"
    NEW = "new"
    """Nothing is likely enough to ask about."""
    ATTACHED = "attached"
    """It is sure enough: a likeness attached it, or holds what it attached."""
    ANSWERED = "answered"
    SETTLED = "settled"
    """Something stronger than a likeness says where it belongs."""


class Verdict(StrEnum):
    """What a person said to a question."""

    YES = "yes"
    NO = "no"
    """It does not belong to the first idea that was offered; of the others nothing was said."""
    OTHER = "other"
    """It belongs to another idea than the first that was offered."""
    NEW = "new"
    """It belongs to none that was offered."""


class Offer(NamedTuple):
    """An idea that feedback may belong to, with the nearest piece of it and the terms that both have."""

    idea: int
    likeness: float
    nearest: Ref
    shared: tuple[str, ...] = ()


class Valued(NamedTuple):
    """What a decision reads of a question. ``offered`` is the first idea, 0 for none; ``guarded``: may not attach."""

    logit: float
    margin: float
    offered: int
    guarded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Whether a piece of feedback belongs to the first of the ideas that are offered; one for each piece.

    ``kind`` is what the feedback is (ticket, review); ``model`` valued the likeness, ``version`` is the calibration
    that gave ``chance``. ``linked`` is the idea that it belongs to meanwhile, ``pieces`` how many a yes moves and
    ``worth`` what an answer tells of each. ``guards`` name what forbids attaching unasked.
    """

    feedback: Ref
    kind: str
    model: str
    state: QuestionState
    logit: float
    margin: float
    chance: float = 0.0
    version: int = 0
    worth: float = 0.0
    pieces: int = 1
    linked: int = 0
    offers: tuple[Offer, ...] = ()
    guards: tuple[str, ...] = ()

    @property
    def offered(self) -> int:
        """The first idea, 0 for none."""
        return self.offers[0].idea if self.offers else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a person said to a question, with the values that it had then.

    ``idea`` is the one that it belongs to, 0 where that was not said; ``action`` is what was done about it. An answer
    is never changed, but ``withdrawn``: the action that undid it, 0 for none.
    """

    number: int
    feedback: Ref
    kind: str
    model: str
    at: datetime
    who: str
    verdict: Verdict
    offered: int
    idea: int
    logit: float
    margin: float
    chance: float
    version: int
    guarded: bool = False
    action: int = 0
    withdrawn: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was learned from the answers of one kind of feedback about one model; versions count up for each kind.

    ``weights`` are those of the constant, the logit and the margin; ``fitted`` counts the answers that they were fitted
    to and ``answers`` those that there were. Of the latest, ``sure`` are expected to be right at least as often as
    ``promise`` says, and ``right`` were. ``attached`` and ``asked`` are shares of what is stored.
    """

    kind: str
    model: str
    version: int
    weights: tuple[float, float, float]
    fitted: int
    answers: int
    sure: int
    right: int
    promise: float
    attaching: bool
    attached: float
    asked: float
    at: datetime
