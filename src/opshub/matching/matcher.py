"""The seam behind which likeness is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from opshub.matching.meaning import Vectors
from opshub.model import Feedback, Ref

__all__ = ["Candidate", "Matcher", "Search"]


class Search(Vectors, Protocol):
    """The part of the store that a matcher may read."""

    def search_text(
        self, weights: Mapping[str, float], limit: int
    ) -> list[tuple[Ref, int | None, float, str, str]]:
        """Indexed feedback with any of the terms, best first: (ref, idea, score, terms of title, terms of body)."""
        ...

    def indexed_text(self, refs: Sequence[Ref]) -> dict[Ref, tuple[int | None, str, str]]:
        """What the index holds of feedback: (idea, terms of title, terms of body)."""
        ...

    def term_counts(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many indexed pieces of feedback each term stands."""
        ...

    def text_size(self) -> tuple[int, int]:
        """How many pieces of feedback are indexed, and how many terms they have together."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An idea that feedback may speak for, judged by its nearest piece."""

    idea: int
    likeness: float
    """How likely both mean the same, 0 to 1, rounded to 4 places."""
    nearest: Ref
    shared: tuple[str, ...] = ()
    """The most telling words that both have."""
    guards: tuple[str, ...] = ()
    """What forbids attaching unasked: ``negation``, ``numbers``."""
    likenesses: tuple[float, ...] = ()
    """Those of its three nearest pieces, best first; the first is ``likeness``."""


class Matcher(Protocol):
    """Finds ideas that a piece of feedback may speak for."""

    def attaches_from(self, feedback: Feedback) -> float:
        """The mean likeness of an idea's three nearest pieces from which feedback joins it where nobody answers."""
        ...

    @property
    def model(self) -> str:
        """What values likenesses: those of two models are not compared."""
        ...

    def candidates(self, feedback: Feedback, search: Search, limit: int = 5) -> list[Candidate]:
        """The ideas most alike, best first, each once."""
        ...
