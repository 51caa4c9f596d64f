"""Signals follow feedback exactly; alerts begin once, open one idea, and end."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opshub.engine.periods import begin_of, following, recent
from opshub.errors import NotFoundError

DAY = timedelta(days=1)
RULES = """
let cancels = text mentions ["cancel"]
signal pieces = count feedback, per day
signal complaint_rate = share of feedback where cancels, per day
signal monthly = count feedback where cancels, per month
signal double = pieces * 2
"""
ALERT = """
alert "Complaints grow" {
    when signal complaint_rate > 40% for 2 days
    open idea "Experience task force" in board.EXP
    tag "task-force"
    notify "look at it"
}
"""


def add(world: Any, number: int, text: str, days_ago: float) -> None:
    world.desk.add(number, text, created=(world.clock.now() - days_ago * DAY).isoformat())


def values(world: Any, name: str, periods: int = 4) -> list[float | None]:
    return [value for _, value in world.hub.signal(name, periods).values]


def test_a_signal_counts_each_full_period(world: Any) -> None:
    world.use(RULES)
    add(world, 1, "please cancel", 3)
    add(world, 2, "very nice", 3)
    add(world, 3, "also nice", 1)
    world.hub.sync()

    assert values(world, "pieces") == [None, 2.0, 0.0, 1.0]
    assert values(world, "complaint_rate") == [None, 0.5, None, 0.0]
    assert values(world, "double") == [None, 4.0, 0.0, 2.0]
    assert values(world, "monthly", 1) == [1.0]


def test_edits_moves_and_deletions_are_counted_where_they_belong(world: Any) -> None:
    world.use(RULES)
    add(world, 1, "please cancel", 3)
    add(world, 2, "please cancel too", 2)
    add(world, 3, "nice", 1)
    world.hub.sync()

    add(world, 1, "all is well again", 3)
    add(world, 2, "please cancel too", 1)
    world.desk.add(3, "", deleted=True)
    world.hub.sync()

    assert values(world, "pieces") == [None, 1.0, 0.0, 1.0]
    assert values(world, "complaint_rate") == [None, 0.0, None, 1.0]


def test_a_changed_definition_counts_everything_anew(world: Any) -> None:
    world.use(RULES)
    add(world, 1, "please cancel", 2)
    add(world, 2, "we leave", 2)
    world.hub.sync()

    world.use(RULES.replace('["cancel"]', '["cancel", "leave"]'))
    world.hub.sync()

    assert values(world, "complaint_rate") == [None, None, 1.0, None]


def test_signals_that_went_away_and_come_back_miss_nothing(world: Any) -> None:
    world.use(RULES)
    add(world, 1, "please cancel", 2)
    world.hub.sync()
    world.use("signal other = reported, per day")
    add(world, 2, "nice", 2)
    world.hub.sync()
    assert world.hub.signals().signals[0].values[-1][1] is None

    world.use(RULES)
    world.hub.sync()

    assert values(world, "pieces") == [None, None, 2.0, 0.0]


def test_any_history_ends_with_the_values_of_one_count(worlds: Any) -> None:
    """Changes in any order, with syncs between them, against the same feedback counted once."""
    chance = random.Random(7)
    slow, quick = worlds("memory"), worlds("sqlite")
    for world in (slow, quick):
        world.use(RULES)
    for _ in range(25):
        number, text = chance.randrange(8), chance.choice(["cancel it", "nice", "good"])
        age, gone = chance.randrange(60), chance.random() < 0.2
        for world in (slow, quick):
            if gone and world.desk.tickets:
                world.desk.add(number, "", deleted=True)
            else:
                add(world, number, text, age)
        quick.hub.sync()
    slow.hub.sync()

    assert slow.hub.signals(60).signals == quick.hub.signals(60).signals
    assert any(value for _, value in slow.hub.signal("pieces", 60).values)


def test_an_alert_opens_one_idea_with_its_tags_in_its_place(world: Any) -> None:
    world.use(RULES + ALERT)
    add(world, 1, "please cancel", 2)
    add(world, 2, "please cancel as well", 1)
    report = world.hub.sync()

    (idea,) = [idea for idea, _, _ in world.hub.ranked(9) if idea.title == "Experience task force"]
    view = world.hub.show(idea.id)
    why = world.hub.why(idea.id)

    assert view.decision.tags == ("task-force",)
    assert (view.route.connection, view.route.project) == ("board", "EXP")
    (opened,) = [part for part, _ in why.parts if part.effect == "opened this idea"]
    assert dict(opened.saw) == {"complaint_rate, 1 before": 1.0, "complaint_rate": 1.0}
    assert "complaint_rate > 40% for 2 days: 1, 1" in view.voices[0][0].text
    assert report.notices == ["Complaints grow: look at it"]
    assert [breach.alert for breach in world.hub.status().alerts] == ["Complaints grow"]


def test_an_alert_begins_once_and_ends_when_its_condition_does(world: Any) -> None:
    world.use(RULES + ALERT)
    add(world, 1, "please cancel", 2)
    add(world, 2, "please cancel as well", 1)
    world.hub.sync()
    again = world.hub.sync()
    world.clock.advance(DAY)
    add(world, 3, "it is nice", 1)
    ended = world.hub.sync()

    titles = [idea.title for idea, _, _ in world.hub.ranked(9)]
    (breach,) = world.hub.signals().breaches
    view = world.hub.show(f"IDEA-{breach.idea}")

    assert (again.notices, ended.notices) == ([], ["Complaints grow: it is over"])
    assert titles.count("Experience task force") == 1
    assert breach.until == begin_of(world.clock.now(), "hour")
    assert view.decision.tags == ()
    assert view.voices[0][0].text.endswith("UTC.") and "Over since" in view.voices[0][0].text


def test_an_alert_begins_in_the_hour_in_which_its_last_feedback_comes(world: Any) -> None:
    world.use(RULES + ALERT.replace("for 2 days", ""))
    add(world, 1, "very nice", 1)
    world.hub.sync()

    add(world, 2, "please cancel", 1)

    assert world.hub.sync().notices == ["Complaints grow: look at it"]


def test_a_second_breach_opens_a_second_idea(world: Any) -> None:
    world.use(RULES + ALERT.replace("for 2 days", ""))
    add(world, 1, "please cancel", 1)
    world.hub.sync()
    world.clock.advance(DAY)
    world.hub.sync()
    add(world, 2, "cancel now", 0)
    world.clock.advance(DAY)
    world.hub.sync()

    breaches = world.hub.signals().breaches

    assert [breach.until is None for breach in breaches] == [False, True]
    assert len({breach.idea for breach in breaches}) == 2


def test_an_alert_that_left_the_rules_is_over(world: Any) -> None:
    world.use(RULES + ALERT.replace("for 2 days", ""))
    add(world, 1, "please cancel", 1)
    world.hub.sync()

    world.use("score priority = 1")
    report = world.hub.sync()

    assert report.notices == ["Complaints grow: it is over"]
    assert world.hub.status().alerts == ()


def test_what_an_alert_says_is_counted_by_no_signal(world: Any) -> None:
    world.use(RULES + ALERT.replace("for 2 days", ""))
    add(world, 1, "please cancel", 1)
    world.hub.sync()
    world.clock.advance(DAY)
    world.hub.sync()

    assert values(world, "pieces", 2) == [1.0, 0.0]


def test_an_unknown_signal_is_not_found(world: Any) -> None:
    world.use(RULES)

    with pytest.raises(NotFoundError, match="no signal 'piece'"):
        world.hub.signal("piece")


def test_periods_begin_in_utc_and_weeks_on_monday() -> None:
    moment = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

    begun = {period: begin_of(moment, period) for period in ("hour", "day", "week", "month")}

    assert [f"{begin:%m-%d %H}" for begin in begun.values()] == [
        "03-01 09",
        "03-01 00",
        "02-23 00",
        "03-01 00",
    ]
    assert following(begin_of(datetime(2025, 12, 5, tzinfo=UTC), "month"), "month") == datetime(
        2026, 1, 1, tzinfo=UTC
    )
    assert [f"{begin:%Y-%m}" for begin in recent(moment, "month", 3)] == ["2025-12", "2026-01", "2026-02"]
    assert following(datetime(9999, 12, 1, tzinfo=UTC), "month").year == 9999


def test_scoring_reads_the_breaches_of_its_batch_alone(world: Any) -> None:
    world.use(RULES + ALERT.replace("for 2 days", ""))
    add(world, 1, "please cancel", 1)
    world.hub.sync()
    stored, asked = world.hub.store.breaches, []

    def breaches(ideas: Any = None) -> Any:
        asked.append(ideas)
        return stored(ideas)

    world.hub.store.breaches = breaches
    add(world, 2, "something else", 0)
    world.hub.sync()

    scored = {number for idea, _, _ in world.hub.ranked(9) for number in (idea.number,)}
    batches = [ideas for ideas in asked if ideas is not None]
    assert [set(ideas) < scored for ideas in batches] == [True]


def test_an_alert_begins_with_the_feedback_that_brings_it_even_twice_within_an_hour(world: Any) -> None:
    world.use(RULES + ALERT)
    add(world, 1, "very nice", 9)
    world.hub.sync()
    assert world.hub.signals().breaches == ()

    for number, days in enumerate((1, 2), 2):
        add(world, number, "please cancel", days)
    world.hub.sync()

    (breach,) = world.hub.signals().breaches
    assert (breach.alert, breach.until) == ("Complaints grow", None)
