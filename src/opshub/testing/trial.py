"""The bench that a connector's promises are tried on: its twin, its settings, its clock."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import orjson
from pydantic import BaseModel, SecretBytes, SecretStr

from opshub.clock import FrozenClock
from opshub.errors import OpshubError
from opshub.model import (
    Change,
    Cursor,
    Draft,
    Feedback,
    RankedIdea,
    Ranking,
    Record,
    Tombstone,
    TrackedItem,
    Value,
)
from opshub.plugins import Registry
from opshub.sdk import Connector, Http, HttpRules, Page, Tracks, WebhookRequest
from opshub.testing.recorded import RecordedAnswer, RecordedTwin
from opshub.testing.twin import Received, Twin

__all__ = [
    "Trial",
    "build",
    "canonical",
    "meanings",
    "own_settings",
    "raised",
    "secrets_of",
    "some_of",
    "translations",
]

START = datetime(2026, 3, 2, 9, 30, 7, tzinfo=UTC)
MANY_PAGES = 1_000
NOTHING: Mapping[str, str] = MappingProxyType({})
COMMON = frozenset(
    {
        "apply",
        "as",
        "audience",
        "bands",
        "burst",
        "conflict",
        "currency",
        "destinations",
        "every",
        "fields",
        "kind",
        "private",
        "publish",
        "rate",
        "write",
    }
)
"""What a connection's table may hold for every connector."""


def build(
    connector: type[Connector[Any]],
    table: Mapping[str, object],
    *,
    name: str = "test",
    clock: FrozenClock,
    fields: Sequence[str] = (),
    declared: Mapping[str, str] = NOTHING,
    rules: HttpRules | None = None,
) -> Connector[Any]:
    """A connector as the hub would make it from a ``[connections.X]`` table. Close its ``http``."""
    settings = connector.Settings.model_validate(own_settings(table))
    http = Http(
        connector.base_url(settings),
        clock=clock,
        auth=connector.auth(settings),
        headers=connector.headers(settings),
        rules=rules or HttpRules(private=True),
        secrets=tuple(secrets_of(settings)),
    )
    return connector(name, settings, http, fields=fields, declared=declared)


def own_settings(table: Mapping[str, object]) -> dict[str, object]:
    """The part of a connection's table that its connector declares."""
    return {key: value for key, value in table.items() if key not in COMMON}


def secrets_of(value: object) -> Iterator[str]:
    """Every secret text in settings, however deep."""
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, BaseModel):
        yield from secrets_of(dict(value))
    elif isinstance(value, Mapping):
        yield from secrets_of(list(value.values()))
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from secrets_of(inner)


def canonical(value: object) -> bytes:
    """A value as bytes that are equal where it is equal."""
    return orjson.dumps(
        value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=lambda other: repr(other)
    )


class Trial:
    """What one connector's contract must know of it; every promise works on this bench.

    Set ``kind``, and give the contract something to speak to: ``twin``, or recorded ``answers``, or, for a
    connector that needs no network, ``table``. The rest is needed where the connector has the capability.
    """

    kind: ClassVar[str]
    """The connector's kind, as the registry knows it."""

    plugins: ClassVar[Path | None] = None
    """The folder of drop-in connectors, where it lies in one."""

    settings: ClassVar[Mapping[str, object]] = {}
    """Settings beside those that the twin gives."""

    answers: ClassVar[Sequence[RecordedAnswer]] = ()
    """Recorded answers, for a connector without a twin."""

    waived: ClassVar[Mapping[str, str]] = {}
    """Promises that cannot hold, by name, each with the reason."""

    redelivers: ClassVar[bool] = False
    """Whether a resumed pull may bring records of the boundary again; those must be unchanged."""

    rate_limits: ClassVar[Sequence[Mapping[str, object]]] = ()
    """The vendor's own forms of 429, as options of the ``rate_limit`` fault; ``seconds`` and ``date`` are known."""

    internal: ClassVar[str] = ""
    """A text that stands in an internal comment of the twin, where the vendor has such comments."""

    writes: ClassVar[Mapping[str, Value]] = {}
    """Remote fields and values that differ from those of the first item: what the write promises write."""

    other_writes: ClassVar[Mapping[str, Value]] = {}
    """The same fields with other values."""

    project: ClassVar[str] = ""
    """Where created items go."""

    reporting: ClassVar[Mapping[str, object]] = {}
    """Settings beside those of ``table`` under which records are values of signals."""

    missing_id: ClassVar[str] = "999999999"
    """The id of no record."""

    def twin(self) -> Twin:
        """A twin with some two dozen varied records, on ``self.clock``; a pull should take several pages."""
        if not self.answers:
            raise NotImplementedError(f"{type(self).__name__} needs twin(), answers or table()")
        return RecordedTwin(self.answers, clock=self.clock)

    def fresh(self, twin: Twin) -> str:
        """Change an item of the twin, or add one, at the twin's present time; returns the id."""
        raise NotImplementedError(f"{type(self).__name__} needs fresh(twin)")

    def webhook(self, twin: Twin) -> WebhookRequest:
        """A rightly signed webhook."""
        raise NotImplementedError(f"{type(self).__name__} needs webhook(twin)")

    def table(self, url: str) -> Mapping[str, object]:
        """The ``[connections.X]`` table to try; ``url`` is where the twin is served."""
        return {**self.vendor.settings(url), **self.settings}

    def draft(self, marker: str) -> Draft:
        """An item to create."""
        return Draft(
            marker=marker,
            project=self.project,
            title="Export to CSV",
            text="Asked for by 3 customers.",
            fields=self.writes,
        )

    @classmethod
    def connector_class(cls) -> type[Connector[Any]]:
        """The connector under trial."""
        return Registry(cls.plugins).connector(cls.kind)

    def setup_method(self) -> None:
        self.clock = FrozenClock(START)
        self._open = contextlib.ExitStack()
        self.url = ""
        if self.serves():
            self.vendor = self.twin()
            self.url = self._open.enter_context(self.vendor.serve())

    def teardown_method(self) -> None:
        self._open.close()

    @classmethod
    def serves(cls) -> bool:
        """Whether there is a vendor on the wire."""
        return bool(cls.answers) or cls.twin is not Trial.twin

    def connect(self, *, owned: bool = True) -> Connector[Any]:
        """A fresh connector; its HTTP layer is closed at the end."""
        fields = tuple(self.writes) if owned else ()
        made = build(self.connector_class(), self.table(self.url), clock=self.clock, fields=fields)
        self._open.callback(made.http.close)
        return made

    def pages(self, connector: Connector[Any], cursor: Cursor | None = None) -> list[Page]:
        """All pages after a cursor."""
        pages = []
        for page in connector.pull(cursor):
            pages.append(page)
            assert len(pages) < MANY_PAGES, "the pull does not end"
        return pages

    def records(self, connector: Connector[Any], cursor: Cursor | None = None) -> list[Record]:
        """All records after a cursor."""
        return [record for page in self.pages(connector, cursor) for record in page.records]

    def wait(self) -> None:
        """Let as much time pass as the vendor needs until everything shows."""
        made = self.connector_class()
        self.clock.advance(made.lag + made.granularity)

    def first_item(self, connector: Connector[Any]) -> TrackedItem:
        """The first living tracked item of a pull."""
        assert isinstance(connector, Tracks)
        for record in self.records(connector):
            item = connector.item(record)
            if isinstance(item, TrackedItem):
                return item
        raise AssertionError("the twin has no tracked item")

    def change(self, item: TrackedItem, fields: Mapping[str, Value] | None = None) -> Change:
        """The write promises' change of an item."""
        assert self.writes, f"{type(self).__name__} needs writes: remote fields with values"
        return Change(target=item.ref.id, fields=fields or self.writes, version=item.version)

    def ranking(self) -> Ranking:
        """A short list of ideas, some with titles that try to break out of their place."""
        titles = (
            "Export to CSV",
            "导出到 Excel",
            '<script>alert("x")</script>',
            "]]> & {macro} |a|b| [~admin] 'q'",
        )
        rows = (
            RankedIdea(
                rank=rank,
                idea=f"IDEA-{rank}",
                title=title,
                band="P1",
                score=90.5 - rank,
                voices=rank,
                tags=("a", "b"),
            )
            for rank, title in enumerate(titles, 1)
        )
        return Ranking(tuple(rows))

    def sent(self) -> list[Received]:
        """The requests so far that were no reading: those with a body or another method than GET."""
        return [
            one for one in self.vendor.requests() if one.method not in ("GET", "HEAD", "OPTIONS") or one.raw
        ]


def meanings(connector: Connector[Any], record: Record) -> Iterator[Feedback | Tombstone | TrackedItem]:
    """The record translated in every way that the connector offers; known refusals are left out."""
    for translate in translations(connector):
        try:
            yield translate(record)
        except (KeyError, TypeError, ValueError, OpshubError):
            continue


def translations(connector: Connector[Any]) -> list[Any]:
    """The connector's pure functions of one record."""
    return [connector.normalize, connector.item] if isinstance(connector, Tracks) else [connector.normalize]


def raised(act: Callable[[], object]) -> Exception | None:
    """What an action raises; a broken promise inside it goes through."""
    try:
        act()
    except AssertionError:
        raise
    # Any error at all is the answer here: the promise judges it.
    except Exception as error:
        return error
    return None


def some_of(count: int, most: int = 6) -> list[int]:
    """Numbers below a count: all of a few, else the first, the last and some between."""
    return sorted({*(number * count // most for number in range(most)), count - 1} & set(range(count)))
