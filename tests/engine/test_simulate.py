"""What new rules would change: compared idea by idea, with reasons and writes, and nothing stored."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.engine.conftest import LEAVERS

NEW = LEAVERS.replace('["cancel"]', '["export"]').replace("+50", "+20").replace("P1 >= 50", "P1 >= 25")


@pytest.fixture
def known(world: Any) -> Any:
    """Two people, two ideas; the first has its item in the tracker."""
    world.use(LEAVERS)
    world.desk.add(1, "I will cancel", who="ann")
    world.desk.add(2, "the export is slow", who="bo")
    world.hub.sync()
    return world


def test_ideas_that_move_come_with_rank_band_route_and_reasons(known: Any) -> None:
    told = known.hub.simulate(known.rules(NEW))

    first, second = told.moved
    assert (told.ideas, told.changed) == (2, 2)
    assert (first.idea, first.before.rank, first.after.rank) == ("IDEA-1", 1, 2)
    assert (first.before.band, first.after.band) == ("P1", "P2")
    assert (first.before.route, first.after.route) == ("board.EXP", "")
    assert ("vanishes", "priority +50") in [(r.change, r.effect) for r in first.reasons]
    assert ("appears", "priority +20") in [(r.change, r.effect) for r in second.reasons]
    assert told.tags == (("churn-risk", 1, 1),)
    assert told.rules == (("They may leave", 1, 1),)
    assert [(c.before, c.after, c.ideas) for c in told.routes] == [("", "board.EXP", 1), ("board.EXP", "", 1)]


def test_what_would_be_written_is_counted_for_each_field(known: Any) -> None:
    told = known.hub.simulate(known.rules(NEW))

    assert told.writes
    assert all(row.differ <= row.current + row.new for row in told.writes)
    assert any(row.differ for row in told.writes)


def test_nothing_is_stored(known: Any) -> None:
    store = known.hub.store
    before = (store.last_seq(), store.decisions([1, 2]), store.outbox(), store.mark("score"))

    known.hub.simulate(known.rules(NEW))

    assert (store.last_seq(), store.decisions([1, 2]), store.outbox(), store.mark("score")) == before


def test_the_same_rules_change_nothing(known: Any) -> None:
    assert known.hub.simulate().changed == 0
    assert known.hub.simulate(known.rules(LEAVERS)).changed == 0


def test_a_simulation_comes_true_when_the_rules_are_used(known: Any) -> None:
    told = known.hub.simulate(known.rules(NEW))

    known.use(NEW)
    known.hub.sync()

    for moved in told.moved:
        decision = known.hub.show(moved.idea).decision
        assert (decision.scores["priority"], decision.band, decision.route) == (
            moved.after.priority,
            moved.after.band,
            moved.after.route,
        )


def test_a_moment_in_the_past_knows_only_what_was_said_before_it(known: Any) -> None:
    earlier = known.clock.now() - timedelta(days=10)
    created = (earlier - timedelta(days=1)).isoformat()
    known.desk.add(3, "the export is broken", who="cy", created=created)
    known.hub.sync()

    told = known.hub.simulate(known.rules(NEW), at=earlier)

    assert told.ideas == 1
    assert [moved.idea for moved in told.moved] == ["IDEA-3"]
    assert told.writes == ()


def test_only_so_many_ideas_are_shown_the_farthest_first(known: Any) -> None:
    told = known.hub.simulate(known.rules(NEW), limit=1)

    assert [moved.idea for moved in told.moved] == ["IDEA-1"]
    assert told.changed == 2


def test_rules_that_compare_ideas_compare_all_stored_ones(known: Any) -> None:
    known.desk.add(3, "the export is slow", who="cy")
    known.desk.add(4, "the export is slow", who="di")
    known.hub.sync()
    text = "score loud = count feedback\nscore priority = normalize(loud)\n"

    told = known.hub.simulate(known.rules(text))
    known.use(text)
    known.hub.sync()

    after = {moved.idea: moved.after.priority for moved in told.moved}
    assert after == {"IDEA-1": pytest.approx(100 / 3, abs=1e-6), "IDEA-2": 100.0}
    assert known.hub.simulate().changed == 0
