"""The fields that rules can read, and how an idea with its feedback becomes rows of them."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from opshub.engine.connection import Connection
from opshub.engine.declared import REVENUE, Declared, Fits, tables_read
from opshub.engine.tables import Rows, Table
from opshub.language import Field, Kind, Schema
from opshub.matching import language_of
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref, TrackedItem, Value, Visibility
from opshub.sdk import Assigns

if TYPE_CHECKING:
    from opshub.engine.texts import Texts

__all__ = ["FEEDBACK", "IDEA", "Reader", "reading", "schema"]

_T, _N, _S, _D = Kind.TEXT, Kind.NUMBER, Kind.TEXTS, Kind.TIME

_IDEA: dict[str, tuple[Kind, str]] = {
    "title": (_T, "what the idea is called"),
    "voices": (_N, "pieces of feedback that speak for it"),
    "accounts": (_N, "different accounts behind them"),
    "persons": (_N, "different people behind them"),
    "created": (_D, "when its first feedback or its tracked item was made"),
    "status": (_T, "status of its tracked item"),
    "tags": (_S, "labels of its tracked item"),
    "item_kind": (_T, "type of its tracked item, such as Bug or Idea"),
    "goals": (_S, "goals that people let it support; in a rule also what rules above it say"),
}

_FEEDBACK: dict[str, tuple[Kind, str]] = {
    "feedback.text": (_T, "title, text and comments together"),
    "feedback.title": (_T, "its title or subject"),
    "feedback.kind": (_T, "ticket, response, review, page …"),
    "feedback.connection": (_T, "name of the connection that it came through"),
    "feedback.created": (_D, "when it was written"),
    "feedback.updated": (_D, "when it last changed"),
    "feedback.rating": (_N, "rating as a share of its scale, 0 at worst, 1 at best"),
    "feedback.rating_value": (_N, "rating as it was given"),
    "feedback.sentiment": (_N, "how it sounds, -1 at worst, 1 at best, where the source says it"),
    "feedback.language": (_T, "language, where the source says it or the text shows it"),
    "feedback.visibility": (_T, "who may read it"),
    "feedback.tags": (_S, "its labels"),
    "feedback.link": (_T, "what tied it to the idea"),
    "author.id": (_T, "who wrote it"),
    "author.name": (_T, "the writer's name"),
    "account.id": (_T, "the customer behind the writer"),
    "account.name": (_T, "the customer's name"),
    "account.domain": (_T, "the customer's internet domain"),
    "account.plan": (_T, "the customer's plan"),
    "account.arr": (_N, "the customer's revenue a year"),
}

_SURE = frozenset(
    (
        "title voices accounts persons created tags goals feedback.text feedback.title feedback.kind "
        "feedback.connection feedback.created feedback.visibility feedback.tags feedback.link"
    ).split()
)

_VALUES = {
    "feedback.visibility": tuple(str(v) for v in Visibility),
    "feedback.link": tuple(str(m) for m in LinkMaker),
}


_BOUNDS: dict[str, tuple[float, float | None]] = {
    **dict.fromkeys(("voices", "accounts", "persons"), (0, None)),
    "feedback.rating": (0, 1),
    "feedback.sentiment": (-1, 1),
}


def _field(name: str, kind: Kind, doc: str, key: str) -> Field:
    least, most = _BOUNDS.get(key, (None, None))
    return Field(name, kind, doc, key not in _SURE, _VALUES.get(key, ()), least=least, most=most)


IDEA = tuple(_field(f"idea.{name}", kind, doc, name) for name, (kind, doc) in _IDEA.items())
FEEDBACK = tuple(_field(name, kind, doc, name) for name, (kind, doc) in _FEEDBACK.items())


def schema(connections: Sequence[Connection], declared: Sequence[Declared] = ()) -> Schema:
    """What rule files are checked against: the fields above, the admin's own, the destinations that are configured."""
    destinations = {c.name: c.destinations or None for c in connections if c.role == "ideas"}
    idea = tuple(one.shown for one in declared if one.of == "idea")
    feedback = tuple(one.shown for one in _added(declared))
    priced = {one.name: one.shown for one in declared if one.name == REVENUE}
    own = tuple(
        replace(known, kind=priced[known.name].kind, currency=priced[known.name].currency)
        if known.name in priced
        else known
        for known in FEEDBACK
    )
    return Schema(
        idea=IDEA + idea,
        feedback=own + feedback,
        destinations=destinations,
        based=frozenset(c.name for c in connections if c.role == "ideas" and c.based),
        assigns=frozenset(c.name for c in connections if isinstance(getattr(c, "connector", None), Assigns)),
        reading=reading(),
    )


def _added(declared: Sequence[Declared]) -> list[Declared]:
    """What stands behind the hub's own fields in a row of feedback."""
    return [one for one in declared if one.of == "feedback" and one.name != REVENUE]


@cache
def reading() -> str:
    """The name of the code that makes rows of feedback."""
    return hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]


_READERS: Mapping[str, str] = {
    "feedback.text": "whole_text(f)",
    "feedback.title": "f.title",
    "feedback.kind": "f.kind",
    "feedback.connection": "f.ref.connection",
    "feedback.created": "f.created_at",
    "feedback.updated": "f.updated_at",
    "feedback.rating": "f.rating.share if f.rating else None",
    "feedback.rating_value": "f.rating.value if f.rating else None",
    "feedback.sentiment": "sentiment(f.fields.get('sentiment'))",
    "feedback.language": "(f.language or language_of(f.title, f.text)) or None",
    "feedback.visibility": "str(f.visibility)",
    "feedback.tags": "f.tags",
    "feedback.link": "link",
    "author.id": "f'{f.ref.connection}:{f.author.id}' if f.author else None",
    "author.name": "(f.author.name or None) if f.author else None",
    "account.id": "f'{f.ref.connection}:{f.account.id}' if f.account else None",
    "account.name": "(f.account.name or None) if f.account else None",
    "account.domain": "(f.account.domain or None) if f.account else None",
    "account.plan": "(f.account.plan or None) if f.account else None",
    "account.arr": "f.account.arr if f.account else None",
}
"""How each value is taken from feedback ``f`` and what tied it, ``link``: one function makes the whole row of them."""


def _sentiment(value: object) -> float | None:
    """A number from -1 to 1; anything else is on another scale, and missing."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(cast("float", value)) if number and -1 <= cast("float", value) <= 1 else None


def whole_text(feedback: Feedback) -> str:
    """Everything that was said: title, text, comments."""
    if not feedback.comments and not feedback.title:
        return feedback.text
    parts = [feedback.title, feedback.text, *[comment.text for comment in feedback.comments]]
    return "\n".join(filter(None, parts))


_SAME = str(LinkMaker.SAME)
_UNLINKED: Mapping[Ref, Link] = MappingProxyType({})


Row: TypeAlias = tuple[Any, ...]
"""The values of a piece of feedback, or of an idea."""


class _Own:
    """A declared field that rules read."""

    def __init__(self, declared: Declared) -> None:
        self.name, self.keys = declared.name, declared.keys
        self.fits: dict[str, Fits] = {
            connection: declared.fits(connection) for connection in (*declared.keys, *declared.counted)
        }


class Reader:
    """Makes the rows that a rule set reads; fields that it does not read stay missing and cost nothing."""

    def __init__(
        self, reads: frozenset[str], declared: Sequence[Declared] = (), texts: Texts | None = None
    ) -> None:
        self._texts = texts
        reads = reads if texts is None else reads | texts.fields
        own = _added(declared)
        self.misfits: Counter[str] = Counter()
        """How many values were of another kind than declared, by field; to rules they are missing."""
        self._empty = [None] * len(own)
        priced = next((_Own(one) for one in declared if one.name == REVENUE), None)
        self._feedback = self._made(reads, priced)
        places = {one.name: at for at, one in enumerate(own) if one.name in reads}
        self._own = [(places[one.name], _Own(one)) for one in own if one.name in places and not one.table]
        self.joined: list[tuple[Table, Rows, list[int]]] = []
        """The tables that are read, their rows, and where the columns stand in a row of feedback."""
        for table in tables_read(declared, reads):
            columns = table.wanted(reads)
            at = [places[f"{table.name}.{column.name}"] for column in columns]
            self.joined.append((table, table.rows(columns), at))
        self._item = [_Own(one) if one.name in reads else None for one in declared if one.of == "idea"]
        self.needs_links = "feedback.link" in reads
        self._counts = not reads.isdisjoint({"idea.accounts", "idea.persons", "idea.created"})

    def feedback(self, voices: Sequence[Feedback], links: Mapping[Ref, Link] = _UNLINKED) -> list[Row]:
        """The rows of some pieces, in the order of ``FEEDBACK``; with ``texts`` their facts stand at the end."""
        rows = [self._row(voice, links.get(voice.ref)) for voice in voices]
        if self._texts is None or not rows:
            return rows
        facts = self._texts.facts([voice.ref for voice in voices], rows)
        return [(*row, found) for row, found in zip(rows, facts, strict=True)]

    def _row(self, voice: Feedback, link: Link | None) -> Row:
        row = self._feedback(voice, _SAME if link is None else str(link.maker))
        return (*row, *self._added(voice)) if self._empty else row

    def _added(self, voice: Feedback) -> list[Any]:
        """What the admin declared."""
        row: list[Any] = self._empty.copy()
        for at, own in self._own:
            row[at] = self._fit(own, voice)
        for table, rows, places in self.joined:
            for at, value in zip(places, table.of(voice, rows), strict=False):
                row[at] = value
        return row

    def _made(self, reads: frozenset[str], priced: _Own | None) -> Callable[[Feedback, str], Row]:
        """What makes the part of a row that holds the hub's own fields."""
        scope: dict[str, Callable[..., Any]] = {
            "whole_text": whole_text,
            "sentiment": _sentiment,
            "language_of": language_of,
        }
        readers = dict(_READERS)
        if priced is not None:

            def amount(f: Feedback) -> Value:
                return self._fitted(priced, f.ref.connection, f.account.arr if f.account else None)

            scope["priced"] = amount
            readers[REVENUE] = "priced(f)"
        values = ", ".join(readers[one.name] if one.name in reads else "None" for one in FEEDBACK)
        # One expression instead of a call for each field, because every row of every idea comes through here.
        # Nothing from outside stands in it, only the expressions above.
        made: Callable[[Feedback, str], Row] = eval(f"lambda f, link: ({values})", scope)
        return made

    def idea(
        self,
        idea: Idea,
        voices: Sequence[Feedback],
        item: TrackedItem | None,
        goals: tuple[str, ...] = (),
    ) -> tuple[Any, ...]:
        """The idea's row, in the order of ``IDEA``."""
        accounts, persons, created = self._counted(idea, voices) if self._counts else (None, None, None)
        return (
            idea.title,
            len(voices),
            accounts,
            persons,
            created,
            (item.status or None) if item else None,
            item.tags if item else (),
            (item.kind or None) if item else None,
            goals,
            *[self._fit(own, item) for own in self._item],
        )

    def _fit(self, own: _Own | None, of: Feedback | TrackedItem | None) -> Value:
        """The value of a declared field, or missing."""
        if own is None or of is None:
            return None
        key = own.keys.get(of.ref.connection)
        return None if key is None else self._fitted(own, of.ref.connection, of.fields.get(key))

    def _fitted(self, own: _Own, connection: str, value: object) -> Value:
        """A value as its kind; missing, and counted, where it is of another."""
        fits = own.fits.get(connection)
        try:
            return None if fits is None else fits(value)
        except ValueError:
            self.misfits[own.name] += 1
            return None

    def _counted(self, idea: Idea, voices: Sequence[Feedback]) -> tuple[int, int, datetime]:
        return (
            len({(v.ref.connection, v.account.id) for v in voices if v.account}),
            len({(v.ref.connection, v.author.id) for v in voices if v.author}),
            min([idea.created_at, *(v.created_at for v in voices)]),
        )
