"""Moments as whole microseconds since 1970: exact, in order, and the same in every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["EPOCH", "HOUR", "from_micros", "micros", "micros_or_none"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

HOUR = 3_600_000_000
"""An hour in microseconds."""

_FIRST = -62_135_596_800_000_000
_LAST = 253_402_300_799_999_999


def micros(moment: datetime) -> int:
    """Microseconds since 1970; ValueError outside the years 1 to 9999 in UTC, TypeError without a zone."""
    since = moment - EPOCH
    whole = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    if not _FIRST <= whole <= _LAST:
        raise ValueError("a moment outside the years 1 to 9999")
    return whole


def micros_or_none(moment: datetime | None) -> int | None:
    """The same where there may be no moment."""
    return None if moment is None else micros(moment)


def from_micros(whole: int | None) -> datetime | None:
    """The moment, in UTC."""
    return None if whole is None else EPOCH + timedelta(microseconds=whole)
