"""Any store: what people did to ideas and links, and what that binds the machine to."""

from __future__ import annotations

from typing import Any

import pytest

from opshub.errors import StoreError
from opshub.model import Idea, LinkMaker, Ref, Tombstone, Visibility
from opshub.store import Store
from opshub.store.rows import Action, ActionKind, Bound, Linked, Named


def action(store: Store, make: Any, now: Any, **more: Any) -> Action:
    """An action of every kind of row, kept."""
    link = make.link("1", 1, confidence=0.5)
    moved = make.link("1", 2, maker=LinkMaker.PERSON, reason="ann 说")
    idea = Idea(number=1, title="导出", created_at=now, visibility=Visibility.PUBLIC, item=Ref("jira", "7"))
    rows = {
        "kind": ActionKind.MERGE,
        "at": now,
        "who": "ann",
        "because": "the same",
        "idea": 1,
        "other": 2,
        "feedback": (make.ref("1"),),
        "links": (Linked(make.ref("1"), link, moved, 3), Linked(make.ref("2"), None, None, 0)),
        "bindings": (Bound(Ref("jira", "7"), 1, 2),),
        "ideas": (Named(idea, idea), Named(None, make.bare_idea(5))),
        "apart": ((make.ref("3"), 4),),
        "allowed": ((make.ref("3"), 2),),
        "present": (make.ref("4"),),
        "breaches": (("Drop", 5),),
        **more,
    }
    with store.transaction():
        kept = Action(number=store.next_action(), **rows)
        store.put_action(kept)
    return kept


def test_an_action_comes_back_as_it_was_put(store: Store, make: Any, now: Any) -> None:
    kept = action(store, make, now)

    assert store.action(1) == kept
    assert store.action(2) is None


def test_actions_are_found_by_each_idea_and_each_piece_of_feedback_that_they_touched(
    store: Store, make: Any, now: Any
) -> None:
    first = action(store, make, now)
    second = action(store, make, now, links=(), apart=(), allowed=(), ideas=(), idea=9, other=0)

    for name in ("IDEA-2", "IDEA-4", "IDEA-5", "desk:2", "desk:3"):
        assert store.actions_naming([name]) == [first], name
    assert store.actions_naming(["desk:1", "IDEA-9"]) == [first, second]
    assert store.actions_naming(["desk:1"], after=1) == [second]
    assert store.actions_naming(["desk:4"]) == store.actions_naming([]) == []
    assert store.last_actions(1) == [second]


def test_an_action_is_undone_by_another(store: Store, make: Any, now: Any) -> None:
    action(store, make, now)
    action(store, make, now, kind=ActionKind.UNDO, undoes=1)

    assert store.undone([1, 2, 3]) == {1: 2}


def test_an_action_whose_text_no_database_holds_is_refused(store: Store, make: Any, now: Any) -> None:
    with pytest.raises(StoreError, match="surrogate"):
        action(store, make, now, because="\ud800")


def test_what_is_kept_apart_is_told_by_feedback_and_by_idea_until_it_is_let_go(
    store: Store, make: Any
) -> None:
    make.put(make.feedback("1"), make.feedback("2"))
    one, two = make.ref("1"), make.ref("2")
    with store.transaction():
        store.put_apart([(one, 3), (one, 4), (two, 3), (one, 3)])
        store.drop_apart([(one, 4), (two, 9), (make.ref("9"), 3)])

    assert store.apart([one, two, make.ref("9")]) == {one: frozenset({3}), two: frozenset({3})}
    assert store.apart_from(3) == [one, two]
    assert store.apart_from(4) == []


def test_feedback_that_is_not_there_cannot_be_kept_apart(store: Store, make: Any) -> None:
    with pytest.raises(StoreError, match="desk:9 cannot be kept apart"), store.transaction():
        store.put_apart([(make.ref("9"), 3)])


def test_merged_ideas_are_told_and_touched(store: Store, make: Any) -> None:
    first, second = make.idea("1"), make.idea("2")
    seq = store.last_seq()
    with store.transaction():
        store.put_merged(first, second)

    assert store.merged([first, second]) == {first: second}
    assert [number for _, number in store.ideas_after(seq, 9)] == [first, second]

    with store.transaction():
        store.drop_merged(first)
    assert store.merged([first]) == {}


def test_an_idea_that_is_not_there_takes_none(store: Store, make: Any) -> None:
    with pytest.raises(StoreError, match="IDEA-9"), store.transaction():
        store.put_merged(make.idea("1"), 9)


def test_all_links_of_an_idea_are_told_also_those_of_what_is_gone(store: Store, make: Any) -> None:
    number = make.idea("2", "1")
    make.idea("3")
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("2"))])

    assert store.links_to(number) == [make.link("1", number), make.link("2", number)]
    assert [store.size_of(number, most) for most in (1, 2, 3)] == [1, 2, 2]
    assert store.size_of(number + 9, 3) == 0


def test_a_dropped_link_is_counted_no_more(store: Store, make: Any) -> None:
    number = make.idea("1", "2")
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("2"))])
    seq = store.last_seq()

    with store.transaction():
        store.drop_links([make.ref("1"), make.ref("2"), make.ref("9")])

    assert store.links_of([make.ref("1"), make.ref("2")]) == {}
    assert store.ranked(9) == []
    assert [idea for _, idea in store.ideas_after(seq, 9)] == [number]


def test_tracked_items_are_told_by_their_idea(store: Store, make: Any) -> None:
    number = make.idea("1")
    make.put_items(make.item("1"), make.item("2"))
    with store.transaction():
        store.bind_items([(make.item(name).ref, number) for name in ("2", "1")])
        store.put_tombstones([Tombstone(make.item("2").ref)])

    assert store.bound_to(number) == [make.item("1").ref, make.item("2").ref]
    assert store.bound_to(99) == []
