"""What checked rules mean: every name resolved, every kind known, nothing left that could fail."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as _field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from opshub.language.currencies import Money
from opshub.language.fixed import fixed
from opshub.language.schema import Kind, Schema
from opshub.language.series import Alarm, Series, Target

if TYPE_CHECKING:
    from opshub.language.world import Slot

__all__ = [
    "BROKEN",
    "COMPARE",
    "EVERY",
    "SEARCHES",
    "Definition",
    "Gathering",
    "Home",
    "Program",
    "Term",
    "TestCase",
    "Verdict",
    "constant",
    "distinct",
    "leaves",
    "resolved",
    "show",
    "show_value",
]


class Gathering(NamedTuple):
    """What a term gathers over: feedback, or the accounts or persons that the ``key`` field tells apart."""

    over: str
    key: tuple[int, str] | None
    window: timedelta | None


@fixed
class Term:
    """One operation; equal terms mean the same.

    ``op`` is ``constant``, ``idea``, ``row``, ``let``, ``score``, ``and``, ``or``, ``not``, a comparison sign,
    ``in``, one of ``SEARCHES``, ``missing``, an arithmetic sign, ``negative``, ``call`` or a verb of
    gathering. ``detail`` holds a constant's value, a field's index and name, a name, words, or a ``Gathering``.
    What gathers has the operands ``where`` (window and condition), ``among`` (the window) and perhaps ``worth``.
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
    _hash: int = _field(default=0, init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        """Remembered: rules ask for it again and again, and it reaches down to the last operand."""
        known = self._hash
        if not known:
            told = (self.op, self.kind, self.operands, self.detail, self.optional, self.row, self.late)
            known = hash(told) or 1
            object.__setattr__(self, "_hash", known)
        return known

    @property
    def field(self) -> tuple[int, str]:
        """Index and name of the field that an ``idea`` or a ``row`` reads."""
        return cast("tuple[int, str]", self.detail)

    @property
    def members(self) -> tuple[Any, ...]:
        """The values of an ``in``, or the words of ``mentions``."""
        return cast("tuple[Any, ...]", self.detail)

    @property
    def gathering(self) -> Gathering:
        """What a verb of gathering gathers over."""
        return cast("Gathering", self.detail)

    @property
    def where(self) -> Term:
        """The condition on a row that is gathered."""
        return self.operands[0]

    @property
    def among(self) -> Term:
        """The condition on a row that a share, or an ``all``, is of."""
        return self.operands[1]

    @property
    def worth(self) -> Term | None:
        """What a sum, mean, median, min or max is taken of."""
        return self.operands[2] if len(self.operands) > 2 else None


BROKEN = Term("constant", None)
EVERY = Term("constant", Kind.BOOL, (), True)


def constant(kind: Kind, value: Hashable) -> Term:
    """A value that is written out; broken where it is an amount of unknown worth."""
    return BROKEN if isinstance(value, Money) and not value.priced else Term("constant", kind, (), value)


SEARCHES = frozenset({"contains", "contains all", "contains any", "matches", "mentions"})
COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
"""What each sign of comparison does."""

GATHERING = frozenset({"any", "all", "no", "count", "share", "sum", "mean", "median", "min", "max"})


@fixed
class Definition:
    """A ``let`` or a ``score``."""

    name: str
    term: Term
    place: str


@fixed
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
    goals: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Home:
    """A match block: the condition on one piece of feedback, and the idea that it then belongs to.

    ``idea`` is the name of an idea or the key or address of a tracked item; with ``begins`` the title of an idea that
    the hub begins with the first such piece.
    """

    name: str
    place: str
    when: Term
    idea: str
    begins: bool


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
    others: tuple[tuple[str, tuple[float, ...]], ...] = ()
    """Scores with the values that the other ideas have."""


@dataclass(frozen=True, slots=True)
class Program:
    """A whole rule set; ``bands`` are names with the least score that reaches them, best first.

    ``clauses`` are all conditions and parts of conditions, with their places and texts.
    """

    schema: Schema
    lets: Mapping[str, Definition]
    scores: tuple[Definition, ...]
    rules: tuple[Verdict, ...]
    banded: str
    bands: tuple[tuple[str, float | None], ...]
    bands_place: str
    tests: tuple[TestCase, ...]
    clauses: tuple[tuple[str, str, Term], ...] = ()
    signals: tuple[Series, ...] = ()
    alerts: tuple[Alarm, ...] = ()
    goals: tuple[Target, ...] = ()
    homes: tuple[Home, ...] = ()
    across: tuple[tuple[str, str], ...] = ()
    """What ideas read of all ideas, (quantity, score), behind an idea's own values."""
    world: tuple[Slot, ...] = ()
    """What every idea reads the same: the last fields of the schema's idea, before ``across``."""


def leaves(term: Term, lets: Mapping[str, Definition]) -> Iterator[Term]:
    """Every term below and including this one, each ``let`` followed once."""
    stack, followed = [term], set()
    while stack:
        found = stack.pop()
        yield found
        stack += found.operands[::-1]
        if found.op == "let" and found.detail not in followed:
            followed.add(found.detail)
            stack.append(lets[str(found.detail)].term)


def distinct(roots: Iterable[Term], lets: Mapping[str, Definition]) -> dict[Term, None]:
    """Every term below and including these, each once, in the order in which they are first met."""
    found: dict[Term, None] = {}
    stack = list(roots)[::-1]
    while stack:
        term = stack.pop()
        if term not in found:
            found[term] = None
            stack += term.operands[::-1]
            if term.op == "let":
                stack.append(lets[str(term.detail)].term)
    return found


def resolved(term: Term, lets: Mapping[str, Definition]) -> Term:
    """What a term stands for where it is the name of a ``let``."""
    while term.op == "let":
        term = lets[str(term.detail)].term
    return term


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
        case "matches":
            return f'{parts[0]} matches "{detail}"'
        case "in" | "mentions" | "contains any" | "contains all":
            return f"{parts[0]} {term.op} {_show_list(term.members)}"
        case "missing":
            return f"{parts[0]} is {'not ' if detail else ''}missing"
        case "call":
            return f"{detail}({', '.join(parts)})"
        case op if op in GATHERING:
            return _show_gathering(term, parts)
    return f"{parts[0]} {term.op} {parts[1]}"


def _show_gathering(term: Term, parts: list[str]) -> str:
    over, key, window = term.gathering
    within = "" if window is None else f" within {show_value(window)}"
    where = term.where if window is None else term.where.operands[-1]
    if term.op in ("any", "all", "no"):
        thing = over if term.op == "all" else over.removesuffix("s")
        return f"{term.op} {thing}{within} {_bracketed(show(where))}"
    tail = within if term.where in (EVERY, term.among) else f"{within} where {_bare(show(where))}"
    if term.op == "share":
        return f"share of {over}{tail}"
    if term.worth is None:
        return f"count {'' if key is None else 'distinct '}{over}{tail}"
    worth = parts[2] if term.worth.op in ("row", "let") else _bracketed(parts[2])
    return f"{term.op} {worth}{'' if key is None else f' over distinct {over}'}{tail}"


def _bracketed(text: str) -> str:
    """In brackets, unless one pair already holds all of it."""
    return f"({_bare(text)})"


def _bare(text: str) -> str:
    """Without the brackets around all of a text."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if not depth and at < len(text) - 1:
            return text
    return text[1:-1]


def show_value(value: object) -> str:
    """A value as a rule would have it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, timedelta):
        return _show_duration(value)
    if isinstance(value, Money):
        return str(value)
    return f"{value:.12g}" if isinstance(value, float) else str(value)


def _show_duration(value: timedelta) -> str:
    """As rules write it, in the largest unit that makes it whole."""
    seconds = round(value.total_seconds(), 6)
    size, unit = next(
        (s, u) for s, u in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")) if not seconds % s or s == 1
    )
    return f"{seconds / size:g}{unit}"


def _show_list(values: Iterable[object]) -> str:
    shown = [show_value(value) for value in values]
    return f"[{', '.join(shown[:3])}{', …' if len(shown) > 3 else ''}]"
