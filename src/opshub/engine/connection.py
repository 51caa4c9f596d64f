"""One configured use of a connector, as the engine sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal

from opshub.errors import ConfigError
from opshub.model import Visibility
from opshub.sdk import Connector

__all__ = ["HUB_FIELDS", "Connection", "Limits"]

HUB_FIELDS = {
    "band": "the band that `bands` gives (P1, P2 …), translated by the connection's own `bands` table",
    "score": "the score called `priority`, rounded to two places",
    "tags": "the tags that rules gave, merged with those that others put there",
    "urgency": "the word behind `as` in the rule that routed the idea",
    "voices": "how many pieces of feedback speak for the idea",
    "evidence": "links back to the feedback, newest first",
}
"""What a connection's `write` table may send: hub field → what it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A connector with what the admin decided about it.

    ``write`` maps hub fields (``HUB_FIELDS``, ``score.NAME`` for a score of the rules, ``tags.PREFIX`` for tags that
    begin so) to remote names: the only fields that the hub owns there. ``conflict`` says who wins where a person
    changed an owned field. ``audience`` is who reads what the hub writes there: a text more private than that never
    goes.
    """

    name: str
    connector: Connector[Any]
    role: Literal["feedback", "ideas", "signals"] = "feedback"
    apply: Literal["approve", "auto", "never"] = "approve"
    every: timedelta = timedelta(minutes=15)
    write: Mapping[str, str] = field(default_factory=dict)
    bands: Mapping[str, str] = field(default_factory=dict)
    conflict: Literal["hub", "remote", "ask"] = "ask"
    audience: Visibility = Visibility.INTERNAL
    destinations: tuple[str, ...] = ()
    """The projects to which ideas may be routed there; any where none are named."""

    based: bool = False
    """Whether ideas whose route names no project have one there: the connector's setting ``project``."""

    publish: int = 0
    """How many ideas the ranked list holds that is published there; 0 publishes none."""

    lacking: ConfigError | None = None
    """Which secret is missing: such a connection has its place in the hub, and can neither read nor write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What keeps a run within bounds."""

    max_changes: int = 200
    """A plan with more changes is refused until a person confirms it."""

    lease: timedelta = timedelta(seconds=60)
    """How long a process that fell silent keeps the right to write."""

    wait: timedelta = timedelta(seconds=30)
    """How long a command waits for another process that holds the database."""

    similar: Literal["suggest", "learn", "attach"] = "learn"
    """Whether feedback with a similar text joins an idea by itself: never, once answers show that it may, or always."""

    attach: float = 0.95
    """The expected precision from which it does."""

    ask: float = 0.1
    """The expected precision from which a person is asked."""

    encoder: str = "off"
    """Which sentence encoder judges likeness: ``auto``, ``off``, a name, or the path of a folder."""

    keep_runs: int = 10_000
    """How many runs are remembered."""

    sweep_guard: float = 0.2
    """A census that would declare more than this share of a connection gone is refused."""
