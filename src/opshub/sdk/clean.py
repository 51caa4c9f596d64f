"""The door through which every text from outside comes: what one of the stores or formats would choke on goes."""

from __future__ import annotations

import dataclasses
import math
import re
import unicodedata
from collections.abc import Mapping
from typing import Any, TypeVar

__all__ = ["clean", "clean_value"]

T = TypeVar("T")

CONTROLS = {code: None for code in range(32) if chr(code) not in "\n\t"}
SURROGATES = re.compile("[\ud800-\udfff]")
LARGEST = 2**63 - 1
SMALLEST = -(2**63)
DEEPEST = 40


def clean(text: str) -> str:
    """The text in NFC, without control characters other than newline and tab, lone surrogates as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    text = text.translate(CONTROLS) if not text.isprintable() else text
    if text.isascii():
        return text
    text = SURROGATES.sub("\ufffd", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def clean_value(value: T) -> T:
    """The value with every text in it clean, through frozen dataclasses, mappings, tuples and lists.

    Numbers without end become None, whole numbers beyond 64 bits become texts, and what is nested deeper than
    ``DEEPEST`` becomes None. A value that is clean already is returned itself, not a copy.
    """
    cleaned: T = _cleaned(value, DEEPEST)
    return cleaned


def _cleaned(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str:
        return clean(value)
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is int:
        return value if SMALLEST <= value <= LARGEST else _digits(value)
    if depth == 0:
        return None
    if isinstance(value, Mapping):
        return _cleaned_mapping(value, depth - 1)
    if kind is tuple or kind is list:
        return _cleaned_sequence(value, depth - 1)
    if isinstance(value, tuple):
        return kind(*(_cleaned(part, depth - 1) for part in value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _cleaned_dataclass(value, depth - 1)
    return value


def _cleaned_mapping(value: Mapping[Any, Any], depth: int) -> Mapping[Any, Any]:
    cleaned = {_cleaned(key, depth): _cleaned(part, depth) for key, part in value.items()}
    same = all(
        new is old and cleaned[new] is part for (old, part), new in zip(value.items(), cleaned, strict=False)
    )
    return value if same and len(cleaned) == len(value) else cleaned


def _cleaned_sequence(value: Any, depth: int) -> Any:
    cleaned = [_cleaned(part, depth) for part in value]
    if all(new is old for new, old in zip(cleaned, value, strict=True)):
        return value
    return type(value)(cleaned)


def _cleaned_dataclass(value: Any, depth: int) -> Any:
    changed = {}
    for field in dataclasses.fields(value):
        old = getattr(value, field.name)
        new = _cleaned(old, depth)
        if new is not old:
            changed[field.name] = new
    return dataclasses.replace(value, **changed) if changed else value


def _digits(value: int) -> str | float:
    try:
        return str(value)
    except ValueError:
        return math.copysign(1.7976931348623157e308, value)
