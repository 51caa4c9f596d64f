"""Terms as Python expressions.

Every expression that is emitted is total: guards stand before each comparison and each operation that a missing
value could reach, so the compiled function has no ``try``.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from opshub.language import moments, nodes, runtime
from opshub.language.clauses import is_clock
from opshub.language.currencies import Money
from opshub.language.functions import FUNCTIONS
from opshub.language.meaning import GATHERING, SEARCHES, Definition, Term
from opshub.language.patterns import Pattern, Patterns
from opshub.language.predicates import named
from opshub.language.schema import FLOATS, Kind
from opshub.language.words import Lexicon, Words

__all__ = ["Emitter", "assign", "call", "load"]

_SIGNS: Mapping[str, type[ast.cmpop]] = {
    "==": ast.Eq,
    "!=": ast.NotEq,
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_OPERATORS: Mapping[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub, "*": ast.Mult, "/": ast.Div}
_WORTH = 3
"""The weight from which computing a condition once pays for keeping its value."""
_WEIGHTS: Mapping[str, int] = {
    "matches": 20,
    "mentions": 20,
    **dict.fromkeys(("and", "or", "not", "let", "constant", "idea", "row"), 0),
}


def load(name: str) -> ast.expr:
    """A variable's value."""
    return nodes.Name(name, nodes.LOAD)


def assign(name: str, value: ast.expr) -> ast.stmt:
    """``name = value``."""
    return nodes.Assign([nodes.Name(name, nodes.STORE)], value)


def call(name: str, *arguments: ast.expr) -> ast.expr:
    """``name(*arguments)``."""
    return nodes.Call(load(name), list(arguments), [])


def _bind(name: str, value: ast.expr) -> ast.expr:
    return nodes.NamedExpr(nodes.Name(name, nodes.STORE), value)


def _compare(left: ast.expr, sign: ast.cmpop, right: ast.expr) -> ast.expr:
    return nodes.Compare(left, [sign], [right])


def _is_none(value: ast.expr) -> ast.expr:
    return _compare(value, ast.Is(), nodes.Constant(None))


def _is_there(value: ast.expr) -> ast.expr:
    return _compare(value, ast.IsNot(), nodes.Constant(None))


def _all(conditions: list[ast.expr]) -> ast.expr:
    return conditions[0] if len(conditions) == 1 else nodes.BoolOp(ast.And(), conditions)


class Emitter:
    """Emits terms, and remembers which fields, constants and helpers the function needs.

    A condition that occurs more than once and is worth it is kept in a variable when it is first asked for, so that
    nothing is computed twice and nothing is computed in vain. ``kept`` lists those variables: they start as ``...``.
    ``facts`` is where a row has its facts; without it texts are searched.
    """

    def __init__(
        self, lets: Mapping[str, Definition], roots: Iterable[Term], facts: int | None = None
    ) -> None:
        self.lets = lets
        self._facts = facts
        self.namespace: dict[str, Any] = {"number": runtime.number, "fold": runtime.fold}
        self.namespace |= {name: getattr(moments, name) for name in ("added", "less", "ratio")}
        self.fields: dict[tuple[str, int], str] = {}
        self.kept: dict[str, bool] = {}
        self.variables: dict[Term, str] = {}
        self._counts = _occurrences(lets, roots)
        self._names: Counter[str] = Counter()
        self._constants: dict[Any, str] = {}
        self._memo: dict[Term, str] = {}
        self._lexicon = Lexicon()
        self._patterns = Patterns()

    def fresh(self, prefix: str) -> str:
        """A variable name that nothing else has."""
        self._names[prefix] += 1
        return f"{prefix}{self._names[prefix]}"

    def constant(self, prefix: str, key: Any, value: Any) -> str:
        """The name of a value in the function's namespace, the same for the same key."""
        if (prefix, key) not in self._constants:
            self._constants[prefix, key] = name = self.fresh(prefix)
            self.namespace[name] = value
        return self._constants[prefix, key]

    def uses(self, let: str) -> int:
        """How often a let is named in what is compiled."""
        return self._counts.get(let, 0)

    def expression(self, term: Term) -> ast.expr:
        """The term's value: true or false for a condition, otherwise None where it is missing."""
        if term in self.variables:
            return load(self.variables[term])
        if self._counts.get(term, 0) > 1 and (self._keeps(term) or is_clock(term)):
            return self._keep(term)
        return self._plain(term)

    def _keeps(self, term: Term) -> bool:
        return term.kind is Kind.BOOL and term.op != "let" and self._weight(term) >= _WORTH

    def _keep(self, term: Term) -> ast.expr:
        name = self._memo.get(term)
        if name is None:
            name = self._memo[term] = self.fresh("kept")
            self.kept[name] = term.row
        there = _compare(load(name), ast.IsNot(), nodes.Constant(...))
        return nodes.IfExp(there, load(name), _bind(name, self._plain(term)))

    def starts(self, row: bool) -> list[ast.stmt]:
        """Nothing is kept yet: of each row, or of the idea."""
        return [assign(name, nodes.Constant(...)) for name, of_row in self.kept.items() if of_row is row]

    def _plain(self, term: Term) -> ast.expr:
        match term.op:
            case "constant":
                return self._constant(term)
            case "idea" | "row":
                return self._field(term)
            case "let":
                return self.expression(self.lets[str(term.detail)].term)
            case "and" | "or":
                joined = ast.And() if term.op == "and" else ast.Or()
                return nodes.BoolOp(joined, [self.condition(operand) for operand in term.operands])
            case "not":
                return nodes.UnaryOp(ast.Not(), self.condition(term.operands[0]))
            case "missing":
                return self._missing(term)
            case "in":
                return self._member(term)
            case op if op in SEARCHES:
                return self._search(term)
            case "call":
                return self._call(term)
            case "turn":
                return self._turn(term)
            case "negative":
                return self._strict([term.operands[0]], lambda values: nodes.UnaryOp(ast.USub(), values[0]))
            case sign if sign in _OPERATORS:
                return self._arithmetic(term)
        return self._comparison(term)

    def _missing(self, term: Term) -> ast.expr:
        if not self._source(term.operands[0]).optional:
            return nodes.Constant(bool(term.detail))
        value = self.expression(term.operands[0])
        return _is_there(value) if term.detail else _is_none(value)

    def condition(self, term: Term) -> ast.expr:
        """The term as a condition: a field of yes or no that is missing is a no."""
        value = self.expression(term)
        if self._source(term).op in ("idea", "row"):
            return _compare(value, ast.Is(), nodes.Constant(True))
        return value

    def _source(self, term: Term) -> Term:
        while term.op == "let":
            term = self.lets[str(term.detail)].term
        return term

    def _constant(self, term: Term) -> ast.expr:
        if isinstance(term.detail, str | float | bool):
            return nodes.Constant(_plain(term.detail))
        return load(self.constant("constant", (term.kind, term.detail), term.detail))

    def _field(self, term: Term) -> ast.expr:
        key = (term.op, term.field[0])
        return load(self.fields.setdefault(key, f"{term.op}{key[1]}"))

    def _guarded(self, term: Term) -> tuple[list[ast.expr], ast.expr]:
        """Guards against a missing value, and the value behind them."""
        value = self.expression(term)
        if not self._source(term).optional:
            return [], value
        if isinstance(value, ast.Name):
            return [_is_there(value)], load(value.id)
        name = self.fresh("value")
        return [_is_there(_bind(name, value))], load(name)

    def _comparison(self, term: Term) -> ast.expr:
        left, right = term.operands
        guards, a = self._guarded(left)
        more, b = self._guarded(right)
        if term.op == "==" and not (guards and more):
            guards, more, a, b = [], [], self.expression(left), self.expression(right)
        return _all([*guards, *more, _compare(a, _SIGNS[term.op](), b)])

    def _member(self, term: Term) -> ast.expr:
        items: Any = term.detail
        if all(isinstance(item, str | float | bool) for item in items):
            listed: ast.expr = nodes.Tuple([nodes.Constant(_plain(item)) for item in items], nodes.LOAD)
        else:
            listed = load(self.constant("constant", items, tuple(items)))
        return _compare(self.expression(term.operands[0]), ast.In(), listed)

    def _search(self, term: Term) -> ast.expr:
        known = named(term, self.lets) if self._facts is not None else None
        if known is not None:
            facts = self.fields.setdefault(("row", self._facts or 0), "facts")
            return _compare(nodes.Constant(known.name), ast.In(), load(facts))
        search = {"contains": self._contains, "matches": self._matches, "mentions": self._mentions}
        return search.get(term.op, self._contains_list)(term)

    def _contains(self, term: Term) -> ast.expr:
        guards, texts = self._guarded(term.operands[0])
        more, item = self._guarded(term.operands[1])
        return _all([*guards, *more, _compare(item, ast.In(), texts)])

    def _contains_list(self, term: Term) -> ast.expr:
        guards, texts = self._guarded(term.operands[0])
        items = load(self.constant("items", frozenset(term.members), frozenset(term.members)))
        if term.op == "contains all":
            return _all([*guards, nodes.Call(nodes.Attribute(items, "issubset", nodes.LOAD), [texts], [])])
        apart = nodes.Call(nodes.Attribute(items, "isdisjoint", nodes.LOAD), [texts], [])
        return _all([*guards, nodes.UnaryOp(ast.Not(), apart)])

    def _matches(self, term: Term) -> ast.expr:
        guards, text = self._guarded(term.operands[0])
        pattern = self.constant("pattern", term.detail, Pattern(str(term.detail), self._patterns))
        return _all([*guards, call(pattern, text)])

    def _mentions(self, term: Term) -> ast.expr:
        value = self._source(term.operands[0])
        words = self.constant("words", term.detail, Words(term.members, self._lexicon))
        guards, text = self._guarded(term.operands[0])
        key = Term("fold", Kind.TEXT, (value,))
        name = self._memo.get(key)
        if name is None:
            name = self._memo[key] = self.fresh("folded")
            self.kept[name] = value.row
        there = _compare(load(name), ast.IsNot(), nodes.Constant(...))
        folded = nodes.IfExp(there, load(name), _bind(name, call("fold", text)))
        return _all([*guards, call(words, folded)])

    def _call(self, term: Term) -> ast.expr:
        function = FUNCTIONS[str(term.detail)]
        name = self.constant("function", function.name, function.body)
        extra = [load("now")] if function.clock else []
        return self._strict(list(term.operands), lambda values: call(name, *extra, *values))

    def _turn(self, term: Term) -> ast.expr:
        """The moment at which a call's value will be another one."""
        function = FUNCTIONS[str(term.detail)]
        name = self.constant("turns", function.name, function.turns)
        return self._strict(list(term.operands), lambda values: call(name, load("now"), *values))

    def _arithmetic(self, term: Term) -> ast.expr:
        if term.operands[0].kind not in FLOATS:
            name = {"+": "added", "-": "less", "/": "ratio"}[term.op]
            return self._strict(list(term.operands), lambda values: call(name, *values))
        sign = _OPERATORS[term.op]()
        if term.op != "/":
            return self._strict(list(term.operands), lambda values: nodes.BinOp(values[0], sign, values[1]))

        def divide(values: list[ast.expr]) -> ast.expr:
            name = self.fresh("value")
            quotient = nodes.BinOp(values[0], sign, load(name))
            return nodes.IfExp(_bind(name, values[1]), quotient, nodes.Constant(None))

        return self._strict(list(term.operands), divide)

    def _strict(self, operands: list[Term], make: Any) -> ast.expr:
        """An operation on values that is missing where one of them is."""
        guards, values = [], []
        for operand in operands:
            value = self.expression(operand)
            if self._source(operand).optional:
                name = self.fresh("value")
                stored = call("number", value) if self._stored_number(operand) else value
                guards.append(_is_none(_bind(name, stored)))
                value = load(name)
            values.append(value)
        made: ast.expr = make(values)
        if not guards:
            return made
        test = guards[0] if len(guards) == 1 else nodes.BoolOp(ast.Or(), guards)
        return nodes.IfExp(test, nodes.Constant(None), made)

    def _stored_number(self, term: Term) -> bool:
        return term.kind in FLOATS and self._source(term).op in ("idea", "row")

    def _weight(self, term: Term) -> int:
        """A rough cost: one for a comparison or a look at the facts, much for looking into a text."""
        own = _WEIGHTS.get(term.op, 1)
        if own > 1 and self._facts is not None and named(term, self.lets) is not None:
            return 1
        return own + sum(map(self._weight, term.operands))


def _plain(value: str | float | bool) -> str | float | bool:
    """A value as Python's constants are: an amount is its worth."""
    return float(value) if isinstance(value, Money) else value


def _occurrences(lets: Mapping[str, Definition], roots: Iterable[Term]) -> dict[Term | str, int]:
    """How often each term is asked for, lets counted by name and each definition once."""
    counts: dict[Term | str, int] = {}
    stack, followed = list(roots), set()
    while stack:
        term = stack.pop()
        if term.op == "let":
            name = str(term.detail)
            counts[name] = counts.get(name, 0) + 1
            if term.detail not in followed:
                followed.add(term.detail)
                stack.append(lets[name].term)
            continue
        counts[term] = counts.get(term, 0) + 1
        if term.op not in GATHERING:
            stack.extend(term.operands)
    return counts
