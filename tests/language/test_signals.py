"""Signals are counted over a period's feedback or combined; alerts look at the last full periods."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from opshub.language import Checked, RuleSet, run_tests
from opshub.language.series import Series

Rules = Callable[[str], RuleSet]
Row = Callable[..., tuple[object, ...]]

RATE = "let unhappy = rating < 0.4\nsignal complaint_rate = share of feedback where unhappy, per day\n"
ALERT = (
    'alert "Complaints grow" {\n    when signal complaint_rate > 0.8% for 3 days\n'
    '    open idea "Experience task force" in jira.EXP\n    tag "task-force"\n    notify "Complaints grow"\n}\n'
)


def reading(**given: list[float | None]) -> Callable[[Series, int], list[float | None]]:
    def read(series: Series, periods: int) -> list[float | None]:
        return given[series.points or series.name][-periods:]

    return read


def test_a_signal_is_counted_over_one_periods_feedback(rules: Rules, feedback: Row) -> None:
    signals = rules(RATE + "signal pieces = count feedback, per day\n").signals

    rows = [feedback(rating=rating) for rating in (0.1, 0.9, 0.8, 1.0)]

    assert signals.count("day", rows) == {"complaint_rate": 0.25, "pieces": 4.0}
    assert signals.count("day", []) == {"complaint_rate": None, "pieces": 0.0}


def test_the_extreme_of_what_feedback_says_is_counted_as_a_mean_is(rules: Rules, feedback: Row) -> None:
    signals = rules(
        "signal level = reported, per day\nsignal lowest = min (rating * 2), per day\n"
        "signal best = max (rating), per day\nsignal least = min (level, best)\nsignal top = max (level)\n"
    ).signals
    rows = [feedback(rating=rating) for rating in (0.5, 0.1, 0.75)]

    assert signals.count("day", rows) == {"lowest": 0.2, "best": 0.75}
    assert [signals.all[name].parts for name in ("least", "top")] == [("level", "best"), ("level",)]


def test_the_extreme_of_a_signal_that_is_called_like_a_field_is_that_of_the_signal(rules: Rules) -> None:
    signals = rules("signal rating = reported, per day\nsignal best = max (rating)\n").signals

    assert signals.all["best"].parts == ("rating",)


def test_signals_of_different_periods_are_counted_apart(rules: Rules, feedback: Row) -> None:
    signals = rules("signal a = count feedback, per day\nsignal b = sum account.arr, per month\n").signals

    assert signals.periods == ("day", "month")
    assert signals.count("month", [feedback(account_arr=5.0)]) == {"b": 5.0}


def test_what_is_counted_has_a_name_that_changes_only_with_it(rules: Rules) -> None:
    known = rules(RATE).signals.hash

    assert rules("\n# moved\n" + RATE + ALERT).signals.hash == known
    assert rules(RATE.replace("0.4", "0.5")).signals.hash != known
    assert rules(RATE.replace("per day", "per week")).signals.hash != known


def test_a_combined_signal_is_missing_where_a_part_is(rules: Rules) -> None:
    signals = rules(
        "signal ltv = reported, per month\nsignal activity = mean reported, per month\n"
        "signal north_star = ltv * activity\nsignal twice = north_star * 2\n"
    ).signals

    read = reading(ltv=[10.0, None, 30.0], activity=[0.5, 0.5, 0.1])

    assert signals.all["twice"].period == "month"
    assert signals.last("north_star", 3, read) == [5.0, None, 3.0]
    assert signals.last("twice", 2, read) == [None, 6.0]


def test_dividing_by_nothing_gives_no_value(rules: Rules) -> None:
    signals = rules("signal a = reported, per day\nsignal b = reported, per day\nsignal c = a / b\n").signals

    assert signals.last("c", 2, reading(a=[1.0, 1.0], b=[0.0, 4.0])) == [None, 0.25]


@pytest.mark.parametrize(
    ("values", "seen"),
    [
        ([0.009, 0.01, 0.011], (0.009, 0.01, 0.011)),
        ([0.5, 0.009, 0.008, 0.011], None),
        ([0.009, None, 0.011], None),
        ([0.01, 0.01], None),
    ],
)
def test_an_alert_is_in_breach_when_each_of_its_periods_is(
    rules: Rules, values: list[float | None], seen: tuple[float, ...] | None
) -> None:
    signals = rules(RATE + ALERT).signals
    (alert,) = signals.alerts

    assert signals.breached(alert, reading(complaint_rate=values)) == seen
    assert alert.names == ("complaint_rate, 2 before", "complaint_rate, 1 before", "complaint_rate")


def test_an_alert_can_need_several_signals(rules: Rules) -> None:
    signals = rules(
        "signal a = reported, per day\nsignal b = reported, per week\n"
        'alert "Both" {\n    when signal a >= 1 for 2 days and signal b < -1\n    notify "Look"\n}\n'
    ).signals
    (alert,) = signals.alerts

    assert signals.breached(alert, reading(a=[1.0, 1.0], b=[-2.0])) == (1.0, 1.0, -2.0)
    assert signals.breached(alert, reading(a=[1.0, 1.0], b=[-1.0])) is None


def test_a_test_block_gives_signals_and_expects_alerts(rules: Rules) -> None:
    text = RATE + ALERT
    text += 'test "Three bad days" {\n    given signal complaint_rate = [0.9%, 1%, 1.1%]\n'
    text += '    expect alerts contains "Complaints grow"\n}\n'
    text += 'test "Two bad days" {\n    given signal complaint_rate = [1%, 1.1%]\n'
    text += '    expect alerts contains "Complaints grow"\n}\n'

    results = run_tests(rules(text))

    assert [result.passed for result in results] == [True, False]
    assert 'expected alerts contains "Complaints grow", got alerts []' in results[1].failures[0]


def test_given_signals_may_stand_on_lines_of_their_own(rules: Rules) -> None:
    text = RATE + 'test "t" {\n given\n  signal complaint_rate = 1%,\n  signal complaint_rate = 2%\n'
    text += " expect priority == 0\n}\n"

    (case,) = rules(text).tests

    assert case.signals == (("complaint_rate", (0.02,)),)


def test_the_tags_of_an_alert_are_the_hubs_own(rules: Rules) -> None:
    assert rules(RATE + ALERT).tags == {"task-force"}


def test_the_legend_puts_an_alert_into_words(rules: Rules) -> None:
    found = rules(RATE + ALERT)

    number = found.opened("Complaints grow")
    assert number is not None

    (opened, tagged, routed) = found.legend.parts([(number, (0.9, 1.0, 1.1), (0,))])

    assert (opened.rule, opened.place, opened.effect) == ("Complaints grow", "0.rules:3", "opened this idea")
    assert opened.because == "complaint_rate > 0.8% for 3 days"
    assert dict(opened.saw) == {
        "complaint_rate, 2 before": 0.9,
        "complaint_rate, 1 before": 1.0,
        "complaint_rate": 1.1,
    }
    assert (tagged.effect, routed.effect) == ("tag task-force", "route to jira.EXP")


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("signal a = count feedback, per day\nsignal a = count feedback, per day\n", "R108", "defined twice"),
        ("signal a = idea.voices + count feedback, per day\n", "R225", "idea.voices"),
        ('signal a = any feedback (kind == "x"), per day\n', "R203", "a number"),
        ("signal a = reported\n", "R226", "needs its period"),
        ("signal a = reported, per day\nsignal b = a * 2, per day\n", "R226", "leave out"),
        ("signal a = 5\n", "R226", "the same in every period"),
        (
            "signal a = reported, per day\nsignal b = reported, per week\nsignal c = a * b\n",
            "R226",
            "per day and per week",
        ),
        ("signal a = b * 2\nsignal b = reported, per day\n", "R120", "there is no signal 'b'"),
        (
            'signal a = reported, per day\nalert "A" {\n when signal a > 1 for 0 days\n notify "x"\n}\n',
            "R227",
            "whole",
        ),
        ('signal a = reported, per day\nalert "A" {\n when signal a > 1\n}\n', "R228", "does nothing"),
        (
            'signal a = reported, per day\nalert "A" {\n when signal a > 1\n open idea "x" in jra.EXP\n}\n',
            "R104",
            "jra",
        ),
        (
            'signal a = reported, per day\ntest "t" {\n given signal a = "x"\n expect priority == 0\n}\n',
            "R211",
            "numbers",
        ),
        (
            "signal a = reported, per day\nsignal b = a * 2\n"
            'test "t" {\n given signal b = 1\n expect priority == 0\n}\n',
            "R211",
            "combined",
        ),
    ],
)
def test_mistakes_are_told(checked: Callable[..., Checked], text: str, code: str, said: str) -> None:
    found = checked(text)

    assert found.rules is None
    assert (code, True) in [(d.code, said in f"{d.message} {d.hint}") for d in found.diagnostics]


def test_rules_without_signals_have_none(rules: Rules) -> None:
    signals: Any = rules("score priority = 1\n").signals

    assert (signals.all, signals.alerts, signals.periods) == ({}, (), ())
