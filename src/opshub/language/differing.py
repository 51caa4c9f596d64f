"""What new rules say where it is known which of the rules in force hold: only rules that differ are decided.

A rule means the same in both sets where its condition does, with all lets and scores that it names. Where two sets
differ in nothing but what they look for in texts, an idea in whose texts both find it alike is not decided at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeAlias

from opshub.language.meaning import EVERY, Program, Term, distinct
from opshub.language.outcome import Outcome
from opshub.language.predicates import named
from opshub.language.ruleset import RuleSet

__all__ = ["Differing", "differing"]

_Meant: TypeAlias = tuple[Term, frozenset[tuple[str, str, Term | None]]]


class Differing(NamedTuple):
    """New rules beside those in force; ``part`` has all scores of the new ones, and the rules that differ.

    ``places`` are where these stand among the new ones; ``same`` are the others, by the number that the legend in force
    has for the rule with the same meaning.
    """

    new: RuleSet
    part: RuleSet
    places: tuple[int, ...]
    same: Mapping[int, tuple[int, ...]]
    searches: Mapping[str, str] | None = None
    """Of each other search its name in the new set and in the one in force; None where more than searches differ."""

    def alike(self, feedback: Sequence[Sequence[object]]) -> bool:
        """Whether both sets say the same of an idea with these rows; behind their values are the facts of both."""
        if self.searches is None:
            return False
        pairs = self.searches.items()
        return all((new in row[-1]) is (old in row[-1]) for row in feedback for new, old in pairs)  # type: ignore[operator]  # facts

    def decide(
        self, idea: Sequence[object], feedback: Sequence[Sequence[object]], now: datetime, held: Sequence[int]
    ) -> Outcome:
        """What the new rules say, without traces; ``held`` are the entries of the legend in force that speak now.

        Values that ``part`` does not read may be missing.
        """
        kept = [number for entry in held for number in self.same.get(entry, ())]
        return self.new.joined(self.part, self.places, kept, idea, feedback, now)


def differing(current: RuleSet, new: RuleSet) -> Differing | None:
    """The two beside each other; None where ideas read more than their own values, or a rule can end the rest."""
    old, program = current.program, new.program
    if any(rules.across or rules.observes for rules in (current, new)):
        return None
    if any(rule.stops for rule in (*old.rules, *program.rules)):
        return None
    if (old.schema.idea, old.schema.feedback) != (program.schema.idea, program.schema.feedback):
        return None
    known = {_meant(rule.when, old): current.first + number for number, rule in enumerate(old.rules)}
    same: dict[int, tuple[int, ...]] = {}
    places: list[int] = []
    for number, rule in enumerate(program.rules):
        entry = known.get(_meant(rule.when, program))
        if entry is None:
            places.append(number)
        else:
            same[entry] = (*same.get(entry, ()), number)
    rules = tuple(program.rules[number] for number in places)
    part = replace(program, rules=rules, tests=(), clauses=(), homes=(), alerts=(), signals=())
    return Differing(new, RuleSet(part, ""), tuple(places), same, _searches(old, program))


def _searches(old: Program, new: Program) -> dict[str, str] | None:
    """The other searches of a new rule set, each with the one in its place; None where more differs."""
    (shape, names), (other, others) = _shaped(old), _shaped(new)
    return {b: a for a, b in zip(names, others, strict=True) if a != b} if shape == other else None


def _shaped(program: Program) -> tuple[list[object], list[str]]:
    """All that decides, without places and without what is looked for in texts, of which the names follow in order."""
    names: list[str] = []

    def told(term: Term) -> object:
        search = named(term, program.lets)
        if search is None:
            return term.op, term.kind, term.detail, [told(operand) for operand in term.operands]
        names.append(search.name)
        return "search", search.column

    shape: list[object] = [
        {name: told(program.lets[name].term) for name in sorted(program.lets)},
        [(score.name, told(score.term)) for score in program.scores],
        [replace(rule, name="", place="", when=EVERY) for rule in program.rules],
        [told(rule.when) for rule in program.rules],
        (program.banded, program.bands, [goal.name for goal in program.goals]),
    ]
    return shape, names


def _meant(when: Term, program: Program) -> _Meant:
    """A condition with what it names."""
    scores = {score.name: score.term for score in program.scores}
    found: dict[tuple[str, str], Term | None] = {}
    waiting = [when]
    for root in waiting:
        for term in distinct([root], program.lets):
            key = (term.op, str(term.detail))
            if term.op == "let":
                found[key] = program.lets[key[1]].term
            elif term.op == "score" and key not in found:
                found[key] = below = scores.get(key[1])
                waiting += [] if below is None else [below]
    return when, frozenset((*key, term) for key, term in found.items())
