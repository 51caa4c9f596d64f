"""What checked signals, alerts and goals mean, and the periods that signals are counted in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opshub.language.meaning import Term

__all__ = ["PERIODS", "Alarm", "Limit", "Series", "Target"]

PERIODS = ("hour", "day", "week", "month")
"""What a signal can be counted per; all of them begin in UTC, a week on Monday."""


@dataclass(frozen=True, slots=True)
class Series:
    """A signal: counted where it has a ``term`` and no ``parts``, combined from ``parts``, or reported.

    The term of a combined one reads its parts as the values of one row. ``verb`` puts the reported points named
    ``points`` together, the last of the period where it is empty.
    """

    name: str
    place: str
    period: str
    key: bool = False
    term: Term | None = None
    parts: tuple[str, ...] = ()
    verb: str = ""
    points: str = ""

    @property
    def counted(self) -> bool:
        """Whether the hub counts it over feedback."""
        return self.term is not None and not self.parts


@dataclass(frozen=True, slots=True)
class Limit:
    """A signal beyond a bound for that many full periods in a row; ``shown`` is how the admin wrote it."""

    signal: str
    sign: str
    bound: float
    periods: int
    shown: str


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alert: all limits must be passed; what it opens (nothing where ``title`` is empty), tags and tells."""

    name: str
    place: str
    limits: tuple[Limit, ...]
    title: str
    destination: str
    tags: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the values are called that ``Signals.breached`` returns."""
        return tuple(
            limit.signal if ago == 0 else f"{limit.signal}, {ago} before"
            for limit in self.limits
            for ago in range(limit.periods - 1, -1, -1)
        )


@dataclass(frozen=True, slots=True)
class Target:
    """A goal: where the signal is wanted, up to and with the day ``by``; ``shown`` is how the admin wrote it."""

    name: str
    place: str
    signal: str
    sign: str
    bound: float
    by: datetime
    shown: str
    because: str

    def moment(self, now: datetime) -> datetime:
        """When it is looked at: now, or, once its day is over, at the end of that day."""
        try:
            return min(now, self.by + timedelta(days=1))
        except OverflowError:
            return now
