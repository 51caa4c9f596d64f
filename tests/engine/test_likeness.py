"""What resembles an idea: the full-text index is filled when somebody asks, not while records are pulled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

FIRST = "The weekly export to Excel loses its last column"
SECOND = "Weekly export loses the last column when opened in Excel"


def two_alike(world: Any) -> None:
    world.desk.add(1, FIRST)
    world.desk.add(2, SECOND)
    world.hub.sync()


def test_a_sync_leaves_the_full_text_index_alone(world: Any) -> None:
    two_alike(world)

    assert len(world.hub.store.unindexed(9)) == 2


def test_showing_an_idea_finds_what_resembles_it(world: Any) -> None:
    two_alike(world)

    shown = world.hub.show("IDEA-1")

    assert [number for number, _, _ in shown.suggestions] == [2]
    assert world.hub.store.unindexed(9) == []


def test_new_feedback_is_found_after_the_index_was_filled_once(world: Any) -> None:
    world.desk.add(1, FIRST)
    world.hub.sync()
    world.hub.show("IDEA-1")
    world.desk.add(2, SECOND)
    world.hub.sync()

    shown = world.hub.show("IDEA-1")

    assert [number for number, _, _ in shown.suggestions] == [2]


def test_an_idea_is_shown_without_new_likenesses_while_another_process_writes(world: Any) -> None:
    two_alike(world)
    store, limits = world.hub.store, world.hub.limits
    other = store.acquire("hub", "another process", limits.lease, world.clock.now())

    shown = world.hub.show("IDEA-1")

    assert other is not None
    assert shown.idea.number == 1
    assert shown.suggestions == ()
    assert len(store.unindexed(9)) == 2


def test_the_index_catches_up_before_feedback_may_attach_by_likeness(world: Any) -> None:
    world.desk.add(1, FIRST)
    world.hub.sync()
    world.hub.limits = replace(world.hub.limits, similar="attach")
    world.desk.add(2, f"{FIRST} again")

    world.hub.sync()

    assert [(idea.number, voices) for idea, _, voices in world.hub.ranked()] == [(1, 2)]
