"""Ideas read what signals came to: exactly, and decided again only where a signal that is read has moved."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.engine.test_signals import DAY, add

SIGNALS = """
let cancels = text mentions ["cancel"]
signal cancelled = count feedback where cancels, per day
signal pieces = count feedback, per day
"""
RULES = SIGNALS + 'rule "Crisis" { when signal cancelled >= 2 priority +10 tag "crisis" }\n'


def tags(world: Any) -> list[tuple[str, ...]]:
    return sorted(decision.tags for _, decision, _ in world.hub.ranked(9))


def scored(report: Any) -> int:
    (stage,) = [stage for stage in report.stages if stage.name == "score"]
    return int(stage.counts.get("scored", 0))


def test_a_rule_over_ideas_follows_its_signal(world: Any) -> None:
    world.use(RULES)
    add(world, 1, "please cancel", 1)
    add(world, 2, "the export fails", 5)
    world.hub.sync()
    assert tags(world) == [(), ()]

    add(world, 3, "cancel the second order", 1)
    world.hub.sync()
    assert tags(world) == [("crisis",)] * 3

    world.clock.advance(DAY)
    world.hub.sync()
    assert tags(world) == [()] * 3


def test_only_a_signal_that_is_read_decides_ideas_again(world: Any) -> None:
    world.use(RULES)
    add(world, 1, "please cancel", 1)
    add(world, 2, "the export fails", 5)
    world.hub.sync()

    add(world, 3, "the second page is slow", 1)  # moves "pieces", which no rule over ideas reads
    assert scored(world.hub.sync()) == 1
    world.clock.advance(timedelta(hours=2))
    assert scored(world.hub.sync()) == 0
    add(world, 4, "cancel the second order", 1)  # moves "cancelled"
    assert scored(world.hub.sync()) >= 4  # the new one perhaps once more, while pages were on their way


def test_any_order_of_arrival_ends_with_the_same_decisions(worlds: Any) -> None:
    slow, quick = worlds("memory"), worlds("sqlite")
    for world in (slow, quick):
        world.use(RULES + "score heat = 2 * signal cancelled\nscore place = rank(heat)\n")
    for number, text, age in ((1, "cancel it", 1), (2, "nice", 3), (3, "cancel that", 1), (4, "slow", 0)):
        for world in (slow, quick):
            add(world, number, text, age)
        quick.hub.sync()
    slow.hub.sync()

    told = [
        [(idea.title, decision.scores, decision.tags) for idea, decision, _ in w.hub.ranked(9)]
        for w in (slow, quick)
    ]
    assert sorted(map(repr, told[0])) == sorted(map(repr, told[1]))
    assert any(decision.scores["heat"] == 4.0 for _, decision, _ in slow.hub.ranked(9))


def test_why_shows_the_signal_with_its_period(world: Any) -> None:
    world.use(RULES)
    add(world, 1, "please cancel", 1)
    add(world, 2, "cancel the second order", 1)
    world.hub.sync()

    idea = world.hub.ranked(1)[0][0]
    (part,) = [part for part, _ in world.hub.why(idea.id).parts if part.effect == "tag crisis"]

    assert dict(part.saw) == {"signal cancelled (last full day)": 2.0}


def test_why_not_sees_what_was_noted(world: Any) -> None:
    world.use(RULES)
    add(world, 1, "please cancel", 1)
    world.hub.sync()

    idea = world.hub.ranked(1)[0][0]
    told = world.hub.why_not(idea.id, "Crisis")

    assert [dict(unmet.saw) for unmet in told.unmet] == [{"signal cancelled": 1.0}]


def test_simulated_rules_count_their_own_signals(world: Any) -> None:
    world.use(RULES)
    add(world, 1, "please cancel", 1)
    add(world, 2, "slow export, slow page", 1)
    world.hub.sync()

    other = RULES.replace('["cancel"]', '["cancel", "slow"]')
    told = world.hub.simulate(world.rules(other))
    then = world.hub.simulate(world.rules(other), at=world.clock.now() + 2 * DAY)

    assert told.tags == (("crisis", 2, 0),)
    assert then.tags == ()
    assert tags(world) == [(), ()]


def test_a_simulated_count_is_missing_before_the_first_feedback_and_none_after_it(world: Any) -> None:
    world.use(SIGNALS)
    add(world, 1, "nice", 3)
    world.hub.sync()
    none = SIGNALS + 'rule "Quiet" { when signal pieces == 0 tag "quiet" }\n'

    now = world.clock.now()

    assert world.hub.simulate(world.rules(none)).tags == (("quiet", 1, 0),)
    assert world.hub.simulate(world.rules(none), at=now - 3 * DAY + timedelta(hours=1)).tags == ()
