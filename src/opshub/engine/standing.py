"""Where each idea stands among all: the scores that rules name across ideas, and what each idea reads of the others.

An idea is decided again only where its own data changed or what it reads changed. So its own scores are measured first;
once all are, one pass over the sorted values tells for whom anything is different.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from opshub.engine.work import BATCH, Work
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import RuleSet

__all__ = ["begin", "measure", "standings"]

CHANGED = "standing.changed"
"""The fact that values have changed since the last pass."""

COMPARING = "standing"
"""The fact that the rules in force compare ideas; known without reading them."""

MARK = "measure"

Measured = Callable[[Sequence[int]], Mapping[int, Mapping[str, float] | None]]
"""From numbers of ideas to their own scores; None for an idea that nobody speaks for."""


def begin(work: Work) -> None:
    """Forget where ideas stand, for the rules are others; they are asked once whether they compare ideas."""
    work.store.set_mark(MARK, 0)
    work.store.drop_standing()
    work.store.set_fact(COMPARING, "yes" if work.rules.across else "")


def measure(work: Work, measured: Measured, limit: int = BATCH) -> bool:
    """One batch of ideas that changed or fall due is measured, or all are placed; whether there was anything to do."""
    store = work.store
    if not store.fact(COMPARING):
        return False
    changed = store.ideas_after(store.mark(MARK), limit)
    if changed:
        values = measured(list(dict.fromkeys(number for _, number in changed)))
        scores = tuple(dict.fromkeys(score for _, score in work.rules.across))
        rows = [(s, n, None if it is None else it[s]) for n, it in values.items() for s in scores]
        with work.store.transaction(work.lease):
            if store.put_standing(rows):
                store.set_fact(CHANGED, "yes")
            store.set_mark(MARK, changed[-1][0])
        return True
    return _renew_due(work, limit) or _place(work)


def _renew_due(work: Work, limit: int) -> bool:
    """Ideas that fall due by the clock are measured again, as if they had changed."""
    store = work.store
    due = store.ideas_due(work.clock.now(), limit)
    if due:
        with store.transaction(work.lease):
            store.put_decisions([replace(it, due=None) for it in store.decisions(due).values()])
            store.touch_ideas(due)
    return bool(due)


def _place(work: Work) -> bool:
    """One pass over all values; ideas for which anything has changed are due for a decision."""
    store = work.store
    if not store.fact(CHANGED):
        return False
    with store.transaction(work.lease):
        seen = [row for score in _quantities(work.rules) for row in _seen(work, score)]
        store.put_seen(seen)
        store.touch_ideas(sorted({number for _, number, _ in seen}))
        # They are measured already; only their decisions are due.
        store.set_mark(MARK, store.last_seq())
        store.set_fact(CHANGED, "")
    return True


def _quantities(rules: RuleSet) -> dict[str, list[str]]:
    """Score → what is read of it."""
    found: dict[str, list[str]] = {}
    for quantity, score in rules.across:
        found.setdefault(score, []).append(quantity)
    return found


def _seen(work: Work, score: str) -> list[tuple[str, int, str]]:
    """What each idea reads of a score now, for the ideas that read something else before."""
    from opshub.language import QUANTITIES

    rows = work.store.standing(score)
    values = sorted(value for _, value, _ in rows)
    reads = [QUANTITIES[name] for name in _quantities(work.rules)[score]]
    fresh: dict[float, str] = {}
    found = []
    for number, value, before in rows:
        if value not in fresh:
            fresh[value] = json.dumps([read(value, values) for read in reads])
        if fresh[value] != before:
            found.append((score, number, fresh[value]))
    return found


def standings(store: Store, rules: RuleSet, numbers: Sequence[int]) -> dict[int, tuple[float, ...]]:
    """What each idea reads of all ideas, as rules take it; ideas that stand nowhere are left out."""
    across = rules.across
    kept: dict[int, dict[str, list[float]]] = {}
    for score, number, text in store.seen(numbers):
        kept.setdefault(number, {})[score] = json.loads(text)
    places = {
        score: {name: at for at, name in enumerate(names)} for score, names in _quantities(rules).items()
    }
    return {
        number: tuple(read[score][places[score][name]] for name, score in across)
        for number, read in kept.items()
        if len(read) == len(places)
    }
