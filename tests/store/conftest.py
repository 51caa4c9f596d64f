"""Both stores, a clock that stands still, and makers of small values."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opshub.clock import FrozenClock
from opshub.model import (
    Decision,
    Feedback,
    Idea,
    Link,
    LinkMaker,
    Ref,
    TrackedItem,
)
from opshub.store import Store, open_store
from opshub.store.rows import Lease, OutboxRow, Written

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BACKENDS = ("memory", "sqlite")


@pytest.fixture
def now() -> datetime:
    """The moment at which the clock stands."""
    return NOW


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that stands still."""
    return FrozenClock(NOW)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that is up to date and holds nothing; making one takes longer than copying it."""
    path = tmp_path_factory.mktemp("empty") / "hub.db"
    open_store(path, clock=FrozenClock(NOW)).close()
    return path


@pytest.fixture
def open_at(tmp_path: Path, clock: FrozenClock, empty_database: Path) -> Iterator[Callable[[str], Store]]:
    """Opens a store of a backend; all are closed at the end."""
    opened: list[Store] = []

    def open_backend(backend: str) -> Store:
        path = tmp_path / f"hub{len(opened)}.db"
        if backend == "sqlite":
            shutil.copyfile(empty_database, path)
        where = "memory:" if backend == "memory" else str(path)
        opened.append(open_store(where, clock=clock, wait=timedelta(seconds=0.2)))
        return opened[-1]

    yield open_backend
    for store in opened:
        store.close()


@pytest.fixture(params=BACKENDS)
def store(request: pytest.FixtureRequest, open_at: Callable[[str], Store]) -> Store:
    """An empty store; each test runs over every backend."""
    return open_at(request.param)


@pytest.fixture
def sqlite_store(open_at: Callable[[str], Store]) -> Store:
    """An empty store in a file."""
    return open_at("sqlite")


@dataclass
class Make:
    """Small values with what a test does not care about filled in."""

    store: Store

    @staticmethod
    def ref(name: str, connection: str = "desk") -> Ref:
        return Ref(connection, name)

    @classmethod
    def feedback(cls, name: str, text: str = "the export fails", **more: Any) -> Feedback:
        more.setdefault("created_at", NOW)
        return Feedback(ref=cls.ref(name), url=f"https://desk.test/{name}", text=text, **more)

    @classmethod
    def item(cls, name: str, **more: Any) -> TrackedItem:
        more = {"key": f"FEED-{name}", "title": f"title {name}", "created_at": NOW, **more}
        more.setdefault("url", f"https://jira.test/browse/{more['key']}")
        return TrackedItem(ref=cls.ref(name, "jira"), **more)

    @staticmethod
    def wish(target: str = "1", field: str = "priority", wish: Any = "High", **more: Any) -> OutboxRow:
        more = {"connection": "jira", "idea": 1, "base": None, **more}
        return OutboxRow(target=target, field=field, wish=wish, **more)

    @staticmethod
    def written(target: str = "1", field: str = "priority", **more: Any) -> Written:
        more = {
            "connection": "jira",
            "idea": 1,
            "before": "Low",
            "value": "High",
            "run": 1,
            "at": NOW,
            **more,
        }
        return Written(target=target, field=field, **more)

    @classmethod
    def link(cls, name: str, idea: int, **more: Any) -> Link:
        more = {"maker": LinkMaker.RULE, "reason": "it says so", **more}
        return Link(feedback=cls.ref(name), idea=idea, **more)

    @staticmethod
    def bare_idea(number: int) -> Idea:
        return Idea(number=number, title="the export fails", created_at=NOW)

    @staticmethod
    def decision(idea: int, priority: float = 0.0, band: str = "", **more: Any) -> Decision:
        return Decision(idea=idea, scores={"priority": priority}, band=band, **more)

    def put(self, *rows: Feedback) -> int:
        """Keep feedback."""
        with self.store.transaction():
            return self.store.put_feedback(rows)

    def put_items(self, *rows: TrackedItem, own: bool = False) -> int:
        """Keep tracked items."""
        with self.store.transaction():
            return self.store.put_items(rows, own=own)

    def idea(self, *voices: str, **more: Any) -> int:
        """Keep an idea with these pieces of feedback linked to it; its number."""
        with self.store.transaction():
            number = self.store.next_idea_number()
            idea = Idea(number=number, title=f"idea {number}", created_at=NOW, **more)
            self.store.put_ideas([idea])
            self.store.put_feedback([self.feedback(name) for name in voices])
            self.store.put_links([self.link(name, number) for name in voices])
        return number

    def lease(self, holder: str = "me", ttl: float = 60) -> Lease:
        """Take the lease."""
        now = self.store.clock.now()  # type: ignore[attr-defined]  # no part of the contract, but each has one
        lease = self.store.acquire("sync", holder, timedelta(seconds=ttl), now)
        assert lease is not None
        return lease


@pytest.fixture
def make(store: Store) -> Make:
    """Makers of small values, and of rows in the store."""
    return Make(store)
