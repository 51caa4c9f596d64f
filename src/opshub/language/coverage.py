"""Which clauses of a rule set were ever true and ever false, and which rules ever held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from opshub.language.meaning import EVERY, Gathering, Program, Term, Verdict
from opshub.language.ruleset import RuleSet
from opshub.language.schema import Kind
from opshub.language.testing import told

__all__ = ["Clause", "Coverage", "Rule", "Tally"]


@dataclass(frozen=True, slots=True)
class Tally:
    """In how many cases something was true at least once, and in how many false at least once."""

    true: int
    false: int


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause with its place and text; one over feedback can be true and false in the same case."""

    place: str
    text: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and in how many cases it held, and no earlier rule had stopped it."""

    name: str
    place: str
    held: int


class Coverage:
    """Counts over the cases that it is shown: ideas with their feedback, as ``RuleSet.decide`` takes them."""

    def __init__(self, rules: RuleSet) -> None:
        self.cases = 0
        self._rules = rules
        self._program = rules.program
        self._probe = RuleSet(_probing(self._program), "coverage")
        self.reads = rules.reads | self._probe.reads
        self._true = [0] * len(self._program.clauses)
        self._false = [0] * len(self._program.clauses)
        self._held = [0] * len(self._program.rules)

    def see(self, idea: Sequence[object], rows: Sequence[Sequence[object]], now: datetime) -> None:
        """Count one case."""
        self.cases += 1
        for number in self._hits(self._rules, idea, rows, now):
            self._held[number] += 1
        for number in self._hits(self._probe, idea, rows, now):
            counts = self._false if number % 2 else self._true
            counts[number // 2] += 1

    def see_tests(self) -> None:
        """Count every test block of the rule set."""
        for case in self._rules.tests:
            self.see(told(self._rules, case), case.feedback, case.now)

    def clauses(self) -> tuple[Clause, ...]:
        """What came of each clause, in the order of files."""
        counted = zip(self._program.clauses, self._true, self._false, strict=True)
        return tuple(Clause(place, text, Tally(true, false)) for (place, text, _), true, false in counted)

    def rules(self) -> tuple[Rule, ...]:
        """What came of each rule, in their order."""
        counted = zip(self._program.rules, self._held, strict=True)
        return tuple(Rule(rule.name, rule.place, held) for rule, held in counted)

    @staticmethod
    def _hits(
        rules: RuleSet, idea: Sequence[object], rows: Sequence[Sequence[object]], now: datetime
    ) -> list[int]:
        first = len(rules.program.scores)
        numbers = (trace[0] - first for trace in rules.decide(idea, rows, now).explain())
        return [number for number in numbers if 0 <= number < len(rules.program.rules)]


def _probing(program: Program) -> Program:
    """A program with two rules for each clause: one holds where it is true, the next where it is false."""
    rules = [
        Verdict(f"{number}", place, _asked(sought), (), (), "", "", stops=False)
        for number, (place, _, term) in enumerate(program.clauses)
        for sought in (term, Term("not", Kind.BOOL, (term,), row=term.row, late=term.late))
    ]
    return replace(program, rules=tuple(rules), bands=(), tests=(), clauses=(), alerts=())


def _asked(term: Term) -> Term:
    """A clause over feedback is asked of every piece."""
    if not term.row:
        return term
    return Term("any", Kind.BOOL, (term, EVERY), Gathering("feedback", None, None), late=True)
