"""In memory: transactions, leases, connections, marks, runs and facts."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson

from opshub.clock import Clock
from opshub.errors import FencedError, StoreError
from opshub.model import Idea, Link, Override, Ref
from opshub.store.alike import Near, Refusal, Resemblance, TwoFold
from opshub.store.asked import Answer, Calibration, Question
from opshub.store.codec import stored_json
from opshub.store.moments import from_micros, micros, micros_or_none
from opshub.store.rows import (
    Action,
    BadRow,
    Breach,
    ConnectionState,
    Lease,
    OutboxRow,
    Route,
    RunRow,
    Said,
    Support,
    Written,
)
from opshub.store.storable import unstorable

__all__ = ["Kept", "Tables", "Work", "storable"]


@dataclass(frozen=True, slots=True)
class Kept:
    """Feedback or a tracked item as it is kept; ``gone`` is the reason of its tombstone."""

    seq: int
    created: int
    body: bytes
    gone: str = ""


@dataclass(slots=True)
class Tables:
    """All that is kept. Rows are never changed in place, so that a copy of the dictionaries is a snapshot."""

    counters: dict[str, int] = field(default_factory=dict)
    leases: dict[str, tuple[int, str, int]] = field(default_factory=dict)
    marks: dict[str, int] = field(default_factory=dict)
    facts: dict[str, str] = field(default_factory=dict)
    connections: dict[str, ConnectionState] = field(default_factory=dict)
    runs: dict[int, RunRow] = field(default_factory=dict)
    records: dict[Ref, tuple[bytes, bytes, bool]] = field(default_factory=dict)
    bad: dict[Ref, BadRow] = field(default_factory=dict)
    feedback: dict[Ref, Kept] = field(default_factory=dict)
    items: dict[Ref, Kept] = field(default_factory=dict)
    bindings: dict[Ref, int] = field(default_factory=dict)
    links: dict[Ref, Link] = field(default_factory=dict)
    prints: dict[Ref, bytes] = field(default_factory=dict)
    mentions: dict[Ref, frozenset[str]] = field(default_factory=dict)
    indexed: dict[Ref, tuple[tuple[str, ...], tuple[str, ...]]] = field(default_factory=dict)
    ideas: dict[int, tuple[int, Idea]] = field(default_factory=dict)
    decisions: dict[int, tuple[int, int | None, bytes]] = field(default_factory=dict)
    overrides: dict[int, Override] = field(default_factory=dict)
    standing: dict[tuple[str, int], tuple[float, str]] = field(default_factory=dict)
    routes: dict[int, Route] = field(default_factory=dict)
    outbox: dict[tuple[str, str, str], OutboxRow] = field(default_factory=dict)
    written: dict[tuple[str, str, str], Written] = field(default_factory=dict)
    uncounted: dict[int, None] = field(default_factory=dict)
    values: dict[tuple[str, int], float | None] = field(default_factory=dict)
    points: dict[Ref, tuple[tuple[str, int, float], ...]] = field(default_factory=dict)
    breaches: dict[tuple[str, int], Breach] = field(default_factory=dict)
    actions: dict[int, Action] = field(default_factory=dict)
    apart: dict[tuple[Ref, int], None] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)
    supports: dict[tuple[int, str], Support] = field(default_factory=dict)
    said: dict[Ref, Said] = field(default_factory=dict)
    questions: dict[Ref, Question] = field(default_factory=dict)
    answers: dict[int, Answer] = field(default_factory=dict)
    calibrations: dict[tuple[str, int], Calibration] = field(default_factory=dict)
    vectors: dict[Ref, tuple[int, bytes, bytes]] = field(default_factory=dict)
    resemblances: dict[Ref, tuple[Resemblance, ...]] = field(default_factory=dict)
    near: dict[Ref, Near] = field(default_factory=dict)
    twofold: dict[int, TwoFold] = field(default_factory=dict)
    refusals: dict[tuple[int, int], Refusal] = field(default_factory=dict)

    def copy(self) -> Tables:
        """A snapshot."""
        return Tables(*(dict(getattr(self, f.name)) for f in dataclasses.fields(self)))


def storable(*values: object) -> None:
    """StoreError if a value is one that no database could hold."""
    for value in values:
        found = unstorable(value)
        if found is not None:
            place, problem = found
            raise StoreError(
                f"{place or 'a value'} cannot be stored: it holds {problem}",
                hint="clean the value where the record is read",
            )


class Work:
    """Who may write, and what the hub remembers of its own work."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.kept = Tables()
        self._turn = threading.RLock()
        self._depth = 0
        self._undone = 0

    def close(self) -> None:
        """Nothing to release; what was kept is forgotten."""
        self.kept = Tables()

    @contextmanager
    def transaction(self, lease: Lease | None = None) -> Iterator[None]:
        """All or nothing, one writer at a time; inside another one, a part that can fail by itself."""
        with self._turn:
            before = self.kept.copy()
            self._depth += 1
            try:
                if lease is not None:
                    self._renew(lease)
                yield
            except BaseException:
                self.kept = before
                self._undone += 1
                raise
            finally:
                self._depth -= 1

    def _writing(self) -> Tables:
        """The tables, for a change."""
        if not self._depth:
            raise StoreError(
                "it writes outside of a transaction", hint="this is a defect of opshub; report it"
            )
        return self.kept

    def _take(self, counter: str) -> int:
        """A number never given out before."""
        counters = self._writing().counters
        counters[counter] = counters.get(counter, 0) + 1
        return counters[counter]

    # -- leases -------------------------------------------------------------------------------------------------

    def acquire(self, name: str, holder: str, ttl: timedelta, now: datetime) -> Lease | None:
        """Take the lease if it is free, expired or ours, with a new epoch; None while another holds it."""
        with self.transaction():
            epoch, other, until = self.kept.leases.get(name, (0, "", 0))
            if other not in ("", holder) and until > micros(now):
                return None
            self.kept.leases[name] = (epoch + 1, holder, micros(now + ttl))
            return Lease(name, epoch + 1, holder, ttl)

    def _renew(self, lease: Lease) -> None:
        epoch, holder, _ = self.kept.leases.get(lease.name, (0, "", 0))
        if epoch != lease.epoch or not holder:
            raise FencedError(
                f"{lease.holder} no longer holds the lease {lease.name!r}: {holder or 'another process'} took over",
                hint="nothing was written; let the other process go on, or run the command again after it",
            )
        self.kept.leases[lease.name] = (epoch, holder, micros(self.clock.now() + lease.ttl))

    def holder(self, name: str) -> str:
        """Who holds the lease now; empty for nobody."""
        _, holder, until = self.kept.leases.get(name, (0, "", 0))
        return holder if until > micros(self.clock.now()) else ""

    def release(self, lease: Lease) -> None:
        """Give it back; nothing happens if it was taken over."""
        with self.transaction():
            if self.kept.leases.get(lease.name, (0, "", 0))[0] == lease.epoch:
                self.kept.leases[lease.name] = (lease.epoch, "", 0)

    # -- connections --------------------------------------------------------------------------------------------

    def connection(self, name: str) -> ConnectionState:
        """What is remembered; an empty state for a name never seen."""
        return self.kept.connections.get(name) or ConnectionState(name=name)

    def connections(self) -> list[ConnectionState]:
        """All that are remembered, by name."""
        return [self.kept.connections[name] for name in sorted(self.kept.connections)]

    def put_connection(self, state: ConnectionState) -> None:
        """Replace what is remembered."""
        storable(state.name, state.binding, state.error, state.error_kind)
        cursor = None if state.cursor is None else stored_json(state.cursor, f"the cursor of {state.name}")
        moments: dict[str, Any] = {
            name: from_micros(micros_or_none(getattr(state, name)))
            for name in ("parked_until", "last_success", "last_attempt")
        }
        self._writing().connections[state.name] = dataclasses.replace(
            state, cursor=None if cursor is None else orjson.loads(cursor), **moments
        )

    # -- marks and facts ----------------------------------------------------------------------------------------

    def mark(self, stage: str) -> int:
        """How far a stage has come; 0 at first."""
        return self.kept.marks.get(stage, 0)

    def set_mark(self, stage: str, seq: int) -> None:
        """Remember how far a stage has come."""
        storable(stage, seq)
        self._writing().marks[stage] = seq

    def last_seq(self) -> int:
        """The newest sequence number given out."""
        return self.kept.counters.get("seq", 0)

    def fact(self, name: str) -> str:
        """A single remembered text; empty at first."""
        return self.kept.facts.get(name, "")

    def set_fact(self, name: str, text: str) -> None:
        """Remember a text."""
        storable(name, text)
        self._writing().facts[name] = text

    # -- runs ---------------------------------------------------------------------------------------------------

    def start_run(self, command: str, now: datetime, *, alone: bool = True, keep: int | None = None) -> int:
        """A new run's id. Runs left behind by killed processes are closed as killed, if no other can be going on."""
        with self.transaction():
            run = self._take("run")
            for number, row in self.kept.runs.items():
                if alone and row.outcome == "running":
                    self.kept.runs[number] = dataclasses.replace(row, outcome="killed", ended_at=now)
            self.kept.runs[run] = RunRow(id=run, command=command, started_at=now)
            for number, row in list(self.kept.runs.items()):
                if keep is not None and number <= run - keep and row.outcome != "running":
                    del self.kept.runs[number]
            return run

    def end_run(self, run: int, outcome: str, detail: Mapping[str, Any], now: datetime) -> None:
        """Close a run."""
        told = orjson.loads(stored_json(detail, f"the report of run {run}"))
        with self.transaction():
            if run in self.kept.runs:
                ended: Any = {"outcome": outcome, "detail": told, "ended_at": now}
                self.kept.runs[run] = dataclasses.replace(self.kept.runs[run], **ended)

    def runs(self, limit: int) -> list[RunRow]:
        """The newest first."""
        return [self.kept.runs[number] for number in sorted(self.kept.runs, reverse=True)[:limit]]
