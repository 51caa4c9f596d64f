"""Merging ideas by hand: what it means for feedback, tracked items, titles, alerts, and for all that comes later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opshub.engine.merge import merge
from opshub.engine.regroup import link, unlink
from opshub.engine.undo import history, undo
from opshub.errors import UsageError
from opshub.model import LinkMaker, Override, Ref
from opshub.store.rows import Breach, OutboxState


@pytest.fixture(params=["memory", "sqlite"])
def three(request: Any, worlds: Any) -> Any:
    """A world with three tickets, each an idea of its own; 1 and 2 come from the same person and account."""
    world = worlds(request.param)
    for number, text in ((1, "export fails"), (2, "导出失败"), (3, "dark mode")):
        world.desk.add(number, text, who=f"p{number // 3}", account=f"a{number // 3}")
    world.hub.sync()
    return world


@pytest.fixture
def tracked(three: Any) -> Any:
    """The same, where tickets 1 and 2 name items of their own: EXP-1 is IDEA-4's and EXP-2 is IDEA-5's."""
    three.board.add("EXP-1", "Export", prio="P9", labels=[])
    three.board.add("EXP-2", "导出", prio="P9", labels=[])
    three.desk.add(1, "EXP-1", who="p0", account="a0")
    three.desk.add(2, "EXP-2 cancel", who="p0", account="a0")
    three.hub.sync()
    assert three.where(1, 2) == [4, 5]
    return three


def notes(done: Any) -> str:
    return "\n".join(done.notes)


def test_a_merged_idea_speaks_with_the_other_and_is_scored_with_it(three: Any) -> None:
    done = three.act(merge, "IDEA-2", "IDEA-1")

    assert done.action.told() == "ann merged IDEA-2 into IDEA-1: the same wish"
    assert three.where(1, 2, 3) == [1, 1, 3]
    assert three.voices() == {1: 2, 3: 1}
    assert three.hub.show("IDEA-1").decision.scores["priority"] == 20.0
    made = three.hub.store.links_of([Ref("desk", "2")])[Ref("desk", "2")]
    assert (made.maker, made.reason) == (
        LinkMaker.PERSON,
        "ann merged IDEA-2 into it on 2026-03-01: the same wish",
    )


def test_a_person_and_an_account_count_once_in_the_merged_idea(three: Any) -> None:
    three.use("score priority = 10 * idea.persons + 100 * idea.accounts\n")

    three.act(merge, "IDEA-2", "IDEA-1")

    assert three.hub.show("IDEA-1").decision.scores["priority"] == 110.0


def test_the_merged_away_name_still_answers(three: Any) -> None:
    three.act(merge, "IDEA-2", "IDEA-1")

    for answer in (three.hub.show("IDEA-2"), three.hub.why("IDEA-2")):
        assert answer.merged.into.id == "IDEA-1"
        assert answer.merged.told == "ann merged IDEA-2 into IDEA-1: the same wish (2026-03-01)"
    assert three.hub.show("IDEA-1").merged is None
    assert [told.action.told() for told in [three.act(link, "desk:3", "IDEA-2")]] == [
        "ann linked desk:3 to IDEA-1: the same wish"
    ]


def test_whatever_comes_later_for_the_merged_away_idea_goes_to_the_survivor(tracked: Any) -> None:
    tracked.act(merge, "IDEA-5", "IDEA-4")

    tracked.desk.add(6, "EXP-2 as well")  # by key
    tracked.desk.add(7, "again", duplicate_of="2")  # by duplicate link
    tracked.desk.add(8, "exp-2  CANCEL")  # by the same text
    tracked.board.items["EXP-2"]["title"] = "导出 CSV"
    tracked.hub.sync(full=True)

    assert tracked.where(1, 2, 6, 7, 8) == [4, 4, 4, 4, 4]
    assert tracked.hub.show("EXP-2").idea.number == 4


def test_an_item_that_the_hub_asked_for_before_goes_to_the_survivor_by_its_marker(three: Any) -> None:
    three.act(merge, "IDEA-2", "IDEA-1")
    three.board.add("EXP-9", "made")["marker"] = "IDEA-2"
    three.hub.sync()

    assert three.hub.show("EXP-9").idea.number == 1


def test_the_survivor_without_an_item_takes_that_of_the_other_with_its_title(tracked: Any) -> None:
    done = tracked.act(merge, "IDEA-5", "IDEA-3")

    shown = tracked.hub.show("IDEA-3")
    assert (shown.item_key, shown.idea.title) == ("EXP-2", "导出")
    assert tracked.board.items["EXP-2"]["fields"]["prio"] == "P1"
    assert "EXP-2 is the tracked item of IDEA-3 now" in notes(done)

    tracked.act(undo, None)
    assert tracked.hub.show("IDEA-3").item_key == ""
    assert tracked.hub.show("IDEA-3").idea.title == "dark mode"
    assert tracked.hub.show("IDEA-5").item_key == "EXP-2"


def test_of_two_items_the_survivor_s_own_is_written_to_and_the_other_is_left_as_it_is(tracked: Any) -> None:
    tracked.hub.sync()
    before = dict(tracked.board.items["EXP-2"]["fields"])

    done = tracked.act(merge, "IDEA-5", "IDEA-4")
    tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"] == {"prio": "P1", "labels": ["churn-risk"]}
    assert tracked.board.items["EXP-2"]["fields"] == before
    assert "EXP-2 now stands for IDEA-4 too; the hub writes to EXP-1 alone" in notes(done)
    assert tracked.hub.store.outbox(ideas=[5], states=[OutboxState.PLANNED]) == []


def test_after_undo_each_idea_has_its_item_and_is_written_to_again(tracked: Any) -> None:
    tracked.hub.sync()
    ranked = tracked.hub.ranked()
    fields = {key: dict(row["fields"]) for key, row in tracked.board.items.items()}
    tracked.act(merge, "IDEA-5", "IDEA-4")
    tracked.hub.sync()

    tracked.act(undo, "IDEA-5")
    tracked.hub.sync()

    assert tracked.hub.ranked() == ranked
    assert {key: dict(row["fields"]) for key, row in tracked.board.items.items()} == fields
    assert tracked.hub.show("IDEA-5").merged is None


def test_after_undo_what_came_for_the_merged_idea_goes_there_and_the_rest_stays(tracked: Any) -> None:
    tracked.act(merge, "IDEA-5", "IDEA-4")
    tracked.desk.add(6, "EXP-2 as well")
    tracked.desk.add(7, "again", duplicate_of="2")
    tracked.desk.add(8, "exp-2  CANCEL")
    tracked.desk.add(9, "EXP-1 though")
    tracked.hub.sync()

    done = tracked.act(undo, None)

    assert tracked.where(1, 2, 6, 7, 8, 9) == [4, 5, 5, 5, 5, 4]
    assert "came later and stays with IDEA-4: desk:9" in notes(done)


def test_a_wish_that_is_in_flight_finds_its_item_and_makes_none_for_the_merged_idea(three: Any) -> None:
    three.use(ROUTED)
    three.connect("board", apply="approve")
    three.desk.add(4, "we cancel")
    three.hub.sync()
    idea = three.where(4)[0]
    three.board.lose_answer = True
    three.hub.apply()
    (sending,) = three.hub.store.outbox(states=[OutboxState.SENDING])
    assert sending.target == f"IDEA-{idea}"

    three.act(merge, f"IDEA-{idea}", "IDEA-1")
    three.clock.advance(timedelta(minutes=1))
    three.hub.sync()
    three.hub.apply()
    three.hub.sync()

    assert [row["marker"] for row in three.board.items.values()] == [f"IDEA-{idea}"]
    assert three.hub.show("IDEA-1").item_key == "EXP-1"

    done = three.act(undo, None)
    assert three.hub.show(f"IDEA-{idea}").item_key == "EXP-1"
    assert f"EXP-1, which was made for IDEA-{idea}, goes back to it" in notes(done)


ROUTED = """
score priority = 10 * count feedback
rule "Leavers" { when any feedback (text mentions ["cancel"]) route to board.EXP }
"""


def test_a_wish_that_was_never_done_is_dropped_with_the_merge(three: Any) -> None:
    three.use(ROUTED)
    three.connect("board", apply="approve")
    three.desk.add(4, "we cancel")
    three.hub.sync()
    idea = three.where(4)[0]
    assert [row.target for row in three.hub.store.outbox()] == [f"IDEA-{idea}"]

    three.act(merge, f"IDEA-{idea}", "IDEA-1")

    assert [row.target for row in three.hub.store.outbox()] == ["IDEA-1"]
    assert three.hub.store.routes([idea, 1]).keys() == {1}


def test_what_was_set_by_hand_does_not_go_over_and_this_is_told(three: Any) -> None:
    now = three.clock.now()
    day = timedelta(days=1)
    three.hub.override(
        "IDEA-2",
        Override(idea=0, priority=60.0, because="x", who="bob", at=now, until=now + day, day="2026-03-02"),
    )

    done = three.act(merge, "IDEA-2", "IDEA-1")

    assert three.hub.show("IDEA-1").decision.scores["priority"] == 20.0
    assert "what bob set for IDEA-2 until 2026-03-02 does not count for IDEA-1" in notes(done)
    with pytest.raises(UsageError, match="IDEA-2 was merged into IDEA-1"):
        three.hub.override(
            "IDEA-2", Override(idea=0, priority=1.0, because="x", who="bob", at=now, until=now + day, day="d")
        )
    three.act(undo, None)
    assert three.hub.show("IDEA-2").decision.scores["priority"] == 60.0


def test_the_breach_of_an_alert_goes_with_its_idea_and_comes_back(three: Any) -> None:
    store = three.hub.store
    with store.transaction():
        store.put_breach(Breach("Drop", three.clock.now(), None, 2, (1.0,)))

    three.act(merge, "IDEA-2", "IDEA-1")
    merged = [breach.idea for breach in store.breaches()]
    three.act(undo, None)

    assert merged == [1]
    assert [breach.idea for breach in store.breaches()] == [2]


def test_merges_make_a_chain_that_is_undone_from_its_end(three: Any) -> None:
    before = three.hub.ranked()
    three.act(merge, "IDEA-1", "IDEA-2")
    three.act(merge, "IDEA-2", "IDEA-3")
    assert three.where(1, 2, 3) == [3, 3, 3]
    assert three.hub.show("IDEA-1").merged.into.number == 3

    with pytest.raises(UsageError, match="before action 2"):
        three.act(undo, "1")
    three.act(undo, "2")
    three.act(undo, "1")

    assert three.hub.ranked() == before
    assert [undone for _, undone in history(three.hub.store, "IDEA-2")] == [4, 3, 0, 0]


def test_a_link_from_an_idea_that_was_merged_since_is_not_undone_before_the_merge(three: Any) -> None:
    three.act(link, "desk:2", "IDEA-3")
    three.act(merge, "IDEA-2", "IDEA-1")

    with pytest.raises(
        UsageError, match="before action 2, which stands on it: ann merged IDEA-2 into IDEA-1"
    ):
        three.act(undo, "1")


def test_feedback_kept_apart_from_the_merged_idea_is_kept_apart_from_the_survivor(tracked: Any) -> None:
    tracked.desk.add(6, "EXP-2 maybe")
    tracked.hub.sync()
    tracked.act(unlink, "desk:6")
    alone = tracked.where(6)

    tracked.act(merge, "IDEA-5", "IDEA-4")
    tracked.desk.add(6, "EXP-2 or EXP-1 maybe")
    tracked.hub.sync()

    assert tracked.where(6) == alone
    tracked.act(undo, None)
    assert tracked.where(6) == [4]  # it was kept apart from IDEA-5 alone, and names EXP-1 by now


def test_a_merge_outweighs_what_kept_a_piece_apart(tracked: Any) -> None:
    tracked.desk.add(6, "EXP-2 maybe")
    tracked.hub.sync()
    done = tracked.act(unlink, "desk:6")

    again = tracked.act(merge, f"IDEA-{done.action.other}", "IDEA-5")

    assert tracked.where(6) == [5]
    assert "desk:6 was kept apart from IDEA-5; the merge outweighs that" in notes(again)
    tracked.act(undo, None)
    assert tracked.where(6) == [done.action.other]
    assert tracked.hub.store.apart([Ref("desk", "6")]) == {Ref("desk", "6"): frozenset({5})}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("IDEA-1", "IDEA-1"), "IDEA-1 cannot be merged into itself"),
        (("IDEA-3", "IDEA-2"), "IDEA-2 was merged into IDEA-3: they are one already"),
        (("IDEA-2", "IDEA-3"), "IDEA-2 was merged into IDEA-3 already"),
        (("IDEA-2", "IDEA-1"), "IDEA-2 was merged into IDEA-3 already"),
    ],
)
def test_what_cannot_be_merged_is_refused(three: Any, words: tuple[str, str], told: str) -> None:
    three.act(merge, "IDEA-2", "IDEA-3")

    with pytest.raises(UsageError, match=told) as refused:
        three.act(merge, *words)

    assert "opshub ideas" in refused.value.hint
