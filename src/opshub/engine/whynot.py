"""Why a rule does not hold for an idea, with the feedback that came closest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from opshub.engine.declared import Declared
from opshub.engine.facts import Reader
from opshub.engine.reading import QUOTE, evidence, find_idea
from opshub.engine.score import Seen, placed, seen
from opshub.engine.world import world
from opshub.errors import NotFoundError
from opshub.model import Evidence, Idea
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import RuleSet, Schema
    from opshub.language.meaning import Verdict
    from opshub.language.nearest import Change
    from opshub.language.whynot import WhyNot

__all__ = ["Miss", "Refusal", "Unmet", "find_rule", "why_not"]


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


def find_rule(rules: RuleSet, name: str) -> Verdict:
    """A rule by its name, or by a part of it that no other rule has. NotFoundError."""
    wanted = " ".join(name.casefold().split())
    known = {rule.name.casefold(): rule for rule in rules.program.rules}
    found = [rule for key, rule in known.items() if key == wanted] or [
        rule for key, rule in known.items() if wanted and wanted in key
    ]
    if len(found) == 1:
        return found[0]
    names = [rule.name for rule in found or rules.program.rules]
    if found:
        raise NotFoundError(f"{len(found)} rules have {name!r} in their name", hint=_listed(names))
    near = get_close_matches(wanted, list(known), n=1, cutoff=0.5)
    hint = f"did you mean {known[near[0]].name!r}?" if near else _listed(names)
    raise NotFoundError(f"there is no rule {name!r}", hint=hint)


def _listed(names: Sequence[str]) -> str:
    if not names:
        return "the rule files have no rule"
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"rules are: {', '.join(repr(name) for name in names[:8])}{more}"


def why_not(
    store: Store, rules: RuleSet, declared: Sequence[Declared], idea: str, rule: str, now: datetime
) -> Refusal:
    """What decided that a rule does not hold for an idea, and what comes nearest to it. NotFoundError."""
    from opshub.language.whynot import why_not as asked

    number = find_idea(store, idea).number
    verdict = find_rule(rules, rule)
    reader = Reader(rules.reads, declared)
    (one,) = placed(store, rules, seen(store, reader, [number], world(store, rules, now)))
    return _told(one, asked(rules.program, verdict, one.values, one.rows, now), rules.program.schema)


def _voice(one: Seen, row: int | None) -> Evidence | None:
    return None if row is None else evidence(one.voices[row])


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
        unmet=tuple(
            Unmet(c.text, str(c.truth), {n: _short(v) for n, v in c.saw.items()}, _voice(one, c.row))
            for c in found.clauses
        ),
        nearest=_voice(one, found.nearest),
        lacking=found.lacking,
        misses=tuple(
            Miss(
                show(change.term),
                _saw(change, schema),
                change.needed,
                change.until,
                change.since,
                _voice(one, change.row),
            )
            for change in found.changes
        ),
    )


def _saw(change: Change, schema: Schema) -> Any:
    """The value as it was, an amount with its currency."""
    saw: Any = change.saw
    return schema.currencies.shown(saw) if change.term.kind == "money" else _short(saw)


def _short(value: Any) -> Any:
    return f"{value[: QUOTE - 1]}…" if isinstance(value, str) and len(value) > QUOTE else value


def _named(rule: Verdict | None) -> str:
    return "" if rule is None else f"{rule.name} ({rule.place})"
