"""The whole cycle over a small desk and a small board."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from opshub.errors import RateLimitedError, UnavailableError
from opshub.model import Ref


def titles(world: Any) -> list[str]:
    return [idea.title for idea, _, _ in world.hub.ranked()]


def test_feedback_becomes_ranked_ideas(world: Any) -> None:
    world.desk.add(1, "The export is slow")
    world.desk.add(2, "I will cancel my plan")

    report = world.hub.sync()

    assert report.outcome == "done"
    assert titles(world) == ["I will cancel my plan", "The export is slow"]


def test_the_same_words_are_one_idea_with_two_voices(world: Any) -> None:
    world.desk.add(1, "Dark mode, please!")
    world.desk.add(2, "dark  mode, PLEASE!")

    world.hub.sync()

    assert [(idea.number, voices) for idea, _, voices in world.hub.ranked()] == [(1, 2)]


def test_a_second_sync_changes_nothing(world: Any) -> None:
    world.use(WITH_ROUTE)
    world.desk.add(1, "I will cancel")
    world.hub.sync()
    before = world.hub.store.last_seq()
    writes = dict(world.board.writes)

    report = world.hub.sync()

    assert [c.changed for c in report.connections] == [1, 0]  # the board shows the item that the hub made
    assert world.hub.store.last_seq() == before
    assert dict(world.board.writes) == writes


def test_a_key_in_a_ticket_links_it_to_the_tracked_item(world: Any) -> None:
    world.board.add("EXP-7", "Slow export")
    world.desk.add(1, "Still slow, see EXP-7.")

    world.hub.sync()

    assert [(idea.title, voices) for idea, _, voices in world.hub.ranked()] == [("Slow export", 1)]


def test_a_ticket_that_names_a_key_too_early_moves_when_the_item_arrives(world: Any) -> None:
    world.desk.add(1, "Still slow, see EXP-7.")
    world.hub.sync()

    world.board.add("EXP-7", "Slow export")
    world.hub.sync()

    assert [(idea.title, voices) for idea, _, voices in world.hub.ranked()] == [("Slow export", 1)]


def test_a_chain_of_duplicates_is_one_idea_in_any_order(world: Any) -> None:
    world.desk.add(1, "first words", duplicate_of=2)
    world.desk.add(2, "second words", duplicate_of=3)
    world.desk.add(3, "third words")

    world.hub.sync()

    assert [voices for _, _, voices in world.hub.ranked()] == [3]


def test_a_deleted_ticket_no_longer_counts(world: Any) -> None:
    world.desk.add(1, "I will cancel")
    world.hub.sync()

    world.desk.add(1, "I will cancel", deleted=True)
    world.hub.sync()

    assert titles(world) == []
    assert world.hub.store.feedback(Ref("desk", "1")) is None


def test_a_bad_record_is_set_aside_and_the_rest_goes_on(world: Any) -> None:
    world.desk.add(1, "fine")
    world.desk.tickets.append({"id": 2, "created": "yesterday", "text": 5})

    report = world.hub.sync()

    assert (report.connections[1].bad, report.exit_code, titles(world)) == (1, 0, ["fine"])
    (bad,) = world.hub.store.bad()
    assert bad.ref == Ref("desk", "2")
    assert "yesterday" in bad.reason


def test_a_failing_connection_does_not_stop_the_others(world: Any) -> None:
    world.board.add("EXP-1", "An item")
    world.desk.tickets = [world.desk.add(n, f"ticket {n}") for n in range(1, 6)]
    world.desk.failing = UnavailableError("desk: it is down")

    report = world.hub.sync()

    assert report.exit_code == 7
    assert "An item" in titles(world)
    assert world.hub.store.connection("desk").error_kind == "UnavailableError"
    assert world.hub.store.count_records("desk") == 2


def test_a_connection_that_asks_for_patience_is_left_alone_until_then(world: Any) -> None:
    world.desk.tickets = [world.desk.add(n, f"ticket {n}") for n in range(1, 6)]
    world.desk.failing = RateLimitedError("desk: wait", until=world.clock.now() + timedelta(hours=1))
    world.hub.sync()
    pulled = world.desk.pulled

    world.desk.failing = None
    refused = world.hub.sync(["desk"])
    world.clock.advance(timedelta(hours=1, seconds=1))
    taken = world.hub.sync(["desk"])

    assert refused.exit_code == 6
    assert taken.exit_code == 0
    assert world.desk.pulled > pulled


def test_a_routed_idea_gets_an_item_with_its_fields_and_is_recognized_when_it_comes_back(world: Any) -> None:
    world.use(WITH_ROUTE)
    world.desk.add(1, "I will cancel", visibility="public")

    world.hub.sync()
    report = world.hub.sync()

    (item,) = world.board.items.values()
    assert (item["title"], item["marker"]) == ("I will cancel", "IDEA-1")
    assert item["fields"] == {"prio": "P1", "labels": ["churn-risk"]}
    assert "https://desk.example/1" in item["text"]
    assert report.exit_code == 0
    assert world.board.writes == {"create IDEA-1": 1}


def test_dry_run_leaves_no_trace_and_sends_nothing(world: Any) -> None:
    world.use(WITH_ROUTE)
    world.desk.add(1, "I will cancel")

    report = world.hub.sync(dry_run=True)

    assert {stage.name: stage.counts for stage in report.stages}["plan"] == {"wishes": 1}
    assert world.hub.store.last_seq() == 0
    assert not world.board.writes


def test_each_stage_can_be_the_last_one_and_the_next_run_continues(world: Any) -> None:
    world.use(WITH_ROUTE)
    world.desk.add(1, "I will cancel")
    seen = []

    for stage in ("pull", "normalize", "match", "score", "route", "plan", "apply"):
        world.hub.sync(until=stage)
        store = world.hub.store
        seen.append(
            (
                store.count_records("desk"),
                store.feedback(Ref("desk", "1")) is not None,
                store.idea(1) is not None,
                bool(store.decisions([1])),
                bool(store.routes([1])),
                bool(store.outbox()),
                bool(world.board.items),
            )
        )

    assert [sum(map(bool, row)) for row in seen] == [1, 2, 3, 4, 5, 6, 7]


def test_new_rules_are_applied_to_old_feedback_without_pulling(world: Any) -> None:
    world.desk.add(1, "hello there")
    world.hub.sync()

    world.use("score priority = 7\nbands priority { Low otherwise }")
    world.hub.plan()

    ((_, decision, _),) = world.hub.ranked()
    assert (decision.scores["priority"], decision.band) == (7, "Low")


def test_a_decision_that_reads_the_clock_changes_when_its_time_comes(world: Any) -> None:
    world.use(
        "score priority = count feedback where created > ago(7d)\nbands priority { A >= 1, B otherwise }"
    )
    world.desk.add(1, "hello there")
    world.hub.sync()

    world.clock.advance(timedelta(days=8))
    world.hub.sync()

    ((_, decision, _),) = world.hub.ranked()
    assert decision.band == "B"


WITH_ROUTE = """
score priority = 10 * count feedback

rule "They may leave" {
    when any feedback (text mentions ["cancel"])
    priority +50 because "somebody talks about leaving"
    tag "churn-risk"
    route to board.EXP as urgent
}

bands priority { P1 >= 50, P2 >= 20, P3 otherwise }
"""
