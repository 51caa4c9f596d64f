"""What a trial decides: every stored idea under the rules in force and under other ones, at one moment.

What the rules in force say stands in the store already, wherever a sync would let it stand; so mostly one side alone is
decided.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from opshub.engine.declared import Declared
from opshub.engine.explain import legend_fact
from opshub.engine.facts import Reader
from opshub.engine.score import Seen, decide, seen, table_stamps, tentative, untraced
from opshub.engine.texts import Texts
from opshub.engine.world import Anew, noted
from opshub.model import Decision, Feedback, Override
from opshub.store.base import Store
from opshub.store.rows import Light

if TYPE_CHECKING:
    from opshub.language import RuleSet
    from opshub.language.differing import Differing
    from opshub.language.signals import Read

__all__ = ["BATCH", "Glass", "Sides", "Trial", "both"]

BATCH = 500
_OWN = frozenset(f"idea.{name}" for name in ("title", "voices", "accounts", "persons", "created", "goals"))
"""What is read of an idea itself; all else comes from its tracked item, and is other once the hub wrote there."""


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


class Glass:
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
        until, voices = self._until, self._store.voices(numbers)
        return voices if until is None else (it for it in voices if it[1].created_at <= until)


class Sides(NamedTuple):
    """An idea with what both sides say of it."""

    one: Seen
    before: Light
    after: Light


def both(store: Store, trial: Trial, *, sparing: bool = False) -> Iterator[Sides]:
    """Every idea that somebody spoke for, or that was tracked, at the trial's moment; ``store`` is its glass.

    With ``sparing`` the rows of ideas hold only what the new side has to be decided from.
    """
    reader, mark = _reader(store, trial), 0
    worlds = _worlds(store, trial)
    survey = _survey(store, reader, trial, worlds)
    seq = _stands_by(store, trial, worlds)
    spare = _spare(store, trial, reader, sparing) if seq else None
    items = any(name.startswith("idea.") and name not in _OWN for name in (trial.current or trial.new).reads)
    while batch := store.ideas_after(mark, BATCH):
        mark = batch[-1][0]
        numbers = list(dict.fromkeys(n for _, n in batch))
        lasting = None if trial.current is None else store.lasting(numbers, seq, trial.now, items)
        stored = _stored(store, numbers) if lasting is None else lasting
        told = _Batch(trial, worlds, survey, stored, store.overrides(numbers))
        if spare is not None:
            numbers = yield from _spared(told, store, reader, spare, numbers)
        yield from _decided(told, store, reader, numbers)


def _stored(store: Store, numbers: Sequence[int]) -> dict[int, Light]:
    """The decisions that are stored, whether they last or not; of what was set by hand nothing is left out."""
    found = {number: Decision(idea=number) for number in numbers} | store.decisions(numbers)
    return {
        number: Light(
            it if it.override else replace(it, traces=()),
            [entry for entry, *_ in it.traces],
            partial(_same, it),
        )
        for number, it in found.items()
    }


def _same(decision: Decision) -> Decision:
    return decision


def _stands_by(store: Store, trial: Trial, worlds: Mapping[str, tuple[Any, ...]]) -> int:
    """Ideas that changed no later than this number have a decision that a sync would let stand unless it is due.

    That of an idea whose breach goes on is made anew, and so are all where rules compare ideas.
    """
    current = trial.current
    if current is None or trial.past or current.across or store.fact("rules") != current.hash:
        return 0
    if store.fact("tables") != table_stamps(store, current, trial.declared):
        return 0
    world = worlds.get(current.hash, ())
    return store.mark("score") if noted(store, current) == json.loads(json.dumps(world)) else 0


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


class _Batch(NamedTuple):
    """What is known of some ideas before they are decided: what all ideas read, their decisions, and overrides."""

    trial: Trial
    worlds: Mapping[str, tuple[Any, ...]]
    survey: Mapping[str, Mapping[int, tuple[float, ...]]]
    stored: Mapping[int, Light]
    by_hand: Mapping[int, Override]

    def stands(self, number: int) -> bool:
        """Whether the stored decision is what the rules in force alone say, in the words of their legend."""
        light = self.stored.get(number)
        if light is None or number in self.by_hand or light.decision.override is not None:
            return False
        return self.trial.current is not None and light.decision.legend == self.trial.current.legend.name


class _Spare(NamedTuple):
    """New rules beside those in force, and what makes the rows that deciding their difference takes."""

    differing: Differing
    reader: Reader


def _spare(store: Store, trial: Trial, wide: Reader, sparing: bool) -> _Spare | None:
    """What is decided where the decision under the rules in force stands; ``wide`` reads for both sides."""
    from opshub.language.differing import differing

    found = None if trial.current is None else differing(trial.current, trial.new)
    if found is None or trial.current is None or not sparing:
        return found and _Spare(found, wide)
    known = trial.current.predicates
    others = known.but(known.names - set((found.searches or {}).values()))
    texts = Texts(store, found.part.predicates | others)
    return _Spare(found, Reader(found.part.reads, trial.declared, texts))


def _spared(
    batch: _Batch, store: Store, wide: Reader, spare: _Spare, numbers: Sequence[int]
) -> Generator[Sides, None, list[int]]:
    """Those ideas whose stored decision stands, with what the rules that differ make of it; returns the others."""
    trial = batch.trial
    known = {number: batch.stored[number] for number in numbers if batch.stands(number)}
    left = [number for number in numbers if number not in known]
    for one in _living(store, spare.reader, trial, list(known)):
        number = one.idea.number
        if one.breaches:
            left.append(number)
            continue
        if spare.differing.alike(one.rows):
            yield Sides(one, known[number], known[number])
            continue
        outcome = spare.differing.decide(one.values, one.rows, trial.now, known[number].held)
        again = None if spare.reader is wide else partial(_again, store, wide, number)
        whole = partial(_whole, trial, one, again)
        yield Sides(one, known[number], untraced(trial.new, one, outcome, whole))
    return left


def _again(store: Store, reader: Reader, number: int) -> Seen:
    (one,) = seen(store, reader, [number])
    return one


def _whole(trial: Trial, one: Seen, again: Callable[[], Seen] | None) -> Decision:
    """What the new rules say of an idea with all that explains it; of a row that holds too little it is read again."""
    return decide(trial.new, again() if again else one, trial.now)


def _decided(batch: _Batch, store: Store, reader: Reader, numbers: Sequence[int]) -> Iterator[Sides]:
    current, new = batch.trial.current, batch.trial.new
    for one in _living(store, reader, batch.trial, numbers):
        before = batch.stored.get(one.idea.number)
        if current is not None and (before is None or one.breaches):
            before = _side(batch, current, one)
        assert before is not None
        yield Sides(one, before, _side(batch, new, one))


def _side(batch: _Batch, rules: RuleSet, one: Seen) -> Light:
    """What rules say of an idea with all that they read."""
    number = one.idea.number
    world, read = batch.worlds.get(rules.hash, ()), batch.survey.get(rules.hash, {}).get(number, ())
    told = replace(one, values=(*rules.widened((*one.values, *world)), *read)) if world or read else one
    return tentative(rules, told, batch.trial.now, batch.by_hand.get(number))
