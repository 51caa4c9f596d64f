"""What checked rules mean: every name resolved, every kind known, nothing left that could fail."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from opshub.language.schema import Kind, Schema
from opshub.language.series import Alarm, Series

__all__ = ["BROKEN", "Definition", "Program", "Term", "TestCase", "Verdict", "leaves", "show", "show_value"]


@dataclass(frozen=True, slots=True)
class Term:
    """One operation; equal terms mean the same.

    ``op`` is ``constant``, ``idea``, ``row``, ``let``, ``score``, ``and``, ``or``, ``not``, a comparison sign,
    ``in``, ``contains``, ``mentions``, ``missing``, an arithmetic sign, ``negative``, ``call`` or a verb of
    gathering. ``detail`` holds a constant's value, a field's index and name, a name, words, or what is gathered.
    ``row`` says that it depends on one piece of feedback, ``late`` that it is known only when all feedback has been
    read, ``optional`` that it may turn out missing. A kind of None follows from a mistake that is reported already.
    """

    op: str
    kind: Kind | None
    operands: tuple[Term, ...] = ()
    detail: Hashable = None
    optional: bool = False
    row: bool = False
    late: bool = False

    @property
    def field(self) -> tuple[int, str]:
        """Index and name of the field that an ``idea`` or a ``row`` reads."""
        return cast("tuple[int, str]", self.detail)

    @property
    def members(self) -> tuple[Any, ...]:
        """The values of an ``in``, or the words of ``mentions``."""
        return cast("tuple[Any, ...]", self.detail)


BROKEN = Term("constant", None)

GATHERING = frozenset({"any", "all", "no", "count", "share", "sum", "mean", "min", "max"})


@dataclass(frozen=True, slots=True)
class Definition:
    """A ``let`` or a ``score``."""

    name: str
    term: Term
    place: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A rule: its condition and what it does where that holds."""

    name: str
    place: str
    when: Term
    additions: tuple[tuple[str, float, str], ...]
    tags: tuple[str, ...]
    route: str
    urgency: str
    stops: bool


@dataclass(frozen=True, slots=True)
class TestCase:
    """A test: the idea and its feedback as ``decide`` takes them, and what to expect, each with its text."""

    name: str
    path: str
    line: int
    now: datetime
    idea: tuple[object, ...]
    feedback: tuple[tuple[object, ...], ...]
    expects: tuple[tuple[str, Term], ...]
    signals: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Signals with their values in the last full periods, oldest first."""


@dataclass(frozen=True, slots=True)
class Program:
    """A whole rule set; ``bands`` are names with the least score that reaches them, best first."""

    schema: Schema
    lets: Mapping[str, Definition]
    scores: tuple[Definition, ...]
    rules: tuple[Verdict, ...]
    banded: str
    bands: tuple[tuple[str, float | None], ...]
    bands_place: str
    tests: tuple[TestCase, ...]
    signals: tuple[Series, ...] = ()
    alerts: tuple[Alarm, ...] = ()


def leaves(term: Term, lets: Mapping[str, Definition]) -> Iterator[Term]:
    """Every term below and including this one, each ``let`` followed once."""
    stack, followed = [term], set()
    while stack:
        found = stack.pop()
        yield found
        stack.extend(reversed(found.operands))
        if found.op == "let" and found.detail not in followed:
            followed.add(found.detail)
            stack.append(lets[str(found.detail)].term)


def show(term: Term) -> str:
    """The term as a rule would have it, long lists cut; for explanations, not for parsing."""
    parts = [show(operand) for operand in term.operands]
    detail = term.detail
    match term.op:
        case "constant":
            return show_value(detail)
        case "idea" | "row":
            return term.field[1]
        case "let" | "score":
            return str(detail)
        case "and" | "or":
            return f"({f' {term.op} '.join(parts)})"
        case "not" | "negative":
            return f"not {parts[0]}" if term.op == "not" else f"-{parts[0]}"
        case "in" | "mentions":
            return f"{parts[0]} {term.op} {_show_list(term.members)}"
        case "missing":
            return f"{parts[0]} is {'not ' if detail else ''}missing"
        case "call":
            return f"{detail}({', '.join(parts)})"
        case op if op in GATHERING:
            return _show_gathering(term, parts)
    return f"{parts[0]} {term.op} {parts[1]}"


def _show_gathering(term: Term, parts: list[str]) -> str:
    detail: Any = term.detail
    over, field, _ = detail
    if term.op in ("any", "all", "no"):
        return f"{term.op} feedback {parts[0] if parts[0].startswith('(') else f'({parts[0]})'}"
    where = f" where {parts[0].removeprefix('(').removesuffix(')')}" if parts else ""
    if term.op == "share":
        return f"share of feedback{where}"
    if field is None:
        return f"count {'' if over == 'feedback' else 'distinct '}{over}{where}"
    return f"{term.op} {field[1]}{'' if over == 'feedback' else f' over distinct {over}'}{where}"


def show_value(value: object) -> str:
    """A value as a rule would have it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _show_list(values: Iterable[object]) -> str:
    shown = [show_value(value) for value in values]
    return f"[{', '.join(shown[:3])}{', …' if len(shown) > 3 else ''}]"
