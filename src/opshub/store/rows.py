"""The rows that pass between the engine and a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, TypeAlias

from opshub.model import Cursor, Decision, Feedback, Idea, Link, Ref, Value

__all__ = [
    "NOTHING_SAID",
    "Action",
    "ActionKind",
    "BadRow",
    "Bound",
    "Breach",
    "ConnectionState",
    "Facet",
    "Lease",
    "Light",
    "Linked",
    "Named",
    "OutboxRow",
    "OutboxState",
    "RawRow",
    "Route",
    "RunRow",
    "Said",
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


NOTHING_SAID: Mapping[str, str] = MappingProxyType({})


class Said(NamedTuple):
    """What was found in the texts of one piece of feedback: the facts of all searches up to the number ``known``.

    ``facts`` hold what was found, by name of the search; what is not there was not found.
    """

    known: int
    facts: Mapping[str, str] = NOTHING_SAID


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


class Light(NamedTuple):
    """A decision without its traces, which cost as much as the rest, and what gives the whole of it.

    ``held`` are the numbers of the legend's entries that spoke, at least those that are not computed.
    """

    decision: Decision
    held: Sequence[int]
    whole: Callable[[], Decision]


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


class ActionKind(StrEnum):
    """What a person did."""

    LINK = "link"
    UNLINK = "unlink"
    MERGE = "merge"
    SPLIT = "split"
    UNDO = "undo"
    REFUSE = "refuse"
    RENAME = "rename"


class Linked(NamedTuple):
    """A link that an action changed; None is no link. ``stated`` is the idea that the feedback itself named then."""

    feedback: Ref
    before: Link | None
    after: Link | None
    stated: int


class Bound(NamedTuple):
    """A tracked item that an action gave to another idea."""

    item: Ref
    before: int
    after: int


class Named(NamedTuple):
    """An idea that an action began or changed: its title, its tracked item, who may read them."""

    before: Idea | None
    after: Idea


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What a person did to ideas and links, with all that it changed.

    ``idea`` is what it was done to and ``other`` what came of it: the idea that was left or begun, or that survives;
    0 for none. ``apart`` are links that the machine may not make since, ``allowed`` those that it may make again.
    ``present`` are the voices that the surviving idea had; ``breaches`` those of alerts that it took over. ``others``
    are further ideas that ``idea`` was said not to be one with.
    """

    number: int
    kind: ActionKind
    at: datetime
    who: str
    because: str = ""
    idea: int = 0
    other: int = 0
    feedback: tuple[Ref, ...] = ()
    undoes: int = 0
    links: tuple[Linked, ...] = ()
    bindings: tuple[Bound, ...] = ()
    ideas: tuple[Named, ...] = ()
    apart: tuple[tuple[Ref, int], ...] = ()
    allowed: tuple[tuple[Ref, int], ...] = ()
    present: tuple[Ref, ...] = ()
    breaches: tuple[tuple[str, int], ...] = ()
    others: tuple[int, ...] = ()

    def told(self) -> str:
        """What was done, by whom and why, as one sentence."""
        more = f" and {len(self.feedback) - 5} more" if len(self.feedback) > 5 else ""
        named = ", ".join(map(str, self.feedback[:5])) + more
        said = {
            ActionKind.LINK: f"linked {named} to IDEA-{self.idea}",
            ActionKind.UNLINK: f"unlinked {named} from IDEA-{self.idea}",
            ActionKind.MERGE: f"merged IDEA-{self.idea} into IDEA-{self.other}",
            ActionKind.SPLIT: f"split {named} off IDEA-{self.idea} as IDEA-{self.other}",
            ActionKind.UNDO: f"undid action {self.undoes}",
            ActionKind.REFUSE: f"said that {self._refused(named)}",
            ActionKind.RENAME: f"renamed IDEA-{self.idea}{self._renamed()}",
        }[self.kind]
        return f"{self.who} {said}" + (f": {self.because}" if self.because else "")

    def _renamed(self) -> str:
        titles = (
            (change.before.title, change.after.title) for change in self.ideas if change.before is not None
        )
        return "".join(f" from “{before}” to “{after}”" for before, after in titles)

    def _refused(self, named: str) -> str:
        if not self.feedback:
            one = f"IDEA-{self.idea}"
            if self.others:
                named = " or ".join(f"IDEA-{number}" for number in (self.other, *self.others))
                return f"{one} is not one with {named}"
            return f"{one} and IDEA-{self.other} are not one idea" if self.other else f"{one} is one subject"
        ideas = dict.fromkeys((self.idea, *(number for _, number in self.apart)))
        return f"{named} does not belong to {' or '.join(f'IDEA-{number}' for number in ideas)}"

    def names(self) -> Iterator[str]:
        """The ideas and the pieces of feedback that it touched."""
        ideas = {self.idea, self.other, *self.others, *(number for _, number in (*self.apart, *self.allowed))}
        for change in self.links:
            ideas.update(link.idea for link in (change.before, change.after) if link is not None)
        ideas.update(change.after.number for change in self.ideas)
        yield from (f"IDEA-{number}" for number in sorted(ideas - {0}))
        refs = [*self.feedback, *(change.feedback for change in self.links)]
        refs += [ref for ref, _ in (*self.apart, *self.allowed)]
        yield from map(str, dict.fromkeys(refs))
