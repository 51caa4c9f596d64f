"""What it means that an idea supports a goal: a person says so, or a rule above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from opshub.language.meaning import Term
from opshub.language.schema import Kind

__all__ = ["supporting"]


def supporting(value: Term, goals: Sequence[str], word: str, ruled: Mapping[str, Sequence[Term]]) -> Term:
    """That one (``or``) or each (``and``) of some goals is in ``value``, or one of its ``ruled`` conditions holds."""
    each = [_one(value, goal, ruled.get(goal, ())) for goal in goals]
    return each[0] if len(each) == 1 else _joined(word, each)


def _one(value: Term, goal: str, held: Sequence[Term]) -> Term:
    item = Term("constant", Kind.TEXT, (), goal)
    said = Term("contains", Kind.BOOL, (value, item), row=value.row, late=value.late)
    return _joined("or", [said, *held]) if held else said


def _joined(word: str, terms: Sequence[Term]) -> Term:
    row, late = any(term.row for term in terms), any(term.late for term in terms)
    return Term(word, Kind.BOOL, tuple(terms), row=row, late=late)
