"""SQLite: what signals came to, which hours wait to be counted again, and alerts in breach, and supported goals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import orjson

from opshub.model import Feedback, Point, Ref
from opshub.store import goal_statements as goals
from opshub.store import statements as sql
from opshub.store.database import json_of
from opshub.store.moments import from_micros, micros, micros_or_none
from opshub.store.rows import Breach, SignalValue, Support
from opshub.store.sqlite_ideas import Ideas

__all__ = ["Signals"]

_CHUNK = 500


class Signals(Ideas):
    """Signals, alerts and goals."""

    def uncounted_hours(self) -> list[int]:
        """Hours since 1970 in which feedback was written that came, changed or went since they were counted."""
        return [hour for (hour,) in self._rows(sql.UNCOUNTED)]

    def mark_counted(self, hours: Iterable[int]) -> None:
        """These hours wait no longer."""
        self._write(sql.MARK_COUNTED, (json_of(hours),))

    def forget_values(self) -> None:
        """Drop all that was counted; every hour with living feedback waits."""
        self._write(sql.DROP_VALUES)
        self._write(sql.MARK_UNCOUNTED)

    def feedback_between(self, begin: datetime, end: datetime) -> Iterator[Feedback]:
        """Living feedback written from ``begin`` up to ``end``, earliest first."""
        rows = self._rows(sql.FEEDBACK_BETWEEN, (micros(begin), micros(end)))
        for at in range(0, len(rows), _CHUNK):
            part = rows[at : at + _CHUNK]
            found = self._decoded(part)
            yield from (found[key] for _, key in part if key in found)

    def put_values(self, rows: Sequence[SignalValue]) -> None:
        """Keep what signals came to in a period, instead of what they came to before."""
        self._write_many(sql.PUT_VALUE, [(it.signal, micros(it.begin), it.value) for it in rows])

    def drop_values(self, signals: Sequence[str], begin: datetime) -> None:
        """Forget what these signals came to in the period that begins then."""
        self._write(sql.DROP_VALUE, (json_of(signals), micros(begin)))

    def values(self, signal: str, begin: datetime, end: datetime) -> dict[datetime, float | None]:
        """What a signal came to in the periods that begin from ``begin`` up to ``end``, as far as they were counted."""
        rows = self._rows(sql.VALUES, (signal, micros(begin), micros(end)))
        return {moment: value for at, value in rows if (moment := from_micros(at)) is not None}

    def put_points(self, rows: Mapping[Ref, Sequence[Point]]) -> int:
        """Keep the points of each record, instead of those it had before; of how many records they differ."""
        changed = 0
        for ref, points in rows.items():
            wanted = sorted((it.signal, micros(it.at), float(it.value)) for it in points)
            if wanted != self._rows(sql.POINTS_OF, ref):
                changed += 1
                self._write(sql.DROP_POINTS, ref)
                self._write_many(sql.PUT_POINT, [(*ref, *point) for point in wanted])
        return changed

    def points(self, signal: str, begin: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """The reported points of a signal from ``begin`` up to ``end``, in order of time and then of record."""
        rows = self._rows(sql.POINTS, (signal, micros(begin), micros(end)))
        return [(moment, value) for at, value in rows if (moment := from_micros(at)) is not None]

    def first_value(self, signal: str) -> datetime | None:
        """When the first period began for which a signal was counted."""
        row = self._row(sql.FIRST_VALUE, (signal,))
        return from_micros(row[0]) if row else None

    def put_breach(self, breach: Breach) -> None:
        """Keep the breach that an alert has or had since a moment."""
        seen = orjson.dumps(breach.seen).decode()
        row = (breach.alert, micros(breach.since), micros_or_none(breach.until), breach.idea, seen)
        self._write(sql.PUT_BREACH, row)

    def breaches(self, ideas: Sequence[int] | None = None) -> list[Breach]:
        """All that are remembered, or those that opened one of these ideas, by alert and time."""
        rows = self._rows(sql.BREACHES) if ideas is None else self._rows(goals.BREACHES_OF, (json_of(ideas),))
        return [
            Breach(alert, since, from_micros(until), idea, tuple(orjson.loads(seen)))
            for alert, at, until, idea, seen in rows
            if (since := from_micros(at)) is not None
        ]

    def put_support(self, support: Support) -> None:
        """Keep that a person lets an idea, which must exist, support a goal; touches the idea."""
        idea, goal, because, who, at = support
        with self._turn:
            self._must_exist([idea], self._count_voices({idea: 0}))
            self._write(goals.PUT_SUPPORT, (idea, goal, because, who, micros(at)))

    def drop_support(self, number: int, goal: str) -> bool:
        """Forget it, and touch the idea; whether it was there."""
        with self._turn:
            there = self._write(goals.DROP_SUPPORT, (number, goal)) > 0
            if there:
                self.touch_ideas([number])
            return there

    def supports(self, numbers: Sequence[int]) -> list[Support]:
        """What people let these ideas support, by idea and goal."""
        rows = self._rows(goals.SUPPORTS, (json_of(numbers),)) if numbers else []
        found = [(*row[:4], from_micros(row[4])) for row in rows]
        return [Support(idea, goal, why, who, at) for idea, goal, why, who, at in found if at is not None]
