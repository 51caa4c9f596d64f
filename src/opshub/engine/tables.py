"""Lookup tables: what an admin knows of accounts, joined to the feedback that they give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from opshub.model import Account, Feedback, Value

__all__ = ["Column", "Rows", "Table", "key_of"]

Joins = Literal["account.domain", "account.id"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column that rules can read as ``TABLE.NAME``; ``source`` is what the file calls it.

    ``currency`` is that of amounts without one.
    """

    name: str
    type: str
    source: str
    values: tuple[str, ...] = ()
    about: str = ""
    currency: str = ""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a file says: key → the values of the columns that were asked for; ``notes`` tell what was passed over.

    ``twice`` counts rows whose key another row has, ``misfits`` cells of another kind than declared.
    """

    held: Mapping[str, tuple[Value, ...]]
    twice: int = 0
    misfits: int = 0
    notes: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class Table:
    """A table as the configuration describes it; its file is read when rules ask for some of its columns.

    ``stamp`` gives a text that changes whenever what the table says could, ``load`` reads the named columns; both
    raise ConfigError.
    """

    name: str
    joins: Joins
    columns: tuple[Column, ...]
    stamp: Callable[[], str]
    load: Callable[[Sequence[Column]], Rows]
    _digest: str = ""
    _read: dict[tuple[str, ...], Rows] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """The stamp, taken once."""
        self._digest = self._digest or self.stamp()
        return self._digest

    def wanted(self, reads: frozenset[str]) -> tuple[Column, ...]:
        """The columns that rules read."""
        return tuple(column for column in self.columns if f"{self.name}.{column.name}" in reads)

    def rows(self, columns: Sequence[Column]) -> Rows:
        """The file's content in these columns, read once; ConfigError where it is broken.

        The stamp is taken first: what changes between the two is then noticed the next time.
        """
        _ = self.digest
        names = tuple(column.name for column in columns)
        if names not in self._read:
            self._read = {names: self.load(columns)}
        return self._read[names]

    def of(self, voice: Feedback, rows: Rows) -> tuple[Value, ...]:
        """The row that a piece of feedback is joined to; empty where there is none."""
        return next((rows.held[key] for key in self._keys(voice) if key in rows.held), ())

    def _keys(self, voice: Feedback) -> tuple[str, ...]:
        """Under which keys the row of a piece of feedback may stand, the more exact one first."""
        account: Account | None = voice.account
        if account is None:
            return ()
        if self.joins == "account.domain":
            return (key_of(account.domain),)
        return (key_of(f"{voice.ref.connection}:{account.id}"), key_of(account.id))


def key_of(text: str) -> str:
    """A key as it is compared: case and surrounding blanks do not count."""
    return text.strip().casefold()
