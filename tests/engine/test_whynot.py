"""Why a rule does not hold for a stored idea."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opshub.engine.regroup import link, unlink
from opshub.errors import NotFoundError

RULES = """
rule "They may leave" { when any feedback (text mentions ["cancel"]) tag "churn-risk" }
rule "Many may leave" { when (count feedback where text mentions ["cancel"]) >= 3 tag "many" }
rule "Large customer" { when any feedback (account.arr > 1000) tag "large" }
"""


@pytest.fixture
def ruled(world: Any) -> Any:
    """One person says something else."""
    world.use(RULES)
    world.desk.add(1, "The export is slow", who="ann", account="acme")
    world.hub.sync()
    return world.hub


def test_the_nearest_feedback_comes_with_its_quote_and_address(ruled: Any) -> None:
    told = ruled.why_not("IDEA-1", "they")

    assert not told.holds
    assert (told.nearest.quote, told.nearest.url) == ("The export is slow", "https://desk.example/1")
    assert told.misses[0].feedback == told.nearest
    assert told.misses[0].needed == 'mentions one of ["cancel"]'


def test_a_missing_value_is_not_a_false_one(ruled: Any) -> None:
    told = ruled.why_not("1", "Large customer")

    assert [unmet.answer for unmet in told.unmet] == ["missing", "missing"]
    assert told.unmet[1].saw == {"account.arr": None}


def test_a_rule_is_found_by_a_part_of_its_name_that_no_other_has(ruled: Any) -> None:
    assert ruled.why_not("1", "MANY may").rule == "Many may leave"

    with pytest.raises(NotFoundError, match="2 rules have 'may leave'"):
        ruled.why_not("1", "may leave")
    with pytest.raises(NotFoundError, match="no rule 'They my leave'") as error:
        ruled.why_not("1", "They my leave")
    assert error.value.hint == "did you mean 'They may leave'?"


BLOCKS = """
match "Imports" { when tags contains "import" and text mentions ["csv"] to "EXP-7" }
match "Dear" { when account.arr > 1000 and rating < 0.5 to idea "What large ones want" }
match "Export form" { when tags contains "export" to "IDEA-1" }
match "Exports of csv" { when tags contains "export" and text mentions ["csv"] to "IDEA-2" }
match "Dear old ones" { when account.arr > 10 to "IDEA-2" }
rule "Imports" { when any feedback (tags contains "import") tag "import" }
"""


@pytest.fixture
def blocked(world: Any) -> Any:
    """Three ideas of one piece each, before any block is in force."""
    world.desk.add(1, "The export is slow", account="acme")
    world.desk.add(2, "dark mode", tags=["ui"])
    world.desk.add(3, "I want CSV", tags=["export"])
    world.hub.sync()
    world.use(BLOCKS)
    return world


def test_a_block_names_the_clauses_that_kept_it_from_a_piece(blocked: Any) -> None:
    told = blocked.hub.why_not("desk:2", "match imports")

    assert (told.rule, told.place, told.to) == ("Imports", "t.rules:2", "EXP-7")
    assert (told.idea.id, told.piece.quote, told.pieces, told.held) == ("IDEA-2", "dark mode", 1, ())
    assert [(unmet.clause, unmet.answer, unmet.saw) for unmet in told.unmet] == [
        ('feedback.tags contains "import"', "false", {"feedback.tags": ("ui",)}),
        ('feedback.text mentions ["csv"]', "false", {"feedback.text": "dark mode"}),
    ]
    assert (told.lacking, told.misses) == (2, ())


def test_a_block_tells_what_is_missing_from_what_is_false(blocked: Any) -> None:
    told = blocked.hub.why_not("desk:1", "Dear")

    assert [(unmet.answer, unmet.saw) for unmet in told.unmet] == [
        ("missing", {"account.arr": None}),
        ("missing", {"feedback.rating": None}),
    ]


def test_of_an_idea_the_nearest_piece_says_why_a_block_took_none(blocked: Any) -> None:
    blocked.desk.add(4, "an importer", tags=["import"])
    blocked.hub.sync()
    blocked.act(link, "desk:4", "IDEA-2")

    told = blocked.hub.why_not("IDEA-2", "match imports")

    assert (told.pieces, told.piece, told.nearest.quote, told.lacking) == (2, None, "an importer", 1)
    assert [unmet.clause for unmet in told.unmet] == ['feedback.text mentions ["csv"]']
    assert [miss.needed for miss in told.misses] == ['mentions one of ["csv"]']
    assert told.misses[0].feedback == told.nearest


def test_a_block_that_holds_says_what_comes_of_it(blocked: Any) -> None:
    def standing(name: str, rule: str) -> tuple[str, str]:
        (held,) = blocked.hub.why_not(name, rule).held
        return held.standing, held.because

    before = standing("desk:3", "Export form")
    blocked.hub.sync()
    blocked.desk.add(5, "csv import", tags=["import"])
    blocked.hub.sync()
    taken, earlier, waits = (
        standing(name, rule)
        for name, rule in (
            ("desk:3", "Export form"),
            ("desk:3", "Exports of csv"),
            ("desk:5", "match Imports"),
        )
    )
    blocked.act(link, "desk:3", "IDEA-2")
    stronger = standing("desk:3", "Export form")

    assert before == ("next sync", "the next sync takes it there")
    assert taken[0] == "taken"
    assert taken[1].startswith("it belongs to IDEA-1, linked by rule: match rule 'Export form' (t.rules:4)")
    assert earlier == ("earlier", "the first block that holds takes it: 'Export form' (t.rules:4)")
    assert waits == ("waits", "there is no EXP-7 yet")
    assert stronger[0] == "stronger"
    assert stronger[1].startswith("a person and a key come before match blocks: linked by person: ")


def test_a_block_does_not_take_what_a_person_took_out_of_its_idea(blocked: Any) -> None:
    blocked.hub.sync()
    blocked.act(unlink, "desk:3")

    (held,) = blocked.hub.why_not("desk:3", "Export form").held

    assert (held.standing, held.because) == ("refused", "a person said that it does not belong to IDEA-1")


def test_what_an_alert_says_is_no_block_s_business(world: Any) -> None:
    world.use(
        'signal talk = count feedback, per day\nalert "Loud" { when signal talk >= 1 open idea "Too loud" }\n'
        'match "All" { when connection == "alerts" to idea "Noise" }\n'
    )
    world.desk.add(1, "The export is slow")
    world.hub.sync()
    world.clock.advance(timedelta(days=1))
    world.hub.sync()

    (held,) = world.hub.why_not("IDEA-2", "All").held

    assert (held.standing, held.because) == ("alert", "no match block takes what an alert says")
    assert held.feedback.feedback.connection == "alerts"


def test_an_idea_without_feedback_gives_a_block_nothing_to_ask(blocked: Any) -> None:
    blocked.hub.sync()

    told = blocked.hub.why_not("IDEA-3", "Export form")

    assert (told.idea.id, told.pieces, told.held, told.unmet, told.nearest) == ("IDEA-3", 0, (), (), None)


def test_a_name_that_both_have_is_the_rules(blocked: Any) -> None:
    assert blocked.hub.why_not("IDEA-2", "imports").place == "t.rules:7"
    assert blocked.hub.why_not("IDEA-2", "Match  Imports").place == "t.rules:2"
    assert blocked.hub.why_not("IDEA-2", "dear").rule == "Dear"

    with pytest.raises(NotFoundError, match="2 rules and match blocks have 'Export' in their name") as many:
        blocked.hub.why_not("IDEA-2", "Export")
    with pytest.raises(NotFoundError, match="no rule 'Exprt form'") as near:
        blocked.hub.why_not("IDEA-2", "Exprt form")
    assert many.value.hint == "rules are: 'match Export form', 'match Exports of csv'"
    assert near.value.hint == "did you mean 'match Export form'?"


def test_a_rule_is_not_asked_about_single_feedback(blocked: Any) -> None:
    with pytest.raises(NotFoundError, match="'Imports' is a rule, and rules ask ideas") as error:
        blocked.hub.why_not("desk:2", "Imports")

    assert error.value.hint.endswith("opshub ideas why-linked desk:2")
