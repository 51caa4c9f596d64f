"""Which clauses of a rule set were ever true and ever false, and which rules and match blocks ever held."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from opshub.language.meaning import COMPARE, EVERY, Gathering, Program, Term, Verdict
from opshub.language.ruleset import RuleSet
from opshub.language.schema import Kind
from opshub.language.signals import Read
from opshub.language.testing import breaking, given, told

__all__ = ["MOST_PERIODS", "Clause", "Coverage", "Rule", "Tally"]

MOST_PERIODS = 366
"""How many of a signal's last full periods are looked at."""


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
    """A rule, a match block or an alert, and in how many cases it held and none before it stopped or took that."""

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
        self.reads = rules.reads | rules.homes.reads | self._probe.reads
        self._true = [0] * len(self._program.clauses)
        self._false = [0] * len(self._program.clauses)
        self._held = [0] * len(self._program.rules)
        self._taken = Counter[str]()
        self._limits = [(alert.place, limit) for alert in self._program.alerts for limit in alert.limits]
        self._passed = [[0, 0] for _ in self._limits]
        self._breaches = [0] * len(self._program.alerts)

    def see(self, idea: Sequence[object], rows: Sequence[Sequence[object]], now: datetime) -> None:
        """Count one case."""
        self.cases += 1
        for number in self._hits(self._rules, idea, rows, now):
            self._held[number] += 1
        taken = (self._rules.homes.of(row) for row in rows)
        self._taken.update({found.home.name for found in taken if found is not None})
        for number in self._hits(self._probe, idea, rows, now):
            counts = self._false if number % 2 else self._true
            counts[number // 2] += 1

    def see_tests(self) -> None:
        """Count every test block of the rule set."""
        for case in self._rules.tests:
            self.see(told(self._rules, case), case.feedback, case.now)
            self._see_limits(given(case), 0)
            breached = breaking(self._rules, case)
            for number, alert in enumerate(self._program.alerts):
                self._breaches[number] += alert.name in breached

    def see_periods(self, read: Read) -> None:
        """Count the signals' last full periods: each row of as many as an alert looks at is a case of its own."""
        self._see_limits(read, MOST_PERIODS)

    def see_breaches(self, names: Iterable[str]) -> None:
        """Count alerts that were in breach."""
        found = Counter(names)
        for number, alert in enumerate(self._program.alerts):
            self._breaches[number] += found[alert.name]

    def _see_limits(self, read: Read, more: int) -> None:
        signals = self._rules.signals
        for counts, (_, limit) in zip(self._passed, self._limits, strict=True):
            values = signals.last(limit.signal, limit.periods + more, read)
            for end in range(limit.periods, len(values) + 1):
                window = values[end - limit.periods : end]
                if all(value is None for value in window):
                    continue
                compare = COMPARE[limit.sign]
                holds = all(value is not None and compare(value, limit.bound) for value in window)
                counts[not holds] += 1

    def alerts(self) -> tuple[Rule, ...]:
        """What came of each alert, in their order."""
        counted = zip(self._program.alerts, self._breaches, strict=True)
        return tuple(Rule(alert.name, alert.place, held) for alert, held in counted)

    def clauses(self) -> tuple[Clause, ...]:
        """What came of each clause, in the order of files, those of alerts behind."""
        counted = zip(self._program.clauses, self._true, self._false, strict=True)
        found = [Clause(place, text, Tally(true, false)) for (place, text, _), true, false in counted]
        limits = zip(self._limits, self._passed, strict=True)
        return (*found, *(Clause(at, f"signal {limit.shown}", Tally(*told)) for (at, limit), told in limits))

    def rules(self) -> tuple[Rule, ...]:
        """What came of each rule, in their order."""
        counted = zip(self._program.rules, self._held, strict=True)
        return tuple(Rule(rule.name, rule.place, held) for rule, held in counted)

    def homes(self) -> tuple[Rule, ...]:
        """In how many cases each match block took some feedback, in their order."""
        return tuple(Rule(home.name, home.place, self._taken[home.name]) for home in self._program.homes)

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
