"""Rules that passed their check before are compiled only when something is to be decided."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from opshub.config import load, load_rules
from opshub.errors import RuleError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def folder_with(tmp_path: Path, rules: str) -> Path:
    (tmp_path / "rules").mkdir(exist_ok=True)
    (tmp_path / "rules" / "own.rules").write_text(rules, encoding="utf-8")
    (tmp_path / "opshub.toml").write_text("", encoding="utf-8")
    return tmp_path / "opshub.toml"


def test_known_rules_decide_as_those_compiled_at_once(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path, "score priority = 40\nbands priority { P1 >= 30, P2 otherwise }\n"))
    rules = load_rules(config)
    idea = (None,) * 8

    known = load_rules(config, rules.hash)

    assert known.hash == rules.hash
    assert known.decide(idea, (), NOW) == rules.decide(idea, (), NOW)
    assert (known.bands, known.reads, known.scores) == (rules.bands, rules.reads, rules.scores)


def test_known_rules_are_those_of_the_moment_they_were_loaded(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path, "score priority = 40\n"))
    known = load_rules(config, load_rules(config).hash)

    folder_with(tmp_path, "score priority = \n")

    assert known.decide((None,) * 8, (), NOW).scores == {"priority": 40.0}


def test_rules_that_changed_are_checked_at_once(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path, "score priority = 40\n"))
    before = load_rules(config).hash
    folder_with(tmp_path, "score priority = \n")

    with pytest.raises(RuleError):
        load_rules(config, before)


def test_rules_without_a_field_say_so(tmp_path: Path) -> None:
    config = load(folder_with(tmp_path, "score priority = 40\n"))
    known = load_rules(config, load_rules(config).hash)

    assert not hasattr(known, "nonsense")
