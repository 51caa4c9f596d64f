"""The pack for operations passes its check on a hub of its own, and its tests meet every alert and tag."""

from __future__ import annotations

from importlib.resources import files

import pytest

from opshub.engine.facts import schema
from opshub.language import Checked, Source, check, run_tests


@pytest.fixture(scope="module")
def checked() -> Checked:
    text = files("opshub_rules").joinpath("operations.rules").read_text(encoding="utf-8")
    return check([Source("operations.rules", text)], schema([]))


def test_the_pack_is_clean_and_passes_its_own_tests(checked: Checked) -> None:
    assert [diagnostic.render() for diagnostic in checked.diagnostics] == []
    assert checked.rules is not None
    assert [(it.name, it.failures) for it in run_tests(checked.rules) if not it.passed] == []


def test_each_alert_is_expected_by_one_of_its_tests_and_denied_by_another(checked: Checked) -> None:
    assert checked.rules is not None
    told = [text for case in checked.rules.tests for text, _ in case.expects]

    for alert in checked.rules.signals.alerts:
        assert f'alerts contains "{alert.name}"' in told
    denied = [text for text in told if text.startswith("not (alerts")]
    assert len(set(denied)) >= 5


def test_each_goal_is_supported_in_one_of_its_tests_and_weighed_by_its_rules(checked: Checked) -> None:
    assert checked.rules is not None
    told = [text for case in checked.rules.tests for text, _ in case.expects]

    for goal in checked.rules.goals:
        assert f'goals contains "{goal}"' in told
    assert checked.rules.observes


def test_each_tag_of_its_rules_is_met_by_its_tests(checked: Checked) -> None:
    rules = checked.rules
    assert rules is not None

    met = {tag for case in rules.tests for tag in rules.decide(case.idea, case.feedback, case.now).tags}

    assert met == rules.tags - {tag for alert in rules.signals.alerts for tag in alert.tags}


def test_it_has_three_key_signals(checked: Checked) -> None:
    assert checked.rules is not None

    keys = [series.name for series in checked.rules.signals.all.values() if series.key]

    assert keys == ["complaint_rate", "adoption", "member_value_density"]
