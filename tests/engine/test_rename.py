"""What a person calls an idea: own words or those of its feedback, who may read them, and what comes after."""

from __future__ import annotations

from typing import Any

import pytest

from opshub.engine.regroup import link
from opshub.engine.rename import rename
from opshub.engine.undo import history, undo
from opshub.errors import UsageError
from opshub.model import Visibility


@pytest.fixture(params=["memory", "sqlite"])
def one(request: Any, worlds: Any) -> Any:
    """A world with one idea of four pieces, of which two say most; ticket 9 stands alone."""
    world = worlds(request.param)
    texts = (
        "It fails",
        "export of the weekly report fails",
        "the export of a report fails",
        "report is empty",
    )
    for number, text in enumerate(texts, 1):
        world.desk.add(number, text, who=f"p{number}")
    world.desk.add(9, "dark mode", who="q")
    world.hub.sync()
    for number in (2, 3, 4):
        world.act(link, f"desk:{number}", "IDEA-1")
    world.hub.sync()
    return world


def title(world: Any, idea: str = "IDEA-1") -> str:
    called: str = world.hub.show(idea).idea.title
    return called


def test_an_idea_is_called_what_a_person_says_and_its_rules_read_that(one: Any) -> None:
    one.use('rule "weekly" { when idea.title mentions ["weekly"]\n tag "weekly" }\n')
    one.hub.sync()
    before = one.hub.show("IDEA-1").decision.tags

    done = one.act(rename, "IDEA-1", title="Weekly reports cannot be exported")
    one.hub.sync()

    assert done.action.told() == (
        "ann renamed IDEA-1 from “It fails” to “Weekly reports cannot be exported”: the same wish"
    )
    assert title(one) == "Weekly reports cannot be exported"
    assert (before, one.hub.show("IDEA-1").decision.tags) == ((), ("weekly",))


def test_it_may_be_called_by_the_piece_in_its_middle(one: Any) -> None:
    middle = one.hub.show("IDEA-1").gist.middle.feedback

    one.act(rename, "IDEA-1", middle=True)

    assert middle.id in ("2", "3")
    assert title(one) == one.hub.store.feedback(middle).text


def test_it_may_be_called_by_any_piece_of_it(one: Any) -> None:
    one.act(rename, "IDEA-1", piece="desk:4")

    assert title(one) == "report is empty"


def test_own_words_are_as_private_as_the_most_private_piece(one: Any) -> None:
    one.desk.add(4, "report is empty", who="p4", visibility="restricted")
    one.hub.sync()

    one.act(rename, "IDEA-1", title="Reports")

    assert one.hub.show("IDEA-1").idea.visibility is Visibility.RESTRICTED


def test_the_words_of_a_piece_are_as_private_as_that_piece(one: Any) -> None:
    one.desk.add(4, "report is empty", who="p4", visibility="restricted")
    one.desk.add(3, "the export of a report fails", who="p3", visibility="public")
    one.hub.sync()

    one.act(rename, "IDEA-1", piece="desk:4")
    private = one.hub.show("IDEA-1").idea.visibility
    one.act(rename, "IDEA-1", piece="desk:3")

    assert (private, one.hub.show("IDEA-1").idea.visibility) == (Visibility.RESTRICTED, Visibility.PUBLIC)


def test_undo_gives_back_what_it_was_called_and_who_could_read_it(one: Any) -> None:
    before = one.hub.show("IDEA-1").idea
    one.act(rename, "IDEA-1", title="Reports")
    one.act(rename, "IDEA-1", title="Weekly reports")
    first, second = (action.number for action, _ in history(one.hub.store, "IDEA-1")[-2:])

    with pytest.raises(UsageError, match=f"action {first} cannot be undone before action {second}"):
        one.act(undo, str(first))
    one.act(undo, str(second))
    one.act(undo, str(first))

    assert one.hub.show("IDEA-1").idea == before


def test_feedback_that_comes_later_does_not_change_it(one: Any) -> None:
    one.act(rename, "IDEA-1", title="Reports")
    one.desk.add(1, "It fails again and again", who="p1")
    one.hub.sync()

    assert title(one) == "Reports"


def test_an_idea_with_a_tracked_item_is_called_as_that_is(one: Any) -> None:
    one.board.add("EXP-1", "Export", prio="P9", labels=[])
    one.desk.add(9, "EXP-1 dark mode", who="q")
    one.hub.sync()
    tracked = f"IDEA-{one.where(9)[0]}"

    with pytest.raises(UsageError, match="is called as its tracked item EXP-1 is") as refused:
        one.act(rename, tracked, title="Another")

    assert "rename it there" in (refused.value.hint or "")
    assert title(one, tracked) == "Export"


def test_a_tracked_item_that_comes_later_brings_its_own_title(one: Any) -> None:
    one.act(rename, "IDEA-1", title="Reports")
    one.board.add("EXP-1", "Reports cannot be exported", prio="P9", labels=[])["marker"] = "IDEA-1"
    one.hub.sync()

    assert title(one) == "Reports cannot be exported"


@pytest.mark.parametrize(
    ("how", "told"),
    [
        ({}, "one way is needed to say what IDEA-1 is called"),
        ({"title": "Reports", "middle": True}, "one way is needed to say what IDEA-1 is called"),
        ({"title": "It fails"}, "IDEA-1 is called so already: It fails"),
        ({"title": "x" * 101}, "the title is longer than 100 characters"),
        ({"piece": "desk:9"}, "desk:9 belongs to IDEA-5, not to IDEA-1"),
    ],
)
def test_what_cannot_be_a_title_is_refused_and_changes_nothing(one: Any, how: Any, told: str) -> None:
    with pytest.raises(UsageError, match=told):
        one.act(rename, "IDEA-1", **how)

    assert title(one) == "It fails"


def test_a_piece_alone_has_no_middle(one: Any) -> None:
    with pytest.raises(UsageError, match="IDEA-5 has no middle: it holds fewer than three pieces"):
        one.act(rename, "IDEA-5", middle=True)


def test_a_piece_without_text_gives_no_title(one: Any) -> None:
    one.desk.add(4, " ", who="p4")
    one.hub.sync()

    with pytest.raises(UsageError, match="desk:4 has no text"):
        one.act(rename, "IDEA-1", piece="desk:4")
