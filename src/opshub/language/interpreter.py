"""Rules walked term by term: slow, without a line of the compiler, and with a reason for every answer."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from opshub.language.functions import FUNCTIONS
from opshub.language.meaning import COMPARE, GATHERING, Home, Program, Term, Verdict, leaves
from opshub.language.moments import added, less, ratio
from opshub.language.patterns import Pattern
from opshub.language.runtime import fold, number, settled, utc
from opshub.language.schema import FLOATS, Kind
from opshub.language.words import Words

__all__ = ["Changes", "Interpreter", "Step", "Truth"]

_ARITHMETIC: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
}

Changes: TypeAlias = Mapping[tuple[Term, int | None], object]
"""Values to be taken in place of those that are there, by term and number of the row."""


class Truth(StrEnum):
    """How a condition came out; ``missing`` counts as false, and says that a value was not there."""

    TRUE = "true"
    FALSE = "false"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Step:
    """A condition as it came out, for the feedback of that ``row`` or for the idea, with what it is made of.

    The parts of ``any``, ``all`` and ``no`` are their condition for each row.
    """

    term: Term
    truth: Truth
    row: int | None = None
    parts: tuple[Step, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether it is true."""
        return self.truth is Truth.TRUE


def _truth(holds: bool) -> Truth:
    return Truth.TRUE if holds else Truth.FALSE


class Interpreter:
    """Answers for one idea at one moment; values come in the order of the schema, as ``RuleSet.decide`` takes them."""

    def __init__(
        self,
        program: Program,
        idea: Sequence[Any],
        rows: Sequence[Sequence[Any]],
        now: datetime,
    ) -> None:
        self.program = program
        self.idea = (*idea, *[None] * (len(program.schema.idea) + len(program.across) - len(idea)))
        self.rows = rows
        self.now = utc(now)
        self._changes: Changes = {}
        self._before: Interpreter | None = None
        self._defined = {score.name: score.term for score in program.scores}
        self._steps: dict[tuple[Term, int | None], Step] = {}
        self._values: dict[tuple[Term, int | None], Any] = {}

    def changed(self, changes: Changes) -> Interpreter:
        """The same with other values; what the changes do not touch is not computed again."""
        other = Interpreter(self.program, self.idea, self.rows, self.now)
        other._changes, other._before = changes, self
        return other

    def scores(self) -> dict[str, float]:
        """Every score as its definition has it, before rules add to it."""
        return {name: settled(self.value(term)) for name, term in self._defined.items()}

    def held(self) -> Iterator[Verdict]:
        """The rules that hold, in order, up to the first that stops."""
        for rule in self.program.rules:
            if self.judge(rule.when).holds:
                yield rule
                if rule.stops:
                    return

    def home(self, row: int) -> Home | None:
        """The first match block that holds for that piece of feedback."""
        return next((home for home in self.program.homes if self.judge(home.when, row).holds), None)

    def source(self, term: Term) -> Term:
        """What a term stands for, names followed."""
        while term.op == "let":
            term = self.program.lets[str(term.detail)].term
        return term

    def judge(self, term: Term, row: int | None = None) -> Step:
        """How a condition comes out, with its parts."""
        row = row if term.row else None
        key = (term, row)
        known = self._steps.get(key)
        if known is None:
            known = self._steps[key] = self._earlier(term, row) or self._judged(term, row)
        return known

    def _earlier(self, term: Term, row: int | None) -> Step | None:
        """The answer from before the changes, where none of them can have touched it."""
        if self._before is None or row is None or term.late:
            return None
        read = None
        for changed, at in self._changes:
            if at == row:
                return None
            if at is None and not changed.late:
                read = read or frozenset(leaves(term, self.program.lets))
                if changed in read:
                    return None
        return self._before.judge(term, row)

    def _judged(self, term: Term, row: int | None) -> Step:
        match term.op:
            case "and" | "or":
                return self._junction(term, row)
            case "not":
                part = self.judge(term.operands[0], row)
                return Step(term, _truth(not part.holds), row, (part,))
            case "let":
                part = self.judge(self.source(term), row)
                return Step(term, part.truth, row, (part,))
            case "any" | "all" | "no":
                return self._every(term)
            case "missing":
                absent = self.value(term.operands[0], row) is None
                return Step(term, _truth(absent is not term.detail), row)
        value = self._condition(term, row)
        return Step(term, Truth.MISSING if value is None else _truth(value is True), row)

    def _junction(self, term: Term, row: int | None) -> Step:
        parts = tuple(self.judge(operand, row) for operand in term.operands)
        found = [part.truth for part in parts]
        first, then = (Truth.FALSE, Truth.MISSING) if term.op == "and" else (Truth.TRUE, Truth.MISSING)
        rest = Truth.TRUE if term.op == "and" else Truth.FALSE
        return Step(term, next((truth for truth in (first, then) if truth in found), rest), row, parts)

    def _every(self, term: Term) -> Step:
        """``any``, ``all`` and ``no``: the condition for each row, with ``all`` for each in its window."""
        rows = self._chosen(term.among) if term.op == "all" else range(len(self.rows))
        parts = tuple(self.judge(term.where, row) for row in rows)
        count = self._count(term.where, term.gathering.key)
        if term.op == "no":
            return Step(term, _truth(not count), None, parts)
        whole = self._count(term.among, term.gathering.key) if term.op == "all" else count
        holds = 0 < count == whole
        found = {part.truth for part in parts}
        unsure = Truth.MISSING in found and (term.op == "any" or Truth.FALSE not in found)
        return Step(term, Truth.MISSING if unsure and not holds else _truth(holds), None, parts)

    def _condition(self, term: Term, row: int | None) -> bool | None:
        """A condition without parts; None where a value that it needs is missing."""
        changed = self._changes.get((term, row if term.row else None))
        if isinstance(changed, bool):
            return changed
        if term.op in ("constant", "idea", "row", "call"):
            value = self.value(term, row)
            return None if value is None else value is True
        values = [self.value(operand, row) for operand in term.operands]
        if None in values:
            return None
        match term.op:
            case "in":
                return values[0] in term.members
            case "contains":
                return values[1] in values[0]
            case "contains any":
                return not set(term.members).isdisjoint(values[0])
            case "contains all":
                return set(term.members) <= set(values[0])
            case "matches":
                return Pattern(str(term.detail))(values[0])
            case "mentions":
                return Words(term.members)(fold(values[0]))
        return bool(COMPARE[term.op](*values))

    def value(self, term: Term, row: int | None = None) -> Any:
        """A term's value, None where it is missing; a condition is true or false."""
        key = (term, row if term.row else None)
        if key in self._changes:
            return self._changes[key]
        if key not in self._values:
            self._values[key] = self._valued(*key)
        return self._values[key]

    def _valued(self, term: Term, row: int | None) -> Any:
        match term.op:
            case "constant":
                return term.detail
            case "idea":
                return self.idea[term.field[0]]
            case "row":
                assert row is not None
                return self.rows[row][term.field[0]]
            case "let":
                return self.value(self.source(term), row)
            case "score":
                defined = self._defined.get(str(term.detail))
                return 0.0 if defined is None else settled(self.value(defined))
            case op if op in GATHERING and term.kind is not Kind.BOOL:
                return self._gathered(term)
        if term.kind is Kind.BOOL and term.op != "call":
            return self.judge(term, row).holds
        return self._computed(term, [self._number(operand, row) for operand in term.operands])

    def _number(self, term: Term, row: int | None) -> Any:
        """A value to calculate with: of what is stored only what a float can hold."""
        value = self.value(term, row)
        stored = term.kind in FLOATS and self.source(term).op in ("idea", "row")
        return number(value) if stored else value

    def _computed(self, term: Term, values: list[Any]) -> Any:
        if None in values:
            return None
        if term.op == "call":
            function = FUNCTIONS[str(term.detail)]
            return function.body(self.now, *values) if function.clock else function.body(*values)
        if term.op == "negative":
            return -values[0]
        if term.operands[0].kind not in FLOATS:
            return {"+": added, "-": less, "/": ratio}[term.op](*values)
        if term.op == "/" and not values[1]:
            return None
        return _ARITHMETIC[term.op](*values)

    def _gathered(self, term: Term) -> Any:
        key = term.gathering.key
        if term.worth is None:
            count, whole = self._count(term.where, key), self._count(term.among, key)
            return count if term.op == "count" else count / whole if whole else None
        found = [(key and self.rows[i][key[0]], self._worth(term.worth, i)) for i in self._chosen(term.where)]
        known = [
            (who, value) for who, value in found if value is not None and (key is None or who is not None)
        ]
        if key is None:
            return _reduced(term.op, [value for _, value in known])
        each = [max(v for w, v in known if w == who) for who in dict.fromkeys(who for who, _ in known)]
        return _reduced(term.op, each)

    def _chosen(self, where: Term) -> list[int]:
        return [i for i in range(len(self.rows)) if self.judge(where, i).holds]

    def _count(self, where: Term, key: tuple[int, str] | None) -> int:
        chosen = self._chosen(where)
        return len(chosen) if key is None else len({self.rows[i][key[0]] for i in chosen} - {None})

    def _worth(self, term: Term, row: int) -> Any:
        value = self.value(term, row)
        return number(value) if term.kind in FLOATS else value


def _reduced(verb: str, values: list[Any]) -> Any:
    if verb in ("min", "max"):
        return {"min": min, "max": max}[verb](values, default=None)
    if verb == "sum":
        return _sum(values)
    if verb == "median":
        values = sorted(values)[(len(values) - 1) // 2 : len(values) // 2 + 1]
    return _sum(values) / len(values) if values else None


def _sum(values: list[float]) -> float:
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf
