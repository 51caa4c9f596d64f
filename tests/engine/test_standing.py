"""Rules that compare ideas: exact whatever the order of arrival, and nobody is decided anew for nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opshub.engine.score import score
from opshub.engine.values import ranking
from opshub.model import Override

RULES = """
score loud     = count feedback
score fresh    = count feedback where created > ago(2d)
score priority = normalize(loud) + percentile(fresh)

rule "First" { when rank(loud) <= 1 priority +1000 because "nobody is louder" tag "first" }

bands priority { P1 >= 1000, P2 otherwise }
"""
SCALE = "score loud = count feedback\nscore priority = normalize(loud)\n"
TEXTS = ("slow export", "dark mode", "no login", "导出太慢")


def said(world: Any) -> dict[str, Any]:
    """Title → everything that was decided, the number of the idea apart."""
    store = world.hub.store
    found = {idea.title: decision for idea, decision, _ in store.ranked(99)}
    return {title: (it.scores, it.band, it.tags, it.traces, it.due) for title, it in found.items()}


def priorities(world: Any) -> dict[str, float]:
    return {title: told[0]["priority"] for title, told in said(world).items()}


def scored(world: Any) -> int:
    """How many ideas a sync decides."""
    (stage,) = (stage for stage in world.hub.sync().stages if stage.name == "score")
    return int(stage.counts.get("scored", 0))


def test_the_loudest_idea_is_a_hundred_and_the_others_are_shares_of_it(world: Any) -> None:
    world.use(SCALE)
    for number in range(4):
        world.desk.add(number, "slow export")
    world.desk.add(9, "dark mode")

    world.hub.sync()

    assert priorities(world) == {"slow export": 100.0, "dark mode": 25.0}
    told = {part.effect: part.saw for part, _ in world.hub.why("IDEA-2").parts}
    assert told["priority = 25"]["loud at 100"] == 4.0


def test_an_idea_is_decided_again_only_when_what_it_reads_changes(world: Any) -> None:
    world.use(SCALE)
    for number, text in enumerate(["slow export"] * 3 + ["dark mode", "no login"]):
        world.desk.add(number, text)
    world.hub.sync()

    quiet = scored(world)
    world.desk.add(10, "dark mode")
    own = scored(world)
    world.desk.add(11, "slow export")
    highest = scored(world)

    assert (quiet, own) == (0, 1)
    assert highest >= 3
    assert priorities(world) == {"slow export": 100.0, "dark mode": 50.0, "no login": 25.0}


def test_an_idea_that_nobody_speaks_for_any_more_is_compared_with_nobody(world: Any) -> None:
    world.use(SCALE)
    for number, text in enumerate(["slow export"] * 4 + ["dark mode"]):
        world.desk.add(number, text)
    world.hub.sync()

    for number in range(4):
        world.desk.add(number, "slow export", deleted=True)
    world.hub.sync()

    assert priorities(world) == {"dark mode": 100.0}


def test_the_clock_alone_moves_all_that_it_touches(world: Any) -> None:
    world.use("score fresh = count feedback where created > ago(2d)\nscore priority = rank(fresh)\n")
    world.desk.add(1, "slow export")
    world.clock.advance(timedelta(days=1))
    world.desk.add(2, "dark mode", created=world.clock.now().isoformat())
    world.hub.sync()
    before = priorities(world)

    world.clock.advance(timedelta(days=1))
    world.hub.sync()

    assert before == {"slow export": 1.0, "dark mode": 1.0}
    assert priorities(world) == {"slow export": 2.0, "dark mode": 1.0}


def test_rules_that_compare_no_longer_leave_nothing_behind(world: Any) -> None:
    world.use(SCALE)
    world.desk.add(1, "slow export")
    world.hub.sync()

    world.use("score loud = 7\nscore priority = loud\n")
    world.hub.sync()

    assert world.hub.store.standing("loud") == []
    assert priorities(world) == {"slow export": 7.0}


def test_a_set_priority_moves_nobody_else(world: Any) -> None:
    world.use(SCALE)
    world.desk.add(1, "slow export")
    world.desk.add(2, "dark mode")
    world.hub.sync()
    now = world.clock.now()
    by_hand = Override(
        idea=0, priority=900.0, because="so", who="ann", at=now, until=now + timedelta(days=1), day="soon"
    )

    world.hub.override("IDEA-1", by_hand)

    assert priorities(world) == {"slow export": 900.0, "dark mode": 100.0}
    world.connect("board", publish=5)
    assert [row.note for row in ranking(world.hub.store, world.connections[1]).rows] == [
        "set by a person until soon",
        "",
    ]


def test_why_not_sees_the_same_place(world: Any) -> None:
    world.use(SCALE + 'rule "First" { when rank(loud) <= 1 tag "first" }\n')
    for number, text in enumerate(["slow export"] * 4 + ["dark mode"]):
        world.desk.add(number, text)
    world.hub.sync()

    refusal = world.hub.why_not("IDEA-2", "First")

    assert not refusal.holds
    assert refusal.unmet[0].saw == {"rank(loud)": 2.0}


TICKETS = st.lists(
    st.tuples(st.integers(1, 9), st.sampled_from(TEXTS)), min_size=1, max_size=9, unique_by=lambda t: t[0]
)


@given(TICKETS, st.randoms(use_true_random=False), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_arrival_changes_nothing(
    worlds: Callable[[str], Any], tickets: list[tuple[int, str]], chance: Any, size: int, batch: int
) -> None:
    told = []
    for kind, turns in (("memory", 1), ("sqlite", size)):
        world = worlds(kind)
        world.use(RULES)
        world.desk.size = size
        chance.shuffle(tickets)
        for turn in range(turns):
            for number, text in tickets[turn::turns]:
                world.desk.add(number, text)
            world.hub.sync()
        told.append(said(world))

    assert told[0] == told[1]


def test_batches_of_any_size_come_to_the_same(
    worlds: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for size in (1, 1000):
        world = worlds("memory")
        world.use(RULES)
        monkeypatch.setattr(score, "__defaults__", (size,))
        for number in range(8):
            world.desk.add(number, TEXTS[number % 3])
        world.hub.sync()
        told.append(said(world))

    assert told[0] == told[1]
