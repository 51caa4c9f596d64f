"""``goals``: where signals should be, by when, and which ideas help."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.text import hang, screen
from opshub.cli.view import Column, heading, json_option, number, say, show, table

__all__ = ["goals"]

GOALS = (
    Column("goal", "name"),
    Column("aim", "aim"),
    Column("now", "now", right=True),
    Column("progress", "share", right=True),
    Column("days left", "days_left", right=True),
    Column("", "state"),
    Column("ideas", "best"),
)
SERIES = (Column("begins", "begin"), Column("value", "value", right=True))
SUPPORTERS = (
    Column("#", "rank", right=True),
    Column("idea", "idea"),
    Column("band", "band"),
    Column("priority", "priority", right=True),
    Column("title", "title"),
    Column("by", "by"),
)
FEW = 3
"""Ideas that the list names for each goal."""

at_option = click.option(
    "--at", metavar="WHEN", help="As signals were at that moment: a day, or a time ago (30d)."
)


@click.group(invoke_without_command=True)
@at_option
@json_option
@click.pass_context
def goals(context: click.Context, at: str | None, as_json_: bool) -> None:
    """List all goals: the signal now, how far it has come, the days that are left, the best ideas that support it.

    A goal is met, missed, on track or behind: on track where the signal would reach its target by going on as over its
    last eight full periods. Once its day is over, what counts is the last full period up to its end.
    """
    if context.invoked_subcommand is not None:
        return
    from opshub.engine.goals import overview

    session = context.find_object(Session)
    assert session is not None
    now = _moment(session, at)
    with session.hub((), reading=True) as hub:
        value = overview(hub.store, hub.rules, now or hub.clock.now(), FEW)
    show(value, as_json_, lambda ready: table(list(map(_row, ready)), GOALS, empty="no rule file has a goal"))


@goals.command("show")
@click.argument("goal")
@click.option(
    "--periods", type=click.IntRange(1, 366), default=8, show_default=True, help="Full periods to show."
)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Ideas to show.")
@at_option
@json_option
@pass_session
def show_(session: Session, goal: str, periods: int, limit: int, at: str | None, as_json_: bool) -> None:
    """Show one goal with its signal over time, and the ideas that support it, best first.

    GOAL is its title, or a part of it that no other goal has.
    """
    from opshub.engine.goals import one

    now = _moment(session, at)
    with session.hub((), reading=True) as hub:
        value = one(hub.store, hub.rules, goal, now or hub.clock.now(), periods, limit)
    show(value, as_json_, _view)


def _moment(session: Session, at: str | None) -> datetime | None:
    from opshub.cli.sync import moment_of
    from opshub.clock import SystemClock

    return None if at is None else moment_of(at, session.config().hub.timezone, SystemClock().now(), "--at")


def _row(goal: Mapping[str, Any]) -> dict[str, Any]:
    more = goal["ideas"] - len(goal["supporters"])
    best = [supporter["idea"] for supporter in goal["supporters"]]
    return {
        **goal,
        "now": _number(goal["value"]),
        "share": "" if goal["progress"] is None else f"{goal['progress']:.0%}",
        "best": ", ".join(best) + f" and {more:,} more" * bool(more) if best else "none",
    }


def _view(value: Mapping[str, Any]) -> None:
    heading(f"{value['name']}  {value['state']}")
    day = f"{datetime.fromisoformat(value['by']):%Y-%m-%d}"
    share = "" if value["progress"] is None else f"{value['progress']:.0%} of the way"
    left = value["days_left"]
    days = f"{left} days left" if left >= 0 else f"{-left} days ago"
    pairs = (
        ("aim", value["aim"]),
        ("because", value["because"]),
        ("now", ", ".join(filter(None, (_number(value["value"]), share)))),
        ("date", f"{day}, {days}"),
        ("written", value["place"]),
    )
    for name, text in pairs:
        if text:
            say(hang(f"{name:<8} ", [text], screen()))
    say("")
    table(
        [{"begin": f"{datetime.fromisoformat(b):%Y-%m-%d}", "value": _number(v)} for b, v in value["series"]],
        SERIES,
    )
    say("")
    rows = [{**row, "rank": rank} for rank, row in enumerate(value["supporters"], 1)]
    table(rows, SUPPORTERS, empty=f'no idea supports it yet: opshub ideas support IDEA "{value["name"]}"')
    if value["ideas"] > len(rows):
        say(f"and {value['ideas'] - len(rows):,} more ideas")


def _number(value: float | None) -> str:
    return "-" if value is None else number(value, 4)
