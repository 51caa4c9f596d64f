"""A life of the hub, in a forked child: set up as the command line does it, ended as the trial says."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from opshub.engine.explain import contributions
from opshub.engine.points import watch_points
from opshub.errors import FencedError, OpshubError
from opshub.language import Schema, Source, check
from opshub.plugins import Registry
from opshub.sdk import HttpRules
from opshub.store import statements
from opshub.store.sqlite_work import Leases

LAG = 0.12


class Hurried:
    """The system's clock, but waits for a vendor's patience are cut short."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        # The lag of a search is real and must be waited for; a back-off is not.
        time.sleep(seconds if seconds <= 0.25 else 0.01)


def warm_up() -> None:
    """Import everything once, so that forked lives are short."""
    needed = (
        "httpx",
        "jira",
        "sqlite_utils",
        "tenacity",
        "opshub.config",
        "opshub.engine.hub",
        "opshub.engine.apply",
    )
    for name in needed:
        import_module(name)
    # With faults in a tenth of all requests, all tries of one fail together once in some hundred trials. That
    # connection's feedback then arrives after the others', and ideas by likeness depend on the order of arrival.
    vars(import_module("opshub.config.opening"))["HttpRules"] = partial(HttpRules, attempts=9)
    vars(import_module("opshub.sdk.http"))["BAD_ANSWERS"] = 9
    # The grammar is built once and kept.
    check([Source("warm.rules", "score priority = 1")], Schema(idea=(), feedback=(), destinations={}))
    registry = Registry()
    for kind in ("zendesk", "typeform", "jira", "confluence", "files"):
        registry.connector(kind)


def _open(config: str) -> Any:
    from opshub.config import load, open_hub

    hub = open_hub(load(Path(config)), clock=Hurried())
    for connection in hub.connections:
        if connection.connector.kind == "jira":
            vars(connection.connector)["lag"] = timedelta(seconds=LAG)
    return hub


def linger(seconds: float) -> None:
    """Make this process pause between reading the lease and taking it: whoever comes meanwhile has to wait."""
    right = Leases._write

    def slow(self: Leases, statement: str, parameters: Sequence[Any] = ()) -> int:
        if statement == statements.TAKE_LEASE:
            time.sleep(seconds)
        return right(self, statement, parameters)

    Leases._write = slow  # type: ignore[assignment,method-assign]  # its only user is this process


def live(
    config: str,
    plan: tuple[str, float],
    *,
    note: Path | None = None,
    gate: Any = None,
    end: signal.Signals = signal.SIGKILL,
) -> int:
    """One sync, begun when all others have come to the ``gate``, ended by a signal as planned; the exit code."""
    logging.disable(logging.CRITICAL)
    kind, value = plan
    passed = named = 0

    def watcher(name: str) -> None:
        nonlocal passed, named
        passed += 1
        named += name == kind
        if (kind == "point" and passed == int(value)) or (name == kind and named == int(value)):
            os.kill(os.getpid(), end)

    watch_points(watcher)
    if kind == "moment":
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, value)
    try:
        hub = _open(config)
        if gate is not None:
            linger(value)
            gate.wait()
        try:
            report = hub.sync(until="pull" if kind == "pull" else "apply")
        finally:
            hub.store.close()
    except FencedError:
        return 0
    except OpshubError as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        return error.exit_code
    if note is not None:
        note.write_text(str(passed))
    return int(report.exit_code)


def dump(config: str) -> Any:
    """The database's content without what may differ: times, sequence numbers and runs."""
    hub = _open(config)
    try:
        return _content(hub)
    finally:
        hub.store.close()


def _shown(field: str, value: object) -> str:
    """A value; of the ranked list only that there is one, since its fingerprint covers issue keys."""
    return "a list" if field == "ranking" else str(value)


def _content(hub: Any) -> Any:
    store = hub.store
    ideas = []
    for idea, decision, voices in store.ranked(100_000):
        refs = [feedback.ref for _, feedback in store.voices([idea.number])]
        links = store.links_of(refs)
        ideas.append(
            {
                "idea": idea.number,
                "title": idea.title,
                "item": str(idea.item),
                "voices": voices,
                "links": sorted((str(ref), link.maker, link.reason) for ref, link in links.items()),
                "decision": [decision.scores, decision.band, decision.tags, decision.route, decision.urgency],
                "because": [
                    (p.rule, p.effect, [str(ref) for ref in p.evidence])
                    for p in contributions(store, decision)
                ],
            }
        )
    outbox = store.outbox()
    targets: dict[str, set[str]] = {}
    for row in outbox:
        targets.setdefault(row.connection, set()).add(row.target)
    written = [
        row
        for name, ids in targets.items()
        for row in store.written(name, sorted(ids)).values()
        if row.field != ""
    ]
    return {
        "ideas": sorted(ideas, key=lambda idea: int(str(idea["idea"]))),
        "outbox": sorted(
            (row.connection, row.target, row.field, _shown(row.field, row.wish), row.state) for row in outbox
        ),
        "written": sorted(
            (row.connection, row.target, row.field, _shown(row.field, row.value), row.own) for row in written
        ),
        "bad": sorted((str(row.ref), row.reason) for row in store.bad()),
        "records": {c.name: store.count_records(c.name) for c in hub.connections},
        "running": [run.id for run in store.runs(100) if run.outcome == "running"],
    }
