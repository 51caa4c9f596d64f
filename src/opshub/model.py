"""The words of the hub as values: frozen, without behaviour that reaches outside, without I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

__all__ = [
    "Account",
    "Change",
    "Comment",
    "Contribution",
    "Cursor",
    "Decision",
    "Draft",
    "Evidence",
    "Feedback",
    "Idea",
    "Link",
    "LinkMaker",
    "Override",
    "Person",
    "Point",
    "RankedIdea",
    "Ranking",
    "Rating",
    "Receipt",
    "Record",
    "Ref",
    "Tombstone",
    "TombstoneReason",
    "Trace",
    "TrackedItem",
    "Value",
    "Visibility",
    "idea_number",
]

Value: TypeAlias = str | int | float | bool | datetime | tuple[str, ...] | None
"""What a field can hold; a tuple is a set of texts, in sorted order. None is *missing*."""

Record: TypeAlias = Mapping[str, object]
"""What a vendor sent, verbatim, decoded from JSON."""

Cursor: TypeAlias = Mapping[str, object]
"""Where a pull resumes: a small JSON object that only its connector understands."""


class Visibility(StrEnum):
    """Who may read a text, from everybody to few."""

    PUBLIC = "public"
    CUSTOMER = "customer"
    INTERNAL = "internal"
    RESTRICTED = "restricted"

    @property
    def rank(self) -> int:
        """0 for the most open, growing with secrecy."""
        return tuple(Visibility).index(self)

    def may_reach(self, audience: Visibility) -> bool:
        """Whether a text of this visibility may be shown to an audience."""
        return self.rank <= audience.rank


class Ref(NamedTuple):
    """A record's name in the hub: the connection and the vendor's id."""

    connection: str
    id: str

    def __str__(self) -> str:
        return f"{self.connection}:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who spoke; ``id`` is the vendor's own, never an e-mail address where the vendor has one."""

    id: str
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The customer behind a person. ``arr`` is revenue a year in the connection's currency."""

    id: str
    name: str = ""
    domain: str = ""
    plan: str = ""
    arr: float | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """A number on a scale: ``Rating(4, 1, 5)`` is four of five stars, ``Rating(9, 0, 10, "nps")`` a promoter."""

    value: float
    worst: float = 1
    best: float = 5
    scale: str = "stars"

    @property
    def share(self) -> float:
        """The value as a share of the scale, 0 at worst, 1 at best."""
        return (self.value - self.worst) / (self.best - self.worst) if self.best != self.worst else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One text that follows the first."""

    id: str
    text: str
    created_at: datetime | None = None
    author: Person | None = None
    visibility: Visibility = Visibility.INTERNAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """One normalized record: who said what, where, when.

    Times are aware. ``mentions`` are explicit references that the vendor states outside the text: issue keys or
    addresses. ``duplicate_of`` is the id, in the same connection, of the record that the vendor calls the original.
    ``fields`` holds what else rules may read, by the vendor's field name.
    """

    ref: Ref
    url: str
    text: str
    created_at: datetime
    title: str = ""
    kind: str = "feedback"
    updated_at: datetime | None = None
    visibility: Visibility = Visibility.INTERNAL
    author: Person | None = None
    account: Account | None = None
    comments: tuple[Comment, ...] = ()
    language: str = ""
    rating: Rating | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)
    mentions: tuple[str, ...] = ()
    duplicate_of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedItem:
    """The form an idea has in a tracker.

    ``key`` is what people call it (``FEED-12``), ``ref.id`` the vendor's stable id. ``fields`` holds the present
    value of every field that the hub may own there, by remote name. ``version`` is whatever the vendor wants back
    for an optimistic lock. ``marker`` is the idea's id where the hub created the item.
    """

    ref: Ref
    key: str
    url: str
    title: str
    created_at: datetime
    text: str = ""
    kind: str = "item"
    updated_at: datetime | None = None
    status: str = ""
    visibility: Visibility = Visibility.INTERNAL
    author: Person | None = None
    comments: tuple[Comment, ...] = ()
    tags: tuple[str, ...] = ()
    fields: Mapping[str, Value] = field(default_factory=dict)
    mentions: tuple[str, ...] = ()
    duplicate_of: str = ""
    version: str = ""
    marker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A value that a vendor reports of a signal at a moment. A segment makes it the signal ``name/segment``."""

    ref: Ref
    name: str
    at: datetime
    value: float
    segment: str = ""

    @property
    def signal(self) -> str:
        """The name under which rules find it."""
        return f"{self.name}/{self.segment}" if self.segment else self.name


class TombstoneReason(StrEnum):
    """Why a record is no longer there."""

    DELETED = "deleted"
    LOST_ACCESS = "lost access"
    OUT_OF_SCOPE = "out of scope"
    ARCHIVED = "archived"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Tombstone:
    """The vendor says that a record is gone."""

    ref: Ref
    reason: TombstoneReason = TombstoneReason.DELETED


@dataclass(frozen=True, slots=True, kw_only=True)
class Idea:
    """One thing worth deciding on. ``number`` is the 12 of ``IDEA-12``; ``item`` its form in a tracker."""

    number: int
    title: str
    created_at: datetime
    visibility: Visibility = Visibility.INTERNAL
    item: Ref | None = None

    @property
    def id(self) -> str:
        """The idea's name, ``IDEA-12``; also the marker on items that the hub creates."""
        return f"IDEA-{self.number}"


def idea_number(name: str) -> int | None:
    """The 12 of ``IDEA-12``, ``idea-12`` or ``12``; None for any other text."""
    number = name.upper().removeprefix("IDEA-")
    # Digits of other scripts are digits too, and a store holds no more than 19 of them.
    return int(number) if number.isascii() and number.isdigit() and len(number) < 16 else None


class LinkMaker(StrEnum):
    """Who or what tied feedback to an idea, from the strongest to the weakest."""

    PERSON = "person"
    KEY = "key"
    RULE = "rule"
    SAME = "same"
    SIMILARITY = "similarity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Feedback → idea. ``confidence`` is 0 to 1, ``reason`` a sentence for a person."""

    feedback: Ref
    idea: int
    maker: LinkMaker
    reason: str
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Evidence:
    """A piece of feedback that made a rule hold: a quote of at most 200 characters, and where it stands."""

    feedback: Ref
    quote: str
    url: str
    who: str = ""
    visibility: Visibility = Visibility.INTERNAL


class Contribution(NamedTuple):
    """One rule's part in a decision.

    ``effect`` is what the rule did (``priority +30``, ``tag churn-risk``, ``route to jira.SEC``), ``place`` is
    ``file:line``, ``saw`` the values that decided, by name. ``by`` is empty for a rule; where a person said so instead,
    ``by`` is who, and ``until`` the day.
    """

    rule: str
    place: str
    effect: str
    score: str = ""
    amount: float = 0.0
    because: str = ""
    saw: Mapping[str, Value] = MappingProxyType({})
    evidence: tuple[Ref, ...] = ()
    by: str = ""
    until: str = ""


Trace: TypeAlias = tuple[int, tuple[Value, ...], tuple[tuple[str, str], ...]]
"""What one rule saw when it spoke: the number of its words in the legend, the values, the names of its evidence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What a person sets in place of what the rules say, up to a moment; the rules decide what is None or empty.

    ``tags`` are given besides those of the rules. ``day`` is ``until`` as people of the hub's time zone write it.
    """

    idea: int
    priority: float | None = None
    band: str = ""
    tags: tuple[str, ...] = ()
    route: str = ""
    because: str
    who: str
    at: datetime
    until: datetime
    day: str
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the rules said of an idea. ``route`` is a destination such as ``jira.SEC``; empty is the inbox.

    ``traces`` are what was seen; the rule set's words for them stand once, in the legend of that name. ``due`` is the
    next moment at which a clause that reads the clock can change its mind, or at which ``override`` ends: what a
    person set, with what the rules said in ``ruled``. ``goals`` are those that rules or people let it support;
    ``owner`` is the person that a rule, or an override, gave it to.
    """

    idea: int
    scores: Mapping[str, float] = field(default_factory=dict)
    band: str = ""
    tags: tuple[str, ...] = ()
    route: str = ""
    urgency: str = ""
    legend: str = ""
    traces: tuple[Trace, ...] = ()
    due: datetime | None = None
    override: Override | None = None
    ruled: Mapping[str, Value] = field(default_factory=dict)
    goals: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What to write to one tracked item in one request.

    ``fields`` are remote names with their new values; a tuple is the *whole* new set, already merged with what
    others put there. ``version`` is what the item carried when it was read.
    """

    target: str
    fields: Mapping[str, Value]
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An item to be created for an idea. ``marker`` goes with it in the same request and can be looked up."""

    marker: str
    project: str
    title: str
    text: str
    fields: Mapping[str, Value] = field(default_factory=dict)
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the remote said of a write. ``refused`` are fields it would not take, with the reason."""

    target: str
    url: str = ""
    version: str = ""
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedIdea:
    """One row of the ranked list, cleared for its audience; ``note`` says where a person set what stands there."""

    rank: int
    idea: str
    title: str
    band: str
    score: float
    voices: int
    url: str = ""
    tags: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranked list of ideas, best first."""

    rows: tuple[RankedIdea, ...]
