"""What the pass over the feedback collects, and what is made of it: each list, count and value once."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from opshub.language import nodes, runtime
from opshub.language.emitter import Emitter, assign, call, load
from opshub.language.meaning import EVERY, Definition, Term, resolved
from opshub.language.schema import FLOATS

__all__ = ["Collector", "collected"]


def collected(gathers: Iterable[Term], lets: Mapping[str, Definition]) -> Iterator[Term]:
    """The conditions and values that the pass computes for each row, as often as it does."""
    gathers = list(gathers)
    yield from dict.fromkeys(where for gather in gathers for where in _wheres(gather))
    worths = {(gather.where, gather.worth): gather.worth for gather in gathers if gather.worth is not None}
    yield from (worth for worth in worths.values() if resolved(worth, lets).op != "row")


def _wheres(gather: Term) -> Iterator[Term]:
    if gather.where != EVERY:
        yield gather.where
    if gather.op in ("all", "share") and gather.among != EVERY:
        yield gather.among


class Collector:
    """Emits the lists of rows that conditions hold for, and the values that verbs of gathering make of them."""

    def __init__(self, gathers: Sequence[Term], emitter: Emitter) -> None:
        self._gathers = gathers
        self._emitter = emitter
        wheres = dict.fromkeys(where for gather in gathers for where in _wheres(gather))
        self._found = {where: f"found{i}" for i, where in enumerate(wheres)}
        self._worths: dict[tuple[Term, Term], str] = {}
        for gather in gathers:
            if gather.worth is not None and resolved(gather.worth, emitter.lets).op != "row":
                self._worths.setdefault((gather.where, gather.worth), f"worth{len(self._worths)}")
        self._made: dict[Any, str] = {}
        for name in ("column", "distinct", "each", "known", "mean", "median", "total"):
            emitter.namespace[name] = getattr(runtime, name)

    def found(self, where: Term | None) -> ast.expr:
        """The rows that a condition holds for, all where it is None."""
        return load("every" if where is None or where == EVERY else self._found[where])

    def lists(self) -> list[ast.stmt]:
        """The empty lists, before the pass."""
        return [
            assign(name, nodes.List([], nodes.LOAD))
            for name in (*self._found.values(), *self._worths.values())
        ]

    def body(self) -> Iterator[ast.stmt]:
        """What the pass does for one row."""
        for where in (EVERY, *self._found):
            held = [
                _append(name, self._worth(worth))
                for (condition, worth), name in self._worths.items()
                if condition == where
            ]
            if where == EVERY:
                yield from held
            else:
                held = [_append(self._found[where], load("i")), *held]
                yield nodes.If(self._emitter.condition(where), held, [])

    def _worth(self, worth: Term) -> ast.expr:
        value = self._emitter.expression(worth)
        return call("number", value) if worth.kind in FLOATS else value

    def results(self) -> Iterator[ast.stmt]:
        """The value of each gathering, after the pass."""
        for number, gather in enumerate(self._gathers):
            name = f"gathered{number}"
            yield from self._needed(gather)
            yield assign(name, self._value(gather))
            self._emitter.variables[gather] = name

    def _needed(self, gather: Term) -> Iterator[ast.stmt]:
        """The counts and values that a gathering starts from, unless an earlier one has made them."""
        key = gather.gathering.key
        if gather.worth is not None:
            yield from self._make(("values", gather.where, gather.worth, key), self._values(gather))
        elif key is not None:
            for where in (gather.where, gather.among) if gather.op in ("all", "share") else (gather.where,):
                yield from self._make(
                    (where, key), call("distinct", load("rows"), self.found(where), nodes.Constant(key[0]))
                )

    def _make(self, key: Any, value: ast.expr) -> Iterator[ast.stmt]:
        if key not in self._made:
            self._made[key] = name = f"made{len(self._made)}"
            yield assign(name, value)

    def _values(self, gather: Term) -> ast.expr:
        """The values that are there: of each row, or one for each account or person."""
        found, key = self.found(gather.where), gather.gathering.key
        name = self._worths.get((gather.where, gather.worth)) if gather.worth else None
        if name is None:
            field = resolved(gather.worth, self._emitter.lets).field[0] if gather.worth else 0
            values = call("column", load("rows"), found, nodes.Constant(field))
        else:
            values = load(name)
        return (
            call("known", values)
            if key is None
            else call("each", load("rows"), found, values, nodes.Constant(key[0]))
        )

    def _count(self, where: Term, key: tuple[int, str] | None) -> ast.expr:
        return call("len", self.found(where)) if key is None else load(self._made[where, key])

    def _value(self, gather: Term) -> ast.expr:
        key = gather.gathering.key
        if gather.worth is not None:
            return _taken(gather.op, load(self._made["values", gather.where, gather.worth, key]))
        count = self._count(gather.where, key)
        match gather.op:
            case "count":
                return count
            case "any":
                return nodes.Compare(count, [ast.Gt()], [nodes.Constant(0)])
            case "no":
                return nodes.UnaryOp(ast.Not(), count)
        whole = self._count(gather.among, key)
        if gather.op == "all":
            return nodes.Compare(nodes.Constant(0), [ast.Lt(), ast.Eq()], [count, whole])
        return nodes.IfExp(whole, nodes.BinOp(count, ast.Div(), whole), nodes.Constant(None))


def _append(name: str, value: ast.expr) -> ast.stmt:
    return nodes.Expr(nodes.Call(nodes.Attribute(load(name), "append", nodes.LOAD), [value], []))


def _taken(verb: str, values: ast.expr) -> ast.expr:
    """What a verb makes of a list of values."""
    if verb in ("min", "max"):
        return nodes.Call(load(verb), [values], [nodes.keyword("default", nodes.Constant(None))])
    return call("total" if verb == "sum" else verb, values)
