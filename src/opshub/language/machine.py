"""Runs the tables that lark makes of the grammar, and builds the tree in the same pass.

That takes a quarter of the time that lark needs with a tree of its own between, which counts at every key in an editor.
What the grammar does not allow is left to lark, which says where and why.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, TypeAlias

from lark import Lark
from lark.lexer import BasicLexer
from lark.parsers.lalr_analysis import Reduce

__all__ = ["Place", "Token", "grammar", "lark", "read"]


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


@dataclass(frozen=True, slots=True)
class _Reduction:
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


_States: TypeAlias = Mapping[int, Mapping[str, "int | _Reduction"]]


@dataclass(frozen=True, slots=True)
class _Tables:
    words: re.Pattern[str]
    keywords: Mapping[str, str]
    ignored: frozenset[str]
    states: _States
    start: int
    end: int


def grammar() -> str:
    """The text of the grammar."""
    return files("opshub.language").joinpath("grammar.lark").read_text(encoding="utf-8")


@cache
def lark() -> Lark:
    """The grammar as lark reads it."""
    return Lark(grammar(), parser="lalr", lexer="basic", maybe_placeholders=True)


@cache
def _tables() -> _Tables:
    front: Any = lark().parser
    lexer: BasicLexer = front.lexer
    words = "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in lexer.scanner.terminals)
    apart = {terminal.name for terminal in lexer.scanner.terminals}
    table = front.parser._parse_table
    made: dict[Any, _Reduction] = {}
    states = {
        state: {
            # lark's names are tokens, which compare slowly.
            str(sign): made.setdefault(arg, _reduction(arg)) if action is Reduce else arg
            for sign, (action, arg) in actions.items()
        }
        for state, actions in table.states.items()
    }
    return _Tables(
        re.compile(words),
        {t.pattern.value: t.name for t in lexer.terminals if t.name not in apart},
        frozenset(lexer.ignore_types),
        states,
        table.start_states["start"],
        table.end_states["start"],
    )


def _reduction(rule: Any) -> _Reduction:
    options = rule.options
    gaps = "".join(str(int(absent)) for absent in options.empty_indices) or "0" * len(rule.expansion)
    before = [len(ones) for ones in gaps.split("0")]
    taken, absent = [], 0
    for index, symbol in enumerate(rule.expansion):
        absent += before[index]
        if not (symbol.is_term and symbol.filter_out):
            taken.append((index, not symbol.is_term and symbol.name.startswith("_"), absent))
            absent = 0
    origin = str(rule.origin.name)
    name = "" if origin.startswith("_") and not rule.alias else str(rule.alias or origin)
    single = bool(options.expand1) and not rule.alias
    absent += before[-1]
    lone = len(rule.expansion) == len(taken) == 1 and not absent and not taken[0][2]
    lone = lone and (single or not name) and not (single and taken[0][1])
    wraps = lone and not name and not taken[0][1]
    return _Reduction(len(rule.expansion), origin, name, single, tuple(taken), absent, lone, wraps)


def read(text: str, builder: object) -> Any:
    """The node that the builder makes of a statement; None where the grammar does not allow the text."""
    tables = _tables()
    run = _Run(tables.states, tables.start, builder)
    match, keywords, ignored = tables.words.match, tables.keywords, tables.ignored
    at, end = 0, len(text)
    while at < end:
        found = match(text, at)
        if found is None:
            return None
        kind, start, at = str(found.lastgroup), at, found.end()
        if kind in ignored:
            continue
        token = Token(found[0])
        token.type = keywords.get(token, kind) if kind == "NAME" else kind
        token.start_pos, token.end_pos = start, at
        if not run.take(token.type, token, Place(start, at)):
            return None
    run.take("$END", None, Place(end, end))
    return run.values[-1] if run.states[-1] == tables.end else None


class _Run:
    """The stack of one statement."""

    def __init__(self, table: _States, start: int, builder: object) -> None:
        self._table = table
        self._builder = builder
        self.states = [start]
        self.values: list[Any] = []
        self._places: list[Place] = []

    def take(self, sign: str, token: Token | None, place: Place) -> bool:
        """Go on with one token; whether it may stand here."""
        table, states, values = self._table, self.states, self.values
        while True:
            action = table[states[-1]].get(sign)
            if action is None:
                return False
            if isinstance(action, int):
                states.append(action)
                values.append(token)
                self._places.append(place)
                return True
            if action.lone:
                states.pop()
                if action.wraps:
                    values[-1] = [values[-1]]
            else:
                self._reduce(action)
            following = table[states[-1]][action.origin]
            assert isinstance(following, int)
            states.append(following)

    def _reduce(self, action: _Reduction) -> None:
        size, states, values, places = action.size, self.states, self.values, self._places
        spread = Place(places[-size].start_pos, places[-1].end_pos)
        parts = action.parts(values[-size:])
        del states[-size:], values[-size:], places[-size:]
        if action.single and len(parts) == 1:
            values.append(parts[0])
        else:
            values.append(getattr(self._builder, action.name)(spread, parts) if action.name else parts)
        places.append(spread)
