"""The seam behind which likeness is judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from opshub.model import Feedback, Ref

__all__ = ["Candidate", "Matcher", "NoMatcher", "Search"]


class Search(Protocol):
    """The part of the store that a matcher may read."""

    def search_text(self, terms: Sequence[str], limit: int) -> list[tuple[Ref, int | None, float]]:
        """Indexed feedback with any of the terms: (ref, idea, score)."""
        ...

    def term_counts(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many indexed pieces of feedback each term stands."""
        ...

    def feedback(self, ref: Ref) -> Feedback | None:
        """Living feedback by its name."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """An idea that feedback may speak for. ``likeness`` is 0 to 1, ``shared`` the terms that both have."""

    idea: int
    likeness: float
    nearest: Ref
    shared: tuple[str, ...] = ()


class Matcher(Protocol):
    """Finds ideas that a piece of feedback may speak for."""

    attaches_at: float
    """The likeness from which feedback joins an idea by itself."""

    def candidates(self, feedback: Feedback, search: Search, limit: int = 5) -> list[Candidate]:
        """The ideas most alike, best first, each once."""
        ...


class NoMatcher:
    """Finds nothing: every piece of feedback without explicit evidence is an idea of its own."""

    attaches_at = 1.0

    def candidates(self, feedback: Feedback, search: Search, limit: int = 5) -> list[Candidate]:
        return []
