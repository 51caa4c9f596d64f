"""``status``: how the hub is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.text import line
from opshub.cli.view import Column, heading, json_option, say, short, show, table

__all__ = ["status"]

CONNECTIONS = (
    Column("connection", "name"),
    Column("kind", "kind"),
    Column("records", "records", right=True),
    Column("bad", "bad", right=True),
    Column("last success", "last_success"),
    Column("rests until", "parked_until"),
    Column("error", "error"),
)
RUNS = (
    Column("run", "id", right=True),
    Column("command", "command"),
    Column("started", "started_at"),
    Column("outcome", "outcome"),
)
ALERTS = (Column("alert", "alert"), Column("since", "since"), Column("idea", "idea"))


@click.command()
@click.option(
    "--runs", type=click.IntRange(min=1), default=5, show_default=True, help="How many runs to list."
)
@json_option
@pass_session
def status(session: Session, runs: int, as_json_: bool) -> None:
    """Show how the hub is.

    Connections with their last success and their last error, open changes, conflicts, records that could not be
    understood, the last runs, alerts in breach, match blocks that wait for
    their idea, and what is wrong with the rules.
    """
    with session.hub(reading=True) as hub:
        value = hub.status(runs)
    zone = session.config().hub.timezone
    show(value, as_json_, lambda ready: _view(ready, zone))


def _view(value: Mapping[str, Any], zone: str) -> None:
    table(
        [_times(row, zone) for row in value["connections"]], CONNECTIONS, empty="no connection is configured"
    )
    say("")
    say(f"ideas            {value['ideas']:,}")
    say(f"open changes     {value['open_wishes']:,}" + _next(value["open_wishes"], "opshub plan"))
    say(f"conflicts        {value['conflicts']:,}" + _next(value["conflicts"], "opshub plan"))
    say(f"bad records      {value['bad_records']:,}" + _next(value["bad_records"], "opshub records list"))
    if value["encoder"]:
        made, waiting = value["vectors"]
        more = f", {waiting:,} to come" if waiting else ""
        say(f"encoder          {value['encoder']}: {made:,} vectors{more}")
    say("")
    table([_times(row, zone) for row in value["last_runs"]], RUNS, empty="no run yet: opshub sync")
    if value["alerts"]:
        say("")
        table([_alert(row, zone) for row in value["alerts"]], ALERTS)
    if value["waiting"]:
        say("")
        for sentence in value["waiting"]:
            say(line(sentence))
    for problem in value["rules"]:
        say("")
        heading("The rule files cannot be used; a running daemon goes on with the last good ones:")
        say(problem)


def _alert(row: Mapping[str, Any], zone: str) -> dict[str, Any]:
    idea = f"IDEA-{row['idea']}" if row["idea"] else ""
    return {"alert": row["alert"], "since": short(row["since"], zone), "idea": idea}


def _next(count: int, command: str) -> str:
    return f"   {command}" if count else ""


def _times(row: Mapping[str, Any], zone: str) -> dict[str, Any]:
    names = ("last_success", "last_attempt", "parked_until", "started_at", "ended_at")
    return {**row, **{name: short(row[name], zone) for name in names if row.get(name)}}
