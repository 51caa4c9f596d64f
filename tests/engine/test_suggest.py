"""Suggestions to merge and to split: what is suggested, what never again, and what a suggestion costs."""

from __future__ import annotations

from typing import Any

import pytest
from tests.engine.conftest import PAIRS

from opshub.engine.deed import Asked
from opshub.engine.merge import merge, split
from opshub.engine.regroup import link, unlink
from opshub.engine.suggest import refuse, suggest_again, suggestions
from opshub.engine.undo import undo
from opshub.errors import NotFoundError, UsageError
from opshub.model import Ref


def suggested(world: Any, limit: int = 9) -> list[tuple[int, int]]:
    found, _ = world.hub.act("ideas suggest", lambda work: suggestions(work, limit))
    return [(it.idea.number, it.into.number) for it in found]


def parted(world: Any) -> list[tuple[int, list[str]]]:
    _, found = world.hub.act("ideas suggest", lambda work: suggestions(work, 9))
    return [(it.idea.number, [piece.ref.id for piece in it.second]) for it in found]


def refused(world: Any, *ideas: str, again: bool = False) -> Any:
    do = suggest_again if again else refuse
    return world.hub.act("ideas refuse", lambda work: do(work, ideas, Asked("ann")))


def test_ideas_whose_pieces_are_alike_are_suggested_with_the_pieces(four: Any) -> None:
    found, _ = four.hub.act("ideas suggest", lambda work: suggestions(work, 9))

    assert [(it.idea.number, it.into.number) for it in found] == [(2, 1)]
    assert {piece.ref.id for pair in found[0].pieces[:1] for piece in pair} == {"1", "2"}
    assert found[0].voices == (2, 2)


def test_a_suggestion_changes_nothing_and_the_merge_that_follows_it_can_be_undone(four: Any) -> None:
    before = four.where(1, 2, 3, 4, 5, 6)
    assert suggested(four) == [(2, 1)]
    assert four.where(1, 2, 3, 4, 5, 6) == before

    four.act(merge, "IDEA-2", "IDEA-1")
    assert suggested(four) == []
    four.act(undo, None)

    assert four.where(1, 2, 3, 4, 5, 6) == before


def test_the_idea_with_the_tracked_item_survives(four: Any) -> None:
    four.board.add("EXP-1", "Export", prio="P9", labels=[])
    four.hub.sync()
    item = Ref("board", "EXP-1")
    into = four.hub.store.ideas_of_items([item])[item]
    four.act(merge, "IDEA-2", f"IDEA-{into}")

    assert suggested(four) == [(1, into)]


def test_what_a_person_refused_is_never_suggested_again_until_he_says_so(four: Any) -> None:
    refused(four, "IDEA-1", "IDEA-2")
    assert suggested(four) == []

    four.desk.add(7, f"{PAIRS[1]} again")
    four.hub.sync()
    four.act(link, "desk:7", "IDEA-2")
    assert suggested(four) == []

    refused(four, "IDEA-2", "IDEA-1", again=True)
    assert suggested(four) == [(1, 2)]


def test_a_refusal_goes_along_when_one_of_the_two_is_merged(four: Any) -> None:
    refused(four, "IDEA-1", "IDEA-2")
    four.act(merge, "IDEA-2", "IDEA-3")

    assert suggested(four) == []


def test_what_a_person_parted_is_not_suggested(four: Any) -> None:
    four.act(merge, "IDEA-2", "IDEA-1")
    four.act(split, "IDEA-1", ["desk:2", "desk:5"])

    assert suggested(four) == []


def test_a_piece_that_was_unlinked_keeps_its_idea_from_being_suggested(four: Any) -> None:
    four.act(link, "desk:2", "IDEA-1")
    four.act(unlink, "desk:2")
    four.act(link, "desk:5", f"IDEA-{four.where(2)[0]}")

    assert suggested(four) == []


def test_an_idea_with_two_subjects_is_told_with_the_pieces_of_the_second(four: Any) -> None:
    four.desk.add(7, "the weekly Excel export loses a column")
    four.hub.sync()
    four.act(link, "desk:7", "IDEA-1")
    assert parted(four) == []

    four.act(merge, "IDEA-3", "IDEA-1")

    assert parted(four) == [(1, ["3", "6"])]
    four.act(split, "IDEA-1", ["desk:3", "desk:6"])
    assert parted(four) == []


def test_an_idea_that_a_person_called_one_subject_is_left_alone(four: Any) -> None:
    four.act(merge, "IDEA-3", "IDEA-1")
    assert [idea for idea, _ in parted(four)] == [1]

    refused(four, "IDEA-1")
    four.desk.add(7, "dark theme for late evenings, please")
    four.hub.sync()
    four.act(link, "desk:7", "IDEA-1")

    assert parted(four) == []


def test_only_what_changed_is_looked_at_again(four: Any) -> None:
    assert suggested(four) == [(2, 1)]
    store = four.hub.store
    with store.transaction():
        store.put_resemblances([Ref("desk", name) for name in "12345"], [])
    four.desk.add(7, f"{PAIRS[2]} soon")
    four.hub.sync()

    assert suggested(four) == []
    four.desk.add(2, f"{PAIRS[1]} 2024")
    four.hub.sync()
    assert suggested(four) == [(2, 1)]


@pytest.mark.parametrize(
    ("ideas", "again", "error", "told"),
    [
        pytest.param(("IDEA-1", "IDEA-1"), False, UsageError, "are one idea", id="the same idea"),
        pytest.param(("IDEA-1", "IDEA-99"), False, NotFoundError, "IDEA-99", id="an unknown idea"),
        pytest.param(("IDEA-1", "IDEA-2"), True, NotFoundError, "nobody refused", id="nothing to take back"),
    ],
)
def test_what_cannot_be_refused_is_told(
    four: Any, ideas: tuple[str, ...], again: bool, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        refused(four, *ideas, again=again)


def test_what_was_refused_before_is_not_refused_again(four: Any) -> None:
    refused(four, "IDEA-1", "IDEA-2")

    with pytest.raises(UsageError, match="refused already"):
        refused(four, "IDEA-2", "IDEA-1")
    refused(four, "IDEA-1", "IDEA-2", again=True)
    refused(four, "IDEA-2", "IDEA-1")
