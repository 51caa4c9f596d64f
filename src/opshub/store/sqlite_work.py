"""SQLite: leases, connections, marks, runs and facts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import orjson

from opshub.errors import FencedError
from opshub.store import statements as sql
from opshub.store.codec import stored_json
from opshub.store.database import Database
from opshub.store.lockfile import LockFile
from opshub.store.moments import from_micros, micros, micros_or_none
from opshub.store.rows import ConnectionState, Lease, RunRow

__all__ = ["Leases", "Work", "as_run", "run_detail"]


class Leases(Database):
    """Who may write."""

    _locks: dict[str, LockFile]
    _epochs: dict[str, int]

    def close(self) -> None:
        """Release the database and every lock beside it."""
        super().close()
        for lock in self._locks.values():
            lock.give()

    @contextmanager
    def transaction(self, lease: Lease | None = None) -> Iterator[None]:
        """All or nothing, one writer at a time. With a lease: FencedError if it was taken over, else renewed."""
        with self._atomic():
            if lease is not None:
                self._renew(lease)
            yield

    def acquire(self, name: str, holder: str, ttl: timedelta, now: datetime) -> Lease | None:
        """Take the lease if it is free, expired or ours, or if the process that held it is dead.

        A process that holds a lease keeps a file locked. Where its row says so and the lock can be had nonetheless,
        that process is gone. Where the lock cannot be had, only time tells: the holder may be paused, and is then
        refused by the epoch when it wakes.
        """
        lock = self._lock(name)
        with self._turn:
            held_before = lock.held
            lease = None
            try:
                lock.take()
                lease = self._acquire(name, holder, ttl, now, lock, fresh=lock.held and not held_before)
            finally:
                if lease is None and not held_before:
                    lock.give()
            if lease is not None:
                self._epochs[name] = lease.epoch
            return lease

    def _acquire(
        self, name: str, holder: str, ttl: timedelta, now: datetime, lock: LockFile, *, fresh: bool
    ) -> Lease | None:
        with self.transaction():
            epoch, other, until, guarded = self._row(sql.LEASE, (name,)) or (0, "", 0, 0)
            # Without locks (Windows) a holder is known by name alone.
            ours = other == holder and (lock.held or not guarded)
            dead = bool(guarded) and fresh
            if other and until > micros(now) and not ours and not dead:
                return None
            self._write(sql.TAKE_LEASE, (name, epoch + 1, holder, micros(now + ttl), int(lock.held)))
            return Lease(name, epoch + 1, holder, ttl)

    def _renew(self, lease: Lease) -> None:
        lock = self._lock(lease.name)
        until = micros(self.clock.now() + lease.ttl)
        if self._write(sql.RENEW_LEASE, (until, int(lock.take()), lease.name, lease.epoch)) == 1:
            return
        epoch, who, *_ = self._row(sql.LEASE, (lease.name,)) or (0, "")
        if epoch != self._epochs.get(lease.name):
            # Another process has it: our lock must not make that process look dead later, nor us alive.
            lock.give()
        raise FencedError(
            f"{lease.holder} no longer holds the lease {lease.name!r}: {who or 'another process'} took over",
            hint="nothing was written; let the other process go on, or run the command again after it",
        )

    def holder(self, name: str) -> str:
        """Who holds the lease now, for a message; empty for nobody."""
        row = self._row(sql.LEASE, (name,))
        return str(row[1]) if row and row[2] > micros(self.clock.now()) else ""

    def release(self, lease: Lease) -> None:
        """Give it back; nothing happens if it was taken over."""
        with self._turn:
            with self.transaction():
                ended = self._write(sql.END_LEASE, (lease.name, lease.epoch))
            if ended:
                self._lock(lease.name).give()

    def _lock(self, name: str) -> LockFile:
        if name not in self._locks:
            self._locks[name] = LockFile(self.path, name)
        return self._locks[name]


class Work(Leases):
    """What the hub remembers of its own work."""

    # -- connections --------------------------------------------------------------------------------------------

    def connection(self, name: str) -> ConnectionState:
        """What is remembered; an empty state for a name never seen."""
        row = self._row(sql.CONNECTION, (name,))
        return _as_connection(row) if row else ConnectionState(name=name)

    def connections(self) -> list[ConnectionState]:
        """All that are remembered, by name."""
        return [_as_connection(row) for row in self._rows(sql.CONNECTIONS)]

    def put_connection(self, state: ConnectionState) -> None:
        """Replace what is remembered."""
        cursor = None if state.cursor is None else stored_json(state.cursor, f"the cursor of {state.name}")
        row = (
            state.name,
            cursor,
            state.binding,
            micros_or_none(state.parked_until),
            state.error,
            state.error_kind,
            micros_or_none(state.last_success),
            micros_or_none(state.last_attempt),
        )
        self._write(sql.PUT_CONNECTION, row)

    # -- marks and facts ----------------------------------------------------------------------------------------

    def mark(self, stage: str) -> int:
        """How far a stage has come; 0 at first."""
        row = self._row(sql.MARK, (stage,))
        return int(row[0]) if row else 0

    def set_mark(self, stage: str, seq: int) -> None:
        """Remember how far a stage has come."""
        self._write(sql.SET_MARK, (stage, seq))

    def last_seq(self) -> int:
        """The newest sequence number given out."""
        return self._counter("seq")

    def fact(self, name: str) -> str:
        """A single remembered text; empty at first."""
        row = self._row(sql.FACT, (name,))
        return str(row[0]) if row else ""

    def set_fact(self, name: str, text: str) -> None:
        """Remember a text."""
        self._write(sql.SET_FACT, (name, text))

    # -- runs ---------------------------------------------------------------------------------------------------

    def start_run(self, command: str, now: datetime, *, alone: bool = True, keep: int | None = None) -> int:
        """A new run's id. Runs left behind by killed processes are closed as killed, if no other can be going on."""
        with self.transaction():
            run = self._take("run")
            if alone:
                self._write(sql.CLOSE_RUNS, (micros(now),))
            self._write(sql.START_RUN, (run, command, micros(now), b"{}"))
            if keep is not None:
                self._write(sql.FORGET_RUNS, (run - keep,))
            return run

    def end_run(self, run: int, outcome: str, detail: Mapping[str, Any], now: datetime) -> None:
        """Close a run."""
        body = run_detail(run, detail)
        with self.transaction():
            self._write(sql.END_RUN, (outcome, micros(now), body, run))

    def runs(self, limit: int) -> list[RunRow]:
        """The newest first."""
        return [as_run(row) for row in self._rows(sql.RUNS, (limit,))]


def _as_connection(row: tuple[Any, ...]) -> ConnectionState:
    return ConnectionState(
        name=row[0],
        cursor=None if row[1] is None else orjson.loads(row[1]),
        binding=row[2],
        parked_until=from_micros(row[3]),
        error=row[4],
        error_kind=row[5],
        last_success=from_micros(row[6]),
        last_attempt=from_micros(row[7]),
    )


def run_detail(run: int, detail: Mapping[str, Any]) -> bytes:
    """The tree of counts as JSON."""
    return stored_json(detail, f"the report of run {run}")


def as_run(row: tuple[Any, ...]) -> RunRow:
    """A run from its columns: id, command, started, ended, outcome, detail."""
    started = from_micros(row[2])
    assert started is not None
    return RunRow(
        id=row[0],
        command=row[1],
        started_at=started,
        ended_at=from_micros(row[3]),
        outcome=row[4],
        detail=orjson.loads(row[5]),
    )
