"""What is proven about rules together, and what is left alone because it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from opshub.language import Checked, Field, Kind, Schema, Source, check

Check = Callable[..., Checked]


def _codes(found: Checked) -> list[str]:
    return [diagnostic.code for diagnostic in found.diagnostics]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("idea.voices > 3 or idea.urgent", "idea.urgent"),
        ("idea.voices > 3", "idea.voices > 5 or (idea.voices > 4 and idea.urgent)"),
        ("idea.voices != 3", "idea.voices > 3"),
        ("idea.voices in [1, 2, 3]", "idea.voices in [1, 3]"),
        ("idea.voices < 9", "idea.voices in [1, 3]"),
        ("not (idea.voices > 5)", "not (idea.voices > 3)"),
        ("idea.impact is not missing", "idea.impact > 3"),
        ("no feedback (rating < 0.2)", "no feedback (rating < 0.5)"),
        ("all feedback (rating < 0.5)", "all feedback (rating < 0.2)"),
        ('any feedback (text mentions ["a", "b"])', 'any feedback (text mentions ["b"])'),
    ],
)
def test_a_shadow_is_proven_through_junctions_negations_and_words(
    earlier: str, later: str, checked: Check
) -> None:
    found = checked(
        f'rule "A" {{ when {earlier} route to jira.SEC }}\nrule "B" {{ when {later} route to jira.EXP }}'
    )

    assert _codes(found) == ["R303"]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("idea.urgent", "idea.voices > 3 or idea.urgent"),
        ("idea.voices != 3", "idea.voices >= 3"),
        ("idea.voices in [1, 3]", "idea.voices in [1, 2, 3]"),
        ("not (idea.voices > 3)", "not (idea.voices > 5)"),
        ("all feedback (rating < 0.5)", "no feedback (rating >= 0.5)"),
        ("any feedback (rating < 0.5)", "no feedback (rating < 0.5)"),
        ('any feedback (text mentions ["b"])', 'any feedback (text mentions ["a", "b"])'),
        ('any feedback (rating < 0.5 and text mentions ["a"])', "any feedback (rating < 0.5)"),
    ],
)
def test_what_is_not_proven_is_not_reported(earlier: str, later: str, checked: Check) -> None:
    found = checked(
        f'rule "A" {{ when {earlier} route to jira.SEC }}\nrule "B" {{ when {later} route to jira.EXP }}'
    )

    assert _codes(found) == []


@pytest.mark.parametrize(
    "second",
    [
        'rule "B" { when idea.voices > 3 priority +6 }',
        'rule "B" { when idea.voices > 3 priority +5 tag "x" }',
        'rule "B" { when idea.voices >= 3 priority +5 }',
    ],
)
def test_rules_that_differ_in_anything_do_not_repeat_each_other(second: str, checked: Check) -> None:
    first = 'rule "A" { when idea.voices > 3 priority +5 }\n'

    assert _codes(checked(first + second)) == []
    assert _codes(
        checked(first + first.replace('"A"', '"C"').replace("idea.voices > 3", "3 < idea.voices"))
    ) == ["R320"]


def test_a_circle_is_found_through_several_rules_and_reported_once(checked: Check) -> None:
    found = checked(
        'rule "A" { when idea.tags contains "c" tag "a" }\n'
        'rule "B" { when any feedback (feedback.tags contains "a") tag "b" }\n'
        'rule "C" { when not (idea.tags contains "b") tag "c" }\n'
        'rule "D" { when idea.tags contains "a" tag "d" }'
    )

    assert _codes(found) == ["R321"]
    assert "'A' reads \"c\", which 'C' gives" in found.diagnostics[0].message


@pytest.mark.parametrize(
    ("when", "route", "codes"),
    [
        ('any feedback (visibility in ["internal", "restricted"])', "board.X", ["R322"]),
        ('any feedback (visibility in ["internal", "customer"])', "board.X", []),
        ('any feedback (visibility == "restricted")', "jira.SEC", ["R322"]),
        ('any feedback (visibility == "internal")', "jira.SEC", []),
        ('any feedback (visibility == "internal") or idea.urgent', "board.X", []),
        ('no feedback (visibility == "internal")', "board.X", []),
    ],
)
def test_a_route_is_held_against_the_readers_of_its_destination(
    when: str, route: str, codes: list[str], checked: Check
) -> None:
    assert _codes(checked(f'rule "A" {{ when {when} route to {route} }}')) == codes


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ('idea.tags contains "a"', 'idea.tags contains "b"'),
        ("idea.voices > 3", "idea.voices > idea.persons"),
        ("idea.voices > idea.persons", "idea.voices == 3"),
        ("idea.voices > idea.persons", "idea.voices > 3"),
        ("idea.voices > 3", "idea.voices < 3"),
    ],
)
def test_what_other_values_decide_is_not_proven(earlier: str, later: str, checked: Check) -> None:
    found = checked(
        f'rule "A" {{ when {earlier} route to jira.SEC }}\nrule "B" {{ when {later} route to jira.EXP }}'
    )

    assert _codes(found) == []


@pytest.mark.parametrize(
    ("when", "dead"),
    [
        ("idea.voices in [1, 2] and idea.voices > 5", True),
        ("idea.voices in [1, 7] and idea.voices > 5", False),
        ("idea.voices in [1, 7] and idea.voices > idea.persons", False),
        ("idea.voices < idea.persons and idea.voices > 5", False),
        ("idea.voices < 5 and idea.voices > idea.persons", False),
        ("idea.voices < 5 and idea.voices >= 5", True),
        ("1 > 2 and idea.voices > 5", True),
        ("1 < 2 and idea.voices > 5", False),
    ],
)
def test_a_rule_that_can_never_hold_is_told_where_that_is_certain(
    when: str, dead: bool, checked: Check
) -> None:
    found = checked(f'rule "R" {{ when {when} tag "x" }}')

    assert set(_codes(found)) == {"R306"} if dead else _codes(found) == []


@pytest.mark.parametrize(("size", "told"), [(3, ["R303"]), (60, [])])
def test_a_proof_that_takes_too_long_is_given_up(size: int, told: list[str], checked: Check) -> None:
    earlier = " or ".join(f"idea.voices == {n}" for n in range(size))
    later = " or ".join(f"(idea.voices == {n} and idea.urgent)" for n in reversed(range(size)))

    found = checked(
        f'rule "A" {{ when {earlier} route to jira.SEC }}\nrule "B" {{ when {later} route to jira.EXP }}'
    )

    assert _codes(found) == told


def test_a_rule_that_comes_to_a_route_second_but_routes_nowhere_is_no_shadow(checked: Check) -> None:
    found = checked('rule "A" { when idea.urgent route to jira.SEC }\nrule "B" { when idea.urgent tag "x" }')

    assert _codes(found) == []


def test_only_the_tags_that_the_hub_writes_can_make_a_circle() -> None:
    areas = Field("feedback.fields.areas", Kind.TEXTS, "Areas.", origin="a connection")
    when = 'any feedback (feedback.fields.areas contains "web")'

    found = check([Source("x.rules", f'rule "R" {{ when {when} tag "web" }}')], Schema((), (areas,), {}))

    assert _codes(found) == []


@pytest.mark.parametrize(
    "reads",
    [
        'idea.tags contains any ["cold", "watch"]',
        'any feedback (tags contains all ["watch"])',
        "watched",
        "loud > 3",
        "louder > 3",
    ],
)
def test_a_circle_of_tags_is_found_through_lists_lets_and_scores(reads: str, checked: Check) -> None:
    text = f"""
let watched = idea.tags contains "watch" or idea.urgent
let marked = tags contains "watch"
score loud = count feedback where marked
score louder = loud * 2
rule "A" {{ when idea.tags contains "hot" tag "watch" }}
rule "B" {{ when {reads} tag "hot" }}
"""
    found = checked(text)

    assert [code for code in _codes(found) if code != "R305"] == ["R321"]


def test_a_score_that_reads_other_tags_makes_no_circle(checked: Check) -> None:
    text = (
        'score loud = count feedback where tags contains "cold"\n'
        'rule "A" { when idea.tags contains "hot" tag "watch" }\nrule "B" { when loud > 3 tag "hot" }\n'
    )

    assert _codes(checked(text)) == []


def test_two_alerts_open_ideas_of_their_own(checked: Check) -> None:
    text = """
signal rate = share of feedback where rating < 0.4, per day
alert "A" { when signal rate > 20% open idea "Look" }
alert "B" { when signal rate > 40% open idea "Look again" }
"""
    assert _codes(checked(text)) == []


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("not (idea.impact is not missing and idea.effort > 3)", ["R301"]),
        ("not (idea.impact is not missing and idea.impact > 3)", []),
        ("idea.voices > 2 and (idea.impact > 1 and idea.voices < 9) and idea.impact != 3", []),
        ("idea.impact != 3", ["R302"]),
    ],
)
def test_a_value_that_may_be_missing_is_told_unless_it_is_asked_for(
    when: str, told: list[str], checked: Check
) -> None:
    assert _codes(checked(f'rule "R" {{ when {when} tag "x" }}')) == told
