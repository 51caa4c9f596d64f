"""Goals: what they ask of a signal and by when, who supports them, and how rules weigh that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from opshub.language import Checked, RuleSet, Source, run_tests
from opshub.language.attaining import ATTAINING, attained
from opshub.language.exporting import exported
from opshub.language.formatting import formatted
from opshub.language.interpreter import Interpreter
from opshub.language.reference import evaluate
from opshub.language.series import Target

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
GOAL = 'signal adoption = reported, per week\ngoal "Win" { signal adoption reach 40% by 2026-12-31 }\n'
HELPS = 'rule "Helps" { when any feedback (text mentions ["onboarding"]) supports "Win" }\n'
Rules = Callable[[str], RuleSet]


def results(rules: RuleSet) -> list[tuple[str, tuple[str, ...]]]:
    return [(test.name, test.failures) for test in run_tests(rules)]


def target(aim: str, by: datetime = datetime(2026, 1, 31, tzinfo=UTC)) -> Target:
    verb, _, bound = aim.rpartition(" ")
    sign = {"reach": ">=", "fall to": "<="}[verb]
    return Target("Win", "a.rules:1", "s", sign, float(bound.removesuffix("%")) / 100, by, aim, "")


@pytest.mark.parametrize(
    ("name", "aim", "value", "result"),
    [(f.name, *case, result) for f in ATTAINING.values() for case, result in f.cases.items()],
)
def test_an_example_of_a_goal_gives_what_the_manual_says(
    name: str, aim: str, value: float | None, result: str
) -> None:
    found = attained(target(aim), value, NOW)[name]

    shown = "missing" if found is None else str(found).lower() if isinstance(found, bool) else f"{found:g}"
    assert shown == result


def test_progress_is_never_below_0_nor_divided_by_nothing() -> None:
    assert attained(target("reach 40%"), -3.0, NOW)["progress"] == 0.0
    assert attained(target("reach 0%"), -3.0, NOW)["progress"] == 0.0
    assert attained(target("fall to 0%"), 2.0, NOW)["progress"] == 0.0
    assert attained(target("fall to -5%"), -0.01, NOW)["progress"] == 0.0


def test_days_count_in_utc_and_go_on_below_0() -> None:
    late = NOW.replace(hour=23).astimezone(UTC) + timedelta(days=31)

    assert attained(target("reach 1%"), None, late)["days_left"] == -1.0


def test_a_goal_that_is_over_is_measured_at_the_end_of_its_day(rules: Rules) -> None:
    made = rules(GOAL + 'rule "Done" { when met("Win") supports "Win" }')
    asked = []

    def reader(moment: datetime) -> Callable[..., list[float | None]]:
        asked.append(moment)
        return lambda series, periods: [0.5]

    made.world(NOW, reader)
    made.world(NOW + timedelta(days=900), reader)

    assert asked == [NOW, datetime(2027, 1, 1, tzinfo=UTC)]


def test_rules_let_ideas_support_goals(rules: Rules) -> None:
    made = rules(
        GOAL + HELPS + 'test "yes" { given feedback.text = "the onboarding" expect goals contains "Win" }\n'
        'test "no" { given feedback.text = "the export" expect not (goals contains "Win") }\n'
        'test "people say so" { given idea.goals = ["Win"] expect goals contains "Win" }\n'
    )

    assert results(made) == [("yes", ()), ("no", ()), ("people say so", ())]


def test_rules_weigh_what_people_and_rules_above_them_say(rules: Rules) -> None:
    weighs = 'rule "Weighs" { when idea.goals contains "Win" priority +10 }\n'
    tests = (
        'test "ruled" { given feedback.text = "onboarding" expect priority == 10 }\n'
        'test "declared" { given idea.goals = ["Win"] expect priority == 10 }\n'
        'test "neither" { given feedback.text = "export" expect priority == 0 }\n'
    )

    assert all(not failures for _, failures in results(rules(GOAL + HELPS + weighs + tests)))
    above = results(rules(GOAL + weighs + HELPS + tests))
    assert [name for name, failures in above if failures] == ["ruled"]


def test_a_rule_that_was_stopped_lets_nothing_support_a_goal(rules: Rules) -> None:
    stops = 'rule "Stops" { when idea.voices > 1 stop }\n'
    weighs = 'rule "Weighs" { when idea.goals contains any ["Win", "Win"] priority +10 }\n'
    test = 'test "stopped" { given idea.voices = 2, feedback.text = "onboarding" expect priority == 0 }\n'

    assert results(rules(GOAL + stops + HELPS + weighs + test)) == [("stopped", ())]


def test_contains_all_asks_for_each_goal_by_whoever_says_it(rules: Rules) -> None:
    text = GOAL + 'goal "Calm" { signal adoption fall to 5% by 2026-06-30 }\n' + HELPS
    text += 'rule "Both" { when idea.goals contains all ["Win", "Calm"] tag "both" supports "Calm" }\n'
    text += (
        'test "b" { given idea.goals = ["Calm"], feedback.text = "onboarding" expect tags contains "both" }\n'
    )
    text += 'test "o" { given feedback.text = "onboarding" expect not (tags contains "both") }\n'

    assert results(rules(text)) == [("b", ()), ("o", ())]


def test_rules_that_read_each_other_s_goals_stay_small(rules: Rules) -> None:
    chain = "".join(
        f'rule "{n}" {{ when idea.goals contains "Win" or idea.voices == {n} supports "Win" tag "t" }}\n'
        for n in range(40)
    )
    made = rules(GOAL + chain)

    idea = tuple(3.0 if f.name == "idea.voices" else None for f in made.program.schema.idea)

    held = [rule.name for rule in Interpreter(made.program, idea, (), NOW).held()]
    assert made.decide(idea, (), NOW).goals == ("Win",)
    assert held == [str(n) for n in range(3, 40)]


def test_how_a_goal_stands_can_be_weighed(rules: Rules) -> None:
    text = GOAL + (
        'rule "Hurry" { when idea.goals contains "Win" and progress("Win") < 50% and days_left("Win") < 60 '
        'and not (met("Win") == true) priority +10 supports "Win" }\n'
    )
    given = 'given idea.goals = ["Win"], signal adoption = {}, now = {} expect priority == {}'
    cases = [("10%", "2026-12-01", 10), ("30%", "2026-12-01", 0), ("10%", "2026-02-01", 0)]
    tests = "\n".join(f'test "{n}" {{ {given.format(*case)} }}' for n, case in enumerate(cases))

    assert all(not failures for _, failures in results(rules(text + tests)))


def test_an_explanation_says_what_is_supported_and_how_it_stands(rules: Rules) -> None:
    made = rules(GOAL + 'rule "Hurry" { when progress("Win") < 50% supports "Win" }')
    own = len(made.program.schema.idea) - len(made.program.world)
    idea = (*[None] * own, *made.world(NOW, lambda _: lambda series, periods: [0.1]))

    (part,) = made.decide(idea, (), NOW).parts

    assert part.effect == "supports Win"
    assert dict(part.saw) == {'progress("Win")': 0.25}


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ('rule "x" { when idea.voices > 1 supports "Wni" }', ["R330", "R130"]),
        ('rule "x" { when idea.goals contains "Loss" supports "Win" }', ["R130"]),
        ('rule "x" { when met("Loss") supports "Win" }', ["R130"]),
        ('rule "x" { when progress(adoption) > 1 supports "Win" }', ["R232"]),
        ('rule "x" { when progress("Win", "Win") > 1 supports "Win" }', ["R232"]),
        (HELPS + 'test "t" { given idea.goals = ["W"] expect priority == 0 }', ["R130"]),
        (HELPS + 'test "t" { given idea.voices = 1 expect goals contains "W" }', ["R130"]),
        (HELPS + 'test "t" { given idea.voices = 1 expect progress("Win") > 0 }', ["R209"]),
        (HELPS + 'goal "Win" { signal adoption reach 50% by 2027-12-31 }', ["R108"]),
        (HELPS + 'goal "Calm" { signal adoptoin reach 50% by 2027-12-31 }', ["R330", "R120"]),
        (HELPS + 'goal "Calm" { signal adoption reach 50% by 2027-02-30 }', ["R330", "R014"]),
        ('let calm = met("Win")\nsignal s = count feedback where calm, per day\n' + HELPS, ["R225"]),
    ],
)
def test_what_is_wrong_with_goals_is_said(
    checked: Callable[..., Checked], text: str, codes: list[str]
) -> None:
    assert sorted(found.code for found in checked(GOAL + text).diagnostics) == sorted(codes)


def test_a_misspelt_goal_comes_with_the_right_one(checked: Callable[..., Checked]) -> None:
    (_, unknown) = checked(GOAL + 'rule "x" { when idea.voices > 1 supports "Wni" }').diagnostics

    assert (unknown.message, unknown.hint) == ("there is no goal 'Wni'", "did you mean 'Win'?")


def test_a_goal_that_cannot_be_read_causes_no_echo(checked: Callable[..., Checked]) -> None:
    broken = GOAL.replace("by 2026-12-31 }", "in 2026 }")

    assert [found.code for found in checked(broken + HELPS).diagnostics] == ["R006"]


def test_a_goal_is_laid_out_clause_by_clause() -> None:
    text = 'goal "Win" { signal adoption   fall  to 5%\n by 2026-12-31 because "so" }\n'

    shown = formatted(Source("a.rules", text)).text

    assert (
        shown == 'goal "Win" {\n    signal adoption fall to 5%\n        by 2026-12-31\n    because "so"\n}\n'
    )
    assert formatted(Source("a.rules", shown)).text == shown


def test_a_goal_is_exported_with_its_parts() -> None:
    (_, goal) = exported([Source("a.rules", GOAL)])["files"][0]["statements"]

    assert (goal["node"], goal["name"], goal["reason"]) == ("goal", "Win", None)
    assert (goal["aim"]["signal"], goal["aim"]["verb"]) == ("adoption", "reach")
    assert (goal["aim"]["target"]["value"], goal["aim"]["by"]["value"]) == (0.4, "2026-12-31T00:00:00+00:00")


def test_reach_and_fall_stay_free_for_names() -> None:
    assert evaluate("reach") != "2"  # a name like any other, which is not defined here
    text = "score reach = 2\nscore fall = 1\n"
    assert formatted(Source("a.rules", text)).text == "score reach = 2\nscore fall  = 1\n"


def test_a_goal_of_the_last_day_of_the_calendar_is_looked_at_now() -> None:
    assert target("reach 1%", datetime(9999, 12, 31, tzinfo=UTC)).moment(NOW) == NOW
