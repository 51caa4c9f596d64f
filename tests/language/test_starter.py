"""The starter pack passes its own check and tests, and asks nothing of a new hub."""

from __future__ import annotations

from importlib.resources import files

from opshub.language import Checked, Field, Kind, Schema, Source, check, run_tests

_NUMBERS = "idea.voices idea.accounts idea.persons feedback.rating feedback.rating_value account.arr".split()
_TIMES = "idea.created feedback.created feedback.updated".split()
_TEXTS = "idea.tags feedback.tags".split()
_IDEA = "title voices accounts persons created status tags item_kind".split()
_FEEDBACK = (
    "feedback.text feedback.title feedback.kind feedback.connection feedback.created feedback.updated "
    "feedback.rating feedback.rating_value feedback.language feedback.visibility feedback.tags feedback.link "
    "author.id author.name account.id account.name account.domain account.plan account.arr"
).split()


def _field(name: str) -> Field:
    kinds = {Kind.NUMBER: _NUMBERS, Kind.TIME: _TIMES, Kind.TEXTS: _TEXTS}
    return Field(name, next((kind for kind, names in kinds.items() if name in names), Kind.TEXT), "")


def _checked() -> Checked:
    text = files("opshub_rules").joinpath("starter.rules").read_text(encoding="utf-8")
    schema = Schema(tuple(_field(f"idea.{name}") for name in _IDEA), tuple(map(_field, _FEEDBACK)), {})
    return check([Source("starter.rules", text)], schema)


def test_the_starter_pack_is_clean_on_a_hub_without_a_tracker_even_where_every_field_may_be_missing() -> None:
    found = _checked()

    assert [diagnostic.render() for diagnostic in found.diagnostics] == []


def test_the_starter_pack_passes_its_own_tests() -> None:
    rules = _checked().rules

    assert rules is not None
    results = run_tests(rules)
    assert len(results) >= 8
    assert [(result.name, result.failures) for result in results if not result.passed] == []


def test_each_tag_and_band_of_the_starter_pack_is_met_by_its_tests() -> None:
    rules = _checked().rules

    assert rules is not None
    outcomes = [rules.decide(case.idea, case.feedback, case.now) for case in rules.tests]
    assert {tag for outcome in outcomes for tag in outcome.tags} == rules.tags
    assert {outcome.band for outcome in outcomes} == set(rules.bands)
