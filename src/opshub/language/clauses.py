"""Finds the clauses that read the clock, so that the next moment at which one can flip is computed, not polled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from opshub.language.functions import FUNCTIONS
from opshub.language.meaning import Definition, Term, leaves

__all__ = ["Clause", "clauses", "is_clock"]

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


def clauses(roots: Iterable[Term], lets: Mapping[str, Definition]) -> Iterator[Clause]:
    """Every way in which the passing of time alone can change a condition below the roots."""
    for root in roots:
        for term in leaves(root, lets):
            if term.op in _SIGNS:
                left, right = term.operands
                yield from _flips(left, right, term.op)
                yield from _flips(right, left, _SIGNS[term.op])


def _flips(value: Term, moment: Term, sign: str) -> Iterator[Clause]:
    if not is_clock(moment) or is_clock(value):
        return
    duration = moment.operands[0].detail
    assert isinstance(duration, timedelta)
    if sign in (">", "<=", "==", "!="):
        yield Clause(value, moment, duration, inclusive=False)
    if sign in (">=", "<", "==", "!="):
        yield Clause(value, moment, duration + _TICK, inclusive=True)


def is_clock(term: Term) -> bool:
    """Whether a term reads the clock."""
    return term.op == "call" and FUNCTIONS[str(term.detail)].clock
