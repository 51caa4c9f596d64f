"""The part of the store's contract that speaks of ideas that resemble each other, and of two subjects in one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from opshub.model import Ref
from opshub.store.alike import Near, Pair, Refusal, Resemblance, TwoFold

__all__ = ["Alike"]


class Alike(Protocol):
    """Where it is kept."""

    def put_resemblances(self, feedback: Sequence[Ref], rows: Sequence[Resemblance]) -> None:
        """What these pieces resemble, in place of what was kept of them; what the store does not know is left out."""
        ...

    def alike_ideas(self, voices: int, limit: int, idea: int = 0) -> list[Pair]:
        """Pairs of ideas that have that many voices each, by links as they are now; what is worth most first.

        ``idea``: those of one idea; that costs what it has of feedback, the others what all have.
        """
        ...

    def alike_pieces(self, one: int, two: int, limit: int) -> list[Resemblance]:
        """Living pieces of one idea that resemble pieces of the other, either way, the most alike first."""
        ...

    def resemblances_of(self, feedback: Sequence[Ref]) -> list[Resemblance]:
        """What these pieces resemble, as far as it lives, by the names of both."""
        ...

    def put_near(self, rows: Sequence[Near]) -> None:
        """What lies nearest to each, in place of what was kept of it; what the store does not know is left out."""
        ...

    def near_within(self, idea: int, limit: int) -> list[Near]:
        """The newest living pieces of an idea, oldest first, each with those of them that lie near it."""
        ...

    def put_twofold(self, row: TwoFold) -> None:
        """Keep that an idea seems to hold two subjects, in place of what was kept of it; no pieces: forget it."""
        ...

    def twofold(self, limit: int) -> list[TwoFold]:
        """Ideas that seem to hold two subjects, those first whose answer is worth most."""
        ...

    def twofold_of(self, idea: int) -> TwoFold | None:
        """What is kept of one idea."""
        ...

    def put_refusal(self, refusal: Refusal) -> None:
        """Keep what a person refused."""
        ...

    def drop_refusal(self, idea: int, other: int) -> bool:
        """Forget a refusal; whether there was one."""
        ...

    def refusals(self) -> list[Refusal]:
        """Everything that people refused, by idea."""
        ...
