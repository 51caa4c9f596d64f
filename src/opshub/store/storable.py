"""What no database can hold: found, and named by its place."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from datetime import datetime

from opshub.errors import StoreError
from opshub.store.moments import micros

__all__ = ["fit_names", "unstorable"]


def fit_names(names: Iterable[object]) -> None:
    """StoreError if a name cannot be looked up again: it holds a NUL, or what no database can hold."""
    for name in names:
        found = unstorable(name)
        if found or "\0" in str(name):
            problem = found[1] if found else "a NUL character"
            raise StoreError(
                f"{ascii(name)[:100]} cannot be a name in the store: it holds {problem}",
                hint="clean the value where the record is read",
            )


def unstorable(value: object, place: str = "") -> tuple[str, str] | None:
    """(place, problem) of the first thing inside the value that no database can hold; None where all is well."""
    if isinstance(value, str):
        return _problem_of_text(value, place)
    if isinstance(value, bool) or value is None or isinstance(value, bytes):
        return None
    if isinstance(value, int):
        return None if -(2**63) <= value < 2**63 else (place, "a number beyond 64 bits")
    if isinstance(value, float):
        return None if math.isfinite(value) else (place, f"the number {value}")
    if isinstance(value, datetime):
        return _problem_of_moment(value, place)
    inner = _inside(value)
    if inner is None:
        return place, f"a {type(value).__name__}"
    for name, member in inner:
        found = unstorable(member, f"{place}.{name}" if place else str(name))
        if found:
            return found
    return None


def _problem_of_text(text: str, place: str) -> tuple[str, str] | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return place, "a lone surrogate"
    return None


def _problem_of_moment(moment: datetime, place: str) -> tuple[str, str] | None:
    if moment.tzinfo is None:
        return place, "a time without a zone"
    try:
        micros(moment)
    except ValueError as error:
        return place, str(error)
    return None


def _inside(value: object) -> list[tuple[object, object]] | None:
    """(name, member) of a composite value; None for a thing that is none."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if isinstance(value, Mapping):
        keys = [("name", name) for name in value if not isinstance(name, str) or not name.isascii()]
        return [*keys, *value.items()]
    if isinstance(value, tuple | list):
        named = getattr(value, "_fields", None)
        return list(enumerate(value)) if named is None else list(zip(named, value, strict=True))
    return None
