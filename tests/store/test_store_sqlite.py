"""The SQLite store as a file on a disk: modes, failures, plans, what is imported."""

from __future__ import annotations

import ast
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import opshub
from opshub.clock import FrozenClock
from opshub.errors import ConfigError, StoreBusyError, StoreError
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref
from opshub.store import (
    Store,
    action_statements,
    alike_statements,
    goal_statements,
    open_store,
    question_statements,
    search_statements,
    statements,
    text_statements,
    vector_statements,
)
from opshub.store.memory import MemoryStore
from opshub.store.rows import RawRow, Route

SHORT = timedelta(seconds=0.2)


@pytest.fixture
def hub(tmp_path: Path, open_at: Callable[[str], Store]) -> Any:
    """A store in a file, with its inside in reach."""
    return open_at("sqlite")


def test_everything_on_the_disk_is_readable_by_its_owner_alone(tmp_path: Path, clock: FrozenClock) -> None:
    before = os.umask(0)
    try:
        store = open_store(tmp_path / "new" / "hub.db", clock=clock)
        store.acquire("sync", "me", SHORT, clock.now())
    finally:
        os.umask(before)
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "new").iterdir()}
    store.close()

    assert modes == dict.fromkeys(["hub.db", "hub.db-wal", "hub.db-shm", "hub.db.sync.lock"], "0o600")
    assert oct((tmp_path / "new").stat().st_mode & 0o777) == "0o700"


@pytest.mark.parametrize(
    ("where", "name"),
    [("{path}", "hub.db"), ("sqlite:////{bare}", "hub.db"), ("sqlite:////{bare}%20x", "hub.db x")],
)
def test_a_store_is_opened_by_its_address(tmp_path: Path, clock: FrozenClock, where: str, name: str) -> None:
    path = tmp_path / "hub.db"

    open_store(where.format(path=path, bare=str(path)[1:]), clock=clock).close()

    assert (tmp_path / name).exists()


def test_a_relative_address_has_three_slashes(
    tmp_path: Path, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    open_store("sqlite:///hub.db", clock=clock).close()

    assert (tmp_path / "hub.db").exists()


def test_an_address_of_an_unknown_kind_is_a_mistake_in_the_configuration(clock: FrozenClock) -> None:
    with pytest.raises(ConfigError, match="'postgres'"):
        open_store("postgres://localhost/hub", clock=clock)

    assert isinstance(open_store("memory:", clock=clock), MemoryStore)


def test_the_file_has_large_pages_and_a_write_ahead_log(hub: Any) -> None:
    connection = sqlite3.connect(hub.path)

    assert connection.execute("pragma page_size").fetchone() == (16384,)
    assert connection.execute("pragma journal_mode").fetchone() == ("wal",)
    connection.close()


def test_opening_an_up_to_date_database_imports_nothing_heavy(empty_database: Path) -> None:
    code = """
import sys
from opshub.clock import SystemClock
from opshub.store import open_store
store = open_store(sys.argv[1], clock=SystemClock())
store.ranked(1)
store.close()
print(sorted({"sqlite_utils", "zstandard", "click", "httpx"} & set(sys.modules)))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, empty_database], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"


def test_a_file_that_is_no_database_is_named(tmp_path: Path, clock: FrozenClock) -> None:
    (tmp_path / "notes.txt").write_text("not a database" * 100)

    with pytest.raises(StoreError, match=r"notes\.txt is not a database") as caught:
        open_store(tmp_path / "notes.txt", clock=clock)

    assert "backup" in caught.value.hint
    assert (tmp_path / "notes.txt").read_text() == "not a database" * 100


@pytest.mark.parametrize("name", ["", "file/hub.db"], ids=["folder", "inside a file"])
def test_a_place_that_cannot_hold_a_database_is_named(tmp_path: Path, clock: FrozenClock, name: str) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="cannot be opened") as caught:
        open_store(tmp_path / name, clock=clock)

    assert "[hub] database" in caught.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_read_only_is_named(tmp_path: Path, clock: FrozenClock) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="cannot be opened"):
            open_store(tmp_path / "hub.db", clock=clock)
    finally:
        tmp_path.chmod(0o700)


def test_a_full_disk_rolls_back_and_leaves_the_rest_readable(hub: Any) -> None:
    with hub.transaction():
        hub.set_fact("kept", "x")
    pages = hub._db.execute("pragma page_count").fetchone()[0]
    hub._db.execute(f"pragma max_page_count = {pages + 1}")

    with pytest.raises(StoreError, match="the disk is full") as caught, hub.transaction():
        hub.set_fact("small", "y")
        hub.set_fact("large", "z" * 1_000_000)

    assert "free some space" in caught.value.hint
    assert (hub.fact("kept"), hub.fact("small"), hub.fact("large")) == ("x", "", "")

    hub._db.execute(f"pragma max_page_count = {pages + 1000}")
    with hub.transaction():
        hub.set_fact("large", "z" * 1_000_000)
    assert len(hub.fact("large")) == 1_000_000


def test_a_full_disk_inside_an_inner_transaction_ends_the_outer_one_too(hub: Any) -> None:
    pages = hub._db.execute("pragma page_count").fetchone()[0]
    hub._db.execute(f"pragma max_page_count = {pages + 1}")

    with pytest.raises(StoreError), hub.transaction():
        hub.set_fact("outer", "x")
        with pytest.raises(StoreError, match="full"), hub.transaction():
            hub.set_fact("large", "z" * 1_000_000)
        if hub._db.in_transaction:
            hub.set_fact("large", "z" * 1_000_000)
        hub.set_fact("after", "x")

    assert (hub.fact("outer"), hub.fact("after")) == ("", "")


def test_a_closed_store_says_so(clock: FrozenClock, tmp_path: Path) -> None:
    store = open_store(tmp_path / "hub.db", clock=clock)
    store.close()

    with pytest.raises(StoreError, match=r"hub\.db is closed"):
        store.fact("x")


def test_a_value_that_cannot_be_bound_is_named_by_its_column(hub: Any) -> None:
    told = "project of route jira cannot be stored: it holds a lone surrogate"

    with pytest.raises(StoreError, match=told), hub.transaction():
        hub.put_routes([Route(idea=1, connection="jira", project="\ud800")])


def test_nothing_of_a_transaction_is_kept_in_which_a_write_failed(hub: Any) -> None:
    """Even where the caller swallows the failure: half of a page must never be there."""
    rows = [Route(idea=1, connection="jira", project="A"), Route(idea=2, connection="\ud800", project="B")]

    with pytest.raises(StoreError, match="nothing of it is kept"), hub.transaction():
        hub.set_fact("before", "x")
        with pytest.raises(StoreError, match="cannot be stored"):
            hub.put_routes(rows)

    assert (hub.fact("before"), hub.routes([1, 2])) == ("", {})


def test_an_inner_transaction_can_fail_in_a_write_and_the_outer_goes_on(hub: Any) -> None:
    rows = [Route(idea=1, connection="jira", project="A"), Route(idea=2, connection="\ud800", project="B")]

    with hub.transaction():
        with pytest.raises(StoreError), hub.transaction():
            hub.put_routes(rows)
        hub.set_fact("after", "x")

    assert (hub.fact("after"), hub.routes([1, 2])) == ("x", {})


def test_a_link_that_is_no_number_is_named(hub: Any, clock: FrozenClock) -> None:
    link = Link(feedback=Ref("desk", "1"), idea=1, maker=LinkMaker.RULE, reason="", confidence=float("nan"))
    with pytest.raises(StoreError, match=r"link\.confidence"), hub.transaction():
        hub.put_feedback([Feedback(ref=link.feedback, url="", text="", created_at=clock.now())])
        hub.put_ideas([Idea(number=1, title="", created_at=clock.now())])
        hub.put_links([link])


def test_a_database_in_use_says_by_whom(hub: Any, clock: FrozenClock) -> None:
    lease = hub.acquire("sync", "opshub serve on desk1 (pid 4711)", timedelta(minutes=1), clock.now())
    other = open_store(hub.path, clock=clock, wait=SHORT)

    with hub.transaction(lease):
        assert other.fact("x") == ""
        with (
            pytest.raises(StoreBusyError, match=r"opshub serve on desk1 \(pid 4711\) \(for sync\)") as caught,
            other.transaction(),
        ):
            pass
    other.close()

    assert "run the command again" in caught.value.hint


def test_a_database_in_use_by_a_stranger_says_so_too(hub: Any) -> None:
    stranger = sqlite3.connect(hub.path, isolation_level=None)
    stranger.execute("begin immediate")

    with pytest.raises(StoreBusyError, match="another process is writing"):
        hub.start_run("sync", hub.clock.now())

    stranger.execute("rollback")
    stranger.close()
    assert hub.start_run("sync", hub.clock.now()) == 1


def test_every_write_transaction_takes_the_lock_before_it_reads(hub: Any) -> None:
    said: list[str] = []
    hub._db.set_trace_callback(said.append)

    with hub.transaction():
        hub.set_mark("x", hub.mark("x") + 1)

    hub._db.set_trace_callback(None)
    assert said[0] == "begin immediate"
    assert said[-1] == "commit"


def test_ranking_reads_an_index_and_sorts_nothing(hub: Any) -> None:
    plan = explain(hub, statements.RANKED, (9, 0)) + explain(hub, statements.RANKED_IN_BAND, ("P1", 9, 0))

    assert sum("USING COVERING INDEX idea_rank" in line for line in plan) == 2
    assert not [line for line in plan if line.startswith("SCAN idea")]


@pytest.mark.parametrize(
    ("name", "parameters", "index"),
    [
        ("FEEDBACK_AFTER", (0, 9), "feedback_seq"),
        ("ITEMS_AFTER", (0, 9), "item_seq"),
        ("IDEAS_AFTER", (0, 9), "idea_seq"),
        ("DECISIONS_AFTER", (0, 9), "decision_seq"),
        ("IDEAS_DUE", (0, 9), "decision_due"),
        ("UNNORMALIZED", ("desk", 9), "record_unnormalized"),
        ("HASHES", ("desk", "[]"), "record_name"),
        ("KNOWN_FEEDBACK", ("desk", "[]"), "feedback_name"),
        ("SAME_TEXT", ("[]",), "fingerprint_print"),
        ("MENTIONING", ("[]",), "mention_key"),
        ("ITEMS_BY_KEY", ("[]", "[]"), "item_label"),
        ("VOICE_KEYS", ("[]",), "link_idea"),
        ("WRITTEN_IN", (1,), "written_run"),
    ],
)
def test_what_is_asked_often_reads_an_index(
    hub: Any, name: str, parameters: tuple[Any, ...], index: str
) -> None:
    plan = explain(hub, getattr(statements, name), parameters)

    assert any(index in line for line in plan)
    assert not [line for line in plan if re.match(r"SCAN (?!json_each|wanted|\d|SUBQUERY)", line)], plan


STATEMENTS = (
    statements,
    action_statements,
    alike_statements,
    goal_statements,
    question_statements,
    search_statements,
    text_statements,
    vector_statements,
)


def test_what_is_asked_of_single_texts_reads_no_more_of_a_long_index_than_of_a_short_one(
    open_at: Callable[[str], Store], clock: FrozenClock
) -> None:
    def steps(pieces: int) -> list[int]:
        hub: Any = open_at("sqlite")
        refs = [Ref("desk", str(number)) for number in range(pieces)]
        with hub.transaction():
            hub.put_feedback([Feedback(ref=ref, url="", text="x", created_at=clock.now()) for ref in refs])
            hub.index_text([(ref, "", f"export number{ref.id}") for ref in refs])
            return [
                steps_of(hub, lambda: hub.index_text([(refs[5], "", "export twice")])),
                steps_of(hub, lambda: hub.indexed_text(refs[:3])),
                steps_of(hub, lambda: hub.search_text({"number7": 1.0}, 9)),
            ]

    assert all(long < 2 * short for short, long in zip(steps(20), steps(400), strict=True))


def steps_of(hub: Any, told: Callable[[], object]) -> int:
    """Instructions of SQLite's machine."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    hub._db.set_progress_handler(step, 1)
    told()
    hub._db.set_progress_handler(None, 1)
    return count


def explain(hub: Any, statement: str, parameters: tuple[Any, ...]) -> list[str]:
    """How SQLite would run it."""
    return [row[3] for row in hub._rows("explain query plan " + statement, parameters)]


def test_no_statement_stands_outside_of_its_place() -> None:
    """What a database is told is written down by name, in one place, so that a second one can follow."""
    own = {"migrations.py", *(f"{module.__name__.rpartition('.')[2]}.py" for module in STATEMENTS)}
    sql = re.compile(
        r"\b(select\s.+\sfrom|insert\s+into|update\s+\w+\s+set|delete\s+from|create\s+table|pragma\s)\b",
        re.I | re.S,
    )
    found = []
    for path in Path(opshub.__file__).parent.rglob("*.py"):
        tree = ast.parse("" if path.name in own else path.read_text())
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        texts = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in docs]
        found += [f"{path.name}:{node.lineno}" for node in texts if sql.search(str(node.value))]

    assert found == []


def test_every_statement_is_understood_by_sqlite(hub: Any) -> None:
    from opshub.store.database import _render

    places = [(module, name) for module in STATEMENTS for name in vars(module)]
    texts = {name: getattr(module, name) for module, name in places if name.isupper() and name[0] != "_"}
    whole = {
        name: text
        for name, text in texts.items()
        if isinstance(text, str) and re.match(r"\s*(select|insert|update|delete)", text) and name != "COLUMNS"
    }
    for text in whole.values():
        hub._db.execute("explain " + _render(text), [None] * _render(text).count("?"))

    assert len(whole) > 60


def test_records_that_look_alike_share_a_dictionary_and_come_back_whole(
    tmp_path: Path, clock: FrozenClock
) -> None:
    path = tmp_path / "hub.db"
    bodies = [
        b'{"subject":"the export of board %d fails","priority":null,"id":%d}' % (n * n, n) for n in range(150)
    ]
    rows = [RawRow(Ref("desk", str(n)), b"h", body) for n, body in enumerate(bodies)]
    few = RawRow(Ref("app", "1"), b"h", b'{"id":1}')

    store = open_store(path, clock=clock)
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.put_records(rows, normalized=True)
        raise ZeroDivisionError
    with store.transaction():
        store.put_records([few, *rows[:120]], normalized=True)
    with store.transaction():
        store.put_records(rows[120:], normalized=True)
    store.close()

    again = open_store(path, clock=clock)
    assert [again.record(row.ref) for row in [few, *rows]] == [few, *rows]
    again.close()
    packed = sqlite3.connect(path).execute("select sum(length(body)) from record where connection = 'desk'")
    assert packed.fetchone()[0] < sum(map(len, bodies)) / 2
