"""The part of the store's contract that speaks of what people are asked, what they said, and what was learned."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from opshub.model import Ref
from opshub.store.asked import Answer, Calibration, Question, Valued

__all__ = ["Questions"]


class Questions(Protocol):
    """Where it is kept."""

    def put_questions(self, rows: Sequence[Question]) -> None:
        """One question for each piece of feedback; a new one replaces the old. StoreError for unknown feedback."""
        ...

    def questions(self, refs: Sequence[Ref]) -> dict[Ref, Question]:
        """The questions of these pieces."""
        ...

    def open_questions(self, limit: int, kind: str = "") -> list[tuple[Question, int]]:
        """Open questions of living feedback, and how many are open about the same idea; what is worth most first.

        That is the worth of one piece times the pieces that a yes moves; ties by arrival. Feedback that is gone counts
        among what is open about an idea.
        """
        ...

    def drawn_questions(
        self, likely: float, limit: int, kind: str = "", but: Collection[str] = (), among: int = 1
    ) -> list[tuple[Question, int]]:
        """The same of questions that are drawn by lot: the same ones in the same hub, spread evenly over all arrivals.

        Drawn are those that are expected to be right at least so often, whose piece moves alone, which nothing guards
        and in whose idea there are ``among`` so many pieces; those of kinds in ``but`` are not.
        """
        ...

    def questions_before(self, kind: str, version: int, limit: int) -> list[Question]:
        """Questions of a kind, neither answered nor settled, that an older version valued, oldest first."""
        ...

    def count_questions(self) -> dict[tuple[str, str], int]:
        """How many questions of living feedback there are: (kind, state) → count."""
        ...

    def valued(self, kind: str) -> Iterator[Valued]:
        """What decisions read of all questions of living feedback of a kind."""
        ...

    def next_answer(self) -> int:
        """A number never used before; taken inside the transaction that puts the answer."""
        ...

    def put_answer(self, answer: Answer) -> None:
        """Keep an answer for good. StoreError for feedback that the store does not know."""
        ...

    def answers(self, kind: str, model: str) -> list[Answer]:
        """The answers of a kind of feedback about a model that were not withdrawn, oldest first."""
        ...

    def answers_by(self, action: int) -> list[Answer]:
        """The answers that an action gave and that were not withdrawn, oldest first."""
        ...

    def withdraw_answers(self, action: int, by: int) -> None:
        """The answers that an action gave count no more: another action undid it."""
        ...

    def put_calibration(self, calibration: Calibration) -> None:
        """Keep a version for good."""
        ...

    def calibration(self, kind: str, model: str) -> Calibration | None:
        """The newest version of a kind of feedback for a model."""
        ...

    def calibrations(self, kind: str = "") -> list[Calibration]:
        """Every version, by kind and version."""
        ...
