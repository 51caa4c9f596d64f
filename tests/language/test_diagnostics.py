"""Every diagnostic: its example, its counter-example, and how it looks, kept as a golden file.

To renew a golden file, delete it and run the tests: it is written, and the test fails once so that somebody reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from opshub.language import Checked, run_tests
from opshub.language.codes import CODES

GOLDEN = Path(__file__).parent / "golden"
_LONG = ("R008", "R010")

Check = Callable[..., Checked]


def _shown(found: Checked) -> str:
    return "\n\n".join(diagnostic.render() for diagnostic in found.diagnostics) + "\n"


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_what_its_example_gets_and_nothing_else(code: str, checked: Check) -> None:
    found = checked(CODES[code].before)

    assert [d.code for d in found.diagnostics] == [code]
    assert found.diagnostics[0].severity == CODES[code].severity
    assert (found.rules is None) == (CODES[code].severity == "error")


@pytest.mark.parametrize("code", CODES)
def test_each_counterexample_is_clean_and_its_tests_pass(code: str, checked: Check) -> None:
    found = checked(CODES[code].after)

    assert found.diagnostics == ()
    assert found.rules is not None
    assert [test.failures for test in run_tests(found.rules) if not test.passed] == []


@pytest.mark.parametrize("code", CODES)
def test_each_diagnostic_looks_like_its_golden_file(code: str, checked: Check) -> None:
    golden = GOLDEN / f"{code}.txt"

    shown = _shown(checked(CODES[code].before))

    if not golden.exists():
        golden.write_text(shown, encoding="utf-8")
        pytest.fail(f"{golden.name} is new; read it and run again")
    assert shown == golden.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", CODES)
def test_each_diagnostic_says_what_to_do(code: str, checked: Check) -> None:
    assert checked(CODES[code].before).diagnostics[0].hint


def test_golden_files_and_codes_are_the_same_set() -> None:
    files = {path.stem for path in GOLDEN.glob("R*.txt")}

    assert files == set(CODES)


def test_all_errors_of_all_files_come_at_once_in_their_order(checked: Check) -> None:
    first = 'rule "A" {\n    when idea.voices = 5\n    priority +5\n}\nscore reach = idea.voicse\n'
    second = 'let a = count feedbak\nrule "B" {\n    when (idea.voices > "3"\n    tag "x"\n}\nscore b = clam(1, 2, 3)\n'

    found = checked(first, second)

    places = [(d.path, d.line, d.code) for d in found.diagnostics]
    assert places == [
        ("0.rules", 2, "R001"),
        ("0.rules", 5, "R101"),
        ("1.rules", 1, "R006"),
        ("1.rules", 3, "R002"),
        ("1.rules", 6, "R103"),
    ]


def test_a_statement_that_cannot_be_read_hides_no_other_and_causes_no_echo(checked: Check) -> None:
    text = "let recent = created > > ago(90d)\nscore reach = count feedback where recent\nscore b = idea.voicse\n"

    found = checked(text)

    assert [(d.code, d.line) for d in found.diagnostics] == [("R006", 1), ("R101", 3)]


def test_a_missing_brace_leaves_the_next_rule_checked(checked: Check) -> None:
    text = 'rule "A" {\n    when idea.voices > 5\n    tag "a"\n\nrule "B" {\n    when idea.voicse > 5\n    tag "b"\n}\n'

    found = checked(text)

    assert [(d.code, d.line) for d in found.diagnostics] == [("R002", 1), ("R101", 6)]


@pytest.mark.parametrize(
    ("wrong", "sign"),
    [
        ("when idea.voices > 5 and （idea.accounts > 2)", "（"),
        ("when idea.voices > 5 and (idea.accounts > 2）", "）"),
        ("when idea.tags contains “security”", "“ ”"),
        ("when idea.voices ＞ 5", "＞"),
        ("when idea.voices > 5；", "；"),
        ('when any feedback (kind in ["a"， "b"])', "，"),
        ('when any feedback (kind in ["a"、 "b"])', "、"),
    ],
)
def test_chinese_punctuation_is_named_with_its_replacement(wrong: str, sign: str, checked: Check) -> None:
    found = checked(f'rule "A" {{\n    {wrong}\n    tag "a"\n}}\n')

    first = found.diagnostics[0]
    assert (first.code, first.message) == ("R005", f"full-width punctuation: {sign}")
    assert {d.code for d in found.diagnostics[1:]} <= {"R012"}  # a semicolon is wrong in ASCII, too


def test_chinese_punctuation_inside_a_text_or_a_comment_is_fine(checked: Check) -> None:
    text = '# 注意：这里，没有问题\nrule "客户，想退订" {\n    when idea.tags contains "安全：高"\n    tag "，"\n}\n'

    found = checked(text)

    assert found.diagnostics == ()


def test_a_caret_stands_under_its_word_behind_chinese_text(checked: Check) -> None:
    found = checked('rule "退款" { when idea.tags contains "退款" and idea.voicse > 5 tag "a" }\n')

    lines = found.diagnostics[0].render().splitlines()
    before = lines[3][: lines[3].index("idea.voicse")]
    wide = sum(2 if ord(c) > 0x2E80 else 1 for c in before)
    assert lines[4].index("^") == wide
    assert lines[4].count("^") == len("idea.voicse")


def test_what_stands_in_a_file_cannot_steer_the_terminal(checked: Check) -> None:
    found = checked('rule "a\x1b[31m" {\n    when idea.voicse\x07 > 5\n    tag "\u202eabc"\n}\n')

    shown = _shown(found)
    assert not set("\x1b\x07\u202e") & set(shown)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ("when idea.voices > 5 AND idea.accounts > 2", "write 'and'"),
        ("when idea.voices > 5 || idea.accounts > 2", "write 'or'"),
        ("when idea.title == 'x'", 'write "x"'),
        ("when any feedback (created > 90d)", "ago(90d)"),
        ('when any feedback (created > "2026-01-01")', "without quotes"),
        ("when idea.title == 5", 'write "5" in quotes'),
        ("when count feedback where rating > 0.5 and 3", "compare it"),
        ('when any feedback (text mentions "refund")', '["refund"]'),
        ('when any feedback (account.plan not in ["free"])', "not (… in [ … ])"),
        ("when any feedback (ratng > 0.5)", "did you mean 'rating'?"),
        ("when impact > 5", "did you mean 'idea.impact'?"),
        ("when created > ago(3d)", "did you mean 'idea.created'?"),
    ],
)
def test_usual_slips_are_told_what_to_do(wrong: str, hint: str, checked: Check) -> None:
    found = checked(f'rule "A" {{\n    {wrong}\n    tag "a"\n}}\n')

    assert found.rules is None
    assert hint in found.diagnostics[0].hint


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("score base = 1\nscore b = count feedback where rating < base", "R209", "'base' is known only when"),
        ("let n = count feedback > 2\nscore b = count feedback where n", "R209", "'n' is known only when"),
        ("let a = mean rating < mean rating and rating > 0\nscore b = count feedback where a", "R209", "'a'"),
        ('rule "R" { when idea.urgent route to board }', "R104", "'board' needs a project"),
        ('rule "R" { when idea.urgent route to jira }', "R104", "'jira' needs a project"),
        ('rule "R" { when idea.urgent route to wiki.X }', "R104", "'wiki' has no projects"),
        ('rule "R" { when idea.urgent route to "no where.X" }', "R104", "no connection 'no where'"),
        (
            'rule "R" { when idea.urgent route to jira.SEC route to jira.EXP }',
            "R303",
            "has routed the idea already",
        ),
        ("let priority = idea.voices > 2", "R110", "'priority' cannot be a name"),
        ("score band = 3", "R110", "'band' cannot be a name"),
        ("let count = 3", "R006", "found 'count'"),
        (
            'rule "R" { when idea.urgent priority +1 }\nrule "R" { when idea.urgent priority +2 }',
            "R108",
            "'R'",
        ),
        ("bands priority { A >= 3, A >= 2 }", "R108", "'A' is defined twice"),
        ("bands priority { A otherwise, B >= 2 }", "R210", "nothing is left"),
        ("bands priority { A >= 2 }\nbands priority { B >= 2 }", "R210", "one bands block"),
        ("bands priorty { A >= 2 }", "R105", "no score 'priorty'"),
        ("score a = round(1, 2, 3)", "R204", "does not take 3 values"),
        ('score a = round("x")', "R204", "not a text"),
        ("score a = count feedback where created > ago(idea.voices)", "R204", "not a number"),
        ('rule "R" { when idea.tags in ["a"] tag "b" }', "R206", "'in' looks for one value"),
        ('rule "R" { when idea.voices in [1, "a"] tag "b" }', "R202", "cannot compare a number with a text"),
        ('rule "R" { when idea.tags contains 3 tag "b" }', "R202", "never contains a number"),
        ('rule "R" { when idea.tags mentions ["a"] tag "b" }', "R206", "'mentions' is for a text"),
        ('rule "R" { when idea.title mentions [" "] tag "b" }', "R206", "only words"),
        (
            'rule "R" { when idea.tags == idea.tags tag "b" }',
            "R202",
            "cannot compare a set of texts with a set of texts",
        ),
        ("score a = sum idea.voices", "R207", "no field of feedback"),
        ("score a = idea.created + 3", "R203", "this is a time"),
        ("score a = 3 days", "R006", "found 'days'"),
        ("score a = 3 + where", "R006", "found 'where'"),
        ("score a = (1", "R002", "'(' is not closed"),
        ("score a = 1)", "R002", "closes nothing"),
        ('rule "R" { when (idea.urgent} tag "b" }', "R002", "'(' is not closed before the '}' of line 1"),
        ("score a =", "R006", "the statement ends"),
        ("priority +3", "R003", "'priority' is not a statement"),
        ('rule "R" { when 1 > 2 tag "a" }', "R306", "1 > 2 is false"),
        ('rule "R" { when idea.voices > 5 and idea.voices < 3 tag "a" }', "R306", "contradicts"),
        ('rule "R" { when idea.status is missing and idea.status == "x" tag "a" }', "R306", "contradicts"),
        ('let a = idea.voices < 3\nrule "R" { when idea.voices >= 3 and a tag "a" }', "R306", "contradicts"),
        ('rule "R" { when not (idea.impact > 3) tag "a" }', "R301", "'idea.impact' may be missing"),
        ('let a = idea.impact > 3\nrule "R" { when not a tag "a" }', "R301", "'idea.impact' may be missing"),
        ('test "t" { expect count feedback > 3 }', "R209", "in a test's expect"),
        ('test "t" { given now = "x" expect priority == 0 }', "R211", "'now' is a date"),
        ('rule "R" { when any feedback (idea.urgent == "x") tag "a" }', "R202", "cannot compare"),
    ],
)
def test_each_slip_is_found_at_its_place(text: str, code: str, part: str, checked: Check) -> None:
    found = checked(text)

    (diagnostic,) = (d for d in found.diagnostics if d.code != "R305")
    assert diagnostic.code == code
    assert part in diagnostic.message


@pytest.mark.parametrize(
    "text",
    [
        'rule "R" { when account.plan is missing tag "a" }',
        'rule "R" { when any feedback (account.plan is missing or account.plan != "x") tag "a" }',
        'rule "R" { when any feedback (account.plan is missing or not (account.plan == "x")) tag "a" }',
        'rule "R" { when any feedback (account.plan != "x" and account.plan is not missing) tag "a" }',
        'rule "R" { when any feedback (account.plan == "x" and not (account.plan in ["y"])) tag "a" }',
        'rule "R" { when not any feedback (account.plan == "x") tag "a" }',
        'rule "R" { when not (idea.voices > 3) tag "a" }',
        'rule "A" { when idea.voices > 5 route to jira.SEC }\nrule "B" { when idea.voices > 3 route to jira.EXP }',
        'rule "A" { when idea.voices > 5 tag "x" stop }\nrule "B" { when idea.voices >= 5 tag "y" }',
        'rule "R" { when idea.voices > 3 and idea.voices < 5 tag "a" }',
        'rule "R" { when idea.voices >= 3 and idea.voices <= 3 tag "a" }',
        'rule "R" { when idea.urgent route to wiki as low }',
        'rule "R" { when idea.urgent route to "board.MY-TEAM" }',
    ],
)
def test_what_is_said_on_purpose_gets_no_warning(text: str, checked: Check) -> None:
    found = checked(
        text.replace("when account", "when any feedback (account").replace("missing tag", "missing) tag")
    )

    assert [d.render() for d in found.diagnostics] == []


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("idea.voices > 3", "idea.voices > 5"),
        ("idea.voices < 5", "idea.voices <= 4"),
        ("idea.voices in [1, 2]", "idea.voices == 2"),
        ("idea.voices >= 2", "2 == idea.voices and idea.urgent"),
        ("any feedback (rating < 0.5)", 'any feedback (rating < 0.3 and kind == "a")'),
        ("idea.urgent", "idea.urgent and idea.voices > 3"),
    ],
)
def test_a_shadowed_route_is_proven_through_thresholds_lists_and_feedback(
    earlier: str, later: str, checked: Check
) -> None:
    found = checked(
        f'let l = {later}\nrule "A" {{ when {earlier} route to jira.SEC }}\nrule "B" {{ when l route to jira.EXP }}'
    )

    assert [d.code for d in found.diagnostics] == ["R303"]
