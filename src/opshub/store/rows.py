"""The rows that pass between the engine and a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal, NamedTuple, TypeAlias

from opshub.model import Cursor, Decision, Feedback, Ref, Value

__all__ = [
    "BadRow",
    "Breach",
    "ConnectionState",
    "Facet",
    "Lease",
    "OutboxRow",
    "OutboxState",
    "RawRow",
    "Route",
    "RunRow",
    "Seen",
    "SignalValue",
    "Support",
    "Written",
    "facets",
]


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to write under a name. ``epoch`` grows with every holder; a stale one is refused."""

    name: str
    epoch: int
    holder: str
    ttl: timedelta


@dataclass(frozen=True, slots=True)
class RawRow:
    """A record as it came: ``hash`` tells whether it changed, ``body`` is its JSON, uncompressed."""

    ref: Ref
    hash: bytes
    body: bytes


class Seen(NamedTuple):
    """One changed thing and its sequence number."""

    seq: int
    feedback: Feedback
    idea: int | None
    """The idea that it is linked to already, if any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A record in quarantine. ``key`` is what ``records show`` takes; ``attempts`` counts normalizations tried."""

    key: int
    ref: Ref
    reason: str
    body: bytes
    first_seen: datetime
    attempts: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where an idea goes: a connection and a project or queue in it."""

    idea: int
    connection: str
    project: str
    urgency: str = ""


class OutboxState(StrEnum):
    """How far a wish has come."""

    PLANNED = "planned"
    """Computed, waiting for an approval or for the next apply."""
    SENDING = "sending"
    """A request may have left; after a crash the remote must be read before anything is sent."""
    DONE = "done"
    CONFLICT = "conflict"
    """Somebody else changed the field; a person decides."""
    REFUSED = "refused"
    """The remote does not take it; ``note`` says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One wish: this field of this target should have this value. One row per (connection, target, field).

    ``target`` is the vendor's id; the idea's id (``IDEA-12``) where the item is yet to be created; or empty for a
    published document. ``field`` is the remote name; ``""`` for a creation, ``"ranking"`` for a document. ``base``
    is the remote value that the plan was made against. ``why`` is a sentence. ``version`` counts wishes, so that an
    acknowledgement of an older one does not close a newer one. ``run`` is the run that sent it.
    """

    connection: str
    target: str
    field: str
    idea: int
    base: Value
    wish: Value
    own: tuple[str, ...] = ()
    """Of a wish that is a set: the members that are the hub's; the others belong to somebody else."""
    why: str = ""
    state: OutboxState = OutboxState.PLANNED
    version: int = 1
    attempts: int = 0
    sent_at: datetime | None = None
    note: str = ""
    run: int = 0


class SignalValue(NamedTuple):
    """What a signal came to in the period that begins at a moment; None where it has no value."""

    signal: str
    begin: datetime
    value: float | None


Facet: TypeAlias = tuple[str, str]
"""What ideas are found by: ``goal`` with its title, or ``owner`` with a person."""


def facets(decision: Decision) -> tuple[Facet, ...]:
    """What an idea is found by, as it is decided."""
    owner = (("owner", decision.owner),) if decision.owner else ()
    return (*(("goal", goal) for goal in decision.goals), *owner)


class Support(NamedTuple):
    """A person says that an idea supports a goal."""

    idea: int
    goal: str
    because: str
    who: str
    at: datetime


class Breach(NamedTuple):
    """An alert's condition held from ``since`` up to ``until``, None while it does.

    ``idea`` is the number of the idea that it opened, 0 for none; ``seen`` the values at which it began.
    """

    alert: str
    since: datetime
    until: datetime | None
    idea: int
    seen: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The last value the hub put into a field, what stood there before, and in which run.

    ``held`` says that a person put the old value back with ``revert``: the same wish is then not repeated.
    """

    connection: str
    target: str
    field: str
    idea: int
    before: Value
    value: Value
    own: tuple[str, ...] = ()
    """Of a value that is a set: the members that are the hub's."""
    run: int
    at: datetime
    held: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """What the hub remembers of a connection between runs."""

    name: str
    cursor: Cursor | None = None
    binding: str = ""
    """Version, scope and revision that the cursor and the feedback belong to."""
    parked_until: datetime | None = None
    error: str = ""
    error_kind: str = ""
    last_success: datetime | None = None
    last_attempt: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One pass of the cycle. ``detail`` is the JSON tree of counts, durations and errors by stage and connection."""

    id: int
    command: str
    started_at: datetime
    ended_at: datetime | None = None
    outcome: Literal["running", "done", "partly", "failed", "killed"] = "running"
    detail: Mapping[str, Any] = field(default_factory=dict)
