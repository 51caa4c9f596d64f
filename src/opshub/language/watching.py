"""The part of the syntax tree that speaks of time: signals, alerts on them, and goals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opshub.language.tree import Expression, Literal, Span

__all__ = ["Aim", "Alert", "Breach", "Goal", "Open", "Reported", "Signal", "Words"]


@dataclass(frozen=True, slots=True)
class Reported:
    """``reported``: points that connections report, put together by ``verb`` (empty: the last one of the period)."""

    span: Span
    verb: str
    points: str


@dataclass(frozen=True, slots=True)
class Signal:
    """``signal name = value, per period``; ``mark`` and ``pace`` are the places of name and period."""

    span: Span
    mark: Span
    name: str
    key: bool
    value: Expression | Reported
    period: str
    pace: Span


@dataclass(frozen=True, slots=True)
class Breach:
    """``signal name sign bound for periods unit``; ``mark`` and ``pace`` are the places of name and unit."""

    span: Span
    mark: Span
    signal: str
    sign: str
    bound: float
    periods: float
    unit: str
    pace: Span


@dataclass(frozen=True, slots=True)
class Open:
    """``open idea title in destination``; ``mark`` is the place of the destination."""

    span: Span
    title: str
    mark: Span
    destination: str


@dataclass(frozen=True, slots=True)
class Words:
    """``tag …`` or ``notify …`` of an alert."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Alert:
    """``alert name { when … }``; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    name: str
    breaches: tuple[Breach, ...]
    opens: tuple[Open, ...]
    tags: tuple[Words, ...]
    notes: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Aim:
    """``signal name verb target by day``; ``mark`` and ``pace`` are the places of name and verb."""

    span: Span
    mark: Span
    signal: str
    pace: Span
    verb: str
    target: Literal
    by: Literal


@dataclass(frozen=True, slots=True)
class Goal:
    """``goal name { signal … because … }``; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    name: str
    aim: Aim
    reason: Words | None
