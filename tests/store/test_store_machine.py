"""The stores compared step by step: whatever is done to them in whatever order, they answer the same."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from opshub.clock import FrozenClock
from opshub.errors import OpshubError
from opshub.model import (
    Decision,
    Feedback,
    Idea,
    Link,
    LinkMaker,
    Override,
    Ref,
    Tombstone,
    TombstoneReason,
    TrackedItem,
)
from opshub.store import Store, open_store
from opshub.store.rows import Breach, OutboxRow, OutboxState, RawRow, Route, Said, Support, Written

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

ids = st.sampled_from("abcd")
refs = st.builds(Ref, st.sampled_from(["desk", "app"]), ids)
item_refs = st.builds(Ref, st.just("jira"), ids)
numbers = st.integers(1, 5)
words = st.sampled_from(["export", "csv", "导出", "login", "c++"])
texts = st.lists(words, max_size=4).map(" ".join)
moments = st.integers(0, 3).map(lambda days: NOW - timedelta(days=days))
voices = st.builds(Feedback, ref=refs, url=st.just(""), text=texts, created_at=moments, tags=st.just(()))
items = st.builds(
    TrackedItem,
    ref=item_refs,
    key=st.sampled_from(["F-1", "F-2"]),
    url=st.just(""),
    title=texts,
    created_at=moments,
)
links = st.builds(
    Link, feedback=refs, idea=numbers, maker=st.sampled_from(LinkMaker), reason=st.sampled_from(["x", "y"])
)
decisions = st.builds(
    Decision,
    idea=numbers,
    scores=st.fixed_dictionaries({}, optional={"priority": st.sampled_from([0.0, 1.0, 2.5])}),
    band=st.sampled_from(["", "P1", "P2"]),
    route=st.sampled_from(["", "jira.A"]),
    due=st.none() | moments,
    legend=st.sampled_from(["", "one", "two"]),
    goals=st.sampled_from([(), ("win",), ("grow", "win")]),
    owner=st.sampled_from(["", "ann"]),
)
saids = st.builds(Said, numbers, st.dictionaries(st.sampled_from(["1a", "2b"]), words, max_size=2))
overrides = st.builds(
    Override,
    idea=numbers,
    priority=st.none() | st.just(9.0),
    because=st.just("so"),
    who=st.just("ann"),
    at=moments,
    until=moments,
    day=st.just("soon"),
    owner=st.sampled_from(["", "ann"]),
)
tombstones = st.builds(Tombstone, refs | item_refs, st.sampled_from(TombstoneReason))
wishes = st.builds(
    OutboxRow,
    connection=st.just("jira"),
    target=ids,
    field=st.sampled_from(["", "p"]),
    idea=numbers,
    base=st.sampled_from([None, "x"]),
    wish=st.sampled_from(["x", "y", ("a",)]),
    state=st.sampled_from([OutboxState.PLANNED, OutboxState.CONFLICT]),
)


def few(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(rows, max_size=4)


class Boom(Exception):
    """Something fails in the middle."""


class Twins(RuleBasedStateMachine):
    """Does the same to both stores and compares the answers."""

    empty: Path

    @initialize()
    def begin(self) -> None:
        """Open both."""
        self.folder = Path(tempfile.mkdtemp())
        self.clock = FrozenClock(NOW)
        shutil.copyfile(self.empty, self.folder / "hub.db")
        self.stores = (
            open_store(self.folder / "hub.db", clock=self.clock),
            open_store("memory:", clock=self.clock),
        )

    def teardown(self) -> None:
        """Throw both away."""
        if hasattr(self, "stores"):
            self.stores[0].close()
            shutil.rmtree(self.folder)

    def both(self, work: Callable[[Store], Any], *, fails: bool = False) -> None:
        """Do the same in a transaction of each; a failure of ours must be the same in both."""
        told = []
        for store in self.stores:
            try:
                with store.transaction():
                    answer = work(store)
                    if fails:
                        raise Boom
            except (OpshubError, Boom) as error:
                answer = type(error).__name__
            told.append(answer)
        assert told[0] == told[1]

    @rule(rows=few(voices), fails=st.booleans())
    def put_feedback(self, rows: list[Feedback], fails: bool) -> None:
        self.both(lambda store: store.put_feedback(rows), fails=fails)

    @rule(rows=few(items), own=st.booleans())
    def put_items(self, rows: list[TrackedItem], own: bool) -> None:
        self.both(lambda store: store.put_items(rows, own=own))

    @rule(rows=few(tombstones), fails=st.booleans())
    def put_tombstones(self, rows: list[Tombstone], fails: bool) -> None:
        self.both(lambda store: store.put_tombstones(rows), fails=fails)

    @rule(titles=few(texts), item=st.none() | item_refs, fails=st.booleans())
    def new_ideas(self, titles: list[str], item: Ref | None, fails: bool) -> None:
        def work(store: Store) -> Any:
            taken = [store.next_idea_number() for _ in titles]
            store.put_ideas(
                [
                    Idea(number=n, title=t, created_at=NOW, item=item)
                    for n, t in zip(taken, titles, strict=True)
                ]
            )
            return taken

        self.both(work, fails=fails)

    @rule(rows=few(links), fails=st.booleans())
    def put_links(self, rows: list[Link], fails: bool) -> None:
        self.both(lambda store: store.put_links(rows), fails=fails)

    @rule(rows=st.dictionaries(refs, saids, max_size=4), fails=st.booleans())
    def put_said(self, rows: dict[Ref, Said], fails: bool) -> None:
        self.both(lambda store: store.put_said(rows), fails=fails)

    @rule(rows=few(st.tuples(item_refs, numbers)))
    def bind_items(self, rows: list[tuple[Ref, int]]) -> None:
        self.both(lambda store: store.bind_items(rows))

    @rule(rows=few(decisions))
    def put_decisions(self, rows: list[Decision]) -> None:
        self.both(lambda store: store.put_decisions(rows))

    @rule(rows=few(st.tuples(refs, texts, texts)), fails=st.booleans())
    def index_text(self, rows: list[tuple[Ref, str, str]], fails: bool) -> None:
        self.both(lambda store: store.index_text(rows), fails=fails)

    @rule(
        rows=few(st.tuples(refs, st.sampled_from([b"1", b"2"]))),
        named=few(st.tuples(refs, st.sampled_from(["F-1", ""]))),
    )
    def put_marks(self, rows: list[tuple[Ref, bytes]], named: list[tuple[Ref, str]]) -> None:
        def work(store: Store) -> None:
            store.put_fingerprints(rows)
            store.put_mentions(named)

        self.both(work)

    @rule(rows=few(refs), done=st.booleans(), due=st.booleans())
    def put_records(self, rows: list[Ref], done: bool, due: bool) -> None:
        def work(store: Store) -> Any:
            store.put_records([RawRow(ref, ref.id.encode(), b"{}") for ref in rows], normalized=done)
            if due:
                store.mark_normalized(rows[:1])
                return store.mark_unnormalized("app")
            return None

        self.both(work)

    @rule(rows=few(refs), dropped=few(refs))
    def put_bad(self, rows: list[Ref], dropped: list[Ref]) -> None:
        def work(store: Store) -> None:
            for ref in rows:
                store.put_bad(ref, "no", b"{}", NOW)
            store.drop_bad(dropped)

        self.both(work)

    @rule(rows=few(wishes), dropped=few(st.tuples(st.just("jira"), ids, st.just("p"))))
    def wish(self, rows: list[OutboxRow], dropped: list[tuple[str, str, str]]) -> None:
        self.both(lambda store: (store.put_wishes(rows), store.drop_wishes(dropped)))

    @rule(pick=st.integers(0, 5), state=st.sampled_from(OutboxState), run=numbers, stale=st.booleans())
    def send(self, pick: int, state: OutboxState, run: int, stale: bool) -> None:
        def work(store: Store) -> Any:
            rows = store.outbox()
            if not rows:
                return None
            row = rows[pick % len(rows)]
            store.mark_sending([row], NOW, run)
            if stale:
                store.put_wishes(
                    [
                        OutboxRow(
                            connection="jira", target=row.target, field=row.field, idea=1, base=None, wish=run
                        )
                    ]
                )
            memory = Written(
                connection="jira",
                target=row.target,
                field=row.field,
                idea=1,
                before=row.base,
                value=row.wish,
                run=run,
                at=NOW,
            )
            store.put_written([memory])
            return store.settle(row, state, note="n")

        self.both(work)

    @rule(numbers=few(numbers), project=st.sampled_from(["A", "B", ""]))
    def route(self, numbers: list[int], project: str) -> None:
        def work(store: Store) -> None:
            if project:
                store.put_routes([Route(idea=n, connection="jira", project=project) for n in numbers])
            else:
                store.drop_routes(numbers)
            store.touch_ideas(numbers)

        self.both(work)

    @rule(
        rows=few(st.tuples(st.sampled_from(["a", "b"]), numbers, st.none() | st.sampled_from([0.0, 1.5]))),
        seen=few(st.tuples(st.sampled_from(["a", "b"]), numbers, st.sampled_from(["[1]", "[2]"]))),
        drop=st.booleans(),
    )
    def standing(
        self, rows: list[tuple[str, int, float | None]], seen: list[tuple[str, int, str]], drop: bool
    ) -> None:
        def work(store: Store) -> int:
            if drop:
                store.drop_standing()
            store.put_seen(seen)
            return store.put_standing(list({row[:2]: row for row in rows}.values()))

        self.both(work)

    @rule(idea=numbers, goal=st.sampled_from(["win", "grow"]), drop=st.booleans())
    def support(self, idea: int, goal: str, drop: bool) -> None:
        def work(store: Store) -> object:
            if drop:
                return store.drop_support(idea, goal)
            store.put_support(Support(idea, goal, "so", "ann", NOW))
            return None

        self.both(work)

    @rule(idea=few(numbers), alert=st.sampled_from(["a", "b"]))
    def breach(self, idea: list[int], alert: str) -> None:
        def work(store: Store) -> None:
            for number in idea:
                store.put_breach(Breach(alert, NOW - timedelta(days=number % 2), None, number, (0.5,)))

        self.both(work)

    @rule(override=overrides, drop=st.booleans())
    def override(self, override: Override, drop: bool) -> None:
        def work(store: Store) -> object:
            if drop:
                return store.drop_override(override.idea)
            store.put_override(override)
            return None

        self.both(work)

    @rule(holder=st.sampled_from(["ann", "bob"]), pause=st.integers(0, 2), back=st.booleans())
    def lease(self, holder: str, pause: int, back: bool) -> None:
        self.clock.advance(timedelta(minutes=pause))
        told = [
            store.acquire("sync", holder, timedelta(minutes=1), self.clock.now()) for store in self.stores
        ]
        assert told[0] == told[1]
        if back and told[0] is not None:
            for store in self.stores:
                store.release(told[0])

    @invariant()
    def same_answers(self) -> None:
        """Everything that can be asked is answered alike."""
        if hasattr(self, "stores"):
            one, other = (list(answers(store)) for store in self.stores)
            assert one == other


def answers(store: Store) -> Any:
    """All that a store can be asked."""
    everything = [Ref(connection, name) for connection in ("desk", "app", "jira") for name in "abcd"]
    all_numbers = [3, 1, 2, 4, 5, 6]
    yield store.last_seq()
    yield store.feedback_after(0, 99)
    yield store.feedback_after(5, 2)
    yield store.items_after(0, 99)
    yield store.items_by_key(["F-1", "F-2", "F-3"])
    yield store.links_of(everything)
    yield store.ideas_of_items(everything)
    yield store.same_text([b"1", b"2", b"3"])
    yield store.mentioning(["F-1"])
    yield store.said(everything)
    yield store.unindexed(99)
    yield store.search_text({"export": 1.0, "导出": 0.5, "c++": 2.0}, 99)
    yield store.indexed_text(everything)
    yield store.text_size()
    yield store.term_counts(["export", "csv", "导出", "login", "c++"])
    yield store.ideas(all_numbers)
    yield store.ideas_after(3, 99)
    yield store.ideas_due(NOW - timedelta(days=1), 99)
    yield list(store.voices(all_numbers))
    yield from results(store, all_numbers)


def results(store: Store, all_numbers: list[int]) -> Any:
    """What can be asked of ideas, decisions, wishes and records."""
    yield store.ranked(99)
    yield store.ranked(2, 1, "P1")
    yield store.count_ideas(), store.count_ideas("P1")
    yield store.decisions(all_numbers)
    yield store.legends()
    yield store.decisions_after(2, 99)
    yield store.destinations_after(2, 99)
    yield store.routes(all_numbers)
    yield store.overrides(all_numbers)
    yield store.supports(all_numbers), store.supports([2]), store.supports([])
    yield store.breaches(), store.breaches([1, 2]), store.breaches([])
    yield store.ranked(99, facet=("goal", "win")), store.ranked(2, 0, "P1", ("owner", "ann"))
    yield store.count_ideas(facet=("goal", "win")), store.count_ideas("P1", ("owner", "ann"))
    yield store.standing("a"), store.standing("b"), store.seen(all_numbers)
    yield store.outbox()
    yield store.outbox(states=[OutboxState.SENDING], ideas=[1, 2], limit=3)
    yield store.written("jira", ["a", "b"])
    yield store.written_in(2)
    yield store.bad()
    yield store.hashes("desk", ["a", "b", "c", "d"]), store.unnormalized("app", 99)
    yield store.absent("desk", ["a"]), store.absent("jira", [])
    yield store.holder("sync")


@pytest.fixture
def machine(empty_database: Path) -> type[Twins]:
    """The machine, with an empty database to copy."""
    Twins.empty = empty_database
    return Twins


def test_the_stores_give_the_same_answers_after_the_same_steps(machine: type[Twins]) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )
