"""Paths into a row: ``project.key``, ``comments[].body``, or a column's plain name.

A key written exactly like the path wins, so that a column called ``Q1. How was it?`` needs no escaping.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

__all__ = ["EMPTY", "first", "found", "root", "select"]

EMPTY = (None, "")
"""What an export puts where nothing is."""


@lru_cache(maxsize=512)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(step for step in path.replace("[]", ".[]").split(".") if step)


def root(path: str) -> str:
    """The first step of a path: the column or key that must be there."""
    steps = _steps(path)
    return steps[0] if steps else ""


def select(row: object, path: str) -> list[object]:
    """All values at the path, in order; lists are entered where the path says ``[]``, and at its end.

    An empty path names nothing.
    """
    if not path:
        return []
    if isinstance(row, Mapping) and path in row:
        return _flat(row[path])
    nodes = [row]
    for step in _steps(path):
        nodes = [child for node in nodes for child in _children(node, step)]
    return [value for node in nodes for value in _flat(node)]


def first(row: object, path: str) -> object:
    """The first value at the path that is not empty, or None."""
    return next((value for value in select(row, path) if value not in EMPTY), None)


def found(keys: Mapping[str, object], path: str) -> bool:
    """Whether the row has the column or key that the path begins with."""
    return not path or path in keys or root(path) in keys


def _children(node: object, step: str) -> list[object]:
    if step == "[]":
        return list(node) if isinstance(node, list) else []
    return [node[step]] if isinstance(node, Mapping) and step in node else []


def _flat(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else [value]
