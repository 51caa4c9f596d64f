"""From a program to one Python function: a single pass over the feedback, then scores, then rules.

The function takes the idea's values, the rows with their facts and the moment. It returns the scores as computed (None
where missing), what each score saw, the rules that hold with what they saw, and the next moment at which the clock
changes anything.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opshub.language import moments, nodes, runtime
from opshub.language.clauses import Clause, Crossing, Turn, clauses, is_clock
from opshub.language.collector import Collector, collected
from opshub.language.emitter import Emitter, assign, call, load
from opshub.language.meaning import GATHERING, Definition, Program, Term, distinct, leaves
from opshub.language.schema import Kind
from opshub.language.stories import Story, tell

__all__ = ["Compiled", "compile_choice", "compile_condition", "compile_program", "compile_value"]


@dataclass(frozen=True, slots=True)
class Compiled:
    """The function, over rows with their facts, and how to tell the story of each score and rule."""

    decide: Callable[..., tuple[Any, ...]]
    scores: tuple[Story, ...]
    rules: tuple[Story, ...]


def compile_program(program: Program, reached: Mapping[Term, None] | None = None) -> Compiled:
    """Compile all that scores and rules need; lets that nothing uses cost nothing.

    ``reached`` are the terms below scores and rules, where somebody has looked for them.
    """
    return _Compiler(program, reached).compiled()


def compile_condition(term: Term) -> Callable[[Sequence[Any], Any], bool]:
    """Compile a condition over one row of values, for the tests of a rule set."""
    emitter = Emitter({}, [term])
    return _over_row(emitter, emitter.condition(term))


def compile_value(term: Term) -> Callable[[Sequence[Any], Any], Any]:
    """Compile a value over one row of values, None where it is missing."""
    emitter = Emitter({}, [term])
    return _over_row(emitter, emitter.expression(term))


def compile_choice(program: Program) -> Callable[[Sequence[Any]], int | None]:
    """Compile the match blocks, over a row with its facts: the number of the first one that holds."""
    conditions = [home.when for home in program.homes]
    emitter = Emitter(program.lets, conditions, len(program.schema.feedback))
    tests: list[ast.stmt] = [
        nodes.If(emitter.condition(when), [nodes.Return(nodes.Constant(number))], [])
        for number, when in enumerate(conditions)
    ]
    loads = [assign(name, _item("row", index)) for (_, index), name in emitter.fields.items()]
    kept = [*emitter.starts(row=False), *emitter.starts(row=True)]
    return _function(["row"], [*loads, *kept, *tests], emitter.namespace)


def _over_row(emitter: Emitter, value: ast.expr) -> Callable[[Sequence[Any], Any], Any]:
    loads = [assign(name, _item("values", index)) for (_, index), name in emitter.fields.items()]
    kept = [*emitter.starts(row=False), *emitter.starts(row=True)]
    return _function(["values", "now"], [*loads, *kept, nodes.Return(value)], emitter.namespace)


def _item(sequence: str, index: int) -> ast.expr:
    return nodes.Subscript(load(sequence), nodes.Constant(index), nodes.LOAD)


def _none() -> ast.expr:
    return nodes.Constant(None)


def _tuple(values: Iterable[ast.expr]) -> ast.expr:
    return nodes.Tuple(list(values), nodes.LOAD)


def _function(arguments: list[str], body: list[ast.stmt], namespace: dict[str, Any]) -> Callable[..., Any]:
    taken = ast.arguments([], [nodes.arg(name) for name in arguments], None, [], [], None, [])
    function = nodes.FunctionDef("decide", taken, body, [], None, None)
    module = ast.Module([function], [])
    scope = dict(namespace)
    exec(
        compile(module, "<rules>", "exec"), scope
    )  # a tree of our own; what admins write stands in it as constants
    decide: Callable[..., Any] = scope["decide"]
    return decide


class _Compiler:
    def __init__(self, program: Program, reached: Mapping[Term, None] | None) -> None:
        self._program = program
        self._roots = [*(score.term for score in program.scores), *(rule.when for rule in program.rules)]
        reached = distinct(self._roots, program.lets) if reached is None else reached
        named = {term.detail for term in reached if term.op == "let"}
        self._lets = [definition for name, definition in program.lets.items() if name in named]
        gathers = [term for term in reached if term.op in GATHERING]
        found = list(dict.fromkeys(clauses(self._roots, program.lets)))
        self._clauses = [clause for clause in found if isinstance(clause, Clause)]
        self._moving = [clause for clause in found if not isinstance(clause, Clause)]
        roots = [*self._roots, *collected(gathers, program.lets)]
        self._emitter = Emitter(program.lets, roots, len(program.schema.feedback))
        self._collector = Collector(gathers, self._emitter)
        self._clock = [
            term for term in reached if is_clock(term) and all(o.op == "constant" for o in term.operands)
        ]
        self._emitter.namespace |= {"settled": runtime.settled, "sooner": runtime.sooner}
        self._emitter.namespace["priced"] = program.schema.currencies.shown
        for name in ("crossing", "earliest", "lasting"):
            self._emitter.namespace[name] = getattr(moments, name)

    def compiled(self) -> Compiled:
        lets = self._program.lets
        scores = tuple(tell(score.term, lets) for score in self._program.scores)
        rules = tuple(tell(rule.when, lets) for rule in self._program.rules)
        body = [
            *self._moments(),
            *self._define(d for d in self._lets if not d.term.row and not d.term.late),
            *self._pass(),
            *self._collector.results(),
            *self._scored(),
            *self._define(d for d in self._lets if d.term.late),
            *self._ruled(rules),
            *self._due(),
            self._result(scores),
        ]
        kept = self._emitter.starts(row=False)
        fields = [assign(n, _item("idea", i)) for (op, i), n in self._emitter.fields.items() if op == "idea"]
        decide = _function(["idea", "rows", "now"], [*fields, *kept, *body], self._emitter.namespace)
        return Compiled(decide, scores, rules)

    def _moments(self) -> Iterator[ast.stmt]:
        """Each ``ago(…)`` once, and the variables that watch the clock."""
        for term in self._clock:
            name = self._emitter.fresh("moment")
            yield assign(name, self._emitter.expression(term))
            self._emitter.variables[term] = name
        for i in range(len(self._clauses)):
            yield assign(f"soon{i}", _none())
        yield assign("due", _none())
        yield assign("every", call("range", call("len", load("rows"))))
        defined = {score.name for score in self._program.scores}
        if "priority" not in defined:
            yield assign("score", nodes.Constant(0.0))
            self._emitter.variables[_score("priority")] = "score"

    def _define(self, definitions: Iterable[Definition]) -> Iterator[ast.stmt]:
        """Those lets that are used more than once; the others are written where they are used."""
        for definition in definitions:
            term = definition.term
            reference = Term("let", term.kind, (), definition.name, term.optional, term.row, term.late)
            if self._emitter.uses(definition.name) > 1 and reference not in self._emitter.variables:
                name = self._emitter.fresh("let")
                yield assign(name, self._emitter.expression(term))
                self._emitter.variables[reference] = name

    def _pass(self) -> Iterator[ast.stmt]:
        """The pass over the feedback: for each condition the rows for which it holds, and what is taken of them."""
        watched = [(i, clause) for i, clause in enumerate(self._clauses) if clause.value.row]
        yield from self._collector.lists()
        moving = [clause for clause in self._moving if _of_row(clause)]
        if not self._collector.lists() and not watched and not moving:
            return
        body = list(self._define(d for d in self._lets if d.term.row))
        body += self._collector.body()
        for i, clause in watched:
            body += self._watch(i, clause)
        body += [self._await(clause) for clause in moving]
        kept = self._emitter.starts(row=True)
        fields = [assign(n, _item("row", i)) for (op, i), n in self._emitter.fields.items() if op == "row"]
        target = nodes.Tuple([nodes.Name("i", nodes.STORE), nodes.Name("row", nodes.STORE)], nodes.STORE)
        yield nodes.For(target, call("enumerate", load("rows")), [*fields, *kept, *body], [])

    def _watch(self, number: int, clause: Clause) -> Iterator[ast.stmt]:
        """Keep the earliest value for which the clause has not flipped yet."""
        seen, soon = self._emitter.fresh("seen"), f"soon{number}"
        yield assign(seen, self._emitter.expression(clause.value))
        sign = ast.GtE() if clause.inclusive else ast.Gt()
        ahead = nodes.Compare(load(seen), [sign], [self._emitter.expression(clause.moment)])
        there = nodes.Compare(load(seen), [ast.IsNot()], [_none()])
        first = nodes.Compare(load(soon), [ast.Is()], [_none()])
        sooner = nodes.Compare(load(seen), [ast.Lt()], [load(soon)])
        test = nodes.BoolOp(ast.And(), [there, ahead, nodes.BoolOp(ast.Or(), [first, sooner])])
        yield nodes.If(test, [assign(soon, load(seen))], [])

    def _await(self, clause: Crossing | Turn) -> ast.stmt:
        """Bring the due moment forward to that of a clause."""
        emit = self._emitter.expression
        if isinstance(clause, Turn):
            turn = Term("turn", Kind.TIME, clause.call.operands, clause.call.detail, True, clause.call.row)
            return assign("due", call("earliest", load("due"), emit(turn)))
        speed, past = nodes.Constant(clause.slope), nodes.Constant(clause.past)
        sides = (emit(clause.left), emit(clause.right))
        return assign("due", call("crossing", load("due"), load("now"), *sides, speed, past))

    def _due(self) -> Iterator[ast.stmt]:
        for i, clause in enumerate(self._clauses):
            if not clause.value.row:
                yield from self._watch(i, clause)
            duration = self._emitter.constant("duration", clause.duration, clause.duration)
            yield assign("due", call("sooner", load("due"), load(f"soon{i}"), load(duration)))
        yield from (self._await(clause) for clause in self._moving if not _of_row(clause))

    def _scored(self) -> Iterator[ast.stmt]:
        for i, score in enumerate(self._program.scores):
            named = {term.detail for term in leaves(score.term, self._program.lets) if term.op == "let"}
            yield from self._define(d for d in self._lets if d.term.late and d.name in named)
            yield assign(f"raw{i}", self._emitter.expression(score.term))
            yield assign(f"score{i}", call("settled", load(f"raw{i}")))
            self._emitter.variables[_score(score.name)] = f"score{i}"

    def _story(self, story: Story) -> list[ast.expr]:
        """The lists that are evidence and the values seen, as two tuples."""
        lists = _tuple(self._collector.found(where) for where in story.lists)
        return [lists, _tuple(map(self._shown, story.seen))]

    def _shown(self, term: Term) -> ast.expr:
        value = self._emitter.expression(term)
        words = {Kind.DURATION: "lasting", Kind.MONEY: "priced"}.get(term.kind or Kind.BOOL)
        return call(words, value) if words else value

    def _ruled(self, stories: Sequence[Story]) -> Iterator[ast.stmt]:
        """The rules in order; a loop that runs once, so that ``stop`` is a ``break``."""
        yield assign("hits", nodes.List([], nodes.LOAD))
        body: list[ast.stmt] = []
        for i, (rule, story) in enumerate(zip(self._program.rules, stories, strict=True)):
            hit = _tuple([nodes.Constant(i), *self._story(story)])
            append = nodes.Call(nodes.Attribute(load("hits"), "append", nodes.LOAD), [hit], [])
            held: list[ast.stmt] = [nodes.Expr(append)]
            body.append(nodes.If(self._emitter.condition(rule.when), held + [nodes.Break()] * rule.stops, []))
        yield nodes.While(nodes.Constant(True), [*body, nodes.Break()], [])

    def _result(self, stories: Sequence[Story]) -> ast.stmt:
        scores = [
            _tuple([load(f"raw{i}"), load(f"score{i}"), *self._story(s)]) for i, s in enumerate(stories)
        ]
        return nodes.Return(_tuple([_tuple(scores), load("hits"), load("due")]))


def _of_row(clause: Crossing | Turn) -> bool:
    return clause.call.row if isinstance(clause, Turn) else clause.row


def _score(name: str) -> Term:
    return Term("score", Kind.NUMBER, (), name, late=True)
