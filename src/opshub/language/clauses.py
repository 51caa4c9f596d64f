"""Finds the clauses that read the clock, so that the next moment at which one can flip is computed, not polled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from opshub.language.functions import FUNCTIONS
from opshub.language.meaning import GATHERING, Definition, Term, leaves, resolved
from opshub.language.schema import Kind

__all__ = ["Clause", "Crossing", "Turn", "clauses", "is_clock", "slope"]

_TICK = timedelta(microseconds=1)
_SIGNS = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


@dataclass(frozen=True, slots=True)
class Clause:
    """A comparison of ``value`` with ``moment``, a call that reads the clock.

    It flips once the clock shows ``value`` plus ``duration``, or one microsecond later where it is ``inclusive``.
    """

    value: Term
    moment: Term
    duration: timedelta
    inclusive: bool


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two quantities whose difference moves ``slope`` times as fast as the clock.

    Their comparison flips once they are equal, or with ``past`` once they no longer are.
    """

    left: Term
    right: Term
    slope: int
    past: bool

    @property
    def row(self) -> bool:
        """Whether it is about one piece of feedback."""
        return self.left.row or self.right.row


@dataclass(frozen=True, slots=True)
class Turn:
    """A call whose value moves in steps."""

    call: Term


def clauses(roots: Iterable[Term], lets: Mapping[str, Definition]) -> Iterator[Clause | Crossing | Turn]:
    """Every way in which the passing of time alone can change a condition or a value below the roots."""
    for root in roots:
        for term in leaves(root, lets):
            if term.op in _SIGNS:
                yield from _compared(term, lets)
            elif term.op == "call" and FUNCTIONS[str(term.detail)].turns:
                yield Turn(term)


def _compared(term: Term, lets: Mapping[str, Definition]) -> Iterator[Clause | Crossing]:
    left, right = term.operands
    speed = slope(left, lets) - slope(right, lets)
    if not speed:
        return
    flips = [
        *_flips(left, resolved(right, lets), term.op),
        *_flips(right, resolved(left, lets), _SIGNS[term.op]),
    ]
    if flips:
        yield from flips
        return
    rising = speed > 0
    if term.op in (("<=", ">") if rising else ("<", ">=")) or term.op in ("==", "!="):
        yield Crossing(left, right, speed, past=True)
    if term.op in (("<", ">=") if rising else ("<=", ">")) or term.op in ("==", "!="):
        yield Crossing(left, right, speed, past=False)


def _flips(value: Term, moment: Term, sign: str) -> Iterator[Clause]:
    """The clauses of a value that stands still beside ``ago(…)``."""
    if not (moment.op == "call" and moment.detail == "ago" and value.op in ("idea", "row")):
        return
    duration = moment.operands[0].detail
    assert isinstance(duration, timedelta)
    if sign in (">", "<=", "==", "!="):
        yield Clause(value, moment, duration, inclusive=False)
    if sign in (">=", "<", "==", "!="):
        yield Clause(value, moment, duration + _TICK, inclusive=True)


def slope(term: Term, lets: Mapping[str, Definition]) -> int:
    """How many times as fast as the clock a time or a duration moves."""
    term = resolved(term, lets)
    if term.kind not in (Kind.TIME, Kind.DURATION):
        return 0
    if term.op == "call":
        return int(is_clock(term))
    if term.op in ("+", "-"):
        left, right = (slope(operand, lets) for operand in term.operands)
        return left + right if term.op == "+" else left - right
    return slope(term.worth, lets) if term.op in GATHERING and term.worth else 0


def is_clock(term: Term) -> bool:
    """Whether a term reads the clock."""
    return term.op == "call" and FUNCTIONS[str(term.detail)].clock
