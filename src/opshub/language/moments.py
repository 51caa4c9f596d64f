"""Arithmetic of times and durations, which ends at the edges of the calendar instead of failing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from opshub.language.runtime import utc
from opshub.language.schema import Kind

__all__ = ["QUANTITIES", "added", "crossing", "earliest", "lasting", "less", "ratio"]

_TICK = timedelta(microseconds=1)
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_UNITS = ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min"))

QUANTITIES: Mapping[tuple[str, Kind | None, Kind | None], Kind] = {
    ("+", Kind.TIME, Kind.DURATION): Kind.TIME,
    ("+", Kind.DURATION, Kind.TIME): Kind.TIME,
    ("-", Kind.TIME, Kind.DURATION): Kind.TIME,
    ("-", Kind.TIME, Kind.TIME): Kind.DURATION,
    ("+", Kind.DURATION, Kind.DURATION): Kind.DURATION,
    ("-", Kind.DURATION, Kind.DURATION): Kind.DURATION,
    ("/", Kind.DURATION, Kind.DURATION): Kind.NUMBER,
    ("+", Kind.MONEY, Kind.MONEY): Kind.MONEY,
    ("-", Kind.MONEY, Kind.MONEY): Kind.MONEY,
    ("*", Kind.MONEY, Kind.NUMBER): Kind.MONEY,
    ("*", Kind.NUMBER, Kind.MONEY): Kind.MONEY,
    ("/", Kind.MONEY, Kind.NUMBER): Kind.MONEY,
    ("/", Kind.MONEY, Kind.MONEY): Kind.NUMBER,
}
"""What comes of a sign between two kinds, where something else than numbers is calculated with."""


def _plain(value: Any) -> Any:
    return utc(value) if isinstance(value, datetime) else value


def added(left: Any, right: Any) -> Any:
    """A time and a duration, or two durations, together."""
    try:
        return _plain(left) + _plain(right)
    except OverflowError:
        length = right if isinstance(right, timedelta) else left
        return _edge(isinstance(left, datetime) or isinstance(right, datetime), length > timedelta(0))


def less(left: Any, right: Any) -> Any:
    """A time or a duration less another."""
    try:
        return _plain(left) - _plain(right)
    except OverflowError:
        return _edge(isinstance(left, datetime), right < timedelta(0))


def _edge(time: bool, last: bool) -> datetime | timedelta:
    if time:
        return _LAST if last else _FIRST
    return timedelta.max if last else timedelta.min


def ratio(left: timedelta, right: timedelta) -> float | None:
    """How many times the second duration goes into the first; missing where it is nothing."""
    return left / right if right else None


def lasting(value: timedelta | None) -> str | None:
    """A duration in words, in its largest unit, to one place."""
    if value is None:
        return None
    for unit, name in _UNITS:
        if abs(value) >= unit:
            return f"{round(value / unit, 1):g}{name}"
    return f"{round(value.total_seconds(), 1):g}s"


def earliest(due: datetime | None, moment: datetime | None) -> datetime | None:
    """The earlier of two moments, where there are any."""
    return due if moment is None or (due is not None and due <= moment) else moment


def crossing(
    due: datetime | None, now: datetime, left: Any, right: Any, slope: int, past: bool
) -> datetime | None:
    """The earlier of ``due`` and the moment at which two quantities are equal, or with ``past`` no longer are.

    Their difference grows by ``slope`` times what the clock goes on.
    """
    if left is None or right is None:
        return due
    difference = less(left, right)
    try:
        ahead = -difference // slope + _TICK if past else -(difference // slope)
        return due if ahead <= timedelta(0) else earliest(due, now + ahead)
    except OverflowError:
        return due
