"""What people set in place of what the rules say: checked when it is set, laid over each decision until it ends."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from opshub.engine.connection import Connection
from opshub.engine.facts import schema
from opshub.engine.merged import survivor
from opshub.engine.work import Work
from opshub.errors import NotFoundError, UsageError
from opshub.model import Decision, Idea, Override, Value

if TYPE_CHECKING:
    from opshub.language import RuleSet

__all__ = ["clear_override", "fixed", "overridden", "put_override"]

LONGEST = timedelta(days=3660)
"""An override that lasts longer than ten years is a mistake."""

TEXT = 500
"""Characters of a reason."""


def put_override(work: Work, override: Override) -> None:
    """Keep an override, checked as a rule would be. UsageError names the first thing that is wrong."""
    problem = next(_problems(work.connections, work.rules, override), None)
    if problem is not None:
        raise UsageError(problem[0], hint=problem[1])
    into = survivor(work.store, override.idea)
    if into != override.idea:
        raise UsageError(
            f"IDEA-{override.idea} was merged into IDEA-{into}",
            hint=f"set it there: opshub ideas override IDEA-{into}",
        )
    with work.store.transaction(work.lease):
        work.store.put_override(override)


def clear_override(work: Work, idea: Idea) -> None:
    """Let the rules decide again. NotFoundError where nobody set anything."""
    with work.store.transaction(work.lease):
        if not work.store.drop_override(idea.number):
            raise NotFoundError(
                f"nothing is set by hand for {idea.id}", hint=f"see: opshub ideas why {idea.id}"
            )


def _problems(connections: Sequence[Connection], rules: RuleSet, it: Override) -> Iterator[tuple[str, str]]:
    from opshub.language import misrouted
    from opshub.language.statements import LONGEST_NAME

    if it.priority is None and not (it.band or it.tags or it.route or it.owner):
        yield "nothing to set", "name at least one of --priority, --band, --tag, --route, --owner; or --clear"
    if not it.because.strip() or len(it.because) > TEXT:
        yield "--because needs a reason of at most 500 characters", "people read it beside the number"
    if not it.at < it.until <= it.at + LONGEST:
        yield (
            f"--until {it.day} is not ahead of us, within ten years",
            "write a day to come: --until 2030-06-30",
        )
    if it.priority is not None and not math.isfinite(it.priority):
        yield f"{it.priority} is no priority", "write a number, such as 90"
    if it.band and it.band not in rules.bands:
        known = ", ".join(rules.bands)
        yield f"there is no band {it.band!r}", f"bands are: {known}" if known else "the rules define no bands"
    if any(not tag.strip() for tag in it.tags):
        yield "a tag is empty", "write a word: --tag key-account"
    if it.owner and (not it.owner.strip() or len(it.owner) > LONGEST_NAME):
        yield "nobody has this name", "write an address or a name: --owner ann@example.com"
    there = schema(connections)
    wrong = misrouted(it.route, there.destinations, there.based) if it.route else None
    if wrong is not None:
        yield wrong


def fixed(override: Override) -> dict[str, float]:
    """The scores that a person set."""
    return {} if override.priority is None else {"priority": override.priority}


def overridden(decision: Decision, plain: Decision, override: Override, rules: RuleSet) -> Decision:
    """A decision made with the set priority, with the rest of what a person set; ``plain`` is what the rules say.

    It is due again at ``until``, when the rules decide.
    """
    band = override.band if override.band in rules.bands else ""
    said: dict[str, Value] = {
        "priority": plain.scores["priority"],
        "band": plain.band,
        "route": plain.route + (f" as {plain.urgency}" if plain.urgency else ""),
    }
    if override.owner:
        said["owner"] = plain.owner
    return replace(
        decision,
        band=band or decision.band,
        tags=tuple(sorted({*decision.tags, *override.tags})),
        route=override.route or decision.route,
        owner=override.owner or decision.owner,
        due=override.until if decision.due is None else min(decision.due, override.until),
        override=override,
        ruled=said,
    )
