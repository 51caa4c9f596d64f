"""Each stage on its own, and what makes it begin anew: census, cursors, scope, revision, rules, time, people."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opshub.clock import FrozenClock
from opshub.engine.connection import Limits
from opshub.engine.report import Silent
from opshub.errors import (
    CursorExpiredError,
    FencedError,
    NotFoundError,
    StoreBusyError,
    UnavailableError,
    UsageError,
)
from opshub.model import Link, LinkMaker, Rating, Ref
from opshub.sdk import Page
from opshub.store import open_store
from opshub.store.rows import OutboxState


def titles(world: Any) -> list[str]:
    return [idea.title for idea, _, _ in world.hub.ranked(100)]


def part(report: Any, name: str = "desk") -> Any:
    return next(part for part in report.connections if part.name == name)


def stage(report: Any, name: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for found in report.stages:
        if found.name == name:
            counts = found.counts
    return counts


def fill(world: Any, count: int) -> None:
    for number in range(1, count + 1):
        world.desk.add(number, f"ticket number {number}")


def counts(world: Any, *numbers: int, then: Exception | None = None) -> None:
    """Let the desk count: these tickets exist, and then perhaps an error."""

    def census() -> Any:
        yield Page([{"id": number} for number in numbers], None)
        if then is not None:
            raise then

    world.desk.census = census


def asked_for(world: Any) -> list[Any]:
    """Let the desk have nothing new; the cursors that it is then asked with."""
    asked: list[Any] = []

    def pull(cursor: Any) -> Any:
        asked.append(cursor)
        return iter(())

    world.desk.pull = pull
    return asked


# -- census ------------------------------------------------------------------------------------------------------


def test_a_full_sync_takes_out_what_the_vendor_no_longer_lists(world: Any) -> None:
    fill(world, 6)
    world.hub.sync()
    del world.desk.tickets[0]
    counts(world, 2, 3, 4, 5, 6)

    plain, full = world.hub.sync(), world.hub.sync(full=True)

    assert (part(plain).gone, part(full).gone) == (0, 1)
    assert world.hub.store.feedback(Ref("desk", "1")) is None
    assert "ticket number 1" not in titles(world)


def test_what_comes_back_after_a_census_counts_again(world: Any) -> None:
    fill(world, 6)
    world.hub.sync()
    counts(world, 2, 3, 4, 5, 6)
    world.desk.tickets = world.desk.tickets[1:]
    world.hub.sync(full=True)

    world.desk.add(1, "ticket number 1, again")
    counts(world, 1, 2, 3, 4, 5, 6)
    world.hub.sync(full=True)

    assert world.hub.store.feedback(Ref("desk", "1")) is not None


def test_a_census_that_would_take_away_too_much_is_refused(world: Any) -> None:
    fill(world, 10)
    world.hub.sync()
    counts(world, *range(1, 8))

    report = world.hub.sync(full=True)

    assert (report.exit_code, part(report).gone) == (7, 0)
    assert report.failures[0].message.startswith("desk: 3 of 10 records seem to be gone")
    assert "sweep_guard" in report.failures[0].hint
    assert len(titles(world)) == 10


def test_the_guard_looks_at_what_is_alive(world: Any) -> None:
    for number in range(1, 11):
        world.desk.add(number, f"ticket number {number}", deleted=number > 5)
    world.hub.sync()
    counts(world, 1, 2, 3)

    report = world.hub.sync(full=True)

    assert "2 of 5 records" in report.failures[0].message


@pytest.mark.parametrize("error", [UnavailableError("it went away"), KeyError("items")])
def test_a_census_that_breaks_off_removes_nothing(world: Any, error: Exception) -> None:
    fill(world, 10)
    world.hub.sync()
    counts(world, *range(1, 10), then=error)

    report = world.hub.sync(full=True)

    assert (report.exit_code, part(report).gone, len(titles(world))) == (7, 0, 10)
    assert part(report).failure.kind in ("UnavailableError", "BadAnswerError")
    assert world.hub.store.connection("desk").error


def test_a_pull_that_fails_is_followed_by_no_census(world: Any) -> None:
    fill(world, 10)
    world.hub.sync()
    counts(world, *range(1, 10))
    world.desk.failing = UnavailableError("down")

    world.hub.sync(full=True)

    assert len(titles(world)) == 10


# -- cursors -----------------------------------------------------------------------------------------------------


def test_an_expired_cursor_begins_anew_and_knows_what_it_knew(world: Any) -> None:
    fill(world, 5)
    world.hub.sync()
    pull, asked = world.desk.pull, []

    def expired(cursor: Any) -> Any:
        asked.append(cursor)
        if cursor is not None:
            raise CursorExpiredError("too old")
        yield from pull(None)

    world.desk.pull = expired
    report = world.hub.sync()

    assert (asked, report.exit_code) == ([{"after": 6}, None], 0)
    assert (part(report).got, part(report).changed) == (5, 0)
    assert stage(report, "pull") == {"started over": 1}


def test_a_cursor_that_expires_even_at_the_start_is_a_failure(world: Any) -> None:
    def expired(cursor: Any) -> Any:
        raise CursorExpiredError("never any good")

    world.desk.pull = expired
    report = world.hub.sync()

    assert part(report).failure.kind == "CursorExpiredError"


def test_another_scope_pulls_anew(world: Any) -> None:
    fill(world, 3)
    world.hub.sync()
    asked = asked_for(world)

    world.hub.sync()
    world.desk.scope = lambda: {"project": "other"}
    world.hub.sync()

    assert asked == [{"after": 4}, None]


def test_another_shape_of_cursors_pulls_anew(world: Any) -> None:
    fill(world, 3)
    world.hub.sync()
    asked = asked_for(world)

    world.desk.cursor_version = 2
    world.hub.sync()

    assert asked == [None]


def test_a_raised_revision_reads_stored_records_again_without_pulling_them(world: Any) -> None:
    fill(world, 3)
    world.hub.sync()
    normalize = world.desk.normalize
    world.desk.pull = lambda cursor: iter(())

    from dataclasses import replace

    world.desk.normalize = lambda record: replace(normalize(record), tags=("again",))
    world.hub.sync()
    before = world.hub.store.feedback(Ref("desk", "1")).tags
    world.desk.revision = 2
    world.hub.sync()

    assert before == ()
    assert world.hub.store.feedback(Ref("desk", "1")).tags == ("again",)


def test_since_starts_where_the_connector_says(world: Any) -> None:
    asked = asked_for(world)
    world.desk.rewind = lambda moment: {"since": moment.isoformat()}
    moment = world.clock.now() - timedelta(days=1)

    world.hub.sync(["desk"], since=moment)

    assert asked == [{"since": moment.isoformat()}]


def test_since_is_refused_before_anything_is_done(world: Any) -> None:
    world.desk.rewind = lambda moment: {}
    asked = asked_for(world)

    with pytest.raises(UsageError, match="board cannot start from a moment") as raised:
        world.hub.sync(since=world.clock.now())

    assert "opshub sync desk --since" in raised.value.hint
    assert asked == []
    assert world.hub.store.runs(5) == []


def test_full_and_since_exclude_each_other(world: Any) -> None:
    with pytest.raises(UsageError, match="exclude"):
        world.hub.sync(full=True, since=world.clock.now())


def test_names_nobody_knows_are_refused(world: Any) -> None:
    with pytest.raises(NotFoundError, match="'dask'"):
        world.hub.sync(["dask"])
    with pytest.raises(UsageError, match="'nowhere'"):
        world.hub.sync(until="nowhere")


# -- quarantine ----------------------------------------------------------------------------------------------------


def test_records_are_understood_after_a_repair(world: Any) -> None:
    normalize = world.desk.normalize
    world.desk.normalize = lambda record: normalize({**record, "text": record["words"]})
    world.desk.add(1, "fine")
    world.desk.add(2, "fine too")
    world.hub.sync()
    bad = world.hub.store.bad()
    world.desk.normalize = normalize

    report = world.hub.retry_records([bad[0].key])

    assert stage(report, "normalize")["understood"] == 1
    assert [row.reason for row in bad] == ["field 'words' is missing"] * 2
    assert (len(world.hub.store.bad()), titles(world)) == (1, ["fine"])


def test_records_that_stay_bad_are_counted_and_tried_once_more(world: Any) -> None:
    world.desk.add(1, "fine")
    world.desk.tickets += [{"id": 2, "text": 5, "created": "2026-01-01T00:00:00+00:00"}, {"text": "no id"}]
    world.hub.sync()

    report = world.hub.retry_records()

    assert stage(report, "normalize") == {"understood": 0, "still bad": 2, "bad": 1}
    assert sorted(row.attempts for row in world.hub.store.bad()) == [1, 2]


def test_a_record_that_nobody_knows_cannot_be_tried(world: Any) -> None:
    with pytest.raises(NotFoundError, match="no quarantined record 7"):
        world.hub.retry_records([7])


def test_a_record_mended_at_its_source_leaves_quarantine(world: Any) -> None:
    world.desk.add(1, "fine", created="yesterday")
    world.hub.sync()
    world.desk.add(1, "fine")

    world.hub.sync()

    assert (world.hub.store.bad(), titles(world)) == ([], ["fine"])


# -- matching ------------------------------------------------------------------------------------------------------


def test_a_persons_link_survives_texts_keys_and_duplicates(world: Any) -> None:
    world.desk.add(1, "dark mode")
    world.desk.add(2, "slow export")
    world.hub.sync()
    store = world.hub.store
    with world.hub.leased() as lease, store.transaction(lease):
        store.put_links(
            [Link(feedback=Ref("desk", "2"), idea=1, maker=LinkMaker.PERSON, reason="Ann said so")]
        )

    world.desk.add(2, "slow export, see EXP-7", duplicate_of=3)
    world.desk.add(3, "an original")
    world.board.add("EXP-7", "An item")
    world.hub.sync()
    world.hub.sync()

    assert store.links_of([Ref("desk", "2")])[Ref("desk", "2")].idea == 1


@pytest.mark.parametrize(
    ("texts", "together"),
    [
        (("The export to Excel is far too slow", "Export to Excel is much too slow"), True),
        (("每周导出的报表总是缺少最后一列数据", "每周导出的报表总是缺少最后一列的数据"), True),
        (("The export to Excel is slow", "Please add a dark theme"), False),
        (("导出报表太慢", "希望增加夜间模式"), False),
    ],
)
def test_likeness_attaches_only_where_the_admin_says_so(
    world: Any, texts: tuple[str, str], together: bool
) -> None:
    from dataclasses import replace

    world.desk.add(1, texts[0])
    world.desk.add(2, texts[1])
    world.hub.limits = replace(world.hub.limits, similar="attach")

    world.hub.sync()

    assert len(titles(world)) == (1 if together else 2)


def test_likeness_is_only_suggested_by_default(world: Any) -> None:
    world.desk.add(1, "The export to Excel is far too slow")
    world.desk.add(2, "Export to Excel is much too slow")

    world.hub.sync()

    assert len(titles(world)) == 2
    assert [number for number, _, _ in world.hub.show("IDEA-1").suggestions] == [2]


def test_a_bare_rating_is_no_idea(world: Any) -> None:
    from dataclasses import replace

    normalize = world.desk.normalize
    world.desk.normalize = lambda record: replace(normalize(record), rating=Rating(1))
    world.desk.add(1, " \n ")
    world.desk.add(2, "and one with words")

    report = world.hub.sync()

    assert titles(world) == ["and one with words"]
    assert stage(report, "match")["without words"] == 1


def test_records_that_call_each_other_duplicates_are_one_idea(world: Any) -> None:
    world.desk.add(1, "first words", duplicate_of=2)
    world.desk.add(2, "second words", duplicate_of=3)
    world.desk.add(3, "third words", duplicate_of=1)
    world.desk.add(4, "its own duplicate", duplicate_of=4)

    world.hub.sync()

    assert sorted(voices for _, _, voices in world.hub.ranked()) == [1, 3]


# -- tags that come back -------------------------------------------------------------------------------------------

FEEDBACK_TAGS = """
score priority = 10 * count feedback
rule "Leavers" { when any feedback (text mentions ["cancel"]) tag "churn" }
rule "Loop" { when any feedback (tags contains "churn") priority +100 because "it reads its own tag" }
rule "Same word" { when any feedback (tags contains "vip") tag "vip" }
bands priority { P1 >= 100, P2 otherwise }
"""
ITEM_TAGS = FEEDBACK_TAGS.replace("any feedback (tags contains", "(idea.tags contains")


def test_rules_do_not_read_tags_that_rules_gave(world: Any) -> None:
    world.use(FEEDBACK_TAGS)
    world.connect("desk", write={"tags": "tags"}, apply="auto")
    world.desk.add(1, "I will cancel", tags=["blue"])

    for _ in range(3):
        world.hub.sync()

    assert world.desk.tickets[0]["tags"] == ["blue", "churn"]
    assert [decision.band for _, decision, _ in world.hub.ranked()] == ["P2"]


@pytest.fixture
def labelled(world: Any) -> Any:
    """A world whose board shows labels as tags, with an item EXP-1 that one ticket refers to."""
    from dataclasses import replace

    item = world.board.item
    world.board.item = lambda record: replace(item(record), tags=tuple(record["fields"].get("labels", ())))
    world.use(ITEM_TAGS)
    world.board.add("EXP-1", "Slow export", labels=["blue"])
    world.desk.add(1, "I will cancel because of EXP-1")
    return world


def test_rules_do_not_read_labels_that_rules_gave(labelled: Any) -> None:
    for _ in range(3):
        labelled.hub.sync()
    labelled.board.items["EXP-1"]["title"] = "Very slow export"
    labelled.hub.sync()

    assert labelled.board.items["EXP-1"]["fields"]["labels"] == ["blue", "churn"]
    assert [decision.band for _, decision, _ in labelled.hub.ranked()] == ["P2"]


def test_rules_do_not_read_their_labels_before_the_item_is_pulled_again(labelled: Any) -> None:
    labelled.hub.sync()
    for number in (2, 3):
        labelled.use(f'{ITEM_TAGS}rule "More" {{ when idea.voices >= {number} tag "many" }}')
        labelled.desk.add(number, "I will cancel because of EXP-1 too")
        labelled.hub.sync(["desk"])

    assert labelled.board.items["EXP-1"]["fields"]["labels"] == ["blue", "churn", "many"]
    assert [decision.band for _, decision, _ in labelled.hub.ranked()] == ["P2"]


def test_rules_do_not_read_labels_of_a_request_that_was_not_answered(labelled: Any) -> None:
    labelled.board.lose_answer = True
    for _ in range(3):
        labelled.hub.sync()

    assert labelled.board.items["EXP-1"]["fields"]["labels"] == ["blue", "churn"]
    assert [decision.band for _, decision, _ in labelled.hub.ranked()] == ["P2"]


def test_rules_do_not_read_tags_of_a_request_that_was_not_answered(world: Any) -> None:
    world.use(FEEDBACK_TAGS)
    world.connect("desk", write={"tags": "tags"}, apply="auto")
    world.desk.add(1, "I will cancel", tags=["blue"])
    world.desk.lose_answer = True

    for _ in range(3):
        world.hub.sync()

    assert world.desk.tickets[0]["tags"] == ["blue", "churn"]
    assert [decision.band for _, decision, _ in world.hub.ranked()] == ["P2"]


@pytest.mark.parametrize("lost", [False, True])
def test_rules_do_not_read_labels_that_an_item_was_created_with(labelled: Any, lost: bool) -> None:
    labelled.use(f'{ITEM_TAGS}rule "Route" {{ when idea.voices >= 1 route to board.EXP }}')
    labelled.board.items.clear()
    labelled.board.lose_answer = lost
    labelled.hub.sync()
    labelled.hub.sync()

    labelled.desk.add(2, "I will cancel because of EXP-1 too")
    labelled.hub.sync(["desk"])

    assert [item["fields"]["labels"] for item in labelled.board.items.values()] == [["churn"]]
    assert [(d.band, voices) for _, d, voices in labelled.hub.ranked()] == [("P2", 2)]


def test_a_tag_that_a_person_gave_stays_theirs_when_a_rule_gives_it_too(world: Any) -> None:
    world.use(FEEDBACK_TAGS)
    world.connect("desk", write={"tags": "tags"}, apply="auto")
    world.desk.add(1, "I will cancel", tags=["vip"])
    world.hub.sync()
    world.hub.sync()

    world.use("score priority = 1\nbands priority { P1 >= 100, P2 otherwise }")
    world.hub.sync()
    world.hub.sync()

    assert world.desk.tickets[0]["tags"] == ["vip"]


def test_a_label_that_a_person_gave_stays_theirs_too(world: Any) -> None:
    world.board.add("EXP-1", "Slow export", prio="Low", labels=["churn-risk", "theirs"])
    world.desk.add(1, "I will cancel because of EXP-1")
    world.hub.sync()

    world.desk.add(1, "All is well with EXP-1")
    world.hub.sync()

    assert world.board.items["EXP-1"]["fields"]["labels"] == ["churn-risk", "theirs"]


# -- rules and time ------------------------------------------------------------------------------------------------


def test_ideas_are_scored_again_exactly_when_they_fall_due(world: Any) -> None:
    world.use(
        "score priority = count feedback where created > ago(7d)\nbands priority { A >= 1, B otherwise }"
    )
    world.desk.add(1, "hello there")
    world.hub.sync()
    (due,) = {decision.due for _, decision, _ in world.hub.ranked()}
    seen = []

    for moment in (due - timedelta(microseconds=1), due, due + timedelta(microseconds=1)):
        world.clock.advance(moment - world.clock.now())
        seen.append(stage(world.hub.plan() and world.hub.sync(), "score").get("scored", 0))

    assert sum(seen) <= 2
    assert world.hub.ranked()[0][1].band == "B"
    assert world.hub.store.ideas_due(world.clock.now() + timedelta(days=900), 5) == []


def test_a_rule_change_scores_everything_again_and_only_once(world: Any) -> None:
    fill(world, 3)
    world.hub.sync()

    world.use("score priority = 5\nbands priority { Low otherwise }")
    first, second = world.hub.sync(), world.hub.sync()

    assert (stage(first, "score")["scored"], stage(second, "score")) == (3, {})


def test_an_idea_that_lost_its_voices_is_taken_from_its_route(world: Any) -> None:
    world.use(ROUTED)
    world.connect("board", apply="approve")
    world.desk.add(1, "I will cancel")
    world.hub.sync()
    planned = len(world.hub.store.outbox(states=[OutboxState.PLANNED]))

    world.desk.add(1, "I will cancel", deleted=True)
    world.hub.sync()

    assert planned == 1
    assert world.hub.store.outbox(states=[OutboxState.PLANNED]) == []
    assert world.hub.store.routes([1]) == {}


def test_what_was_never_written_is_planned_once_writing_is_allowed(world: Any) -> None:
    world.connect("board", apply="never")
    world.board.add("EXP-1", "Slow export", prio="Low")
    world.desk.add(1, "I will cancel because of EXP-1")
    world.hub.sync()

    world.connect("board", apply="auto")
    world.hub.sync()

    assert world.board.items["EXP-1"]["fields"]["prio"] == "P1"


def test_wishes_are_dropped_where_writing_is_no_longer_allowed(world: Any) -> None:
    world.connect("board", apply="approve")
    world.board.add("EXP-1", "Slow export", prio="Low")
    world.desk.add(1, "I will cancel because of EXP-1")
    world.hub.sync()

    world.connect("board", apply="never")

    assert world.hub.plan().rows == ()


# -- runs ----------------------------------------------------------------------------------------------------------


def test_a_run_is_recorded_with_what_was_promised_and_what_came(world: Any) -> None:
    fill(world, 5)
    world.desk.tickets.append({"id": 6, "text": 5, "created": "2026-01-01T00:00:00+00:00"})
    world.board.add("EXP-1", "An item")
    report = world.hub.sync()

    (run,) = world.hub.store.runs(5)
    desk = next(row for row in run.detail["connections"] if row["name"] == "desk")

    assert (run.id, run.command, run.outcome) == (report.run, "sync", "done")
    assert run.ended_at is not None
    assert {key: desk[key] for key in ("pages", "got", "expected", "changed", "bad")} == {
        "pages": 3,
        "got": 6,
        "expected": 6,
        "changed": 6,
        "bad": 1,
    }
    assert {row["name"]: row["counts"] for row in run.detail["stages"]}["match"]["new ideas"] == 6
    assert all(isinstance(row["seconds"], float) for row in run.detail["stages"])


def test_a_run_is_recorded_with_its_errors_by_kind(world: Any) -> None:
    fill(world, 5)
    world.desk.failing = UnavailableError("it is down")

    world.hub.sync()

    (run,) = world.hub.store.runs(5)
    failures = [row["failure"]["kind"] for row in run.detail["connections"] if row["failure"]]
    assert (run.outcome, failures) == ("partly", ["UnavailableError"])


def test_a_run_that_was_killed_is_closed_as_killed_by_the_next_one(world: Any) -> None:
    world.hub.store.start_run("sync", world.clock.now())

    world.hub.sync()

    assert [run.outcome for run in world.hub.store.runs(5)] == ["done", "killed"]


def test_a_defect_of_the_engine_is_a_failed_run_and_leaves_no_lease(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opshub.engine.cycle._THOUGHT", (("match", lambda work: 1 / 0),))

    with pytest.raises(ZeroDivisionError):
        world.hub.sync()

    assert world.hub.store.runs(1)[0].outcome == "failed"
    assert world.hub.store.holder("hub") == ""


def test_a_stop_between_two_pages_keeps_the_first_and_goes_on_behind_it(world: Any) -> None:
    fill(world, 5)
    world.hub.stopping = lambda: world.hub.store.count_records("desk") >= 2

    report = world.hub.sync(["desk"])
    success = world.hub.store.connection("desk").last_success
    world.hub.stopping = lambda: False
    again = world.hub.sync(["desk"])

    assert part(report).stopped
    assert (report.exit_code, success) == (7, None)
    assert (again.exit_code, len(titles(world))) == (0, 5)


# -- two at once ---------------------------------------------------------------------------------------------------


def test_the_second_of_two_hubs_says_who_is_at_work(world: Any) -> None:
    other = open_store(world.path, clock=world.clock)
    lease = other.acquire("hub", "opshub (process 1 on elsewhere)", timedelta(seconds=60), world.clock.now())
    assert lease is not None

    with pytest.raises(StoreBusyError, match="opshub \\(process 1 on elsewhere\\)") as raised:
        world.hub.sync()

    assert raised.value.hint
    other.release(lease)
    assert world.hub.sync().exit_code == 0
    other.close()


def test_the_second_of_two_hubs_waits_for_the_first(world: Any) -> None:
    from dataclasses import replace

    other = open_store(world.path, clock=world.clock)
    lease: Any = other.acquire("hub", "somebody", timedelta(seconds=60), world.clock.now())
    world.hub.limits = replace(world.hub.limits, wait=timedelta(seconds=30))
    slept: list[float] = []

    class Waiting(FrozenClock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                other.release(lease)

    world.hub.clock = Waiting(world.clock.now())
    report = world.hub.sync()

    assert (report.exit_code, len(slept)) == (0, 3)
    other.close()


def test_who_lost_the_lease_writes_nothing_more(world: Any) -> None:
    fill(world, 6)
    other = open_store(world.path, clock=world.clock)

    class Robber(Silent):
        def pulling(self, connection: str, got: int, expected: int | None) -> None:
            world.clock.advance(timedelta(hours=1))
            assert other.acquire("hub", "another", timedelta(hours=1), world.clock.now())

    with pytest.raises(FencedError, match="another took over"):
        world.hub.sync(["desk"], watch=Robber())

    assert world.hub.store.count_records("desk") == 2
    assert world.hub.store.runs(1)[0].outcome == "failed"
    other.close()


def test_hubs_side_by_side_on_one_file_lose_nothing(world: Any, tmp_path: Path) -> None:
    """Two threads with stores of their own take turns; every run is whole."""
    from opshub.clock import SystemClock
    from opshub.engine.hub import Hub

    fill(world, 4)
    clock = SystemClock()
    limits = Limits(wait=timedelta(seconds=30))
    stores = [open_store(world.path, clock=clock) for _ in range(2)]
    hubs = [
        Hub(
            store=store,
            connections=world.connections,
            rules=world.hub.rules,
            clock=clock,
            limits=limits,
            holder=f"hub {number}",
        )
        for number, store in enumerate(stores)
    ]
    codes: list[int] = []
    threads = [
        threading.Thread(target=lambda hub=hub: codes.extend(hub.sync().exit_code for _ in range(3)))
        for hub in hubs
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert codes == [0] * 6
    assert {run.outcome for run in world.hub.store.runs(10)} == {"done"}
    assert len(titles(world)) == 4
    for store in stores:
        store.close()


ROUTED = """
score priority = 10 * count feedback
rule "They may leave" { when any feedback (text mentions ["cancel"]) priority +50 route to board.EXP }
bands priority { P1 >= 50, P2 otherwise }
"""
