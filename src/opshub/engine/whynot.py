"""Why a rule does not hold for an idea, or a match block took no feedback, with the piece that came closest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from opshub.engine.blocks import bound
from opshub.engine.declared import Declared
from opshub.engine.facts import Reader
from opshub.engine.past import ALERTS
from opshub.engine.reading import QUOTE, evidence, find_feedback, find_idea, living
from opshub.engine.score import Seen, placed, seen
from opshub.engine.world import world
from opshub.errors import NotFoundError
from opshub.model import Evidence, Feedback, Idea, Link, LinkMaker
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import RuleSet, Schema
    from opshub.language.meaning import Home, Verdict
    from opshub.language.nearest import Change
    from opshub.language.whynot import Clause, WhyNot

__all__ = ["Held", "Miss", "Refusal", "Unmet", "Untaken", "find_rule", "why_not"]

_SURER = (LinkMaker.PERSON, LinkMaker.KEY)
_MATCH = "match "
"""How a match block is told from a rule of the same name."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """A clause that decided against the rule: ``false``, or ``missing`` where a value that it needs is not there."""

    clause: str
    answer: str
    saw: Mapping[str, Any]
    feedback: Evidence | None


@dataclass(frozen=True, slots=True)
class Miss:
    """A change of one value with which the rule would have held, of the idea or of one piece of feedback.

    ``until`` is the moment up to which the clause held as things are, ``since`` that from which it will hold.
    """

    value: str
    saw: Any
    needed: str
    until: datetime | None
    since: datetime | None
    feedback: Evidence | None


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why nothing came of a rule. ``stopped`` and ``routed`` are earlier rules, with their places.

    ``nearest`` is the piece of feedback that came closest, ``lacking`` how many clauses it failed. ``misses`` are
    changes that would each have been enough, the smallest first.
    """

    idea: Idea
    rule: str
    place: str
    condition: str
    holds: bool
    stopped: str
    routed: str
    unmet: tuple[Unmet, ...]
    nearest: Evidence | None
    lacking: int
    misses: tuple[Miss, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """A piece of feedback for which a match block holds, and what comes of it.

    ``standing`` is ``taken``, ``earlier`` (an earlier block holds too), ``stronger`` (a person or a key linked it),
    ``refused`` (a person said that it does not belong there), ``waits`` (the block's idea is not there yet), ``alert``
    or ``next sync``.
    """

    feedback: Evidence
    standing: str
    because: str


@dataclass(frozen=True, slots=True)
class Untaken:
    """Why a match block did not take a ``piece`` of feedback, or those of an idea, of which there are ``pieces``.

    ``held`` are those for which it holds; the rest says why it does not hold for the nearest of the others.
    """

    rule: str
    place: str
    condition: str
    to: str
    pieces: int
    held: tuple[Held, ...]
    unmet: tuple[Unmet, ...]
    nearest: Evidence | None
    lacking: int
    misses: tuple[Miss, ...]
    idea: Idea | None = None
    piece: Evidence | None = None


def find_rule(rules: RuleSet, name: str) -> Verdict | Home:
    """A rule or a match block by its name, or by a part of it that no other has. NotFoundError.

    Where both are called the same the name is the rule's, and ``match NAME`` the block's.
    """
    wanted = " ".join(name.casefold().split())
    known: dict[str, Verdict | Home] = {f"{_MATCH}{home.name}": home for home in rules.program.homes}
    known |= {rule.name: rule for rule in rules.program.rules}
    found = (
        [told for told in known if told.casefold() == wanted]
        or [told for told in known if told.casefold() == _MATCH + wanted]
        or [told for told in known if wanted and wanted in told.casefold()]
    )
    if len(found) == 1:
        return known[found[0]]
    kinds = "rules and match blocks" if rules.program.homes else "rules"
    if found:
        raise NotFoundError(f"{len(found)} {kinds} have {name!r} in their name", hint=_listed(found))
    folded = {each: told for told in known for each in (told.casefold(), known[told].name.casefold())}
    near = get_close_matches(wanted, list(folded), n=1, cutoff=0.5)
    hint = f"did you mean {folded[near[0]]!r}?" if near else _listed(list(known))
    raise NotFoundError(f"there is no rule {name!r}", hint=hint)


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "the rule files have no rule"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"rules are: {', '.join(repr(name) for name in names[:8])}{more}"


def why_not(
    store: Store, rules: RuleSet, declared: Sequence[Declared], name: str, rule: str, now: datetime
) -> Refusal | Untaken:
    """What decided that a rule does not hold for an idea, and what comes nearest to it. NotFoundError.

    A match block is asked about the feedback of an idea, or about one piece, such as ``desk:94``.
    """
    from opshub.language.meaning import Home
    from opshub.language.whynot import why_not as asked

    found = find_rule(rules, rule)
    piece = find_feedback(store, name) if ":" in name and "://" not in name else None
    if isinstance(found, Home):
        reader = Reader(rules.homes.reads, declared)
        if piece is not None:
            link = store.links_of([piece.ref]).get(piece.ref)
            idea = store.idea(link.idea) if link is not None else None
            return replace(_untaken(store, rules, reader, found, [piece]), idea=idea, piece=evidence(piece))
        idea = living(store, name)[0]
        voices = [feedback for _, feedback in store.voices([idea.number])]
        return replace(_untaken(store, rules, reader, found, voices), idea=idea)
    if piece is not None:
        raise NotFoundError(
            f"{found.name!r} is a rule, and rules ask ideas, not single feedback",
            hint=f"which idea it belongs to is told by: opshub ideas why-linked {piece.ref}",
        )
    number = find_idea(store, name).number
    reader = Reader(rules.reads, declared)
    (one,) = placed(store, rules, seen(store, reader, [number], world(store, rules, now)))
    return _told(one, asked(rules.program, found, one.values, one.rows, now), rules.program.schema)


def _untaken(store: Store, rules: RuleSet, reader: Reader, home: Home, voices: Sequence[Feedback]) -> Untaken:
    from opshub.language.meaning import show
    from opshub.language.whynot import why_not_taken

    rows = reader.feedback(voices)
    links = store.links_of([voice.ref for voice in voices])
    found = why_not_taken(rules.program, home, rows)
    held = []
    for row in found.holds:
        first, voice = rules.homes.of(rows[row]), voices[row]
        earlier = None if first is None or first.home is home else first.home
        held.append(Held(evidence(voice), *_standing(store, home, earlier, voice, links.get(voice.ref))))
    return Untaken(
        rule=home.name,
        place=home.place,
        condition=show(home.when),
        to=f'idea "{home.idea}"' if home.begins else home.idea,
        pieces=len(voices),
        held=tuple(held),
        unmet=_unmet(voices, found.clauses),
        nearest=_voice(voices, found.nearest),
        lacking=found.lacking,
        misses=_misses(voices, found.changes, rules.program.schema),
    )


def _standing(
    store: Store, home: Home, earlier: Home | None, feedback: Feedback, link: Link | None
) -> tuple[str, str]:
    """What comes of a piece of feedback for which a block holds, and why."""
    idea = bound(store, home)
    linked = f"linked by {link.maker}: {link.reason}" if link is not None else ""
    if feedback.ref.connection == ALERTS:
        return "alert", "no match block takes what an alert says"
    if earlier is not None:
        return "earlier", f"the first block that holds takes it: '{earlier.name}' ({earlier.place})"
    if link is not None and idea == link.idea:
        return "taken", f"it belongs to IDEA-{idea}, {linked}"
    if link is not None and link.maker in _SURER:
        return "stronger", f"a person and a key come before match blocks: {linked}"
    if not idea and not home.begins:
        return "waits", f"there is no {home.idea} yet"
    if idea in store.apart([feedback.ref]).get(feedback.ref, ()):
        return "refused", f"a person said that it does not belong to IDEA-{idea}"
    return "next sync", "the next sync takes it there"


def _voice(voices: Sequence[Feedback], row: int | None) -> Evidence | None:
    return None if row is None else evidence(voices[row])


def _told(one: Seen, found: WhyNot, schema: Schema) -> Refusal:
    from opshub.language.meaning import show

    return Refusal(
        idea=one.idea,
        rule=found.rule.name,
        place=found.rule.place,
        condition=show(found.rule.when),
        holds=found.step.holds,
        stopped=_named(found.stopped),
        routed=_named(found.routed),
        unmet=_unmet(one.voices, found.clauses),
        nearest=_voice(one.voices, found.nearest),
        lacking=found.lacking,
        misses=_misses(one.voices, found.changes, schema),
    )


def _unmet(voices: Sequence[Feedback], clauses: Sequence[Clause]) -> tuple[Unmet, ...]:
    return tuple(
        Unmet(c.text, str(c.truth), {n: _short(v) for n, v in c.saw.items()}, _voice(voices, c.row))
        for c in clauses
    )


def _misses(voices: Sequence[Feedback], changes: Sequence[Change], schema: Schema) -> tuple[Miss, ...]:
    from opshub.language.meaning import show

    return tuple(
        Miss(
            show(change.term),
            _saw(change, schema),
            change.needed,
            change.until,
            change.since,
            _voice(voices, change.row),
        )
        for change in changes
    )


def _saw(change: Change, schema: Schema) -> Any:
    """The value as it was, an amount with its currency."""
    saw: Any = change.saw
    return schema.currencies.shown(saw) if change.term.kind == "money" else _short(saw)


def _short(value: Any) -> Any:
    return f"{value[: QUOTE - 1]}…" if isinstance(value, str) and len(value) > QUOTE else value


def _named(rule: Verdict | None) -> str:
    return "" if rule is None else f"{rule.name} ({rule.place})"
