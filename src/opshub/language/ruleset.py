"""A checked, compiled set of rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from opshub.language.outcome import Outcome

__all__ = ["EMPTY", "RuleSet"]


class RuleSet:
    """Decides ideas; made by ``check`` only."""

    hash: str = "empty"
    scores: tuple[str, ...] = ("priority",)
    reads: frozenset[str] = frozenset()
    bands: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()

    def decide(self, idea: Sequence[object], feedback: Sequence[Sequence[object]], now: datetime) -> Outcome:
        """What the rules say of one idea."""
        return Outcome({"priority": 0.0}, "", (), "", "", (), None)


EMPTY = RuleSet()
