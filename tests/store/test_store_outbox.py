"""Any store: wishes, and what was written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from opshub.errors import StoreError
from opshub.model import Value
from opshub.store import Store
from opshub.store.rows import OutboxRow, OutboxState

Put = Callable[..., int]


@pytest.fixture
def put(store: Store) -> Put:
    """Keeps wishes; how many changed."""

    def put_wishes(*rows: OutboxRow) -> int:
        with store.transaction():
            return store.put_wishes(rows)

    return put_wishes


@pytest.fixture
def settle(store: Store) -> Callable[..., bool]:
    """Settles the one wish that there is."""

    def settle_wish(state: OutboxState, row: OutboxRow | None = None, note: str = "") -> bool:
        with store.transaction():
            return store.settle(row or store.outbox()[0], state, note=note)

    return settle_wish


def send(store: Store, now: datetime, run: int = 3) -> OutboxRow:
    """Mark the one wish as being sent."""
    with store.transaction():
        store.mark_sending(store.outbox(), now, run)
    return store.outbox()[0]


@pytest.mark.parametrize(
    "value",
    ["High", 3, 2.5, True, None, ("a", "b"), (), datetime.fromisoformat("2026-01-01T00:00:00+00:00"), "中\0"],
    ids=repr,
)
def test_a_wish_comes_back_exactly(store: Store, make: Any, put: Put, value: Value) -> None:
    row = make.wish(wish=value, base=value, own=("a",), why="because", note="n")

    assert put(row) == 1

    assert store.outbox() == [row]
    assert type(store.outbox()[0].wish) is type(value)


def test_a_newer_wish_replaces_the_older_and_raises_its_version(store: Store, make: Any, put: Put) -> None:
    put(make.wish(wish="High"))

    assert put(make.wish(wish="Low", why="less")) == 1

    (row,) = store.outbox()
    assert (row.wish, row.why, row.version, row.state) == ("Low", "less", 2, OutboxState.PLANNED)


def test_the_same_wish_again_changes_nothing(store: Store, make: Any, put: Put) -> None:
    put(make.wish())

    assert put(make.wish(why="said otherwise")) == 0

    assert store.outbox()[0].version == 1


def test_the_same_wish_against_another_base_is_a_change(store: Store, make: Any, put: Put) -> None:
    put(make.wish(base=None))

    assert put(make.wish(base="Low")) == 1

    assert (store.outbox()[0].base, store.outbox()[0].version) == ("Low", 2)


def test_the_same_wish_does_not_ask_again_for_what_was_refused(
    store: Store, make: Any, put: Put, settle: Any
) -> None:
    put(make.wish())
    settle(OutboxState.REFUSED, note="not on the screen")

    assert put(make.wish()) == 0

    assert (store.outbox()[0].state, store.outbox()[0].note) == (OutboxState.REFUSED, "not on the screen")


@pytest.mark.parametrize(
    ("before", "after"),
    [(OutboxState.CONFLICT, OutboxState.PLANNED), (OutboxState.PLANNED, OutboxState.CONFLICT)],
)
def test_whether_a_wish_is_a_conflict_is_what_the_planner_says_last(
    store: Store, make: Any, put: Put, before: OutboxState, after: OutboxState
) -> None:
    put(make.wish(state=before))

    assert put(make.wish(state=after)) == 1

    assert store.outbox()[0].state is after


@pytest.mark.parametrize("state", [OutboxState.CONFLICT, OutboxState.REFUSED, OutboxState.DONE])
def test_another_wish_opens_the_row_again(
    store: Store, make: Any, put: Put, settle: Any, state: OutboxState
) -> None:
    put(make.wish())
    settle(state, note="old")

    assert put(make.wish(wish="Low")) == 1

    assert store.outbox() == [make.wish(wish="Low", version=2)]


def test_the_same_wish_after_it_was_done_is_a_new_wish(
    store: Store, make: Any, put: Put, settle: Any
) -> None:
    put(make.wish())
    settle(OutboxState.DONE)

    assert put(make.wish()) == 1

    assert (store.outbox()[0].state, store.outbox()[0].version) == (OutboxState.PLANNED, 2)


def test_a_planned_wish_becomes_a_conflict_when_the_planner_finds_one(
    store: Store, make: Any, put: Put
) -> None:
    put(make.wish())

    assert put(make.wish(state=OutboxState.CONFLICT, note="changed by hand")) == 1

    assert (store.outbox()[0].state, store.outbox()[0].note) == (OutboxState.CONFLICT, "changed by hand")


def test_a_row_that_is_being_sent_keeps_that_state_with_the_new_wish(
    store: Store, make: Any, put: Put, now: datetime
) -> None:
    put(make.wish())
    send(store, now)

    assert put(make.wish()) == 0
    assert put(make.wish(wish="Low", why="less", idea=2)) == 1

    (row,) = store.outbox()
    assert (row.state, row.wish, row.why, row.idea, row.version) == (OutboxState.SENDING, "Low", "less", 2, 2)
    assert (row.attempts, row.sent_at, row.run) == (1, now, 3)


def test_marking_a_wish_as_sent_counts_the_attempt(store: Store, make: Any, put: Put, now: datetime) -> None:
    put(make.wish())
    send(store, now, run=3)

    row = send(store, now, run=4)

    assert (row.state, row.attempts, row.sent_at, row.run) == (OutboxState.SENDING, 2, now, 4)


def test_a_wish_that_changed_since_it_was_read_is_not_marked(
    store: Store, make: Any, put: Put, now: datetime
) -> None:
    put(make.wish())
    (stale,) = store.outbox()
    put(make.wish(wish="Low"))

    with pytest.raises(StoreError, match="priority of jira:1 has changed"), store.transaction():
        store.mark_sending([stale], now, 1)

    assert store.outbox()[0].state is OutboxState.PLANNED


def test_settling_closes_the_wish_and_keeps_what_stands_there(
    store: Store, make: Any, put: Put, settle: Any, now: datetime
) -> None:
    put(make.wish())
    sent = send(store, now)

    assert settle(OutboxState.CONFLICT, replace(sent, base="Medium"), note="by hand") is True

    (row,) = store.outbox()
    assert (row.state, row.note, row.base) == (OutboxState.CONFLICT, "by hand", "Medium")


def test_an_acknowledgement_of_an_older_wish_does_not_close_a_newer_one(
    store: Store, make: Any, put: Put, settle: Any, now: datetime
) -> None:
    put(make.wish())
    sent = send(store, now)
    put(make.wish(wish="Low"))

    assert settle(OutboxState.DONE, sent) is False

    (row,) = store.outbox()
    assert (row.state, row.wish, row.version) == (OutboxState.PLANNED, "Low", 2)


def test_settling_what_is_not_there_says_so(store: Store, make: Any, settle: Any) -> None:
    assert settle(OutboxState.DONE, make.wish()) is False
    assert store.outbox() == []


@pytest.mark.parametrize(
    ("state", "dropped"),
    [
        (OutboxState.PLANNED, 1),
        (OutboxState.CONFLICT, 1),
        (OutboxState.REFUSED, 1),
        (OutboxState.DONE, 0),
        (OutboxState.SENDING, 0),
    ],
)
def test_wishes_no_longer_wanted_are_dropped_unless_they_were_sent(
    store: Store, make: Any, put: Put, settle: Any, now: datetime, state: OutboxState, dropped: int
) -> None:
    put(make.wish())
    if state is OutboxState.SENDING:
        send(store, now)
    else:
        settle(state)

    with store.transaction():
        count = store.drop_wishes([("jira", "1", "priority"), ("jira", "9", "priority")])
        assert store.drop_wishes([]) == 0

    assert count == dropped
    assert len(store.outbox()) == 1 - dropped


def test_the_outbox_is_read_in_order_and_by_what_is_asked_for(
    store: Store, make: Any, put: Put, settle: Any
) -> None:
    put(
        make.wish("2", "a", idea=2),
        make.wish("10", "b", idea=1),
        make.wish("10", "a", idea=1),
        make.wish("1", "z", connection="desk", idea=3),
    )
    settle(OutboxState.DONE, make.wish("2", "a"))

    def places(**asked: Any) -> list[tuple[str, str, str]]:
        return [(row.connection, row.target, row.field) for row in store.outbox(**asked)]

    assert places() == [("desk", "1", "z"), ("jira", "10", "a"), ("jira", "10", "b"), ("jira", "2", "a")]
    assert places(connection="jira", states=[OutboxState.PLANNED]) == [
        ("jira", "10", "a"),
        ("jira", "10", "b"),
    ]
    assert places(ideas=[2, 3]) == [("desk", "1", "z"), ("jira", "2", "a")]
    assert places(states=[OutboxState.DONE, OutboxState.SENDING], ideas=[2]) == [("jira", "2", "a")]
    assert places(limit=1) == [("desk", "1", "z")]
    assert places(connection="none") == []


def test_a_wish_that_no_database_can_hold_is_refused_by_name(store: Store, make: Any) -> None:
    with pytest.raises(StoreError, match="number beyond 64 bits"), store.transaction():
        store.put_wishes([make.wish(), make.wish("2", wish=2**80)])

    assert store.outbox() == []


def test_the_last_written_value_is_remembered(store: Store, make: Any, now: datetime) -> None:
    first = make.written(before=("a",), value=("a", "b"), own=("b",))
    held = make.written("2", run=2, held=True, before=None, value=now)
    with store.transaction():
        store.put_written([make.written(value="old"), first, held, make.written(connection="desk")])

    assert store.written("jira", ["1", "2", "3"]) == {("1", "priority"): first, ("2", "priority"): held}
    assert store.written("jira", []) == {}


def test_what_a_run_wrote_is_what_no_later_run_wrote_again(store: Store, make: Any) -> None:
    with store.transaction():
        store.put_written([make.written("2"), make.written("1"), make.written("1", "labels")])
        store.put_written([make.written("2", run=2)])

    assert [(row.target, row.field) for row in store.written_in(1)] == [("1", "labels"), ("1", "priority")]
    assert [row.target for row in store.written_in(2)] == ["2"]
    assert store.written_in(3) == []
