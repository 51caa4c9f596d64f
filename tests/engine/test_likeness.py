"""What resembles an idea: the full-text index is filled when somebody asks, not while records are pulled."""

from __future__ import annotations

import struct
from dataclasses import replace
from typing import Any

from opshub.engine.regroup import link
from opshub.model import Ref

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


def test_the_middle_of_an_idea_is_found_by_vectors_where_all_its_pieces_have_one(world: Any) -> None:
    for number, text in enumerate(("Export is slow", "Export is slow today", "Dark mode"), 1):
        world.desk.add(number, text)
    world.hub.sync()
    store = world.hub.store
    for number in (2, 3):
        world.act(link, f"desk:{number}", "IDEA-1")
    by_words = world.hub.show("IDEA-1").gist.middle.feedback
    rows = {Ref("desk", "1"): (1.0, 0.0), Ref("desk", "2"): (0.0, 1.0), Ref("desk", "3"): (0.7, 0.7)}
    with world.hub.leased() as lease, store.transaction(lease):
        store.use_encoder("two numbers")
        store.put_vectors([(ref, b"\0" * 8, struct.pack("<2e", *row)) for ref, row in rows.items()])
    # While another process writes, these vectors stay, though no encoder is set.
    writing = store.acquire("hub", "another process", world.hub.limits.lease, world.clock.now())

    assert writing is not None
    assert by_words == Ref("desk", "1")
    assert world.hub.show("IDEA-1").gist.middle.feedback == Ref("desk", "3")
