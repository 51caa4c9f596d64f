"""What the hub would like to stand in a remote field, cleared for those who read it there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from opshub.engine.connection import Connection
from opshub.model import Decision, Draft, Feedback, Idea, RankedIdea, Ranking, TrackedItem, Value
from opshub.sdk import Assigns
from opshub.store.base import Store
from opshub.store.rows import Route

__all__ = ["Wanted", "added", "draft", "merged", "ranking", "without_tags"]

Tagged = TypeVar("Tagged", Feedback, TrackedItem)

EVIDENCE = 20
"""Links back to feedback that an item carries at most."""

QUOTES = 5
"""Pieces of feedback that the text of a new item quotes."""


_APART = "tags."
"""How a hub field begins that holds the tags of one prefix."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An idea with what its remote fields are made from."""

    idea: Idea
    decision: Decision
    voices: Sequence[Feedback]
    route: Route | None = None

    def value(self, connection: Connection, hub_field: str) -> Value:
        """The value of a hub field in the words of a connection; None where there is nothing to write."""
        decision = self.decision
        if hub_field == "band":
            return connection.bands.get(decision.band, decision.band) or None
        if hub_field == "score":
            return _number(decision.scores.get("priority"))
        if hub_field.startswith("score."):
            return _number(decision.scores.get(hub_field.removeprefix("score.")))
        if hub_field == "tags":
            apart = tuple(_mark(other) for other in connection.write if other.startswith(_APART))
            return tuple(tag for tag in decision.tags if not tag.startswith(apart))
        if hub_field.startswith(_APART):
            mark = _mark(hub_field)
            found = {tag.removeprefix(mark).strip() for tag in decision.tags if tag.startswith(mark)}
            return tuple(sorted(found - {""}))
        if hub_field == "urgency":
            return decision.urgency or None
        if hub_field == "voices":
            return len(self.voices)
        return tuple(sorted(feedback.url for feedback in self.readable(connection)[:EVIDENCE]))

    def readable(self, connection: Connection) -> list[Feedback]:
        """Feedback that the readers of a connection may know of, newest first."""
        open_to_them = [f for f in self.voices if f.visibility.may_reach(connection.audience) and f.url]
        return sorted(open_to_them, key=lambda f: (f.created_at, f.ref), reverse=True)


def _mark(hub_field: str) -> str:
    """How tags begin that go to a field of their own: ``component:`` for ``tags.component``."""
    return f"{hub_field.removeprefix(_APART)}:"


def _number(value: float | None) -> Value:
    return None if value is None else round(value, 2)


def merged(current: Value, before: Sequence[str], own: Sequence[str]) -> tuple[str, ...]:
    """A set with the hub's members exchanged and everybody else's kept."""
    others = {*current} if isinstance(current, tuple) else set()
    return tuple(sorted((others - {*before}) | {*own}))


def added(current: Value, before: Sequence[str], wish: Sequence[str]) -> tuple[str, ...]:
    """Of the wished members those that are the hub's: what others put there stays theirs."""
    theirs = ({*current} if isinstance(current, tuple) else set()) - {*before}
    return tuple(sorted({*wish} - theirs))


def without_tags(item: Tagged, own: Collection[str]) -> Tagged:
    """The value as if the hub had never tagged it, so that no rule reads what a rule has written."""
    if own and not {*own}.isdisjoint(item.tags):
        return replace(item, tags=tuple(tag for tag in item.tags if tag not in own))
    return item


def title_for(idea: Idea, connection: Connection) -> str:
    """The idea's title, or only its name where the title comes from a text that is too private."""
    return idea.title if idea.visibility.may_reach(connection.audience) else f"Idea {idea.id}"


def draft(wanted: Wanted, connection: Connection, project: str) -> Draft:
    """The item to be created: title, quotes with their permalinks, and the owned fields."""
    count = len(wanted.voices)
    lines = [f"{count} piece{'s' * (count != 1)} of feedback speak{'s' * (count == 1)} for this idea.", ""]
    for feedback in wanted.readable(connection)[:QUOTES]:
        quote = " ".join((feedback.text or feedback.title).split())[:300]
        lines += [f"“{quote}”", feedback.url, ""]
    fields = {
        remote: wanted.value(connection, hub_field)
        for hub_field, remote in connection.write.items()
        if hub_field != "evidence"
    }
    return Draft(
        marker=wanted.idea.id,
        project=project,
        title=title_for(wanted.idea, connection),
        text="\n".join(lines).rstrip(),
        fields={name: value for name, value in fields.items() if value not in (None, ())},
        owner=wanted.decision.owner if isinstance(connection.connector, Assigns) else "",
    )


def ranking(store: Store, connection: Connection) -> Ranking:
    """The ranked list as the readers of a connection may see it."""
    rows = []
    for rank, (idea, decision, voices) in enumerate(store.ranked(connection.publish), start=1):
        item = store.item(idea.item) if idea.item is not None else None
        rows.append(
            RankedIdea(
                rank=rank,
                idea=idea.id,
                title=title_for(idea, connection),
                band=decision.band,
                score=round(decision.scores.get("priority", 0.0), 2),
                voices=voices,
                url=item.url if item is not None else "",
                tags=decision.tags,
                note=f"set by a person until {decision.override.day}" if decision.override else "",
            )
        )
    return Ranking(tuple(rows))


def shown(value: Value) -> str:
    """A value as a note names it."""
    if value is None or value == ():
        return "nothing"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
