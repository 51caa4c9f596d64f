"""Hours, days, weeks and months in UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["begin_of", "following", "recent"]

_LAST = datetime.max.replace(tzinfo=UTC)
_SPANS = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}


def begin_of(moment: datetime, period: str) -> datetime:
    """When the period began that a moment is in; weeks begin on Monday."""
    at = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if period == "hour":
        return at
    day = at.replace(hour=0)
    if period == "week":
        return day - timedelta(days=day.weekday())
    return day.replace(day=1) if period == "month" else day


def following(begin: datetime, period: str) -> datetime:
    """When the next period begins; the end of the calendar where there is none."""
    try:
        if period == "month":
            return begin.replace(year=begin.year + begin.month // 12, month=begin.month % 12 + 1)
        return begin + _SPANS[period]
    except (OverflowError, ValueError):
        return _LAST


def recent(now: datetime, period: str, count: int) -> list[datetime]:
    """When the last full periods began, oldest first."""
    found = [begin_of(now, period)]
    for _ in range(count):
        found.append(begin_of(found[-1] - timedelta(microseconds=1), period))
    return found[:0:-1]
