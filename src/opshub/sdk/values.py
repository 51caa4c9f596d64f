"""Values as vendors send them, loosely typed, as the hub's own: texts, numbers, field values."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from opshub.model import Value

__all__ = ["list_of", "number_of", "table_of", "text_of", "value_of"]


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


def value_of(value: object) -> Value:
    """A field's value: lists become sorted sets of texts; what the hub has no form for is missing."""
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return tuple(sorted({str(member) for member in value if isinstance(member, (str, int, float))}))
    return None
