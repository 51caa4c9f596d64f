"""The syntax tree: what an admin wrote, each node with its place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from opshub.language.belonging import Match
from opshub.language.fixed import fixed
from opshub.language.schema import Kind
from opshub.language.watching import Alert, Goal, Signal

__all__ = [
    "Add",
    "Arithmetic",
    "Bands",
    "Call",
    "Comparison",
    "Contains",
    "ContainsList",
    "Expression",
    "Gather",
    "Given",
    "Junction",
    "Let",
    "Listing",
    "Literal",
    "Matches",
    "Member",
    "Mentions",
    "Missing",
    "Name",
    "Negation",
    "Negative",
    "Parameter",
    "Reading",
    "Route",
    "Rule",
    "Score",
    "Setting",
    "Span",
    "Statement",
    "Step",
    "Stop",
    "Supports",
    "Tag",
    "Test",
    "Use",
]


class Span(NamedTuple):
    """Characters from ``start`` up to ``end`` of the file with that number."""

    file: int
    start: int
    end: int


@fixed
class Literal:
    """A value that is written out."""

    span: Span
    kind: Kind
    value: str | float | bool | datetime | timedelta


@fixed
class Listing:
    """Values in square brackets."""

    span: Span
    items: tuple[Literal, ...]


@fixed
class Name:
    """A field, a ``let`` or a ``score``."""

    span: Span
    name: str


@fixed
class Reading:
    """``signal name``: what it came to in its last full period; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    name: str


@fixed
class Negation:
    """``not …``."""

    span: Span
    operand: Expression


@fixed
class Junction:
    """Two or more conditions joined by the same ``word``, ``and`` or ``or``."""

    span: Span
    word: str
    operands: tuple[Expression, ...]


@fixed
class Comparison:
    """``left sign right``, true or false."""

    span: Span
    sign: str
    left: Expression
    right: Expression


@fixed
class Member:
    """``value in [ … ]``."""

    span: Span
    value: Expression
    items: Listing


@fixed
class Contains:
    """``texts contains text``."""

    span: Span
    value: Expression
    item: Expression


@fixed
class ContainsList:
    """``texts contains any [ … ]``, or with the ``verb`` ``all``."""

    span: Span
    verb: str
    value: Expression
    items: Listing


@fixed
class Matches:
    """``text matches "pattern"``; in the pattern a backslash is a backslash. ``mark`` is the place of the pattern."""

    span: Span
    value: Expression
    pattern: str
    mark: Span


@fixed
class Mentions:
    """``text mentions [ … ]``."""

    span: Span
    value: Expression
    words: Listing


@fixed
class Missing:
    """``value is missing``; ``negated`` for ``is not missing``."""

    span: Span
    value: Expression
    negated: bool


@fixed
class Arithmetic:
    """``left sign right`` of numbers."""

    span: Span
    sign: str
    left: Expression
    right: Expression


@fixed
class Negative:
    """A number with the opposite sign."""

    span: Span
    operand: Expression


@fixed
class Call:
    """A function with its arguments; ``mark`` is the place of its name."""

    span: Span
    mark: Span
    function: str
    arguments: tuple[Expression, ...]


@fixed
class Gather:
    """One value out of all feedback of an idea, or of what was written in the ``window`` before now.

    ``verb`` is ``any``, ``all``, ``no``, ``count``, ``share``, ``sum``, ``mean``, ``median``, ``min`` or ``max``;
    ``over`` is ``feedback``, ``accounts`` or ``persons``; ``value`` is what the last five are taken of.
    """

    span: Span
    verb: str
    over: str
    value: Expression | None
    where: Expression | None
    window: Literal | None = None


Expression: TypeAlias = (
    Literal
    | Name
    | Reading
    | Negation
    | Junction
    | Comparison
    | Member
    | Contains
    | ContainsList
    | Matches
    | Mentions
    | Missing
    | Arithmetic
    | Negative
    | Call
    | Gather
)


@fixed
class Let:
    """``let name = value``; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    name: str
    value: Expression


@fixed
class Score:
    """``score name = value``; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    name: str
    value: Expression


@fixed
class Add:
    """``name +amount because …``; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    score: str
    amount: float
    because: str


@fixed
class Tag:
    """``tag …``."""

    span: Span
    tag: str


@fixed
class Supports:
    """``supports …``; ``mark`` is the place of the goal's title."""

    span: Span
    mark: Span
    goal: str


@fixed
class Route:
    """``route to … as … assign …``; ``mark``, ``pace`` and ``whom`` are the places of destination, urgency, person."""

    span: Span
    mark: Span
    destination: str
    urgency: str
    pace: Span
    person: str | None
    whom: Span


@fixed
class Stop:
    """``stop``."""

    span: Span


@fixed
class Rule:
    """``rule name { when … }``; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    name: str
    when: Expression
    effects: tuple[Add | Tag | Supports | Route | Stop, ...]


@fixed
class Step:
    """One band and the least score that reaches it; None is ``otherwise``."""

    span: Span
    name: str
    least: float | None


@fixed
class Bands:
    """``bands score { … }``; ``mark`` is the place of the score's name."""

    span: Span
    mark: Span
    score: str
    steps: tuple[Step, ...]


@fixed
class Setting:
    """``name = value`` of a test; ``mark`` is the place of the name. ``signal`` for a signal's values."""

    span: Span
    mark: Span
    name: str
    value: Expression | Listing
    signal: bool = False


@fixed
class Use:
    """``use pack { name = value, … }``; ``mark`` is the place of the pack's name."""

    span: Span
    mark: Span
    pack: str
    settings: tuple[Setting, ...]


@fixed
class Parameter:
    """``parameter name = value because …``; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    name: str
    value: Literal
    because: str


@fixed
class Given:
    """One ``given`` line: values of the idea, and of at most one piece of feedback."""

    span: Span
    settings: tuple[Setting, ...]


@fixed
class Test:
    """``test name { given … expect … }``; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    name: str
    givens: tuple[Given, ...]
    expects: tuple[Expression, ...]


Statement: TypeAlias = Use | Parameter | Let | Score | Rule | Match | Bands | Signal | Alert | Goal | Test
