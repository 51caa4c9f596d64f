"""The daemon itself: one thread a connection, one at a time through the stages behind pulling, an orderly end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opshub.daemon.logs import LOG, say
from opshub.daemon.reload import RuleWatch
from opshub.engine.connection import Connection
from opshub.engine.cycle import fetch, settle_quietly, think
from opshub.engine.hub import Hub
from opshub.engine.match import index
from opshub.engine.report import Report
from opshub.engine.work import Work
from opshub.errors import FencedError, OpshubError, StoreBusyError
from opshub.store.rows import Lease

__all__ = ["Daemon"]

LOOK = 2.0
"""Seconds between looks at the rule files."""

PATIENCE = 20.0
"""Seconds that connections get to finish their page when the daemon is asked to stop."""


@dataclass(slots=True)
class Daemon:
    """Runs a hub until it is told to stop.

    A connection that fails is tried again at its next turn; an outage is logged once when it begins and once when it
    ends. Losing the lease to another process ends the daemon.
    """

    hub: Hub
    rules: RuleWatch
    stop: threading.Event = field(default_factory=threading.Event)
    thinking: threading.Lock = field(default_factory=threading.Lock)
    turns: dict[str, datetime] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)
    crashed: list[BaseException] = field(default_factory=list)
    lease: Lease | None = None

    def run(self) -> None:
        """Work until ``stop`` is set; raises what made it end otherwise."""
        self.hub.stopping = self.stop.is_set
        self.rules.begin()
        with self.hub.leased() as lease:
            self.lease = lease
            threads = [
                threading.Thread(target=self._guarded, args=(connection,), name=connection.name, daemon=True)
                for connection in self.hub.connections
            ]
            say("daemon.started", connections=len(threads), holder=self.hub.holder)
            self._think("serve: start", alone=True)
            for thread in threads:
                thread.start()
            self._watch(lease)
            for thread in threads:
                thread.join(PATIENCE)
            late = [thread.name for thread in threads if thread.is_alive()]
            say("daemon.stopped", unfinished=", ".join(late))
        if self.crashed:
            raise self.crashed[0]

    def _watch(self, lease: Lease) -> None:
        """The main thread: keep the lease alive, look at the rules."""
        beat = min(self.hub.limits.lease.total_seconds() / 3, 15.0)
        since = 0.0
        while not self.stop.wait(min(LOOK, beat)):
            since += min(LOOK, beat)
            if self.rules.check():
                self._think("serve: new rules")
            if since >= beat:
                since = 0.0
                self._renew(lease)

    def _renew(self, lease: Lease) -> None:
        try:
            with self.hub.store.transaction(lease):
                pass
        except StoreBusyError as error:
            say("store.busy", level=logging.WARNING, reason=str(error))
        except FencedError as error:
            self._give_up(error)

    def _think(self, command: str, *, alone: bool = False) -> None:
        """Decide and write without waiting for a connection's turn: after a start, and under new rules."""
        assert self.lease is not None
        try:
            with self.thinking, self.hub.recorded(self.lease, command, alone=alone) as work:
                think(work)
                settle_quietly(work)
        except OpshubError as error:
            say("thinking.failed", level=logging.ERROR, error=type(error).__name__, reason=str(error))

    def _guarded(self, connection: Connection) -> None:
        try:
            self._connection(connection)
        except BaseException as error:
            # A thread that dies in silence would leave a daemon that looks alive: end it, loudly.
            self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        say("daemon.failed", level=logging.CRITICAL, error=type(error).__name__, reason=str(error))
        if not isinstance(error, OpshubError):
            LOG.debug("traceback", exc_info=error)
        self.crashed.append(error)
        self.stop.set()

    def _connection(self, connection: Connection) -> None:
        """One connection's life: a turn, then wait."""
        while not self.stop.is_set():
            report = self._turn(connection)
            self.turns[connection.name] = self.hub.clock.now()
            self._tell(connection, report)
            self.stop.wait(connection.every.total_seconds())

    def _turn(self, connection: Connection) -> Report:
        """Pull beside the others; think and write one at a time, because those stages share their marks."""
        assert self.lease is not None
        with self.hub.recorded(self.lease, f"serve: {connection.name}", alone=False) as work:
            fetch(work, [connection], meanwhile=False)
            if not self.stop.is_set():
                with self.thinking:
                    think(work)
                    settle_quietly(work)
                self._index(work)
        return work.report

    def _index(self, work: Work) -> None:
        """Use the quiet between two turns for the full-text index, in steps that let others in."""
        busy = True
        while busy and not self.stop.is_set():
            with self.thinking:
                busy = index(work, 200)

    def _tell(self, connection: Connection, report: Report) -> None:
        part = report.connections[0]
        failure = part.failure
        was = self.failing.pop(connection.name, None)
        if failure is not None:
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
            return
        if was is not None:
            say("connection.recovered", connection=connection.name)
        counts = {
            f"{stage.name}.{word}".replace(" ", "_"): count
            for stage in report.stages
            for word, count in stage.counts.items()
            if count
        }
        say("connection.synced", connection=connection.name, run=report.run, got=part.got, **counts)
        for problem in report.failures:
            say("write.failed", level=logging.WARNING, error=problem.kind, reason=problem.message)

    def health(self) -> Mapping[str, Any]:
        """Alive unless a thread crashed; broken rules are told but do not kill, the last good ones still run."""
        return {
            "ok": not self.crashed,
            "rules": list(self.hub.rule_problems),
            "failing": dict(self.failing),
            "last_turn": {name: at.isoformat() for name, at in self.turns.items()},
        }

    def readiness(self) -> Mapping[str, Any]:
        """Ready while the lease is held and the database answers."""
        try:
            holder = self.hub.store.holder("hub")
        except OpshubError as error:
            return {"ok": False, "reason": str(error)}
        ready = self.lease is not None and not self.stop.is_set() and holder == self.hub.holder
        return {"ok": ready, "holder": holder}

    def pages(self, listen: str) -> AbstractContextManager[int]:
        """Serve health on an address."""
        from opshub.daemon.health import serving

        return serving(self, listen)
