"""What the hub writes, what it leaves alone, and what happens when an answer is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from opshub.errors import NotFoundError, PermissionDeniedError, PlanTooLargeError, UnavailableError
from opshub.model import Visibility
from opshub.store.rows import OutboxState

ROUTED = """
score priority = 10 * count feedback

rule "They may leave" {
    when any feedback (text mentions ["cancel"])
    priority +50 because "somebody talks about leaving"
    tag "churn-risk"
    route to board.EXP as urgent
}

bands priority { P1 >= 50, P2 >= 20, P3 otherwise }
"""


def states(world: Any) -> list[OutboxState]:
    return [row.state for row in world.hub.store.outbox()]


@pytest.fixture
def tracked(world: Any) -> Any:
    """A world with an item EXP-1 that one ticket refers to, before the first write."""
    world.board.add("EXP-1", "Slow export", prio="Low", labels=["theirs"])
    world.desk.add(1, "I will cancel because of EXP-1")
    return world


def test_only_owned_fields_change_and_other_peoples_labels_stay(tracked: Any) -> None:
    tracked.board.items["EXP-1"]["fields"]["owner"] = "Ann"

    tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"] == {
        "prio": "P1",
        "labels": ["churn-risk", "theirs"],
        "owner": "Ann",
    }


def test_one_request_carries_all_fields_of_an_item(tracked: Any) -> None:
    tracked.hub.sync()

    assert tracked.board.writes == {"EXP-1": 1}


def test_a_tag_that_no_longer_holds_is_taken_away_and_others_stay(tracked: Any) -> None:
    tracked.hub.sync()

    tracked.desk.add(1, "All is well with EXP-1")
    tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"] == {"prio": "P3", "labels": ["theirs"]}


APART = """
rule "Slow" { when any feedback (text mentions ["cancel"]) tag "component:Export" tag "component:" tag "slow" }
rule "Leavers" { when any feedback (text mentions ["leave"]) tag "component:Accounts" tag "components" }
"""


def test_tags_of_one_prefix_go_to_a_field_of_their_own_without_it(tracked: Any) -> None:
    tracked.use(APART)
    tracked.connect("board", write={"tags": "labels", "tags.component": "components"})
    tracked.board.items["EXP-1"]["fields"]["components"] = ["Import"]

    tracked.hub.sync()
    first = {**tracked.board.items["EXP-1"]["fields"]}
    tracked.desk.add(1, "I will leave because of EXP-1")
    tracked.hub.sync()

    assert first == {"prio": "Low", "labels": ["slow", "theirs"], "components": ["Export", "Import"]}
    assert tracked.board.items["EXP-1"]["fields"] == {
        "prio": "Low",
        "labels": ["components", "theirs"],
        "components": ["Accounts", "Import"],
    }


def test_the_plan_names_the_rules_behind_tags_of_a_prefix_alone(tracked: Any) -> None:
    tracked.use(APART)
    tracked.connect("board", apply="approve", write={"tags.component": "components"})
    tracked.desk.add(2, "they leave over EXP-1, and I would", tags=["x"])
    tracked.hub.sync()

    (row,) = tracked.hub.plan().rows

    assert (row.field, row.wish, row.why) == ("components", ("Accounts", "Export"), "Slow; Leavers")


def test_a_value_that_stands_there_already_is_not_written(world: Any) -> None:
    world.board.add("EXP-1", "Slow export", prio="P3", labels=[])

    world.hub.sync()

    assert world.board.writes == {}
    assert states(world) == []


def test_a_run_is_put_back_although_its_row_is_forgotten(tracked: Any) -> None:
    run = tracked.hub.sync().run
    tracked.hub.limits = replace(tracked.hub.limits, keep_runs=1)
    tracked.hub.sync()

    tracked.hub.revert(run)

    assert run not in [row.id for row in tracked.hub.store.runs(99)]
    assert tracked.board.items["EXP-1"]["fields"]["prio"] == "Low"


def test_a_plan_waits_for_approval_and_names_old_and_new_value_and_why(tracked: Any) -> None:
    tracked.connect("board", apply="approve")
    tracked.hub.sync()

    plan = tracked.hub.plan()

    assert tracked.board.writes == {}
    row = next(row for row in plan.rows if row.field == "prio")
    assert (row.base, row.wish, plan.places["board", "EXP-1"]) == ("Low", "P1", "EXP-1")
    assert "somebody talks about leaving" in row.why

    tracked.hub.apply()

    assert tracked.board.items["EXP-1"]["fields"]["prio"] == "P1"


def test_a_plan_over_the_limit_is_refused_and_nothing_is_written(tracked: Any) -> None:
    tracked.connect("board", apply="approve")
    tracked.hub.sync()

    with pytest.raises(PlanTooLargeError, match="2 changes, the limit is 1"):
        tracked.hub.apply(max_changes=1)

    assert tracked.board.writes == {}


def test_an_automatic_plan_over_the_limit_makes_the_run_partly_done(tracked: Any) -> None:
    from dataclasses import replace

    tracked.hub.limits = replace(tracked.hub.limits, max_changes=1)

    report = tracked.hub.sync()

    assert (report.exit_code, report.failures[0].kind) == (7, "PlanTooLargeError")
    assert tracked.board.writes == {}


def test_never_means_that_nothing_is_even_planned(tracked: Any) -> None:
    tracked.connect("board", apply="never")

    tracked.hub.sync()

    assert (tracked.board.writes, states(tracked)) == ({}, [])


def edit_by_person(world: Any, value: str) -> None:
    row = world.board.items["EXP-1"]
    row["fields"]["prio"] = value
    row["version"] += 1


def test_ask_leaves_a_persons_value_and_reports_a_conflict(tracked: Any) -> None:
    tracked.hub.sync()
    edit_by_person(tracked, "Mine")

    tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"]["prio"] == "Mine"
    (row,) = tracked.hub.store.outbox(states=[OutboxState.CONFLICT])
    assert "from P1 to Mine" in row.note


@pytest.mark.parametrize(("keep", "value"), [("hub", "P1"), ("remote", "Mine")])
def test_a_conflict_is_settled_by_a_person_for_good(tracked: Any, keep: str, value: str) -> None:
    tracked.hub.sync()
    edit_by_person(tracked, "Mine")
    tracked.hub.sync()

    tracked.hub.resolve("board", "EXP-1", "prio", keep)
    tracked.hub.sync()
    tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"]["prio"] == value
    assert tracked.hub.store.outbox(states=[OutboxState.CONFLICT, OutboxState.PLANNED]) == []


def test_a_conflict_that_is_not_there_cannot_be_settled(tracked: Any) -> None:
    with pytest.raises(NotFoundError, match="no conflict about prio"):
        tracked.hub.resolve("board", "EXP-1", "prio", "hub")


@pytest.mark.parametrize(("policy", "value"), [("hub", "P1"), ("remote", "Mine")])
def test_the_policy_says_who_wins(tracked: Any, policy: str, value: str) -> None:
    tracked.connect("board", conflict=policy)
    tracked.hub.sync()
    edit_by_person(tracked, "Mine")

    tracked.hub.sync()
    tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"]["prio"] == value
    assert states(tracked).count(OutboxState.CONFLICT) == 0


def test_a_change_between_pull_and_write_is_a_conflict_too(tracked: Any) -> None:
    tracked.connect("board", apply="approve")
    tracked.hub.sync()
    edit_by_person(tracked, "Mine")

    tracked.hub.apply()

    assert tracked.board.items["EXP-1"]["fields"]["prio"] == "Mine"
    assert states(tracked).count(OutboxState.CONFLICT) == 1


def test_a_race_between_read_and_write_is_read_again(tracked: Any) -> None:
    def race() -> None:
        tracked.board.items["EXP-1"]["version"] += 1

    tracked.board.race = race

    report = tracked.hub.sync()

    assert report.exit_code == 0
    assert tracked.board.items["EXP-1"]["fields"]["prio"] == "P1"


def test_a_lost_answer_is_read_back_and_not_written_again(tracked: Any) -> None:
    tracked.board.lose_answer = True

    first = tracked.hub.sync()
    second = tracked.hub.sync()

    assert (first.exit_code, second.exit_code) == (7, 0)
    assert tracked.board.writes == {"EXP-1": 1}
    assert set(states(tracked)) == {OutboxState.DONE}


def test_a_creation_whose_answer_was_lost_is_found_by_its_marker(world: Any) -> None:
    world.use(ROUTED)
    world.desk.add(1, "I will cancel")
    world.board.lose_answer = True

    first = world.hub.sync()
    second = world.hub.sync()

    assert (first.exit_code, second.exit_code) == (7, 0)
    assert world.board.writes == {"create IDEA-1": 1}
    assert world.hub.show("IDEA-1").item_key == "EXP-1"


def test_while_the_search_may_lag_absence_of_the_marker_proves_nothing(world: Any) -> None:
    world.use(ROUTED)
    world.board.lag = timedelta(minutes=1)
    world.desk.add(1, "I will cancel")
    world.board.lose_answer = True
    world.hub.sync()
    find, world.board.find = world.board.find, lambda marker: None

    early = world.hub.sync(["desk"])
    world.board.find = find
    late = world.hub.sync(["desk"])

    assert early.failures[0].kind == "UnknownOutcomeError"
    assert late.exit_code == 0
    assert world.board.writes == {"create IDEA-1": 1}


def test_a_refused_field_does_not_keep_the_others_back(tracked: Any) -> None:
    tracked.board.refuses["prio"] = "prio is not on the edit screen of EXP"

    report = tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"] == {"prio": "Low", "labels": ["churn-risk", "theirs"]}
    assert (report.exit_code, report.failures[0].kind) == (7, "RefusedWriteError")
    assert "edit screen" in report.failures[0].message

    tracked.board.refuses.clear()
    tracked.hub.apply()

    assert tracked.board.items["EXP-1"]["fields"]["prio"] == "P1"


def test_revert_puts_the_old_values_back_and_the_next_sync_does_not_undo_it(tracked: Any) -> None:
    run = tracked.hub.sync().run

    tracked.hub.revert(run)
    tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"] == {"prio": "Low", "labels": ["theirs"]}


def test_after_a_revert_a_new_decision_is_written_again(tracked: Any) -> None:
    tracked.hub.revert(tracked.hub.sync().run)

    tracked.desk.add(1, "All is well with EXP-1")
    tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"]["prio"] == "P3"


def test_revert_leaves_alone_what_a_person_changed_since(tracked: Any) -> None:
    run = tracked.hub.sync().run
    edit_by_person(tracked, "Mine")

    report = tracked.hub.revert(run)

    assert tracked.board.items["EXP-1"]["fields"] == {"prio": "Mine", "labels": ["theirs"]}
    assert report.failures[0].kind == "ConflictError"


def test_a_revert_that_was_refused_can_be_repeated(tracked: Any) -> None:
    run = tracked.hub.sync().run

    def denied() -> None:
        raise PermissionDeniedError("read only today")

    tracked.board.race = denied
    first = tracked.hub.revert(run)
    second = tracked.hub.revert(run)

    assert [failure.exit_code for failure in first.failures] == [4]
    assert second.failures == []
    assert tracked.board.items["EXP-1"]["fields"] == {"prio": "Low", "labels": ["theirs"]}


def test_a_single_field_that_was_refused_can_be_put_back_later(tracked: Any) -> None:
    run = tracked.hub.sync().run
    tracked.board.refuses = {"prio": "read only today"}
    tracked.hub.revert(run)
    tracked.board.refuses = {}

    again = tracked.hub.revert(run)

    assert again.failures == []
    assert tracked.board.items["EXP-1"]["fields"]["prio"] == "Low"


def test_what_a_run_created_is_named_and_left_as_it_is(world: Any) -> None:
    world.use(ROUTED)
    world.desk.add(1, "I will cancel")
    run = world.hub.sync().run
    (made,) = world.board.items.values()
    before = dict(made["fields"])

    report = world.hub.revert(run)

    (failure,) = report.failures
    assert f"made by that run, and left as it is: {made['id']}" in failure.message
    assert (made["fields"], before["prio"]) == (before, "P1")


def test_a_connection_that_is_down_is_told_once_by_a_revert(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        world.board.add(f"EXP-{number}", f"Slow export {number}", prio="Low", labels=[])
        world.desk.add(number, f"I will cancel because of EXP-{number}")
    run = world.hub.sync().run
    asked: list[object] = []

    def down(ids: object) -> Any:
        asked.append(ids)
        raise UnavailableError("no connection")

    monkeypatch.setattr(world.board, "read", down)
    report = world.hub.revert(run)

    assert (len(asked), len(report.failures), report.exit_code) == (1, 1, 7)


def test_a_run_that_wrote_nothing_cannot_be_reverted(world: Any) -> None:
    run = world.hub.sync().run

    with pytest.raises(NotFoundError, match=f"run {run} wrote nothing"):
        world.hub.revert(run)


def test_tags_go_back_to_the_ticket_and_do_not_come_back_as_news(world: Any) -> None:
    world.connect("desk", write={"tags": "tags"}, apply="auto")
    world.desk.add(1, "I will cancel", tags=["vip"])

    world.hub.sync()
    seq = world.hub.store.last_seq()
    report = world.hub.sync()

    assert world.desk.tickets[0]["tags"] == ["churn-risk", "vip"]
    assert len(world.desk.written) == 1
    assert world.hub.store.last_seq() == seq
    assert {s.name: s.counts for s in report.stages}["normalize"] == {"own writes": 1}


def test_the_ranked_list_is_published_once_and_again_when_it_changes(world: Any) -> None:
    world.connect("board", publish=5, write={})
    world.desk.add(1, "I will cancel")
    world.hub.sync()
    world.hub.sync()
    assert world.board.writes == {"publish": 1}

    world.desk.add(2, "The export is slow")
    world.hub.sync()

    assert world.board.writes == {"publish": 2}
    assert [row[1] for row in world.board.page] == ["I will cancel", "The export is slow"]


def test_a_published_list_that_a_person_edited_is_a_conflict(world: Any) -> None:
    world.connect("board", publish=5, write={})
    world.desk.add(1, "I will cancel")
    world.hub.sync()
    world.board.page = (("IDEA-1", "my own words", "P1"),)

    world.desk.add(2, "The export is slow")
    report = world.hub.sync()

    assert report.exit_code == 7
    assert world.board.page[0][1] == "my own words"

    world.hub.resolve("board", "", "ranking", "hub")
    world.hub.sync()

    assert [row[1] for row in world.board.page] == ["I will cancel", "The export is slow"]


def test_internal_words_never_reach_a_public_board(world: Any) -> None:
    world.use(ROUTED)
    world.connect("board", audience=Visibility.PUBLIC, publish=5)
    world.desk.add(1, "I will cancel, says our canary", visibility="internal")
    world.desk.add(2, "i will CANCEL, says our canary", visibility="public")

    world.hub.sync()

    (item,) = world.board.items.values()
    assert item["title"] == "Idea IDEA-1"
    assert "https://desk.example/1" not in item["text"]
    assert "https://desk.example/2" in item["text"]
    assert [row[1] for row in world.board.page] == ["Idea IDEA-1"]


def test_tags_of_a_request_that_was_not_answered_are_the_hubs_own(tracked: Any) -> None:
    tracked.board.lose_answer = True
    tracked.hub.sync()

    tracked.hub.sync()
    tracked.desk.add(1, "All is well with EXP-1")
    tracked.hub.sync()

    assert tracked.board.items["EXP-1"]["fields"] == {"prio": "P3", "labels": ["theirs"]}


def test_a_new_decision_after_a_lost_answer_is_no_conflict(tracked: Any) -> None:
    tracked.board.lose_answer = True
    tracked.hub.sync()

    tracked.desk.add(1, "All is well with EXP-1")
    report = tracked.hub.sync()

    assert report.exit_code == 0
    assert tracked.board.items["EXP-1"]["fields"] == {"prio": "P3", "labels": ["theirs"]}
