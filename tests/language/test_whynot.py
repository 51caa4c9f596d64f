"""Why a rule does not hold: the clause that decided, missing apart from false, and the nearest miss."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opshub.language import RuleSet
from opshub.language.interpreter import Truth
from opshub.language.whynot import WhyNot, why_not, why_not_taken

NOW = datetime(2026, 1, 1, tzinfo=UTC)
Rules = Callable[[str], RuleSet]
Make = Callable[..., tuple[object, ...]]


@pytest.fixture
def ask(rules: Rules, idea: Make, feedback: Make) -> Callable[..., WhyNot]:
    """Asks about the last rule of a text."""

    def run(text: str, *rows: dict[str, Any], **values: Any) -> WhyNot:
        program = rules(text if "rule " in text else f'rule "R" {{ when {text} tag "x" }}').program
        return why_not(program, program.rules[-1], idea(**values), [feedback(**{**row}) for row in rows], NOW)

    return run


def _changes(found: WhyNot) -> list[tuple[str, int | None]]:
    return [(change.needed, change.row) for change in found.changes]


def test_only_the_clause_that_decided_is_named(ask: Callable[..., WhyNot]) -> None:
    found = ask('idea.voices > 3 and idea.title == "Export"', voices=9, title="Import")

    assert [(c.text, c.truth, c.saw) for c in found.clauses] == [
        ('idea.title == "Export"', Truth.FALSE, {"idea.title": "Import"})
    ]
    assert _changes(found) == [('"Export"', None)]


def test_a_missing_value_is_said_to_be_missing(ask: Callable[..., WhyNot]) -> None:
    found = ask("idea.impact > 3")

    assert found.clauses[0].truth is Truth.MISSING
    assert found.clauses[0].saw == {"idea.impact": None}
    assert _changes(found) == [("more than 3", None)]


@pytest.mark.parametrize(
    ("when", "values", "needed"),
    [
        ("idea.impact >= 80", {"impact": 72.5}, "at least 80"),
        ("idea.voices >= 5", {"voices": 3}, "5"),
        ("idea.voices > 5", {"voices": 3}, "6"),
        ("idea.voices < 5", {"voices": 9}, "4"),
        ("5 < idea.voices", {"voices": 3}, "6"),
        ('idea.status in ["open", "new"]', {"status": "done"}, '"open"'),
        ('idea.tags contains "api"', {"tags": ("web",)}, 'also "api"'),
        ("idea.urgent", {}, "yes"),
        ("idea.impact is not missing", {}, "a value"),
        ("idea.impact is missing", {"impact": 1.0}, "no value"),
        ("idea.impact is missing or not (idea.impact > 3)", {"impact": 5.0}, "at most 3"),
        ("idea.impact * 2 > 10", {"impact": 3.0}, "more than 10"),
    ],
)
def test_the_nearest_miss_is_the_smallest_change_of_one_value(
    when: str, values: dict[str, Any], needed: str, ask: Callable[..., WhyNot]
) -> None:
    found = ask(when, **values)

    assert _changes(found)[0] == (needed, None)


def test_the_nearest_piece_of_feedback_fails_the_fewest_clauses(ask: Callable[..., WhyNot]) -> None:
    when = 'any feedback (kind == "ticket" and rating < 0.5 and text mentions ["cancel", "退款"])'

    found = ask(
        when,
        {"kind": "review", "rating": 0.9, "text": "fine"},
        {"kind": "ticket", "rating": 0.2, "text": "I will leave"},
        {"kind": "ticket", "rating": 0.9, "text": "fine"},
    )

    assert (found.nearest, found.lacking) == (1, 1)
    assert found.clauses[-1].text == 'feedback.text mentions ["cancel", "退款"]'
    assert _changes(found) == [('mentions one of ["cancel", "退款"]', 1)]


def test_a_count_says_how_many_more_and_which_feedback_would_do(ask: Callable[..., WhyNot]) -> None:
    rows = [{"rating": 0.2}, {"rating": 0.6}]

    found = ask("(count feedback where rating < 0.5) >= 2", *rows)

    assert [c.saw for c in found.clauses] == [{"count feedback where feedback.rating < 0.5": 1}]
    assert set(_changes(found)) == {("2", None), ("less than 0.5", 1)}


def test_a_pattern_is_missed_by_a_text_and_says_how_many_match(ask: Callable[..., WhyNot]) -> None:
    rows = [{"kind": "ticket", "text": "no number"}, {"kind": "review", "text": "order #7"}]

    found = ask('any feedback (kind == "ticket" and text matches "order #[0-9]+")', *rows)
    absent = ask('no feedback (text matches "order #[0-9]+")', *rows)
    both = ask('any feedback (rating > 0.5 and text matches "invoice")', {"text": "order", "rating": 0.1})

    needed = 'a text that matches "order #[0-9]+" (1 of 2 does)'
    assert set(_changes(found)) == {(needed, 0), ('"ticket"', 1)}
    assert _changes(absent) == [('a text that does not match "order #[0-9]+" (1 of 2 does)', 1)]
    assert _changes(both) == []
    assert _changes(ask('idea.status matches "^op"', status="new")) == [('a text that matches "^op"', None)]


def test_where_two_values_would_have_to_change_none_is_named(ask: Callable[..., WhyNot]) -> None:
    found = ask("idea.voices > 3 and idea.accounts > 2", voices=1, accounts=1)

    assert [c.saw for c in found.clauses] == [{"idea.voices": 1}, {"idea.accounts": 1}]
    assert found.changes == ()


def test_one_value_that_two_clauses_read_is_one_change(ask: Callable[..., WhyNot]) -> None:
    found = ask("idea.voices > 3 and idea.voices > 5", voices=1)

    assert _changes(found) == [("6", None)]


def test_a_clause_that_reads_the_clock_says_until_when_it_held(ask: Callable[..., WhyNot]) -> None:
    late, soon = NOW - timedelta(days=100), NOW - timedelta(days=10)

    gone = ask("any feedback (created > ago(90d))", {"created": late})
    ahead = ask("(max created) < ago(30d)", {"created": soon})

    assert gone.changes[0].until == late + timedelta(days=90)
    assert ahead.changes[0].since == soon + timedelta(days=30)


def test_what_a_negation_and_no_feedback_ran_into_is_shown(ask: Callable[..., WhyNot]) -> None:
    rows = [{"kind": "ticket"}, {"kind": "review"}]

    denied = ask('not any feedback (kind == "review")', *rows)
    none = ask('no feedback (kind == "review")', *rows)

    assert denied.clauses[0].text == 'not any feedback (feedback.kind == "review")'
    assert none.clauses[0].row == 1
    assert _changes(denied) == _changes(none) == [('anything but "review"', 1)]


def test_an_idea_without_feedback_has_no_nearest_piece(ask: Callable[..., WhyNot]) -> None:
    found = ask("any feedback (rating < 0.5)")

    assert (found.nearest, found.changes) == (None, ())
    assert found.clauses[0].text == "any feedback (feedback.rating < 0.5)"


def test_an_earlier_stop_or_route_is_named(ask: Callable[..., WhyNot]) -> None:
    first = 'rule "First" { when idea.voices > 1 route to jira.SEC stop }\n'

    found = ask(first + 'rule "R" { when idea.voices > 2 route to jira.EXP }', voices=3)

    assert found.step.holds
    assert found.stopped is not None and found.stopped.name == "First"
    assert found.routed is found.stopped


@pytest.mark.parametrize(
    ("when", "values", "needed"),
    [
        ('not (idea.status in ["open", "new"])', {"status": "new"}, ['none of ["open", "new"]']),
        ('not (idea.tags contains "a")', {"tags": ("a", "b")}, ['without "a"']),
        ("idea.tags contains idea.status", {"tags": ("a",)}, []),
        ("idea.tags contains idea.status", {"tags": ("a",), "status": "b"}, ['also "b"']),
        ('idea.tags contains any ["x", "y"]', {"tags": ("a",)}, ['also ["x"]']),
        ('idea.tags contains all ["x", "y"]', {"tags": ("a",)}, ['also ["x", "y"]']),
        ('not (idea.tags contains any ["a", "y"])', {"tags": ("a",)}, ['without ["a", "y"]']),
        (
            "idea.created != 0001-01-01",
            {"created": datetime.min.replace(tzinfo=UTC)},
            ["anything but 0001-01-01"],
        ),
        ("idea.urgent != true", {"urgent": True}, ["anything but True"]),
        ("idea.impact > 1", {"impact": float("nan")}, ["more than 1"]),
        ("(count feedback where rating > 1) != 0", {}, ["anything but 0"]),
    ],
)
def test_what_is_proposed_would_do(
    when: str, values: dict[str, Any], needed: list[str], ask: Callable[..., WhyNot]
) -> None:
    found = ask(when, **values)

    assert [change.needed for change in found.changes] == needed


def test_a_rule_that_neither_stops_nor_routes_stands_in_no_ones_way(ask: Callable[..., WhyNot]) -> None:
    found = ask(
        'rule "A" { when idea.voices > 1 tag "x" }\n'
        'rule "N" { when idea.voices > 9 route to jira.EXP stop }\nrule "B" { when idea.voices > 5 route to jira.SEC }',
        voices=3,
    )

    assert (found.stopped, found.routed) == (None, None)


def test_what_would_have_to_be_later_than_the_last_day_is_not_proposed(ask: Callable[..., WhyNot]) -> None:
    last = datetime.max.replace(tzinfo=UTC)

    found = ask("any feedback (created > updated)", {"created": NOW, "updated": last})

    assert [change.term.field[1] for change in found.changes] == ["feedback.updated"]


def test_a_moment_behind_the_last_day_is_not_named(ask: Callable[..., WhyNot]) -> None:
    found = ask("idea.created < ago(9d)", created=datetime.max.replace(tzinfo=UTC))

    assert [change.since for change in found.changes] == [None]


def test_a_named_condition_counts_as_what_it_stands_for(ask: Callable[..., WhyNot]) -> None:
    text = (
        'let bad = rating < 0.3 and kind == "call"\nlet fine = not bad\n'
        'rule "R" { when any feedback (fine and rating > 2) tag "x" }'
    )

    found = ask(text, {"rating": 0.2, "kind": "call"}, {"rating": 0.9, "kind": "call"})

    assert (found.nearest, found.lacking) == (1, 1)


def test_a_number_that_is_compared_with_days_has_no_moment(ask: Callable[..., WhyNot]) -> None:
    found = ask(
        "any feedback (rating > days_since(created))", {"rating": 0.5, "created": NOW - timedelta(days=3)}
    )

    assert [(change.needed, change.until, change.since) for change in found.changes] == [
        ("more than 3", None, None)
    ]


def test_how_long_ago_it_should_be_is_the_nearest_miss_of_an_age(ask: Callable[..., WhyNot]) -> None:
    late = ask("any feedback (age(created) > 30d)", {"created": NOW - timedelta(days=20)})
    early = ask("age(idea.created) <= 7d", created=NOW - timedelta(days=9))

    assert [(change.term.field[1], change.needed) for change in late.changes] == [
        ("feedback.created", "more than 30d ago")
    ]
    assert [(change.term.field[1], change.needed, change.value) for change in early.changes] == [
        ("idea.created", "at most 7d ago", NOW - timedelta(days=7))
    ]


def test_an_age_beyond_the_calendar_and_one_of_a_fixed_day_are_not_proposed(
    ask: Callable[..., WhyNot],
) -> None:
    assert [change.needed for change in ask("age(idea.created) > 36500d", created=NOW).changes] == [
        "more than 36500d ago"
    ]
    first = datetime.min.replace(tzinfo=UTC)
    older = ask("any feedback (age(feedback.created) > age(idea.created))", {"created": NOW}, created=first)
    assert [change.term.field[1] for change in older.changes if "ago" in change.needed] == ["idea.created"]
    assert ask("age(2026-01-01) > 9000d").changes == ()


def test_a_match_block_tells_which_pieces_it_holds_for_and_why_not_for_the_nearest(
    rules: Rules, feedback: Make
) -> None:
    program = rules('match "M" { when rating < 0.5 and tags contains "ui" to "IDEA-1" }').program
    (home,) = program.homes
    rows = [feedback(rating=0.9), feedback(rating=0.1, tags=("ui",)), feedback(rating=0.2, tags=("api",))]

    some, all_ = why_not_taken(program, home, rows), why_not_taken(program, home, rows[1:2])

    assert (some.holds, some.nearest, some.lacking) == ((1,), 2, 1)
    assert [(c.text, c.truth, c.saw, c.row) for c in some.clauses] == [
        ('feedback.tags contains "ui"', Truth.FALSE, {"feedback.tags": ("api",)}, 2)
    ]
    assert [(change.needed, change.row) for change in some.changes] == [('also "ui"', 2)]
    assert (all_.holds, all_.nearest, all_.clauses, all_.changes) == ((0,), None, (), ())
