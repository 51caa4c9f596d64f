"""The part of the store's contract that speaks of signals, alerts and goals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from opshub.model import Feedback, Point, Ref
from opshub.store.rows import Breach, SignalValue, Support

__all__ = ["Signals"]


class Signals(Protocol):
    """Where signals, alerts and goals are kept."""

    def uncounted_hours(self) -> list[int]:
        """Hours since 1970 in which feedback was written that came, changed or went since, in order."""
        ...

    def mark_counted(self, hours: Iterable[int]) -> None:
        """These hours wait no longer."""
        ...

    def forget_values(self) -> None:
        """Drop all that was counted; every hour with living feedback waits."""
        ...

    def feedback_between(self, begin: datetime, end: datetime) -> Iterator[Feedback]:
        """Living feedback written from ``begin`` up to ``end``, earliest first."""
        ...

    def put_values(self, rows: Sequence[SignalValue]) -> None:
        """Keep what signals came to in a period, instead of what they came to before."""
        ...

    def drop_values(self, signals: Sequence[str], begin: datetime) -> None:
        """Forget what these signals came to in the period that begins then."""
        ...

    def values(self, signal: str, begin: datetime, end: datetime) -> dict[datetime, float | None]:
        """What a signal came to in the periods that begin from ``begin`` up to ``end``, as far as they were counted."""
        ...

    def put_points(self, rows: Mapping[Ref, Sequence[Point]]) -> int:
        """Keep the points of each record, instead of those it had before; of how many records they differ."""
        ...

    def points(self, signal: str, begin: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """The reported points of a signal from ``begin`` up to ``end``, in order of time and then of record."""
        ...

    def first_value(self, signal: str) -> datetime | None:
        """When the first period began for which a signal was counted."""
        ...

    def put_breach(self, breach: Breach) -> None:
        """Keep the breach that an alert has or had since a moment."""
        ...

    def breaches(self, ideas: Sequence[int] | None = None) -> list[Breach]:
        """All that are remembered, or those that opened one of these ideas, by alert and time."""
        ...

    def put_support(self, support: Support) -> None:
        """Keep that a person lets an idea, which must exist, support a goal; touches the idea."""
        ...

    def drop_support(self, number: int, goal: str) -> bool:
        """Forget it, and touch the idea; whether it was there."""
        ...

    def supports(self, numbers: Sequence[int]) -> list[Support]:
        """What people let these ideas support, by idea and goal."""
        ...
