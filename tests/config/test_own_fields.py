"""Fields that an admin declares are read by rules, whatever a vendor sends in them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from opshub.config import check_rules, load
from opshub.errors import ConfigError
from opshub.plugins import Registry

DESK = """\
[connections.desk]
kind = "files"
paths = ["said.csv"]
columns = { id = "no", text = "said", created = "at" }
"""
IMPACT = '\n[connections.desk.fields.impact]\ntype = "number"\n'


@pytest.mark.parametrize(
    ("kind", "cell", "rule"),
    [
        ("number", "7.5", "feedback.fields.x == 7.5"),
        ("money", "1200", "feedback.fields.x == 1200 EUR"),
        ("text", "10", 'feedback.fields.x == "10"'),
        ("yes-no", "yes", "feedback.fields.x"),
        ("date", "2026-05-01", "feedback.fields.x == 2026-05-01"),
        ("texts", "web; app", 'feedback.fields.x contains "app"'),
    ],
)
def test_a_field_of_every_kind_is_read(place: Any, kind: str, cell: str, rule: str) -> None:
    place.configure(
        f'[currencies]\nhub = "EUR"\n\n{DESK}\n[connections.desk.fields.x]\ntype = "{kind}"\n',
        f'rule "it" {{ when any feedback ({rule}) priority +1 }}',
    )
    place.rows("x", cell, "")

    place.sync()

    assert place.scores() == {"Voice 1": 1, "Voice 2": 0}


def test_a_value_of_another_kind_is_missing_and_counted(place: Any) -> None:
    place.configure(DESK + IMPACT, "score priority = sum feedback.fields.impact")
    place.rows("impact", "7", "much", "")

    report = place.sync()

    assert place.scores() == {"Voice 1": 7, "Voice 2": 0, "Voice 3": 0}
    (stage,) = (found for found in report.stages if found.name == "score")
    assert stage.counts["feedback.fields.impact of another kind"] == 1
    assert report.outcome == "done"


def test_a_text_of_digits_is_no_number_where_a_vendor_says_text(place: Any) -> None:
    place.configure(
        DESK.replace("said.csv", "said.jsonl") + IMPACT, "score priority = sum feedback.fields.impact"
    )
    rows: list[Mapping[str, Any]] = [{"impact": True}, {"impact": 3}, {"impact": ["4", "5"]}]
    lines = [json.dumps({"no": n, "at": "2026-05-04", "said": f"Voice {n}", **r}) for n, r in enumerate(rows)]
    place.put("said.jsonl", "\n".join(lines))

    place.sync()

    assert place.scores() == {"Voice 0": 0, "Voice 1": 3, "Voice 2": 0}


def test_a_value_outside_of_the_declared_ones_is_missing(place: Any) -> None:
    place.configure(
        f'{DESK}\n[connections.desk.fields.area]\ntype = "text"\nfrom = "Area"\nvalues = ["web", "app"]\n',
        'rule "it" { when any feedback (feedback.fields.area is not missing) priority +1 }',
    )
    place.rows("Area", "web", "cellar")

    place.sync()

    assert place.scores() == {"Voice 1": 1, "Voice 2": 0}


def test_the_checker_knows_values_and_names(place: Any) -> None:
    place.configure(
        f'{DESK}\n[connections.desk.fields.area]\ntype = "text"\nvalues = ["web", "app"]\n',
        'rule "a" { when any feedback (feedback.fields.area == "wep") priority +1 }\n'
        'rule "b" { when any feedback (feedback.fields.aera == "web") priority +1 }\n'
        'rule "c" { when any feedback (area == "web") priority +1 }\n',
    )

    assert place.findings() == [
        "R102 'wep' is never a value of feedback.fields.area; it is one of web, app (did you mean 'web'?)",
        "R101 there is no 'feedback.fields.aera' (did you mean 'feedback.fields.area'?)",
        "R101 there is no 'area' (did you mean 'feedback.fields.area'?)",
    ]


def test_a_declaration_makes_no_short_name_ambiguous(place: Any) -> None:
    place.configure(
        f'{DESK}\n[connections.desk.fields.plan]\ntype = "text"\n',
        'rule "a" { when any feedback (plan == "x" and feedback.fields.plan == "y") priority +1 }',
    )

    assert place.findings() == []


def test_tests_in_rule_files_give_own_fields(place: Any) -> None:
    from opshub.language import run_tests

    place.configure(
        DESK + IMPACT,
        "score priority = sum feedback.fields.impact\n"
        'test "two" { given feedback.fields.impact = 3\n'
        "given feedback.fields.impact = 4\n expect priority == 7 }",
    )
    rules = check_rules(load(place.folder / "opshub.toml", {})).rules
    assert rules is not None

    assert [result.passed for result in run_tests(rules)] == [True]


def test_another_declaration_decides_all_ideas_anew(place: Any) -> None:
    rules = 'rule "it" { when any feedback (feedback.fields.impact is not missing) priority +1 }'
    place.configure(DESK + IMPACT, rules)
    place.rows("impact,other", "much,5")
    place.sync()
    before = place.scores()

    place.configure(DESK + IMPACT + 'from = "other"\n', rules)
    place.sync()

    assert (before, place.scores()) == ({"Voice 1": 0}, {"Voice 1": 1})


def test_all_mistakes_are_told_at_once_with_their_places(place: Any) -> None:
    place.configure(
        DESK
        + '\n[connections.desk.fields."first impact"]\ntype = "number"\n'
        + '\n[connections.desk.fields.a]\ntype = "nubmer"\n'
        + '\n[connections.desk.fields.b]\ntype = "number"\nvalues = ["1"]\n'
        + '\n[connections.desk.fields.c]\ntype = "money"\ncurrency = "EURO"\n'
        + '\n[connections.desk.fields.d]\ntype = "text"\nvalue = ["x"]\n'
        + "\n[connections.desk.fields.e]\n"
    )

    told = place.mistakes()

    assert 'opshub.toml:6: [connections.desk] "fields.first impact" is no name for rules' in told
    assert '"first_impact"' in told
    assert 'opshub.toml:10: [connections.desk] "fields.a.type" must be "text"' in told
    assert 'did you mean "number"?' in told
    assert 'opshub.toml:12: [connections.desk] "fields.b": "values" is for text and texts' in told
    assert 'opshub.toml:18: [connections.desk] "fields.c.currency" is no currency of ISO 4217' in told
    assert (
        'opshub.toml:22: [connections.desk] unknown setting "fields.d.value"; did you mean "values"?' in told
    )
    assert 'opshub.toml:24: [connections.desk] "fields.e.type" is missing' in told


def test_two_connections_say_the_same_of_a_field_or_are_told(place: Any) -> None:
    other = DESK.replace("desk", "shop") + '\n[connections.shop.fields.impact]\ntype = "text"\n'
    place.configure(DESK + IMPACT + other)

    assert "[connections.shop.fields.impact] says something else than [connections.desk" in place.mistakes()


def test_what_the_hub_writes_cannot_be_read(place: Any) -> None:
    place.configure(DESK + 'write = { score = "impact" }\n' + IMPACT)

    assert '[connections.desk.fields.impact] is "impact", which the hub writes there' in place.mistakes()


@pytest.mark.parametrize(
    "connector",
    [
        'kind = "typeform"\nforms = ["x"]\ntoken = "t"\n',
        'kind = "files"\npaths = ["said.csv"]\ncolumns = { id = "no", text = "said" }\n',
        'kind = "jira"\nurl = "https://jira.test"\nemail = "a@b.test"\ntoken = "t"\nquery = "project = A"\n',
    ],
)
def test_a_text_among_the_fields_is_an_error_that_says_what_to_write(place: Any, connector: str) -> None:
    place.configure(f'[connections.desk]\n{connector}fields = {{ impact = "q7" }}\n')

    with pytest.raises(ConfigError, match=r'"fields\.impact" must be a table') as caught, place.hub():
        pass

    assert 'impact = { type = "text", from = "q7" }' in caught.value.hint


def _toml(name: str, settings: Mapping[str, object]) -> str:
    return f"[connections.{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in settings.items())


def test_a_number_that_zendesk_spells_as_a_text_is_a_number(place: Any) -> None:
    twin = Registry().twin("zendesk")()
    number = twin.add_field("Impact", type="decimal")
    ticket = twin.add_ticket("Voice", "It is slow.")
    twin.update_ticket(ticket, custom_fields=[{"id": number, "value": "7.5"}])
    with twin.serve() as url:
        place.configure(
            _toml("desk", twin.settings(url))
            + f'\n[connections.desk.fields.impact]\ntype = "number"\nfrom = "custom_fields.{number}"\n',
            "score priority = sum feedback.fields.impact",
        )
        place.sync()

    assert place.scores() == {"Voice": 7.5}


def test_a_field_of_a_file_may_lie_deeper_in_its_rows(place: Any) -> None:
    place.configure(
        f'{DESK.replace("said.csv", "said.jsonl")}\n[connections.desk.fields.team]\ntype = "text"\n'
        'from = "owner.team[].name"\n',
        'rule "it" { when any feedback (feedback.fields.team == "web") priority +1 }',
    )
    deep = {"no": "1", "at": "2026-05-04", "said": "Voice 1", "owner": {"team": [{"name": "web"}]}}
    place.put("said.jsonl", json.dumps(deep) + "\n")

    place.sync()

    assert place.scores() == {"Voice 1": 1}


@pytest.mark.parametrize("called", ["customfield_10042", "Score", "score"])
@pytest.mark.parametrize("role", ["ideas", "feedback"])
def test_jira_is_asked_for_fields_that_are_only_read(place: Any, role: str, called: str) -> None:
    twin = Registry().twin("jira")()
    twin.add("Export", custom={"customfield_10042": 7.5})
    with ExitStack() as closing:
        url = closing.enter_context(twin.serve())
        read = "idea.fields.worth" if role == "ideas" else "sum feedback.fields.worth"
        place.configure(
            _toml("board", {**twin.settings(url), "as": role})
            + '\n[connections.board.fields.worth]\ntype = "number"\n'
            + f'from = "{called}"\n',
            f"score priority = {read}",
        )
        place.sync()

    assert place.scores() == {"Export": 7.5}
