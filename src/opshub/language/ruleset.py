"""A checked, compiled set of rules."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from opshub.language.diagnostics import Source
from opshub.language.meaning import Program, TestCase, leaves
from opshub.language.outcome import Outcome, Part
from opshub.language.runtime import settled, utc
from opshub.language.schema import Schema

__all__ = ["EMPTY", "RuleSet", "fingerprint"]

_MEANING = "1"
"""Changes whenever the same text starts to mean something else, so that every idea is decided anew."""


def fingerprint(sources: Sequence[Source], schema: Schema) -> str:
    """The name of a rule set: the same texts over the same fields have the same."""
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
        self._base = tuple(self.scores.index(score.name) for score in program.scores)
        self._banded = self.scores.index(program.banded) if program.banded else 0
        self._effects = [_effects(program, i, self.scores) for i in range(len(program.rules))]
        if program.scores or program.rules:
            from opshub.language.compiler import compile_program

            self._compiled = compile_program(program)

    def decide(self, idea: Sequence[object], feedback: Sequence[Sequence[object]], now: datetime) -> Outcome:
        """What the rules say of one idea.

        ``idea`` and each row of ``feedback`` hold values in the order of the schema, None where missing; rows come
        earliest first. Never fails on values of the schema's kinds.
        """
        totals, parts = [0.0] * len(self.scores), []
        tags: set[str] = set()
        route = urgency = ""
        due = None
        if self._effects or self._base:
            scores, hits, due = self._compiled.decide(idea, feedback, utc(now))
            for i, score in enumerate(scores):
                totals[self._base[i]] = score[1]
                parts.append(self._score_part(i, score, feedback))
            for number, lists, values in hits:
                rule = self._program.rules[number]
                first = bool(rule.route) and not route
                if first:
                    route, urgency = rule.route, rule.urgency
                tags.update(rule.tags)
                self._add_parts(number, lists, values, feedback, first, totals, parts)
        totals = [settled(total) for total in totals]
        band = self._band(totals, parts)
        named = dict(zip(self.scores, totals, strict=True))
        return Outcome(named, band, tuple(sorted(tags)), route, urgency, tuple(parts), due)

    def _score_part(self, i: int, score: tuple[Any, ...], rows: Sequence[Sequence[Any]]) -> Part:
        raw, value, lists, values = score
        definition, story = self._program.scores[i], self._compiled.scores[i]
        evidence = story.evidence(lists)
        saw = dict(zip(story.names, values, strict=True))
        because = "" if raw is not None else _missing(saw)
        effect = f"{definition.name} = {value:.12g}"
        return Part(definition.name, definition.place, effect, definition.name, value, because, saw, evidence)

    def _add_parts(
        self,
        number: int,
        lists: tuple[Sequence[int], ...],
        values: tuple[object, ...],
        rows: Sequence[Sequence[Any]],
        first: bool,
        totals: list[float],
        parts: list[Part],
    ) -> None:
        rule, story = self._program.rules[number], self._compiled.rules[number]
        evidence = story.evidence(lists)
        saw = story.saw(values, rows, evidence)
        for effect, index, amount, because in self._effects[number]:
            if index >= 0:
                totals[index] += amount
            elif effect.startswith("route ") and not first:
                continue
            score = self.scores[index] if index >= 0 else ""
            parts.append(Part(rule.name, rule.place, effect, score, amount, because, saw, evidence))

    def _band(self, totals: list[float], parts: list[Part]) -> str:
        program, value = self._program, totals[self._banded]
        for name, least in program.bands:
            if least is None or value >= least:
                saw = {program.banded: value}
                parts.append(Part("bands", program.bands_place, f"band {name}", "", 0.0, "", saw, ()))
                return name
        return ""


def _missing(saw: dict[str, object]) -> str:
    names = [name for name, value in saw.items() if value is None]
    if not names:
        return "it cannot be computed: divided by zero, or too large"
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} missing"


def _effects(program: Program, number: int, scores: tuple[str, ...]) -> list[tuple[str, int, float, str]]:
    """What a rule does, each with the index of its score or -1, the amount and the reason."""
    rule = program.rules[number]
    effects = [
        (f"{name} {amount:+.12g}", scores.index(name), amount, why) for name, amount, why in rule.additions
    ]
    effects += [(f"tag {tag}", -1, 0.0, "") for tag in rule.tags]
    if rule.route:
        effects.append((f"route to {rule.route}{f' as {rule.urgency}' * bool(rule.urgency)}", -1, 0.0, ""))
    if rule.stops:
        effects.append(("stop", -1, 0.0, ""))
    return effects


def _reads(program: Program) -> Iterator[str]:
    roots = [*(score.term for score in program.scores), *(rule.when for rule in program.rules)]
    for root in roots:
        for term in leaves(root, program.lets):
            if term.op in ("idea", "row"):
                yield term.detail[1]  # type: ignore[index]
            elif (
                isinstance(term.detail, tuple) and len(term.detail) == 3 and term.op not in ("in", "mentions")
            ):
                yield from (field[1] for field in term.detail[1:] if field is not None)


EMPTY = RuleSet(Program(Schema((), (), {}), {}, (), (), "", (), "", ()), "empty")
"""No rules: priority is 0, and nothing else is said."""
