"""What a rule set says of one idea, with every contribution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

__all__ = ["Outcome", "Part"]


class Part(NamedTuple):
    """One contribution to an outcome.

    ``place`` is ``file:line``; ``effect`` reads ``priority +30``, ``reach = 12``, ``tag churn-risk``,
    ``route to jira.SEC as urgent``, ``stop`` or ``band P1``. The amounts of all parts of one score add up to that
    score. ``saw`` holds the values that decided, by name, None where one was missing; ``evidence`` the indexes of
    at most five rows of feedback, in the order in which they were given.
    """

    rule: str
    place: str
    effect: str
    score: str
    amount: float
    because: str
    saw: Mapping[str, object]
    evidence: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Scores, band, sorted tags and route of one idea.

    ``route`` is empty for the inbox. ``due`` is the next moment after the clock's at which a clause that reads the
    clock can change its mind, None where there is none. ``explain`` makes the contributions.
    """

    scores: Mapping[str, float]
    band: str
    tags: tuple[str, ...]
    route: str
    urgency: str
    due: datetime | None
    explain: Callable[[], tuple[Part, ...]] = field(repr=False, compare=False)

    @property
    def parts(self) -> tuple[Part, ...]:
        """Every contribution, made when it is asked for: explaining costs several times as much as deciding."""
        return self.explain()
