"""Runs the test blocks that stand beside the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opshub.language.meaning import Term, TestCase
from opshub.language.names import GOALS
from opshub.language.outcome import Outcome
from opshub.language.ruleset import RuleSet
from opshub.language.series import Series
from opshub.language.signals import Read

__all__ = ["TestResult", "breaking", "given", "run_tests", "taking", "told"]


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test block ended; each failure reads "expected … got …" with the contributions below."""

    __test__ = False

    name: str
    path: str
    line: int
    passed: bool
    failures: tuple[str, ...]


def run_tests(rules: RuleSet) -> tuple[TestResult, ...]:
    """Run every test block of the rule set, in the order of the files."""
    return tuple(_run(rules, case) for case in rules.tests)


def _run(rules: RuleSet, case: TestCase) -> TestResult:
    from opshub.language.compiler import compile_condition

    idea = rules.completed(told(rules, case), case.feedback, case.now, dict(case.others))
    outcome = rules.decide(idea, case.feedback, case.now)
    values = (
        *outcome.scores.values(),
        outcome.tags,
        *(v or None for v in (outcome.band, outcome.route, outcome.urgency)),
    )
    goals = tuple(sorted({*outcome.goals, *_declared(rules, case)}))
    values += (breaking(rules, case), goals, outcome.owner or None, taking(rules, case))
    failures = [
        f"expected {text}, got {_got(term, values)}{_trace(outcome)}"
        for text, term in case.expects
        if not compile_condition(term)(values, case.now)
    ]
    return TestResult(case.name, case.path, case.line, not failures, tuple(failures))


def breaking(rules: RuleSet, case: TestCase) -> tuple[str, ...]:
    """The alerts in breach where the signals came to what the test gives; others have no value."""
    signals, read = rules.signals, given(case)
    return tuple(alert.name for alert in signals.alerts if signals.breached(alert, read) is not None)


def taking(rules: RuleSet, case: TestCase) -> str | None:
    """The match block that takes the one piece of feedback that a test gives."""
    found = rules.homes.of(case.feedback[0]) if len(case.feedback) == 1 else None
    return found.home.name if found is not None else None


def _declared(rules: RuleSet, case: TestCase) -> tuple[str, ...]:
    """The goals that people let the idea of a test support."""
    named = zip(rules.program.schema.idea, case.idea, strict=False)
    found = next((value for field, value in named if field.name == GOALS), None)
    return found if isinstance(found, tuple) else ()


def told(rules: RuleSet, case: TestCase) -> tuple[object, ...]:
    """The idea of a test with what signals came to."""
    return (*case.idea, *rules.world(case.now, lambda _: given(case)))


def given(case: TestCase) -> Read:
    """The values that a test gives to signals; others have none."""
    told = dict(case.signals)

    def read(series: Series, periods: int) -> list[float | None]:
        values = told.get(series.name, ())[-periods:]
        return [*[None] * (periods - len(values)), *values]

    return read


def _read(term: Term) -> Iterator[tuple[int, str]]:
    if term.op == "idea":
        yield term.field
    for operand in term.operands:
        yield from _read(operand)


def _got(term: Term, values: tuple[object, ...]) -> str:
    shown = []
    for index, name in dict.fromkeys(_read(term)):
        value = values[index]
        if isinstance(value, tuple):
            text = f"[{', '.join(value)}]"
        else:
            text = "nothing" if value is None else f"{value:.12g}" if isinstance(value, float) else str(value)
        shown.append(f"{name} {text}")
    return ", ".join(shown)


def _trace(outcome: Outcome) -> str:
    """The contributions, a line each; where there are none, that is said."""
    lines = [f"\n  {part.place}  {part.effect}{_why(part.because)}  ({part.rule})" for part in outcome.parts]
    return "".join(lines) or "\n  no rule held"


def _why(because: str) -> str:
    return f" because {because}" if because else ""
