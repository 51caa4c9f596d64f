"""What every stage is handed: the store, the lease that allows writing, the connections and the rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opshub.clock import Clock
from opshub.engine.connection import Connection, Limits
from opshub.engine.declared import Declared
from opshub.engine.points import point
from opshub.engine.report import Report, Silent, StageReport, Watch
from opshub.errors import NotFoundError
from opshub.store.base import Store
from opshub.store.rows import Lease

if TYPE_CHECKING:
    from opshub.language import RuleSet

__all__ = ["BATCH", "JUDGED", "Work"]

BATCH = 1000
"""How many things a stage takes into one transaction."""

JUDGED = "signals"
"""The fact that holds with which rules, and in which hour, alerts were last looked at; empty where that is due."""


@dataclass(slots=True)
class Work:
    """One run's surroundings."""

    store: Store
    connections: Sequence[Connection]
    rules: RuleSet
    clock: Clock
    limits: Limits
    lease: Lease
    report: Report = field(default_factory=Report)
    watch: Watch = field(default_factory=Silent)
    declared: Sequence[Declared] = ()
    """Fields that the admin declared, which rules may read."""
    stopping: Callable[[], bool] = field(default=lambda: False)
    """Asked between pages and between writes: whether to end in good order as soon as that is possible."""

    def connection(self, name: str) -> Connection:
        """The configured connection of that name; NotFoundError."""
        for connection in self.connections:
            if connection.name == name:
                return connection
        known = ", ".join(c.name for c in self.connections) or "none"
        raise NotFoundError(f"there is no connection {name!r}", hint=f"configured are: {known}")

    def role(self, name: str) -> str:
        """``feedback`` or ``ideas``; records of a connection that is no longer configured stay feedback."""
        return next((c.role for c in self.connections if c.name == name), "feedback")

    @contextmanager
    def commit(self, name: str) -> Iterator[None]:
        """One transaction under the lease, with a point on either side of its commit."""
        with self.store.transaction(self.lease):
            yield
            point(f"{name}.before_commit")
        point(f"{name}.committed")

    def prove(self) -> None:
        """FencedError unless the lease still holds: asked right before each request that changes something.

        A process that was paused since it marked the wish learns here that another one took over. Only a vendor with
        conditional writes can close what is left of the gap.
        """
        with self.store.transaction(self.lease):
            pass

    def stage(self, name: str) -> StageReport:
        """The stage's counters in this run, made at the first call."""
        for known in self.report.stages:
            if known.name == name:
                return known
        fresh = StageReport(name)
        self.report.stages.append(fresh)
        return fresh

    def timed(self, name: str) -> _Timed:
        """Measure a stretch of a stage's time."""
        return _Timed(self, self.stage(name))


@dataclass(slots=True)
class _Timed:
    work: Work
    stage: StageReport
    begun: float = 0.0

    def __enter__(self) -> StageReport:
        self.begun = self.work.clock.monotonic()
        return self.stage

    def __exit__(self, *error: object) -> None:
        self.stage.seconds += self.work.clock.monotonic() - self.begun
