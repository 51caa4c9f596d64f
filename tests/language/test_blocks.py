"""The test blocks that admins write beside their rules."""

from __future__ import annotations

from collections.abc import Callable

from opshub.language import Checked, RuleSet, run_tests

Rules = Callable[[str], RuleSet]
CHURN = (
    'rule "May leave" {\n    when any feedback (text mentions ["cancel"])\n'
    '    priority +30 because "somebody may leave"\n    tag "churn-risk"\n    route to jira.SEC as high\n}\n\n'
)


def test_a_test_that_holds_passes(rules: Rules) -> None:
    found = rules(
        CHURN + 'test "leaving" {\n    given feedback.text = "I cancel"\n    expect priority >= 30, '
        'tags contains "churn-risk", route == "jira.SEC", urgency == "high", band is missing\n}\n'
    )

    (result,) = run_tests(found)

    assert (result.name, result.path, result.line, result.passed) == ("leaving", "0.rules", 8, True)


def test_a_failure_says_what_was_expected_what_came_and_why(rules: Rules) -> None:
    found = rules(
        CHURN + 'test "leaving" {\n    given feedback.text = "I cancel"\n    expect priority >= 50\n}\n'
    )

    (result,) = run_tests(found)

    assert result.failures == (
        "expected priority >= 50, got priority 30\n"
        "  0.rules:1  priority +30 because somebody may leave  (May leave)\n"
        "  0.rules:1  tag churn-risk  (May leave)\n"
        "  0.rules:1  route to jira.SEC as high  (May leave)",
    )


def test_a_failure_without_any_rule_says_so(rules: Rules) -> None:
    found = rules(CHURN + 'test "leaving" {\n    expect tags contains "churn-risk", route == "jira.SEC"\n}\n')

    (result,) = run_tests(found)

    assert result.failures == (
        'expected tags contains "churn-risk", got tags []\n  no rule held',
        'expected route == "jira.SEC", got route nothing\n  no rule held',
    )


def test_each_given_line_is_one_piece_of_feedback_and_ideas_share_theirs(rules: Rules) -> None:
    found = rules(
        "score priority = (count feedback where rating > 0.5) * 10 + idea.voices\n"
        'test "two" {\n    given rating = 0.7, account.id = "a"\n    given rating = 60%\n'
        "    given idea.voices = 2\n    expect priority == 22\n}\n"
    )

    assert run_tests(found)[0].failures == ()


def test_the_clock_of_a_test_can_be_set(rules: Rules) -> None:
    text = (
        "score priority = count feedback where created > ago(7d)\n"
        'test "default" { given created = 2025-12-31 expect priority == 1 }\n'
        'test "later" { given created = 2025-12-31, now = 2026-02-01 expect priority == 0 }\n'
        'test "relative" { given now = 2026-02-01 given created = ago(3d) expect priority == 1 }\n'
    )

    assert [result.failures for result in run_tests(rules(text))] == [(), (), ()]


def test_every_kind_of_value_can_be_given(rules: Rules) -> None:
    found = rules(
        'rule "All" {\n    when idea.urgent and idea.tags contains "b" and idea.impact == -2 and '
        'idea.created < 2025-01-01 and any feedback (visibility == "public")\n    tag "all"\n}\n'
        'test "all" {\n    given idea.urgent = true, idea.tags = ["b", "a"], idea.impact = -2, '
        'idea.created = 2024-05-01\n    given visibility = "public"\n    expect tags contains "all"\n}\n'
    )

    assert run_tests(found)[0].failures == ()


def test_what_is_given_must_be_possible(checked: Callable[..., Checked]) -> None:
    found = checked(
        CHURN
        + 'test "x" {\n    given idea.voices = "3", visibility = "secret", feedback.txt = "a", now = 3d\n'
        '    given idea.tags = "b", idea.impact = 2 * 3, created = idea.created\n'
        '    expect prioritty > 3, tags contains "churn", route == "jira.EXP", urgency == "low", band == "P1"\n}\n'
    )

    assert [d.code for d in found.diagnostics] == [
        "R211", "R102", "R101", "R211", "R211", "R211", "R211", "R101", "R106", "R104", "R112", "R111",
    ]  # fmt: skip
