"""Several real processes at one database: who may write, who waits, what a killed one leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opshub.clock import FrozenClock
from opshub.errors import FencedError, StoreBusyError
from opshub.store import open_store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

CHILD = """
import sys
from datetime import UTC, datetime, timedelta
from opshub.clock import FrozenClock
from opshub.errors import OpshubError
from opshub.model import Feedback, Ref
from opshub.store import open_store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
store = open_store(sys.argv[1], clock=FrozenClock(NOW))


def say(text):
    print(text, flush=True)
    return sys.stdin.readline()


"""

HOLDS = """
lease = store.acquire("sync", "child", HOUR, NOW)
say("held")
try:
    with store.transaction(lease):
        store.set_fact("who", "child")
    say("wrote")
except OpshubError as error:
    say(type(error).__name__)
say("still here")
"""

WRITES = """
with store.transaction():
    store.set_fact("who", "child")
    store.put_feedback([Feedback(ref=Ref("desk", str(n)), url="", text="x" * 999, created_at=NOW) for n in range(3000)])
    say("writing")
say("done")
"""

COUNTS = """
for _ in range(100):
    with store.transaction():
        store.set_mark("count", store.mark("count") + 1)
"""


class Child:
    """A process that says a word and waits for a line."""

    def __init__(self, path: Path, code: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD + code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def hear(self) -> str:
        """The next word."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go_on(self) -> None:
        """Let it do what comes next."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Leave nothing behind."""
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()


@pytest.fixture
def start(sqlite_store: Any) -> Iterator[Callable[[str], Child]]:
    """Starts children on the store's file."""
    children: list[Child] = []

    def start_child(code: str) -> Child:
        children.append(Child(sqlite_store.path, code))
        return children[-1]

    yield start_child
    for child in children:
        child.end()


def test_a_living_process_keeps_its_lease(sqlite_store: Any, start: Any) -> None:
    child = start(HOLDS)
    assert child.hear() == "held"

    assert sqlite_store.acquire("sync", "me", HOUR, NOW) is None
    assert sqlite_store.acquire("sync", "child", HOUR, NOW) is None
    assert sqlite_store.holder("sync") == "child"

    child.go_on()
    assert child.hear() == "wrote"


def test_the_lease_of_a_dead_process_is_had_at_once(sqlite_store: Any, start: Any) -> None:
    child = start(HOLDS)
    assert child.hear() == "held"
    child.kill()

    lease = sqlite_store.acquire("sync", "me", HOUR, NOW)

    assert lease is not None and lease.epoch == 2
    with sqlite_store.transaction(lease):
        sqlite_store.set_fact("who", "me")


def test_a_paused_process_is_replaced_when_its_lease_ran_out_and_refused_when_it_wakes(
    sqlite_store: Any, start: Any, clock: FrozenClock
) -> None:
    child = start(HOLDS)
    assert child.hear() == "held"
    os.kill(child.process.pid, signal.SIGSTOP)
    too_early = sqlite_store.acquire("sync", "me", HOUR, clock.now())

    clock.advance(HOUR)
    lease = sqlite_store.acquire("sync", "me", HOUR, clock.now())
    with sqlite_store.transaction(lease):
        sqlite_store.set_fact("who", "me")
    os.kill(child.process.pid, signal.SIGCONT)
    child.go_on()

    assert too_early is None
    assert child.hear() == "FencedError"
    assert sqlite_store.fact("who") == "me"


def test_whoever_replaced_a_paused_process_is_not_taken_for_dead(
    sqlite_store: Any, start: Any, clock: FrozenClock
) -> None:
    """It could not have the file lock, which the paused one keeps; the lock's end then says nothing about it."""
    child = start(HOLDS)
    assert child.hear() == "held"
    os.kill(child.process.pid, signal.SIGSTOP)
    clock.advance(HOUR)
    lease = sqlite_store.acquire("sync", "me", HOUR, clock.now())
    child.kill()
    third = open_store(sqlite_store.path, clock=clock)

    unguarded = third.acquire("sync", "third", HOUR, clock.now())
    with sqlite_store.transaction(lease):
        pass
    guarded = third.acquire("sync", "third", HOUR, clock.now())
    sqlite_store.close()
    dead = third.acquire("sync", "third", HOUR, clock.now())
    third.close()

    assert (unguarded, guarded) == (None, None)
    assert dead is not None


def test_a_process_that_was_replaced_lets_go_of_the_lock(sqlite_store: Any, clock: FrozenClock) -> None:
    """Else the next one's death would go unnoticed until its lease runs out."""
    first = sqlite_store.acquire("sync", "first", HOUR, clock.now())
    second_store, third_store = (open_store(sqlite_store.path, clock=clock) for _ in range(2))
    clock.advance(HOUR)
    second = second_store.acquire("sync", "second", HOUR, clock.now())
    with pytest.raises(FencedError, match="second took over"), sqlite_store.transaction(first):
        pass
    with second_store.transaction(second):
        pass
    second_store.close()

    assert third_store.acquire("sync", "third", HOUR, clock.now()) is not None
    third_store.close()


def test_a_second_process_says_who_holds_the_database(sqlite_store: Any, start: Any) -> None:
    child = start(
        WRITES.replace("store.transaction()", 'store.transaction(store.acquire("sync", "child", HOUR, NOW))')
    )
    assert child.hear() == "writing"

    with (
        pytest.raises(StoreBusyError, match=r"child \(for sync\) is writing to it"),
        sqlite_store.transaction(),
    ):
        pass

    assert sqlite_store.fact("who") == ""


def test_a_second_process_waits_until_the_first_is_done(sqlite_store: Any, start: Any) -> None:
    child = start(WRITES)
    assert child.hear() == "writing"
    patient = open_store(sqlite_store.path, clock=FrozenClock(NOW), wait=timedelta(minutes=1))
    seen: list[str] = []

    def write() -> None:
        with patient.transaction():
            seen.append(patient.fact("who"))

    thread = threading.Thread(target=write)
    thread.start()
    child.go_on()
    thread.join()
    patient.close()

    assert seen == ["child"]


def test_a_process_killed_in_the_middle_of_a_transaction_leaves_the_old_state(
    sqlite_store: Any, start: Any
) -> None:
    with sqlite_store.transaction():
        sqlite_store.set_fact("who", "me")
    child = start(WRITES)
    assert child.hear() == "writing"

    child.kill()

    assert sqlite_store.fact("who") == "me"
    assert sqlite_store.feedback_after(0, 9) == []
    with sqlite_store.transaction():
        assert sqlite_store.last_seq() == 0
    assert sqlite_store._db.execute("pragma integrity_check").fetchone() == ("ok",)


def test_reading_and_then_writing_never_collides(sqlite_store: Any, start: Any) -> None:
    """A transaction that only asked for the lock at its first write would fail here by the hundred."""
    children = [start(COUNTS) for _ in range(3)]

    assert [child.process.wait() for child in children] == [0, 0, 0]
    assert sqlite_store.mark("count") == 300


def test_one_process_in_many_gets_the_lease(sqlite_store: Any, start: Any) -> None:
    code = 'say("got" if store.acquire("sync", f"child {id(store)}", HOUR, NOW) else "none")'
    children = [start(code) for _ in range(5)]

    words = [child.hear() for child in children]

    assert sorted(words) == ["got", "none", "none", "none", "none"]
