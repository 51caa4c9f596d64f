"""Each bundled pack is clean, passes its tests, meets each of its clauses in them, and can be used by name."""

from __future__ import annotations

import pytest

from opshub.engine.declared import Declared
from opshub.engine.facts import schema
from opshub.language import Schema, Source, check, run_tests
from opshub.language.coverage import Coverage
from opshub.language.formatting import formatted
from opshub.plugins import Registry

PACKS = Registry().packs()
TEXTS = {name: Registry().pack(name).read_text(encoding="utf-8") for name in PACKS}
NUMBERS = (
    "idea.impact idea.confidence idea.ease idea.effort idea.value idea.business_value idea.time_criticality "
    "idea.risk_reduction idea.job_size feedback.importance"
).split()
ANSWERS = ("like", "expect", "neutral", "tolerate", "dislike")


def _schema() -> Schema:
    fields = [Declared(name=_full(name), type="number") for name in NUMBERS]
    fields.append(
        Declared(name="idea.fields.moscow", type="text", values=("must", "should", "could", "wont"))
    )
    fields += [
        Declared(name=f"feedback.fields.{name}", type="text", values=ANSWERS)
        for name in ("functional", "dysfunctional")
    ]
    made = schema([], declared=fields)
    packs = {name: Source(f"packs/{name}.rules", text) for name, text in TEXTS.items()}
    return Schema(made.idea, made.feedback, made.destinations, packs=packs)


def _full(name: str) -> str:
    of, _, field = name.partition(".")
    return f"{of}.fields.{field}"


def test_the_packs_that_people_know_are_there() -> None:
    assert set(PACKS) >= {
        "customer-importance",
        "ice",
        "kano",
        "moscow",
        "rice",
        "starter",
        "value-effort",
        "wsjf",
    }


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_is_clean_and_passes_its_own_tests(name: str) -> None:
    found = check([Source(f"{name}.rules", TEXTS[name])], _schema())

    assert [diagnostic.render() for diagnostic in found.diagnostics] == []
    assert found.rules is not None
    results = run_tests(found.rules)
    assert len(results) >= 3
    assert [(result.name, result.failures) for result in results if not result.passed] == []
    assert formatted(Source(f"{name}.rules", TEXTS[name])).text == TEXTS[name]


@pytest.mark.parametrize("name", PACKS)
def test_every_rule_of_a_pack_holds_in_one_of_its_tests(name: str) -> None:
    found = check([Source(f"{name}.rules", TEXTS[name])], _schema())
    assert found.rules is not None
    coverage = Coverage(found.rules)

    coverage.see_tests()

    assert [rule.name for rule in coverage.rules() if not rule.held] == []


@pytest.mark.parametrize("name", PACKS)
def test_a_pack_can_be_used_by_name_and_says_what_it_is_for(name: str) -> None:
    found = check([Source("own.rules", f'use "{name}"\nscore own = idea.voices\n')], _schema())

    assert [diagnostic.render() for diagnostic in found.diagnostics] == []
    assert TEXTS[name].startswith("# ")
