"""Walks through Data Center's numbered pages, whose numbers shift whenever an issue changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from opshub.sdk import BadAnswerError, parse_time

__all__ = ["Part", "changed_at", "numbered"]

MINUTE = timedelta(minutes=1)
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
    """Rows of a list sorted by change; ``fetch(since, offset)`` gives a page. Rows of one minute may come twice.

    After each page the list is asked for anew from the minute that was reached, so that numbers stay small and a
    shift is harmless. Within one minute each page overlaps the last by a row: is that row not where it was, the list
    has shifted, and the minute is read again. Changes after ``limit`` never move the minute on.
    """
    since, offset, tail, restarts = start, 0, None, 0
    while True:
        page = fetch(since, max(0, offset - 1))
        rows, total = list(page["issues"]), int(page["total"])
        if offset and (not rows or _id(rows[0]) != tail):
            restarts, offset = restarts + 1, 0
            if restarts > RESTARTS:
                raise BadAnswerError(f"Jira's list shifted {restarts} times while it was being read.")
            continue
        rows = rows[1:] if offset else rows
        offset += len(rows)
        if not rows and offset < total:
            raise BadAnswerError(f"Jira promised {total} issues and sent an empty page after {offset}.")
        yield Part(rows, total, offset >= total)
        if offset >= total:
            return
        tail, reached = _id(rows[-1]), _reached(rows, limit)
        if reached is not None and (since is None or reached > since):
            since, offset = reached, 0


def _reached(rows: list[Any], limit: datetime | None) -> datetime | None:
    """The minute up to which the list has certainly been read."""
    moments = [moment for row in rows if (moment := changed_at(row)) is not None]
    settled = [moment for moment in moments if limit is not None and moment < limit]
    return max(settled).replace(second=0, microsecond=0) if settled else None


def _id(row: object) -> object:
    return row.get("id") if isinstance(row, Mapping) else None
