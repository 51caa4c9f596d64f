"""Runs the tables of the grammar, and builds the tree in the same pass.

That takes a quarter of the time that lark needs with a tree of its own between, which counts at every key in an editor.
What the grammar does not allow is left to lark, which says where and why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from opshub.language.tree import Span

if TYPE_CHECKING:
    from lark import Lark

__all__ = ["Reduction", "Token", "digest", "grammar", "lark", "read", "tokens"]


class Token(str):
    """One word, sign or literal, with the name that the grammar has for it, and its place."""

    __slots__ = ("span", "type")

    type: str
    span: Span


# A third of the time that its own constructor takes.
_span = cast("Callable[[tuple[int, int, int]], Span]", partial(tuple.__new__, Span))


def _token(text: str, kind: str, span: Span) -> Token:
    token = Token(text)
    token.type, token.span = kind, span
    return token


class Reduction(NamedTuple):
    """What becomes of ``size`` parts: a node made by the builder's method ``name``, or, without one, their list.

    ``taken`` are the parts that count: index, whether it is a list of parts itself, and how many absent ones stand
    before it; ``absent`` stand after the last. ``whole`` says that all parts
    count as they are. ``single`` hands a lone part up as it is. Most reductions only hand on:
    ``lone`` is true for those, and ``wraps`` where the value becomes a list.
    """

    size: int
    origin: str
    name: str
    single: bool
    taken: tuple[tuple[int, bool, int], ...]
    absent: int
    lone: bool
    wraps: bool
    whole: bool

    def parts(self, values: list[Any]) -> list[Any]:
        """The parts that count, in order, None for each absent one."""
        found: list[Any] = []
        for index, spliced, absent in self.taken:
            if absent:
                found += [None] * absent
            if spliced:
                found += values[index]
            else:
                found.append(values[index])
        return found + [None] * self.absent if self.absent else found


@dataclass(frozen=True, slots=True)
class _Tables:
    """Where each sign leads from a state: to another state, or, below zero, to a reduction; ``""`` is for all others.

    A reduction for all others may come before a sign that cannot stand there, which then is refused all the same.
    ``kept`` are the kinds of words that builders are given, ``chains`` where runs of lone reductions lead.
    """

    words: re.Pattern[str]
    names: Mapping[str, str]
    kept: frozenset[str]
    states: list[Mapping[str, int]]
    reductions: list[Reduction]
    start: int
    end: int
    refused: int
    chains: dict[tuple[int, int, str], tuple[int, bool]]

    def lone(self, below: int, state: int, sign: str) -> tuple[int, bool]:
        """The state behind all reductions of a single part that a sign asks for, and whether one makes it a list."""
        key, wraps = (below, state, sign), False
        while (action := self.states[state].get(sign, self.states[state][""])) < 0:
            reduction = self.reductions[~action]
            if not reduction.lone:
                break
            wraps = wraps or reduction.wraps
            state = self.states[below][reduction.origin]
        return self.chains.setdefault(key, (state, wraps))


def grammar() -> str:
    """The text of the grammar."""
    return files("opshub.language").joinpath("grammar.lark").read_text(encoding="utf-8")


def digest() -> str:
    """What tells whether tables are those of the grammar."""
    return sha256(grammar().encode()).hexdigest()


@cache
def lark() -> Lark:
    """The grammar as lark reads it."""
    from lark import Lark

    return Lark(grammar(), parser="lalr", lexer="basic", maybe_placeholders=True)


@cache
def _tables() -> _Tables:
    made = json.loads(files("opshub.language").joinpath("tables.json").read_text(encoding="utf-8"))
    if made["grammar"] != digest():
        # Somebody is changing the grammar: `make docs` makes the tables anew, until then this takes its time.
        from opshub.language.tabling import tables

        made = tables()
    refused = len(made["states"])
    return _Tables(
        re.compile(made["words"]),
        made["names"],
        frozenset(made["kept"]),
        [{"": refused, **state} for state in made["states"]],
        [Reduction(*reduction) for reduction in made["reductions"]],
        made["start"],
        made["end"],
        refused,
        {},
    )


def tokens(text: str, place: Span) -> Iterator[Token]:
    """The words, signs and literals of a place where nothing else stands."""
    tables = _tables()
    for found in tables.words.finditer(text, place.start, place.end):
        kind = str(found.lastgroup)
        if kind != "END":
            word, end = found[kind], found.end()
            yield _token(word, tables.names.get(word, kind), Span(place.file, end - len(word), end))


def read(text: str, place: Span, builder: object) -> Any:
    """The node that the builder makes of the statement at a place; None where the grammar does not allow it."""
    return _Run(_tables(), builder, place.file).node(_tables().words.finditer(text, place.start, place.end))


class _Run:
    """The stacks of one statement: the states below its values, the values, and where these begin in the text."""

    def __init__(self, tables: _Tables, builder: object, file: int) -> None:
        self._tables = tables
        self._builder = builder
        self._file = file
        self._below: list[int] = []
        self._values: list[Any] = []
        self._starts: list[int] = []

    def node(self, words: Iterable[re.Match[str]]) -> Any:
        """What becomes of the words; None where one may not stand where it does."""
        tables, file = self._tables, self._file
        values, below, starts = self._values, self._below, self._starts
        rows, names, kept = tables.states, tables.names, tables.kept
        state, end = tables.start, 0
        for found in words:  # pragma: no branch - the end is a sign, too, and the last one
            kind: Any = found.lastgroup
            if kind == "OTHER":
                return None
            word = found[kind]
            sign = names.get(word, kind)
            action = rows[state].get(sign, -1)
            if action < 0:
                state, action = self._reduced(state, sign, end)
                if action == tables.refused:
                    return values[-1] if sign == "$END" and state == tables.end else None
            end = found.end()
            start = end - len(word)
            below.append(state)
            starts.append(start)
            if sign in kept:
                token = word = Token(word)
                token.type, token.span = sign, _span((file, start, end))
            values.append(word)
            state = action

    def _reduced(self, state: int, sign: str, end: int) -> tuple[int, int]:
        """All reductions that a sign asks for: the state behind them, and what the sign leads to from there."""
        tables, below, values = self._tables, self._below, self._values
        rows, reductions, chains = tables.states, tables.reductions, tables.chains
        while True:
            action = rows[state].get(sign)
            if action is None:
                action = rows[state][""]
            if action >= 0:
                return state, action
            reduction = reductions[~action]
            if reduction.lone:
                state, wraps = chains.get((below[-1], state, sign)) or tables.lone(below[-1], state, sign)
                if wraps:
                    values[-1] = [values[-1]]
            else:
                self._reduce(reduction, end)
                state = rows[below[-1]][reduction.origin]

    def _reduce(self, action: Reduction, end: int) -> None:
        """Put what becomes of the last values, which end there, in their place."""
        size, values, starts = action.size, self._values, self._starts
        parts = values[-size:] if action.whole else action.parts(values[-size:])
        if size > 1:
            # What is below the first part stays, and where it starts.
            del self._below[1 - size :], values[1 - size :], starts[1 - size :]
        if action.name:
            parts = getattr(self._builder, action.name)(_span((self._file, starts[-1], end)), parts)
        values[-1] = parts
