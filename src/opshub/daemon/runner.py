"""The daemon itself: one thread a connection, one at a time through the stages behind pulling, an orderly end."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opshub.daemon.logs import LOG, say
from opshub.daemon.reload import RuleWatch
from opshub.engine.connection import Connection
from opshub.engine.cycle import fetch, settle_quietly, think
from opshub.engine.encoding import encode
from opshub.engine.hub import Hub
from opshub.engine.indexing import index
from opshub.engine.report import Failure, Report
from opshub.engine.suggest import look
from opshub.engine.work import Work
from opshub.errors import FencedError, OpshubError, StoreBusyError, StoreError
from opshub.store.rows import Lease

__all__ = ["Daemon"]

LOOK = 1.0
"""Seconds between looks at the rule files."""

PATIENCE = 20.0
"""Seconds that all connections together get to finish their pages when the daemon is asked to stop."""


@dataclass(slots=True)
class Daemon:
    """Runs a hub until it is told to stop.

    A connection that fails is tried again at its next turn; an outage is logged once when it begins and once when it
    ends. Losing the lease to another process ends the daemon, and so does a defect in one of its threads.
    """

    hub: Hub
    rules: RuleWatch
    stop: threading.Event = field(default_factory=threading.Event)
    asked: queue.SimpleQueue[None] = field(default_factory=queue.SimpleQueue)
    thinking: threading.Lock = field(default_factory=threading.Lock)
    pulling: set[str] = field(default_factory=set)
    turns: dict[str, datetime] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    refused: dict[str, set[str]] = field(default_factory=dict)
    crashed: list[BaseException] = field(default_factory=list)
    lease: Lease | None = None

    def end(self) -> None:
        """Ask for an orderly end; may be called from a signal handler, where an event's lock could be taken."""
        self.asked.put(None)

    def stopping(self) -> bool:
        """Whether the end was asked for."""
        return self.stop.is_set() or not self.asked.empty()

    def run(self) -> None:
        """Work until ``end`` is called; raises what made it end otherwise."""
        self.hub.stopping = self.stopping
        try:
            with self.hub.leased() as lease:
                self.lease = lease
                self._work(lease)
                self.lease = None
        except StoreBusyError:
            if not self.stopping():
                raise
        if self.crashed:
            raise self.crashed[0]

    def _work(self, lease: Lease) -> None:
        """Everything between taking the lease and giving it back."""
        beating = threading.Thread(target=self._beat, args=(lease,), name="lease", daemon=True)
        threads = [
            threading.Thread(target=self._guarded, args=(connection,), name=connection.name, daemon=True)
            for connection in self.hub.connections
        ]
        say("daemon.started", connections=len(threads), holder=self.hub.holder)
        beating.start()
        self._think("serve: start", alone=True)
        for thread in threads:
            thread.start()
        self._watch()
        self.stop.set()
        deadline = time.monotonic() + PATIENCE
        for thread in (*threads, beating):
            thread.join(max(0.0, deadline - time.monotonic()))
        late = [thread.name for thread in threads if thread.is_alive()]
        say("daemon.stopped", unfinished=", ".join(late))

    def _watch(self) -> None:
        """The main thread: look at the rules until the end is asked for."""
        while not self.stopping():
            if self.rules.check():
                self._think("serve: new rules")
            with suppress(queue.Empty):
                self.asked.get(timeout=LOOK)
                return

    def _beat(self, lease: Lease) -> None:
        """Keep the lease alive while nothing is written."""
        beat = min(self.hub.limits.lease.total_seconds() / 3, 15.0)
        while not self.stop.wait(beat):
            try:
                with self.hub.store.transaction(lease):
                    pass
            except FencedError as error:
                self._give_up(error)
            except OpshubError as error:
                say("store.failed", level=logging.WARNING, error=type(error).__name__, reason=str(error))

    def _think(self, command: str, *, alone: bool = False) -> None:
        """Decide and write without waiting for a connection's turn: after a start, and under new rules."""
        assert self.lease is not None
        while not self.thinking.acquire(timeout=0.5):
            if self.stopping():
                return
        try:
            with self.hub.recorded(self.lease, command, alone=alone) as work:
                self._decide(work)
            self._tell_of_writes(command, work.report)
        except OpshubError as error:
            say("thinking.failed", level=logging.ERROR, error=type(error).__name__, reason=str(error))
        finally:
            self.thinking.release()

    def _guarded(self, connection: Connection) -> None:
        try:
            self._connection(connection)
        except BaseException as error:
            # A thread that dies in silence would leave a daemon that looks alive: end it, loudly.
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        if self.lease is None:
            # It came too late to finish its page: the lease was given back, and the process is ending.
            return
        self.stop.set()
        self.asked.put(None)
        self.crashed.append(error)
        if len(self.crashed) == 1:
            say("daemon.failed", level=logging.CRITICAL, error=type(error).__name__, reason=str(error))
            if not isinstance(error, OpshubError):
                LOG.debug("traceback", exc_info=error)

    def _connection(self, connection: Connection) -> None:
        """One connection's life: a turn, then wait. A database that is busy or full may be free again later."""
        while not self.stop.is_set():
            try:
                report = self._turn(connection)
            except (StoreBusyError, StoreError) as error:
                self._tell_of_failure(connection, Failure.of(error))
            else:
                self.turns[connection.name] = self.hub.clock.now()
                self._tell(connection, report)
            self.stop.wait(connection.every.total_seconds())

    def _turn(self, connection: Connection) -> Report:
        """Pull beside the others; think and write one at a time, because those stages share their marks."""
        assert self.lease is not None
        with self.hub.recorded(self.lease, f"serve: {connection.name}", alone=False) as work:
            with self.thinking:
                self.pulling.add(connection.name)
            try:
                fetch(work, [connection], meanwhile=False)
            finally:
                self.pulling.discard(connection.name)
            if not self.stopping():
                with self.thinking:
                    # Rules may have changed while it pulled; thinking with the former ones would undo the new.
                    work.rules, work.declared = self.hub.rules, self.hub.declared
                    self._decide(work)
                self._look_around(work)
        return work.report

    def _decide(self, work: Work) -> None:
        """Think and write, holding ``thinking``; not to what is being pulled.

        A page that was asked for before a write and stored after it would show the old value as somebody's change.
        """
        think(work)
        names = [c.name for c in self.hub.connections if c.name not in self.pulling]
        if names:
            settle_quietly(work, names)

    def _look_around(self, work: Work) -> None:
        """Use the quiet between two turns for the full-text index and for questions, in steps that let others in."""
        busy = True
        while busy and not self.stop.is_set():
            with self.thinking:
                busy = index(work, 200) or encode(work, 64) or look(work, 20)

    def _tell(self, connection: Connection, report: Report) -> None:
        part = report.connections[0]
        self._tell_of_writes(connection.name, report)
        if part.failure is not None:
            self._tell_of_failure(connection, part.failure)
            return
        if self.failing.pop(connection.name, None) is not None:
            say("connection.recovered", connection=connection.name)
        counts = {
            f"{stage.name}.{word}".replace(" ", "_"): count
            for stage in report.stages
            for word, count in stage.counts.items()
            if count
        }
        short = None if part.complete else part.expected
        level = logging.INFO if part.complete or part.stopped else logging.WARNING
        facts = {"run": report.run, "got": part.got, "expected": short, **counts}
        say("connection.synced", level=level, connection=connection.name, **facts)

    def _tell_of_failure(self, connection: Connection, failure: Failure) -> None:
        """Once when it begins, and again when it becomes another one."""
        was = self.failing.get(connection.name)
        self.failing[connection.name] = failure.kind
        if was != failure.kind:
            say(
                "connection.failing",
                level=logging.WARNING,
                connection=connection.name,
                error=failure.kind,
                reason=failure.message,
                next=failure.hint,
            )

    def _tell_of_writes(self, origin: str, report: Report) -> None:
        """What alerts said; and each trouble with writing once, for as long as it stays the same."""
        told = self.refused.get(origin, set())
        self.refused[origin] = {problem.message for problem in report.failures}
        for notice in report.notices:
            say("alert", said=notice)
        for sentence in report.waiting:
            say("match.waits", level=logging.WARNING, reason=sentence)
        for problem in report.failures:
            if problem.message not in told:
                facts = {"error": problem.kind, "reason": problem.message, "next": problem.hint}
                say("write.failed", level=logging.WARNING, **facts)

    def health(self) -> Mapping[str, Any]:
        """Alive unless a thread crashed; broken rules are told but do not kill, the last good ones still run."""
        return {
            "ok": not self.crashed,
            "rules": list(self.hub.rule_problems),
            "failing": dict(self.failing),
            "last_turn": {name: at.isoformat() for name, at in dict(self.turns).items()},
        }

    def readiness(self) -> Mapping[str, Any]:
        """Ready while the lease is held and the database answers."""
        try:
            holder = self.hub.store.holder("hub")
        except OpshubError as error:
            return {"ok": False, "reason": str(error)}
        ready = self.lease is not None and not self.stopping() and holder == self.hub.holder
        return {"ok": ready, "holder": holder}

    @contextmanager
    def pages(self, listen: str) -> Iterator[int]:
        """Serve health on ``host:port`` and give the port; ConfigError where that address cannot be used."""
        from opshub.daemon.health import serving

        with serving(self, listen) as port:
            say("health.listening", host=listen.rpartition(":")[0], port=port)
            yield port
