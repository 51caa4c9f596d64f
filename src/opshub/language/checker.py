"""Checks expressions: names, kinds, and what may be missing."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Protocol

from opshub.language import tree
from opshub.language.across import ACROSS, EVERY
from opshub.language.attaining import ATTAINING
from opshub.language.clauses import slope
from opshub.language.findings import Findings, suggestion
from opshub.language.functions import FUNCTIONS, Function
from opshub.language.gathering import GatherChecker
from opshub.language.lints import fragile, never, proven, report_beyond
from opshub.language.meaning import BROKEN, Definition, Term, constant
from opshub.language.moments import QUANTITIES
from opshub.language.names import GOALS, Names, Outside, Place, report_closed
from opshub.language.patterns import check_pattern
from opshub.language.placing import attaining, placing
from opshub.language.pricing import unlike, unpriced
from opshub.language.schema import Field, Kind
from opshub.language.supporting import supporting

__all__ = ["Checker"]

_ORDERED = (Kind.NUMBER, Kind.TIME, Kind.DURATION, Kind.MONEY)


class _Scope(Protocol):
    def of(self, term: Term) -> Field | None: ...

    def resolve(self, node: tree.Name, place: Place) -> Term: ...

    def reading(self, node: tree.Reading) -> Term: ...


class Checker:
    """Turns expressions into terms; whatever is wrong with them is reported, once, and becomes a broken term."""

    def __init__(self, names: Names, findings: Findings, scope: _Scope | None = None) -> None:
        self._names = names
        self._findings = findings
        self._scope: _Scope = scope or names
        self._gathers = GatherChecker(self, names, findings, isinstance(self._scope, Names))
        self.clauses: dict[tree.Span, Term] = {}
        """Every condition by its place: operands of and, or and not, and whatever a whole condition is."""

    @property
    def _lets(self) -> dict[str, Definition]:
        return self._names.lets

    def condition(self, node: tree.Expression, place: Place, present: frozenset[Term] = frozenset()) -> Term:
        """A term that is true or false; ``present`` are fields known not to be missing here."""
        term = self.term(node, place, present)
        if term.kind in (Kind.BOOL, None):
            self.clauses[node.span] = term
            return term
        hint = "compare it, for example with > 0" if term.kind is Kind.NUMBER else "compare it with something"
        self._findings.report("R201", node.span, f"a condition is needed here, this is {_a(term.kind)}", hint)
        return BROKEN

    def term(self, node: tree.Expression, place: Place, present: frozenset[Term] = frozenset()) -> Term:
        """A term of any kind."""
        match node:
            case tree.Name():
                return self._scope.resolve(node, place)
            case tree.Literal():
                return constant(node.kind, node.value)
            case tree.Comparison():
                return self._comparison(node, place, present)
            case tree.Junction():
                return self._junction(node, place, present)
            case tree.Negation():
                return self._negation(node, place, present)
            case tree.Reading():
                return self._scope.reading(node)
            case tree.Member():
                return self._member(node, place)
            case tree.Contains() | tree.ContainsList():
                return self._contained(node, place)
            case tree.Matches():
                return self._matches(node, place)
            case tree.Mentions():
                return self._mentions(node, place)
            case tree.Missing():
                return _made("missing", Kind.BOOL, (self.term(node.value, place),), node.negated)
            case tree.Arithmetic() | tree.Negative():
                return self._arithmetic(node, place)
            case tree.Call():
                return self._call(node, place)
            case _:
                return self._gathers.term(node, place)

    def _junction(self, node: tree.Junction, place: Place, present: frozenset[Term]) -> Term:
        operands = []
        for operand in node.operands:
            if isinstance(operand, tree.Missing) and operand.negated is (node.word == "and"):
                present |= frozenset(self.term(operand, place).operands)
        for operand in node.operands:
            term = self.condition(operand, place, present)
            operands.append(term)
            if node.word == "and":
                present |= proven(term)
        made = _made(node.word, Kind.BOOL, tuple(operands))
        if node.word == "and" and made.kind and (reason := never(made, self._lets)):
            self._findings.report(
                "R306", node.span, f"this can never hold: {reason}", "nothing is both at once; use 'or'?"
            )
        return made

    def _negation(self, node: tree.Negation, place: Place, present: frozenset[Term]) -> Term:
        term = self.condition(node.operand, place, present)
        for field in self._fragile(term, present):
            message = f"'{field}' may be missing; then this 'not' is true"
            hint = f"say what is meant: '{field} is not missing and not …'"
            self._findings.report("R301", node.span, message, hint)
            break
        return _made("not", Kind.BOOL, (term,))

    def _fragile(self, term: Term, present: frozenset[Term]) -> list[str]:
        found = fragile(term, self._lets) - present
        return sorted(field.name for t in found if (field := self._scope.of(t)) and field.optional)

    def _comparison(self, node: tree.Comparison, place: Place, present: frozenset[Term]) -> Term:
        left, right = self.term(node.left, place), self.term(node.right, place)
        made = _made(node.sign, Kind.BOOL, (left, right))
        if made.kind is None:
            return BROKEN
        if left.kind is not right.kind or left.kind is Kind.TEXTS:
            self._findings.report(
                "R202",
                node.span,
                f"cannot compare {_a(left.kind)} with {_a(right.kind)}",
                _unlike(left, right, self._names.hub),
            )
            return BROKEN
        if node.sign not in ("==", "!=") and left.kind not in _ORDERED:
            hint = "use ==, or in [ … ]"
            self._findings.report(
                "R205", node.span, f"'{node.sign}' has no meaning for {_a(left.kind)}", hint
            )
            return BROKEN
        self._check_closed(left, node.right, right)
        self._check_closed(right, node.left, left)
        if node.sign == "!=":
            for field in self._fragile(made, present)[:1]:
                message = f"'{field}' may be missing; then '!=' is false"
                hint = f"say what is meant: '{field} is missing or …', or '{field} is not missing and …'"
                self._findings.report("R302", node.span, message, hint)
        if reason := never(made, self._lets):
            self._findings.report("R306", node.span, f"this can never hold: {reason}", "the rule is dead")
        return made

    def _check_closed(self, term: Term, node: tree.Expression, value: Term) -> None:
        """Report a value that a field, or a part of an outcome, never holds."""
        field = self._scope.of(term)
        report_beyond(field, value, node.span, self._findings)
        if field is None or not isinstance(value.detail, str) or value.detail in field.values:
            return
        if field.name == GOALS:
            self._names.goal(value.detail, node.span)
            return
        if isinstance(self._scope, Outside):
            if self._scope.is_open(term, value.detail):
                return
            report_closed(self._findings, self._scope.code(term), node.span, value.detail, field)
        elif field.values:
            report_closed(self._findings, "R102", node.span, value.detail, field)

    def _member(self, node: tree.Member, place: Place) -> Term:
        value = self.term(node.value, place)
        if not self._still(node.value, value):
            return BROKEN
        if value.kind is Kind.TEXTS:
            hint = "a set of texts contains a text: 'tags contains \"x\"'"
            self._findings.report("R206", node.span, "'in' looks for one value in a list", hint)
            return BROKEN
        for item in node.items.items:
            found = constant(item.kind, item.value)
            if value.kind is not None and found.kind is not None and item.kind is not value.kind:
                message = f"cannot compare {_a(value.kind)} with {_a(item.kind)}"
                self._findings.report("R202", item.span, message, _unlike(value, found, self._names.hub))
                return BROKEN
            self._check_closed(value, item, found)
        return _made("in", Kind.BOOL, (value,), tuple(dict.fromkeys(item.value for item in node.items.items)))

    def _texts(self, node: tree.Contains | tree.ContainsList, place: Place) -> Term:
        value = self.term(node.value, place)
        if value.kind in (Kind.TEXTS, None):
            return value
        hint = "write mentions [ … ]" if value.kind is Kind.TEXT else ""
        message = f"'contains' is for a set of texts, this is {_a(value.kind)}"
        self._findings.report("R206", node.span, message, hint)
        return BROKEN

    def _contained(self, node: tree.Contains | tree.ContainsList, place: Place) -> Term:
        if isinstance(node, tree.ContainsList):
            return self._contains_list(node, place)
        return self._contains(node, place)

    def _contains_list(self, node: tree.ContainsList, place: Place) -> Term:
        value = self._texts(node, place)
        for item in node.items.items:
            if item.kind is not Kind.TEXT:
                message = f"a set of texts never contains {_a(item.kind)}"
                found = Term("constant", item.kind, (), item.value)
                self._findings.report("R202", item.span, message, _unlike(Term("", Kind.TEXT), found))
                return BROKEN
            self._check_closed(value, item, Term("constant", item.kind, (), item.value))
        items = tuple(dict.fromkeys(str(item.value) for item in node.items.items))
        made = _made(f"contains {node.verb}", Kind.BOOL, (value,), items)
        return self._supporting(made, place, items, "and" if node.verb == "all" else "or")

    def _matches(self, node: tree.Matches, place: Place) -> Term:
        value = self.term(node.value, place)
        if value.kind not in (Kind.TEXT, None):
            message = f"'matches' is for a text, this is {_a(value.kind)}"
            self._findings.report("R206", node.span, message)
            return BROKEN
        if not check_pattern(node, self._findings):
            return BROKEN
        return _made("matches", Kind.BOOL, (value,), node.pattern)

    def _contains(self, node: tree.Contains, place: Place) -> Term:
        value, item = self._texts(node, place), self.term(node.item, place)
        if item.kind not in (Kind.TEXT, None):
            message = f"a set of texts never contains {_a(item.kind)}"
            self._findings.report("R202", node.item.span, message, _unlike(Term("", Kind.TEXT), item))
            return BROKEN
        self._check_closed(value, node.item, item)
        made = _made("contains", Kind.BOOL, (value, item))
        return self._supporting(made, place, (str(item.detail),), "or")

    def _supporting(self, made: Term, place: Place, goals: Sequence[str], word: str) -> Term:
        """In a rule's own condition an idea supports the goals, too, that rules above let it support."""
        field = self._scope.of(made.operands[0]) if made.kind else None
        asked = field is not None and field.name == GOALS and place is Place.IDEA
        if not asked or self._names.ruled.keys().isdisjoint(goals):
            return made
        return supporting(made.operands[0], goals, word, self._names.ruled)

    def _mentions(self, node: tree.Mentions, place: Place) -> Term:
        value = self.term(node.value, place)
        if value.kind not in (Kind.TEXT, None):
            hint = "write contains" if value.kind is Kind.TEXTS else ""
            self._findings.report(
                "R206", node.span, f"'mentions' is for a text, this is {_a(value.kind)}", hint
            )
            return BROKEN
        for word in node.words.items:
            if not isinstance(word.value, str) or not word.value.strip():
                hint = 'write a word in quotes: mentions ["refund"]'
                self._findings.report("R206", word.span, "only words can be mentioned", hint)
                return BROKEN
        return _made("mentions", Kind.BOOL, (value,), tuple(word.value for word in node.words.items))

    def _number(self, node: tree.Expression, term: Term) -> Term:
        """The term, where it is a number."""
        if term.kind in (Kind.NUMBER, None):
            return term
        hint = {
            Kind.TIME: "times are compared, or take durations: created > ago(90d), created + 30d",
            Kind.DURATION: "a duration is divided by a duration: (updated - created) / 1d",
            Kind.BOOL: "give points in a rule instead",
            Kind.TEXT: "texts are compared, and counted: count feedback where …",
            Kind.TEXTS: "sets of texts are asked: tags contains …",
        }
        self._findings.report(
            "R203", node.span, f"a number is needed here, this is {_a(term.kind)}", hint.get(term.kind, "")
        )
        return BROKEN

    def _arithmetic(self, node: tree.Arithmetic | tree.Negative, place: Place) -> Term:
        if isinstance(node, tree.Negative):
            operand = self.term(node.operand, place)
            if operand.kind is not Kind.MONEY:
                operand = self._number(node.operand, operand)
            return _made("negative", operand.kind or Kind.NUMBER, (operand,), optional=operand.optional)
        left, right = self.term(node.left, place), self.term(node.right, place)
        optional = node.sign == "/" or left.optional or right.optional
        kind = QUANTITIES.get((node.sign, left.kind, right.kind))
        if kind is None and Kind.MONEY in (left.kind, right.kind):
            if left.kind and right.kind:
                self._findings.report("R235", node.span, *unpriced(node.sign, left, right, self._names.hub))
            return BROKEN
        if kind is None:
            operands = (self._number(node.left, left), self._number(node.right, right))
            return _made(node.sign, Kind.NUMBER, operands, optional=optional)
        if kind is Kind.NUMBER and not self._still(node.left, left) & self._still(node.right, right):
            return BROKEN
        return _made(node.sign, kind, (left, right), optional=optional)

    def _still(self, node: tree.Expression, term: Term) -> bool:
        """Whether a value stands still between two moments at which something happens."""
        if term.kind is None or not slope(term, self._lets):
            return True
        hint = "compare it: age(created) > 30d; days_since(created) is a number of days"
        self._findings.report("R213", node.span, "this moves with every moment", hint)
        return False

    def _call(self, node: tree.Call, place: Place) -> Term:
        if gather := self._gathers.meant(node, place):
            return self._gathers.term(gather, place)
        outside = not isinstance(self._scope, Names)
        if node.function in ATTAINING:
            return attaining(node, self._names, self._findings, outside=outside)
        if node.function in ACROSS:
            return placing(node, place, self._names, self._findings, outside=outside)
        arguments = tuple(self.term(argument, place) for argument in node.arguments)
        function = FUNCTIONS.get(node.function)
        if function is None:
            hint = suggestion(node.function, tuple(EVERY))
            self._findings.report("R103", node.mark, f"there is no function '{node.function}'", hint)
            return BROKEN
        most = len(arguments) if function.many else len(function.parameters)
        if not function.least <= len(arguments) <= most:
            message = (
                f"'{function.name}' does not take {len(arguments)} value{'s' if len(arguments) != 1 else ''}"
            )
            self._findings.report("R204", node.span, message, function.signature)
            return BROKEN
        fitting = [self._check_argument(node, arguments, i, function) for i in range(len(arguments))]
        if not all(fitting):
            return BROKEN
        optional = any(argument.optional for argument in arguments)
        money = function.amounts and arguments[0].kind is Kind.MONEY
        return _made("call", Kind.MONEY if money else function.returns, arguments, function.name, optional)

    def _check_argument(
        self, node: tree.Call, arguments: Sequence[Term], index: int, function: Function
    ) -> bool:
        name, kind = function.parameters[min(index, len(function.parameters) - 1)]
        term, money = arguments[index], any(argument.kind is Kind.MONEY for argument in arguments)
        if money and name in function.amounts:
            kind = Kind.MONEY
        span = node.arguments[index].span
        if term.kind is None:
            return True
        if term.kind is not kind:
            hint = unlike(term, Term("", kind), self._names.hub)
            if kind is Kind.DURATION and term.op == "constant":
                hint = f"write {_show(term)}d for days"
            message = f"the {name} of '{function.name}' is {_a(kind)}, not {_a(term.kind)}"
            self._findings.report("R204", span, message, hint or function.signature)
            return False
        if name in function.written and term.op != "constant":
            message = f"the {name} of '{function.name}' must be written out"
            self._findings.report("R204", span, message, "for example 90d, 36h or 2w")
            return False
        return self._still(node.arguments[index], term)


def _made(
    op: str, kind: Kind, operands: tuple[Term, ...], detail: Hashable = None, optional: bool = False
) -> Term:
    """A term over operands; broken where any of them is."""
    row = late = False
    for operand in operands:
        if operand.kind is None:
            return BROKEN
        row, late = row or operand.row, late or operand.late
    return Term(op, kind, operands, detail, optional, row, late)


def _a(kind: Kind | None) -> str:
    return "something" if kind is None else kind.one


def _show(term: Term) -> str:
    return f"{term.detail:g}" if isinstance(term.detail, float) else str(term.detail)


def _unlike(left: Term, right: Term, hub: str = "") -> str:
    """What was probably meant where two kinds do not fit."""
    if hint := unlike(left, right, hub):
        return hint
    kinds = {left.kind, right.kind}
    literal = next((term for term in (right, left) if term.op == "constant"), None)
    if kinds == {Kind.TIME, Kind.DURATION}:
        return "a time is compared with a time: ago(90d)"
    if kinds == {Kind.NUMBER, Kind.TEXT} and literal is not None:
        text = _show(literal)
        return f"write {text} without quotes" if literal.kind is Kind.TEXT else f'write "{text}" in quotes'
    if kinds == {Kind.TIME, Kind.TEXT}:
        return "dates are written without quotes: 2026-01-31"
    if Kind.BOOL in kinds and Kind.NUMBER in kinds:
        return "put what is counted in brackets: (count feedback where …) >= 3"
    if Kind.TEXTS in kinds:
        return 'a set of texts contains a text: tags contains "x"'
    return ""
