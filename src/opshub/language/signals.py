"""The signals of a rule set at work: counting a period, combining series, and finding alerts in breach."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, TypeAlias

from opshub.language.meaning import COMPARE, Program, distinct, leaves
from opshub.language.predicates import Predicates
from opshub.language.runtime import number
from opshub.language.series import Alarm, Series

__all__ = ["Read", "Signals", "Value"]

Value: TypeAlias = float | None
Read: TypeAlias = Callable[[Series, int], Sequence[Value]]
"""The last so many full periods of a counted or reported signal, oldest first; None where a value is missing."""

_NEVER = datetime(2000, 1, 1, tzinfo=UTC)
"""The clock of what never asks for it."""


class Signals:
    """``hash`` changes whenever a counted signal could come to other values over the same feedback.

    ``reads`` are the full names of the fields that counting needs.
    """

    def __init__(self, program: Program, reads: frozenset[str]) -> None:
        self.reads = reads
        self.all = {series.name: series for series in program.signals}
        self.alerts = program.alerts
        self._program = program

    @cached_property
    def hash(self) -> str:
        """The name of what is counted."""
        lets = self._program.lets
        told = repr([(s.name, s.period, [*leaves(s.term, lets)]) for s in self._counted() if s.term])
        return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    @cached_property
    def predicates(self) -> Predicates:
        """What counted signals look for in texts."""
        roots = [series.term for series in self._counted() if series.term is not None]
        return Predicates.of(distinct(roots, self._program.lets), self._program)

    @property
    def periods(self) -> tuple[str, ...]:
        """The periods in which something is counted."""
        return tuple(dict.fromkeys(series.period for series in self._counted()))

    def count(self, period: str, rows: Sequence[Sequence[Any]]) -> dict[str, Value]:
        """The values of all signals counted per ``period`` over one such period's feedback, earliest first."""
        names, decide = self._counters[period]
        nothing = (None,) * len(self._program.schema.idea)
        scores, _, _ = decide(nothing, self.predicates.completed(rows), _NEVER)
        return {name: number(score[0]) for name, score in zip(names, scores, strict=True)}

    def last(self, name: str, periods: int, read: Read) -> list[Value]:
        """The last full periods of any signal, oldest first; a combined one is missing where a part is."""
        series = self.all[name]
        if not series.parts:
            return list(read(series, periods))
        parts = [self.last(part, periods, read) for part in series.parts]
        combine = self._combined[name]
        return [number(combine(values, _NEVER)) for values in zip(*parts, strict=True)]

    def breached(self, alert: Alarm, read: Read) -> tuple[float, ...] | None:
        """The values that break the alert's limits, named by its ``names``; None where one limit is kept."""
        seen: list[float] = []
        for limit in alert.limits:
            compare = COMPARE[limit.sign]
            values = self.last(limit.signal, limit.periods, read)
            broken = [value for value in values if value is not None and compare(value, limit.bound)]
            if len(broken) < limit.periods:
                return None
            seen += broken
        return tuple(seen)

    def _counted(self) -> Iterator[Series]:
        return (series for series in self.all.values() if series.counted)

    @cached_property
    def _counters(self) -> dict[str, tuple[tuple[str, ...], Callable[..., tuple[Any, ...]]]]:
        from opshub.language.compiler import compile_program
        from opshub.language.meaning import Definition

        made = {}
        for period in self.periods:
            mine = [series for series in self._counted() if series.period == period]
            scores = tuple(Definition(s.name, s.term, s.place) for s in mine if s.term is not None)
            program = replace(self._program, scores=scores, rules=(), banded="", bands=(), tests=())
            made[period] = (tuple(series.name for series in mine), compile_program(program).decide)
        return made

    @cached_property
    def _combined(self) -> dict[str, Callable[[Sequence[Any], Any], Any]]:
        from opshub.language.compiler import compile_value

        return {s.name: compile_value(s.term) for s in self.all.values() if s.parts and s.term is not None}
