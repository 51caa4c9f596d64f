"""Vendors' timestamps, in all their spellings, as aware moments in UTC."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["parse_time", "zone_of"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECONDS_FROM = 100_000_000_000
"""Numbers from here on count milliseconds: as seconds they would lie past the year 5138."""

NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,9})?", re.ASCII)
SPACED_OFFSET = re.compile(r"\s+(Z|UTC|GMT|[+-]\d\d:?\d\d)$", re.ASCII | re.IGNORECASE)


def zone_of(name: str) -> ZoneInfo:
    """The zone of an IANA name such as ``Asia/Shanghai``; ValueError for a name that is none."""
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"no time zone is called {name[:60]!r}") from None


def parse_time(value: object, zone: str | ZoneInfo = "UTC") -> datetime:
    """The moment that a vendor means, aware, in UTC.

    Takes ISO 8601 in its usual forms (``Z``, ``+08:00``, ``-0500``, a space instead of the T, slashes in the
    date), and seconds or milliseconds since 1970 as a number or in digits. A text without offset, and an aware
    zone's hour that comes twice, are read in ``zone``, the latter as the first of the two. Anything else, None and
    numbers that are no time included, is a ValueError.
    """
    if type(value) is str and value[-1:] == "Z":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # in a spelling that is mended below
    if isinstance(value, bool):
        raise ValueError(f"{value} is not a time")
    if isinstance(value, (int, float)):
        return _from_number(value)
    if isinstance(value, datetime):
        return _in_utc(value, zone)
    if not isinstance(value, str):
        raise ValueError(f"a {type(value).__name__} is not a time")
    text = value.strip()
    if NUMBER.fullmatch(text) and len(text) > 8:
        return _from_number(float(text) if "." in text else int(text))
    return _in_utc(_from_text(text), zone)


def _from_number(value: float) -> datetime:
    if not math.isfinite(value):
        raise ValueError("a number without end is not a time")
    seconds = value / 1000 if abs(value) >= MILLISECONDS_FROM else value
    try:
        return EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError("the number is too large for a time") from None


def _from_text(text: str) -> datetime:
    plain = SPACED_OFFSET.sub(r"\1", text)
    if plain[-3:].upper() in ("UTC", "GMT"):
        plain = plain[:-3] + "Z"
    if plain[4:5] == "/" and plain[7:8] == "/":
        plain = plain[:10].replace("/", "-") + plain[10:]
    try:
        return datetime.fromisoformat(plain)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a time") from None


def _in_utc(moment: datetime, zone: str | ZoneInfo) -> datetime:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone_of(zone) if isinstance(zone, str) else zone)
    try:
        return moment.astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError("the time lies outside the calendar") from None
