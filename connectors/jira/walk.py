"""Walks through Data Center's numbered pages, whose numbers shift whenever an issue changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from opshub.sdk import BadAnswerError, parse_time

__all__ = ["Part", "changed_at", "numbered"]

REMEMBERED = 50
RESTARTS = 100


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows of a list: ``total`` is what the vendor says of the whole, ``last`` that nothing follows."""

    rows: list[Any]
    total: int | None
    last: bool


def changed_at(row: object) -> datetime | None:
    """When an issue changed; None for what is no issue."""
    fields = row.get("fields") if isinstance(row, Mapping) else None
    try:
        return parse_time(fields.get("updated")) if isinstance(fields, Mapping) else None
    except ValueError:
        return None


def numbered(
    fetch: Callable[[datetime | None, int], Mapping[str, Any]],
    start: datetime | None,
    limit: datetime | None = None,
) -> Iterator[Part]:
    """Rows of a list sorted by change; ``fetch(since, offset)`` gives a page. Some rows may come twice.

    After each page the list is asked for anew from the minute that was reached, so that a shift is harmless. Within
    a minute each page overlaps the last by a row; is it not there, the rows before are looked for further up.
    """
    since, offset, back, lost = start, 0, 0, 0
    known: list[object] = []
    while True:
        page = fetch(since, offset - back)
        rows, total = list(page["issues"]), int(page["total"])
        if not rows and offset < total:
            raise BadAnswerError(f"Jira promised {total} issues and sent an empty page after {offset}.")
        place = _behind(rows, known) if offset else 0
        if place is None and back < min(offset, len(known)):
            back = min(offset, len(known))
        elif place is None:
            lost, offset, back, known = _lost(lost), 0, 0, []
        else:
            offset, back, rows = offset - back + len(rows), 1, rows[place:]
            yield Part(rows, total, offset >= total)
            if offset >= total:
                return
            known, reached = [*known, *map(_name, rows)][-REMEMBERED:], _reached(rows, limit)
            if reached is not None and (since is None or reached > since):
                since, offset, back, known = reached, 0, 0, []


def _lost(times: int) -> int:
    """One more beginning of the minute; BadAnswerError once that has no end."""
    if times >= RESTARTS:
        raise BadAnswerError(f"Jira's list shifted {times} times while it was being read.")
    return times + 1


def _behind(rows: list[Any], known: Sequence[object]) -> int | None:
    """The place after the last of the rows known already; None where none of them is here."""
    return next((place for place in range(len(rows), 0, -1) if _name(rows[place - 1]) in known), None)


def _reached(rows: list[Any], limit: datetime | None) -> datetime | None:
    """The minute up to which the list has certainly been read."""
    moments = [moment for row in rows if (moment := changed_at(row)) is not None]
    settled = [moment for moment in moments if limit is not None and moment < limit]
    return max(settled).replace(second=0, microsecond=0) if settled else None


def _name(row: object) -> object:
    """A row as it stands at its place: one that changed has moved elsewhere."""
    return (row.get("id"), changed_at(row)) if isinstance(row, Mapping) else None
