"""Match blocks: what they may ask, what they say of a piece of feedback, and how they are tested."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from opshub.language import Checked, RuleSet, Schema, Source, run_tests
from opshub.language.completion import Known
from opshub.language.coverage import Coverage
from opshub.language.exporting import exported
from opshub.language.formatting import formatted
from opshub.language.hovering import define
from opshub.language.interpreter import Interpreter
from opshub.language.symbols import word_at

Rules = Callable[[str], RuleSet]
Row = Callable[..., tuple[object, ...]]
EXPORT = 'match "Export" { when tags contains "export" to "IDEA-45" }\n'
SLOW = 'match "Slow" { when text mentions ["slow", "hangs"] and rating < 0.5 to idea "It is slow" }\n'


def taken(rules: RuleSet, row: tuple[object, ...]) -> str:
    found = rules.homes.of(row)
    return found.home.name if found is not None else ""


def test_the_first_block_that_holds_takes_a_piece(rules: Rules, feedback: Row) -> None:
    made = rules(EXPORT + SLOW)
    both = feedback(tags=("export",), text="it hangs", rating=0.1)

    assert taken(made, both) == "Export"
    assert taken(rules(SLOW + EXPORT), both) == "Slow"
    assert taken(made, feedback(tags=("ui",), text="it hangs", rating=0.1)) == "Slow"
    assert taken(made, feedback(tags=("ui",), text="it hangs")) == ""


def test_a_reason_for_every_answer_names_the_same_block(rules: Rules, feedback: Row) -> None:
    rows = [feedback(tags=("export",)), feedback(tags=("ui",), text="slow")]

    slow = Interpreter(rules(EXPORT + SLOW).program, (), rows, datetime(2026, 1, 1, tzinfo=UTC))

    assert [home.name if (home := slow.home(n)) else "" for n in (0, 1)] == ["Export", ""]


def test_a_block_says_where_feedback_belongs_and_what_it_saw(rules: Rules, feedback: Row) -> None:
    export, slow = (
        rules(EXPORT + SLOW).homes.of(row)
        for row in (feedback(tags=("export", "ui")), feedback(tags=(), text="it hangs", rating=0.1))
    )

    assert export is not None and slow is not None
    assert (export.home.idea, export.home.begins, export.home.place) == ("IDEA-45", False, "0.rules:1")
    assert dict(export.saw) == {"feedback.tags": ("export", "ui")}
    assert (slow.home.idea, slow.home.begins) == ("It is slow", True)
    assert dict(slow.saw) == {"feedback.rating": 0.1, "feedback.text mentions": "hangs"}


def test_lets_and_parameters_stand_in_blocks(rules: Rules, feedback: Row) -> None:
    made = rules(
        'parameter label = "export"\nlet ours = connection == "desk"\nlet asks = tags contains label and ours\n'
        'match "A" { when asks and not (rating > 0.9) to "FEED-12" }\n'
        'match "B" { when asks to "https://board.test/browse/FEED-13" }\n'
    )

    assert taken(made, feedback(tags=("export",), connection="desk", rating=0.1)) == "A"
    assert taken(made, feedback(tags=("export",), connection="desk", rating=1.0)) == "B"
    assert taken(made, feedback(tags=("export",), connection="shop")) == ""


def test_rules_without_blocks_take_nothing(rules: Rules, feedback: Row) -> None:
    made = rules("score reach = count feedback\n")

    assert made.homes.of(feedback(text="slow")) is None
    assert made.homes.hash == ""


def test_blocks_have_another_name_when_they_could_say_something_else(rules: Rules) -> None:
    one = rules(EXPORT).homes.hash
    same = rules(EXPORT + "score reach = count feedback\n").homes.hash
    others = {
        rules(text).homes.hash
        for text in (
            EXPORT.replace('"export"', '"exports"'),
            EXPORT.replace("45", "46"),
            EXPORT.replace("Export", "Exports"),
            "\n" + EXPORT,
            SLOW + EXPORT,
        )
    }

    assert one == same
    assert len({one, *others}) == 6


def test_a_condition_that_is_asked_twice_costs_once_and_says_the_same(rules: Rules, feedback: Row) -> None:
    dear = "min(3, 4) + max(1, 1) == 4 and account.arr * 2 + account.arr > 4"
    made = rules(
        f'match "A" {{ when ({dear}) and rating < 0.5 to "A-1" }}\nmatch "B" {{ when {dear} to "A-2" }}\n'
    )

    assert taken(made, feedback(account_arr=2, rating=0.9)) == "B"
    assert taken(made, feedback(account_arr=1, rating=0.1)) == ""


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("idea.voices > 1", "'idea.voices' is a field of an idea"),
        ("(count feedback where rating < 0.4) > 1", "'count' asks all feedback of an idea"),
        ("any feedback (rating < 0.4)", "'any' asks all feedback of an idea"),
        ("rating < signal rate", "signal rate is counted over all feedback"),
        ("created > ago(3d)", "'ago' reads the clock"),
        ("age(created) > 3d", "'age' reads the clock"),
        ('progress("Win") > rating', "'progress' asks more than that"),
        ("rank(reach) < 3", "'rank' asks more than that"),
        ("reach > 3", "'reach' is a score of an idea"),
        ("priority > 3", "'priority' is a score of an idea"),
        ('link == "key"', "'link' is known only once it belongs to an idea"),
        ("recent", "'recent' reads the clock"),
        ("popular", "'popular' asks an idea"),
        ("many", "'many' asks an idea"),
        ("keyed and recent", "'keyed' is known only once it belongs to an idea"),
    ],
)
def test_a_block_asks_one_piece_of_feedback_alone(
    when: str, told: str, checked: Callable[..., Checked]
) -> None:
    text = (
        "let recent = created > ago(3d)\nlet popular = idea.voices > 3\nlet many = (count feedback) > 3\n"
        'let keyed = feedback.link == "key"\nscore reach = idea.voices\n'
        'signal rate = reported, per day\ngoal "Win" { signal rate reach 2 by 2026-02-01 }\n'
        'rule "Helps" { when any feedback (recent and keyed) and popular and many supports "Win" }\n'
        f'match "X" {{ when {when} to "IDEA-1" }}\n'
    )

    found = checked(text).diagnostics

    assert {one.code for one in found} == {"R340"}
    assert found[0].message == f"a match block asks one piece of feedback alone; {told}"
    assert all(one.hint for one in found)


def test_each_wrong_part_is_told_once_at_its_place(checked: Callable[..., Checked]) -> None:
    text = 'match "X" { when any feedback (created > ago(3d)) or idea.voices > 3 to "IDEA-1" }\n'

    found = checked(text).diagnostics

    assert [text[one.column - 1 : one.end_column - 1] for one in found] == [
        "any feedback (created > ago(3d))",
        "idea.voices",
    ]


@pytest.mark.parametrize(
    ("to", "hint"),
    [
        ('""', 'write the name of an idea or of a tracked item: to "IDEA-45", to "FEED-12"'),
        (f'idea "{"x" * 101}"', 'write the name of an idea or of a tracked item: to "IDEA-45", to "FEED-12"'),
        ('idea "FEED-12"', 'write: to "FEED-12"'),
        (
            '"Bulk export"',
            'write IDEA-45 or FEED-12; an idea of this title is begun by: to idea "Bulk export"',
        ),
    ],
)
def test_what_names_no_idea_is_told_with_what_does(
    to: str, hint: str, checked: Callable[..., Checked]
) -> None:
    (found,) = checked(f'match "X" {{ when rating < 0.4 to {to} }}\n').diagnostics

    assert (found.code, found.hint) == ("R341", hint)


def test_what_is_wrong_elsewhere_in_a_block_is_told_as_ever(checked: Callable[..., Checked]) -> None:
    text = (
        EXPORT + EXPORT + 'match "X" { when raitng < 0.4 to "IDEA-1" }\nmatch "Y" { when rating to "A-1" }\n'
    )

    found = checked(text).diagnostics

    assert [one.code for one in found] == ["R108", "R342", "R101", "R201"]


def test_a_block_without_its_idea_is_told_where_it_is_missing(checked: Callable[..., Checked]) -> None:
    (found,) = checked('match "X" {\n    when rating < 0.4\n}\n' + EXPORT).diagnostics

    assert (found.code, found.line) == ("R006", 3)
    assert "'to'" in found.message


def test_a_block_that_cannot_be_read_causes_no_echo(checked: Callable[..., Checked]) -> None:
    test = 'test "t" { given feedback.tags = ["export"] expect match == "Export" }\n'

    assert [one.code for one in checked(EXPORT.replace("to ", "too ") + test).diagnostics] == ["R006"]


def test_tests_expect_the_block_that_takes_their_feedback(rules: Rules) -> None:
    made = rules(
        EXPORT
        + 'test "taken" { given feedback.tags = ["export"] expect match == "Export" }\n'
        + 'test "free" { given feedback.tags = ["ui"]\n    expect priority == 0,\n    match is missing }\n'
        + 'test "wrong" { given feedback.tags = ["ui"] expect match in ["Export"] }\n'
    )

    taken, free, wrong = run_tests(made)

    assert (taken.failures, free.failures) == ((), ())
    assert wrong.failures == ('expected match in ["Export"], got match nothing\n  no rule held',)


def test_a_test_of_several_pieces_says_nothing_of_a_block(checked: Callable[..., Checked]) -> None:
    two = (
        'test "t" { given feedback.tags = ["export"] given feedback.tags = ["ui"] expect match is missing }\n'
    )
    other = (
        'test "u" { given feedback.tags = ["export"] given feedback.tags = ["ui"] expect priority == 0 }\n'
    )

    (found,) = checked(EXPORT + two + other).diagnostics

    assert (found.code, found.message) == (
        "R343",
        "'match' is of one piece of feedback; this test gives 2",
    )


def test_a_line_of_a_test_may_begin_with_the_word(rules: Rules) -> None:
    made = rules(
        EXPORT
        + 'test "t" {\n    given feedback.tags = ["export"]\n    expect priority == 0,\n'
        + '           match == "Export",\n           match in ["Export"],\n           match is not missing\n}\n'
    )

    assert [test.failures for test in run_tests(made)] == [()]


def test_blocks_are_covered_as_rules_are(rules: Rules, feedback: Row) -> None:
    made = rules(EXPORT + SLOW + 'test "t" { given feedback.tags = ["export"] expect match == "Export" }\n')
    coverage = Coverage(made)

    coverage.see_tests()
    coverage.see((), [feedback(tags=("export",)), feedback(tags=("export",))], made.tests[0].now)

    assert [(one.name, one.held) for one in coverage.homes()] == [("Export", 2), ("Slow", 0)]
    assert {one.text: (one.tally.true, one.tally.false) for one in coverage.clauses()} == {
        'tags contains "export"': (2, 0),
        'text mentions ["slow", "hangs"] and rating < 0.5': (0, 2),
        'text mentions ["slow", "hangs"]': (0, 2),
        "rating < 0.5": (0, 2),
    }
    assert coverage.reads >= {"feedback.tags", "feedback.rating", "feedback.text"}


def test_a_block_is_laid_out_clause_by_clause() -> None:
    text = 'match "Export"  {when tags contains "export"\nor tags contains "csv" to idea\n"Bulk export"}\n'

    shown = formatted(Source("a.rules", text)).text

    assert shown == (
        'match "Export" {\n    when tags contains "export"\n        or tags contains "csv"\n'
        '    to idea\n        "Bulk export"\n}\n'
    )
    assert formatted(Source("a.rules", shown)).text == shown


def test_a_block_is_exported_with_its_parts() -> None:
    (block,) = exported([Source("a.rules", SLOW)])["files"][0]["statements"]

    assert (block["node"], block["name"], block["when"]["node"]) == ("match", "Slow", "junction")
    assert (block["to"]["node"], block["to"]["name"], block["to"]["begins"]) == ("to", "It is slow", True)


def test_a_test_leads_to_the_block_that_it_expects(schema: Schema) -> None:
    text = EXPORT + 'test "t" { given feedback.tags = ["export"] expect match == "Export" }\n'
    word = word_at(text, text.rindex('"Export"') + 2)
    assert word is not None

    found = define(word, Known.of(schema, [Source("x.rules", text)]))

    assert found is not None
    assert (found.word, found.start) == ("match", text.index("Export"))
