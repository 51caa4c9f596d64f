"""Why a rule or a match block does not hold: the clauses that decided, what they saw, and the nearest miss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from opshub.language.clauses import is_clock
from opshub.language.interpreter import Interpreter, Step, Truth
from opshub.language.meaning import GATHERING, Home, Program, Term, Verdict, show
from opshub.language.nearest import Change, misses, nearest, rows_by_nearness
from opshub.language.schema import Kind

__all__ = ["Clause", "Untaken", "WhyNot", "why_not", "why_not_taken"]

_NEVER = datetime(1, 1, 1, tzinfo=UTC)
"""The moment at which match blocks are asked: none of them can read the clock."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a condition that decided against it, with the values it saw, None where one was missing.

    ``row`` is the piece of feedback that it looked at; for a condition over feedback the nearest one.
    """

    text: str
    truth: Truth
    saw: Mapping[str, Any]
    row: int | None


@dataclass(frozen=True, slots=True)
class WhyNot:
    """How a rule came out; ``stopped`` is the earlier rule that kept it from being asked at all.

    ``nearest`` is the piece of feedback that came closest, ``lacking`` how many clauses it still failed.
    """

    rule: Verdict
    step: Step
    stopped: Verdict | None
    routed: Verdict | None
    clauses: tuple[Clause, ...]
    nearest: int | None
    lacking: int
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Untaken:
    """Which pieces of feedback a match block holds for, and of the others what decided for the nearest one."""

    holds: tuple[int, ...]
    clauses: tuple[Clause, ...]
    nearest: int | None
    lacking: int
    changes: tuple[Change, ...]


def why_not(
    program: Program, rule: Verdict, idea: Sequence[Any], rows: Sequence[Sequence[Any]], now: datetime
) -> WhyNot:
    """What decided that a rule does not hold, or that nothing came of it where it does."""
    judge = Interpreter(program, idea, rows, now)
    stopped = routed = None
    for earlier in program.rules[: program.rules.index(rule)]:
        if not judge.judge(earlier.when).holds:
            continue
        if earlier.route and routed is None and rule.route:
            routed = earlier
        if earlier.stops:
            stopped = earlier
            break
    step = judge.judge(rule.when)
    clauses = tuple(_Blame(judge).of(step))
    closest = next(_closest(judge, step), None)
    return WhyNot(
        rule=rule,
        step=step,
        stopped=stopped,
        routed=routed,
        clauses=clauses,
        nearest=None if closest is None else closest.row,
        lacking=0 if closest is None else misses(closest),
        changes=() if step.holds else nearest(judge, step),
    )


def why_not_taken(program: Program, home: Home, rows: Sequence[Sequence[Any]]) -> Untaken:
    """What decided that a match block does not hold for pieces of feedback, or for which it does."""
    judge = Interpreter(program, (), rows, _NEVER)
    steps = [replace(judge.judge(home.when, row), row=row) for row in range(len(rows))]
    holds = tuple(row for row, step in enumerate(steps) if step.holds)
    closest = next(iter(rows_by_nearness(steps)), None)
    if closest is None:
        return Untaken(holds, (), None, 0, ())
    clauses = tuple(_Blame(judge).of(closest))
    return Untaken(holds, clauses, closest.row, misses(closest), nearest(judge, closest))


def _closest(judge: Interpreter, step: Step) -> Iterator[Step]:
    """The pieces of feedback that came closest to each condition over feedback that failed."""
    if step.holds:
        return
    term = step.term
    if term.op in ("and", "or", "let"):
        for part in step.parts:
            yield from _closest(judge, part)
        return
    for gather in _gathers(judge, term):
        if gather.op != "no":
            parts = [judge.judge(gather.where, i) for i in range(len(judge.rows))]
            yield from rows_by_nearness(parts)[:1]


def _gathers(judge: Interpreter, term: Term) -> Iterator[Term]:
    source = judge.source(term)
    if source.op in GATHERING:
        yield source
    else:
        for operand in source.operands:
            yield from _gathers(judge, operand)


class _Blame:
    def __init__(self, judge: Interpreter) -> None:
        self._judge = judge

    def of(self, step: Step) -> Iterator[Clause]:
        """The clauses that keep a condition from holding."""
        if step.holds:
            return
        op = step.term.op
        if op in ("and", "or", "let"):
            for part in step.parts:
                yield from self.of(part)
        elif op in ("any", "all") and (near := rows_by_nearness(step.parts)):
            closest = near[0]
            yield Clause(show(step.term), step.truth, {}, closest.row)
            yield from self.of(closest)
        elif op == "no":
            against = next(part.row for part in step.parts if part.holds)
            yield Clause(show(step.term), step.truth, {}, against)
        else:
            saw = dict(self._seen(step.term, step.row))
            yield Clause(show(step.term), step.truth, saw, step.row)

    def _seen(self, term: Term, row: int | None) -> Iterator[tuple[str, object]]:
        source = self._judge.source(term)
        read = source.op in ("idea", "row", "score") or source.op in GATHERING
        if read or is_clock(source):
            value = self._judge.value(source, row)
            money = source.kind is Kind.MONEY
            yield show(source), self._judge.program.schema.currencies.shown(value) if money else value
        else:
            for operand in source.operands:
                yield from self._seen(operand, row)
