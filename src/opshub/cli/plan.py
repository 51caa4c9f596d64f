"""``plan``, ``apply``, ``revert``, ``resolve``: what is written to the outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.failing import complain
from opshub.cli.reporting import finish
from opshub.cli.session import Session, pass_session
from opshub.cli.text import hang, line, screen, width_of
from opshub.cli.view import Column, heading, json_option, plain, say, show, table

if TYPE_CHECKING:
    from opshub.engine.reading import Plan

__all__ = ["apply", "plan", "resolve", "revert"]

COLUMNS = (
    Column("item", "item"),
    Column("field", "field"),
    Column("old", "old"),
    Column("new", "new"),
    Column("why", "why"),
    Column("", "state"),
)


STUCK = {
    "conflict": "opshub resolve {connection} {item} {field} --keep hub    (or: --keep remote)",
    "refused": "opshub connections check {connection}; once it is repaired: opshub apply {connection}",
    "sending": "opshub apply {connection}    looks whether it arrived before it sends anything",
}
"""State of a wish that waits for somebody → what to do next."""

NAMES = {"": "new item", "ranking": "ranked list"}
"""Wishes that are no field of an item → what they are called."""

SHOWN = 10
LIST = 48
"""Columns of a list of values before its end is left out."""


@click.command()
@json_option
@pass_session
def plan(session: Session, as_json_: bool) -> None:
    """Show what would be written, old and new value, and why.

    Nothing is sent. Changes wait for `opshub apply`, or for the next sync where the connection says
    `apply = "auto"`. While another process writes, such as the daemon, the plan is shown as it stands.
    """
    with session.hub() as hub:
        owned = {
            (connection.name, remote): hub_field
            for connection in hub.connections
            for hub_field, remote in connection.write.items()
        }
        made = hub.plan()
    show(_value(made, owned), as_json_, _view)
    if made.busy:
        click.echo(f"note: {made.busy}; this is the plan as it stands", err=True)
    for failure in made.failures:
        complain(failure.message, failure.hint)
    click.get_current_context().exit(7 if made.failures else 0)


@click.command()
@click.argument("connections", nargs=-1, metavar="[CONNECTION]...")
@click.option("--max-changes", type=click.IntRange(min=1), help="Allow a plan of this size, this once.")
@json_option
@pass_session
def apply(session: Session, connections: tuple[str, ...], max_changes: int | None, as_json_: bool) -> None:
    """Write the plan.

    With names, only to those connections. Each field is read first: where a person changed it meanwhile, the
    connection's `conflict` setting decides.
    """
    from opshub.cli.progress import watching

    with session.hub() as hub, watching() as looking:
        report = hub.apply(connections, max_changes=max_changes, watch=looking)
    click.get_current_context().exit(finish(report, as_json_))


@click.command()
@click.argument("run", type=click.IntRange(min=1))
@json_option
@pass_session
def revert(session: Session, run: int, as_json_: bool) -> None:
    """Put back what stood there before a run wrote.

    Fields that somebody changed since are left alone. Runs are numbered; `opshub status` lists the last ones.
    """
    with session.hub() as hub:
        report = hub.revert(run)
    click.get_current_context().exit(finish(report, as_json_))


@click.command()
@click.argument("connection")
@click.argument("item")
@click.argument("field")
@click.option("--keep", type=click.Choice(["hub", "remote"]), required=True, help="Whose value stays.")
@pass_session
def resolve(session: Session, connection: str, item: str, field: str, keep: str) -> None:
    """Settle a conflict: keep the hub's value or the remote one.

    CONNECTION, ITEM and FIELD are those of the plan; ITEM is its key (FEED-12) or the vendor's id.
    """
    with session.hub() as hub:
        ids = {key: target for (name, target), key in hub.plan().places.items() if name == connection}
        ids["document"] = ""
        hub.resolve(connection, ids.get(item, item), "ranking" if field == "ranked list" else field, keep)
    kept = "the hub's value; opshub apply writes it" if keep == "hub" else "the remote value"
    say(f"{connection} {item} {field}: keeps {kept}")


def _value(plan: Plan, owned: Mapping[tuple[str, str], str]) -> list[dict[str, Any]]:
    """The plan as plain rows; ``item`` is what people call the target, ``hub_field`` whose value it is."""
    return [
        {
            "connection": row.connection,
            "target": row.target,
            "item": plan.places.get((row.connection, row.target), row.target),
            "field": row.field,
            "hub_field": owned.get((row.connection, row.field), ""),
            "idea": f"IDEA-{row.idea}" if row.idea else "",
            "title": plan.titles.get(row.idea, ""),
            "old": plain(row.base),
            "new": plain(row.wish),
            "why": row.why,
            "state": str(row.state),
            "note": row.note,
            "approval": plan.approvals.get(row.connection, ""),
        }
        for row in plan.rows
    ]


def _view(rows: list[dict[str, Any]]) -> None:
    if not rows:
        say("nothing to write: the outside agrees with the decisions")
        return
    for name in dict.fromkeys(row["connection"] for row in rows):
        heading(line(name))
        table([_line(row) for row in rows if row["connection"] == name], COLUMNS)
        say("")
    ready = sum(row["state"] == "planned" and row["approval"] != "never" for row in rows)
    if ready:
        say(f"{ready:,} to write: opshub apply")
    for state, next_step in STUCK.items():
        _stuck([row for row in rows if row["state"] == state], state, next_step)


def _stuck(rows: Sequence[Mapping[str, Any]], state: str, next_step: str) -> None:
    """What does not go on by itself: each with its note, and what to do about them."""
    rows = [{**row, "item": row["item"] or "document"} for row in rows]
    for row in rows[:SHOWN]:
        field = row["hub_field"] or NAMES.get(row["field"], row["field"])
        where = f"{row['connection']} {row['item']} {field}"
        say(hang("", [f"{state}: {line(where)}:", line(row["note"])], screen()))
    if len(rows) > SHOWN:
        say(f"{state}: {len(rows) - SHOWN:,} more; all of them: opshub plan --json")
    if rows:
        first = {key: quote(str(value)) for key, value in rows[0].items() if key != "new"}
        say(f"  next: {next_step.format(**first)}")


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    owned = row["hub_field"]
    remote = row["field"] if owned in ("", row["field"]) else f"{owned} → {row['field']}"
    listed = row["field"] == "ranking" and not row["target"]
    return {
        **row,
        "field": NAMES.get(row["field"], remote),
        "item": row["item"] or "document",
        "old": "" if listed else _cut(row["old"]),
        "new": row["title"] if row["field"] == "" else "replaced" if listed else _cut(row["new"]),
        "state": "" if row["state"] == "planned" else row["state"],
    }


def _cut(value: object) -> object:
    """Of a long list the first members, and how many more there are."""
    if not isinstance(value, list):
        return value
    shown: list[str] = []
    for member in map(str, value):
        if shown and width_of(", ".join([*shown, member])) > LIST:
            return f"{', '.join(shown)} and {len(value) - len(shown)} more"
        shown.append(member)
    return value
