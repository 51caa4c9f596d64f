"""``records``: what could not be understood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.reporting import finish
from opshub.cli.session import Session, pass_session
from opshub.cli.view import Column, as_json, at_terminal, json_option, plain, say, short, show, table
from opshub.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from opshub.store.rows import BadRow

__all__ = ["records"]

COLUMNS = (
    Column("key", "key", right=True),
    Column("connection", "connection"),
    Column("id", "id"),
    Column("tries", "attempts", right=True),
    Column("since", "first_seen"),
    Column("reason", "reason"),
)
SHOWN = 20_000


@click.group()
def records() -> None:
    """Look at records that could not be understood."""


@records.command("list")
@click.option("--connection", help="Only records of this connection.")
@json_option
@pass_session
def list_(session: Session, connection: str | None, as_json_: bool) -> None:
    """List quarantined records with the reason."""
    zone = session.config().hub.timezone
    with session.hub((), reading=True) as hub:
        value = [_row(row) for row in hub.store.bad(connection)]
    show(value, as_json_, lambda rows: _view(rows, zone))


@records.command("show")
@click.argument("key", type=int)
@json_option
@pass_session
def show_(session: Session, key: int, as_json_: bool) -> None:
    """Show one quarantined record as it came."""
    with session.hub((), reading=True) as hub:
        row = hub.store.bad_by_key(key)
    if row is None:
        raise NotFoundError(f"there is no quarantined record {key}", hint="run: opshub records list")
    show({**_row(row), "record": _body(row)}, as_json_, _one)


@records.command("retry")
@click.argument("keys", nargs=-1, type=int, metavar="[KEY]...")
@json_option
@pass_session
def retry(session: Session, keys: tuple[int, ...], as_json_: bool) -> None:
    """Try again to understand quarantined records (all, if none are named), after a connector was repaired."""
    with session.hub() as hub:
        report = hub.retry_records(keys)
    click.get_current_context().exit(finish(report, as_json_))


@records.command("drop")
@click.argument("keys", nargs=-1, type=int, metavar="[KEY]...")
@click.option("--connection", help="Instead of keys: all records of this connection.")
@click.option("--force", is_flag=True, help="Do not ask.")
@json_option
@pass_session
def drop(
    session: Session, keys: tuple[int, ...], connection: str | None, force: bool, as_json_: bool
) -> None:
    """Forget quarantined records: those named, or all of a connection.

    For what no repair will bring back, such as a record without an id. A record comes back into quarantine when
    its source sends it again, changed or without an id. On a terminal it asks first.
    """
    from opshub.engine.reading import bad_rows

    if bool(keys) == (connection is not None):
        raise UsageError("say which records: their keys, or --connection", hint="run: opshub records list")
    with session.hub(()) as hub:
        count = len(bad_rows(hub.store, keys, connection))
        if not force and at_terminal():
            click.confirm(f"Forget {count:,} of the quarantined records?", abort=True, err=True)
        report = hub.drop_records(keys, connection)
    click.get_current_context().exit(finish(report, as_json_))


def _row(row: BadRow) -> dict[str, Any]:
    return {
        "key": row.key,
        "connection": row.ref.connection,
        "id": row.ref.id,
        "reason": row.reason,
        "attempts": row.attempts,
        "first_seen": plain(row.first_seen),
        "size": len(row.body),
    }


def _body(row: BadRow) -> object:
    """The record itself; as text where it is no JSON."""
    try:
        return json.loads(row.body)
    except (ValueError, RecursionError):
        return row.body.decode("utf-8", "replace")


def _view(rows: list[dict[str, Any]], zone: str) -> None:
    shown = [{**row, "first_seen": short(row["first_seen"], zone)} for row in rows]
    table(shown, COLUMNS, empty="every record was understood")
    if rows:
        say("")
        say("look at one: opshub records show KEY; try again after a repair: opshub records retry;")
        say("forget those that nobody will repair: opshub records drop KEY")


def _one(value: Mapping[str, Any]) -> None:
    for name in ("connection", "id", "reason", "attempts", "first_seen", "size"):
        say(f"{name:<11} {value[name]}")
    say("")
    text = as_json(value["record"])
    say(text if len(text) <= SHOWN else f"{text[:SHOWN]}…\n(cut here; --json shows all of it)")
