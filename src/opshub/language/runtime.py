"""What compiled rules call: total functions of values as they come out of the store."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from math import isfinite
from typing import Any, TypeAlias

__all__ = [
    "column",
    "distinct",
    "each",
    "finite",
    "fold",
    "known",
    "mean",
    "median",
    "number",
    "settled",
    "sooner",
    "total",
    "utc",
]

Rows: TypeAlias = Sequence[Sequence[Any]]

_WHOLE = 2**53
"""Below it every whole number is a float."""


def number(value: Any) -> float | None:
    """A stored number as a float; missing where it is not finite or beyond a float's range."""
    if type(value) is float:
        return value if isfinite(value) else None
    if value is None:
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if isfinite(result) else None


def finite(value: float | None) -> bool:
    """Whether a computed value is there and can be kept."""
    if type(value) is float:
        return -math.inf < value < math.inf
    return number(value) is not None


def settled(value: float | None) -> float:
    """A score as it is kept: rounded to six places, 0 where it is missing or not finite."""
    if value is None:
        return 0.0
    if type(value) is float and value.is_integer():
        return value + 0.0  # never -0.0, which prints another text
    if type(value) is int and -_WHOLE < value < _WHOLE:
        return float(value)
    try:
        rounded = round(float(value), 6)
    except OverflowError:
        return 0.0
    return rounded + 0.0 if -math.inf < rounded < math.inf else 0.0


def utc(now: datetime) -> datetime:
    """The moment in UTC, where adding a duration never meets a change of clocks."""
    if now.tzinfo is UTC:
        return now
    try:
        return now.astimezone(UTC)
    except OverflowError:
        return now.replace(tzinfo=UTC)


def sooner(due: datetime | None, seen: datetime | None, duration: timedelta) -> datetime | None:
    """The earlier of a due moment and ``seen`` plus a duration; None where neither is on the calendar."""
    if seen is None:
        return due
    try:
        moment = (seen if seen.tzinfo is UTC else seen.astimezone(UTC)) + duration
    except OverflowError:
        return due
    return moment if due is None or moment < due else due


def column(rows: Rows, chosen: Iterable[int], field: int) -> list[Any]:
    """A field of the chosen rows, None where it is missing."""
    found = []
    for i in chosen:
        value = rows[i][field]
        found.append(value if type(value) is float and isfinite(value) else _value(value))
    return found


def _value(value: Any) -> Any:
    return value if isinstance(value, datetime) else number(value)


def known(values: Iterable[Any]) -> list[Any]:
    """The values that are there."""
    return [value for value in values if value is not None]


def each(rows: Rows, chosen: Iterable[int], values: Iterable[Any], key: int) -> list[Any]:
    """One value for each account or person; the largest where several are there, whatever the order."""
    largest: dict[Any, Any] = {}
    for i, value in zip(chosen, values, strict=True):
        who = rows[i][key]
        if who is not None and value is not None and (who not in largest or value > largest[who]):
            largest[who] = value
    return list(largest.values())


def distinct(rows: Rows, chosen: Sequence[int], key: int) -> int:
    """How many different accounts or persons."""
    if not chosen:
        return 0
    found = {rows[i][key] for i in chosen}
    found.discard(None)
    return len(found)


def total(values: list[float]) -> float:
    """The sum, 0 where there is nothing."""
    try:
        return math.fsum(values)  # the same in any order
    except OverflowError:
        return math.inf


def mean(values: list[float]) -> float | None:
    """The mean, missing where there is nothing."""
    return total(values) / len(values) if values else None


def median(values: list[float]) -> float | None:
    """The middle value, the mean of the two middle ones, missing where there is nothing."""
    if not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else total(ordered[half - 1 : half + 1]) / 2


@lru_cache(maxsize=4)
def fold(text: str) -> str:
    """The text as mentions compare it: without case, width and typographic apostrophes."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    for quote in "’‘ʼ":
        folded = folded.replace(quote, "'")
    return unicodedata.normalize("NFKC", folded)


def is_letter(sign: str) -> bool:
    """Whether a sign continues a word of a script that puts spaces between words."""
    if sign < "\u0e00":
        return sign.isalnum()
    return sign.isalnum() and not _is_unspaced(ord(sign))


def _is_unspaced(code: int) -> bool:
    """Chinese, Japanese, Thai, Lao, Khmer and Burmese, which run on without spaces."""
    return (
        0x2E80 <= code <= 0xA4CF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x3FFFF
        or 0x0E00 <= code <= 0x0EFF
        or 0x1000 <= code <= 0x109F
        or 0x1780 <= code <= 0x17FF
    )
