"""A vendor and a connector that are out to hurt: the engine ends, says why, and loses nobody's records."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, cast

import pytest

from opshub.clock import SystemClock
from opshub.engine.connection import Connection
from opshub.engine.report import ConnectionReport, Report
from opshub.model import Account, Change, Comment, Person, Rating, Ref
from opshub.sdk import ConfigError, HttpRules, Page
from opshub.store.rows import OutboxState
from opshub.testing.hostile import CONNECTOR_TRICKS, TWIN_TRICKS, Hostile, HostileTwin
from opshub.testing.trial import build

GOOD = {str(number) for number in range(1, 24)}
LIVING = {name for name in GOOD if int(name) % 7}
KEPT_BEFORE_IT_ENDS = {
    "empty_pages": 0,
    "huge_answer": 0,
    "no_page": 5,
    "odd_cursor": 0,
    "raises": 10,
    "same_token": 5,
}
"""Trick → records of whole pages that came before what ended the pull."""


@contextmanager
def hostile(
    world: Any, *tricks: str, rules: HttpRules | None = None, clock: Any = None
) -> Iterator[HostileTwin]:
    """Put a hostile connection in front of the desk and the board, which hold one thing each."""
    twin = HostileTwin(*tricks, clock=world.clock).populated(23)
    world.desk.add(1, "The desk's own ticket")
    world.board.add("EXP-1", "The board's own item")
    with twin.serve() as url:
        connector = build(
            Hostile, twin.settings(url), name="hostile", clock=clock or world.clock, rules=rules
        )
        world.hub.connections = [Connection(name="hostile", connector=connector), *world.connections]
        yield twin
        connector.http.close()


def part(report: Report, name: str = "hostile") -> ConnectionReport:
    return next(part for part in report.connections if part.name == name)


def behave(world: Any, twin: HostileTwin) -> None:
    """Let go of all tricks."""
    twin.tricks.clear()
    connector = world.hub.connections[0].connector
    connector.settings = connector.settings.model_copy(update={"tricks": ()})


def understood(world: Any) -> set[str]:
    return {name for name in GOOD if world.hub.store.feedback(Ref("hostile", name))}


def others_are_complete(world: Any, report: Report) -> bool:
    titles = {idea.title for idea, _, _ in world.hub.ranked(100)}
    return (
        part(report, "desk").complete
        and part(report, "board").complete
        and {"The desk's own ticket", "The board's own item"} <= titles
    )


HARMLESS = sorted(
    {*TWIN_TRICKS, *CONNECTOR_TRICKS} - KEPT_BEFORE_IT_ENDS.keys() - {"lying_total", "bad_values"}
)


@pytest.mark.parametrize("trick", HARMLESS)
def test_what_can_be_borne_is_borne_and_every_good_record_is_there(world: Any, trick: str) -> None:
    with hostile(world, trick):
        report = world.hub.sync()

    assert (report.exit_code, part(report).failure) == (0, None)
    assert understood(world) == LIVING
    assert others_are_complete(world, report)


@pytest.mark.parametrize("trick", sorted(KEPT_BEFORE_IT_ENDS))
def test_what_cannot_be_borne_ends_that_connection_alone(world: Any, trick: str) -> None:
    with hostile(world, trick):
        report = world.hub.sync()

    failure = part(report).failure
    assert failure is not None
    assert (report.exit_code, failure.kind) == (7, "BadAnswerError")
    assert "hostile" in failure.message
    assert failure.hint
    assert world.hub.store.connection("hostile").error == failure.message
    assert others_are_complete(world, report)


@pytest.mark.parametrize("trick", sorted(KEPT_BEFORE_IT_ENDS))
def test_pages_before_the_end_are_whole_and_the_next_run_completes_them(world: Any, trick: str) -> None:
    with hostile(world, trick) as twin:
        world.hub.sync()
        kept = world.hub.store.count_records("hostile")
        behave(world, twin)
        again = world.hub.sync()

    assert kept == KEPT_BEFORE_IT_ENDS[trick]
    assert (again.exit_code, part(again).complete) == (0, True)
    assert understood(world) == LIVING
    assert world.hub.store.connection("hostile").error == ""


def test_a_total_that_does_not_come_is_not_called_complete(world: Any) -> None:
    with hostile(world, "lying_total"):
        report = world.hub.sync()

    assert (report.outcome, report.exit_code) == ("partly", 7)
    assert (part(report).got, part(report).expected) == (23, 69)
    assert understood(world) == LIVING


def test_a_record_that_comes_twice_does_not_stand_for_one_that_did_not_come(world: Any) -> None:
    with hostile(world, "doubles"):
        report = world.hub.sync()

    assert part(report).got == len(GOOD)


def test_malformed_records_are_set_aside_each_with_its_reason(world: Any) -> None:
    with hostile(world, "malformed") as twin:
        report = world.hub.sync()
        behave(world, twin)
        world.hub.sync()

    bad = world.hub.store.bad()
    assert part(report).bad == len(bad) > 25
    assert all(row.reason and row.body for row in bad)
    assert not {row.ref.id for row in bad} & GOOD
    assert others_are_complete(world, report)


def test_translations_that_break_the_contract_are_bad_records(world: Any) -> None:
    with hostile(world, "bad_values") as twin:
        report = world.hub.sync()
        bad = {row.ref.id: row.reason for row in world.hub.store.bad()}
        behave(world, twin)
        world.hub.retry_records()

    assert report.exit_code == 0
    assert bad["4"] == "its time has no zone"
    assert bad["5"] == "it was read as elsewhere:5"
    assert bad["6"] == "its permalink is not a web address"
    assert bad["8"] == "its tags are no texts"
    assert understood(world) == LIVING
    assert world.hub.store.bad() == []
    assert others_are_complete(world, report)


def test_a_record_of_20_mb_is_set_aside_and_named(world: Any) -> None:
    with hostile(world, "huge"):
        world.hub.sync()

    (row,) = world.hub.store.bad("hostile")
    assert (row.ref.id, row.reason) == ("9999", "the record is too large: 20.0 MB")
    assert len(row.body) <= 1000


def test_changes_while_items_are_paged_arrive_sooner_or_later(world: Any) -> None:
    with hostile(world, "moving") as twin:
        world.hub.sync()
        behave(world, twin)
        world.hub.sync()
        last = world.hub.sync()
        stored = {
            name: json.loads(row.body)["change"]
            for name in GOOD
            if (row := world.hub.store.record(Ref("hostile", name))) is not None
        }

    assert stored == {name: item["change"] for name, item in twin.items.items()}
    assert part(last).changed == 0


@pytest.mark.parametrize(
    ("fault", "options", "kind"),
    [
        ("stall", {}, "UnavailableError"),
        ("slow", {"step": 0.2, "size": 10}, "UnavailableError"),
        ("reset", {}, "UnavailableError"),
        ("truncate", {}, "BadAnswerError"),
        ("malformed", {}, "BadAnswerError"),
        ("login_page", {}, "BadAnswerError"),
        ("status", {"code": 401}, "AuthenticationError"),
        ("status", {"code": 403}, "PermissionDeniedError"),
        ("status", {"code": 410}, "RemovedEndpointError"),
        ("status", {"code": 503}, "UnavailableError"),
        ("rate_limit", {"seconds": 3600}, "RateLimitedError"),
    ],
)
def test_a_vendor_that_fails_in_the_middle_keeps_nobody_waiting(
    world: Any, fault: str, options: dict[str, Any], kind: str
) -> None:
    quick = HttpRules(private=True, deadline=0.4, read_timeout=0.3, attempts=2)
    # Only a clock that runs shows that time is up; only one that stands still can be moved past a wait.
    clock = SystemClock() if fault in ("stall", "slow") else world.clock
    with hostile(world, rules=quick, clock=clock) as twin:
        twin.faults.always(fault, after=2, **options)
        report = world.hub.sync()
        kept = world.hub.store.count_records("hostile")
        twin.faults.clear()
        world.clock.advance(timedelta(hours=2))
        again = world.hub.sync()

    failure = part(report).failure
    assert failure is not None
    assert (kept, report.exit_code) == (10, 7)
    assert "hostile" in failure.message or "127.0.0.1" in failure.message
    assert failure.hint
    assert (failure.kind, others_are_complete(world, report)) in [(kind, True), ("BadAnswerError", True)]
    assert (again.exit_code, understood(world)) == (0, LIVING)


@pytest.mark.parametrize("name", ["\x00", "", "a\x00b", "\ud800", "e\u0301", " ", "x" * 5_000])
def test_a_records_id_may_be_anything(world: Any, name: str) -> None:
    world.desk.add(name, "words")
    world.desk.add(2, "other words")

    first, again = world.hub.sync(), world.hub.sync()

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert part(again, "desk").changed == 0
    assert "other words" in {idea.title for idea, _, _ in world.hub.ranked()}


FAR = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-23)))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"fields": {"x": datetime(2026, 1, 1)}}, "its time has no zone"),
        ({"fields": {"x": FAR}}, "its time lies beyond the calendar"),
        ({"created_at": FAR}, "its time lies beyond the calendar"),
        ({"comments": (Comment(id="1", text="x", created_at=FAR),)}, "its time lies beyond the calendar"),
        ({"comments": [Comment(id="1", text="x")]}, "its comments are none"),
        ({"comments": (Comment(id="1", text=cast("Any", 5)),)}, "its text is no text"),
        ({"rating": Rating(float("nan"))}, "its rating is no number"),
        ({"author": "ann"}, "its author is no person"),
        ({"account": Account(id="1", arr=cast("Any", "much"))}, "its account's revenue is no number"),
        ({"visibility": "public"}, "its visibility is unknown"),
        ({"fields": {"x": {"y": 1}}}, "its field 'x' holds what no field can hold"),
        ({"fields": None}, "its fields are no table"),
        ({"tags": ["a"]}, "its tags are no texts"),
        ({"mentions": (1,)}, "its mentions are no texts"),
        ({"text": None}, "its text is no text"),
        ({"updated_at": "yesterday"}, "a time is none"),
    ],
)
def test_what_no_store_could_keep_is_a_bad_record(world: Any, values: dict[str, Any], reason: str) -> None:
    normalize = world.desk.normalize
    world.desk.add(1, "odd")
    world.desk.add(2, "fine")
    world.desk.normalize = lambda r: replace(normalize(r), **values) if r["id"] == 1 else normalize(r)

    report = world.hub.sync()

    assert (report.exit_code, [row.reason for row in world.hub.store.bad()]) == (0, [reason])
    assert [idea.title for idea, _, _ in world.hub.ranked()] == ["fine"]


@pytest.mark.parametrize(
    "values",
    [
        {"text": "\x00\ud800 x"},
        {"title": "\x00"},
        {"tags": ("a\x00", "\ud800")},
        {"mentions": ("\x00", "\ud800")},
        {"duplicate_of": "\x00"},
        {"language": "\x00"},
        {"fields": {"x\x00": 10**40, "\ud800": float("inf"), "b": True}},
        {"account": Account(id="\x00", arr=float("nan"))},
        {"author": Person(id="")},
        {"rating": Rating(1, 1, 1)},
        {"tags": tuple(map(str, range(20_000)))},
        {"text": "x " * 1_000_000},
        {"created_at": datetime(1, 1, 1, tzinfo=UTC)},
    ],
)
def test_what_can_be_cleaned_is_kept_and_stays_the_same(world: Any, values: dict[str, Any]) -> None:
    normalize = world.desk.normalize
    world.desk.add(1, "odd")
    world.desk.normalize = lambda r: replace(normalize(r), **values)

    world.hub.sync()
    seq = world.hub.store.last_seq()
    world.desk.revision = 2
    again = world.hub.sync()

    assert (again.exit_code, world.hub.store.bad()) == (0, [])
    assert world.hub.store.last_seq() == seq
    assert len(world.hub.why("IDEA-1").parts) >= 1


def test_records_that_nest_without_end_are_set_aside(world: Any) -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    world.desk.add(1, "fine")
    world.desk.add(2, "deep", title=deep)

    report = world.hub.sync()

    assert (report.exit_code, part(report, "desk").bad) == (0, 1)
    assert world.hub.store.feedback(Ref("desk", "1")) is not None


ODD: Any = [None, {1: 2}, {"a": float("nan")}]


@pytest.mark.parametrize(
    "page",
    [None, 7, Page(ODD[0], {}), Page([], ODD[1]), Page([], ODD[2])],
)
def test_pages_may_be_anything(world: Any, monkeypatch: pytest.MonkeyPatch, page: Any) -> None:
    monkeypatch.setattr(world.desk, "pull", lambda cursor: iter([page]))
    world.board.add("EXP-1", "An item")

    report = world.hub.sync()

    assert part(report, "board").complete
    assert report.exit_code in (0, 7)


def test_a_total_of_another_type_is_none(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ticket = world.desk.add(1, "words")
    monkeypatch.setattr(world.desk, "pull", lambda cursor: iter([Page([ticket], {}, total=ODD)]))

    report = world.hub.sync()

    assert (report.exit_code, part(report, "desk").expected) == (0, None)


def test_what_is_wrong_with_one_connections_settings_stops_that_connection_alone(world: Any) -> None:
    world.desk.tickets = [world.desk.add(n, f"ticket {n}") for n in range(1, 6)]
    world.desk.failing = ConfigError("the file has no column 'text'", hint="correct columns")
    world.board.add("EXP-1", "An item")

    report = world.hub.sync()

    failure = part(report, "desk").failure
    assert failure is not None
    assert (report.exit_code, failure.kind, failure.exit_code) == (7, "ConfigError", 2)
    assert failure.message == "desk: the file has no column 'text'"
    assert world.hub.store.count_records("desk") == 2
    assert part(report, "board").complete


@pytest.mark.parametrize("place", ["scope", "pull"])
def test_a_connector_that_breaks_before_its_first_page_breaks_alone(
    world: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def broken(*args: object) -> None:
        raise KeyError("on purpose")

    monkeypatch.setattr(world.desk, place, broken)
    world.board.add("EXP-1", "An item")

    report = world.hub.sync()

    assert report.exit_code == 7
    assert "KeyError in connector desk" in str(part(report, "desk").failure)
    assert part(report, "board").complete


@pytest.mark.parametrize(
    "place", ["read", "item", "write", "published", "fingerprint", "publish", "find", "create"]
)
def test_a_connector_that_breaks_while_writing_breaks_alone_and_the_next_run_goes_on(
    world: Any, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("on purpose")

    world.use(ROUTED)
    world.connect("board", publish=5)
    world.connect("desk", write={"tags": "tags"}, apply="auto")
    world.board.add("EXP-1", "Slow export", prio="Low")
    world.desk.add(1, "I will cancel because of EXP-1")
    world.desk.add(2, "I cancel too")
    world.hub.sync(until="plan")

    with monkeypatch.context() as patch:
        patch.setattr(world.board, place, broken)
        report = world.hub.sync(["desk"])
    world.clock.advance(timedelta(hours=1))
    again = world.hub.sync()

    assert report.exit_code == 7
    assert any("ZeroDivisionError in connector board" in f.message for f in report.failures)
    assert world.desk.tickets[0]["tags"] == ["churn-risk"]
    assert again.exit_code == 0
    assert world.board.items["EXP-1"]["fields"]["prio"] == "P1"
    assert max(world.board.writes.values()) == 1
    assert {row.state for row in world.hub.store.outbox()} == {OutboxState.DONE}


def test_an_answer_that_cannot_be_read_after_a_write_is_an_unknown_outcome(world: Any) -> None:
    def write(change: Change) -> Any:
        real(change)
        raise KeyError("version")

    world.board.add("EXP-1", "Slow export", prio="Low")
    world.desk.add(1, "I will cancel because of EXP-1")
    real, world.board.write = world.board.write, write

    first = world.hub.sync()
    world.board.write = real
    again = world.hub.sync()

    assert first.failures[0].kind == "UnknownOutcomeError"
    assert (again.exit_code, world.board.writes) == (0, {"EXP-1": 1})


def test_memory_stays_bounded_however_much_comes() -> None:
    """400 MB pass through; the peak stays near what a few pages need."""
    done = subprocess.run([sys.executable, "-c", FLOOD], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    before, after = map(int, done.stdout.split())
    assert after - before < 220 * 2**10


FLOOD = """
import resource, tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from opshub.clock import SystemClock
from opshub.engine.connection import Connection
from opshub.engine.hub import Hub
from opshub.language import EMPTY
from opshub.sdk import Connector, Http, Page, Settings
from opshub.store import open_store

class Flood(Connector):
    kind = "flood"
    Settings = Settings
    def pull(self, cursor):
        for n in range(20):
            yield Page([{"id": str(n), "text": "x" * (20 * 2**20)}], {"n": n})
    def normalize(self, record):
        raise ValueError

clock = SystemClock()
folder = tempfile.TemporaryDirectory()
store = open_store(Path(folder.name) / "hub.db", clock=clock)
flood = Flood("flood", Settings(), Http("https://unused.example", clock=clock))
hub = Hub(store=store, connections=[Connection(name="flood", connector=flood)], rules=EMPTY, clock=clock)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
report = hub.sync()
assert report.connections[0].bad == 20, report
print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""

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


def test_a_list_that_cannot_be_fingerprinted_breaks_alone(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise ZeroDivisionError("on purpose")

    world.connect("board", publish=5)
    world.desk.add(1, "words")
    with monkeypatch.context() as patch:
        patch.setattr(world.board, "fingerprint", broken)
        report = world.hub.sync()
    again = world.hub.sync()

    assert (report.exit_code, [failure.kind for failure in report.failures]) == (7, ["BadAnswerError"])
    assert part(report, "desk").complete
    assert (again.exit_code, world.board.writes["publish"]) == (0, 1)
