"""In memory: what signals came to, which hours wait to be counted again, alerts in breach, and supported goals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from opshub.model import Feedback, Point, Ref
from opshub.store.memory_ideas import Ideas
from opshub.store.memory_work import storable
from opshub.store.moments import from_micros, micros
from opshub.store.rows import Breach, SignalValue, Support

__all__ = ["Signals"]


class Signals(Ideas):
    """Signals, alerts and goals."""

    def uncounted_hours(self) -> list[int]:
        """Hours since 1970 in which feedback was written that came, changed or went since they were counted."""
        return sorted(self.kept.uncounted)

    def mark_counted(self, hours: Iterable[int]) -> None:
        """These hours wait no longer."""
        for hour in hours:
            self._writing().uncounted.pop(hour, None)

    def forget_values(self) -> None:
        """Drop all that was counted; every hour with living feedback waits."""
        self._writing().values.clear()
        self._wait_again(row.created for row in self.kept.feedback.values() if not row.gone)

    def feedback_between(self, begin: datetime, end: datetime) -> Iterator[Feedback]:
        """Living feedback written from ``begin`` up to ``end``, earliest first."""
        found = [(row.created, ref) for ref, row in self.kept.feedback.items() if not row.gone]
        for _, ref in sorted(it for it in found if micros(begin) <= it[0] < micros(end)):
            feedback = self.feedback(ref)
            if feedback is not None:
                yield feedback

    def put_values(self, rows: Sequence[SignalValue]) -> None:
        """Keep what signals came to in a period, instead of what they came to before."""
        for row in rows:
            storable(row.signal, row.value)
            self._writing().values[row.signal, micros(row.begin)] = row.value

    def drop_values(self, signals: Sequence[str], begin: datetime) -> None:
        """Forget what these signals came to in the period that begins then."""
        for signal in signals:
            self._writing().values.pop((signal, micros(begin)), None)

    def values(self, signal: str, begin: datetime, end: datetime) -> dict[datetime, float | None]:
        """What a signal came to in the periods that begin from ``begin`` up to ``end``, as far as they were counted."""
        rows = sorted((at, value) for (name, at), value in self.kept.values.items() if name == signal)
        inside = [(at, value) for at, value in rows if micros(begin) <= at < micros(end)]
        return {moment: value for at, value in inside if (moment := from_micros(at)) is not None}

    def put_points(self, rows: Mapping[Ref, Sequence[Point]]) -> int:
        """Keep the points of each record, instead of those it had before; of how many records they differ."""
        changed = 0
        for ref, points in rows.items():
            storable(ref, *(point.signal for point in points))
            wanted = tuple(sorted((it.signal, micros(it.at), float(it.value)) for it in points))
            changed += wanted != self.kept.points.get(ref, ())
            self._writing().points[ref] = wanted
        return changed

    def points(self, signal: str, begin: datetime, end: datetime) -> list[tuple[datetime, float]]:
        """The reported points of a signal from ``begin`` up to ``end``, in order of time and then of record."""
        rows = [(ref, *point) for ref, points in self.kept.points.items() for point in points]
        kept = [(at, ref, value) for ref, name, at, value in rows if name == signal]
        inside = sorted(it for it in kept if micros(begin) <= it[0] < micros(end))
        return [(moment, value) for at, _, value in inside if (moment := from_micros(at)) is not None]

    def first_value(self, signal: str) -> datetime | None:
        """When the first period began for which a signal was counted."""
        return from_micros(min((at for name, at in self.kept.values if name == signal), default=None))

    def put_breach(self, breach: Breach) -> None:
        """Keep the breach that an alert has or had since a moment."""
        storable(breach.alert)
        self._writing().breaches[breach.alert, micros(breach.since)] = breach

    def breaches(self, ideas: Sequence[int] | None = None) -> list[Breach]:
        """All that are remembered, or those that opened one of these ideas, by alert and time."""
        rows = [self.kept.breaches[key] for key in sorted(self.kept.breaches)]
        return [row for row in rows if ideas is None or row.idea in ideas]

    def put_support(self, support: Support) -> None:
        """Keep that a person lets an idea, which must exist, support a goal; touches the idea."""
        storable(support.goal, support.because, support.who)
        self._must_exist([support.idea])
        at = from_micros(micros(support.at)) or support.at
        self._writing().supports[support.idea, support.goal] = support._replace(at=at)
        self._touch([support.idea])

    def drop_support(self, number: int, goal: str) -> bool:
        """Forget it, and touch the idea; whether it was there."""
        there = self._writing().supports.pop((number, goal), None) is not None
        self._touch([number] if there else [])
        return there

    def supports(self, numbers: Sequence[int]) -> list[Support]:
        """What people let these ideas support, by idea and goal."""
        return [row for (idea, _), row in sorted(self.kept.supports.items()) if idea in numbers]
