"""The engine's front door: everything that the command line and the daemon ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from opshub.clock import Clock
from opshub.engine.connection import Connection, Limits
from opshub.engine.report import Report, Watch
from opshub.language import RuleSet
from opshub.model import Contribution, Decision, Evidence, Feedback, Idea, Link
from opshub.store.base import OutboxRow, Route, RunRow, Store, Written

__all__ = ["Hub", "IdeaView", "Plan", "Status", "Why"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be written: open wishes of each connection, and those that wait for a person."""

    rows: tuple[OutboxRow, ...]
    titles: dict[int, str]
    """Idea number → title."""
    places: dict[tuple[str, str], str]
    """(connection, target) → what people call it, ``FEED-12``."""
    approvals: dict[str, str]
    """connection → approve, auto or never."""


@dataclass(frozen=True, slots=True)
class IdeaView:
    """An idea with all that a person wants to see of it."""

    idea: Idea
    decision: Decision
    route: Route | None
    voices: tuple[tuple[Feedback, Link], ...]
    item_key: str
    item_url: str
    suggestions: tuple[tuple[int, str, float], ...] = ()
    """(idea number, title, likeness 0..1) of ideas whose texts resemble this one's."""


@dataclass(frozen=True, slots=True)
class Why:
    """A decision with every contribution and the quotes behind it."""

    idea: Idea
    decision: Decision
    parts: tuple[tuple[Contribution, tuple[Evidence, ...]], ...]
    written: tuple[Written, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """How the hub is: for ``status`` and health."""

    connections: tuple[dict[str, Any], ...]
    """name, kind, records, bad, last_success, last_attempt, parked_until, error, error_kind"""
    ideas: int
    open_wishes: int
    conflicts: int
    bad_records: int
    last_runs: tuple[RunRow, ...]
    rules: tuple[str, ...] = ()
    """What is wrong with the rule files, each with its line; empty when all is well."""


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
        can; ``dry_run`` works on a throw-away copy and sends nothing.
        """
        raise NotImplementedError

    def plan(self) -> Plan:
        """The open wishes, after planning what is due."""
        raise NotImplementedError

    def apply(
        self, names: Sequence[str] = (), *, max_changes: int | None = None, watch: Watch | None = None
    ) -> Report:
        """Write the plan: PlanTooLargeError beyond the limit."""
        raise NotImplementedError

    def revert(self, run: int) -> Report:
        """Put back what stood there before a run wrote. NotFoundError for a run that wrote nothing."""
        raise NotImplementedError

    def resolve(self, connection: str, target: str, field_name: str, keep: str) -> None:
        """Settle a conflict: keep ``"hub"`` or ``"remote"``."""
        raise NotImplementedError

    def ranked(self, limit: int = 20, offset: int = 0, band: str | None = None) -> list[tuple[Idea, Decision, int]]:
        """Ideas, best first: (idea, decision, voices)."""
        raise NotImplementedError

    def show(self, idea: str) -> IdeaView:
        """One idea by its name, ``IDEA-12`` or a tracker's key. NotFoundError."""
        raise NotImplementedError

    def why(self, idea: str, field_name: str | None = None) -> Why:
        """Why an idea has its numbers; with a field name only what touched that field."""
        raise NotImplementedError

    def retry_records(self, keys: Sequence[int] = ()) -> Report:
        """Normalize quarantined records again (all, if none are named)."""
        raise NotImplementedError

    def status(self) -> Status:
        """How the hub is; reads only."""
        raise NotImplementedError
