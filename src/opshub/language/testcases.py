"""Checks test blocks: what is given must be possible, what is expected must be something that rules can say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from opshub.language import tree
from opshub.language.checker import Checker
from opshub.language.currencies import Money
from opshub.language.findings import Findings, suggestion
from opshub.language.functions import FUNCTIONS
from opshub.language.meaning import TestCase
from opshub.language.names import GOALS, Names, Outside, Place, report_closed
from opshub.language.pricing import priced
from opshub.language.schema import Field, Kind, Schema
from opshub.language.tree import Span
from opshub.language.watches import Watches, below

__all__ = ["NOON", "TestChecker"]

NOON = datetime(2026, 1, 1, tzinfo=UTC)
"""What a test's clock shows unless it says ``given now = …``."""


OTHERS = "others."
"""How a test's setting begins that gives the scores of the other ideas."""


class TestChecker:
    """Makes the cases of one rule set."""

    __test__ = False

    def __init__(
        self,
        names: Names,
        schema: Schema,
        scores: Sequence[str],
        closed: Mapping[str, tuple[str, ...]],
        findings: Findings,
        watches: Watches,
    ) -> None:
        self._names = names
        self._schema = schema
        self._findings = findings
        self._watches = watches
        self._expects = Checker(names, findings, Outside(scores, closed, findings))

    def case(self, node: tree.Test) -> TestCase:
        """The case of one test block."""
        settings = [setting for given in node.givens for setting in given.settings if not setting.signal]
        now = next((self._now(s) for s in settings if s.name == "now"), NOON)
        idea: list[object] = [None] * len(self._schema.idea)
        rows = []
        for given in node.givens:
            row: list[object] = [None] * len(self._schema.feedback)
            spoken = [
                self._set(setting, idea, row, now)
                for setting in given.settings
                if setting.name != "now" and not setting.signal and not setting.name.startswith(OTHERS)
            ]
            if any(spoken):
                rows.append(tuple(row))
        expects = tuple(
            (self._findings.text(e.span), self._expects.condition(e, Place.IDEA)) for e in node.expects
        )
        self._check_match(node, len(rows))
        path, line = self._findings.sources[node.span.file].path, self._findings.line(node.span)
        return TestCase(
            node.name,
            path,
            line,
            now,
            tuple(idea),
            tuple(rows),
            expects,
            self._given(node),
            self._others(node),
        )

    def _check_match(self, node: tree.Test, pieces: int) -> None:
        for part in (part for expect in node.expects for part in below(expect)) if pieces != 1 else ():
            if isinstance(part, tree.Name) and part.name == "match":
                message = f"'match' is of one piece of feedback; this test gives {pieces or 'none'}"
                hint = "give one: given feedback.text = …; write a test for each piece"
                self._findings.report("R343", part.span, message, hint)

    def _given(self, node: tree.Test) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """The signals that a test gives, each with its values."""
        found = {}
        for setting in (setting for given in node.givens for setting in given.settings if setting.signal):
            series = self._watches.known(setting.name, setting.mark)
            if series is not None and series.parts:
                hint = f"give what it is combined from: {', '.join(series.parts)}"
                self._findings.report("R211", setting.mark, f"'{setting.name}' is combined from others", hint)
            items = setting.value.items if isinstance(setting.value, tree.Listing) else (setting.value,)
            values = [self._written(item, NOON) for item in items]
            if any(kind is not Kind.NUMBER for kind, _ in values):
                hint = "write them oldest first: [0.9%, 1%, 1.1%]"
                self._findings.report("R211", setting.value.span, "a signal's values are numbers", hint)
            else:
                found[setting.name] = tuple(value for _, value in values if isinstance(value, float))
        return tuple(found.items())

    def _others(self, node: tree.Test) -> tuple[tuple[str, tuple[float, ...]], ...]:
        """The scores of the other ideas: ``given others.reach = [2, 10]``."""
        found = {}
        for setting in (setting for given in node.givens for setting in given.settings):
            if not setting.name.startswith(OTHERS):
                continue
            score, known = setting.name.removeprefix(OTHERS), [name for _, name in self._names.across]
            if score not in known and not self._names.is_lost(score):
                hint = suggestion(score, known) or "name it first: normalize(…), rank(…) or percentile(…)"
                message = f"nothing compares '{score}' with other ideas"
                self._findings.report("R224", setting.mark, message, hint)
            items = setting.value.items if isinstance(setting.value, tree.Listing) else (setting.value,)
            values = [self._written(item, NOON) for item in items]
            if any(kind is not Kind.NUMBER for kind, _ in values):
                hint = f"write one number for each other idea: {OTHERS}{score} = [2, 10]"
                self._findings.report("R211", setting.value.span, "scores of other ideas are numbers", hint)
            else:
                found[score] = tuple(value for _, value in values if isinstance(value, float))
        return tuple(found.items())

    def _now(self, setting: tree.Setting) -> datetime:
        if isinstance(setting.value, tree.Literal) and isinstance(setting.value.value, datetime):
            return setting.value.value
        self._findings.report("R211", setting.value.span, "'now' is a date", "write it as 2026-01-31")
        return NOON

    def _set(self, setting: tree.Setting, idea: list[object], row: list[object], now: datetime) -> bool:
        """Put one value in its place; true where it belongs to feedback."""
        found = self._names.field(setting.name)
        if found is None:
            fields = [field.name for field in (*self._schema.idea, *self._schema.feedback)]
            hint = suggestion(setting.name, [*fields, "now"]) or "write its full name, such as feedback.text"
            self._findings.report("R101", setting.mark, f"there is no '{setting.name}'", hint)
            return False
        field, op, index = found
        (idea if op == "idea" else row)[index] = self._value(setting, field, now)
        return op == "row"

    def _value(self, setting: tree.Setting, field: Field, now: datetime) -> object:
        kind, value = self._written(setting.value, now)
        if isinstance(value, Money) and not value.priced:
            return None
        if kind is not field.kind:
            found = kind.one if kind else "not a written value"
            message = f"'{field.name}' is of kind {field.kind}; this is {found}"
            hint = _example(field.kind)
            if field.kind is Kind.MONEY and kind is Kind.NUMBER:
                hint = f"write {priced(value, self._names.hub)}"
            self._findings.report("R211", setting.value.span, message, hint)
            return None
        if field.name == GOALS and isinstance(value, tuple):
            for title in value:
                self._names.goal(title, setting.value.span)
        if field.values:
            for text in value if isinstance(value, tuple) else (value,):
                if text not in field.values:
                    self._report_closed(setting.value.span, str(text), field)
        return value

    def _report_closed(self, span: Span, text: str, field: Field) -> None:
        report_closed(self._findings, "R102", span, text, field)

    def _written(self, node: tree.Expression | tree.Listing, now: datetime) -> tuple[Kind | None, object]:
        match node:
            case tree.Literal():
                return node.kind, node.value
            case tree.Negative(operand=tree.Literal(value=float() as value) as literal):
                return literal.kind, -value
            case tree.Listing() if all(item.kind is Kind.TEXT for item in node.items):
                return Kind.TEXTS, tuple(sorted({str(item.value) for item in node.items}))
            case tree.Call(function="ago", arguments=(tree.Literal(value=timedelta() as duration),)):
                return Kind.TIME, FUNCTIONS["ago"].body(now, duration)
        return None, None


def _example(kind: Kind) -> str:
    return {
        Kind.TEXT: 'write a text in quotes: "free"',
        Kind.NUMBER: "write a number: 10, 0.5 or 15%",
        Kind.BOOL: "write true or false",
        Kind.TIME: "write a date: 2026-01-31, or ago(3d)",
        Kind.TEXTS: 'write a list of texts: ["a", "b"]',
        Kind.DURATION: "write a duration: 36h",
        Kind.MONEY: "write an amount with its currency: 500 EUR",
    }[kind]
