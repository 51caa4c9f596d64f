"""The part of the syntax tree that says which feedback belongs to which idea."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opshub.language.tree import Expression, Span

__all__ = ["Match", "To"]


@dataclass(frozen=True, slots=True)
class To:
    """``to name``, or with ``begins`` ``to idea title``; ``mark`` is the place of the text."""

    span: Span
    mark: Span
    name: str
    begins: bool


@dataclass(frozen=True, slots=True)
class Match:
    """``match name { when … to … }``; ``mark`` is the place of the name."""

    span: Span
    mark: Span
    name: str
    when: Expression
    to: To
