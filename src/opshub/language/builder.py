"""From what the grammar read to the syntax tree."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from opshub.language import belonging, tree, watching
from opshub.language.currencies import DIGITS, Currencies, Money, Unpriced
from opshub.language.findings import Findings, suggestion
from opshub.language.machine import Place, Token
from opshub.language.schema import Kind
from opshub.language.tree import Span
from opshub.language.units import UNITS, repaired

__all__ = ["Builder"]

_LONGEST = timedelta(days=36_500)
_DIGITS = 15

Children: TypeAlias = list[Any]


class Builder:
    """Makes nodes from the bottom up; ``offset`` is where the statement begins in its file.

    Without ``currencies`` amounts stay in their own.
    """

    def __init__(
        self, file: int, offset: int, findings: Findings, currencies: Currencies | None = None
    ) -> None:
        self._currencies = currencies
        self._file = file
        self._offset = offset
        self._findings = findings

    def _span(self, place: Place | Token) -> Span:
        return Span(self._file, place.start_pos + self._offset, place.end_pos + self._offset)

    def use(self, meta: Place, c: Children) -> tree.Use:
        settings = tuple(part for part in c[1:] if part is not None)
        return tree.Use(self._span(meta), self._span(c[0]), self._text(c[0]), settings)

    def argument(self, meta: Place, c: Children) -> tree.Setting:
        return tree.Setting(self._span(meta), self._span(c[0]), str(c[0]), c[1])

    def parameter(self, meta: Place, c: Children) -> tree.Parameter:
        name, value, because = c
        reason = self._text(because) if because else ""
        return tree.Parameter(self._span(meta), self._span(name), str(name), value, reason)

    def let(self, meta: Place, c: Children) -> tree.Let:
        return tree.Let(self._span(meta), self._span(c[0]), str(c[0]), c[1])

    def score(self, meta: Place, c: Children) -> tree.Score:
        return tree.Score(self._span(meta), self._span(c[0]), str(c[0]), c[1])

    def rule(self, meta: Place, c: Children) -> tree.Rule:
        return tree.Rule(self._span(meta), self._span(c[0]), self._text(c[0]), c[1], tuple(c[2:]))

    def add(self, meta: Place, c: Children) -> tree.Add:
        name, sign, number, because = c
        amount = self._number(number) * (-1 if sign == "-" else 1)
        return tree.Add(
            self._span(meta), self._span(name), str(name), amount, self._text(because) if because else ""
        )

    def tag(self, meta: Place, c: Children) -> tree.Tag:
        return tree.Tag(self._span(meta), self._text(c[0]))

    def supports(self, meta: Place, c: Children) -> tree.Supports:
        return tree.Supports(self._span(meta), self._span(c[0]), self._text(c[0]))

    def route(self, meta: Place, c: Children) -> tree.Route:
        place, urgency, person = c
        name = self._text(place) if place.type == "STRING" else str(place)
        pace = self._span(urgency or place)
        whom = self._span(person or place)
        owner = self._text(person) if person else None
        return tree.Route(self._span(meta), self._span(place), name, str(urgency or ""), pace, owner, whom)

    def stop(self, meta: Place, _: Children) -> tree.Stop:
        return tree.Stop(self._span(meta))

    def match(self, meta: Place, c: Children) -> belonging.Match:
        return belonging.Match(self._span(meta), self._span(c[0]), self._text(c[0]), c[1], c[2])

    def to(self, meta: Place, c: Children) -> belonging.To:
        begins, name = c
        return belonging.To(self._span(meta), self._span(name), self._text(name), begins is not None)

    def bands(self, meta: Place, c: Children) -> tree.Bands:
        return tree.Bands(self._span(meta), self._span(c[0]), str(c[0]), tuple(c[1:]))

    def step(self, meta: Place, c: Children) -> tree.Step:
        name, sign, number = c
        least = self._number(number) * (-1 if sign == "-" else 1)
        return tree.Step(self._span(meta), str(name), least)

    def otherwise(self, meta: Place, c: Children) -> tree.Step:
        return tree.Step(self._span(meta), str(c[0]), None)

    def signal(self, meta: Place, c: Children) -> watching.Signal:
        key, name, value, period = c
        pace = self._span(period or name)
        return watching.Signal(
            self._span(meta), self._span(name), str(name), key is not None, value, str(period or ""), pace
        )

    def reported(self, meta: Place, c: Children) -> watching.Reported:
        verb, points = c
        return watching.Reported(self._span(meta), str(verb or ""), self._text(points) if points else "")

    def alert(self, meta: Place, c: Children) -> watching.Alert:
        name, *parts = c
        return watching.Alert(
            self._span(meta),
            self._span(name),
            self._text(name),
            tuple(part for part in parts if isinstance(part, watching.Breach)),
            tuple(part for part in parts if isinstance(part, watching.Open)),
            tuple(watching.Words(part.span, part.tag) for part in parts if isinstance(part, tree.Tag)),
            tuple(part for part in parts if isinstance(part, watching.Words)),
        )

    def breach(self, meta: Place, c: Children) -> watching.Breach:
        name, comparison, sign, number, periods, unit = c
        bound = self._number(number) * (-1 if sign == "-" else 1)
        count = self._number(periods) if periods else 1.0
        pace = self._span(unit or name)
        return watching.Breach(
            self._span(meta),
            self._span(name),
            str(name),
            str(comparison),
            bound,
            count,
            str(unit or ""),
            pace,
        )

    def open(self, meta: Place, c: Children) -> watching.Open:
        title, place = c
        name = self._text(place) if place is not None and place.type == "STRING" else str(place or "")
        return watching.Open(self._span(meta), self._text(title), self._span(place or title), name)

    def notify(self, meta: Place, c: Children) -> watching.Words:
        return watching.Words(self._span(meta), self._text(c[0]))

    def goal(self, meta: Place, c: Children) -> watching.Goal:
        name, aim, reason = c
        return watching.Goal(self._span(meta), self._span(name), self._text(name), aim, reason)

    def aim(self, meta: Place, c: Children) -> watching.Aim:
        name, verb, to, target, by = c
        said = f"{verb} to" if to else str(verb)
        return watching.Aim(self._span(meta), self._span(name), str(name), self._span(verb), said, target, by)

    def reason(self, meta: Place, c: Children) -> watching.Words:
        return watching.Words(self._span(meta), self._text(c[0]))

    def test(self, meta: Place, c: Children) -> tree.Test:
        givens = tuple(part for part in c[1:] if isinstance(part, tree.Given))
        expects = tuple(expect for part in c[1:] if isinstance(part, tuple) for expect in part)
        return tree.Test(self._span(meta), self._span(c[0]), self._text(c[0]), givens, expects)

    def given(self, meta: Place, c: Children) -> tree.Given:
        return tree.Given(self._span(meta), tuple(c))

    def setting(self, meta: Place, c: Children) -> tree.Setting:
        return tree.Setting(self._span(meta), self._span(c[0]), str(c[0]), c[1])

    def series(self, meta: Place, c: Children) -> tree.Setting:
        return tree.Setting(self._span(meta), self._span(c[0]), str(c[0]), c[1], signal=True)

    def expect(self, _: Place, c: Children) -> tuple[tree.Expression, ...]:
        return tuple(c)

    def _junction(self, word: str, meta: Place, c: Children) -> tree.Junction:
        left, right = c
        chain = left.operands if isinstance(left, tree.Junction) and left.word == word else (left,)
        return tree.Junction(self._span(meta), word, (*chain, right))

    def junction_or(self, meta: Place, c: Children) -> tree.Junction:
        return self._junction("or", meta, c)

    def junction_and(self, meta: Place, c: Children) -> tree.Junction:
        return self._junction("and", meta, c)

    def negation(self, meta: Place, c: Children) -> tree.Negation:
        return tree.Negation(self._span(meta), c[0])

    def comparison(self, meta: Place, c: Children) -> tree.Comparison:
        return tree.Comparison(self._span(meta), str(c[1]), c[0], c[2])

    def at_least(self, meta: Place, c: Children) -> tree.Comparison:
        return tree.Comparison(self._span(meta), ">=", c[0], c[1])

    def member(self, meta: Place, c: Children) -> tree.Member:
        return tree.Member(self._span(meta), c[0], c[1])

    def contains(self, meta: Place, c: Children) -> tree.Contains:
        return tree.Contains(self._span(meta), c[0], c[1])

    def contains_list(self, meta: Place, c: Children) -> tree.ContainsList:
        return tree.ContainsList(self._span(meta), str(c[1]), c[0], c[2])

    def matches(self, meta: Place, c: Children) -> tree.Matches:
        return tree.Matches(self._span(meta), c[0], str(c[1])[1:-1], self._span(c[1]))

    def mentions(self, meta: Place, c: Children) -> tree.Mentions:
        return tree.Mentions(self._span(meta), c[0], c[1])

    def missing(self, meta: Place, c: Children) -> tree.Missing:
        return tree.Missing(self._span(meta), c[0], c[1] is not None)

    def arithmetic(self, meta: Place, c: Children) -> tree.Arithmetic:
        return tree.Arithmetic(self._span(meta), str(c[1]), c[0], c[2])

    def signed(self, meta: Place, c: Children) -> tree.Expression:
        sign, operand = c
        return tree.Negative(self._span(meta), operand) if sign == "-" else operand

    def name(self, meta: Place, c: Children) -> tree.Name:
        return tree.Name(self._span(meta), str(c[0]))

    def reading(self, meta: Place, c: Children) -> tree.Reading:
        return tree.Reading(self._span(meta), self._span(c[0]), str(c[0]))

    def call(self, meta: Place, c: Children) -> tree.Call:
        arguments = tuple(argument for argument in c[1:] if argument is not None)
        return tree.Call(self._span(meta), self._span(c[0]), str(c[0]), arguments)

    def list(self, meta: Place, c: Children) -> tree.Listing:
        return tree.Listing(self._span(meta), tuple(c))

    def signed_literal(self, meta: Place, c: Children) -> tree.Literal:
        sign, token = c
        kind, value = Kind.NUMBER, self._number(token)
        if token.type == "MONEY":
            kind, value = Kind.MONEY, self._money(token)
        return tree.Literal(self._span(meta), kind, -value if sign == "-" else value)

    def quantified(self, meta: Place, c: Children) -> tree.Gather:
        verb, thing, window, where = c
        over = {"account": "accounts", "person": "persons"}.get(thing, str(thing))
        return tree.Gather(self._span(meta), str(verb), over, None, where, window)

    def gather(self, meta: Place, c: Children) -> tree.Gather:
        return self._gather(meta, c, None)

    def gather_where(self, meta: Place, c: Children) -> tree.Gather:
        return self._gather(meta, c[:-1], c[-1])

    def _gather(self, meta: Place, c: Children, where: tree.Expression | None) -> tree.Gather:
        """From a verb with what it takes, and then perhaps ``over`` and ``window``."""
        verb, over, value = c[0]
        over = next((str(part) for part in c[1:] if isinstance(part, Token)), over)
        window = next((part for part in c[1:] if isinstance(part, tree.Literal)), None)
        return tree.Gather(self._span(meta), verb, over, value, where, window)

    def counted(self, _: Place, c: Children) -> tuple[str, str, None]:
        return str(c[0]), str(c[1]), None

    shared = counted

    def taken(self, _: Place, c: Children) -> tuple[str, str, tree.Expression]:
        return str(c[0]), str(c[2] or "feedback"), c[1]

    def extreme(self, _: Place, c: Children) -> tuple[str, str, tree.Expression]:
        return str(c[0]), "feedback", c[1]

    def over(self, _: Place, c: Children) -> Token:
        token: Token = c[0]
        return token

    def window(self, meta: Place, c: Children) -> tree.Literal:
        return self.literal(meta, c)

    def literal(self, meta: Place, c: Children) -> tree.Literal:
        token, span = c[0], self._span(meta)
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
        body = str(token)[1:-1]
        for found in re.finditer(r"\\(.)", body):
            if found[1] not in '"\\':
                at = self._span(token).start + 1 + found.start()
                hint = "write '\\\\' for a backslash"
                self._findings.report(
                    "R013", Span(self._file, at, at + 2), f"'{found[0]}' is not an escape", hint
                )
        return re.sub(r"\\(.)", r"\1", body)

    def _money(self, token: Token) -> Money:
        """The amount; not ``priced`` where its worth cannot be known."""
        written, code = token.split()
        amount, hub = self._number(token), code
        if code not in DIGITS:
            known = self._currencies.known if self._currencies is not None else ()
            hint = suggestion(code, known or tuple(DIGITS)) or "write its code of ISO 4217: EUR, USD"
            if self._findings.adds(self._span(token)):
                hint = f"if {code} is a score, begin a new line with it"
            self._findings.report("R140", self._span(token), f"there is no currency '{code}'", hint)
            hub = ""
        elif self._currencies is not None:
            try:
                return self._currencies.money(written.replace("_", ""), code)
            except Unpriced:
                self._report_unpriced(self._span(token), code, self._currencies.hub)
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
        digits = token.split()[0].rstrip("%").replace("_", "")
        if len(digits.partition(".")[0].lstrip("0")) > _DIGITS or len(digits) > 2 * _DIGITS:
            self._findings.report(
                "R014", self._span(token), "this number is too large", "15 digits are the most"
            )
            return 0.0
        return float(digits) / 100 if token.endswith("%") else float(digits)

    def _lasting(self, token: Token) -> tree.Literal:
        """A duration, or the amount of money that was meant."""
        span, code = self._span(token), token.lstrip("0123456789.").upper()
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
            self._findings.report("R011", self._span(token), f"'{unit}' is not a unit of time", hint)
            return timedelta(0)
        seconds = float(digits[: 2 * _DIGITS]) * UNITS[unit]
        if seconds > _LONGEST.total_seconds():
            self._findings.report(
                "R014", self._span(token), "this duration is too long", "36500d is the most"
            )
            return timedelta(0)
        return timedelta(seconds=seconds)

    def _date(self, token: Token) -> datetime:
        try:
            return datetime.fromisoformat(str(token)).replace(tzinfo=UTC)
        except ValueError:
            self._findings.report("R014", self._span(token), f"there is no {token}", "dates are YYYY-MM-DD")
            return datetime(2000, 1, 1, tzinfo=UTC)
