"""What people ask of the hub: pure reading, values out."""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from opshub.engine.blocks import UNKNOWN
from opshub.engine.connection import Connection
from opshub.engine.explain import contributions
from opshub.engine.merged import survivor
from opshub.engine.report import Failure
from opshub.errors import NotFoundError, UsageError
from opshub.matching import Matcher, Summary, sample, summary
from opshub.model import Contribution, Decision, Evidence, Feedback, Idea, Link, Ref, idea_number
from opshub.sdk import clean
from opshub.store.base import Store
from opshub.store.rows import ActionKind, BadRow, Breach, OutboxRow, OutboxState, Route, RunRow, Written

__all__ = [
    "QUOTE",
    "Gist",
    "IdeaView",
    "Merged",
    "Plan",
    "Status",
    "Why",
    "bad_rows",
    "evidence",
    "find_feedback",
    "find_idea",
    "find_pieces",
    "living",
    "merged",
    "plan",
    "show",
    "status",
    "why",
]

QUOTE = 200
"""Characters of a quote."""

OPEN = (OutboxState.PLANNED, OutboxState.SENDING, OutboxState.CONFLICT, OutboxState.REFUSED)


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
    failures: tuple[Failure, ...] = ()
    """What kept the plan from being whole."""
    busy: str = ""
    """Who was writing meanwhile; the plan is then as that process left it."""


@dataclass(frozen=True, slots=True)
class Merged:
    """An idea became part of ``into``; ``told`` says who merged it and why."""

    into: Idea
    told: str
    action: int


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
    merged: Merged | None = None
    gist: Gist | None = None


@dataclass(frozen=True, slots=True)
class Gist:
    """What an idea of several pieces speaks of, in their own words: key terms, and a quote from the middle of all.

    ``themes`` are groups within it: their terms, how many pieces, a quote from the middle of each. ``read`` is how many
    pieces were looked at.
    """

    terms: tuple[str, ...]
    middle: Evidence
    themes: tuple[tuple[tuple[str, ...], int, Evidence], ...]
    read: int


@dataclass(frozen=True, slots=True)
class Why:
    """A decision with every contribution and the quotes behind it."""

    idea: Idea
    decision: Decision
    parts: tuple[tuple[Contribution, tuple[Evidence, ...]], ...]
    written: tuple[Written, ...] = ()
    merged: Merged | None = None


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
    alerts: tuple[Breach, ...] = ()
    """Those in breach now."""
    waiting: tuple[str, ...] = ()
    """The match blocks whose idea nobody knows yet, as sentences."""
    encoder: str = ""
    """The sentence encoder whose vectors are kept; empty for none."""
    vectors: tuple[int, int] = (0, 0)
    """How many pieces of feedback have a vector, and how many wait for one."""


def find_idea(store: Store, name: str) -> Idea:
    """An idea by ``IDEA-12``, its number, or the key or address of its tracked item. NotFoundError."""
    plain = clean(name).strip()
    number = idea_number(plain)
    found = store.idea(number) if number is not None else None
    if found is None:
        items = store.items_by_key([plain, plain.upper()])
        _, bound = items.get(plain) or items.get(plain.upper()) or (None, None)
        found = store.idea(bound) if bound is not None else None
    if found is None:
        raise NotFoundError(f"there is no idea {plain!r}", hint="ideas are listed by: opshub ideas list")
    return found


def find_feedback(store: Store, name: str) -> Feedback:
    """Living feedback by its name, such as ``desk:94``. NotFoundError."""
    plain = clean(name).strip()
    connection, _, ident = plain.partition(":")
    ref = Ref(connection, ident)
    found = store.feedback(ref)
    if found is not None:
        return found
    if store.item(ref) is not None or store.items_by_key([plain, plain.upper()]):
        raise NotFoundError(
            f"{plain} is a tracked item, no feedback",
            hint="ideas are joined by: opshub ideas merge IDEA INTO",
        )
    if store.links_of([ref]):
        raise NotFoundError(
            f"{plain} is gone: its source no longer has it", hint="what is gone does not count"
        )
    raise NotFoundError(
        f"there is no feedback {plain!r}", hint="names such as desk:94 stand in: opshub ideas show IDEA"
    )


def find_pieces(store: Store, idea: Idea, names: Sequence[str]) -> list[Feedback]:
    """Living feedback of an idea by its names, each once. UsageError where a piece belongs elsewhere; NotFoundError."""
    pieces = {piece.ref: piece for piece in (find_feedback(store, name) for name in names)}
    links = store.links_of([*pieces])
    for ref in pieces:
        link = links.get(ref)
        if link is None or link.idea != idea.number:
            belongs = f"belongs to IDEA-{link.idea}, not to {idea.id}" if link else "belongs to no idea"
            raise UsageError(f"{ref} {belongs}", hint=f"see: opshub ideas show {idea.id}")
    return [*pieces.values()]


def living(store: Store, name: str) -> tuple[Idea, list[str]]:
    """The idea of that name, or the one that it is part of now, which is then told. NotFoundError."""
    named = find_idea(store, name)
    number = survivor(store, named.number)
    if number == named.number:
        return named, []
    (found,) = store.ideas([number])
    return found, [f"{named.id} was merged into {found.id}"]


def show(store: Store, name: str, matcher: Matcher) -> IdeaView:
    """One idea with its feedback and what resembles it."""
    idea = find_idea(store, name)
    voices = [feedback for _, feedback in store.voices([idea.number])]
    links = store.links_of([feedback.ref for feedback in voices])
    item = store.item(idea.item) if idea.item is not None else None
    return IdeaView(
        idea=idea,
        decision=store.decisions([idea.number]).get(idea.number, Decision(idea=idea.number)),
        route=store.routes([idea.number]).get(idea.number),
        voices=tuple((feedback, links[feedback.ref]) for feedback in voices if feedback.ref in links),
        item_key=item.key if item is not None else "",
        item_url=item.url if item is not None else "",
        suggestions=_suggestions(store, idea, voices, matcher),
        merged=merged(store, idea),
        gist=_gist(store, voices),
    )


def _gist(store: Store, voices: Sequence[Feedback]) -> Gist | None:
    found = summarized(store, voices)
    if found is None:
        return None
    pieces = {voice.ref: voice for voice in voices}
    themes = [(it.terms, it.voices, evidence(pieces[it.middle])) for it in found.themes]
    return Gist(found.terms, evidence(pieces[found.middle]), tuple(themes), found.read)


def summarized(store: Store, voices: Sequence[Feedback]) -> Summary | None:
    """What they speak of; None for a few pieces, which speak for themselves."""
    pieces = sample(voices)
    kept = store.vectors_of([piece.ref for piece in pieces])
    vectors = {ref: struct.unpack(f"<{len(row) // 2}e", row) for ref, row in kept.items()}
    return summary(pieces, store.term_counts, vectors)


def merged(store: Store, idea: Idea) -> Merged | None:
    """What became of an idea that a person merged into another; None for one that stands for itself."""
    number = survivor(store, idea.number)
    into = store.idea(number) if number != idea.number else None
    if into is None:
        return None
    actions = store.actions_naming([idea.id])
    undone = store.undone([action.number for action in actions])
    mine = [it for it in actions if it.kind is ActionKind.MERGE and it.idea == idea.number]
    last = next(it for it in reversed(mine) if it.number not in undone)
    return Merged(into, f"{last.told()} ({last.at:%Y-%m-%d})", last.number)


def _suggestions(
    store: Store, idea: Idea, voices: Sequence[Feedback], matcher: Matcher
) -> tuple[tuple[int, str, float], ...]:
    """Other ideas whose feedback resembles this idea's first piece."""
    if not voices:
        return ()
    found = [c for c in matcher.candidates(voices[0], store, limit=6) if c.idea != idea.number]
    titles = {other.number: other.title for other in store.ideas([c.idea for c in found])}
    return tuple((c.idea, titles.get(c.idea, ""), c.likeness) for c in found[:5] if c.likeness >= 0.15)


def why(store: Store, name: str, field_name: str | None = None) -> Why:
    """Every contribution to an idea's decision with quotes; NotFoundError for a field that nothing touched."""
    idea = find_idea(store, name)
    decision = store.decisions([idea.number]).get(idea.number, Decision(idea=idea.number))
    parts = [
        part for part in contributions(store, decision) if field_name is None or _touches(part, field_name)
    ]
    if field_name is not None and not parts:
        known = sorted({*decision.scores, "band", "goals", "owner", "tags", "route", "urgency"})
        raise NotFoundError(
            f"{idea.id}: no rule touched {field_name!r}", hint=f"fields are: {', '.join(known)}"
        )
    quoted = tuple((part, _quotes(store, part)) for part in parts)
    item = idea.item
    written = tuple(store.written(item.connection, [item.id]).values()) if item is not None else ()
    return Why(idea, decision, quoted, written, merged(store, idea))


_EFFECTS = {
    "goal": "supports ",
    "goals": "supports ",
    "band": "band ",
    "tag": "tag ",
    "tags": "tag ",
    "route": "route ",
    "urgency": "route ",
}
"""Field of an idea → how the effects begin that touch it."""


def _touches(part: Contribution, field_name: str) -> bool:
    if field_name == "owner":
        return part.effect.startswith("owner ") or " assign " in part.effect
    word = _EFFECTS.get(field_name)
    return part.effect.startswith(word) if word else part.score == field_name != ""


def _quotes(store: Store, part: Contribution) -> tuple[Evidence, ...]:
    found = (store.feedback(ref) for ref in part.evidence)
    return tuple(evidence(feedback) for feedback in found if feedback is not None)


def evidence(feedback: Feedback) -> Evidence:
    """A piece of feedback as it is quoted: its beginning, who said it, and where it stands."""
    text = " ".join((feedback.text or feedback.title).split())
    quote = text if len(text) <= QUOTE else f"{text[: QUOTE - 1]}…"
    # Who only has an id is better known by the customer's name.
    names = [(one.name, one.id) for one in (feedback.author, feedback.account) if one is not None]
    who = next(filter(None, [name for name, _ in names] + [ident for _, ident in names]), "")
    return Evidence(feedback.ref, quote, feedback.url, who, feedback.visibility)


def plan(store: Store, connections: Sequence[Connection]) -> Plan:
    """All open wishes with the names that people know."""
    rows = tuple(store.outbox(states=OPEN))
    numbers = sorted({row.idea for row in rows if row.idea})
    places: dict[tuple[str, str], str] = {}
    for idea in store.ideas(numbers):
        item = store.item(idea.item) if idea.item is not None else None
        if item is not None:
            places[(item.ref.connection, item.ref.id)] = item.key
    return Plan(
        rows=rows,
        titles={idea.number: idea.title for idea in store.ideas(numbers)},
        places=places,
        approvals={c.name: c.apply for c in connections},
    )


def bad_rows(store: Store, keys: Sequence[int], connection: str | None = None) -> list[BadRow]:
    """Quarantined records by key; all, or all of a connection, where none are named; NotFoundError."""
    if not keys:
        rows = store.bad(connection)
        if connection is not None and not rows:
            raise NotFoundError(
                f"no record of {connection!r} is in quarantine",
                hint="they are listed by: opshub records list",
            )
        return rows
    found = []
    for key in keys:
        row = store.bad_by_key(key)
        if row is None:
            raise NotFoundError(
                f"there is no quarantined record {key}", hint="they are listed by: opshub records list"
            )
        found.append(row)
    return found


def status(store: Store, connections: Sequence[Connection], problems: Sequence[str], runs: int = 5) -> Status:
    """How every connection and the whole hub stand."""
    bad = store.bad()
    return Status(
        connections=tuple(_standing(store, connection, bad) for connection in connections),
        ideas=store.count_ideas(),
        open_wishes=len(store.outbox(states=[OutboxState.PLANNED, OutboxState.SENDING])),
        conflicts=len(store.outbox(states=[OutboxState.CONFLICT])),
        bad_records=len(bad),
        last_runs=tuple(store.runs(runs)),
        rules=tuple(problems),
        alerts=tuple(breach for breach in store.breaches() if breach.until is None),
        waiting=tuple(json.loads(store.fact(UNKNOWN) or "[]")),
        encoder=store.encoder(),
        vectors=store.count_vectors(),
    )


def _standing(store: Store, connection: Connection, bad: Sequence[BadRow]) -> dict[str, Any]:
    """How one connection stands."""
    state = store.connection(connection.name)
    return {
        "name": connection.name,
        "kind": connection.connector.kind,
        "records": store.count_records(connection.name),
        "bad": sum(row.ref.connection == connection.name for row in bad),
        "last_success": state.last_success,
        "last_attempt": state.last_attempt,
        "parked_until": state.parked_until,
        "error": str(connection.lacking or state.error),
        "error_kind": "ConfigError" if connection.lacking else state.error_kind,
    }
