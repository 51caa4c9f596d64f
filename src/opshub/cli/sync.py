"""``sync``: the cycle."""

from __future__ import annotations

from datetime import datetime

import click

from opshub.cli.reporting import finish
from opshub.cli.session import Session, pass_session
from opshub.cli.view import json_option
from opshub.errors import UsageError

__all__ = ["moment_of", "sync"]

STAGES = ("pull", "normalize", "match", "score", "route", "plan", "apply")


@click.command()
@click.argument("connections", nargs=-1, metavar="[CONNECTION]...")
@click.option("--full", is_flag=True, help="Pull everything again and count what still exists.")
@click.option(
    "--since",
    metavar="WHEN",
    help='Pull again what changed since a date ("2024-05-31"), a moment, or a time ago ("7d").',
)
@click.option(
    "--until",
    type=click.Choice(STAGES),
    default="apply",
    show_default=True,
    help="The last stage to run.",
)
@click.option("--dry-run", is_flag=True, help="Show what would happen; keep nothing, send nothing.")
@json_option
@pass_session
def sync(
    session: Session,
    connections: tuple[str, ...],
    full: bool,
    since: str | None,
    until: str,
    dry_run: bool,
    as_json_: bool,
) -> None:
    """Pull, match, score, route, plan, and apply where that is automatic.

    With names, only those connections are pulled. A connection that fails does not stop the others; the exit code
    is then 7, or that of the failure where all of them failed for the same reason.
    """
    from opshub.cli.progress import watching
    from opshub.clock import SystemClock

    config = session.connected()
    moment = moment_of(since, config.hub.timezone, SystemClock().now()) if since else None
    with session.hub() as hub, watching() as looking:
        report = hub.sync(connections, full=full, since=moment, until=until, dry_run=dry_run, watch=looking)
    click.get_current_context().exit(finish(report, as_json_, dry_run=dry_run))


def moment_of(text: str, zone: str, now: datetime, option: str = "--since", sign: int = -1) -> datetime:
    """A point in time that somebody wrote for an option; what has no zone is of the given one. UsageError.

    A time span is counted back from now, or ahead where ``sign`` is 1.
    """
    from zoneinfo import ZoneInfo

    from opshub.config.settings import duration

    try:
        return now + sign * duration(text)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            f"{option} is no date and no time span: {text}",
            hint='write it as "2024-05-31", "2024-05-31T08:00+08:00" or "7d"',
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
