"""What other rules would make of the stored ideas: who moves, how far and why, and what would be written; reads only.

Ideas go by in batches. What is kept is a number for each idea and side, some counts, and those that move farthest.
"""

from __future__ import annotations

import heapq
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from opshub.engine.connection import Connection
from opshub.engine.declared import Declared
from opshub.engine.explain import contributions, legend_fact
from opshub.engine.facts import Reader
from opshub.engine.moves import Moves
from opshub.engine.plan import CREATION, wishes
from opshub.engine.route import destined
from opshub.engine.score import Seen, seen, tentative
from opshub.engine.texts import Texts
from opshub.engine.values import Wanted
from opshub.engine.world import Anew
from opshub.model import Contribution, Decision, Feedback, Value
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import RuleSet
    from opshub.language.signals import Read

__all__ = ["Count", "Move", "Moved", "Reason", "Simulation", "Trial", "Writes", "simulate"]

BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What is tried: ``current`` rules (None: the decisions that are stored) beside ``new`` ones, at a moment.

    ``past`` lets only feedback speak that was created before that moment. ``limit`` is how many ideas are shown.
    """

    current: RuleSet | None
    new: RuleSet
    now: datetime
    past: bool = False
    limit: int = 20
    declared: Sequence[Declared] = ()


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


class _Glass:
    """The store as a trial sees it: with the words of its rules, and without feedback from after its moment."""

    def __init__(self, store: Store, trial: Trial) -> None:
        self._store = store
        self._until = trial.now if trial.past else None
        rules = [rules for rules in (trial.current, trial.new) if rules is not None]
        self._words = {legend_fact(one.legend.name): one.legend.text for one in rules}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def fact(self, name: str) -> str:
        return self._words.get(name) or self._store.fact(name)

    def voices(self, numbers: Sequence[int]) -> Iterator[tuple[int, Feedback]]:
        for number, feedback in self._store.voices(numbers):
            if self._until is None or feedback.created_at <= self._until:
                yield number, feedback


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
    farthest: list[tuple[tuple[Any, ...], int, Seen, Decision, Decision, tuple[Reason, ...]]] = field(
        default_factory=list
    )


def simulate(store: Store, connections: Sequence[Connection], trial: Trial) -> Simulation:
    """Decide every stored idea with both sides, and compare."""
    glass: Any = _Glass(store, trial)
    reader, tally, mark = _reader(glass, trial), _Tally(), 0
    writing = [] if trial.past else [c for c in connections if c.apply != "never"]
    worlds = _worlds(glass, trial)
    survey = _survey(glass, reader, trial, worlds)
    moves = Moves(store, trial.new)
    while batch := store.ideas_after(mark, BATCH):
        mark = batch[-1][0]
        numbers = list(dict.fromkeys(n for _, n in batch))
        for one, before, after, whole in _decided(glass, reader, trial, worlds, survey, numbers):
            moves.see(one)
            if _compare(tally, before, after):
                before, after = whole()
                _explain(glass, tally, trial, one, before, after)
            if writing:
                _count_writes(glass, tally, writing, one, before, after)
    return replace(_simulation(tally), matches=moves.counts)


def _reader(store: Store, trial: Trial) -> Reader:
    """What makes the rows that both sides read."""
    reads, predicates = trial.new.reads, trial.new.predicates
    if trial.current is not None:
        reads, predicates = reads | trial.current.reads, predicates | trial.current.predicates
    return Reader(reads, trial.declared, Texts(store, predicates))


def _living(store: Store, reader: Reader, trial: Trial, numbers: Sequence[int]) -> Iterator[Seen]:
    """Those ideas that somebody spoke for, or that were tracked, at the trial's moment."""
    for one in seen(store, reader, numbers):
        item = one.item if not trial.past or one.item is None or one.item.created_at <= trial.now else None
        if one.voices or item is not None:
            yield one


def _worlds(store: Store, trial: Trial) -> dict[str, tuple[Any, ...]]:
    """For each rule set: what every idea reads the same under it at the trial's moment."""
    sides = [rules for rules in (trial.current, trial.new) if rules is not None and rules.observes]
    return {rules.hash: rules.world(trial.now, partial(_anew, store, trial, rules)) for rules in sides}


def _anew(store: Store, trial: Trial, rules: RuleSet, moment: datetime) -> Read:
    return Anew(store, rules.signals, moment, trial.declared).read


def _survey(
    store: Store, reader: Reader, trial: Trial, worlds: Mapping[str, tuple[Any, ...]]
) -> dict[str, dict[int, tuple[float, ...]]]:
    """For each rule set that compares ideas: what every idea reads of all ideas under it."""
    sides = [rules for rules in (trial.current, trial.new) if rules is not None and rules.across]
    measured: dict[str, dict[int, dict[str, float]]] = {rules.hash: {} for rules in sides}
    mark = 0
    while sides and (batch := store.ideas_after(mark, BATCH)):
        mark = batch[-1][0]
        for one in _living(store, reader, trial, list(dict.fromkeys(n for _, n in batch))):
            for rules in sides:
                told = (*one.values, *worlds.get(rules.hash, ()))
                measured[rules.hash][one.idea.number] = rules.measured(told, one.rows, trial.now)
    return {rules.hash: rules.survey(measured[rules.hash]) for rules in sides}


def _decided(
    store: Store,
    reader: Reader,
    trial: Trial,
    worlds: Mapping[str, tuple[Any, ...]],
    survey: Mapping[str, Mapping[int, tuple[float, ...]]],
    numbers: Sequence[int],
) -> Iterator[tuple[Seen, Decision, Decision, Callable[[], tuple[Decision, Decision]]]]:
    """Each idea with its decisions on both sides, without their traces, and what gives the whole of them."""
    stored = store.decisions(numbers) if trial.current is None else {}
    by_hand = store.overrides(numbers)

    def side(rules: RuleSet | None, one: Seen) -> tuple[Decision, Callable[[], Decision]]:
        if rules is None:
            kept = stored.get(one.idea.number, Decision(idea=one.idea.number))
            return kept, lambda: kept
        read = survey.get(rules.hash, {}).get(one.idea.number, ())
        values = (*rules.widened((*one.values, *worlds.get(rules.hash, ()))), *read)
        told = replace(one, values=values) if values != one.values else one
        return tentative(rules, told, trial.now, by_hand.get(one.idea.number))

    for one in _living(store, reader, trial, numbers):
        (before, old), (after, new) = side(trial.current, one), side(trial.new, one)
        yield one, before, after, lambda old=old, new=new: (old(), new())  # type: ignore[misc]  # defaults bind them


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


def _explain(store: Store, tally: _Tally, trial: Trial, one: Seen, before: Decision, after: Decision) -> None:
    """Count the rules that begin or cease to hold, and keep the idea if it moves among the farthest."""
    reasons = tuple(_reasons(store, before, after))
    turned = {(r.rule, r.change == "appears") for r in reasons if " = " not in r.effect}
    tally.rules.update((rule, on) for rule, on in turned if (rule, not on) not in turned and rule != "bands")
    distance = (
        abs(tally.after[-1] - tally.before[-1]),
        before.band != after.band,
        before.route != after.route,
        -one.idea.number,
    )
    kept = (distance, one.idea.number, one, before, after, reasons)
    if len(tally.farthest) < trial.limit:
        heapq.heappush(tally.farthest, kept)
    elif tally.farthest and distance > tally.farthest[0][0]:
        heapq.heapreplace(tally.farthest, kept)


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
    before: Decision,
    after: Decision,
) -> None:
    trackers = {connection.name for connection in connections if connection.role == "ideas"}
    sides: list[dict[tuple[str, str, str], Value]] = []
    for decision in (before, after):
        route = destined(one.idea.number, decision.route, decision.urgency, trackers)
        rows = wishes(store, connections, Wanted(one.idea, decision, one.voices, route))
        sides.append({(row.connection, row.target, row.field): row.wish for row in rows})
    current, new = sides
    for side, found in (("current", current), ("new", new)):
        tally.writes.update((connection, name, side) for connection, _, name in found)
    tally.writes.update(
        (c, name, "differ")
        for c, target, name in new.keys() | current.keys()
        if current.get((c, target, name)) != new.get((c, target, name))
    )


def _simulation(tally: _Tally) -> Simulation:
    old, new = (_ranks(tally, side) for side in (tally.before, tally.after))
    fields = sorted({(connection, name) for connection, name, _ in tally.writes})
    ordered = sorted(tally.farthest, key=lambda kept: kept[0], reverse=True)
    return Simulation(
        ideas=len(tally.numbers),
        changed=tally.changed,
        moved=tuple(
            Moved(one.idea.id, one.idea.title, _move(before, old[number]), _move(after, new[number]), reasons)
            for _, number, one, before, after, reasons in ordered
        ),
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


def _ranks(tally: _Tally, side: Sequence[float]) -> dict[int, int]:
    """The places of those that are shown, as the ranked list orders them."""
    wanted = {kept[1] for kept in tally.farthest}
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
