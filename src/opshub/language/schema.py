"""What rules can read: the fields of an idea and of one piece of feedback, and where ideas may be routed."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from opshub.language.currencies import Currencies
from opshub.language.diagnostics import Source

__all__ = ["FLOATS", "INBOX", "Field", "Kind", "Schema"]

INBOX = "inbox"
"""The destination of ideas that a rule keeps with the hub, unless a connection has that name."""


class Kind(StrEnum):
    """What a value is; nothing is ever turned from one kind into another."""

    TEXT = "text"
    NUMBER = "number"
    BOOL = "yes or no"
    TIME = "time"
    TEXTS = "texts"
    DURATION = "duration"
    MONEY = "money"

    @property
    def one(self) -> str:
        """A value of it in words: ``a number``, ``a condition``, ``money``."""
        said = {Kind.BOOL: "a condition", Kind.TEXTS: "a set of texts", Kind.MONEY: "money"}
        return said.get(self, f"a {self}")


FLOATS = frozenset({Kind.NUMBER, Kind.MONEY})
"""What is calculated with as a float: an amount is its worth in the hub's currency."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value that rules can read, with its full name (``account.plan``).

    ``values`` closes the set of texts that it can hold; empty means any text. ``origin`` says where an admin declared
    it, and is empty for the hub's own fields: only those have short names, so that a declaration never makes one
    ambiguous. ``currency`` says in words what amounts without a currency of their own are in.
    Numbers of the field lie between ``least`` and ``most`` where those are known.
    """

    name: str
    kind: Kind
    doc: str
    optional: bool = True
    values: tuple[str, ...] = ()
    origin: str = ""
    currency: str = ""
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Schema:
    """All fields, in the order in which ``RuleSet.decide`` receives their values, and the destinations.

    Fields of an idea are named ``idea.…``; those of one piece of feedback ``feedback.…``, ``account.…``,
    ``author.…`` or by the table that they come from. ``destinations`` maps a connection to its projects; None allows
    any project name, an empty tuple means that the connection itself is the destination. ``audiences`` says who reads
    what arrives there, where that is known, as a value of ``feedback.visibility``. ``assigns`` are the
    connections that can give their items to a person, ``based`` those that have a project for ideas whose route names
    none. ``packs`` are the rule files that others can use, by name. ``currencies`` say what amounts are worth.
    ``reading`` names the code that takes values out of what is stored.
    """

    idea: tuple[Field, ...]
    feedback: tuple[Field, ...]
    destinations: Mapping[str, tuple[str, ...] | None]
    audiences: Mapping[str, str] = field(default_factory=dict)
    assigns: Container[str] = frozenset()
    based: Container[str] = frozenset()
    packs: Mapping[str, Source] = field(default_factory=dict)
    currencies: Currencies = field(default_factory=Currencies)
    reading: str = ""
