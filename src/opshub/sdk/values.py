"""Values as vendors send them, loosely typed, as the hub's own: texts, numbers, field values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from opshub.model import Value

__all__ = ["list_of", "number_of", "table_of", "text_of", "ungrouped", "value_of"]


def text_of(value: object) -> str:
    """The text; None is the empty one. TypeError for what is no text: junk is not to be taken for speech."""
    if isinstance(value, str):
        return value
    if value is not None:
        raise TypeError(f"a {type(value).__name__} is not a text")
    return ""


def table_of(value: object) -> Mapping[str, Any]:
    """The mapping; None is the empty one. TypeError for anything else."""
    if type(value) is dict:
        return value
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"a {type(value).__name__} is not a table")
    return value


def list_of(value: object) -> Sequence[Any]:
    """The list; None is the empty one. TypeError for anything else."""
    if isinstance(value, (list, tuple)):
        return value
    if value is not None:
        raise TypeError(f"a {type(value).__name__} is not a list")
    return ()


def number_of(value: object) -> float | None:
    """The finite number that a value is or spells; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def ungrouped(text: str, decimal: str) -> str:
    """A text whose numbers have no signs between thousands any more, and a point before the fraction.

    ``decimal`` separates the fraction. A fraction is written with more than three digits or none where it could be
    taken for thousands: ``30,000`` is ``30000`` with a decimal point, and ``30.0000`` with a decimal comma.
    """
    thousands, point = re.escape("." if decimal == "," else ","), re.escape(decimal)
    whole = rf"(?P<whole>\d{{1,3}}(?:{thousands}\d{{3}})+|\d+)(?:{point}(?P<fraction>\d+))?"
    return re.sub(rf"(?<![\d.,]){whole}(?![\d.,])", _plain, text, flags=re.ASCII)


def _plain(found: re.Match[str]) -> str:
    fraction = found["fraction"] or ""
    digits = re.sub(r"\D", "", found["whole"])
    return f"{digits}.{fraction}{'0' * (len(fraction) == 3)}" if fraction else digits


def value_of(value: object) -> Value:
    """A field's value: lists become sorted sets of texts; what the hub has no form for is missing."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return tuple(sorted({str(member) for member in value if isinstance(member, (str, int, float))}))
    return None
