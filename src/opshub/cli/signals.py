"""``signals``: numbers over time, and the alerts on them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.view import Column, json_option, say, short, show, table

__all__ = ["signals"]

SIGNALS = (
    Column("signal", "name"),
    Column("per", "period"),
    Column("", "mark"),
    Column("is", "kind"),
    Column("last full periods, the latest at the end", "series"),
)
BREACHES = (
    Column("alert", "alert"),
    Column("since", "since"),
    Column("until", "until"),
    Column("idea", "idea"),
)
SERIES = (Column("begins", "begin"), Column("value", "value", right=True))


@click.group()
def signals() -> None:
    """Show signals over time, and alerts."""


@signals.command("list")
@click.option(
    "--periods", type=click.IntRange(1, 366), default=7, show_default=True, help="Full periods to show."
)
@json_option
@pass_session
def list_(session: Session, periods: int, as_json_: bool) -> None:
    """List all signals with their last full periods, and the breaches of alerts.

    Key signals come first. A period has no value while one is missing: nothing was reported, a share of nothing, or it
    lies before the first feedback.
    """
    with session.hub(reading=True) as hub:
        value = hub.signals(periods)
    zone = session.config().hub.timezone
    show(value, as_json_, lambda ready: _overview(ready, zone))


@signals.command("show")
@click.argument("name")
@click.option(
    "--periods", type=click.IntRange(1, 366), default=30, show_default=True, help="Full periods to show."
)
@json_option
@pass_session
def show_(session: Session, name: str, periods: int, as_json_: bool) -> None:
    """Show one signal: each of its last full periods, which begin in UTC."""
    with session.hub(reading=True) as hub:
        value = hub.signal(name, periods)
    show(value, as_json_, _one)


def _overview(value: Mapping[str, Any], zone: str) -> None:
    rows = [
        {**row, "mark": "key" if row["key"] else "", "series": " ".join(_number(v) for _, v in row["values"])}
        for row in value["signals"]
    ]
    table(rows, SIGNALS, empty="no rule file has a signal")
    if value["breaches"]:
        say("")
        table([_breach(row, zone) for row in value["breaches"]], BREACHES)


def _breach(row: Mapping[str, Any], zone: str) -> dict[str, Any]:
    until = short(row["until"], zone) if row["until"] else "in breach"
    idea = f"IDEA-{row['idea']}" if row["idea"] else ""
    return {"alert": row["alert"], "since": short(row["since"], zone), "until": until, "idea": idea}


def _one(value: Mapping[str, Any]) -> None:
    say(f"{value['name']}: {value['kind']} per {value['period']}, {value['place']}")
    say("")
    rows = [{"begin": _begin(begin, value["period"]), "value": _number(v)} for begin, v in value["values"]]
    table(rows, SERIES)


def _begin(moment: str, period: str) -> str:
    return f"{datetime.fromisoformat(moment):{'%Y-%m-%d %H:%M' if period == 'hour' else '%Y-%m-%d'}}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:,.6g}"
