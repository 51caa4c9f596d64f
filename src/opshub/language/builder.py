"""From what the grammar read to the syntax tree."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from opshub.language import belonging, tree, watching
from opshub.language.currencies import DIGITS, Currencies, Money, Unpriced
from opshub.language.findings import Findings, suggestion
from opshub.language.machine import Token
from opshub.language.schema import Kind
from opshub.language.tree import Span
from opshub.language.units import UNITS, repaired

__all__ = ["Builder"]

_LONGEST = timedelta(days=36_500)
_DIGITS = 15

Children: TypeAlias = list[Any]


class Builder:
    """Makes nodes from the bottom up. Without ``currencies`` amounts stay in their own."""

    def __init__(self, findings: Findings, currencies: Currencies | None = None) -> None:
        self._currencies = currencies
        self._findings = findings

    def use(self, meta: Span, c: Children) -> tree.Use:
        settings = tuple(part for part in c[1:] if part is not None)
        return tree.Use(meta, c[0].span, self._text(c[0]), settings)

    def argument(self, meta: Span, c: Children) -> tree.Setting:
        return tree.Setting(meta, c[0].span, str(c[0]), c[1])

    def parameter(self, meta: Span, c: Children) -> tree.Parameter:
        name, value, because = c
        reason = self._text(because) if because else ""
        return tree.Parameter(meta, name.span, str(name), value, reason)

    def let(self, meta: Span, c: Children) -> tree.Let:
        return tree.Let(meta, c[0].span, str(c[0]), c[1])

    def score(self, meta: Span, c: Children) -> tree.Score:
        return tree.Score(meta, c[0].span, str(c[0]), c[1])

    def rule(self, meta: Span, c: Children) -> tree.Rule:
        return tree.Rule(meta, c[0].span, self._text(c[0]), c[1], tuple(c[2:]))

    def add(self, meta: Span, c: Children) -> tree.Add:
        name, sign, number, because = c
        amount = self._number(number) * (-1 if sign == "-" else 1)
        return tree.Add(meta, name.span, str(name), amount, self._text(because) if because else "")

    def tag(self, meta: Span, c: Children) -> tree.Tag:
        return tree.Tag(meta, self._text(c[0]))

    def supports(self, meta: Span, c: Children) -> tree.Supports:
        return tree.Supports(meta, c[0].span, self._text(c[0]))

    def route(self, meta: Span, c: Children) -> tree.Route:
        place, urgency, person = c
        name = self._text(place) if place.type == "STRING" else str(place)
        pace = (urgency or place).span
        whom = (person or place).span
        owner = self._text(person) if person else None
        return tree.Route(meta, place.span, name, str(urgency or ""), pace, owner, whom)

    def stop(self, meta: Span, _: Children) -> tree.Stop:
        return tree.Stop(meta)

    def match(self, meta: Span, c: Children) -> belonging.Match:
        return belonging.Match(meta, c[0].span, self._text(c[0]), c[1], c[2])

    def to(self, meta: Span, c: Children) -> belonging.To:
        begins, name = c
        return belonging.To(meta, name.span, self._text(name), begins is not None)

    def bands(self, meta: Span, c: Children) -> tree.Bands:
        return tree.Bands(meta, c[0].span, str(c[0]), tuple(c[1:]))

    def step(self, meta: Span, c: Children) -> tree.Step:
        name, sign, number = c
        least = self._number(number) * (-1 if sign == "-" else 1)
        return tree.Step(meta, str(name), least)

    def otherwise(self, meta: Span, c: Children) -> tree.Step:
        return tree.Step(meta, str(c[0]), None)

    def signal(self, meta: Span, c: Children) -> watching.Signal:
        key, name, value, period = c
        pace = (period or name).span
        return watching.Signal(meta, name.span, str(name), key is not None, value, str(period or ""), pace)

    def reported(self, meta: Span, c: Children) -> watching.Reported:
        verb, points = c
        return watching.Reported(meta, str(verb or ""), self._text(points) if points else "")

    def alert(self, meta: Span, c: Children) -> watching.Alert:
        name, *parts = c
        return watching.Alert(
            meta,
            name.span,
            self._text(name),
            tuple(part for part in parts if isinstance(part, watching.Breach)),
            tuple(part for part in parts if isinstance(part, watching.Open)),
            tuple(watching.Words(part.span, part.tag) for part in parts if isinstance(part, tree.Tag)),
            tuple(part for part in parts if isinstance(part, watching.Words)),
        )

    def breach(self, meta: Span, c: Children) -> watching.Breach:
        name, comparison, sign, number, periods, unit = c
        bound = self._number(number) * (-1 if sign == "-" else 1)
        count = self._number(periods) if periods else 1.0
        pace = (unit or name).span
        return watching.Breach(
            meta,
            name.span,
            str(name),
            str(comparison),
            bound,
            count,
            str(unit or ""),
            pace,
        )

    def open(self, meta: Span, c: Children) -> watching.Open:
        title, place = c
        name = self._text(place) if place is not None and place.type == "STRING" else str(place or "")
        return watching.Open(meta, self._text(title), (place or title).span, name)

    def notify(self, meta: Span, c: Children) -> watching.Words:
        return watching.Words(meta, self._text(c[0]))

    def goal(self, meta: Span, c: Children) -> watching.Goal:
        name, aim, reason = c
        return watching.Goal(meta, name.span, self._text(name), aim, reason)

    def aim(self, meta: Span, c: Children) -> watching.Aim:
        name, verb, to, target, by = c
        said = f"{verb} to" if to else str(verb)
        return watching.Aim(meta, name.span, str(name), verb.span, said, target, by)

    def reason(self, meta: Span, c: Children) -> watching.Words:
        return watching.Words(meta, self._text(c[0]))

    def test(self, meta: Span, c: Children) -> tree.Test:
        givens = tuple(part for part in c[1:] if isinstance(part, tree.Given))
        expects = tuple(expect for part in c[1:] if isinstance(part, tuple) for expect in part)
        return tree.Test(meta, c[0].span, self._text(c[0]), givens, expects)

    def given(self, meta: Span, c: Children) -> tree.Given:
        return tree.Given(meta, tuple(c))

    def setting(self, meta: Span, c: Children) -> tree.Setting:
        return tree.Setting(meta, c[0].span, str(c[0]), c[1])

    def series(self, meta: Span, c: Children) -> tree.Setting:
        return tree.Setting(meta, c[0].span, str(c[0]), c[1], signal=True)

    def expect(self, _: Span, c: Children) -> tuple[tree.Expression, ...]:
        return tuple(c)

    def _junction(self, word: str, meta: Span, c: Children) -> tree.Junction:
        left, right = c
        chain = left.operands if isinstance(left, tree.Junction) and left.word == word else (left,)
        return tree.Junction(meta, word, (*chain, right))

    def junction_or(self, meta: Span, c: Children) -> tree.Junction:
        return self._junction("or", meta, c)

    def junction_and(self, meta: Span, c: Children) -> tree.Junction:
        return self._junction("and", meta, c)

    def negation(self, meta: Span, c: Children) -> tree.Negation:
        return tree.Negation(meta, c[0])

    def comparison(self, meta: Span, c: Children) -> tree.Comparison:
        return tree.Comparison(meta, str(c[1]), c[0], c[2])

    def at_least(self, meta: Span, c: Children) -> tree.Comparison:
        return tree.Comparison(meta, ">=", c[0], c[1])

    def member(self, meta: Span, c: Children) -> tree.Member:
        return tree.Member(meta, c[0], c[1])

    def contains(self, meta: Span, c: Children) -> tree.Contains:
        return tree.Contains(meta, c[0], c[1])

    def contains_list(self, meta: Span, c: Children) -> tree.ContainsList:
        return tree.ContainsList(meta, str(c[1]), c[0], c[2])

    def matches(self, meta: Span, c: Children) -> tree.Matches:
        return tree.Matches(meta, c[0], str(c[1])[1:-1], c[1].span)

    def mentions(self, meta: Span, c: Children) -> tree.Mentions:
        return tree.Mentions(meta, c[0], c[1])

    def missing(self, meta: Span, c: Children) -> tree.Missing:
        return tree.Missing(meta, c[0], c[1] is not None)

    def arithmetic(self, meta: Span, c: Children) -> tree.Arithmetic:
        return tree.Arithmetic(meta, str(c[1]), c[0], c[2])

    def signed(self, meta: Span, c: Children) -> tree.Expression:
        sign, operand = c
        return tree.Negative(meta, operand) if sign == "-" else operand

    def name(self, meta: Span, c: Children) -> tree.Name:
        return tree.Name(meta, str(c[0]))

    def reading(self, meta: Span, c: Children) -> tree.Reading:
        return tree.Reading(meta, c[0].span, str(c[0]))

    def call(self, meta: Span, c: Children) -> tree.Call:
        arguments = tuple(argument for argument in c[1:] if argument is not None)
        return tree.Call(meta, c[0].span, str(c[0]), arguments)

    def list(self, meta: Span, c: Children) -> tree.Listing:
        return tree.Listing(meta, tuple(c))

    def signed_literal(self, meta: Span, c: Children) -> tree.Literal:
        sign, token = c
        kind, value = Kind.NUMBER, self._number(token)
        if token.type == "MONEY":
            kind, value = Kind.MONEY, self._money(token)
        return tree.Literal(meta, kind, -value if sign == "-" else value)

    def quantified(self, meta: Span, c: Children) -> tree.Gather:
        verb, thing, window, where = c
        over = {"account": "accounts", "person": "persons"}.get(thing, str(thing))
        return tree.Gather(meta, str(verb), over, None, where, window)

    def gather(self, meta: Span, c: Children) -> tree.Gather:
        return self._gather(meta, c, None)

    def gather_where(self, meta: Span, c: Children) -> tree.Gather:
        return self._gather(meta, c[:-1], c[-1])

    def _gather(self, meta: Span, c: Children, where: tree.Expression | None) -> tree.Gather:
        """From a verb with what it takes, and then perhaps ``over`` and ``window``."""
        verb, over, value = c[0]
        over = next((str(part) for part in c[1:] if isinstance(part, Token)), over)
        window = next((part for part in c[1:] if isinstance(part, tree.Literal)), None)
        return tree.Gather(meta, verb, over, value, where, window)

    def counted(self, _: Span, c: Children) -> tuple[str, str, None]:
        return str(c[0]), str(c[1]), None

    shared = counted

    def taken(self, _: Span, c: Children) -> tuple[str, str, tree.Expression]:
        return str(c[0]), str(c[2] or "feedback"), c[1]

    def extreme(self, _: Span, c: Children) -> tuple[str, str, tree.Expression]:
        return str(c[0]), "feedback", c[1]

    def over(self, _: Span, c: Children) -> Token:
        token: Token = c[0]
        return token

    def window(self, meta: Span, c: Children) -> tree.Literal:
        return self.literal(meta, c)

    def literal(self, meta: Span, c: Children) -> tree.Literal:
        token, span = c[0], meta
        match token.type:
            case "STRING":
                return tree.Literal(span, Kind.TEXT, self._text(token))
            case "NUMBER" | "PERCENT":
                return tree.Literal(span, Kind.NUMBER, self._number(token))
            case "MONEY":
                return tree.Literal(span, Kind.MONEY, self._money(token))
            case "DURATION":
                return self._lasting(token)
            case "DATE":
                return tree.Literal(span, Kind.TIME, self._date(token))
        return tree.Literal(span, Kind.BOOL, token == "true")

    def _text(self, token: Token) -> str:
        body = token[1:-1]
        if "\\" not in body:
            return body
        for found in re.finditer(r"\\(.)", body):
            if found[1] not in '"\\':
                at = token.span.start + 1 + found.start()
                hint = "write '\\\\' for a backslash"
                self._findings.report(
                    "R013", token.span._replace(start=at, end=at + 2), f"'{found[0]}' is not an escape", hint
                )
        return re.sub(r"\\(.)", r"\1", body)

    def _money(self, token: Token) -> Money:
        """The amount; not ``priced`` where its worth cannot be known."""
        written, code = token.split()
        amount, hub = self._number(token), code
        if code not in DIGITS:
            known = self._currencies.known if self._currencies is not None else ()
            hint = suggestion(code, known or tuple(DIGITS)) or "write its code of ISO 4217: EUR, USD"
            if self._findings.adds(token.span):
                hint = f"if {code} is a score, begin a new line with it"
            self._findings.report("R140", token.span, f"there is no currency '{code}'", hint)
            hub = ""
        elif self._currencies is not None:
            try:
                return self._currencies.money(written.replace("_", ""), code)
            except Unpriced:
                self._report_unpriced(token.span, code, self._currencies.hub)
                hub = ""
        return Money(amount, amount, code, hub)

    def _report_unpriced(self, span: Span, code: str, hub: str) -> None:
        message = f"[currencies] in opshub.toml has no rate for {code}"
        hint = f"add the line: {code} = what one {code} is worth in {hub}"
        if not hub:
            message = "opshub.toml does not say in which currency the hub counts"
            hint = f'add the table [currencies] with the line: hub = "{code}"'
        self._findings.report("R141", span, message, hint)

    def _number(self, token: Token) -> float:
        if len(token) <= _DIGITS and token.isdecimal():
            return float(token)
        digits = token.split()[0].rstrip("%").replace("_", "")
        if len(digits.partition(".")[0].lstrip("0")) > _DIGITS or len(digits) > 2 * _DIGITS:
            self._findings.report("R014", token.span, "this number is too large", "15 digits are the most")
            return 0.0
        return float(digits) / 100 if token.endswith("%") else float(digits)

    def _lasting(self, token: Token) -> tree.Literal:
        """A duration, or the amount of money that was meant."""
        span, code = token.span, token.lstrip("0123456789.").upper()
        if code in DIGITS:
            written = token[: -len(code)]
            hint = f"an amount of money is written with a space: {written} {code}"
            self._findings.report("R011", span, f"'{token[-len(code) :]}' is not a unit of time", hint)
            return tree.Literal(span, Kind.MONEY, Money(0.0, 0.0, code, ""))
        return tree.Literal(span, Kind.DURATION, self._duration(token))

    def _duration(self, token: Token) -> timedelta:
        unit = token.lstrip("0123456789.")
        digits = token.removesuffix(unit)
        if unit not in UNITS:
            hint = repaired(digits, unit)
            self._findings.report("R011", token.span, f"'{unit}' is not a unit of time", hint)
            return timedelta(0)
        seconds = float(digits[: 2 * _DIGITS]) * UNITS[unit]
        if seconds > _LONGEST.total_seconds():
            self._findings.report("R014", token.span, "this duration is too long", "36500d is the most")
            return timedelta(0)
        return timedelta(seconds=seconds)

    def _date(self, token: Token) -> datetime:
        try:
            return datetime.fromisoformat(str(token)).replace(tzinfo=UTC)
        except ValueError:
            self._findings.report("R014", token.span, f"there is no {token}", "dates are YYYY-MM-DD")
            return datetime(2000, 1, 1, tzinfo=UTC)
