"""What signals came to, for alerts and for people."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from math import fsum
from typing import TYPE_CHECKING, Any

from opshub.engine.declared import Declared
from opshub.engine.facts import Reader
from opshub.engine.periods import following, recent
from opshub.engine.work import BATCH
from opshub.errors import NotFoundError
from opshub.store.base import Store
from opshub.store.rows import Breach

if TYPE_CHECKING:
    from opshub.engine.texts import Texts
    from opshub.language.series import Series
    from opshub.language.signals import Signals

__all__ = ["ALERTS", "Past", "SignalView", "SignalsView", "one", "overview", "spoken"]


ALERTS = "alerts"
"""The connection under which alerts speak, in feedback of kind ``alert``; no signal counts it."""

_UNSTEADY = frozenset({"feedback.link"})
"""Fields that change without the feedback; they are missing where signals are counted."""

_TOGETHER: Mapping[str, Callable[[Sequence[float]], float]] = {
    "": lambda values: values[-1],
    "sum": fsum,
    "mean": lambda values: fsum(values) / len(values),
    "min": min,
    "max": max,
}
"""How several points of a period become its value."""


@dataclass(frozen=True, slots=True)
class SignalView:
    """A signal with its last full periods, oldest first: when each began, and its value or None."""

    name: str
    period: str
    key: bool
    kind: str
    place: str
    values: tuple[tuple[datetime, float | None], ...]


@dataclass(frozen=True, slots=True)
class SignalsView:
    """All signals, and all breaches of alerts that are remembered."""

    signals: tuple[SignalView, ...]
    breaches: tuple[Breach, ...]


class Past:
    """What signals came to in the last full periods before a moment."""

    def __init__(self, store: Store, signals: Signals, now: datetime) -> None:
        self._store = store
        self._signals = signals
        self._now = now

    def begins(self, series: Series, periods: int) -> list[datetime]:
        """When those periods began, oldest first."""
        return recent(self._now, series.period, periods)

    def read(self, series: Series, periods: int) -> Sequence[float | None]:
        """The values of a signal that is not combined. A period without feedback counts from the first one with any."""
        begins = self.begins(series, periods)
        if not series.counted:
            return [self._reported(series, begin) for begin in begins]
        first = self._store.first_value(series.name)
        if first is None:
            return [None] * periods
        known = self._store.values(series.name, begins[0], self._now)
        nothing = self._signals.count(series.period, [])[series.name]
        return [known.get(begin, nothing) if begin >= first else None for begin in begins]

    def _reported(self, series: Series, begin: datetime) -> float | None:
        """The points of a period put together as the rule says; the last one where it says nothing."""
        points = self._store.points(series.points, begin, following(begin, series.period))
        values = [value for _, value in points]
        if not values:
            return None
        return _TOGETHER[series.verb](values)

    def view(self, name: str, periods: int) -> SignalView:
        """A signal with its last full periods."""
        series = self._signals.all[name]
        kind = "combined" if series.parts else "counted" if series.counted else "reported"
        values = zip(self.begins(series, periods), self._signals.last(name, periods, self.read), strict=True)
        return SignalView(name, series.period, series.key, kind, series.place, tuple(values))


def spoken(
    store: Store,
    signals: Signals,
    declared: Sequence[Declared],
    begin: datetime,
    end: datetime,
    texts: Texts | None = None,
) -> Iterator[tuple[Any, ...]]:
    """What signals are counted over: the feedback of a stretch of time, without what alerts say."""
    reader = Reader(signals.reads - _UNSTEADY, declared, texts)
    voices = (voice for voice in store.feedback_between(begin, end) if voice.ref.connection != ALERTS)
    while part := list(islice(voices, BATCH)):
        yield from reader.feedback(part)


def overview(store: Store, signals: Signals, now: datetime, periods: int) -> SignalsView:
    """Every signal with its last full periods, key signals first, and the breaches of alerts."""
    past = Past(store, signals, now)
    views = [past.view(name, periods) for name in signals.all]
    return SignalsView(tuple(sorted(views, key=lambda view: not view.key)), tuple(store.breaches()))


def one(store: Store, signals: Signals, now: datetime, name: str, periods: int) -> SignalView:
    """One signal with its last full periods; NotFoundError."""
    if name not in signals.all:
        known = ", ".join(signals.all) or "none; write one in a rule file: signal NAME = …, per day"
        raise NotFoundError(f"there is no signal {name!r}", hint=f"signals are: {known}")
    return Past(store, signals, now).view(name, periods)
