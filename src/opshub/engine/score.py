"""The fourth stage: rules over an idea and all its feedback give a decision with every contribution."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from opshub.engine.declared import Declared, tables_read
from opshub.engine.explain import doubt_legends, keep_legend, prune_legends
from opshub.engine.facts import Reader
from opshub.engine.override import fixed, overridden
from opshub.engine.report import StageReport
from opshub.engine.standing import begin, measure, standings
from opshub.engine.texts import Texts, enroll, looked_for
from opshub.engine.work import BATCH, Work
from opshub.engine.world import observe, world
from opshub.language.schema import INBOX
from opshub.model import Decision, Feedback, Idea, Override, Trace, TrackedItem
from opshub.store.base import Store
from opshub.store.making import maker
from opshub.store.rows import Breach, Light

if TYPE_CHECKING:
    from opshub.language import Outcome, RuleSet

_PART = 200
"""Ideas that are read together."""

__all__ = [
    "Seen",
    "decide",
    "placed",
    "read_tables",
    "score",
    "seen",
    "table_stamps",
    "tentative",
    "untraced",
]


def score(work: Work, limit: int = BATCH) -> bool:
    """One batch of ideas that changed, then of ideas that fall due by the clock; whether there were any."""
    store = work.store
    _start_over_with_new_rules(work)
    if measure(work, partial(_measured, work), limit):
        return True
    changed = store.ideas_after(store.mark("score"), limit)
    numbers = list(dict.fromkeys(number for _, number in changed)) or store.ideas_due(work.clock.now(), limit)
    if not numbers:
        prune_legends(work)
        return False
    with work.timed("score") as stage:
        now = work.clock.now()
        texts = Texts(store, looked_for(work.rules), keeping=True)
        reader = Reader(work.rules.reads, work.declared, texts)
        by_hand = store.overrides(numbers)
        told = world(store, work.rules, now)
        ideas = placed(store, work.rules, seen(store, reader, numbers, told))
        decisions = [decide(work.rules, one, now, by_hand.get(one.idea.number)) for one in ideas]
        _tell(stage, reader)
        with work.commit("score"):
            keep_legend(work)
            texts.keep()
            stage.add("scored", len(decisions))
            stage.add("decisions changed", store.put_decisions(decisions))
            if changed:
                store.set_mark("score", changed[-1][0])
    return True


def _tell(stage: StageReport, reader: Reader) -> None:
    """Count what was passed over: values of another kind than declared, rows of tables that share a key."""
    for name, count in reader.misfits.items():
        stage.add(f"{name} of another kind", count)
    for table, rows, _ in reader.joined:
        for what, count in (("cells of another kind", rows.misfits), ("rows with another's key", rows.twice)):
            if count:
                stage.counts[f"{table.name}: {what}"] = count


def _start_over_with_new_rules(work: Work) -> None:
    """All ideas are due again when the rules, or the tables that they read, are not those of the last decision."""
    known, stamps = work.store.fact("rules"), table_stamps(work.store, work.rules, work.declared)
    if known == work.rules.hash and work.store.fact("tables") == stamps:
        return
    with work.store.transaction(work.lease):
        work.store.set_mark("score", 0)
        begin(work)
        enroll(work.store, work.rules)
        doubt_legends(work.store)
        work.store.set_fact("rules", work.rules.hash)
        work.store.set_fact("tables", stamps)
        observe(work)


def table_stamps(store: Store, rules: RuleSet, declared: Sequence[Declared]) -> str:
    """What the tables that rules read are made of, as one text; ConfigError where a file cannot be had.

    While the rules are those of the last decision it is known which tables they read, without compiling them.
    """
    if not any(one.table for one in declared):
        return ""
    if store.fact("rules") == rules.hash:
        names = set(json.loads(store.fact("tables") or "{}"))
        read = {one.table.name: one.table for one in declared if one.table and one.table.name in names}
    else:
        read = {table.name: table for table in tables_read(declared, rules.reads)}
    return json.dumps({name: read[name].digest for name in sorted(read)})


def read_tables(store: Store, rules: RuleSet, declared: Sequence[Declared], *, always: bool) -> None:
    """Read what rules need of the tables that changed since the last decision, or of all; ConfigError."""
    if always or table_stamps(store, rules, declared) != store.fact("tables"):
        for table in tables_read(declared, rules.reads):
            table.rows(table.wanted(rules.reads))


@dataclass(frozen=True, slots=True)
class Seen:
    """An idea as rules see it: its values and those of its feedback, in the order of the schema.

    ``breaches`` are those of the alerts that opened it, or ideas merged into it, while they last; ``goals`` are what
    people let it support.
    """

    idea: Idea
    voices: Sequence[Feedback]
    item: TrackedItem | None
    values: tuple[Any, ...]
    rows: Sequence[tuple[Any, ...]]
    breaches: Sequence[Breach] = ()
    goals: tuple[str, ...] = ()


def seen(
    store: Store, reader: Reader, numbers: Sequence[int], world: Sequence[object] = ()
) -> Iterator[Seen]:
    """What rules are given of these ideas, in this order; ``world`` is what all of them read the same."""
    for at in range(0, len(numbers), _PART):
        yield from _seen(store, reader, numbers[at : at + _PART], world)


def _seen(store: Store, reader: Reader, numbers: Sequence[int], world: Sequence[object]) -> Iterator[Seen]:
    ideas = {idea.number: idea for idea in store.ideas(numbers)}
    voices: dict[int, list[Feedback]] = {number: [] for number in numbers}
    for number, feedback in store.voices(numbers):
        voices[number].append(feedback)
    spoken = [feedback for group in voices.values() for feedback in group]
    links = store.links_of([feedback.ref for feedback in spoken]) if reader.needs_links else {}
    rows = iter(reader.feedback(spoken, links))
    items = store.items([idea.item for idea in ideas.values() if idea.item is not None])
    breaches: dict[int, list[Breach]] = {number: [] for number in numbers}
    for breach in store.breaches(numbers):
        if breach.until is None:
            breaches[breach.idea].append(breach)
    goals: dict[int, tuple[str, ...]] = {}
    for support in store.supports(numbers):
        goals[support.idea] = (*goals.get(support.idea, ()), support.goal)
    for number in numbers:
        group = voices[number]
        mine, idea = list(islice(rows, len(group))), ideas.get(number)
        if idea is None:
            continue
        item = items.get(idea.item) if idea.item is not None else None
        supported = goals.get(number, ())
        values = (*reader.idea(idea, group, item, supported), *world)
        yield Seen(idea, group, item, values, mine, breaches[number], supported)


def placed(store: Store, rules: RuleSet, ideas: Iterable[Seen]) -> Iterator[Seen]:
    """The same ideas with what they read of all ideas, where the rules in force compare them."""
    if not rules.across:
        yield from ideas
        return
    found = list(ideas)
    read = standings(store, rules, [one.idea.number for one in found])
    for one in found:
        yield replace(one, values=(*rules.widened(one.values), *read.get(one.idea.number, ())))


def _measured(work: Work, numbers: Sequence[int]) -> dict[int, dict[str, float] | None]:
    """The scores of ideas that others are compared with; None for one that nobody speaks for."""
    rules, now = work.rules, work.clock.now()
    reader = Reader(rules.reads, work.declared, Texts(work.store, rules.predicates))
    return {
        one.idea.number: rules.measured(one.values, one.rows, now) if one.voices or one.item else None
        for one in seen(work.store, reader, numbers, world(work.store, rules, now))
    }


def decide(rules: RuleSet, one: Seen, now: datetime, override: Override | None = None) -> Decision:
    """What rules say of an idea at a moment, and what a person set in their place until then."""
    decision = _alerted(rules, _decided(rules, one, rules.decide(one.values, one.rows, now)), one.breaches)
    if override is None or override.until <= now or not (one.voices or one.item):
        return decision
    outcome = rules.decide(one.values, one.rows, now, fixed(override))
    return overridden(_alerted(rules, _decided(rules, one, outcome), one.breaches), decision, override, rules)


def tentative(rules: RuleSet, one: Seen, now: datetime, override: Override | None = None) -> Light:
    """What rules say of an idea as far as it is needed at once."""
    if override is not None or one.breaches:
        whole = decide(rules, one, now, override)
        return Light(whole, [number for number, _, _ in whole.traces], lambda: whole)
    outcome = rules.decide(one.values, one.rows, now)
    light = _decided(rules, one, outcome, traced=False)
    return Light(light, outcome.held, lambda: _decided(rules, one, outcome))


def untraced(rules: RuleSet, one: Seen, outcome: Outcome, whole: Callable[[], Decision]) -> Light:
    """An outcome without traces in the hub's words, and what decides the idea with them."""
    return Light(_decided(rules, one, outcome, traced=False), outcome.held, whole)


def _decided(rules: RuleSet, one: Seen, outcome: Outcome, *, traced: bool = True) -> Decision:
    """The language's outcome in the hub's words. An idea that nobody speaks for any more goes nowhere."""
    alive = bool(one.voices) or one.item is not None
    goals = {*outcome.goals, *(goal for goal in one.goals if goal in rules.goals)}
    decision: Decision = maker(Decision)(
        one.idea.number,
        outcome.scores,
        outcome.band if alive else "",
        outcome.tags if alive else (),
        outcome.route if alive and outcome.route != INBOX else "",
        outcome.urgency if alive else "",
        outcome.legend.name,
        tuple(_traces(one.voices, outcome)) if traced else (),
        outcome.due,
        None,
        {},
        tuple(sorted(goals)) if alive else (),
        outcome.owner if alive else "",
    )
    return decision


def _traces(voices: Sequence[Feedback], outcome: Outcome) -> Iterator[Trace]:
    names = [(voice.ref.connection, voice.ref.id) for voice in voices]
    for number, saw, evidence in outcome.explain():
        yield number, saw, tuple([names[i] for i in evidence])


def _alerted(rules: RuleSet, decision: Decision, breaches: Sequence[Breach]) -> Decision:
    """The decision with what the idea's alerts add to it; a route that rules gave comes first."""
    for breach in breaches:
        entry = rules.opened(breach.alert)
        if entry is None:
            continue
        alert = next(alert for alert in rules.signals.alerts if alert.name == breach.alert)
        decision = replace(
            decision,
            tags=tuple(sorted({*decision.tags, *alert.tags})),
            route=decision.route or alert.destination,
            traces=(*decision.traces, (entry, breach.seen, ())),
        )
    return decision
