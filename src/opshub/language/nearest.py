"""The nearest miss: which change of one value would have made a condition hold, the smallest first.

Each change is tried: it is named only where the whole condition holds with it, everything else being as it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, cast

from opshub.language.clauses import is_clock
from opshub.language.currencies import Money
from opshub.language.interpreter import Interpreter, Step
from opshub.language.meaning import COMPARE, GATHERING, Term, show_value
from opshub.language.moments import added, less
from opshub.language.runtime import number
from opshub.language.schema import Kind

__all__ = ["Change", "misses", "nearest", "rows_by_nearness"]

_NOT = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
_TICK = timedelta(microseconds=1)
_ROWS = 5
_TRIALS = 200
_SAMPLE: dict[Kind | None, object] = {
    Kind.NUMBER: 1.0,
    Kind.MONEY: 1.0,
    Kind.BOOL: True,
    Kind.TEXT: "x",
    Kind.TEXTS: ("x",),
}


@dataclass(frozen=True, slots=True)
class Change:
    """Another value for one term, for the feedback of that ``row`` or for the idea, and what it has to be in words.

    ``until`` is the moment up to which a clause that reads the clock held, ``since`` that from which it will hold.
    Where no value can be made up, ``clause`` is what comes out as ``value`` says.
    """

    term: Term
    row: int | None
    saw: object
    value: object
    needed: str
    until: datetime | None = None
    since: datetime | None = None
    clause: Term | None = None

    @property
    def distance(self) -> float:
        """How far off it is: numbers and times by their difference, others as one whole step."""
        old, new = self.saw, self.value
        if old is None:
            return 1.5
        if isinstance(old, datetime) and isinstance(new, datetime):
            days = abs((new - old).total_seconds()) / 86400
            return days / (days + 30)
        if isinstance(old, bool) or not isinstance(old, int | float) or not isinstance(new, int | float):
            return 1.0
        was, will = number(old), number(new)
        if was is None or will is None or not math.isfinite(will - was):
            return 2.0
        return abs(will - was) / max(abs(was), abs(will), 1.0)


def nearest(judge: Interpreter, step: Step) -> tuple[Change, ...]:
    """Every single change that makes the condition hold, nearest first; none where no single one does."""
    found: dict[tuple[Term, int | None, str], Change] = {}
    for change in islice(_Wishes(judge).of(step, True), _TRIALS):
        key = (change.term, change.row, change.needed)
        changed = {(change.clause or change.term, change.row): change.value}
        if key not in found and judge.changed(changed).judge(step.term, step.row).holds:
            found[key] = change
    return tuple(sorted(found.values(), key=lambda change: change.distance))


def misses(step: Step, want: bool = True) -> int:
    """How many clauses stand between a condition and its holding (or not holding)."""
    if step.holds is want:
        return 0
    if step.term.op == "not":
        return misses(step.parts[0], not want)
    counts = [misses(part, want) for part in step.parts]
    if step.term.op == "let":
        return counts[0]
    if step.term.op in ("and", "or"):
        return sum(counts) if (step.term.op == "and") is want else min(counts)
    return 1


def rows_by_nearness(parts: Sequence[Step], want: bool = True) -> list[Step]:
    """The pieces of feedback for which a condition does not come out as wanted: fewest clauses first, then newest."""
    short = [part for part in parts if part.holds is not want]
    return sorted(short, key=lambda part: (misses(part, want), -(part.row or 0)))


class _Wishes:
    """Changes worth trying."""

    def __init__(self, judge: Interpreter) -> None:
        self._judge = judge

    def of(self, step: Step, want: bool) -> Iterator[Change]:
        """Changes that could turn a condition's answer."""
        if step.holds is want:
            return
        op = step.term.op
        if op == "not":
            yield from self.of(step.parts[0], not want)
        elif op in ("any", "all", "no"):
            yield from self._feedback(step.parts, want if op != "no" else not want)
        elif step.parts:
            for part in step.parts:
                yield from self.of(part, want)
        else:
            yield from self._clause(step, want)

    def _feedback(self, parts: Sequence[Step], want: bool) -> Iterator[Change]:
        for part in rows_by_nearness(parts, want)[:_ROWS]:
            yield from self.of(replace(part, row=part.row), want)

    def _clause(self, step: Step, want: bool) -> Iterator[Change]:
        term, row = step.term, step.row
        match term.op:
            case "idea" | "row" | "call":
                yield self._change(term, row, want, "yes" if want else "no")
            case "missing":
                present = bool(term.detail) is want
                value = _SAMPLE.get(term.operands[0].kind, self._judge.now) if present else None
                yield self._change(term.operands[0], row, value, "a value" if present else "no value")
            case "in":
                yield from self._member(term, row, want)
            case "contains":
                yield from self._contains(term, row, want)
            case "contains any" | "contains all":
                yield self._contains_list(term, row, want)
            case "mentions":
                text = self._judge.value(term.operands[0], row) or ""
                words = f"mentions {'one' if want else 'none'} of {_listed(term.members)}"
                value = f"{text}\n{term.members[0]}" if want else ""
                yield self._change(term.operands[0], row, value, words)
            case "matches":
                yield self._matching(term, row, want)
            case sign if sign in COMPARE:
                yield from self._comparison(term, row, sign if want else _NOT[sign])

    def _change(self, term: Term, row: int | None, value: object, needed: str, **when: Any) -> Change:
        term = self._judge.source(term)
        row = row if term.row else None
        return Change(term, row, self._judge.value(term, row), value, needed, **when)

    def _matching(self, term: Term, row: int | None, want: bool) -> Change:
        """No text is made up for a pattern: its clause alone comes out otherwise."""
        needed = f"a text that {'matches' if want else 'does not match'} {show_value(term.detail)}"
        if row is not None:
            count = sum(self._judge.judge(term, at).holds for at in range(len(self._judge.rows)))
            needed += f" ({count or 'none'} of {len(self._judge.rows)} {'does' if count == 1 else 'do'})"
        return replace(self._change(term.operands[0], row, want, needed), clause=term)

    def _member(self, term: Term, row: int | None, want: bool) -> Iterator[Change]:
        if not want:
            yield self._change(term.operands[0], row, None, f"none of {_listed(term.members)}")
            return
        for value in term.members:
            change = self._change(term.operands[0], row, value, show_value(value))
            yield change

    def _contains(self, term: Term, row: int | None, want: bool) -> Iterator[Change]:
        item, there = self._judge.value(term.operands[1], row), self._judge.value(term.operands[0], row) or ()
        if item is not None:
            members = {*there, item} if want else {*there} - {item}
            needed = f"{'also' if want else 'without'} {show_value(item)}"
            yield self._change(term.operands[0], row, tuple(sorted(members)), needed)

    def _contains_list(self, term: Term, row: int | None, want: bool) -> Change:
        """One member more or all that lack, one member less or all that are there."""
        there = set(self._judge.value(term.operands[0], row) or ())
        one = term.op == ("contains any" if want else "contains all")
        named = term.members[:1] if one else term.members
        members = there | set(named) if want else there - set(named)
        needed = f"{'also' if want else 'without'} {_listed(named)}"
        return self._change(term.operands[0], row, tuple(sorted(members)), needed)

    def _comparison(self, term: Term, row: int | None, sign: str) -> Iterator[Change]:
        left, right = term.operands
        for side, other, turned in ((left, right, sign), (right, left, _MIRRORED[sign])):
            bound = _kept(self._judge.value(other, row))
            if side.op == "call" and side.detail == "age" and isinstance(bound, timedelta):
                yield from self._aged(side.operands[0], row, turned, bound)
            if self._judge.source(side).op == "constant" or is_clock(side) or bound is None:
                continue
            said = partial(_said, self._judge.program.schema.currencies.shown, side.kind)
            value, needed = _aim(self._judge.value(side, row), turned, bound, said)
            yield self._change(side, row, value, needed, **self._flip(side, other, turned, row))
            yield from self._gathered(self._judge.source(side), turned)

    def _aged(self, moment: Term, row: int | None, sign: str, age: timedelta) -> Iterator[Change]:
        """The moment that would be as long ago as is asked for."""
        if is_clock(moment) or self._judge.source(moment).op == "constant":
            return
        said = partial(_said, self._judge.program.schema.currencies.shown, Kind.DURATION)
        wanted, needed = _aim(None, sign, age, said)
        try:
            value = self._judge.now - cast("timedelta", wanted)
        except OverflowError:
            return
        yield self._change(moment, row, value, f"{needed} ago")

    def _gathered(self, gather: Term, sign: str) -> Iterator[Change]:
        """Changes of single pieces of feedback that a gathering counts, or does not."""
        if gather.op in GATHERING:
            parts = [self._judge.judge(gather.where, i) for i in range(len(self._judge.rows))]
            for want in (True, False) if sign in ("==", "!=") else (sign in (">", ">="),):
                yield from self._feedback(parts, want)

    def _flip(self, side: Term, other: Term, sign: str, row: int | None) -> dict[str, datetime]:
        """When the passing of time turned the clause, or will turn it."""
        value = self._judge.value(side, row)
        if value is None or not is_clock(other):
            return {}
        length = other.operands[0].detail
        if not isinstance(value, datetime) or not isinstance(length, timedelta):
            return {}
        try:
            moment = value + length
        except OverflowError:
            return {}
        return {"until": moment} if sign in (">", ">=") else {"since": moment} if sign in ("<", "<=") else {}


def _kept(value: Any) -> Any:
    """A bound that can be aimed at."""
    if isinstance(value, Money):
        return value
    return number(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _said(shown: Callable[[Any], str | None], kind: Kind | None, value: Any) -> str:
    """A bound as rules write it, an amount with its currency."""
    return (shown(value) if kind is Kind.MONEY else None) or show_value(value)


def _aim(saw: Any, sign: str, bound: Any, said: Callable[[Any], str]) -> tuple[object, str]:
    """The nearest value that stands so to the bound, and how it is ``said``."""
    shown = said(bound)
    if sign == "==":
        return bound, shown
    if sign == "!=":
        return _other(bound), f"anything but {shown}"
    if sign in (">=", "<="):
        if isinstance(saw, int) and isinstance(bound, float) and math.isfinite(bound):
            whole = math.ceil(bound) if sign == ">=" else math.floor(bound)
            return whole, said(float(whole))
        return bound, f"{'at least' if sign == '>=' else 'at most'} {shown}"
    up = sign == ">"
    if isinstance(bound, datetime | timedelta):
        try:
            return bound + _TICK if up else bound - _TICK, f"{'more than' if up else 'less than'} {shown}"
        except OverflowError:
            return bound, shown
    if isinstance(saw, int) and math.isfinite(bound):
        whole = math.floor(bound) + 1 if up else math.ceil(bound) - 1
        return whole, said(float(whole))
    step = math.nextafter(float(bound), math.inf if up else -math.inf)
    return step, f"{'more than' if up else 'less than'} {shown}"


def _other(value: Any) -> object:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value} "
    if isinstance(value, datetime | timedelta):
        before = less(value, _TICK)
        return before if before != value else added(value, _TICK)
    return float(value) + max(1.0, abs(float(value)))


def _listed(values: Sequence[object]) -> str:
    shown = [show_value(value) for value in values]
    return f"[{', '.join(shown[:5])}{', …' if len(shown) > 5 else ''}]"
