"""What rules look for in the texts of feedback: found once for each piece, whatever rule asks for it.

A row that is decided over carries its *facts* behind its values: of the predicates that hold, by name, what was found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from opshub.language.meaning import Definition, Program, Term, resolved
from opshub.language.patterns import Pattern, Patterns
from opshub.language.runtime import fold
from opshub.language.words import Lexicon, Words

__all__ = ["Facts", "Predicate", "Predicates", "named"]

Facts: TypeAlias = Mapping[str, str]
"""The predicates that hold, by name, each with what it found first."""

_LONGEST = 200
"""Characters that are kept of what a pattern matched."""

_NOTHING: Facts = {}

_Search: TypeAlias = Callable[[Sequence[str]], Mapping[int, Facts]]
"""What stands in texts, by place; without those in which nothing does."""


class Predicate(NamedTuple):
    """A list of words or a pattern to look for in one field; the same search has the same name."""

    name: str
    column: int
    field: str
    op: str
    detail: Hashable


class Predicates:
    """The predicates of a program. ``names`` are theirs; their facts stand behind the ``width`` values of a row."""

    def __init__(self, found: Iterable[Predicate], width: int) -> None:
        self._found = {predicate.name: predicate for predicate in found}
        self.names = frozenset(self._found)
        self.width = width

    @classmethod
    def of(cls, terms: Iterable[Term], program: Program) -> Predicates:
        """Those that are among these terms."""
        found = (named(term, program.lets) for term in terms)
        return cls((one for one in found if one is not None), len(program.schema.feedback))

    @property
    def fields(self) -> frozenset[str]:
        """What they look into, by name."""
        return frozenset(one.field for one in self._found.values())

    def __or__(self, other: Predicates) -> Predicates:
        """Both together."""
        return Predicates((*self._found.values(), *other._found.values()), self.width)

    def over(self, fields: Collection[str]) -> Predicates:
        """Those that look into these fields."""
        return Predicates((one for one in self._found.values() if one.field in fields), self.width)

    def but(self, names: Collection[str]) -> Predicates:
        """Those with other names."""
        return Predicates((one for one in self._found.values() if one.name not in names), self.width)

    def completed(self, rows: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """The rows with their facts, unless they have them already."""
        if not self.names or not rows or len(rows[0]) > self.width:
            return rows
        return [(*row, facts) for row, facts in zip(rows, self.among(rows), strict=True)]

    def facts(self, row: Sequence[Any]) -> Facts:
        """What stands in the texts of a row."""
        (found,) = self.among([row])
        return found

    def among(self, rows: Sequence[Sequence[Any]]) -> list[Facts]:
        """What stands in the texts of each row; cheaper for all at once."""
        found = [_NOTHING] * len(rows)
        for column, search in self._searches:
            for place, facts in search([row[column] or "" for row in rows]).items():
                found[place] = {**found[place], **facts} if found[place] else facts
        return found

    @cached_property
    def _searches(self) -> list[tuple[int, _Search]]:
        made: list[tuple[int, _Search]] = []
        for op, search in (("mentions", _words), ("matches", _patterns)):
            fields: dict[int, list[Predicate]] = {}
            for one in self._found.values():
                if one.op == op:
                    fields.setdefault(one.column, []).append(one)
            made += [(column, search(mine)) for column, mine in fields.items()]
        return made


def named(term: Term, lets: Mapping[str, Definition]) -> Predicate | None:
    """The predicate that a term is, if it looks into a text of one piece of feedback."""
    source = resolved(term.operands[0], lets) if term.op in ("mentions", "matches") else None
    if source is None or source.op != "row":
        return None
    column, field = source.field
    told = repr((field, term.op, term.detail)).encode("utf-8", "surrogatepass")
    name = hashlib.blake2b(told, digest_size=8).hexdigest()
    return Predicate(name, column, field, term.op, term.detail)


def _words(predicates: Sequence[Predicate]) -> _Search:
    lexicon = Lexicon()
    lists = [(one.name, Words(_texts(one.detail), lexicon)) for one in predicates]
    places: dict[str, list[tuple[int, int]]] = {}
    for number, (_, words) in enumerate(lists):
        for place, word in enumerate(words.words):
            places.setdefault(word, []).append((number, place))

    def facts(standing: Collection[str]) -> Facts:
        found: dict[str, str] = {}
        # Of each list the word that it names first; the words of a set come in another order in each process.
        for number, _, first in sorted([(*place, word) for word in standing for place in places[word]]):
            found.setdefault(lists[number][0], first)
        return found

    def search(texts: Sequence[str]) -> Mapping[int, Facts]:
        folded = [text.lower() if text.isascii() else fold(text) for text in texts]
        return {place: facts(standing) for place, standing in lexicon.among(folded).items()}

    return search


def _texts(detail: Any) -> tuple[str, ...]:
    return tuple(detail)


def _patterns(predicates: Sequence[Predicate]) -> _Search:
    patterns = Patterns()
    lists = [(one.name, Pattern(str(one.detail), patterns)) for one in predicates]

    def facts(text: str) -> Facts:
        seen = ((name, pattern.seen(text)) for name, pattern in lists)
        return {name: found[:_LONGEST] for name, found in seen if found is not None}

    def search(texts: Sequence[str]) -> Mapping[int, Facts]:
        possible = (place for place, text in enumerate(texts) if patterns.possible(text)[1])
        return {place: facts(texts[place]) for place in possible}

    return search
