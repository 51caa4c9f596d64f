"""Words and patterns found once for each piece of feedback."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opshub.language import RuleSet, Schema, deferred

Rules = Callable[[str], RuleSet]
Row = Callable[..., tuple[Any, ...]]

LEAVES = 'rule "L" { when any feedback (text mentions ["cancel", "switch to"]) tag "leaves" }\n'
ORDER = 'rule "O" { when any feedback (text matches "order #[0-9]+") tag "order" }\n'
TITLE = 'rule "T" { when any feedback (feedback.title mentions ["cancel", "switch to"]) tag "title" }\n'


def test_what_stands_in_a_text_is_told_with_what_was_found_first(rules: Rules, feedback: Row) -> None:
    predicates = rules(LEAVES + ORDER + TITLE).predicates

    found = predicates.facts(feedback(text="I cancel order #12 and switch  to others", title="Hello"))

    assert sorted(found.values()) == ["cancel", "order #12"]
    assert list(predicates.facts(feedback(text="switch to others, cancel")).values()) == ["cancel"]
    assert predicates.facts(feedback(text="", title="Switch\tto")) != {}
    assert predicates.facts(feedback(text="nothing", title=None)) == {}


def test_the_same_search_has_one_name_in_every_rule_set(rules: Rules) -> None:
    (alone,) = rules(LEAVES).predicates.names

    assert alone in rules(LEAVES + ORDER + TITLE).predicates.names
    assert alone in rules(LEAVES.replace("leaves", "other").replace('"L"', '"M"')).predicates.names
    assert alone not in rules(LEAVES.replace("cancel", "cancels")).predicates.names
    assert len(rules(LEAVES + ORDER + TITLE).predicates.names) == 3


def test_a_row_that_has_its_facts_is_not_searched(rules: Rules, feedback: Row, idea: Row, now: Any) -> None:
    found = rules(LEAVES)
    (name,) = found.predicates.names
    row = feedback(text="nothing of that")

    outcome = found.decide(idea(), [(*row, {name: "cancel"})], now)

    assert outcome.tags == ("leaves",)
    assert outcome.parts[0].saw["feedback.text mentions"] == "cancel"
    assert found.decide(idea(), [(*feedback(text="I cancel"), {})], now).tags == ()
    assert found.decide(idea(), [row], now).tags == ()


def test_predicates_can_be_taken_apart_by_field_and_by_name(rules: Rules, feedback: Row) -> None:
    predicates = rules(LEAVES + ORDER + TITLE).predicates
    row = feedback(text="I cancel order #12", title="cancel")
    titles = predicates.over({"feedback.title"})

    assert len(titles.names) == 1
    assert predicates.but(titles.names).names == predicates.over({"feedback.text"}).names
    assert {**titles.facts(row), **predicates.but(titles.names).facts(row)} == predicates.facts(row)
    assert (titles | predicates.over({"feedback.text"})).names == predicates.names


def test_other_code_gives_every_rule_set_another_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(deferred.__file__).parent
    names = set()
    for changed in ("", "emitter.py", "tables.json"):
        copy = tmp_path / (changed or "same")
        shutil.copytree(here, copy)
        if changed:
            (copy / changed).write_text((copy / changed).read_text() + "\n")
        monkeypatch.setattr(deferred, "__file__", str(copy / "deferred.py"))
        deferred.meaning.cache_clear()
        names.add(deferred.fingerprint([], Schema((), (), {})))
    deferred.meaning.cache_clear()

    assert len(names) == 3
    assert deferred.fingerprint([], Schema((), (), {}, reading="x")) not in names


def test_predicates_know_the_fields_that_they_look_into(rules: Rules) -> None:
    text = 'rule "R" { when any feedback (text mentions ["a"] or title matches "b+") tag "x" }'

    assert rules(text).predicates.fields == {"feedback.text", "feedback.title"}
