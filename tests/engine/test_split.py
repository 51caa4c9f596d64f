"""Splitting an idea by hand: what goes, what stays, and what the machine may do about it later."""

from __future__ import annotations

from typing import Any

import pytest

from opshub.engine.merge import merge, split
from opshub.engine.regroup import link
from opshub.engine.undo import history, undo
from opshub.errors import NotFoundError, UsageError
from opshub.model import Ref, Visibility


@pytest.fixture(params=["memory", "sqlite"])
def one(request: Any, worlds: Any) -> Any:
    """A world with one idea, IDEA-1, that is tracked as EXP-1 and has three voices; 4 stands alone as IDEA-2."""
    world = worlds(request.param)
    world.board.add("EXP-1", "Export", prio="P9", labels=[])
    for number, text in ((1, "EXP-1 csv"), (2, "EXP-1 导出 Excel"), (3, "EXP-1 pdf"), (4, "dark")):
        world.desk.add(number, text, visibility="internal" if number == 3 else "public")
    world.hub.sync()
    assert world.where(1, 2, 3, 4) == [1, 1, 1, 2]
    return world


def notes(done: Any) -> str:
    return "\n".join(done.notes)


def test_the_named_pieces_begin_an_idea_and_both_are_scored_anew(one: Any) -> None:
    done = one.act(split, "EXP-1", ["desk:2", "desk:3"])

    assert done.action.told() == "ann split desk:2, desk:3 off IDEA-1 as IDEA-3: the same wish"
    assert one.where(1, 2, 3, 4) == [1, 3, 3, 2]
    assert one.voices() == {1: 1, 2: 1, 3: 2}
    shown = one.hub.show("IDEA-3")
    assert (shown.idea.title, shown.item_key, shown.decision.scores["priority"]) == (
        "EXP-1 导出 Excel",
        "",
        20.0,
    )
    assert one.hub.show("IDEA-1").item_key == "EXP-1"


def test_its_title_is_as_private_as_what_it_comes_from(one: Any) -> None:
    one.act(split, "IDEA-1", ["desk:2"], title="Excel")
    assert one.hub.show("IDEA-3").idea.visibility is Visibility.PUBLIC

    one.act(split, "IDEA-1", ["desk:3"], title="Papers")

    made = one.hub.show("IDEA-4").idea
    assert (made.title, made.visibility) == ("Papers", Visibility.INTERNAL)


def test_the_machine_brings_together_neither_what_went_nor_what_stayed(one: Any) -> None:
    one.act(split, "IDEA-1", ["desk:2"])

    one.desk.add(1, "EXP-1 导出 Excel", duplicate_of="2")
    one.desk.add(2, "EXP-1 csv", duplicate_of="1")
    one.board.items["EXP-1"]["title"] = "Export again"
    one.hub.sync(full=True)
    one.hub.sync(full=True)

    assert one.where(1, 2, 3) == [1, 3, 1]


def test_what_stayed_is_not_pulled_after_by_a_duplicate_link(one: Any) -> None:
    one.act(split, "IDEA-1", ["desk:2"])

    one.desk.add(1, "csv", duplicate_of="2")
    one.hub.sync()

    assert one.where(1, 2) == [1, 3]


def test_new_feedback_goes_where_it_says(one: Any) -> None:
    one.act(split, "IDEA-1", ["desk:2"])

    one.desk.add(6, "EXP-1 too")
    one.desk.add(7, "again", duplicate_of="2")
    one.hub.sync()

    assert one.where(6, 7) == [1, 3]


def test_undo_puts_all_back_and_takes_along_what_came_after_the_pieces(one: Any) -> None:
    before, ranked = one.hub.store.links_of([Ref("desk", str(n)) for n in range(1, 5)]), one.hub.ranked()
    one.act(split, "IDEA-1", ["desk:2", "desk:3"])
    one.act(undo, "IDEA-3")
    assert one.hub.store.links_of(list(before)) == before
    assert one.hub.ranked() == ranked
    assert one.hub.store.apart(list(before)) == {}

    one.act(split, "IDEA-1", ["desk:2", "desk:3"])
    one.desk.add(6, "again", duplicate_of="2")
    one.desk.add(7, "exp-1  PDF.")
    one.desk.add(8, "unlike")
    one.hub.sync()
    one.act(link, "desk:8", "IDEA-4")
    done = one.act(undo, "3")

    assert one.where(1, 2, 3, 6, 8) == [1, 1, 1, 1, 4]
    assert "came later and stays with IDEA-4: desk:8" in notes(done)


def test_undo_names_the_item_that_was_made_meanwhile(one: Any) -> None:
    one.act(split, "IDEA-1", ["desk:2"])
    one.board.add("EXP-9", "made")["marker"] = "IDEA-3"
    one.hub.sync()

    done = one.act(undo, None)

    assert one.where(2) == [1]
    assert "IDEA-3 stays, with EXP-9, which was made for it meanwhile" in notes(done)
    assert "opshub ideas merge IDEA-3 IDEA-1" in notes(done)


def test_what_was_split_can_be_merged_again_and_then_undone_in_reverse(one: Any) -> None:
    ranked = one.hub.ranked()
    one.act(split, "IDEA-1", ["desk:2"])
    apart = one.hub.ranked()
    done = one.act(merge, "IDEA-3", "IDEA-1")
    assert one.where(1, 2, 3) == [1, 1, 1]
    assert "desk:2 was kept apart from IDEA-1; the merge outweighs that" in notes(done)

    one.act(undo, None)
    assert one.hub.ranked() == apart
    one.act(undo, None)

    assert one.hub.ranked() == ranked
    assert [undone for _, undone in history(one.hub.store, "IDEA-1")] == [4, 3, 0, 0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("IDEA-1", ["desk:4"]), "desk:4 belongs to IDEA-2, not to IDEA-1"),
        (("IDEA-1", ["desk:5"]), "desk:5 belongs to no idea"),
        (("IDEA-2", ["desk:4"]), "nothing would be left of IDEA-2"),
        (("IDEA-1", ["desk:9"]), "there is no feedback 'desk:9'"),
        (("IDEA-9", ["desk:1"]), "there is no idea 'IDEA-9'"),
    ],
)
def test_what_cannot_be_split_is_refused(one: Any, words: Any, told: str) -> None:
    one.desk.add(5, "")
    one.hub.sync()

    with pytest.raises((NotFoundError, UsageError), match=told) as refused:
        one.act(split, *words)

    assert refused.value.hint


def test_an_idea_with_a_tracked_item_may_lose_all_its_voices(one: Any) -> None:
    one.act(split, "IDEA-1", ["desk:1", "desk:2", "desk:3"])

    assert one.voices() == {1: 0, 2: 1, 3: 3}
