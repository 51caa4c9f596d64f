"""What a person sets in place of the rules: it is laid over the decision, told everywhere, and ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from opshub.engine.values import ranking
from opshub.errors import NotFoundError, UsageError
from opshub.model import Override
from opshub.store import open_store

DAY = timedelta(days=1)


def set_by_ann(world: Any, **what: Any) -> Override:
    """An override of a day."""
    now = world.clock.now()
    made = {"because": "the board wants it", "who": "ann", "at": now, "until": now + DAY, "day": "2026-03-02"}
    return Override(idea=0, **{**made, **what})


@pytest.fixture
def asked(world: Any) -> Any:
    """A world with one idea that is tracked as EXP-1, whose priority is 10 and whose band is P3."""
    world.board.add("EXP-1", "Export", prio="P3", labels=[])
    world.desk.add(1, "EXP-1 please")
    world.hub.sync()
    return world


def decided(world: Any) -> Any:
    return world.hub.show("IDEA-1").decision


def test_a_set_priority_beats_the_rules_and_the_band_follows_it(asked: Any) -> None:
    asked.hub.override("EXP-1", set_by_ann(asked, priority=60.0))

    decision = decided(asked)

    assert (decision.scores["priority"], decision.band) == (60.0, "P1")
    assert decision.ruled == {"priority": 10.0, "band": "P3", "route": ""}
    assert [idea.number for idea, _, _ in asked.hub.ranked()] == [1]


def test_a_set_band_and_set_tags_and_a_set_route_stand_beside_what_the_rules_say(asked: Any) -> None:
    asked.use('rule "All" { when idea.voices > 0 tag "some" route to board.OPS as urgent }\n' + RULES)
    asked.hub.sync()

    asked.hub.override("IDEA-1", set_by_ann(asked, band="P1", tags=("key",), route="board.EXP"))

    decision = decided(asked)
    assert (decision.scores["priority"], decision.band, decision.tags) == (10.0, "P1", ("key", "some"))
    assert (decision.route, decision.urgency) == ("board.EXP", "urgent")
    assert asked.hub.show("IDEA-1").route.project == "EXP"


def test_a_set_route_goes_to_a_project_that_the_connection_names(asked: Any) -> None:
    asked.connect("board", destinations=("EXP", "OPS"))

    with pytest.raises(UsageError, match="'board' has no project 'EPX'") as error:
        asked.hub.override("IDEA-1", set_by_ann(asked, route="board.EPX"))
    asked.hub.override("IDEA-1", set_by_ann(asked, route="board.OPS"))

    assert error.value.hint == "did you mean 'board.EXP'?"
    assert decided(asked).route == "board.OPS"


def test_a_set_route_needs_no_project_where_the_connection_has_its_own(asked: Any) -> None:
    asked.connect("board", destinations=("EXP", "OPS"), based=True)

    asked.hub.override("IDEA-1", set_by_ann(asked, route="board"))

    assert decided(asked).route == "board"
    asked.connect("board", based=False)
    with pytest.raises(UsageError, match="'board' needs a project"):
        asked.hub.override("IDEA-1", set_by_ann(asked, route="board"))


OWNED = 'rule "All" { when idea.voices > 0 route to board.EXP as urgent assign "bo" }\n'


def test_a_set_owner_stands_in_place_of_the_rules_one_and_finds_the_idea(asked: Any) -> None:
    asked.use(OWNED + RULES)
    asked.hub.sync()

    asked.hub.override("IDEA-1", set_by_ann(asked, owner="ann@acme.test"))

    decision = decided(asked)
    assert (decision.owner, decision.ruled["owner"]) == ("ann@acme.test", "bo")
    assert (decision.route, decision.urgency, decision.band) == ("board.EXP", "urgent", "P3")
    assert [idea.id for idea, _, _ in asked.hub.ranked(facet=("owner", "ann@acme.test"))] == ["IDEA-1"]
    assert asked.hub.ranked(facet=("owner", "bo")) == []
    asked.clock.advance(DAY)
    asked.hub.sync()
    assert decided(asked).owner == "bo"


def test_why_tells_who_set_the_owner_and_whom_the_rules_name(asked: Any) -> None:
    asked.use(OWNED + RULES)
    asked.hub.sync()

    asked.hub.override("IDEA-1", set_by_ann(asked, owner="ann@acme.test"))

    found = [(part.effect, dict(part.saw), part.by) for part, _ in asked.hub.why("IDEA-1", "owner").parts]
    assert found == [
        ("owner ann@acme.test", {"the rules": "bo"}, "ann"),
        ("route to board.EXP as urgent assign bo", {"idea.voices": 1}, ""),
    ]


RULES = "score priority = 10 * count feedback\nbands priority { P1 >= 50, P3 otherwise }\n"


def test_why_begins_with_who_set_what_and_the_amounts_still_add_up(asked: Any) -> None:
    asked.hub.override("IDEA-1", set_by_ann(asked, priority=60.0, band="P2", tags=("key",)))

    parts = [part for part, _ in asked.hub.why("IDEA-1").parts]

    first = parts[0]
    assert (first.by, first.until, first.because) == ("ann", "2026-03-02", "the board wants it")
    assert (first.effect, first.saw) == ("priority set to 60", {"the rules": 10.0})
    assert [part.effect for part in parts] == [
        "priority set to 60",
        "band P2",
        "tag key",
        "priority = 10",
    ]
    assert sum(part.amount for part in parts if part.score == "priority") == 60.0
    assert [part.effect for part, _ in asked.hub.why("IDEA-1", "band").parts] == ["band P2"]


def test_the_plan_says_who_set_the_value_and_why(asked: Any) -> None:
    asked.connect("board", apply="approve")

    asked.hub.override("IDEA-1", set_by_ann(asked, priority=60.0, tags=("key",)))

    why = {row.field: row.why for row in asked.hub.plan().rows}
    assert why["prio"] == "priority 60: set by ann until 2026-03-02: the board wants it"
    assert why["labels"] == "set by ann until 2026-03-02: the board wants it"


def test_the_published_list_says_that_a_person_set_it_but_not_who_nor_why(asked: Any) -> None:
    asked.connect("board", publish=5)
    asked.hub.override("IDEA-1", set_by_ann(asked, band="P1"))

    (row,) = ranking(asked.hub.store, asked.connections[1]).rows

    assert (row.band, row.note) == ("P1", "set by a person until 2026-03-02")


def test_it_ends_exactly_at_its_moment(asked: Any) -> None:
    asked.hub.override("IDEA-1", set_by_ann(asked, priority=60.0))

    asked.clock.advance(DAY - timedelta(microseconds=1))
    asked.hub.sync()
    before = decided(asked)
    asked.clock.advance(timedelta(microseconds=1))
    asked.hub.sync()
    after = decided(asked)

    assert (before.band, before.due) == ("P1", asked.clock.now())
    assert (after.scores["priority"], after.band, after.override, after.due) == (10.0, "P3", None, None)
    assert asked.board.items["EXP-1"]["fields"]["prio"] == "P3"


def test_it_survives_a_restart_and_new_rules(asked: Any) -> None:
    asked.hub.override("IDEA-1", set_by_ann(asked, priority=60.0))
    asked.hub.store.close()
    asked.hub.store = open_store(asked.path, clock=asked.clock)

    asked.use(RULES.replace("10 *", "20 *"))
    asked.hub.sync()

    decision = decided(asked)
    assert (decision.scores["priority"], decision.ruled["priority"]) == (60.0, 20.0)


def test_a_new_one_replaces_the_old_and_clearing_lets_the_rules_decide(asked: Any) -> None:
    asked.hub.override("IDEA-1", set_by_ann(asked, priority=60.0, tags=("key",)))
    asked.hub.override("IDEA-1", set_by_ann(asked, band="P2"))
    replaced = decided(asked)

    asked.hub.clear_override("IDEA-1")

    assert (replaced.scores["priority"], replaced.band, replaced.tags) == (10.0, "P2", ())
    assert (decided(asked).band, decided(asked).override) == ("P3", None)
    with pytest.raises(NotFoundError, match="nothing is set by hand for IDEA-1"):
        asked.hub.clear_override("IDEA-1")


def test_an_idea_that_nobody_speaks_for_any_more_goes_nowhere_all_the_same(world: Any) -> None:
    world.desk.add(1, "export")
    world.hub.sync()
    world.hub.override("IDEA-1", set_by_ann(world, route="board.EXP", tags=("key",)))

    world.desk.add(1, "export", deleted=True)
    world.connect("board", apply="never")
    world.hub.sync()

    decision = world.hub.store.decisions([1])[1]
    assert (decision.route, decision.tags, decision.override) == ("", (), None)


def test_a_band_that_the_rules_have_given_up_is_no_longer_set(asked: Any) -> None:
    asked.hub.override("IDEA-1", set_by_ann(asked, band="P1"))

    asked.use("score priority = 1\nbands priority { A >= 50, B otherwise }\n")
    asked.hub.sync()

    assert decided(asked).band == "B"
    assert "band B" in [part.effect for part, _ in asked.hub.why("IDEA-1").parts]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({}, "nothing to set"),
        ({"priority": float("nan")}, "nan is no priority"),
        ({"band": "P9"}, "there is no band 'P9'"),
        ({"tags": (" ",)}, "a tag is empty"),
        ({"owner": " "}, "nobody has this name"),
        ({"owner": "a" * 101}, "nobody has this name"),
        ({"route": "bord.EXP"}, "there is no connection 'bord'"),
        ({"priority": 1.0, "because": " "}, "--because needs a reason"),
    ],
)
def test_what_a_rule_could_not_say_a_person_cannot_set(
    asked: Any, what: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        asked.hub.override("IDEA-1", set_by_ann(asked, **what))

    assert asked.hub.store.overrides([1]) == {}


@pytest.mark.parametrize("days", [0, -1, 4000])
def test_it_must_end_ahead_of_us_and_within_ten_years(asked: Any, days: int) -> None:
    with pytest.raises(UsageError, match="not ahead of us, within ten years"):
        asked.hub.override(
            "IDEA-1", set_by_ann(asked, priority=1.0, until=asked.clock.now() + timedelta(days=days))
        )


def test_both_stores_decide_the_same(worlds: Callable[[str], Any]) -> None:
    told = []
    for kind in ("memory", "sqlite"):
        world = worlds(kind)
        world.desk.add(1, "export")
        world.hub.sync()
        world.hub.override("IDEA-1", set_by_ann(world, priority=60.0, tags=("b", "a")))
        told.append(world.hub.store.decisions([1]))

    assert told[0] == told[1]
