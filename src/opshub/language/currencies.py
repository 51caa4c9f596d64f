"""Amounts of money: the currencies that exist, an amount with its currency, and what it is worth to the hub."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import TypeAlias

__all__ = ["DIGITS", "Currencies", "Money", "Unpriced"]

_UNITS: Mapping[int, str] = {
    0: ("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF "),
    2: (
        "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF "
        "CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD "
        "GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL "
        "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR "
        "PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP "
        "TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG "
    ),
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
# ISO 4217, list one as published on 2026-01-01 by its maintenance agency, SIX: every code that has minor units, which
# leaves out metals, bonds and codes for tests. https://www.six-group.com/en/products-services/financial-information

DIGITS: Mapping[str, int] = {code: digits for digits, codes in _UNITS.items() for code in codes.split()}
"""The digits behind the point of every currency, by its ISO 4217 code."""

_EXACT = Context(prec=60)
_NUMBER = r"(?P<number>[+-]?\d[\d.,]*)"
_AMOUNT = re.compile(rf"(?:(?P<before>[A-Z]{{3}})\s*)?{_NUMBER}(?:\s*(?P<behind>[A-Z]{{3}}))?", re.ASCII)
_PLAIN = re.compile(r"[+-]?\d{1,15}(?:\.\d{1,9})?", re.ASCII)

Rates: TypeAlias = Mapping[str, Decimal]


class Unpriced(ValueError):
    """An amount whose worth in the hub's currency is not known."""


class Money(float):
    """What an amount is worth in the hub's currency; as a text, the amount itself, with its worth where that differs.

    A float like every other number of the rules: a sum of floats is rounded once, so it is the same in any order.
    Conversion is decimal, and rounded to the nearest float at its end: 1000 USD at 0.92 are 920 EUR exactly.
    """

    __slots__ = ("amount", "code", "hub")

    amount: float
    code: str
    hub: str

    def __new__(cls, worth: float, amount: float, code: str, hub: str) -> Money:
        made = super().__new__(cls, worth)
        made.amount, made.code, made.hub = amount, code, hub
        return made

    @property
    def priced(self) -> bool:
        """Whether its worth is known."""
        return bool(self.hub)

    def __reduce__(self) -> tuple[type[Money], tuple[float, float, str, str]]:
        return Money, (float(self), self.amount, self.code, self.hub)

    def __neg__(self) -> Money:
        return Money(-float(self), -self.amount, self.code, self.hub)

    def __str__(self) -> str:
        own = _shown(self.amount, self.code)
        return own if self.code == self.hub else f"{own} ({_shown(float(self), self.hub)})"


@dataclass(frozen=True, slots=True)
class Currencies:
    """The currency that the hub counts in, empty where there is none, and what one unit of others is worth in it."""

    hub: str = ""
    rates: Rates = field(default_factory=dict)

    @property
    def known(self) -> tuple[str, ...]:
        """Every currency that amounts can be in, the hub's first."""
        return (self.hub, *sorted(self.rates)) if self.hub else ()

    def money(self, amount: float | str, code: str) -> Money:
        """An amount in a currency; Unpriced where that has no rate, ValueError where it is no amount."""
        if not self.hub:
            raise Unpriced("opshub.toml has no currency of the hub: [currencies] hub")
        if isinstance(amount, int) and abs(amount) > 10**300:
            raise ValueError("this number is no amount: it is too large")
        rate = Decimal(1) if code == self.hub else self.rates.get(code)
        if rate is None:
            raise Unpriced(f"[currencies] has no rate for {code}")
        exact = Decimal(str(amount))
        worth = float(_EXACT.multiply(exact, rate)) if exact.is_finite() else math.inf
        if not math.isfinite(worth):
            raise ValueError(f"{str(amount)[:40]} is no amount")
        return Money(worth, float(exact), code, self.hub)

    def shown(self, value: float | None) -> str | None:
        """Something that was calculated, or an amount, as people write it; None where there is nothing to show."""
        if value is None:
            return None
        if isinstance(value, Money):
            return str(value)
        try:
            found = float(value)
        except OverflowError:
            return None
        return _shown(found, self.hub) if math.isfinite(found) else None

    def read(self, value: object, code: str) -> Money:
        """A stored value as an amount, in the currency ``code`` unless it names its own; ValueError."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self.money(value, code)
        found = _AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
        if found is None or (found["before"] and found["behind"]):
            raise ValueError(f"{str(value)[:40]!r} is no amount: write a number, or 1200 {code}")
        own = found["before"] or found["behind"] or code
        return self.money(_digits(found["number"], str(value), own), own)


def _digits(number: str, whole: str, code: str) -> str:
    """A number without the signs between thousands, its point a point; ValueError where it could mean two things."""
    signs = re.findall(r"[.,]", number)
    point = signs[-1] if signs and signs.count(signs[-1]) == 1 else ""
    head, _, tail = number.rpartition(point) if point else (number, "", "")
    thousands = next((sign for sign in signs if sign != point), "")
    unsure = len(signs) == 1 and re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", number)
    if unsure and (point == "," or DIGITS.get(code) != len(tail)):
        ways = f"{head}{tail}.00 or {head}.{tail[:2]}"
        raise ValueError(f"{whole[:40]!r} could be {head}.{tail} or {head}{tail}: write {ways}")
    if thousands and not re.fullmatch(rf"[+-]?\d{{1,3}}({re.escape(thousands)}\d{{3}})+", head):
        raise ValueError(f"{whole[:40]!r} is no amount: write 1200.50")
    plain = head.replace(thousands, "") + (f".{tail}" if point else "")
    if not _PLAIN.fullmatch(plain):
        raise ValueError(
            f"{whole[:40]!r} is no amount: write 1200.50, with at most 15 digits before the point"
        )
    return plain


def _shown(value: float, code: str) -> str:
    """``12,000 EUR``, ``0.50 EUR``: with all digits of the currency, or with none where none is needed."""
    digits = DIGITS.get(code, 2)
    text = f"{value:,.{digits}f}"
    if digits and float(text.replace(",", "")).is_integer():
        text = text.partition(".")[0]
    if value and not text.strip("-0.,"):
        text = f"{value:.2g}"
    return f"{text} {code}"
