"""Records gone wrong: what a vendor may send on a bad day."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from opshub.model import Record

__all__ = ["JUNK", "NOT_RECORDS", "broken_records"]


def _nest(depth: int) -> dict[str, Any]:
    nested: dict[str, Any] = {}
    for _ in range(depth):
        nested = {"a": nested}
    return nested


JUNK: tuple[object, ...] = (
    None,
    True,
    0,
    -1,
    10**40,
    1.5,
    float("nan"),
    float("inf"),
    "",
    " ",
    "junk",
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59-23:59",
    "\x00\ud800",
    "x" * 10_000,
    [],
    [None],
    ["junk"],
    [[]],
    [{}],
    {},
    {"id": None},
    {"junk": 1},
    _nest(200),
)
"""Values of wrong types, beyond the ends of right ones, and deeply nested ones."""

NOT_RECORDS: tuple[object, ...] = (None, [], ["junk"], "junk", 7, 1.5, True)
"""What may stand where a record should."""

DEPTH = 4


def broken_records(record: Record, *, most: int = 2_000) -> Iterator[tuple[str, Record]]:
    """Copies of a good record, each with one thing wrong, and where: a key gone, or its value replaced by junk."""
    for count, (path, replacement) in enumerate(_mutations(record)):
        if count >= most:
            return
        yield _named(path, replacement), _replaced(record, path, replacement)


class _Gone:
    pass


GONE = _Gone()


def _mutations(record: Record) -> Iterator[tuple[tuple[object, ...], object]]:
    """Shallow places before deep ones, so that a limit cuts what matters least."""
    paths = sorted(_paths(record, ()), key=len)
    for path in paths:
        yield path, GONE
        for value in JUNK:
            yield path, value


def _paths(node: object, path: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
    if path:
        yield path
    if len(path) >= DEPTH:
        return
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _paths(value, (*path, key))
    elif isinstance(node, list) and node:
        yield from _paths(node[0], (*path, 0))


def _replaced(record: Record, path: tuple[object, ...], value: object) -> Record:
    """A copy along the path; what lies beside it is shared."""
    made: Any = dict(record)
    node = made
    for key in path[:-1]:
        node[key] = copy.copy(node[key])
        node = node[key]
    if value is GONE:
        del node[path[-1]]
    else:
        node[path[-1]] = value
    result: Record = made
    return result


def _named(path: tuple[object, ...], value: object) -> str:
    shown = "gone" if value is GONE else repr(value)[:40]
    return f"{'.'.join(str(part) for part in path)} = {shown}"
