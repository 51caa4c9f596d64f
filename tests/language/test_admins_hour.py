"""The admin's hour: usual mistakes in the rules of the manual's page get one message each, which says what to write."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from opshub.language import Checked, Field, Kind, Schema, Source, check, run_tests

PAGE = Path(__file__).parents[2] / "docs" / "admins-hour.md"
RICE = files("opshub_rules").joinpath("rice.rules").read_text(encoding="utf-8")

Slip = tuple[str, str, str, int, str]
"""What stands in the file, what is written instead, and the code, line and hint that are to come."""

SLIPS: dict[str, Slip] = {
    "a misspelt field": ("rating < 0.4", "ratting < 0.4", "R101", 5, "did you mean 'rating'?"),
    "a misspelt field of one's own": (
        'component == "billing"',
        'componnent == "billing"',
        "R101",
        16,
        "did you mean 'feedback.fields.component'?",
    ),
    "a short name that is none": (
        'feedback.fields.component == "billing"',
        'component == "billing"',
        "R101",
        16,
        "did you mean 'feedback.fields.component'?",
    ),
    "a value that the field never has": (
        'component == "billing"',
        'component == "biling"',
        "R102",
        16,
        "did you mean 'billing'?",
    ),
    "= for == in a let": (
        "rating < 0.4",
        "rating = 0",
        "R001",
        5,
        "write '=='; '=' is for let, score and given",
    ),
    "= for == in a rule": (
        'component == "billing"',
        'component = "billing"',
        "R001",
        16,
        "write '=='; '=' is for let, score and given",
    ),
    "= for == in an alert": (
        "complaint_rate > 20%",
        "complaint_rate = 20%",
        "R001",
        30,
        "write '=='; '=' is for let, score and given",
    ),
    "a missing closing brace": (
        'tag "churn-risk"\n}',
        'tag "churn-risk"\n',
        "R002",
        9,
        "write '}' on a line of its own below line 12",
    ),
    "a missing opening brace": (
        'rule "A paying customer may leave" {',
        'rule "A paying customer may leave"',
        "R002",
        9,
        'write rule "A paying customer may leave" {',
    ),
    "a missing bracket": ('"退款"]', '"退款"', "R002", 4, "write ']' behind what it holds"),
    "a missing parenthesis": ("(paying and leaving)", "(paying and leaving", "R002", 10, "a ')' is missing"),
    "a parenthesis too many": (
        "(paying and leaving)",
        "(paying and leaving))",
        "R002",
        10,
        "leave it out, or is a '(' missing before it?",
    ),
    "a number against a text": ("rating < 0.4", 'rating < "0.4"', "R202", 5, "write 0.4 without quotes"),
    "a text against a number": (
        'plan in ["enterprise", "team"]',
        "plan == 3",
        "R202",
        3,
        'write "3" in quotes',
    ),
    "points in quotes": ("priority +30", 'priority +"30"', "R006", 11, "write 30 without quotes"),
    "an expected number in quotes": (
        "priority == 31",
        'priority == "31"',
        "R202",
        39,
        "write 31 without quotes",
    ),
    "an unknown destination": ("jira.PAY as", "jra.PAY as", "R104", 17, "did you mean 'jira'?"),
    "an unknown destination of an alert": ("in jira.SHOP\n", "in github.SHOP\n", "R104", 31, "one of: jira"),
    "an unknown urgency": ("as high", "as hihg", "R112", 17, "did you mean 'high'?"),
    "a misspelt pack": ('use "rice"', 'use "rise"', "R117", 1, "did you mean 'rice'?"),
    "a dead rule": (
        "rating < 0.4",
        "rating < 0.4 and rating > 0.9",
        "R306",
        5,
        "nothing is both at once; use 'or'?",
    ),
    "stars for a rating": (
        "rating < 0.4",
        "rating <= 2",
        "R336",
        5,
        "it is a share of the scale: of 1 to 5 stars, 1 is 0 and 5 are 1; rating_value is as it was given",
    ),
    "a shadowed route": (
        'component == "billing"',
        'component in ["billing", "board", "export"]',
        "R303",
        22,
        "move it up, or tell their conditions apart",
    ),
    "a unit in full": ("within 90d", "within 90days", "R011", 10, "write 90d"),
    "a unit in Chinese": ("within 90d", "within 90天", "R011", 10, "write 90d"),
    "a unit that is not always as long": (
        "within 90d",
        "within 3months",
        "R011",
        10,
        "months and years differ in length; write 90d",
    ),
    "a unit that could be two": (
        "within 90d",
        "within 3m",
        "R011",
        10,
        "write 3min for minutes, or 90d for months",
    ),
    "no unit": (
        "within 90d",
        "within 90",
        "R006",
        10,
        "write 90min, 90h, 90d or 90w for minutes, hours, days or weeks",
    ),
    "a unit that stands apart": ("within 90d", "within 90 days", "R006", 10, "write 90d"),
    "periods in another unit": (
        "for 2 days",
        "for 2 weeks",
        "R227",
        30,
        "count in days: for 14 days",
    ),
    "periods as a duration": ("for 2 days", "for 2d", "R006", 30, "write 2 days"),
    "a quote that is not closed": (
        'tag "churn-risk"',
        'tag "churn-risk',
        "R004",
        12,
        "end it with '\"' on the same line",
    ),
    "a quote that is missing between two": (
        '"refund", "退款"',
        '"refund, "退款"',
        "R004",
        4,
        'write "refund"',
    ),
    "single quotes": ('tag "churn-risk"', "tag 'churn-risk'", "R012", 12, 'write "churn-risk"'),
    "an operator of mathematics": ("complaint_rate > 20%", "complaint_rate ≥ 20%", "R012", 30, "write '>='"),
    "Chinese quotes and commas": (
        '["cancel", "refund", "退款"]',
        "[“cancel”，“refund”，“退款”]",
        "R005",
        4,
        'type instead:  “ → "   ” → "   ， → ,',
    ),
    "a Chinese colon for =": (
        "score priority = rice",
        "score priority： rice",
        "R005",
        7,
        "type instead:  ： → =",
    ),
    "a Chinese colon for nothing": (
        "priority +30",
        "priority：+30",
        "R005",
        11,
        "type instead:  ： → nothing",
    ),
    "Chinese brackets": (
        "any feedback within 90d (paying and leaving)",
        "any feedback within 90d （paying and leaving）",
        "R005",
        10,
        "type instead:  （ → (   ） → )",
    ),
}


@pytest.fixture(scope="session")
def page() -> str:
    """The rule file of the page."""
    found = re.search(
        r"<!-- file: rules/ours\.rules -->\n```rules\n(.*?)^```$", PAGE.read_text("utf-8"), re.M | re.S
    )
    assert found is not None
    return found[1]


@pytest.fixture
def hour(schema: Schema) -> Callable[[str], Checked]:
    """Checks a rule file with what the page declares."""
    own = Schema(
        idea=(
            *schema.idea,
            *(Field(f"idea.fields.{name}", Kind.NUMBER, "", True) for name in ("impact", "effort")),
        ),
        feedback=(
            *schema.feedback,
            Field(
                "feedback.fields.component",
                Kind.TEXT,
                "",
                True,
                ("export", "board", "billing"),
                origin="desk",
            ),
        ),
        destinations={"jira": None},
        packs={
            "rice": Source("packs/rice.rules", RICE),
        },
    )
    return lambda text: check([Source("rules/ours.rules", text)], own)


def test_the_rules_of_the_page_are_sound_and_pass_their_tests(
    page: str, hour: Callable[[str], Checked]
) -> None:
    found = hour(page)

    assert found.diagnostics == ()
    assert found.rules is not None
    assert [test.failures for test in run_tests(found.rules) if not test.passed] == []


@pytest.mark.parametrize("name", SLIPS)
def test_a_usual_mistake_gets_one_message_that_says_what_to_write(
    name: str, page: str, hour: Callable[[str], Checked]
) -> None:
    before, after, code, line, hint = SLIPS[name]
    assert before in page

    found = hour(page.replace(before, after, 1))

    assert [(d.code, d.line, d.hint) for d in found.diagnostics] == [(code, line, hint)]


def test_a_whole_file_in_chinese_punctuation_is_told_line_by_line_at_once(
    page: str, hour: Callable[[str], Checked]
) -> None:
    wide = str.maketrans("{}()[],>%", "｛｝（）［］，＞％")
    text = "".join(
        re.sub(r'"([^"]*)"', r"“\1”", part).translate(wide) for part in page.splitlines(keepends=True)
    )

    found = hour(text)

    assert {d.code for d in found.diagnostics} == {"R005"}
    typed = [line for line, part in enumerate(text.splitlines(), 1) if set(part) & set("｛｝（）［］，＞％“")]
    assert [d.line for d in found.diagnostics] == typed


def test_a_chinese_colon_in_what_a_test_gives_is_an_equals_sign(
    page: str, hour: Callable[[str], Checked]
) -> None:
    found = hour(page.replace("given  feedback.fields.component =", "given  feedback.fields.component："))

    (told,) = found.diagnostics
    assert (told.code, told.hint) == ("R005", "type instead:  ： → =")


def test_the_page_shows_ten_mistakes_with_place_caret_and_what_to_do() -> None:
    ten = PAGE.read_text("utf-8").partition("## 4.")[2]
    shown = re.findall(r"```diff\n.*?```console\n\$ opshub rules check\n(.*?)```", ten, re.S)

    assert len(shown) == 10
    for output in shown:
        told = re.findall(r"^(?:error|warning)\[R\d+\]: .+\n +--> rules/ours\.rules:\d+:\d+\n", output, re.M)
        assert len(told) == (2 if "R005" in output else 1), output
        assert (
            output.count("^\n")
            == len(re.findall(r"^ +\| +\^+\n +  *= (?!manual)", output, re.M))
            == len(told)
        )


def test_a_word_that_only_unreadable_lines_use_or_give_is_not_missed(
    checked: Callable[..., Checked],
) -> None:
    text = (
        'let big = idea.voices > 5\nrule "R" {\n    when big and\n    tag "a"\n}\n'
        'bands priority { P1 >= , P2 otherwise }\ntest "t" {\n    expect tags contains "a", band == "P1"\n}\n'
    )

    assert [(d.code, d.line) for d in checked(text).diagnostics] == [("R006", 4), ("R006", 6)]


def test_a_tag_that_no_line_gives_is_told_beside_other_mistakes(checked: Callable[..., Checked]) -> None:
    text = (
        'rule "R" {\n    when idea.voices >\n    tag "a"\n}\n'
        'rule "S" { when idea.voices > 3 tag "b" }\ntest "t" { expect tags contains "c" }\n'
    )

    assert [d.code for d in checked(text).diagnostics] == ["R006", "R106"]


@pytest.mark.parametrize("use", ["use “rice”", 'use　"rice"', 'use # the pack\n    "rice"', 'use\n"rice"'])
def test_a_pack_whose_use_is_written_oddly_stops_no_check(use: str, checked: Callable[..., Checked]) -> None:
    found = checked(f"{use}\nscore priority = rice\n")

    assert {d.code for d in found.diagnostics} <= {"R005", "R117"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        (
            "idea.fields.impact",
            'declare it: [connections.NAME.fields.impact] in opshub.toml, NAME a connection that has as = "ideas"',
        ),
        (
            "feedback.fields.severity",
            "declare it: [connections.NAME.fields.severity] in opshub.toml, NAME a connection",
        ),
    ],
)
def test_a_field_that_nobody_declared_is_told_how_to_declare_it(
    name: str, hint: str, checked: Callable[..., Checked]
) -> None:
    (found,) = checked(f"score priority = max ({name} + 1)\n").diagnostics

    assert (found.code, found.hint) == ("R101", hint)
