"""What an explanation of a score or a rule shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opshub.language.currencies import Money
from opshub.language.fixed import fixed
from opshub.language.meaning import EVERY, GATHERING, Definition, Term, show
from opshub.language.predicates import named

__all__ = ["Story", "tell", "tell_row"]

_MOST = 5
_LONGEST = 200


@fixed
class Story:
    """``seen`` are the values to show, in order; ``lists`` the conditions whose rows are evidence, None for every row.

    ``fields`` and ``words`` are what to show of the first evidence: names with the index of the field, or with the name
    of the predicate that found them.
    """

    seen: tuple[Term, ...]
    lists: tuple[Term | None, ...]
    fields: tuple[tuple[str, int], ...]
    words: tuple[tuple[str, str], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the explanation calls the values; a signal's has its period."""
        return tuple(map(_named, self.seen))

    def evidence(self, lists: tuple[Sequence[int], ...]) -> tuple[int, ...]:
        """At most five rows, the earliest first."""
        if not lists:
            return ()
        if len(lists) == 1:
            return tuple(lists[0][:_MOST])
        return tuple(sorted({i for found in lists for i in found[:_MOST]})[:_MOST])

    def saw(
        self, values: tuple[object, ...], rows: Sequence[Sequence[Any]], evidence: tuple[int, ...]
    ) -> tuple[object, ...]:
        """The values that decided; without evidence those of a piece of feedback are left out."""
        if not evidence or not (self.fields or self.words):
            return values
        row = rows[evidence[0]]
        saw = list(values)
        for _, index in self.fields:
            value = row[index]
            saw.append(str(value)[:_LONGEST] if isinstance(value, str | Money) else value)
        return (*saw, *(row[-1].get(predicate) for _, predicate in self.words))


def tell(root: Term, lets: Mapping[str, Definition]) -> Story:
    """The story of a score's value or a rule's condition."""
    teller = _Teller(lets)
    teller.walk(root)
    return Story(
        tuple(teller.seen),
        tuple(teller.lists),
        tuple((name, index) for index, name in teller.fields),
        tuple(sorted(teller.words, key=lambda word: word[0].endswith("matches"))),
    )


def tell_row(when: Term, lets: Mapping[str, Definition]) -> Story:
    """The story of a condition on one piece of feedback, which is its evidence."""
    teller = _Teller(lets)
    teller.row(when, set())
    fields = tuple((name, index) for index, name in teller.fields)
    return Story((), (), fields, tuple(teller.words))


def _named(term: Term) -> str:
    period = [part.detail for part in term.operands if term.op == "idea" and part.op == "constant"]
    return f"{show(term)} ({period[0]})" if period else show(term)


class _Teller:
    def __init__(self, lets: Mapping[str, Definition]) -> None:
        self._lets = lets
        self._followed: set[tuple[object, bool]] = set()
        self.seen: dict[Term, None] = {}
        self.lists: dict[Term | None, None] = {}
        self.fields: dict[tuple[int, str], None] = {}
        self.words: dict[tuple[str, str], None] = {}

    def walk(self, term: Term, denied: bool = False) -> None:
        """Note what decides; rows that would speak against a denied condition are no evidence."""
        if term.op == "let":
            if (term.detail, denied) not in self._followed:
                self._followed.add((term.detail, denied))
                self.walk(self._lets[str(term.detail)].term, denied)
            return
        if term.op in GATHERING:
            self._gather(term, denied)
            return
        if term.op in ("idea", "score"):
            self.seen[term] = None
        for operand in term.operands:
            self.walk(operand, denied != (term.op == "not"))

    def _gather(self, term: Term, denied: bool) -> None:
        if term.op != "any":
            self.seen[term] = None
        if not denied and term.op != "no":
            self.lists[None if term.where == EVERY else term.where] = None
            for part in term.operands:
                self.row(part, set())

    def row(self, term: Term, followed: set[object]) -> None:
        """Note what decides of one piece of feedback."""
        if term.op == "let":
            if term.detail not in followed:
                followed.add(term.detail)
                self.row(self._lets[str(term.detail)].term, followed)
        elif term.op == "row":
            self.fields[term.field] = None
        elif term.operands and term.operands[0].op == "row" and (found := named(term, self._lets)):
            self.words[f"{found.field} {found.op}", found.name] = None
        else:
            for operand in term.operands:
                self.row(operand, followed)
