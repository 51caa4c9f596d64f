"""Checks what is gathered over all feedback of an idea."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from opshub.language import tree
from opshub.language.findings import Findings
from opshub.language.meaning import BROKEN, EVERY, Gathering, Term
from opshub.language.names import Names, Place
from opshub.language.parser import children
from opshub.language.schema import Kind

__all__ = ["GatherChecker", "is_extreme"]

_KEYS = {"accounts": "account.id", "persons": "author.id"}
_CREATED = "feedback.created"
_AMOUNTS = (Kind.NUMBER, Kind.MONEY)
_EXTREMES = (*_AMOUNTS, Kind.TIME, Kind.DURATION)


class _Expressions(Protocol):
    def condition(self, node: tree.Expression, place: Place) -> Term: ...

    def term(self, node: tree.Expression, place: Place) -> Term: ...


class GatherChecker:
    """Turns what gathers into terms; ``expressions`` checks what is inside, ``known`` says that there is feedback."""

    def __init__(self, expressions: _Expressions, names: Names, findings: Findings, known: bool) -> None:
        self._expressions = expressions
        self._names = names
        self._findings = findings
        self._known = known

    def meant(self, node: tree.Call, place: Place) -> tree.Gather | None:
        """The gathering that ``max (rating)`` is, where it is no call: one value, of feedback, outside of feedback."""
        if place is Place.FEEDBACK or not is_extreme(node):
            return None
        if not self._known or not self._speaks_of_feedback(node.arguments[0]):
            return None
        return tree.Gather(node.span, node.function, "feedback", node.arguments[0], None)

    def term(self, node: tree.Gather, place: Place) -> Term:
        """The term of one gathering."""
        if place is Place.FEEDBACK or not self._known:
            self._report_place(node, place)
            return BROKEN
        among = self._window(node)
        where = among if node.where is None else self._expressions.condition(node.where, Place.FEEDBACK)
        if among not in (EVERY, where) and where.kind and among.kind:
            where = Term("and", Kind.BOOL, (among, where), row=True)
        worth = self._worth(node)
        key = self._key(node)
        if BROKEN in (among, key, worth) or where.kind is None:
            return BROKEN
        kind, optional = Kind.NUMBER, node.verb in ("mean", "median", "min", "max", "share")
        if node.verb in ("any", "all", "no"):
            kind = Kind.BOOL
        elif worth is not None and worth.kind is not None:
            kind = worth.kind
        operands = (where, among) if worth is None else (where, among, worth)
        window = node.window.value if node.window else None
        length = window if isinstance(window, timedelta) else None
        detail = Gathering(node.over, None if key is None else key.field, length)
        return Term(node.verb, kind, operands, detail, optional=optional, late=True)

    def _speaks_of_feedback(self, node: tree.Expression) -> bool:
        """Whether a field of feedback stands in it, outside of any further gathering."""
        stack: list[object] = [node]
        while stack:
            part = stack.pop()
            if isinstance(part, tree.Name) and self._names.is_row(part.name):
                return True
            if not isinstance(part, tree.Gather) and not is_extreme(part):
                stack.extend(children(part))
        return False

    def _report_place(self, node: tree.Gather, place: Place) -> None:
        where, hint = "in a test's expect", "give it a name with score, and expect that"
        if place is Place.FEEDBACK:
            where, hint = "in a condition on one piece of feedback", "compare with a written number instead"
        self._findings.report("R209", node.span, f"'{node.verb}' cannot stand {where}", hint)

    def _window(self, node: tree.Gather) -> Term:
        """What holds for a row that was written in the window."""
        if node.window is None:
            return EVERY
        created = tree.Name(node.window.span, _CREATED)
        start = tree.Call(node.window.span, node.window.span, "ago", (node.window,))
        inside = tree.Comparison(node.window.span, ">", created, start)
        return self._expressions.condition(inside, Place.FEEDBACK)

    def _key(self, node: tree.Gather) -> Term | None:
        """The field that tells accounts or persons apart."""
        if node.over == "feedback":
            return None
        return self._names.resolve(tree.Name(node.span, _KEYS[node.over]), Place.FEEDBACK)

    def _worth(self, node: tree.Gather) -> Term | None:
        """What a sum, mean, median, min or max is taken of."""
        if node.value is None:
            return None
        term = self._expressions.term(node.value, Place.FEEDBACK)
        kinds = _EXTREMES if node.verb in ("min", "max") else _AMOUNTS
        if term.kind is None or (term.row and term.kind in kinds):
            return term if term.kind else BROKEN
        what = f"this is {term.kind.one}" if term.row else "this reads no field of feedback"
        message = f"'{node.verb}' takes a {' or '.join(kinds)} of each piece of feedback; {what}"
        hint = f"{node.verb} takes a field such as rating; how many there are: count feedback where …"
        self._findings.report("R207", node.value.span, message, hint)
        return BROKEN


def is_extreme(node: object) -> bool:
    """Whether it is ``min (…)`` or ``max (…)`` of one value."""
    return isinstance(node, tree.Call) and node.function in ("min", "max") and len(node.arguments) == 1
