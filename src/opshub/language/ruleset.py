"""A checked, compiled set of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from opshub.language.across import placed, places
from opshub.language.attaining import State, attained
from opshub.language.homes import Homes
from opshub.language.legend import Legend, Trace, entries
from opshub.language.meaning import GATHERING, Program, Term, TestCase, distinct
from opshub.language.outcome import Outcome
from opshub.language.predicates import Predicates
from opshub.language.runtime import finite, settled, utc
from opshub.language.schema import Schema
from opshub.language.signals import Read, Signals

if TYPE_CHECKING:
    from opshub.language.compiler import Compiled
    from opshub.language.world import Slot

__all__ = ["EMPTY", "RuleSet"]

NOTHING: Mapping[str, Any] = MappingProxyType({})

Decide: TypeAlias = Callable[[Sequence[Any], Sequence[Sequence[Any]], datetime], tuple[Any, ...]]


def _undecided(idea: Sequence[Any], rows: Sequence[Sequence[Any]], now: datetime) -> tuple[Any, ...]:
    return (), (), None


class RuleSet:
    """Decides ideas; comes from ``check`` only.

    ``hash`` changes whenever a decision or its explanation could. ``scores`` always has ``priority``, first.
    ``reads`` are the full names of all fields that decisions and match blocks depend on. ``bands`` are in order, best
    first; ``tags`` are all that any rule or alert may give, ``goals`` all goals by title. ``across`` are what an idea
    reads of all ideas, (quantity, score). ``predicates`` are what rules look for in texts, ``first`` is the number that
    the legend has for the first rule.
    """

    def __init__(self, program: Program, hash: str) -> None:
        self.hash = hash
        self.scores = tuple(dict.fromkeys(["priority", *(score.name for score in program.scores)]))
        self.bands = tuple(name for name, _ in program.bands)
        given = [*(rule.tags for rule in program.rules), *(alert.tags for alert in program.alerts)]
        self.tags = frozenset(chain.from_iterable(given))
        roots = [*(score.term for score in program.scores), *(rule.when for rule in program.rules)]
        reached, lets = distinct(roots, program.lets), program.lets
        self.homes = Homes(program, _reads(distinct([home.when for home in program.homes], lets), program))
        self.reads = _reads(reached, program) | self.homes.reads
        self.predicates = Predicates.of(reached, program)
        counted = [series.term for series in program.signals if series.counted and series.term is not None]
        self.signals = Signals(program, _reads(distinct(counted, lets), program))
        self.tests: tuple[TestCase, ...] = program.tests
        self.across = program.across
        self.goals = {target.name: target for target in program.goals}
        self._width = len(program.schema.idea)
        self._watched = frozenset(_observed(reached, program))
        self._program = program
        self._start = dict.fromkeys(self.scores, 0.0)
        self._effects = tuple(
            (rule.additions, rule.tags, rule.goals, (rule.route, rule.urgency, rule.owner))
            for rule in program.rules
        )
        self._defined = tuple(score.name for score in program.scores)
        compiled = _compiled(program, reached)
        self._decide: Decide = compiled.decide if compiled else _undecided
        self._stories = compiled.rules if compiled else ()
        self._score_stories = compiled.scores if compiled else ()
        self.first = len(self._score_stories)

    @cached_property
    def legend(self) -> Legend:
        """What explanations say in words."""
        return Legend(tuple(entries(self._program, self._score_stories, self._stories)))

    @property
    def program(self) -> Program:
        """What the rules mean, term by term."""
        return self._program

    def decide(
        self,
        idea: Sequence[object],
        feedback: Sequence[Sequence[object]],
        now: datetime,
        fixed: Mapping[str, float] = NOTHING,
    ) -> Outcome:
        """What the rules say of one idea.

        ``idea`` and each row of ``feedback`` hold values in the order of the schema, None where missing; rows come
        earliest first, with their facts or without. Never fails on values of the schema's kinds. ``fixed`` are scores
        that stand in place of what they came to.
        """
        feedback = self.predicates.completed(feedback)
        totals = self._start.copy()
        if len(idea) < self._width:
            idea = self.widened(idea)
        if self.across and len(idea) == self._width:
            idea = self.completed(idea, feedback, now)
        scores, hits, due = self._decide(idea, feedback, utc(now))
        for name, score in zip(self._defined, scores, strict=True):
            totals[name] = score[1]
        tags, goals, (route, urgency, owner) = self._held(hits, totals)
        totals.update(fixed)
        band = self._band(totals)
        explain = partial(self._traces, scores, hits, feedback, totals, band)
        held = tuple([self.first + hit[0] for hit in hits])
        return Outcome(totals, band, tags, route, urgency, due, self.legend, goals, owner, held, explain)

    def joined(
        self,
        part: RuleSet,
        places: Sequence[int],
        kept: Sequence[int],
        idea: Sequence[object],
        feedback: Sequence[Sequence[object]],
        now: datetime,
    ) -> Outcome:
        """What the rules say where it is known of all but a ``part`` of them which hold, without traces.

        ``places`` are where the part's rules stand among these, ``kept`` those of the others that hold.
        """
        scores, hits, due = part._decide(part.widened(idea), part.predicates.completed(feedback), utc(now))
        totals = self._start.copy()
        for name, score in zip(self._defined, scores, strict=True):
            totals[name] = score[1]
        numbers = sorted([*kept, *[places[hit[0]] for hit in hits]])
        tags, goals, (route, urgency, owner) = self._held([(number,) for number in numbers], totals)
        band = self._band(totals)
        held = tuple([self.first + number for number in numbers])
        return Outcome(totals, band, tags, route, urgency, due, self.legend, goals, owner, held, tuple)

    def _held(
        self, hits: Iterable[Any], totals: dict[str, float]
    ) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, str, str]]:
        """Tags, goals and (route, urgency, owner) of the rules that hold, whose points go into ``totals``."""
        tags: list[str] = []
        goals: list[str] = []
        goes = ("", "", "")
        for hit in hits:
            additions, own, supported, to = self._effects[hit[0]]
            for name, amount, _ in additions:
                totals[name] = settled(totals[name] + amount)
            if own:
                tags += own
            if supported:
                goals += supported
            if to[0] and not goes[0]:
                goes = to
        return tuple(sorted(set(tags))), tuple(sorted(set(goals))) if goals else (), goes

    def measured(
        self, idea: Sequence[object], feedback: Sequence[Sequence[object]], now: datetime
    ) -> dict[str, float]:
        """The scores of one idea that others are compared with, as their lines have them."""
        named = {score for _, score in self.across}
        whole = (*self.widened(idea), *[0.0] * len(self.across))
        scores, _, _ = self._decide(whole, self.predicates.completed(feedback), utc(now))
        found = zip(self._defined, scores, strict=True)
        return {name: score[1] for name, score in found if name in named}

    def completed(
        self,
        idea: Sequence[object],
        feedback: Sequence[Sequence[object]],
        now: datetime,
        others: Mapping[str, Sequence[float]] = NOTHING,
    ) -> tuple[object, ...]:
        """The idea's values with what it reads of all ideas; ``others`` are the scores of the others, if any."""
        return (*self.widened(idea), *placed(self.across, self.measured(idea, feedback, now), others))

    def widened(self, idea: Sequence[object]) -> tuple[object, ...]:
        """The idea's values with those missing that every idea would read the same."""
        return (*idea, *[None] * (self._width - len(idea)))

    def survey(self, measured: Mapping[int, Mapping[str, float]]) -> dict[int, tuple[float, ...]]:
        """What each idea reads of all ideas, from the measured scores of every idea."""
        scores = dict.fromkeys(score for _, score in self.across)
        values = {score: sorted(own[score] for own in measured.values()) for score in scores}
        return {number: places(self.across, own, values) for number, own in measured.items()}

    @property
    def observes(self) -> bool:
        """Whether decisions read something that is the same for all ideas."""
        return bool(self._watched)

    def world(self, now: datetime, reader: Callable[[datetime], Read]) -> tuple[State, ...]:
        """What every idea reads the same, behind its own values; what decisions do not read is left missing.

        ``reader`` reads signals as they were at a moment.
        """
        return tuple(
            self._observed(slot, now, reader) if number in self._watched else None
            for number, slot in enumerate(self._program.world)
        )

    def _observed(self, slot: Slot, now: datetime, reader: Callable[[datetime], Read]) -> State:
        if slot.quantity == "signal":
            return self.signals.last(slot.name, 1, reader(now))[0]
        target = self.goals[slot.name]
        value = self.signals.last(target.signal, 1, reader(target.moment(now)))[0]
        return attained(target, value, now)[slot.quantity]

    def opened(self, alert: str) -> int | None:
        """The number of the legend's entry for an alert, None where there is no such alert any more."""
        names = [one.name for one in self._program.alerts]
        first = len(self.legend.entries) - len(names)
        return first + names.index(alert) if alert in names else None

    def _band(self, totals: dict[str, float]) -> str:
        for name, least in self._program.bands:
            if least is None or totals[self._program.banded] >= least:
                return name
        return ""

    def _traces(
        self,
        scores: Iterable[Any],
        hits: Iterable[Any],
        rows: Sequence[Sequence[Any]],
        totals: dict[str, float],
        band: str,
    ) -> tuple[Trace[int], ...]:
        traces: list[Trace[int]] = [
            (number, (*values, value, finite(raw)), story.evidence(lists))
            for number, (story, (raw, value, lists, values)) in enumerate(
                zip(self._score_stories, scores, strict=True)
            )
        ]
        for number, lists, values in hits:
            story = self._stories[number]
            evidence = story.evidence(lists)
            traces.append((self.first + number, story.saw(values, rows, evidence), evidence))
        if band:
            number = self.first + len(self._stories) + self.bands.index(band)
            traces.append((number, (totals[self._program.banded],), ()))
        return tuple(traces)


def _compiled(program: Program, reached: Mapping[Term, None]) -> Compiled | None:
    """The function of a program; None where it has nothing to say."""
    if not (program.scores or program.rules):
        return None
    from opshub.language.compiler import compile_program

    return compile_program(program, reached)


def _observed(terms: Iterable[Term], program: Program) -> Iterator[int]:
    """The places in the world that these terms read."""
    own = len(program.schema.idea) - len(program.world)
    for term in terms:
        if term.op == "idea" and own <= term.field[0] < len(program.schema.idea):
            yield term.field[0] - own


def _reads(terms: Iterable[Term], program: Program) -> frozenset[str]:
    """The full names of the fields that these terms read."""
    own = len(program.schema.idea) - len(program.world)
    found: set[str] = set()
    for term in terms:
        if term.op == "row" or (term.op == "idea" and term.field[0] < own):
            found.add(term.field[1])
        elif term.op in GATHERING and term.gathering.key is not None:
            found.add(term.gathering.key[1])
    return frozenset(found)


EMPTY = RuleSet(Program(Schema((), (), {}), {}, (), (), "", (), "", ()), "empty")
"""No rules: priority is 0, and nothing else is said."""
