"""Runs the tables of the grammar, and builds the tree in the same pass.

That takes a quarter of the time that lark needs with a tree of its own between, which counts at every key in an editor.
What the grammar does not allow is left to lark, which says where and why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from lark import Lark

__all__ = ["Place", "Reduction", "Token", "digest", "grammar", "lark", "read", "tokens"]


class Place(NamedTuple):
    """From where to where something stands in the text of its statement."""

    start_pos: int
    end_pos: int


class Token(str):
    """One word, sign or literal, with the name that the grammar has for it."""

    __slots__ = ("end_pos", "start_pos", "type")

    type: str
    start_pos: int
    end_pos: int


def _token(text: str, kind: str, start: int, end: int) -> Token:
    token = Token(text)
    token.type, token.start_pos, token.end_pos = kind, start, end
    return token


_END = _token("", "$END", 0, 0)


class Reduction(NamedTuple):
    """What becomes of ``size`` parts: a node made by the builder's method ``name``, or, without one, their list.

    ``taken`` are the parts that count: index, whether it is a list of parts itself, and how many absent ones stand
    before it; ``absent`` stand after the last. ``single`` hands a lone part up as it is. Most reductions only hand on:
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
    """

    blanks: re.Pattern[str]
    words: re.Pattern[str]
    keywords: Mapping[str, str]
    states: list[Mapping[str, int]]
    reductions: list[Reduction]
    start: int
    end: int


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
    # Possessive: blanks that were passed are never given back.
    blanks = f"(?:{made['blanks']})*+"
    return _Tables(
        re.compile(blanks),
        re.compile(f"{blanks}(?:{made['words']})"),
        made["keywords"],
        made["states"],
        [Reduction(*reduction) for reduction in made["reductions"]],
        made["start"],
        made["end"],
    )


def tokens(text: str) -> Iterator[Token | None]:
    """The words, signs and literals of a text, None where nothing of the language stands and reading ends."""
    tables = _tables()
    match, keywords = tables.words.match, tables.keywords
    at = 0
    while found := match(text, at):
        kind = str(found.lastgroup)
        start, at = found.span(kind)
        word = found[kind]
        yield _token(word, keywords.get(word, kind) if kind == "NAME" else kind, start, at)
    if tables.blanks.fullmatch(text, at) is None:
        yield None


def read(text: str, builder: object) -> Any:
    """The node that the builder makes of a statement; None where the grammar does not allow the text."""
    tables = _tables()
    run = _Run(tables, builder)
    for token in tokens(text):
        if token is None or not run.take(token):
            return None
    run.take(_END)
    return run.values[-1] if run.states[-1] == tables.end else None


class _Run:
    """The stack of one statement."""

    def __init__(self, tables: _Tables, builder: object) -> None:
        self._table = tables.states
        self._reductions = tables.reductions
        self._builder = builder
        self.states = [tables.start]
        self.values: list[Any] = []
        self._places: list[Place | Token] = []

    def take(self, token: Token) -> bool:
        """Go on with one token; whether it may stand here."""
        sign = token.type
        table, states, values = self._table, self.states, self.values
        while True:
            row = table[states[-1]]
            action = row.get(sign)
            if action is None:
                action = row.get("")
                if action is None:
                    return False
            if action >= 0:
                states.append(action)
                values.append(token)
                self._places.append(token)
                return True
            reduction = self._reductions[~action]
            if reduction.lone:
                states.pop()
                if reduction.wraps:
                    values[-1] = [values[-1]]
            else:
                self._reduce(reduction)
            states.append(table[states[-1]][reduction.origin])

    def _reduce(self, action: Reduction) -> None:
        size, states, values, places = action.size, self.states, self.values, self._places
        spread = Place(places[-size].start_pos, places[-1].end_pos)
        parts = action.parts(values[-size:])
        del states[-size:], values[-size:], places[-size:]
        values.append(getattr(self._builder, action.name)(spread, parts) if action.name else parts)
        places.append(spread)
