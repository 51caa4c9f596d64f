"""A database of every older shape comes up to date with all that was in it; a newer one is left alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from opshub.clock import FrozenClock
from opshub.errors import StoreError
from opshub.model import Feedback, Ref
from opshub.store import open_store
from opshub.store.migrations import NAMES, applied, migrate
from opshub.store.rows import OutboxState, Said

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MICROS = int(NOW.timestamp()) * 1_000_000

BODY = orjson.dumps(
    ["u", "the export fails", "t", "feedback", None, "internal", None, None, [], "", None, [], {}, [], ""]
)

ROWS: dict[str, tuple[tuple[str, tuple[Any, ...]], ...]] = {
    "m001_records": (
        ("insert into counter (name, value) values ('seq', 7)", ()),
        ("insert into counter (name, value) values ('idea', 1)", ()),
        ("insert into mark (stage, seq) values ('match', 5)", ()),
        ("insert into fact (name, text) values ('rules', 'abc')", ()),
        ("insert into connection (name, cursor) values ('desk', ?)", (b'{"after":1}',)),
        (
            "insert into record (connection, id, hash, normalized, body) values ('desk', '1', ?, 0, ?)",
            (b"h", b""),
        ),
        ("insert into bad (key, connection, id, reason, body) values (1, 'desk', '2', 'no', ?)", (b"",)),
        ("insert into run (id, command, outcome, detail) values (1, 'sync', 'done', ?)", (b"{}",)),
    ),
    "m002_feedback_and_ideas": (
        (
            "insert into feedback (key, seq, created, connection, id, body) values (1, 1, ?, 'desk', '1', ?)",
            (MICROS, BODY),
        ),
        (
            "insert into feedback (key, seq, created, connection, id, gone, body) "
            "values (2, 2, ?, 'desk', '2', 'deleted', ?)",
            (MICROS, BODY),
        ),
        (
            "insert into idea (number, seq, title, voices, alive, visibility) values (1, 3, 'one', 1, 1, 'internal')",
            (),
        ),
        ("insert into link (feedback, idea, maker, reason) values (1, 1, 'rule', 'so')", ()),
    ),
    "m003_outbox": (
        (
            "insert into outbox (connection, target, field, idea, base, wish, state, version) "
            "values ('jira', '1', 'priority', 1, ?, ?, 'planned', 2)",
            (b'"Low"', b'"High"'),
        ),
        (
            "insert into written (connection, target, field, idea, before, value, run) "
            "values ('jira', '1', 'labels', 1, ?, ?, 1)",
            (b"[]", b'["a"]'),
        ),
    ),
    "m005_full_text": (
        ("insert into decision (idea, seq, due, body) values (1, 4, null, ?)", (b'[{},"","","",[]]',)),
        ("insert into mark (stage, seq) values ('score', 4)", ()),
    ),
    "m007_overrides": (
        (
            "insert into override (idea, body) values (1, ?)",
            (orjson.dumps([90.0, "", [], "", "so", "ann", MICROS, MICROS, "2026-03-01"]),),
        ),
    ),
    "m012_said": (
        (
            "insert into said (feedback, known, facts) values (1, 3, ?)",
            ('{"1a":"export"}',),
        ),
    ),
    "m004_own_members": (("update outbox set own = ?", (b'["a"]',)),),
}


def old_database(path: Path, version: str) -> None:
    """A database as it was after a step, with rows of that time."""
    connection = sqlite3.connect(path, isolation_level=None)
    for name in NAMES[: NAMES.index(version) + 1]:
        migrate(connection, until=name)
        for statement, values in ROWS.get(name, ()):
            connection.execute(statement, values)
    connection.close()


def shape(path: Path) -> dict[str, str]:
    """Every table and index."""
    connection = sqlite3.connect(path)
    rows = dict(connection.execute("select name, sql from sqlite_master where sql is not null"))
    connection.close()
    return rows


def check_records(store: Any) -> None:
    assert (store.last_seq(), store.mark("match"), store.fact("rules")) == (7, 5, "abc")
    assert store.connection("desk").cursor == {"after": 1}
    assert store.hashes("desk", ["1"]) == {"1": b"h"}
    assert [row.command for row in store.runs(9)] == ["sync"]
    assert store.count_records("desk") == 1


def check_feedback(store: Any) -> None:
    expected = Feedback(ref=Ref("desk", "1"), url="u", text="the export fails", title="t", created_at=NOW)
    assert list(store.voices([1])) == [(1, expected)]
    assert [row.feedback.ref.id for row in store.unindexed(9)] == ["1"]
    assert [(idea.title, voices) for idea, _, voices in store.ranked(9)] == [("one", 1)]


def check_outbox(store: Any) -> None:
    (row,) = store.outbox()
    assert (row.base, row.wish, row.state, row.version) == ("Low", "High", OutboxState.PLANNED, 2)
    written = store.written("jira", ["1"])[("1", "labels")]
    assert (written.before, written.value, written.own) == ((), ("a",), ())


def check_decisions(store: Any) -> None:
    assert store.decisions([1]) == {}
    assert store.mark("score") == 0


def check_overrides(store: Any) -> None:
    override = store.overrides([1])[1]
    assert (override.priority, override.who, override.until) == (90.0, "ann", NOW)


def check_said(store: Any) -> None:
    assert store.said([Ref("desk", "1"), Ref("desk", "2")]) == {Ref("desk", "1"): Said(3, {"1a": "export"})}


CHECKS: dict[str, Callable[[Any], None]] = {
    "m001_records": check_records,
    "m002_feedback_and_ideas": check_feedback,
    "m003_outbox": check_outbox,
    "m005_full_text": check_decisions,
    "m007_overrides": check_overrides,
    "m012_said": check_said,
}


@pytest.mark.parametrize("version", NAMES)
def test_a_database_of_any_older_shape_comes_up_to_date_with_its_rows(
    tmp_path: Path, empty_database: Path, version: str
) -> None:
    old_database(tmp_path / "hub.db", version)

    store = open_store(tmp_path / "hub.db", clock=FrozenClock(NOW))

    for name in NAMES[: NAMES.index(version) + 1]:
        if name in CHECKS:
            CHECKS[name](store)
    with store.transaction():
        assert store.next_idea_number() == 2
        store.set_fact("written", "after the upgrade")
    store.close()
    assert shape(tmp_path / "hub.db") == shape(empty_database)


def test_every_step_is_numbered_in_order() -> None:
    assert [name[:4] for name in NAMES] == [f"m{number:03}" for number in range(1, len(NAMES) + 1)]


def test_a_database_made_by_a_newer_version_is_left_alone(tmp_path: Path, empty_database: Path) -> None:
    path = tmp_path / "hub.db"
    path.write_bytes(empty_database.read_bytes())
    connection = sqlite3.connect(path)
    connection.execute("insert into _sqlite_migrations (migration_set, name) values ('opshub', 'm999_later')")
    connection.commit()
    connection.close()

    with pytest.raises(StoreError, match=r"made by a newer opshub.*m999_later") as caught:
        open_store(path, clock=FrozenClock(NOW))

    assert "install that version" in caught.value.hint


def test_opening_an_up_to_date_database_takes_no_step(tmp_path: Path, empty_database: Path) -> None:
    path = tmp_path / "hub.db"
    path.write_bytes(empty_database.read_bytes())

    open_store(path, clock=FrozenClock(NOW)).close()

    connection = sqlite3.connect(path)
    assert applied(connection) == NAMES
    connection.close()


def test_a_step_that_fails_leaves_the_shape_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = sqlite3.connect(tmp_path / "hub.db", isolation_level=None)
    connection.execute("create table decision (x)")

    with pytest.raises(Exception, match="decision"):
        migrate(connection)

    assert applied(connection) == NAMES[:1]
    tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
    assert "feedback" not in tables
    connection.close()


KILLED = """
import os, sqlite3, sys
from opshub.clock import SystemClock
from opshub.store import database, open_store

left = int(sys.argv[2])


def count(statement):
    global left
    left -= 1
    if left == 0:
        os._exit(9)


class Traced(sqlite3.Connection):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.set_trace_callback(count)


connect = sqlite3.connect
database.sqlite3.connect = lambda *args, **more: connect(*args, factory=Traced, **more)
open_store(sys.argv[1], clock=SystemClock()).close()
print("statements:", 100_000 - left)
"""


@pytest.mark.parametrize("at", [8, 14, 25, 40, 60, 85, 120, 160, 200])
def test_a_process_killed_while_upgrading_leaves_whole_steps_behind(
    tmp_path: Path, empty_database: Path, at: int
) -> None:
    path = tmp_path / "hub.db"
    done = subprocess.run([sys.executable, "-c", KILLED, path, str(at)], capture_output=True, text=True)
    assert done.returncode == 9, done.stdout

    connection = sqlite3.connect(path)
    steps = applied(connection)
    assert steps == NAMES[: len(steps)]
    assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    connection.close()

    open_store(path, clock=FrozenClock(NOW)).close()
    assert shape(path) == shape(empty_database)


def test_many_processes_may_open_a_new_database_at_once(tmp_path: Path, empty_database: Path) -> None:
    path = tmp_path / "hub.db"

    many = [
        subprocess.Popen(
            [sys.executable, "-c", KILLED, path, "100000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(4)
    ]
    ends = [(one.communicate()[1].decode(), one.returncode) for one in many]

    assert ends == [("", 0)] * 4
    assert shape(path) == shape(empty_database)
