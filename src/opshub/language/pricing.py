"""What is said where money meets something that it cannot be compared or calculated with."""

from __future__ import annotations

from opshub.language.currencies import Money
from opshub.language.meaning import Term, show_value
from opshub.language.schema import FLOATS, Kind

__all__ = ["priced", "unlike", "unpriced"]


def priced(number: object, hub: str) -> str:
    """A written number as an amount: ``500 EUR``."""
    return f"{show_value(number) if isinstance(number, float) else 500} {hub or 'EUR'}"


def unlike(left: Term, right: Term, hub: str) -> str:
    """What was probably meant where money is compared with something else; empty where it is not about money."""
    if {left.kind, right.kind} != FLOATS:
        return ""
    literal = next((term.detail for term in (right, left) if term.op == "constant"), None)
    if isinstance(literal, Money):
        return f"write {literal.amount:.12g} without a currency, or compare an amount with it"
    if isinstance(literal, float):
        return f"write {priced(literal, hub)}"
    return f"money divided by money is a number: … / {priced(1.0, hub)}"


def unpriced(sign: str, left: Term, right: Term, hub: str) -> tuple[str, str]:
    """Why a sign between money and something else means nothing, and what to write instead."""
    if {left.kind, right.kind} - FLOATS:
        other = right.kind if left.kind is Kind.MONEY else left.kind
        return f"money is not calculated with a {other}", "money goes with money and with numbers"
    if sign == "*":
        hint = f"one of them is a number where it is divided by an amount: … / {priced(1.0, hub)}"
        return "money times money means nothing", hint
    if sign == "/":
        return "a number cannot be divided by money", "money is divided by money, or by a number"
    number = left if left.kind is Kind.NUMBER else right
    hint = f"multiply the number by an amount: … * {priced(1.0, hub)}"
    if number.op == "constant":
        hint = f"write {priced(number.detail, hub)}"
    return f"'{sign}' takes money and money, not money and a number", hint
