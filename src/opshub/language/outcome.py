"""What a rule set says of one idea, with every contribution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from opshub.language.legend import Legend, Trace

__all__ = ["Outcome", "Part"]

E = TypeVar("E")


class Part(NamedTuple, Generic[E]):
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
    evidence: tuple[E, ...]


# Not frozen: making a frozen one takes four times as long, and one is made for every decision.
@dataclass(slots=True)
class Outcome:
    """Scores, band, sorted tags and route of one idea.

    ``goals`` are those that rules let it support, ``owner`` is who it is given to. ``route`` is empty for the inbox.
    ``held`` are the numbers of the legend's entries of the rules that hold.
    ``due`` is the next moment after the clock's at which a clause that reads the clock can change its mind, None where
    there is none. ``explain`` makes the traces, which ``legend`` puts into words.
    """

    scores: Mapping[str, float]
    band: str
    tags: tuple[str, ...]
    route: str
    urgency: str
    due: datetime | None
    legend: Legend = field(repr=False, compare=False)
    goals: tuple[str, ...]
    owner: str
    held: tuple[int, ...]
    explain: Callable[[], tuple[Trace[int], ...]] = field(repr=False, compare=False)

    @property
    def parts(self) -> tuple[Part[int], ...]:
        """Every contribution, made when it is asked for."""
        return self.legend.parts(self.explain())
