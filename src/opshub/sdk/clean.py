"""The door through which every text from outside comes: what one of the stores or formats would choke on goes."""

from __future__ import annotations

import dataclasses
import math
import re
import sys
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from operator import is_
from typing import Any, TypeVar

__all__ = ["clean", "clean_value", "is_clean_json"]

T = TypeVar("T")

CONTROLS = re.compile("[\x00-\x08\x0b-\x1f]")
ESCAPED = (b"\\u", b"\\r", b"\\b", b"\\f")
SURROGATES = re.compile("[\ud800-\udfff]")
LARGEST = 2**63 - 1
SMALLEST = -(2**63)
DEEPEST = 40
PLAIN = frozenset({type(None), bool, datetime})


def clean(text: str) -> str:
    """The text in NFC, without control characters other than newline and tab, lone surrogates as U+FFFD."""
    if text.isascii() and text.isprintable():
        return text
    text = CONTROLS.sub("", text)
    if text.isascii():
        return text
    text = SURROGATES.sub("\ufffd", text)
    return text if unicodedata.is_normalized("NFC", text) else unicodedata.normalize("NFC", text)


def is_clean_json(body: bytes) -> bool:
    """Whether ``clean`` would leave every text of a document as it is that orjson wrote; False where that is unsure.

    Escapes stand only for control characters, quotes and backslashes there, and a part of a text in NFC is in NFC.
    """
    if b"\\" in body and any(map(body.__contains__, ESCAPED)):
        return False
    return body.isascii() or unicodedata.is_normalized("NFC", body.decode())


def clean_value(value: T) -> T:
    """The value with every text in it clean, through frozen dataclasses, mappings, tuples and lists.

    Numbers without end become None, whole numbers beyond 64 bits become texts, and what is nested deeper than
    ``DEEPEST`` becomes None. A value that is clean already is returned itself, not a copy.
    """
    cleaned: T = _cleaned(value, DEEPEST)
    return cleaned


def _cleaned(value: Any, depth: int) -> Any:
    kind: Any = type(value)
    if kind is str:
        return clean(value)
    if kind in PLAIN:
        return value
    if kind is float:
        return value if math.isfinite(value) else None
    if kind is int:
        return value if SMALLEST <= value <= LARGEST else _digits(value)
    if depth == 0:
        return None
    if kind is tuple or kind is list:
        return _cleaned_sequence(value, depth - 1)
    if names := _field_names(kind):
        return _cleaned_dataclass(value, names, depth - 1)
    if isinstance(value, Mapping):
        return _cleaned_mapping(value, depth - 1)
    if isinstance(value, tuple):
        parts = [_cleaned(part, depth - 1) for part in value]
        return value if all(map(is_, parts, value)) else kind(*parts)
    return value


@cache
def _field_names(kind: type) -> tuple[str, ...]:
    """The fields of a dataclass; none for any other class."""
    return tuple(field.name for field in dataclasses.fields(kind)) if dataclasses.is_dataclass(kind) else ()


def _cleaned_mapping(value: Mapping[Any, Any], depth: int) -> Mapping[Any, Any]:
    same = True
    cleaned = {}
    for key, part in value.items():
        new_key, new_part = _cleaned(key, depth), _cleaned(part, depth)
        cleaned[new_key] = new_part
        same = same and new_key is key and new_part is part
    return value if same else cleaned


def _cleaned_sequence(value: Any, depth: int) -> Any:
    if not value:
        return value
    cleaned = [_cleaned(part, depth) for part in value]
    if all(map(is_, cleaned, value)):
        return value
    return type(value)(cleaned)


def _cleaned_dataclass(value: Any, names: tuple[str, ...], depth: int) -> Any:
    changed = {}
    for name in names:
        old = getattr(value, name)
        new = _cleaned(old, depth)
        if new is not old:
            changed[name] = new
    return dataclasses.replace(value, **changed) if changed else value


def _digits(value: int) -> str | float:
    try:
        return str(value)
    except ValueError:
        return sys.float_info.max if value > 0 else -sys.float_info.max
