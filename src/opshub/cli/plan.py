"""``plan``, ``apply``, ``revert``, ``resolve``: what is written to the outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.reporting import finish
from opshub.cli.session import Session, pass_session
from opshub.cli.view import Column, json_option, plain, say, show, table

if TYPE_CHECKING:
    from opshub.engine.hub import Plan

__all__ = ["apply", "plan", "resolve", "revert"]

COLUMNS = (
    Column("connection", "connection"),
    Column("item", "item"),
    Column("field", "field"),
    Column("old", "old"),
    Column("new", "new"),
    Column("why", "why"),
    Column("", "state"),
)


@click.command()
@json_option
@pass_session
def plan(session: Session, as_json_: bool) -> None:
    """Show what would be written, old and new value, and why.

    Nothing is sent. Changes wait for `opshub apply`, or for the next sync where the connection says
    `apply = "auto"`.
    """
    with session.hub() as hub:
        value = _value(hub.plan())
    show(value, as_json_, _view)


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
    from opshub.cli.progress import watch

    looking = watch()
    with session.hub() as hub:
        try:
            report = hub.apply(connections, max_changes=max_changes, watch=looking)
        finally:
            looking.close()
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
        hub.resolve(connection, ids.get(item, item), field, keep)
    kept = "the hub's value; opshub apply writes it" if keep == "hub" else "the remote value"
    say(f"{connection} {item} {field}: keeps {kept}")


def _value(plan: Plan) -> list[dict[str, Any]]:
    """The plan as plain rows; ``item`` is what people call the target."""
    return [
        {
            "connection": row.connection,
            "target": row.target,
            "item": plan.places.get((row.connection, row.target), row.target),
            "field": row.field,
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
    table([_line(row) for row in rows], COLUMNS)
    say("")
    ready = sum(row["state"] == "planned" and row["approval"] != "never" for row in rows)
    conflicts = [row for row in rows if row["state"] == "conflict"]
    if ready:
        say(f"{ready} to write: opshub apply")
    if conflicts:
        first = conflicts[0]
        say(
            f"{len(conflicts)} in conflict, such as: opshub resolve {first['connection']} {first['item']} "
            f"{first['field']} --keep hub|remote"
        )


def _line(row: Mapping[str, Any]) -> dict[str, Any]:
    names = {"": "new item", "ranking": "ranked list"}
    state = " ".join(filter(None, (row["state"], row["note"])))
    return {
        **row,
        "field": names.get(row["field"], row["field"]),
        "item": row["item"] or "document",
        "new": row["title"] if row["field"] == "" else row["new"],
        "state": "" if state == "planned" else state,
    }
