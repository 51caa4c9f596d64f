"""The engine's front door: everything that the command line and the daemon ask of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from opshub.clock import Clock
from opshub.engine.connection import Connection, Limits
from opshub.engine.cycle import fetch, reached, settle, settle_quietly, think
from opshub.engine.declared import Declared
from opshub.engine.encoding import full_text, unencoded
from opshub.engine.indexing import catch_up
from opshub.engine.normalize import retry
from opshub.engine.report import Failure, Report, Silent, StageReport, Watch
from opshub.engine.work import Work
from opshub.errors import (
    ConfigError,
    FencedError,
    NotFoundError,
    OpshubError,
    SkipError,
    StoreBusyError,
    UsageError,
)
from opshub.model import Decision, Idea, Override
from opshub.sdk import Rewinds
from opshub.store.base import Store
from opshub.store.rows import Facet, Lease, RawRow

if TYPE_CHECKING:
    from opshub.engine.finding import Found
    from opshub.engine.linked import WhyLinked
    from opshub.engine.past import SignalsView, SignalView
    from opshub.engine.reading import IdeaView, Plan, Status, Why
    from opshub.engine.simulate import Simulation
    from opshub.engine.whynot import Refusal, Untaken
    from opshub.language import RuleSet
    from opshub.matching import Matcher

__all__ = ["Hub"]

LEASE = "hub"
"""Name of the one lease under which a hub's database is written."""


Told = TypeVar("Told")


class _DryRunDone(Exception):
    """Ends a dry run's transaction so that nothing of it stays."""


@dataclass(slots=True)
class Hub:
    """A store, connections and rules, ready to work. Methods return values; nothing here prints."""

    store: Store
    connections: Sequence[Connection]
    rules: RuleSet
    clock: Clock
    limits: Limits = field(default_factory=Limits)
    folder: Path = Path()
    holder: str = "opshub"
    stopping: Callable[[], bool] = field(default=lambda: False)
    """Asked between pages and between writes; the daemon's way to end in good order."""
    declared: Sequence[Declared] = ()
    """Fields that the admin declared, which rules may read."""
    rule_problems: tuple[str, ...] = ()
    """What is wrong with the rule files while an older set is still in force."""

    def sync(
        self,
        names: Sequence[str] = (),
        *,
        full: bool = False,
        since: datetime | None = None,
        until: str = "apply",
        dry_run: bool = False,
        watch: Watch | None = None,
    ) -> Report:
        """Run the cycle over the named connections (all, if none are named) up to and with stage ``until``.

        ``full`` pulls from the start and takes a census; ``since`` pulls again from that moment where the connector
        can; ``dry_run`` sends nothing and leaves the database as it was.
        """
        reached(until, "pull")
        if full and since is not None:
            raise UsageError("--full and --since exclude each other", hint="use one of them")
        chosen = self._chosen(names)
        if since is not None:
            _refuse_unless_rewinding(chosen)
        with self._working("sync", watch, dry_run=dry_run) as work:
            fetch(work, chosen, full=full, since=since, until=until)
            think(work, until)
            if reached(until, "apply") and not dry_run:
                settle_quietly(work)
        return work.report

    def plan(self) -> Plan:
        """The open wishes, after planning what is due; while somebody else writes, those that there are."""
        from opshub.engine import reading

        try:
            with self._working("plan", None, patient=False) as work:
                _tell_lacking(work, self.connections)
                think(work, "plan")
        except StoreBusyError as error:
            return replace(reading.plan(self.store, self.connections), busy=str(error))
        return replace(reading.plan(self.store, self.connections), failures=tuple(work.report.failures))

    def apply(
        self, names: Sequence[str] = (), *, max_changes: int | None = None, watch: Watch | None = None
    ) -> Report:
        """Write the plan: PlanTooLargeError beyond the limit, ConfigError where no connection has its secret."""
        chosen = self._chosen(names)
        _refuse_without_secrets(chosen)
        with self._working("apply", watch) as work:
            _tell_lacking(work, chosen)
            think(work, "plan")
            settle(work, names, approved=True, most=max_changes)
        return work.report

    def revert(self, run: int) -> Report:
        """Put back what stood there before a run wrote. NotFoundError for a run that wrote nothing."""
        from opshub.engine.revert import revert

        with self._working(f"revert {run}", None) as work:
            revert(work, run)
        return work.report

    def resolve(self, connection: str, target: str, field_name: str, keep: str) -> None:
        """Settle a conflict: keep ``"hub"`` or ``"remote"``. NotFoundError where there is none."""
        from opshub.engine.revert import resolve

        with self._working("resolve", None) as work:
            resolve(work, connection, target, field_name, keep)

    def override(self, idea: str, override: Override) -> Report:
        """Set in place of the rules for an idea, by its name, and plan what follows. UsageError; NotFoundError."""
        from opshub.engine.override import put_override
        from opshub.engine.reading import find_idea

        number = find_idea(self.store, idea).number
        with self._working("override", None) as work:
            put_override(work, replace(override, idea=number))
            think(work, "plan")
        return work.report

    def clear_override(self, idea: str) -> Report:
        """Let the rules decide again, and plan what follows. NotFoundError where nothing was set."""
        from opshub.engine.override import clear_override
        from opshub.engine.reading import find_idea

        found = find_idea(self.store, idea)
        with self._working("override", None) as work:
            clear_override(work, found)
            think(work, "plan")
        return work.report

    def act(
        self, command: str, deed: Callable[[Work], Told], *, patient: bool = True, watch: Watch | None = None
    ) -> Told:
        """Do what a person wants done to ideas and links, once all that came is matched, and plan what follows."""
        with self._working(command, watch, patient=patient) as work:
            think(work, "match")
            done = deed(work)
            think(work, "plan")
        return done

    def retry_records(self, keys: Sequence[int] = ()) -> Report:
        """Normalize quarantined records again (all, if none are named)."""
        from opshub.engine import reading

        rows = reading.bad_rows(self.store, keys)
        with self._working("records retry", None) as work:
            _tell_unready(work, {row.ref.connection for row in rows})
            for connection in self.connections:
                mine = [
                    row for row in rows if row.ref.connection == connection.name and not connection.lacking
                ]
                raw = [self.store.record(row.ref) for row in mine]
                known: list[RawRow] = [row for row in raw if row is not None]
                still = retry(work, connection, known) if known else 0
                stage = work.stage("normalize")
                stage.add("understood", len(known) - still)
                # What had no id or was too large was never kept: only a new pull can bring it.
                stage.add("still bad", still + len(mine) - len(known))
            think(work, "plan")
        return work.report

    def drop_records(self, keys: Sequence[int] = (), connection: str | None = None) -> Report:
        """Forget quarantined records: those named, or all of a connection. NotFoundError where there is none."""
        from opshub.engine import reading

        rows = reading.bad_rows(self.store, keys, connection)
        with self._working("records drop", None) as work:
            with self.store.transaction(work.lease):
                self.store.drop_bad([row.ref for row in rows])
            work.stage("records").add("dropped", len(rows))
        return work.report

    def ranked(
        self, limit: int = 20, offset: int = 0, band: str | None = None, facet: Facet | None = None
    ) -> list[tuple[Idea, Decision, int]]:
        """Ideas, best first: (idea, decision, voices)."""
        return self.store.ranked(limit, offset, band, facet)

    def show(self, idea: str) -> IdeaView:
        """One idea by its name, ``IDEA-12`` or a tracker's key. NotFoundError."""
        from opshub.engine import reading

        reading.find_idea(self.store, idea)
        return reading.show(self.store, idea, self._matcher())

    def find(self, said: str, limit: int = 10) -> list[Found]:
        """Ideas by words that stand in their titles or are like their feedback. UsageError without any word."""
        from opshub.engine.finding import find

        return find(self.store, self._matcher(), said, limit)

    def _matcher(self) -> Matcher:
        """Who finds likenesses; new feedback is made findable first, or another time while another process writes."""
        if self.store.unindexed(1) or unencoded(self.store, self.limits.encoder):
            with suppress(StoreBusyError, FencedError), self.leased(patient=False) as lease:
                catch_up(self.work(lease))
        return full_text(self.store, self.limits.encoder)

    def why(self, idea: str, field_name: str | None = None) -> Why:
        """Why an idea has its numbers; with a field name only what touched that field."""
        from opshub.engine import reading

        return reading.why(self.store, idea, field_name)

    def why_not(self, name: str, rule: str) -> Refusal | Untaken:
        """Why a rule or a match block does not hold now for what is so called. NotFoundError."""
        from opshub.engine.whynot import why_not

        return why_not(self.store, self.rules, self.declared, name, rule, self.clock.now())

    def why_linked(self, feedback: str) -> WhyLinked:
        """Why a piece of feedback belongs to its idea. NotFoundError."""
        from opshub.engine.blocks import Blocks
        from opshub.engine.linked import why_linked

        matcher = self._matcher()
        blocks = Blocks(self.store, self.rules, self.declared)
        return why_linked(self.store, blocks, feedback, matcher)

    def simulate(self, new: RuleSet | None = None, at: datetime | None = None, limit: int = 20) -> Simulation:
        """What ``new`` rules would make of every stored idea, beside those in force; reads only.

        Without ``new``, the rules in force beside the decisions that are stored. ``at`` decides with that moment as the
        clock, over feedback created before it.
        """
        from opshub.engine.simulate import simulate
        from opshub.engine.trial import Trial

        current, other = (self.rules, new) if new is not None else (None, self.rules)
        now = at or self.clock.now()
        past, declared = at is not None, self.declared
        trial = Trial(current=current, new=other, now=now, past=past, limit=limit, declared=declared)
        return simulate(self.store, self.connections, trial)

    def signals(self, periods: int = 7) -> SignalsView:
        """All signals with their last full periods, and the breaches of alerts; reads only."""
        from opshub.engine import past

        return past.overview(self.store, self.rules.signals, self.clock.now(), periods)

    def signal(self, name: str, periods: int = 30) -> SignalView:
        """One signal with its last full periods; NotFoundError."""
        from opshub.engine import past

        return past.one(self.store, self.rules.signals, self.clock.now(), name, periods)

    def status(self, runs: int = 5) -> Status:
        """How the hub is, with the last runs; reads only."""
        from opshub.engine import reading

        return reading.status(self.store, self.connections, self.rule_problems, runs)

    @contextmanager
    def leased(self, *, patient: bool = True) -> Iterator[Lease]:
        """Hold the right to write; StoreBusyError, naming the holder, when another process keeps it too long."""
        deadline = self.clock.monotonic() + (self.limits.wait.total_seconds() if patient else 0.0)
        while True:
            lease = self.store.acquire(LEASE, self.holder, self.limits.lease, self.clock.now())
            if lease is not None:
                break
            if self.clock.monotonic() >= deadline or self.stopping():
                raise StoreBusyError(
                    f"the database is being written by {self.store.holder(LEASE) or 'another process'}",
                    hint="wait until it is done, or stop it; reading commands work meanwhile",
                )
            self.clock.sleep(0.2)
        try:
            yield lease
        finally:
            self.store.release(lease)

    def work(self, lease: Lease, run: int = 0, watch: Watch | None = None) -> Work:
        """Surroundings for the stages under a lease."""
        return Work(
            stopping=self.stopping,
            store=self.store,
            connections=self.connections,
            rules=self.rules,
            declared=self.declared,
            clock=self.clock,
            limits=self.limits,
            lease=lease,
            report=Report(run=run),
            watch=watch or Silent(),
        )

    @contextmanager
    def _working(
        self, command: str, watch: Watch | None, *, dry_run: bool = False, patient: bool = True
    ) -> Iterator[Work]:
        """A recorded run under the lease."""
        with self.leased(patient=patient) as lease:
            if not dry_run:
                with self.recorded(lease, command, watch) as work:
                    yield work
                return
            work = self.work(lease, 0, watch)
            try:
                with self.store.transaction(lease):
                    yield work
                    raise _DryRunDone
            except _DryRunDone:
                return

    @contextmanager
    def recorded(
        self, lease: Lease, command: str, watch: Watch | None = None, *, alone: bool = True
    ) -> Iterator[Work]:
        """A run with its row: counts, durations, errors, outcome. ``alone``: no other run is going on."""
        run = self.store.start_run(command, self.clock.now(), alone=alone, keep=self.limits.keep_runs)
        work = self.work(lease, run, watch)
        outcome = "failed"
        try:
            yield work
            outcome = work.report.outcome
        except OpshubError as error:
            work.report.stages.append(StageReport(f"stopped by {type(error).__name__}"))
            raise
        finally:
            self.store.end_run(work.report.run, outcome, work.report.as_json(), self.clock.now())

    def _chosen(self, names: Sequence[str]) -> list[Connection]:
        known = {connection.name: connection for connection in self.connections}
        for name in names:
            if name not in known:
                listed = ", ".join(sorted(known)) or "none"
                raise NotFoundError(f"there is no connection {name!r}", hint=f"configured are: {listed}")
        return [c for c in self.connections if not names or c.name in names]


def _refuse_unless_rewinding(chosen: Sequence[Connection]) -> None:
    """UsageError, before anything is done, where a connection cannot start from a moment."""
    wrong = [c.name for c in chosen if not isinstance(c.connector, Rewinds)]
    able = [c.name for c in chosen if c.name not in wrong]
    if wrong:
        rest = f"; the others can: opshub sync {' '.join(able)} --since WHEN" if able else ""
        raise UsageError(
            f"{', '.join(wrong)} cannot start from a moment",
            hint=f"use: opshub sync {' '.join(wrong)} --full{rest}",
        )


def _tell_lacking(work: Work, chosen: Sequence[Connection]) -> None:
    """Note which of these lack their secret; the others go on."""
    for connection in chosen:
        if connection.lacking:
            work.report.tell(Failure.of(connection.lacking, connection.name))


def _tell_unready(work: Work, names: Collection[str]) -> None:
    """Note which of these connections cannot understand records now."""
    _tell_lacking(work, [connection for connection in work.connections if connection.name in names])
    for name in sorted(set(names) - {connection.name for connection in work.connections}):
        error = SkipError(
            f"{name}: this connection is no longer configured, and nobody else can read its records",
            hint=f"to forget them: opshub records drop --connection {name}",
        )
        work.report.tell(Failure.of(error, name))


def _refuse_without_secrets(chosen: Sequence[Connection]) -> None:
    """ConfigError, before anything is done, where no connection has its secret."""
    reasons = [connection.lacking for connection in chosen if connection.lacking]
    if reasons and len(reasons) == len(chosen):
        raise ConfigError("\n".join(map(str, reasons)), hint=reasons[0].hint)
