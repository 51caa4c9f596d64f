"""What people are told: an idea, why it stands where it does, the plan, how the hub is."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opshub.errors import NotFoundError, RateLimitedError
from opshub.model import LinkMaker, Visibility
from opshub.store.rows import OutboxState

ROUTED = """
score priority = 10 * count feedback
score reach = idea.persons

rule "They may leave" {
    when any feedback (text mentions ["cancel"])
    priority +50 because "somebody talks about leaving"
    tag "churn-risk"
    route to board.EXP as urgent
}

bands priority { P1 >= 50, P2 >= 20, P3 otherwise }
"""


@pytest.fixture
def routed(world: Any) -> Any:
    """Two people say the same; the idea has an item in the tracker."""
    world.use(ROUTED)
    world.desk.add(1, "I will cancel", who="ann", visibility="customer")
    world.desk.add(2, "i will CANCEL", who="bo")
    world.hub.sync()
    return world


def test_an_idea_is_shown_with_its_voices_decision_route_and_item(routed: Any) -> None:
    view = routed.hub.show("IDEA-1")

    assert (view.idea.title, view.decision.band, view.decision.scores["priority"]) == (
        "I will cancel",
        "P1",
        70.0,
    )
    assert [(f.ref.id, link.maker, link.reason) for f, link in view.voices] == [
        ("1", LinkMaker.SAME, "it began the idea"),
        ("2", LinkMaker.SAME, "it says the same"),
    ]
    assert (view.route.connection, view.route.project, view.route.urgency) == ("board", "EXP", "urgent")
    assert (view.item_key, view.item_url) == ("EXP-1", "https://board.example/EXP-1")


@pytest.mark.parametrize(
    "name", ["IDEA-1", "idea-1", "1", " IDEA-1 ", "EXP-1", "exp-1", "https://board.example/EXP-1"]
)
def test_an_idea_has_many_names(routed: Any, name: str) -> None:
    assert routed.hub.show(name).idea.number == 1


@pytest.mark.parametrize(
    "name", ["IDEA-99", "", "IDEA-", "IDEA--1", "-1", "١", "9" * 40, "\x00", "'; drop", "NO-1"]
)
def test_an_idea_that_is_not_there_is_named_in_the_error(routed: Any, name: str) -> None:
    with pytest.raises(NotFoundError, match="there is no idea") as raised:
        routed.hub.show(name)

    assert raised.value.hint


def test_why_ends_at_quotes_with_permalinks(routed: Any) -> None:
    why = routed.hub.why("IDEA-1")

    parts = {part.effect: (part.because, [e.quote for e in quotes]) for part, quotes in why.parts}
    (_, quotes) = next(pair for pair in why.parts if pair[0].effect == "priority +50")
    assert parts["priority +50"] == ("somebody talks about leaving", ["I will cancel", "i will CANCEL"])
    assert [(e.url, e.who, e.visibility) for e in quotes] == [
        ("https://desk.example/1", "ann", Visibility.CUSTOMER),
        ("https://desk.example/2", "bo", Visibility.INTERNAL),
    ]
    assert sum(p.amount for p, _ in why.parts if p.score == "priority") == why.decision.scores["priority"]


def test_a_decision_is_explained_in_the_words_of_its_own_rules_until_new_ones_decide(routed: Any) -> None:
    routed.use('rule "Others" { when idea.voices > 0 priority +5 because "new" }')

    before = [part.effect for part, _ in routed.hub.why("IDEA-1", "priority").parts]
    routed.hub.sync()
    after = [(part.effect, part.because) for part, _ in routed.hub.why("IDEA-1", "priority").parts]

    assert before == ["priority = 20", "priority +50"]
    assert after == [("priority +5", "new")]


@pytest.mark.parametrize(
    ("field", "effects"),
    [
        ("priority", ["priority = 20", "priority +50"]),
        ("reach", ["reach = 2"]),
        ("band", ["band P1"]),
        ("tags", ["tag churn-risk"]),
        ("route", ["route to board.EXP as urgent"]),
        ("urgency", ["route to board.EXP as urgent"]),
    ],
)
def test_why_of_one_field_is_only_what_touched_it(routed: Any, field: str, effects: list[str]) -> None:
    why = routed.hub.why("IDEA-1", field)

    assert [part.effect for part, _ in why.parts] == effects


@pytest.mark.parametrize("field", ["nope", "", "s", "prior", "tag "])
def test_why_of_a_field_that_nothing_touched_names_the_fields(routed: Any, field: str) -> None:
    with pytest.raises(NotFoundError, match="no rule touched") as raised:
        routed.hub.why("IDEA-1", field)

    assert "band, goals, owner, priority, reach, route, tags, urgency" in raised.value.hint


def test_a_long_quote_is_cut_and_its_white_space_is_folded(world: Any) -> None:
    world.use(ROUTED)
    world.desk.add(1, "I will cancel \n\n" + "and so on " * 100)
    world.hub.sync(until="score")

    quotes = [quote.quote for _, found in world.hub.why("IDEA-1").parts for quote in found]

    assert {len(quote) for quote in quotes} == {200}
    assert all(quote.startswith("I will cancel and so on") and quote.endswith("…") for quote in quotes)


def test_the_plan_names_places_titles_and_who_approves(world: Any) -> None:
    world.connect("board", apply="approve")
    world.board.add("EXP-1", "Slow export", prio="Low")
    world.desk.add(1, "I will cancel because of EXP-1")
    world.hub.sync(until="score")

    plan = world.hub.plan()

    assert [(row.target, row.field, row.base, row.wish, row.state) for row in plan.rows] == [
        ("EXP-1", "labels", (), ("churn-risk",), OutboxState.PLANNED),
        ("EXP-1", "prio", "Low", "P1", OutboxState.PLANNED),
    ]
    assert plan.titles == {1: "Slow export"}
    assert plan.places == {("board", "EXP-1"): "EXP-1"}
    assert plan.approvals == {"desk": "approve", "board": "approve"}
    assert "priority 60: somebody talks about leaving" in plan.rows[1].why


def test_status_tells_of_records_errors_waits_and_rules(world: Any) -> None:
    world.desk.add(1, "fine")
    world.desk.tickets.append({"id": 2, "text": 5, "created": "2026-01-01T00:00:00+00:00"})
    world.desk.add(3, "fine too")
    until = world.clock.now() + timedelta(hours=1)
    world.desk.failing = RateLimitedError("desk: wait", until=until)
    world.hub.sync()
    world.hub.rule_problems = ("team.rules:3: no",)

    status = world.hub.status()

    desk = next(row for row in status.connections if row["name"] == "desk")
    assert (desk["kind"], desk["records"], desk["bad"]) == ("desk", 2, 1)
    assert (desk["parked_until"], desk["error_kind"]) == (until, "RateLimitedError")
    assert (desk["last_success"], desk["last_attempt"]) == (None, world.clock.now())
    assert (status.ideas, status.bad_records, status.open_wishes, status.conflicts) == (1, 1, 0, 0)
    assert status.rules == ("team.rules:3: no",)
    assert [run.outcome for run in status.last_runs] == ["partly"]


def test_status_counts_wishes_and_conflicts(world: Any) -> None:
    world.board.add("EXP-1", "Slow export", prio="Low")
    world.desk.add(1, "I will cancel because of EXP-1")
    world.hub.sync()
    world.board.items["EXP-1"]["fields"]["prio"] = "Mine"
    world.hub.sync()

    status = world.hub.status()

    assert (status.open_wishes, status.conflicts) == (0, 1)


def test_reading_writes_nothing(routed: Any) -> None:
    before = routed.hub.store.last_seq(), len(routed.hub.store.runs(100))

    routed.hub.show("IDEA-1")
    routed.hub.why("IDEA-1")
    routed.hub.status()
    routed.hub.ranked()

    assert (routed.hub.store.last_seq(), len(routed.hub.store.runs(100))) == before
