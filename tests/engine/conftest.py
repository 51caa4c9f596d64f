"""A small desk and a small tracker, in memory, that behave: what the engine's tests pull from and write to."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from opshub.clock import FrozenClock
from opshub.engine.connection import Connection, Limits
from opshub.engine.deed import Asked, Done
from opshub.engine.facts import schema
from opshub.engine.hub import Hub
from opshub.engine.regroup import link
from opshub.language import EMPTY, RuleSet, Source, check
from opshub.model import (
    Account,
    Change,
    Cursor,
    Draft,
    Feedback,
    Person,
    Ranking,
    Receipt,
    Record,
    Ref,
    Tombstone,
    TrackedItem,
    Visibility,
)
from opshub.sdk import ConflictError, Connector, Http, Page, Settings, UnknownOutcomeError
from opshub.store import open_store

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


class NoSettings(Settings):
    """Nothing to set."""


class Desk(Connector[NoSettings]):
    """Tickets in a list; a page is two of them; writes tags back."""

    kind = "desk"
    Settings = NoSettings

    def __init__(self, name: str, **extra: Any) -> None:
        super().__init__(
            name, NoSettings(), Http("https://unused.example", clock=FrozenClock(START)), **extra
        )
        self.tickets: list[dict[str, Any]] = []
        self.failing: Exception | None = None
        self.written: list[Change] = []
        self.lose_answer = False
        self.pulled = 0
        self.size = 2

    def add(self, number: object, text: str, **more: Any) -> dict[str, Any]:
        """A new ticket, or a new version of an old one, at the end of the list."""
        self.tickets = [ticket for ticket in self.tickets if ticket["id"] != number]
        ticket = {"id": number, "text": text, "created": START.isoformat(), "change": self.pulled, **more}
        self.tickets.append(ticket)
        return ticket

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        begin = 0
        while True:
            if self.failing is not None and begin >= self.size:
                raise self.failing
            rows = self.tickets[begin : begin + self.size]
            begin += self.size
            self.pulled += len(rows)
            yield Page(rows, {"after": begin}, total=len(self.tickets))
            if begin >= len(self.tickets):
                return

    def normalize(self, record: Record) -> Feedback | Tombstone:
        ticket: Mapping[str, Any] = record
        if ticket.get("deleted"):
            return Tombstone(self.ref(ticket["id"]))
        return Feedback(
            ref=self.ref(ticket["id"]),
            url=f"https://desk.example/{ticket['id']}",
            text=ticket["text"],
            title=ticket.get("title", ""),
            created_at=datetime.fromisoformat(ticket["created"]),
            author=Person(id=ticket["who"]) if "who" in ticket else None,
            account=Account(id=ticket["account"], plan=ticket.get("plan", ""))
            if "account" in ticket
            else None,
            visibility=Visibility(ticket.get("visibility", "internal")),
            tags=tuple(ticket.get("tags", ())),
            duplicate_of=str(ticket.get("duplicate_of", "")),
        )

    def read(self, ids: Sequence[str]) -> Iterator[Record]:
        yield from (ticket for ticket in self.tickets if str(ticket["id"]) in ids)

    def item(self, record: Record) -> TrackedItem:
        ticket: Mapping[str, Any] = record
        return TrackedItem(
            ref=self.ref(ticket["id"]),
            key=f"#{ticket['id']}",
            url="https://desk.example/",
            title="",
            created_at=START,
            fields={"tags": tuple(sorted(ticket.get("tags", ())))},
        )

    def write(self, change: Change) -> Receipt:
        self.written.append(change)
        (ticket,) = (t for t in self.tickets if str(t["id"]) == change.target)
        tags = change.fields["tags"]
        assert isinstance(tags, tuple)
        ticket["tags"] = list(tags)
        if self.lose_answer:
            self.lose_answer = False
            raise UnknownOutcomeError("no answer came")
        return Receipt(target=change.target)


class Board(Connector[NoSettings]):
    """A tracker in memory: counts writes, can lose answers, race, refuse, and publishes a list."""

    kind = "board"
    Settings = NoSettings
    lag: ClassVar[timedelta] = timedelta(seconds=2)

    def __init__(self, name: str, **extra: Any) -> None:
        super().__init__(
            name, NoSettings(), Http("https://unused.example", clock=FrozenClock(START)), **extra
        )
        self.items: dict[str, dict[str, Any]] = {}
        self.writes: Counter[str] = Counter()
        self.lose_answer = False
        self.race: Callable[[], None] | None = None
        self.refuses: dict[str, str] = {}
        self.page: tuple[object, ...] | None = None

    def add(self, key: str, title: str, **fields: Any) -> dict[str, Any]:
        row = {"id": key, "title": title, "fields": fields, "version": 1, "marker": ""}
        self.items[key] = row
        return row

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        yield Page(list(self.items.values()), {"n": len(self.items)})

    def normalize(self, record: Record) -> Feedback | Tombstone:
        raise TypeError("not feedback")

    def item(self, record: Record) -> TrackedItem:
        row: Mapping[str, Any] = record
        fields = {n: tuple(v) if isinstance(v, list) else v for n, v in row["fields"].items()}
        return TrackedItem(
            ref=self.ref(row["id"]),
            key=row["id"],
            url=f"https://board.example/{row['id']}",
            title=row["title"],
            created_at=START,
            status=str(row["fields"].get("status", "")),
            fields=fields,
            version=str(row["version"]),
            marker=row["marker"],
        )

    def read(self, ids: Sequence[str]) -> Iterator[Record]:
        yield from (row for key, row in self.items.items() if key in ids)

    def write(self, change: Change) -> Receipt:
        if self.race is not None:
            race, self.race = self.race, None
            race()
        row = self.items[change.target]
        if str(row["version"]) != change.version:
            raise ConflictError("it changed meanwhile")
        taken = {n: v for n, v in change.fields.items() if n not in self.refuses}
        if taken:
            self.writes[change.target] += 1
            row["fields"].update({n: list(v) if isinstance(v, tuple) else v for n, v in taken.items()})
            row["version"] += 1
        self._maybe_lose()
        refused = {n: self.refuses[n] for n in change.fields if n in self.refuses}
        return Receipt(target=change.target, version=str(row["version"]), refused=refused)

    def find(self, marker: str) -> str | None:
        return next((key for key, row in self.items.items() if row["marker"] == marker), None)

    def create(self, draft: Draft) -> Receipt:
        key = f"{draft.project}-{len(self.items) + 1}"
        fields = {n: list(v) if isinstance(v, tuple) else v for n, v in draft.fields.items()}
        self.items[key] = {
            "id": key,
            "title": draft.title,
            "text": draft.text,
            "fields": fields,
            "version": 1,
            "marker": draft.marker,
        }
        self.writes[f"create {draft.marker}"] += 1
        self._maybe_lose()
        return Receipt(target=key, version="1")

    def _maybe_lose(self) -> None:
        if self.lose_answer:
            self.lose_answer = False
            raise UnknownOutcomeError("no answer came")

    def fingerprint(self, ranking: Ranking) -> str:
        return repr([(row.idea, row.title, row.band) for row in ranking.rows])

    def published(self) -> str | None:
        return None if self.page is None else repr(list(self.page))

    def publish(self, ranking: Ranking) -> Receipt:
        self.writes["publish"] += 1
        self.page = tuple((row.idea, row.title, row.band) for row in ranking.rows)
        return Receipt(target="")


RULES = """
score priority = 10 * count feedback

rule "They may leave" {
    when any feedback (text mentions ["cancel", "退订"])
    priority +50 because "somebody talks about leaving"
    tag "churn-risk"
}

bands priority { P1 >= 50, P2 >= 20, P3 otherwise }
"""

ROUTED = (
    RULES + '\nrule "Leavers" { when any feedback (text mentions ["cancel"]) route to board.EXP as urgent }\n'
)


LEAVERS = """
score priority = 10 * count feedback

rule "They may leave" {
    when any feedback (text mentions ["cancel"])
    priority +50
    tag "churn-risk"
    route to board.EXP as urgent
}

bands priority { P1 >= 50, P2 otherwise }
"""
"""What rules that are tried are compared with."""

COMPILED: dict[str, RuleSet] = {}
"""Rule sets by text: every world has the same connections."""


class World:
    """A hub between a desk and a board."""

    def __init__(self, folder: Path | None, empty: Path | None) -> None:
        """In a copy of an empty database; without one, in memory."""
        self.clock = FrozenClock(START)
        self.path = folder / "hub.db" if folder else Path()
        if empty is not None:
            shutil.copyfile(empty, self.path)
        self.desk = Desk("desk")
        self.board = Board("board", fields=("prio", "labels"))
        self.connections = [
            Connection(name="desk", connector=self.desk),
            Connection(
                name="board",
                connector=self.board,
                role="ideas",
                apply="auto",
                write={"band": "prio", "tags": "labels"},
            ),
        ]
        self.hub = Hub(
            store=open_store(self.path if folder else "memory:", clock=self.clock),
            connections=self.connections,
            rules=EMPTY,
            clock=self.clock,
            limits=Limits(wait=timedelta(0)),
        )
        self.use(RULES)

    def use(self, text: str) -> None:
        """Put other rules in force."""
        self.hub.rules = self.rules(text)

    def rules(self, text: str) -> RuleSet:
        if text not in COMPILED:
            checked = check([Source("t.rules", text)], schema(self.connections))
            assert checked.rules is not None, "\n".join(d.render() for d in checked.diagnostics)
            COMPILED[text] = checked.rules
        return COMPILED[text]

    def act(self, deed: Callable[..., Done], *words: Any, by: str = "ann", **more: Any) -> Done:
        """Have somebody do something by hand."""
        asked = Asked(by, "the same wish")
        return self.hub.act("ideas", lambda work: deed(work, *words, asked=asked, **more))

    def where(self, *numbers: object) -> list[int | None]:
        """The idea that each ticket belongs to."""
        refs = [Ref("desk", str(number)) for number in numbers]
        links = self.hub.store.links_of(refs)
        return [links[ref].idea if ref in links else None for ref in refs]

    def voices(self) -> dict[int, int]:
        """How many voices each living idea has."""
        return {idea.number: count for idea, _, count in self.hub.ranked()}

    def connect(self, name: str, **changes: Any) -> None:
        """Change what the admin decided about a connection."""
        from dataclasses import replace

        self.connections = [replace(c, **changes) if c.name == name else c for c in self.connections]
        self.hub.connections = self.connections


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all its tables and nothing in them: making them anew takes longer than most tests."""
    path: Path = tmp_path_factory.mktemp("empty") / "hub.db"
    open_store(path, clock=FrozenClock(START)).close()
    return path


@pytest.fixture
def worlds(tmp_path: Path, empty: Path) -> Iterator[Callable[[str], World]]:
    """Makes worlds, of kind "memory" or "sqlite"."""
    made: list[World] = []

    def make(kind: str) -> World:
        if kind == "memory":
            made.append(World(None, None))
        else:
            folder = tmp_path / str(len(made))
            folder.mkdir()
            made.append(World(folder, empty))
        return made[-1]

    yield make
    for world in made:
        world.hub.store.close()


@pytest.fixture
def world(tmp_path: Path, empty: Path) -> Iterator[World]:
    """The desk, the board and the hub between them."""
    made = World(tmp_path, empty)
    yield made
    made.hub.store.close()


PAIRS = (
    "The weekly export to Excel loses its last column",
    "Weekly export loses the last column when opened in Excel",
    "Please bring a dark theme for late evenings",
    "the export misses a column",
    "last column is gone",
    "dark theme for evenings",
)


@pytest.fixture(params=["memory", "sqlite"])
def four(request: Any, worlds: Callable[[str], World]) -> World:
    """Ideas 1 and 2, of two pieces each, that mean the same; idea 3, of two pieces, means something else."""
    world = worlds(request.param)
    for number, text in enumerate(PAIRS, 1):
        world.desk.add(number, text)
    world.hub.sync()
    for piece, idea in ((4, 1), (5, 2), (6, 3)):
        world.act(link, f"desk:{piece}", f"IDEA-{idea}")
    return world
