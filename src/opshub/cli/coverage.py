"""``rules coverage``: which clauses and rules the tests and the stored ideas have ever tried."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.checked import FILES, many, sound_rules
from opshub.cli.session import Session, pass_session
from opshub.cli.view import Column, heading, json_option, say, show, table

if TYPE_CHECKING:
    from opshub.language.coverage import Coverage, Rule

__all__ = ["coverage"]

GAPS = (
    Column("where", "place"),
    Column("clause", "text"),
    Column("on the tests", "tests"),
    Column("on the ideas", "ideas"),
)
DEAD = (Column("where", "place"), Column("name", "name"), Column("held on", "where"))


@click.command("coverage")
@FILES
@json_option
@pass_session
def coverage(session: Session, files: tuple[Path, ...], as_json_: bool) -> None:
    """Show which clauses were never true or never false, on the tests and on the stored ideas, and dead rules.

    A clause is a whole condition, a part joined by and, or and not, or a let that names a condition. One about feedback
    can be true and false for the same idea. A rule is dead where it never held, or an earlier one always stopped it.
    Conditions of signals are tried on the same feedback, those of alerts on the signals that tests give and on the last
    full periods. With --json there are the counts of every clause, rule, match block and alert.
    """
    from opshub.engine.coverage import see_ideas
    from opshub.language.coverage import Coverage

    rules = sound_rules(session, files, as_json_)
    tests, ideas = Coverage(rules), Coverage(rules)
    tests.see_tests()
    with session.hub(reading=True) as hub:
        see_ideas(hub.store, hub.declared, rules, ideas, hub.clock.now())
    show(_value(tests, ideas), as_json_, _view)


def _value(tests: Coverage, ideas: Coverage) -> Mapping[str, Any]:
    clauses = zip(tests.clauses(), ideas.clauses(), strict=True)
    rules = zip(_named(tests), _named(ideas), strict=True)
    return {
        "tests": tests.cases,
        "ideas": ideas.cases,
        "clauses": [
            {"place": one.place, "text": one.text, "tests": one.tally, "ideas": other.tally}
            for one, other in clauses
        ],
        "rules": [
            {"name": one.name, "place": one.place, "tests": one.held, "ideas": other.held}
            for one, other in rules
        ],
    }


def _named(coverage: Coverage) -> tuple[Rule, ...]:
    return (*coverage.rules(), *coverage.homes(), *coverage.alerts())


def _view(value: Mapping[str, Any]) -> None:
    cases = {"tests": value["tests"], "ideas": value["ideas"]}
    gaps = [
        {**clause, **{name: _gap(clause[name]) if count else "" for name, count in cases.items()}}
        for clause in value["clauses"]
    ]
    gaps = [gap for gap in gaps if gap["tests"] or gap["ideas"]]
    heading(f"{many(len(value['clauses']), 'clause')}, {len(gaps)} not tried both ways")
    if gaps:
        table(gaps, GAPS)
    dead = [{**rule, "where": _held(rule, cases)} for rule in value["rules"]]
    dead = [rule for rule in dead if rule["where"]]
    heading(f"\n{len(value['rules'])} rules, match blocks and alerts, {len(dead)} dead somewhere")
    if dead:
        table(dead, DEAD)
    say(f"\ntried on {many(cases['tests'], 'test')} and {many(cases['ideas'], 'stored idea')}")


def _gap(tally: Mapping[str, int]) -> str:
    """What a clause never was; one over feedback is neither where there was none."""
    missing = [f"never {name}" for name in ("true", "false") if not tally[name]]
    return " and ".join(missing)


def _held(rule: Mapping[str, Any], cases: Mapping[str, int]) -> str:
    dead = [name for name, count in cases.items() if count and not rule[name]]
    return f"no {' and no '.join(name.removesuffix('s') for name in dead)}" if dead else ""
