"""Goals as they stand: measured by their signal, supported by rules and people, and weighed where one of them moves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from opshub.engine.goals import clear_support, find_goal, one, overview, support
from opshub.errors import NotFoundError, StoreError, UsageError
from opshub.model import Point, Ref
from opshub.store.rows import Support

DAY = timedelta(days=1)
RULES = """
signal adoption = reported, per day
goal "Win" { signal adoption reach 40% by 2026-03-31 because "it pays from there" }
goal "Winter calm" { signal adoption fall to 5% by 2026-02-10 }
rule "Helps" { when any feedback (text mentions ["onboarding"]) supports "Win" }
rule "Late" { when idea.goals contains "Win" and progress("Win") < 50% priority +20 }
"""


def report(world: Any, value: float, days_ago: int) -> None:
    """A value of the signal, as a connection would bring it."""
    at = world.clock.now() - timedelta(days=days_ago)
    ref = Ref("app", f"{at:%Y-%m-%d}")
    store = world.hub.store
    with store.transaction():
        store.put_points({ref: [Point(ref=ref, name="adoption", at=at, value=value)]})
        store.set_fact("signals", "")


def said(world: Any, because: str = "it removes the first hurdle") -> Support:
    return Support(0, "", because, "ann", world.clock.now())


def priorities(world: Any) -> dict[str, float]:
    return {idea.id: decision.scores["priority"] for idea, decision, _ in world.hub.ranked(9)}


@pytest.fixture
def known(world: Any) -> Any:
    """Two ideas; the first helps by a rule, and a tenth of all have adopted."""
    world.use(RULES)
    world.desk.add(1, "the onboarding is long")
    world.desk.add(2, "the export is slow")
    report(world, 0.1, 1)
    world.hub.sync()
    return world


def test_a_goal_stands_where_its_signal_does(known: Any) -> None:
    win, calm = overview(known.hub.store, known.hub.rules, known.clock.now(), 3)

    assert (win.value, win.progress, win.days_left, win.state) == (0.1, 0.25, 30, "behind")
    assert (win.aim, win.because) == ("adoption reach 40% by 2026-03-31", "it pays from there")
    assert [(it.idea, it.by) for it in win.supporters] == [("IDEA-1", ("Helps",))]
    assert (calm.value, calm.state) == (None, "no data")  # nothing was reported up to its day


@pytest.mark.parametrize(
    ("values", "state"),
    [([0.1, 0.15], "on track"), ([0.1, 0.1], "behind"), ([0.15, 0.1], "behind"), ([0.1, 0.4], "met")],
)
def test_a_goal_is_on_track_where_its_signal_would_come_there(
    world: Any, values: list[float], state: str
) -> None:
    world.use(RULES)
    for days_ago, value in enumerate(reversed(values), 1):
        report(world, value, days_ago)

    assert overview(world.hub.store, world.hub.rules, world.clock.now(), 0)[0].state == state


def test_after_its_day_a_goal_is_met_or_missed_for_good(world: Any) -> None:
    world.use(RULES.replace("2026-03-31", "2026-02-20"))
    report(world, 0.3, 9)  # on the day itself, 2026-02-20
    report(world, 0.9, 1)

    win, _ = overview(world.hub.store, world.hub.rules, world.clock.now(), 0)

    assert (win.value, win.state, win.days_left) == (0.3, "missed", -9)


def test_a_goal_can_be_looked_at_as_it_stood(world: Any) -> None:
    world.use(RULES)
    report(world, 0.2, 9)
    report(world, 0.4, 1)
    then = datetime.fromisoformat("2026-02-21T00:00:00+00:00")

    found = one(world.hub.store, world.hub.rules, "win", then, 2, 0)

    assert (found.value, found.progress, found.state) == (0.2, 0.5, "behind")
    assert [value for _, value in found.series] == [None, 0.2]


def test_what_a_person_says_is_kept_shown_and_weighed(known: Any) -> None:
    found = known.hub.act("ideas support", lambda work: support(work, "IDEA-2", "win", said(known)))
    why = known.hub.why("IDEA-2", "goals")

    assert (found.idea, found.goal) == (2, "Win")
    assert known.hub.show("IDEA-2").decision.goals == ("Win",)
    assert priorities(known) == {"IDEA-1": 20.0, "IDEA-2": 20.0}
    ((part, _),) = why.parts
    assert (part.effect, part.because, part.by) == ("supports Win", "it removes the first hurdle", "ann")
    assert [idea.id for idea, _, _ in known.hub.ranked(9, facet=("goal", "Win"))] == ["IDEA-1", "IDEA-2"]


def test_what_a_person_said_is_taken_back_and_what_rules_say_stays(known: Any) -> None:
    for idea in ("IDEA-1", "IDEA-2"):
        known.hub.act("ideas support", lambda work, idea=idea: support(work, idea, "Win", said(known)))
        known.hub.act("ideas support", lambda work, idea=idea: clear_support(work, idea, "win"))

    assert [known.hub.show(f"IDEA-{n}").decision.goals for n in (1, 2)] == [("Win",), ()]
    with pytest.raises(NotFoundError, match="nobody said that IDEA-2 supports 'Win'"):
        known.hub.act("ideas support", lambda work: clear_support(work, "IDEA-2", "Win"))


def test_a_goal_that_left_the_rules_is_no_longer_supported_but_can_be_taken_back(known: Any) -> None:
    known.hub.act("ideas support", lambda work: support(work, "IDEA-2", "Win", said(known)))
    known.use("score priority = 1")
    known.hub.sync()

    assert known.hub.show("IDEA-2").decision.goals == ()
    assert known.hub.act("ideas support", lambda work: clear_support(work, "IDEA-2", "Win")) == "Win"


def test_ideas_are_decided_again_when_a_goal_has_moved(known: Any) -> None:
    assert priorities(known)["IDEA-1"] == 20.0

    report(known, 0.3, 1)
    known.hub.sync()
    assert priorities(known)["IDEA-1"] == 0.0

    known.clock.advance(DAY)  # nothing is reported for the day that is over now
    known.hub.sync()
    assert priorities(known)["IDEA-1"] == 0.0


def test_simulated_rules_tell_who_would_support_what(known: Any) -> None:
    other = known.rules(RULES.replace('["onboarding"]', '["export"]'))

    assert known.hub.simulate(other).goals == (("Win", 1, 1),)


def test_why_not_shows_how_the_goal_stands(known: Any) -> None:
    report(known, 0.3, 1)
    known.hub.sync()

    told = known.hub.why_not("IDEA-1", "Late")

    assert [dict(unmet.saw) for unmet in told.unmet] == [{'progress("Win")': pytest.approx(0.75)}]


def test_a_goal_is_found_by_a_part_of_its_title(known: Any) -> None:
    rules = known.hub.rules

    assert [find_goal(rules, name).name for name in ("WIN", "calm")] == ["Win", "Winter calm"]
    with pytest.raises(NotFoundError, match="2 goals have 'wi' in their title"):
        find_goal(rules, "wi")
    with pytest.raises(NotFoundError, match="there is no goal 'Wni'") as failed:
        find_goal(rules, "Wni")
    assert failed.value.hint == "did you mean 'Win'?"


def test_a_reason_that_is_too_long_and_an_idea_that_is_not_there_are_refused(known: Any) -> None:
    with pytest.raises(UsageError, match="500"):
        known.hub.act("x", lambda work: support(work, "IDEA-2", "Win", said(known, "x" * 501)))
    with pytest.raises(NotFoundError):
        known.hub.act("x", lambda work: support(work, "IDEA-9", "Win", said(known)))
    with pytest.raises(StoreError), known.hub.store.transaction():
        known.hub.store.put_support(said(known)._replace(idea=9, goal="Win"))
