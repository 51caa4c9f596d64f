"""What new rules say where it is known which of the rules in force hold: only rules that differ are decided.

A rule means the same in both sets where its condition does, with all lets and scores that it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeAlias

from opshub.language.meaning import Program, Term, distinct
from opshub.language.outcome import Outcome
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
    return Differing(new, RuleSet(part, ""), tuple(places), same)


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
