"""The cycle: the seven stages in a row, each taking from the store what is new to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from opshub.engine.connection import Connection
from opshub.engine.match import match
from opshub.engine.moving import move
from opshub.engine.normalize import normalize
from opshub.engine.plan import plan
from opshub.engine.pull import pull
from opshub.engine.report import Failure
from opshub.engine.route import route
from opshub.engine.score import score
from opshub.engine.signals import watch
from opshub.engine.work import Work
from opshub.errors import PlanTooLargeError, UsageError
from opshub.store.rows import OutboxRow, OutboxState

__all__ = ["STAGES", "fetch", "reached", "settle", "think"]

STAGES = ("pull", "normalize", "match", "score", "route", "plan", "apply")
"""The stages in order."""

ROUNDS = 3
"""How often planning follows writing in one run: a new item may leave fields to be written."""

Step = Callable[[Work], bool]


def _match(work: Work) -> bool:
    """One batch of the match stage: first of what other match blocks move, then of what is new."""
    return move(work) or match(work)


_THOUGHT: tuple[tuple[str, Step], ...] = (("match", _match), ("score", score), ("route", route))


def reached(until: str, stage: str) -> bool:
    """Whether a run that ends with stage ``until`` comes to ``stage``; UsageError for an unknown name."""
    if until not in STAGES:
        raise UsageError(f"there is no stage {until!r}", hint=f"stages are: {', '.join(STAGES)}")
    return STAGES.index(stage) <= STAGES.index(until)


def fetch(
    work: Work,
    connections: Sequence[Connection],
    *,
    full: bool = False,
    since: datetime | None = None,
    until: str = "apply",
    meanwhile: bool = True,
) -> None:
    """Pull and normalize. Trackers come first, so that feedback finds the items that it refers to."""
    thinking = _meanwhile(work, until) if meanwhile else None
    for connection in sorted(connections, key=lambda c: c.role != "ideas"):
        report = pull(
            work,
            connection,
            full=full,
            since=since,
            normalize=reached(until, "normalize"),
            meanwhile=thinking,
        )
        if reached(until, "normalize"):
            while not work.stopping() and normalize(work, connection):
                work.watch.stage("normalize", 1)
        if thinking is not None and connection.role == "ideas" and reached(until, "match"):
            # Before feedback comes: what it refers to must not depend on which thread was faster.
            while not work.stopping() and _match(work):
                work.watch.stage("match", 1)
        if full and report.failure is None and not report.stopped:
            from opshub.engine.census import census

            census(work, connection, report)


def _meanwhile(work: Work, until: str) -> Callable[[], bool] | None:
    """What to do while a page is on its way: the thinking stages. Planning waits until all is in."""
    steps = [step for name, step in _THOUGHT if reached(until, name)]
    return (lambda: any(step(work) for step in steps)) if steps else None


def think(work: Work, until: str = "apply") -> None:
    """Match, score, route and plan everything that is due; asked to stop, what is left waits for the next run."""
    for name, step in (*_THOUGHT[:1], ("score", watch), *_THOUGHT[1:], ("plan", plan)):
        if not reached(until, name):
            return
        work.stage(name)
        while not work.stopping() and step(work):
            work.watch.stage(name, 1)


def settle(work: Work, names: Sequence[str] = (), *, approved: bool = False, most: int | None = None) -> None:
    """Apply what may be applied, and plan again what that made due."""
    limit = work.limits.max_changes if most is None else most
    for turn in range(ROUNDS):
        rows = _sendable(work, names, approved=approved)
        if turn:  # what was refused a moment ago would be refused again
            rows = [row for row in rows if row.state is not OutboxState.REFUSED]
        if not rows:
            return
        if turn == 0:
            _refuse_large(rows, limit)
        from opshub.engine.apply import apply

        if not apply(work, rows):
            return
        think(work)


def _sendable(work: Work, names: Sequence[str] = (), *, approved: bool) -> list[OutboxRow]:
    """Wishes that may be sent now: all of a person's approval, else those of connections that need none.

    What was already being sent is always finished.
    """
    rows: list[OutboxRow] = []
    for connection in work.connections:
        chosen = not names or connection.name in names
        if connection.apply == "never" or connection.lacking or not chosen:
            continue
        states = [OutboxState.SENDING]
        if approved or connection.apply == "auto":
            states.append(OutboxState.PLANNED)
        if approved:
            states.append(OutboxState.REFUSED)
        rows.extend(work.store.outbox(connection=connection.name, states=states))
    return rows


def _refuse_large(rows: Sequence[OutboxRow], most: int) -> None:
    """PlanTooLargeError if so many changes are more than a person would expect."""
    fresh = [row for row in rows if row.state is not OutboxState.SENDING]
    if len(fresh) > most:
        raise PlanTooLargeError(
            f"the plan has {len(fresh)} changes, the limit is {most}: nothing was written",
            hint=f"look at it with: opshub plan; if it is right: opshub apply --max-changes {len(fresh)}",
        )


def settle_quietly(work: Work, names: Sequence[str] = ()) -> None:
    """The same for a run that has other things to tell: a plan over the limit is one of its failures."""
    try:
        settle(work, names)
    except PlanTooLargeError as error:
        work.report.tell(Failure.of(error))
