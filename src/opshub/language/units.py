"""The units of durations, and what people write for them."""

from __future__ import annotations

__all__ = ["UNITS", "repaired"]

UNITS = {"min": 60, "h": 3600, "d": 86_400, "w": 604_800}
"""Seconds of each unit."""

_MEANT = {
    "min": ("minute", "minutes", "mins", "分", "分钟"),
    "h": ("hour", "hours", "hr", "hrs", "时", "小时", "个小时"),
    "d": ("day", "days", "天", "日"),
    "w": ("week", "weeks", "wk", "wks", "周", "星期", "礼拜"),
}
_UNIT_OF = {word: unit for unit, words in _MEANT.items() for word in (unit, *words)}
_DAYS = {
    30: ("month", "months", "mo", "mon", "月", "个月"),
    365: ("y", "yr", "yrs", "year", "years", "年"),
}
_DAYS_OF = {word: days for days, words in _DAYS.items() for word in words}


def repaired(number: str, unit: str) -> str:
    """What to write for a number and a unit that rules do not know."""
    word, digits = unit.casefold(), number[:15]
    if word in _UNIT_OF:
        return f"write {digits}{_UNIT_OF[word]}"
    if word in _DAYS_OF:
        days = float(digits) * _DAYS_OF[word]
        return f"months and years differ in length; write {days:g}d"
    if word == "m":
        return f"write {digits}min for minutes, or {float(digits) * 30:g}d for months"
    return f"write {digits}min, {digits}h, {digits}d or {digits}w for minutes, hours, days or weeks"
