"""Fields that the admin declared: what they are called, and a record's value as the kind that was promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Literal

from opshub.engine.tables import Table
from opshub.language import Currencies, Field, Kind
from opshub.model import Value

__all__ = ["KINDS", "REVENUE", "Declared", "Fits", "fitting", "tables_read"]

KINDS: Mapping[str, Kind] = {
    "text": Kind.TEXT,
    "number": Kind.NUMBER,
    "yes-no": Kind.BOOL,
    "date": Kind.TIME,
    "texts": Kind.TEXTS,
    "money": Kind.MONEY,
}
"""The word in the configuration → what rules see."""

REVENUE = "account.arr"
"""The hub's own field that is money where there are currencies, and a plain number elsewhere."""

Fits = Callable[[object], Value]
"""A value as its kind; ValueError where it is of another one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """One field that the admin added, by its full name for rules.

    It is a custom field, where ``keys`` names, for each connection, under which name a record's ``fields`` hold it; or
    a column of ``table``; or the hub's own ``REVENUE``, which it then takes the place of. ``counted`` are the
    currencies of amounts without one, by connection.
    """

    name: str
    type: str
    values: tuple[str, ...] = ()
    about: str = ""
    origin: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    table: Table | None = None
    currencies: Currencies = field(default_factory=Currencies)
    counted: Mapping[str, str] = field(default_factory=dict)

    def fits(self, connection: str = "") -> Fits:
        """What takes a value that came through a connection."""
        return fitting(self.type, self.values, self.currencies, self.counted.get(connection, ""))

    @property
    def of(self) -> Literal["idea", "feedback"]:
        """What it is a field of."""
        return "idea" if self.name.startswith("idea.") else "feedback"

    @property
    def shown(self) -> Field:
        """As the rules language sees it; always optional."""
        doc = self.about or "declared in opshub.toml"
        kind, currency = KINDS[self.type], self._currency if self.type == "money" else ""
        return Field(self.name, kind, doc, values=self.values, origin=self.origin, currency=currency)

    @property
    def _currency(self) -> str:
        """What amounts without a currency are in, in words."""
        codes = sorted(set(self.counted.values()))
        if len(codes) < 2:
            return codes[0] if codes else self.currencies.hub
        return ", ".join(f"{code} through {name}" for name, code in sorted(self.counted.items()))


def tables_read(declared: Sequence[Declared], reads: frozenset[str]) -> tuple[Table, ...]:
    """The tables of which rules read something, each once."""
    found = {one.table.name: one.table for one in declared if one.table is not None and one.name in reads}
    return tuple(found.values())


def fitting(
    type: str, values: tuple[str, ...] = (), currencies: Currencies | None = None, currency: str = ""
) -> Fits:
    """What takes a value of a declared kind and refuses every other; empty and missing ones are None."""
    allowed = frozenset(values)
    read = _READ[type] if type != "money" else partial((currencies or Currencies()).read, code=currency)

    def fits(value: object) -> Value:
        if value is None or value in ("", ()):
            return None
        found = read(value)
        if allowed and not allowed.issuperset(found if isinstance(found, tuple) else (found,)):
            raise ValueError(f"{str(value)[:40]!r} is none of its values")
        return found

    return fits


def _text(value: object) -> Value:
    if isinstance(value, str):
        return value
    raise ValueError(f"{str(value)[:40]!r} is no text")


def _number(value: object) -> Value:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    raise ValueError(f"{str(value)[:40]!r} is no number")


def _truth(value: object) -> Value:
    if isinstance(value, bool):
        return value
    raise ValueError(f"{str(value)[:40]!r} is neither yes nor no")


def _texts(value: object) -> Value:
    if isinstance(value, tuple) and all(isinstance(part, str) for part in value):
        return value
    raise ValueError(f"{str(value)[:40]!r} is no list of texts")


def _time(value: object) -> Value:
    """Vendors' records are JSON, which has no dates: ISO 8601 is what a date looks like there."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = datetime.fromisoformat(value.strip())
    if not isinstance(value, datetime):
        raise ValueError(f"{str(value)[:40]!r} is no date")
    try:
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        raise ValueError(f"{str(value)[:40]!r} lies outside the calendar") from None


_READ: Mapping[str, Fits] = {
    "text": _text,
    "number": _number,
    "yes-no": _truth,
    "date": _time,
    "texts": _texts,
}
