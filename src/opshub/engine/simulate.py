"""What other rules would make of the stored ideas: who moves, how far and why, and what would be written; reads only.

Ideas go by in batches. What is kept is a number for each idea and side, some counts, and those that move farthest.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from opshub.engine.connection import Connection
from opshub.engine.explain import contributions, legend
from opshub.engine.moves import Moves
from opshub.engine.plan import CREATION, wishes
from opshub.engine.route import destined
from opshub.engine.score import Seen
from opshub.engine.trial import Glass, Sides, Trial, both
from opshub.engine.values import Wanted
from opshub.model import Contribution, Decision, Value
from opshub.store.base import Store

__all__ = ["Count", "Move", "Moved", "Reason", "Simulation", "Writes", "simulate"]


@dataclass(frozen=True, slots=True)
class Move:
    """Where an idea stands on one side; ``rank`` is 0 until all ideas have been seen."""

    rank: int
    priority: float
    band: str
    route: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reason:
    """A contribution that ``appears`` or ``vanishes``, with its amount where it touches a score."""

    change: str
    rule: str
    effect: str
    because: str


@dataclass(frozen=True, slots=True)
class Moved:
    """An idea that the new rules put elsewhere."""

    idea: str
    title: str
    before: Move
    after: Move
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many ideas go from one value to another; an empty text is no band, or the inbox."""

    before: str
    after: str
    ideas: int


@dataclass(frozen=True, slots=True)
class Writes:
    """How many values would be written to one field: under the current rules, the new ones, and how many differ."""

    connection: str
    field: str
    current: int
    new: int
    differ: int


@dataclass(frozen=True, slots=True)
class Simulation:
    """The new rules beside the current ones. ``writes`` is empty for a moment in the past."""

    ideas: int
    changed: int
    moved: tuple[Moved, ...]
    bands: tuple[Count, ...]
    routes: tuple[Count, ...]
    tags: tuple[tuple[str, int, int], ...]
    """tag, ideas that get it, ideas that lose it"""
    goals: tuple[tuple[str, int, int], ...]
    """goal, ideas that begin to support it, ideas that no longer do"""
    rules: tuple[tuple[str, int, int], ...]
    """rule, ideas for which it begins to hold, ideas for which it ends"""
    writes: tuple[Writes, ...]
    matches: tuple[tuple[str, int], ...] = ()
    """match block, pieces of feedback that it would move; an empty name for those that no block takes any more"""


@dataclass(slots=True)
class _Tally:
    numbers: array[int] = field(default_factory=lambda: array("q"))
    before: array[float] = field(default_factory=lambda: array("d"))
    after: array[float] = field(default_factory=lambda: array("d"))
    changed: int = 0
    bands: Counter[tuple[str, str]] = field(default_factory=Counter)
    routes: Counter[tuple[str, str]] = field(default_factory=Counter)
    tags: Counter[tuple[str, bool]] = field(default_factory=Counter)
    goals: Counter[tuple[str, bool]] = field(default_factory=Counter)
    rules: Counter[tuple[str, bool]] = field(default_factory=Counter)
    writes: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    farthest: list[tuple[tuple[Any, ...], Sides]] = field(default_factory=list)


def simulate(store: Store, connections: Sequence[Connection], trial: Trial) -> Simulation:
    """What both sides say of every stored idea, compared."""
    glass: Any = Glass(store, trial)
    tally, moves = _Tally(), Moves(store, trial.new)
    writing = [] if trial.past else [c for c in connections if c.apply != "never"]
    for sides in both(glass, trial, sparing=not writing and not moves.any):
        moves.see(sides.one)
        changed = _compare(tally, sides.before.decision, sides.after.decision)
        if changed:
            _turned(glass, tally, sides)
            _keep_farthest(tally, trial, sides)
        if writing:
            pair = (it.whole() if changed else it.decision for it in (sides.before, sides.after))
            _count_writes(glass, tally, writing, sides.one, pair)
    return replace(_simulation(glass, tally), matches=moves.counts)


def _compare(tally: _Tally, before: Decision, after: Decision) -> bool:
    """Count what both sides say of an idea; whether that differs."""
    tally.numbers.append(before.idea)
    for side, decision in ((tally.before, before), (tally.after, after)):
        side.append(decision.scores.get("priority", 0.0))
    tally.bands[before.band, after.band] += 1
    tally.routes[before.route, after.route] += 1
    if _said(before) == _said(after):
        return False
    tally.tags.update((tag, True) for tag in set(after.tags) - set(before.tags))
    tally.tags.update((tag, False) for tag in set(before.tags) - set(after.tags))
    tally.goals.update((goal, True) for goal in set(after.goals) - set(before.goals))
    tally.goals.update((goal, False) for goal in set(before.goals) - set(after.goals))
    tally.changed += 1
    return True


def _turned(store: Store, tally: _Tally, sides: Sides) -> None:
    """Count the rules that begin or cease to hold."""
    before, after = sides.before, sides.after
    if _plain(sides):
        old, new = (legend(store, it.decision).effects(it.held) if it.held else [] for it in (before, after))
        keys = ((_beyond(new, old), True), (_beyond(old, new), False))
        turned = {(rule, on) for found, on in keys for rule, effect in found if " = " not in effect}
    else:
        reasons = _reasons(store, before.whole(), after.whole())
        turned = {(r.rule, r.change == "appears") for r in reasons if " = " not in r.effect}
    tally.rules.update((rule, on) for rule, on in turned if (rule, not on) not in turned and rule != "bands")


def _beyond(mine: Sequence[tuple[str, str]], others: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    """What stands in one list more often than in the other."""
    left, right = set(mine), set(others)
    if len(left) == len(mine) and len(right) == len(others):
        return left - right
    return set(Counter(mine) - Counter(others))


def _plain(sides: Sides) -> bool:
    """Whether rules alone speak on both sides: nothing was set by hand, and no person named a goal."""
    return all(it.decision.override is None and not sides.one.goals for it in (sides.before, sides.after))


def _keep_farthest(tally: _Tally, trial: Trial, sides: Sides) -> None:
    """Keep the idea if it moves among the farthest."""
    before, after = sides.before.decision, sides.after.decision
    distance = (
        abs(tally.after[-1] - tally.before[-1]),
        before.band != after.band,
        before.route != after.route,
        -before.idea,
    )
    if len(tally.farthest) < trial.limit:
        heapq.heappush(tally.farthest, (distance, sides))
    elif tally.farthest and distance > tally.farthest[0][0]:
        heapq.heapreplace(tally.farthest, (distance, sides))


def _said(decision: Decision) -> tuple[object, ...]:
    return (
        dict(decision.scores),
        decision.band,
        decision.tags,
        decision.route,
        decision.urgency,
        decision.goals,
    )


def _reasons(store: Store, before: Decision, after: Decision) -> Iterator[Reason]:
    """Contributions that only one side has."""
    old, new = contributions(store, before), contributions(store, after)
    for change, mine, others in (("vanishes", old, new), ("appears", new, old)):
        left = Counter(map(_key, others))
        for part in mine:
            if left[_key(part)] > 0:
                left[_key(part)] -= 1
            else:
                yield Reason(change, part.rule, part.effect, part.because)


def _key(part: Contribution) -> tuple[str, str]:
    return part.rule, part.effect


def _count_writes(
    store: Store,
    tally: _Tally,
    connections: Sequence[Connection],
    one: Seen,
    decisions: Iterable[Decision],
) -> None:
    trackers = {connection.name for connection in connections if connection.role == "ideas"}
    wanted: list[dict[tuple[str, str, str], Value]] = []
    for decision in decisions:
        route = destined(one.idea.number, decision.route, decision.urgency, trackers)
        rows = wishes(store, connections, Wanted(one.idea, decision, one.voices, route))
        wanted.append({(row.connection, row.target, row.field): row.wish for row in rows})
    current, new = wanted
    for side, found in (("current", current), ("new", new)):
        tally.writes.update((connection, name, side) for connection, _, name in found)
    tally.writes.update(
        (c, name, "differ")
        for c, target, name in new.keys() | current.keys()
        if current.get((c, target, name)) != new.get((c, target, name))
    )


def _simulation(store: Store, tally: _Tally) -> Simulation:
    old, new = (_ranks(tally, side) for side in (tally.before, tally.after))
    fields = sorted({(connection, name) for connection, name, _ in tally.writes})
    ordered = sorted(tally.farthest, key=lambda kept: kept[0], reverse=True)
    return Simulation(
        ideas=len(tally.numbers),
        changed=tally.changed,
        moved=tuple(_moved(store, sides, old, new) for _, sides in ordered),
        bands=_counts(tally.bands),
        routes=_counts(tally.routes),
        tags=tuple((tag, tally.tags[tag, True], tally.tags[tag, False]) for tag in _names(tally.tags)),
        goals=tuple(
            (goal, tally.goals[goal, True], tally.goals[goal, False]) for goal in _names(tally.goals)
        ),
        rules=tuple(
            (rule, tally.rules[rule, True], tally.rules[rule, False]) for rule in _names(tally.rules)
        ),
        writes=tuple(
            Writes(c, "new item" if name == CREATION else name, *(tally.writes[c, name, k] for k in _SIDES))
            for c, name in fields
        ),
    )


_SIDES = ("current", "new", "differ")


def _moved(store: Store, sides: Sides, old: Mapping[int, int], new: Mapping[int, int]) -> Moved:
    """An idea that is shown, with the reasons."""
    idea, before, after = sides.one.idea, sides.before, sides.after
    places = _move(before.decision, old[idea.number]), _move(after.decision, new[idea.number])
    return Moved(idea.id, idea.title, *places, tuple(_reasons(store, before.whole(), after.whole())))


def _ranks(tally: _Tally, side: Sequence[float]) -> dict[int, int]:
    """The places of those that are shown, as the ranked list orders them."""
    wanted = {sides.one.idea.number for _, sides in tally.farthest}
    order = sorted(range(len(side)), key=lambda i: (-side[i], tally.numbers[i]))
    return {n: rank for rank, i in enumerate(order, 1) if (n := tally.numbers[i]) in wanted}


def _move(decision: Decision, rank: int) -> Move:
    priority = decision.scores.get("priority", 0.0)
    return Move(rank, priority, decision.band, decision.route, tuple(decision.tags))


def _counts(found: Counter[tuple[str, str]]) -> tuple[Count, ...]:
    """Only what changed, the most frequent first."""
    rows = [Count(before, after, count) for (before, after), count in found.items() if before != after]
    return tuple(sorted(rows, key=lambda row: (-row.ideas, row.before, row.after)))


def _names(found: Counter[tuple[str, bool]]) -> list[str]:
    return sorted({name for name, _ in found})
