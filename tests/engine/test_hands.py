"""What people say about links binds the machine, is told with its reason, and can be taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opshub.engine.deed import Done
from opshub.engine.linked import Sign
from opshub.engine.points import watch_points
from opshub.engine.regroup import link, unlink
from opshub.engine.undo import history, undo
from opshub.errors import NotFoundError, UsageError
from opshub.model import LinkMaker, Ref


def notes(done: Done) -> str:
    return "\n".join(done.notes)


@pytest.fixture(params=["memory", "sqlite"])
def three(request: Any, worlds: Any) -> Any:
    """A world with three tickets, each an idea of its own."""
    world = worlds(request.param)
    for number, text in ((1, "export fails"), (2, "导出失败"), (3, "dark mode")):
        world.desk.add(number, text)
    world.hub.sync()
    return world


def test_a_linked_piece_moves_and_says_who_linked_it_when_and_why(three: Any) -> None:
    done = three.act(link, "desk:2", "IDEA-1")

    made = three.hub.store.links_of([Ref("desk", "2")])[Ref("desk", "2")]
    assert (made.idea, made.maker) == (1, LinkMaker.PERSON)
    assert made.reason == "ann linked it on 2026-03-01: the same wish"
    assert done.action.told() == "ann linked desk:2 to IDEA-1: the same wish"
    assert three.voices() == {1: 2, 3: 1}
    assert three.hub.show("IDEA-1").decision.scores["priority"] == 20.0


def test_an_unlinked_piece_stands_alone_and_is_scored_so(three: Any) -> None:
    three.act(link, "desk:2", "IDEA-1")

    done = three.act(unlink, "desk:1")

    assert three.where(1, 2, 3) == [4, 1, 3]
    assert done.action.other == 4
    assert three.voices() == {1: 1, 3: 1, 4: 1}
    assert three.hub.show("IDEA-4").idea.title == "export fails"


def test_rules_read_that_a_person_linked_it(three: Any) -> None:
    three.use('score priority = 7 * count feedback where feedback.link == "person"\n')
    three.act(link, "desk:2", "IDEA-1")

    assert three.hub.show("IDEA-1").decision.scores["priority"] == 7.0


def test_no_key_no_duplicate_link_and_no_text_moves_what_a_person_linked(three: Any) -> None:
    three.act(link, "desk:2", "IDEA-1")

    three.board.add("EXP-1", "Something else")
    three.desk.add(2, "EXP-1 dark mode", duplicate_of="3")
    three.hub.sync()
    three.board.add("EXP-2", "Later")
    three.desk.add(2, "EXP-2 dark mode", duplicate_of="3")
    three.hub.sync(full=True)

    assert three.where(2) == [1]


@pytest.mark.parametrize("later", ["key", "duplicate", "text"])
def test_the_machine_never_links_again_what_a_person_unlinked(three: Any, later: str) -> None:
    three.board.add("EXP-1", "Export")
    three.desk.add(1, "EXP-1")
    three.desk.add(2, "EXP-1")
    three.hub.sync()
    idea = three.where(1)[0]
    assert three.where(2) == [idea]

    three.act(unlink, "desk:2")
    alone = three.where(2)[0]
    changed = {
        "key": {"text": "EXP-1 indeed"},
        "duplicate": {"text": "x", "duplicate_of": "1"},
        "text": {"text": "EXP-1"},
    }
    three.desk.add(2, **changed[later])
    three.hub.sync(full=True)
    three.board.add("EXP-1", "Export as CSV")
    three.hub.sync(full=True)

    assert alone != idea
    assert three.where(1, 2) == [idea, alone]


def test_what_was_left_behind_is_not_pulled_after_by_a_duplicate_link(three: Any) -> None:
    three.desk.add(4, "again", duplicate_of="1")
    three.hub.sync()
    assert three.where(4) == [1]

    three.act(unlink, "desk:1")
    three.desk.add(4, "again and again", duplicate_of="1")
    three.hub.sync()

    assert three.where(1, 4) == [4, 1]


def test_an_unlinked_piece_goes_where_another_key_of_its_own_leads(three: Any) -> None:
    three.board.add("EXP-1", "Export")
    three.board.add("EXP-2", "Import")
    three.desk.add(4, "EXP-1 or EXP-2")
    three.hub.sync()
    one, two = (three.hub.show(key).idea.number for key in ("EXP-1", "EXP-2"))
    assert three.where(4) == [one]

    three.act(unlink, "desk:4")

    assert three.where(4) == [two]


def test_its_duplicates_follow_what_a_person_moves_and_come_back_with_it(three: Any) -> None:
    three.desk.add(4, "again", duplicate_of="2")
    three.desk.add(5, "and again", duplicate_of="4")
    three.hub.sync()

    done = three.act(link, "desk:2", "IDEA-1")
    assert three.where(2, 4, 5) == [1, 1, 1]
    assert "desk:4 follows it to IDEA-1" in notes(done)

    three.act(undo, None)
    assert three.where(2, 4, 5) == [2, 2, 2]


def test_undo_gives_back_exactly_what_there_was(three: Any) -> None:
    before = three.hub.store.links_of([Ref("desk", "1"), Ref("desk", "2")])
    ranked = three.hub.ranked()
    three.act(link, "desk:2", "IDEA-1")
    three.act(unlink, "desk:1")

    three.act(undo, "IDEA-1")
    three.act(undo, "IDEA-1")

    assert three.hub.store.links_of([Ref("desk", "1"), Ref("desk", "2")]) == before
    assert three.hub.ranked() == ranked
    assert three.hub.store.apart([Ref("desk", "1"), Ref("desk", "2")]) == {}


def test_an_action_under_a_later_one_is_not_undone_and_the_later_one_is_named(three: Any) -> None:
    three.act(link, "desk:2", "IDEA-1")
    three.act(link, "desk:2", "IDEA-3")

    with pytest.raises(UsageError, match="before action 2, which stands on it: ann linked desk:2") as refused:
        three.act(undo, "1")

    assert refused.value.hint == "undo that first: opshub ideas undo 2"


def test_actions_on_other_feedback_are_undone_in_any_order(three: Any) -> None:
    three.act(link, "desk:2", "IDEA-1")
    three.act(link, "desk:3", "IDEA-1")

    three.act(undo, "1")

    assert three.where(1, 2, 3) == [1, 2, 1]


def test_after_undo_feedback_goes_where_it_names_by_then(three: Any) -> None:
    three.act(link, "desk:2", "IDEA-1")
    three.board.add("EXP-1", "Something else")
    three.desk.add(2, "EXP-1")
    three.hub.sync()

    done = three.act(undo, "1")

    assert three.where(2) == [three.hub.show("EXP-1").idea.number]
    assert "desk:2 went on to IDEA-4, which it names since: it refers to EXP-1" in notes(done)


def test_undo_tells_of_feedback_that_is_gone_and_it_counts_where_it_did_when_it_comes_back(
    three: Any,
) -> None:
    three.act(link, "desk:2", "IDEA-1")
    three.desk.add(2, "导出失败", deleted=True)
    three.hub.sync()

    done = three.act(undo, "1")
    three.desk.add(2, "导出失败")
    three.hub.sync()

    assert "desk:2 is gone meanwhile" in notes(done)
    assert three.voices() == {1: 1, 2: 1, 3: 1}


def test_the_history_of_an_idea_tells_what_was_done_and_what_was_undone(three: Any) -> None:
    three.act(link, "desk:2", "IDEA-1")
    three.act(undo, "IDEA-1", by="bob")

    told = [(action.number, action.told(), undone) for action, undone in history(three.hub.store, "IDEA-2")]

    assert told == [
        (1, "ann linked desk:2 to IDEA-1: the same wish", 2),
        (2, "bob undid action 1: the same wish", 0),
    ]


def test_a_bare_rating_can_be_linked_and_is_without_an_idea_again_after_undo(three: Any) -> None:
    three.desk.add(4, "")
    three.hub.sync()
    assert three.where(4) == [None]

    three.act(link, "desk:4", "IDEA-1")
    assert three.voices()[1] == 2
    three.act(unlink, "desk:4")
    assert three.where(4) == [None]
    three.act(undo, None)
    three.act(undo, None)

    assert three.where(4) == [None]
    assert three.voices()[1] == 1


@pytest.mark.parametrize(
    ("deed", "words", "told"),
    [
        (link, ("desk:9", "IDEA-1"), "there is no feedback 'desk:9'"),
        (link, ("desk:1", "IDEA-9"), "there is no idea 'IDEA-9'"),
        (link, ("EXP-1", "IDEA-1"), "EXP-1 is a tracked item"),
        (unlink, ("desk:1",), "desk:1 stands alone in IDEA-1"),
        (unlink, ("desk:4",), "desk:4 belongs to no idea"),
        (undo, ("7",), "there is no action 7"),
        (undo, (None,), "there is nothing to undo"),
        (undo, ("IDEA-1",), "nobody did anything to IDEA-1"),
    ],
)
def test_what_cannot_be_done_is_refused_with_the_next_step(
    three: Any, deed: Callable[..., Done], words: Any, told: str
) -> None:
    three.board.add("EXP-1", "Export")
    three.desk.add(4, "")
    three.hub.sync()

    with pytest.raises((NotFoundError, UsageError), match=told) as refused:
        three.act(deed, *words)

    assert "opshub ideas" in refused.value.hint


def test_the_same_twice_is_refused_and_a_machine_s_link_can_be_confirmed(three: Any) -> None:
    three.act(link, "desk:1", "IDEA-1")

    with pytest.raises(UsageError, match="desk:1 belongs to IDEA-1 already: ann linked it on 2026-03-01"):
        three.act(link, "desk:1", "IDEA-1")

    before = history(three.hub.store, "IDEA-1")[0][0].links[0].before
    assert before is not None and before.maker is LinkMaker.SAME


def test_an_action_that_was_undone_and_an_undo_cannot_be_undone(three: Any) -> None:
    three.act(link, "desk:2", "IDEA-1")
    three.act(undo, "1")

    with pytest.raises(UsageError, match="action 1 was undone already, by action 2"):
        three.act(undo, "1")
    with pytest.raises(UsageError, match="action 2 itself undid action 1: ann linked desk:2"):
        three.act(undo, "2")


def test_a_process_that_dies_before_the_commit_leaves_nothing_of_the_action(three: Any) -> None:
    before = three.hub.store.last_actions(9), three.where(1, 2, 3)

    def die(name: str) -> None:
        if name == "match.before_commit":
            raise RuntimeError("killed")

    watch_points(die)
    try:
        with pytest.raises(RuntimeError):
            three.act(link, "desk:2", "IDEA-1")
    finally:
        watch_points(None)

    assert (three.hub.store.last_actions(9), three.where(1, 2, 3)) == before
    three.act(link, "desk:2", "IDEA-1")
    assert three.where(2) == [1]


# -- why-linked --


def signs(world: Any, name: str) -> list[tuple[str, int, str]]:
    return [(sign.maker, sign.idea, sign.standing) for sign in world.hub.why_linked(name).signs]


def test_why_linked_names_what_decided_and_what_agrees(three: Any) -> None:
    three.board.add("EXP-1", "Export")
    three.desk.add(4, "EXP-1 please", duplicate_of="9")
    three.hub.sync()

    idea = three.hub.show("EXP-1").idea.number
    why = three.hub.why_linked("desk:4")

    assert (why.link.maker, why.link.reason) == (LinkMaker.KEY, "it refers to EXP-1")
    assert why.signs[:2] == (
        Sign("key", "desk says that it duplicates desk:9", 0, "unknown", "nothing is known by that name yet"),
        Sign("key", "it refers to EXP-1", idea, "decides"),
    )


def test_why_linked_names_what_a_person_outweighs_and_what_a_person_refused(three: Any) -> None:
    three.board.add("EXP-1", "Export")
    three.desk.add(4, "EXP-1 please")
    three.desk.add(5, "EXP-1 too")
    three.hub.sync()
    idea = three.hub.show("EXP-1").idea.number

    three.act(link, "desk:4", "IDEA-3")
    three.act(unlink, "desk:5")

    assert signs(three, "desk:4")[:2] == [("person", 3, "decides"), ("key", idea, "weaker")]
    refused = next(sign for sign in three.hub.why_linked("desk:5").signs if sign.standing == "refused")
    assert refused.idea == idea
    assert refused.because == f"ann unlinked desk:5 from IDEA-{idea}: the same wish (2026-03-01, action 2)"
    assert three.hub.why_linked("desk:5").actions[0][0].number == 2


def test_why_linked_tells_the_same_text_and_a_likeness(three: Any) -> None:
    three.desk.add(4, "Export  FAILS")
    three.desk.add(5, "export fails sometimes")
    three.hub.sync()

    assert signs(three, "desk:4")[0] == ("same", 1, "decides")
    assert ("similarity", 1, "suggests") in signs(three, "desk:5")
    assert signs(three, "desk:5")[0] == ("same", three.where(5)[0], "decides")
