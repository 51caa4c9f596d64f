"""Cells as values: times, numbers, ratings and who may read."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from opshub.sdk import Rating, Visibility, parse_time

__all__ = ["listed", "moment", "number", "rating", "scale", "visible"]

SEPARATORS = re.compile(r"[,;|\n]")
AROUND_NUMBERS = re.compile(r"[\s'’_€$£¥￥元]")


def moment(value: object, formats: Sequence[str], zone: ZoneInfo) -> datetime:
    """The aware moment that a cell names. ValueError names the cell and what to do."""
    text = str(value).strip()
    for form in formats:
        try:
            return parse_time(datetime.strptime(text, form), zone)
        except ValueError:
            continue
    try:
        return parse_time(value, zone)
    except ValueError:
        raise ValueError(
            f"{text[:40]!r} is not a date that is known; add its form to the setting dates"
        ) from None


def number(value: object, decimal: str = ".") -> float:
    """The number that a cell names, with or without separated thousands and a currency sign."""
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{value!r} is not a number")
    if isinstance(value, int | float):
        return _finite(value, value)
    text = (
        AROUND_NUMBERS.sub("", str(value)).replace("." if decimal == "," else ",", "").replace(decimal, ".")
    )
    if not re.fullmatch(r"[+-]?\d+(\.\d*)?([eE][+-]?\d{1,3})?", text, re.ASCII):
        raise ValueError(f"{str(value)[:40]!r} is not a number")
    return _finite(float(text), value)


def _finite(found: float, value: object) -> float:
    try:
        result = float(found)
    except OverflowError:
        result = math.inf
    if not math.isfinite(result):
        raise ValueError(f"{str(value)[:40]!r} is not a number")
    return result


def scale(text: str) -> tuple[float, float, str]:
    """Worst, best and name of a scale such as ``0-10 nps``."""
    found = re.fullmatch(r"(-?[\d.]+)\s*-\s*([\d.]+)(?:\s+(\w+))?", text)
    if not found:
        raise ValueError(f"{text!r} is not a scale")
    return float(found[1]), float(found[2]), found[3] or "stars"


def rating(value: object, on: tuple[float, float, str], decimal: str) -> Rating:
    """A rating, which must lie on its scale."""
    worst, best, name = on
    given = number(value, decimal)
    if not worst <= given <= best:
        raise ValueError(f"the rating {given:g} is not on the scale {worst:g}-{best:g}")
    return Rating(given, worst, best, name)


def visible(value: object) -> Visibility:
    """Who may read: one of the four words, or whether it is public."""
    text = str(value).strip().lower()
    if text in ("true", "false"):
        return Visibility.PUBLIC if text == "true" else Visibility.INTERNAL
    try:
        return Visibility(text)
    except ValueError:
        raise ValueError(
            f"{text[:40]!r} is no visibility; use {', '.join(Visibility)}, true or false"
        ) from None


def listed(values: Iterable[object]) -> tuple[str, ...]:
    """Texts without repetition, in order; commas, semicolons and lines separate several in one cell."""
    parts = (part.strip() for value in values if value is not None for part in SEPARATORS.split(str(value)))
    return tuple(dict.fromkeys(part for part in parts if part))
