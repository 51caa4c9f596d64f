"""Any store: transactions, leases, connections, marks, facts, runs."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opshub.clock import FrozenClock
from opshub.errors import FencedError, StoreError
from opshub.model import Comment
from opshub.store import Store
from opshub.store.rows import ConnectionState

MINUTE = timedelta(minutes=1)


class Boom(Exception):
    """Something fails in the middle."""


def test_a_failed_transaction_leaves_nothing_behind(store: Store, make: Any) -> None:
    make.idea("1")
    before = (store.last_seq(), store.feedback_after(0, 9), store.ranked(9))

    with pytest.raises(Boom), store.transaction():
        store.put_feedback([make.feedback("2"), make.feedback("1", "changed")])
        store.set_mark("match", 7)
        store.next_idea_number()
        raise Boom

    assert (store.last_seq(), store.feedback_after(0, 9), store.ranked(9)) == before
    assert store.mark("match") == 0


def test_numbers_taken_in_a_failed_transaction_are_given_out_again(store: Store) -> None:
    with pytest.raises(Boom), store.transaction():
        lost = store.next_idea_number()
        raise Boom

    with store.transaction():
        assert store.next_idea_number() == lost


def test_a_rolled_back_change_is_not_remembered(store: Store, make: Any) -> None:
    """Sequence numbers are given out again after a rollback, so nothing may be remembered by them."""
    with pytest.raises(Boom), store.transaction():
        store.put_feedback([make.feedback("1", "lost")])
        assert store.feedback_after(0, 9)[0].feedback.text == "lost"
        raise Boom

    make.put(make.feedback("2", "kept", comments=(Comment(id="1", text="x"),)))

    assert [row.feedback.text for row in store.feedback_after(0, 9)] == ["kept"]


def test_the_name_of_feedback_that_was_rolled_back_leads_nowhere(store: Store, make: Any) -> None:
    with pytest.raises(Boom), store.transaction():
        store.put_feedback([make.feedback("1")])
        raise Boom

    number = make.idea("2")

    assert store.links_of([make.ref("1")]) == {}
    with pytest.raises(StoreError, match="desk:1 cannot be linked"), store.transaction():
        store.put_links([make.link("1", number)])


def test_an_inner_transaction_joins_the_outer_one(store: Store) -> None:
    with pytest.raises(Boom), store.transaction():
        with store.transaction():
            store.set_fact("inner", "x")
        raise Boom

    assert store.fact("inner") == ""


def test_an_inner_transaction_that_fails_takes_only_its_own_part_back(store: Store, make: Any) -> None:
    with store.transaction():
        store.set_fact("outer", "x")
        with pytest.raises(Boom), store.transaction():
            store.put_feedback([make.feedback("1")])
            raise Boom
        store.put_feedback([make.feedback("2")])

    assert store.fact("outer") == "x"
    assert [(row.seq, row.feedback.ref.id) for row in store.feedback_after(0, 9)] == [(1, "2")]


def test_a_transaction_reads_its_own_writes(store: Store, make: Any) -> None:
    with store.transaction():
        store.put_feedback([make.feedback("1")])

        assert store.feedback(make.ref("1")) is not None
        assert store.last_seq() == 1


def test_writing_outside_of_a_transaction_is_refused(store: Store, make: Any) -> None:
    with pytest.raises(StoreError, match="outside of a transaction"):
        store.put_feedback([make.feedback("1")])
    with pytest.raises(StoreError, match="outside of a transaction"):
        store.set_fact("a", "b")

    assert store.feedback_after(0, 9) == []


def test_threads_take_turns(store: Store) -> None:
    def add() -> None:
        for _ in range(20):
            with store.transaction():
                store.set_mark("count", store.mark("count") + 1)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert store.mark("count") == 80


def test_a_lease_is_had_by_one_at_a_time(store: Store, now: datetime) -> None:
    first = store.acquire("sync", "ann", MINUTE, now)

    assert first is not None
    assert store.acquire("sync", "bob", MINUTE, now) is None
    assert store.holder("sync") == "ann"


def test_leases_of_different_names_do_not_meet(store: Store, now: datetime) -> None:
    assert store.acquire("sync", "ann", MINUTE, now)
    assert store.acquire("other", "bob", MINUTE, now)


def test_an_expired_lease_goes_to_the_next_with_a_new_epoch(
    store: Store, clock: FrozenClock, now: datetime
) -> None:
    first = store.acquire("sync", "ann", MINUTE, now)
    clock.advance(MINUTE)

    second = store.acquire("sync", "bob", MINUTE, clock.now())

    assert first and second and second.epoch > first.epoch
    assert store.holder("sync") == "bob"


def test_a_holder_that_was_replaced_is_refused_and_writes_nothing(
    store: Store, clock: FrozenClock, now: datetime
) -> None:
    first = store.acquire("sync", "ann", MINUTE, now)
    clock.advance(MINUTE)
    second = store.acquire("sync", "bob", MINUTE, clock.now())

    with pytest.raises(FencedError, match="bob took over"), store.transaction(first):
        store.set_fact("a", "b")

    with store.transaction(second):
        store.set_fact("a", "c")
    assert store.fact("a") == "c"


def test_the_same_holder_takes_its_lease_again_and_fences_its_former_self(
    store: Store, now: datetime
) -> None:
    first = store.acquire("sync", "ann", MINUTE, now)

    second = store.acquire("sync", "ann", MINUTE, now)

    assert first and second and second.epoch == first.epoch + 1
    with pytest.raises(FencedError), store.transaction(first):
        pass
    with store.transaction(second):
        pass


def test_each_transaction_renews_the_lease(store: Store, clock: FrozenClock, now: datetime) -> None:
    lease = store.acquire("sync", "ann", MINUTE, now)
    clock.advance(MINUTE * 0.9)

    with store.transaction(lease):
        pass
    clock.advance(MINUTE * 0.9)

    assert store.acquire("sync", "bob", MINUTE, clock.now()) is None


def test_an_expired_lease_that_nobody_took_can_still_be_used(
    store: Store, clock: FrozenClock, now: datetime
) -> None:
    lease = store.acquire("sync", "ann", MINUTE, now)
    clock.advance(MINUTE * 5)

    with store.transaction(lease):
        store.set_fact("a", "b")

    assert store.fact("a") == "b"


def test_a_released_lease_is_free_at_once(store: Store, now: datetime) -> None:
    lease = store.acquire("sync", "ann", MINUTE, now)
    assert lease

    store.release(lease)

    assert store.holder("sync") == ""
    assert store.acquire("sync", "bob", MINUTE, now)


def test_a_released_lease_cannot_be_used(store: Store, now: datetime) -> None:
    lease = store.acquire("sync", "ann", MINUTE, now)
    assert lease
    store.release(lease)

    with pytest.raises(FencedError), store.transaction(lease):
        pass


def test_releasing_a_lease_that_was_taken_over_does_nothing(
    store: Store, clock: FrozenClock, now: datetime
) -> None:
    first = store.acquire("sync", "ann", MINUTE, now)
    clock.advance(MINUTE)
    store.acquire("sync", "bob", MINUTE, clock.now())
    assert first

    store.release(first)

    assert store.holder("sync") == "bob"


def test_nobody_holds_a_lease_that_ran_out(store: Store, clock: FrozenClock, now: datetime) -> None:
    store.acquire("sync", "ann", MINUTE, now)
    clock.advance(MINUTE)

    assert store.holder("sync") == ""
    assert store.holder("never heard of") == ""


def test_a_connection_never_seen_has_an_empty_state(store: Store) -> None:
    assert store.connection("desk") == ConnectionState(name="desk")
    assert store.connections() == []


def test_what_is_remembered_of_a_connection_comes_back(store: Store, now: datetime) -> None:
    state = ConnectionState(
        name="desk",
        cursor={"after": "abc", "深": [1, 2.5, None, {"x": True}]},
        binding="zendesk:1",
        parked_until=now + MINUTE,
        error="no",
        error_kind="UnavailableError",
        last_success=now,
        last_attempt=now,
    )

    with store.transaction():
        store.put_connection(state)
        store.put_connection(ConnectionState(name="app", cursor={}))

    assert store.connection("desk") == state
    assert [one.name for one in store.connections()] == ["app", "desk"]
    assert store.connection("app").cursor == {}


def test_a_connection_state_is_replaced_as_a_whole(store: Store, now: datetime) -> None:
    with store.transaction():
        store.put_connection(ConnectionState(name="desk", cursor={"a": 1}, error="no", last_success=now))
        store.put_connection(ConnectionState(name="desk"))

    assert store.connection("desk") == ConnectionState(name="desk")


def test_a_cursor_that_is_no_json_is_refused_by_name(store: Store) -> None:
    with pytest.raises(StoreError, match=r"the cursor of desk.* its after holds"), store.transaction():
        store.put_connection(ConnectionState(name="desk", cursor={"after": object()}))


def test_marks_and_facts_begin_empty_and_are_remembered(store: Store) -> None:
    assert (store.mark("match"), store.fact("rules")) == (0, "")

    with store.transaction():
        store.set_mark("match", 4)
        store.set_mark("match", 5)
        store.set_fact("rules", "规则")

    assert (store.mark("match"), store.fact("rules")) == (5, "规则")


def test_a_run_is_recorded_from_start_to_end(store: Store, clock: FrozenClock, now: datetime) -> None:
    run = store.start_run("sync", now)
    clock.advance(MINUTE)
    running = store.runs(5)[0]

    store.end_run(run, "partly", {"counts": {"new": 3}, "errors": []}, clock.now())

    assert (running.id, running.outcome, running.ended_at, running.detail) == (run, "running", None, {})
    ended = store.runs(5)[0]
    assert (ended.command, ended.outcome, ended.started_at) == ("sync", "partly", now)
    assert (ended.ended_at, ended.detail) == (now + MINUTE, {"counts": {"new": 3}, "errors": []})


def test_runs_left_behind_are_closed_as_killed_when_the_next_one_starts(store: Store, now: datetime) -> None:
    first = store.start_run("sync", now)
    store.end_run(first, "done", {}, now)
    second = store.start_run("sync", now)

    third = store.start_run("apply", now + MINUTE)

    outcomes = {row.id: row.outcome for row in store.runs(9)}
    assert outcomes == {first: "done", second: "killed", third: "running"}
    assert store.runs(9)[1].ended_at == now + MINUTE


def test_runs_that_may_still_be_going_on_are_left_open(store: Store, now: datetime) -> None:
    first = store.start_run("serve", now)

    second = store.start_run("sync", now, alone=False)

    assert {row.id: row.outcome for row in store.runs(9)} == {first: "running", second: "running"}


def test_runs_are_listed_newest_first(store: Store, now: datetime) -> None:
    ids = [store.start_run("sync", now) for _ in range(4)]

    assert [row.id for row in store.runs(2)] == [ids[3], ids[2]]


def test_old_runs_are_forgotten_but_not_those_that_are_going_on(store: Store, now: datetime) -> None:
    going_on = store.start_run("serve", now)
    for _ in range(3):
        store.end_run(store.start_run("sync", now, alone=False), "done", {}, now)

    newest = store.start_run("sync", now, alone=False, keep=2)

    assert [row.id for row in store.runs(9)] == [newest, newest - 1, going_on]


def test_a_moment_keeps_its_microseconds_and_comes_back_in_utc(store: Store) -> None:
    moment = datetime.fromisoformat("2026-03-01T20:00:00.123456+08:00")

    with store.transaction():
        store.put_connection(ConnectionState(name="desk", last_success=moment))

    kept = store.connection("desk").last_success
    assert kept == moment
    assert kept is not None and kept.tzinfo is UTC
