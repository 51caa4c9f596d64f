"""Ideas with owners: found by them, given to them where the tracker can, told where it cannot."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.engine.conftest import Board

from opshub.engine.connection import Connection
from opshub.engine.facts import schema
from opshub.language import Source, check
from opshub.model import Draft, Override, Receipt

RULES = """
rule "Leavers" {
    when any feedback (text mentions ["cancel"])
    route to board.EXP assign "ann@acme.test"
}
rule "Ours" { when any feedback (text mentions ["export"]) route to inbox assign "bo" }
rule "All" { when idea.voices > 0 route to board.OPS }
"""


class Giving(Board):
    """A board that can give its items to people: it knows one."""

    drafts: list[Draft]

    def assignable(self, project: str, person: str) -> str | None:
        return "1" if person == "ann@acme.test" else None

    def create(self, draft: Draft) -> Receipt:
        self.drafts = [*getattr(self, "drafts", []), draft]
        made = super().create(draft)
        known = not draft.owner or self.assignable(draft.project, draft.owner)
        return made if known else Receipt(target=made.target, refused={"owner": "nobody is meant by it"})


def give(world: Any) -> Giving:
    board = Giving("board", fields=("prio", "labels"))
    world.connect("board", connector=board)
    return board


def use(world: Any, text: str) -> None:
    found = check([Source("own.rules", text)], schema(world.connections))
    assert found.rules is not None
    world.hub.rules = found.rules


def test_ideas_are_found_by_their_owner_and_an_inbox_route_keeps_them(world: Any) -> None:
    use(world, RULES)
    world.desk.add(1, "I will cancel")
    world.desk.add(2, "the export is slow")
    world.desk.add(3, "dark mode")
    world.hub.sync()

    shown = [world.hub.show(f"IDEA-{n}") for n in (1, 2, 3)]

    assert [view.decision.owner for view in shown] == ["ann@acme.test", "bo", ""]
    assert [view.route.project if view.route else None for view in shown] == ["EXP", None, "OPS"]
    assert [idea.id for idea, _, _ in world.hub.ranked(facet=("owner", "bo"))] == ["IDEA-2"]


def test_a_new_item_is_given_to_the_owner_where_the_tracker_can(world: Any) -> None:
    board = give(world)
    use(world, RULES)
    world.desk.add(1, "I will cancel")
    world.desk.add(3, "dark mode")
    report = world.hub.sync()

    assert sorted(draft.owner for draft in board.drafts) == ["", "ann@acme.test"]
    assert report.notices == []


def test_a_new_item_is_given_to_the_owner_that_a_person_set(world: Any) -> None:
    board = give(world)
    use(world, RULES)
    world.desk.add(2, "the export is slow")
    world.hub.sync()
    now = world.clock.now()
    said = {
        "because": "she knows it",
        "who": "bo",
        "at": now,
        "until": now + timedelta(days=1),
        "day": "then",
    }

    world.hub.override("IDEA-1", Override(idea=0, route="board.EXP", owner="ann@acme.test", **said))
    world.hub.sync()

    assert [(draft.project, draft.owner) for draft in board.drafts] == [("EXP", "ann@acme.test")]


def test_an_owner_that_the_tracker_does_not_know_is_told(world: Any) -> None:
    give(world)
    use(world, RULES.replace("ann@acme.test", "zoe"))
    world.desk.add(1, "I will cancel")

    assert world.hub.sync().notices == ["board: IDEA-1 has no owner: nobody is meant by it"]


def test_a_tracker_that_cannot_give_items_is_told_at_the_check_and_is_not_asked(world: Any) -> None:
    found = check([Source("own.rules", RULES)], schema(world.connections))
    give(world)
    able = check([Source("own.rules", RULES)], schema(world.connections))

    assert "R331" in [one.code for one in found.diagnostics]
    assert "R331" not in [one.code for one in able.diagnostics]
    assert isinstance(world.connections[0], Connection)
