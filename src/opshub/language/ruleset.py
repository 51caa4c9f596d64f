"""A checked, compiled set of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

from opshub.language.diagnostics import Source
from opshub.language.meaning import GATHERING, Program, TestCase, Verdict, leaves
from opshub.language.outcome import Outcome, Part
from opshub.language.runtime import finite, settled, utc
from opshub.language.schema import Schema
from opshub.language.stories import Story

__all__ = ["EMPTY", "DeferredRules", "RuleSet", "fingerprint"]

_MEANING = "1"
"""Changes whenever the same text starts to mean something else, so that every idea is decided anew."""


Decide: TypeAlias = Callable[[Sequence[Any], Sequence[Sequence[Any]], datetime], tuple[Any, ...]]


def _undecided(idea: Sequence[Any], rows: Sequence[Sequence[Any]], now: datetime) -> tuple[Any, ...]:
    return (), (), None


def fingerprint(sources: Sequence[Source], schema: Schema) -> str:
    """The name of a rule set: the same texts over the same fields have the same."""
    import hashlib
    import json

    fields = [[f.name, f.kind, f.optional, f.values] for f in (*schema.idea, *schema.feedback)]
    named = [[source.path, source.text] for source in sources]
    told = json.dumps([_MEANING, named, fields], ensure_ascii=True)
    return hashlib.sha256(told.encode("ascii")).hexdigest()[:16]


class RuleSet:
    """Decides ideas; comes from ``check`` only.

    ``hash`` changes whenever a decision or its explanation could. ``scores`` always has ``priority``, first.
    ``reads`` are the full names of all fields that a decision depends on. ``bands`` are in order, best first; ``tags``
    are all that any rule may give.
    """

    def __init__(self, program: Program, hash: str) -> None:
        self.hash = hash
        self.scores = tuple(dict.fromkeys(["priority", *(score.name for score in program.scores)]))
        self.bands = tuple(name for name, _ in program.bands)
        self.tags = frozenset(tag for rule in program.rules for tag in rule.tags)
        self.reads = frozenset(_reads(program))
        self.tests: tuple[TestCase, ...] = program.tests
        self._program = program
        self._start = dict.fromkeys(self.scores, 0.0)
        self._defined = tuple(score.name for score in program.scores)
        self._effects = [_effects(rule) for rule in program.rules]
        self._decide: Decide = _undecided
        self._stories: tuple[Story, ...] = ()
        self._score_stories: tuple[Story, ...] = ()
        if program.scores or program.rules:
            from opshub.language.compiler import compile_program

            compiled = compile_program(program)
            self._decide, self._stories, self._score_stories = (
                compiled.decide,
                compiled.rules,
                compiled.scores,
            )

    def decide(self, idea: Sequence[object], feedback: Sequence[Sequence[object]], now: datetime) -> Outcome:
        """What the rules say of one idea.

        ``idea`` and each row of ``feedback`` hold values in the order of the schema, None where missing; rows come
        earliest first. Never fails on values of the schema's kinds.
        """
        totals = dict(self._start)
        tags: set[str] = set()
        route = urgency = ""
        scores, hits, due = self._decide(idea, feedback, utc(now))
        for name, score in zip(self._defined, scores, strict=True):
            totals[name] = score[1]
        for hit in hits:
            verdict = self._program.rules[hit[0]]
            for name, amount, _ in verdict.additions:
                totals[name] = settled(totals[name] + amount)
            if verdict.tags:
                tags.update(verdict.tags)
            if verdict.route and not route:
                route, urgency = verdict.route, verdict.urgency
        band = self._band(totals)
        explain = partial(self._explained, scores, hits, feedback, totals, band)
        return Outcome(totals, band, tuple(sorted(tags)), route, urgency, due, explain)

    def _band(self, totals: dict[str, float]) -> str:
        for name, least in self._program.bands:
            if least is None or totals[self._program.banded] >= least:
                return name
        return ""

    def _explained(
        self,
        scores: Iterable[Any],
        hits: Iterable[Any],
        rows: Sequence[Sequence[Any]],
        totals: dict[str, float],
        band: str,
    ) -> tuple[Part, ...]:
        parts = [self._score_part(i, score) for i, score in enumerate(scores)]
        routed = False
        for number, lists, values in hits:
            story, rule = self._stories[number], self._program.rules[number]
            evidence = story.evidence(lists)
            saw = story.saw(values, rows, evidence)
            for effect, score, amount, because in self._effects[number]:
                if not (routed and effect.startswith("route ")):
                    parts.append(Part(rule.name, rule.place, effect, score, amount, because, saw, evidence))
            routed = routed or bool(rule.route)
        if band:
            banded = self._program.banded
            seen = {banded: totals[banded]}
            parts.append(Part("bands", self._program.bands_place, f"band {band}", "", 0.0, "", seen, ()))
        return tuple(parts)

    def _score_part(self, number: int, score: tuple[Any, ...]) -> Part:
        raw, value, lists, values = score
        definition, story = self._program.scores[number], self._score_stories[number]
        saw = dict(zip(story.names, values, strict=False))
        because = "" if finite(raw) else _missing(saw)
        effect = f"{definition.name} = {value:.12g}"
        evidence = story.evidence(lists)
        return Part(definition.name, definition.place, effect, definition.name, value, because, saw, evidence)


class DeferredRules(RuleSet):
    """Rules that passed their check at an earlier time: read and compiled when more than their hash is needed."""

    def __init__(self, hash: str, made: Callable[[], RuleSet]) -> None:
        self.hash = hash
        self._made = made

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is not there yet.
        if name not in vars(self):
            vars(self).update(vars(self._made()))
        return object.__getattribute__(self, name)


def _missing(saw: dict[str, object]) -> str:
    names = [name for name, value in saw.items() if value is None]
    if not names:
        return "it cannot be computed: divided by zero, or too large"
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} missing"


def _effects(rule: Verdict) -> list[tuple[str, str, float, str]]:
    """What a rule does, each with its score, the amount and the reason."""
    effects = [
        (f"{score} {amount:+.12g}", score, amount, because) for score, amount, because in rule.additions
    ]
    effects += [(f"tag {tag}", "", 0.0, "") for tag in rule.tags]
    if rule.route:
        effects.append((f"route to {rule.route}{f' as {rule.urgency}' * bool(rule.urgency)}", "", 0.0, ""))
    if rule.stops:
        effects.append(("stop", "", 0.0, ""))
    return effects


def _reads(program: Program) -> Iterator[str]:
    roots = [*(score.term for score in program.scores), *(rule.when for rule in program.rules)]
    for root in roots:
        for term in leaves(root, program.lets):
            if term.op in ("idea", "row"):
                yield term.detail[1]  # type: ignore[index]
            elif term.op in GATHERING:
                detail: Any = term.detail
                yield from (field[1] for field in detail[1:] if field is not None)


EMPTY = RuleSet(Program(Schema((), (), {}), {}, (), (), "", (), "", ()), "empty")
"""No rules: priority is 0, and nothing else is said."""
