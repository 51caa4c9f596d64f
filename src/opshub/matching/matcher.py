"""The seam behind which likeness is judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from opshub.matching.meaning import Vectors
from opshub.matching.votes import Votes
from opshub.model import Feedback, Ref

__all__ = ["Candidate", "Matcher", "Search", "by_words", "model_name"]

_BESIDE = ", "


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
    votes: Votes = field(default_factory=Votes)
    """What its nearest pieces say where nobody is waited for."""


class Matcher(Protocol):
    """Finds ideas that a piece of feedback may speak for."""

    def joins_from(self, feedback: Feedback) -> float:
        """The vote from which feedback joins an idea where nobody is waited for."""
        ...

    @property
    def model(self) -> str:
        """What values likenesses: those of two models are not compared."""
        ...

    def candidates(self, feedback: Feedback, search: Search, limit: int = 5) -> list[Candidate]:
        """The ideas most alike, best first, each once."""
        ...


def model_name(words: str, encoder: str = "") -> str:
    """What values likenesses is called: the weights that judge, and the encoder beside which they do."""
    return f"{words}{_BESIDE}{encoder}" if encoder else words


def by_words(model: str) -> bool:
    """Whether a model of that name judges by words alone."""
    return _BESIDE not in model
