"""Of new rules only those that differ are decided: what comes of it is what all of them would have said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import combinations, product

import pytest

from opshub.language import RuleSet
from opshub.language.differing import differing

Rules = Callable[[str], RuleSet]
Row = Callable[..., tuple[object, ...]]

CURRENT = """\
let loud = text mentions ["cancel"]
score reach = count feedback
score heat = reach * 2
rule "leave" { when any feedback (loud) priority +30 tag "churn" route to jira.SEC }
rule "many" { when reach >= 2 priority +5 tag "many" }
rule "hot" { when heat >= 4 and idea.voices > 1 priority +3 }
rule "done" { when idea.status == "Done" priority -20 tag "done" }
bands priority { P1 >= 30, P2 otherwise }
"""
NEW = {
    "the same": CURRENT,
    "points": CURRENT.replace("+30", "+12.5").replace("P1 >= 30", "P1 >= 12"),
    "a number": CURRENT.replace("reach >= 2", "reach >= 3"),
    "a word": CURRENT.replace('["cancel"]', '["cancel", "slow"]'),
    "a score": CURRENT.replace("reach * 2", "reach * 3"),
    "a name": CURRENT.replace("loud", "leaving"),
    "twice": CURRENT + 'rule "again" { when any feedback (loud) tag "twice" route to wiki }\n',
    "order": "".join([*CURRENT.splitlines(keepends=True)[:3], *CURRENT.splitlines(keepends=True)[:2:-1]]),
    "none": "score priority = idea.voices\n",
    "nothing": "bands priority { P1 >= 1, P2 otherwise }\n",
}


@pytest.mark.parametrize("new", NEW)
def test_what_differs_and_what_holds_give_what_all_rules_say(
    rules: Rules, idea: Row, feedback: Row, now: datetime, new: str
) -> None:
    before, after = rules(CURRENT), rules(NEW[new])
    beside = differing(before, after)
    assert beside is not None
    said = [said for count in range(4) for said in combinations(["I cancel", "so slow", "fine", ""], count)]
    for texts, status in product(said, ("Done", None)):
        values = idea(voices=len(texts), status=status, tags=())
        rows = [feedback(text=text, created=now) for text in texts]

        found = beside.decide(values, rows, now, before.decide(values, rows, now).held)

        assert replace(found, due=None) == replace(after.decide(values, rows, now), due=None)
        assert found.explain() == ()


def test_what_the_rules_that_differ_do_not_read_is_not_asked_for(rules: Rules) -> None:
    beside = differing(rules(CURRENT), rules(NEW["a number"]))

    assert beside is not None
    assert [rule.name for rule in beside.part.program.rules] == ["many"]
    assert not beside.part.predicates.names
    assert not {"feedback.text", "idea.status"} & beside.part.reads


def test_a_rule_differs_where_a_score_below_its_score_does(rules: Rules) -> None:
    beside = differing(rules(CURRENT), rules(CURRENT.replace("count feedback", "count distinct accounts")))

    assert beside is not None
    assert [rule.name for rule in beside.part.program.rules] == ["many", "hot"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("score loud = idea.voices\nscore reach = normalize(loud)\n", id="ideas are compared"),
        pytest.param(
            'signal talk = count feedback, per day\nrule "x" { when signal talk > 1 tag "x" }\n',
            id="a signal",
        ),
        pytest.param('rule "x" { when idea.voices > 1 tag "x" stop }\n', id="a rule ends the rest"),
    ],
)
def test_all_rules_are_decided_where(rules: Rules, text: str) -> None:
    assert differing(rules(CURRENT), rules(text)) is None
    assert differing(rules(text), rules(CURRENT)) is None


def test_rules_over_other_fields_are_all_decided(rules: Rules) -> None:
    other = rules(CURRENT)
    schema = replace(other.program.schema, idea=other.program.schema.idea[:-1])

    assert differing(rules(CURRENT), RuleSet(replace(other.program, schema=schema), "other")) is None


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(CURRENT.replace('["cancel"]', '["cancel", "slow"]'), id="a word more"),
        pytest.param(CURRENT.replace('["cancel"]', '["slow"]'), id="another word"),
        pytest.param(CURRENT.replace('mentions ["cancel"]', 'matches "cancel|fine"'), id="another way"),
        pytest.param(CURRENT.replace('"leave"', '"goes"'), id="a rule's name"),
    ],
)
def test_an_idea_is_alike_where_other_searches_find_something_in_the_same_texts(
    rules: Rules, idea: Row, feedback: Row, now: datetime, new: str
) -> None:
    before, after = rules(CURRENT), rules(new)
    beside, searches = differing(before, after), before.predicates | after.predicates
    assert beside is not None
    for texts in product(["I cancel", "so slow", "fine", ""], repeat=2):
        rows = searches.completed([feedback(text=text, created=now) for text in texts])
        values = idea(voices=2, status=None, tags=())
        old, fresh = before.decide(values, rows, now), after.decide(values, rows, now)

        same = all(bool(before.predicates.facts(row)) is bool(after.predicates.facts(row)) for row in rows)

        assert beside.alike(rows) is same
        assert not same or (old.scores, old.tags, old.route) == (fresh.scores, fresh.tags, fresh.route)


@pytest.mark.parametrize("name", ["points", "a number", "a score", "twice", "none"])
def test_nothing_is_alike_where_more_than_searches_differs(
    rules: Rules, feedback: Row, now: datetime, name: str
) -> None:
    beside = differing(rules(CURRENT), rules(NEW[name]))

    assert beside is not None
    assert not beside.alike([(*feedback(text="", created=now), {})])
