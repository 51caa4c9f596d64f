"""``connections``: what is connected, whether it works, and the beginning of a connector."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.text import hang, line, screen
from opshub.cli.view import Column, json_option, plain, say, show, span, table
from opshub.errors import ConfigError, OpshubError, UsageError

if TYPE_CHECKING:
    from opshub.config import Config

__all__ = ["connections"]

LIST = (
    Column("connection", "name"),
    Column("kind", "kind"),
    Column("as", "role"),
    Column("every", "every"),
    Column("apply", "apply"),
    Column("writes", "writes"),
)
KINDS = (
    Column("kind", "kind"),
    Column("version", "version"),
    Column("origin", "origin"),
    Column("can", "can"),
    Column("problem", "problem"),
)
CAPABILITIES = (
    "Reads",
    "Writes",
    "Creates",
    "Assigns",
    "Publishes",
    "Receives",
    "Counts",
    "Rewinds",
    "Reports",
)


@click.group()
def connections() -> None:
    """See and check what is connected; begin a connector."""


@connections.command("list")
@json_option
@pass_session
def list_(session: Session, as_json_: bool) -> None:
    """List the configured connections."""
    value = [
        {
            "name": name,
            "kind": connection.common.kind,
            "role": connection.common.role,
            "every": connection.common.every,
            "apply": connection.common.apply,
            "write": dict(connection.common.write),
            "publish": connection.common.publish,
        }
        for name, connection in session.config().connections.items()
    ]
    show(value, as_json_, _list)


@connections.command("check")
@click.argument("names", nargs=-1, metavar="[CONNECTION]...")
@json_option
@pass_session
def check(session: Session, names: tuple[str, ...], as_json_: bool) -> None:
    """Try connections (all, if none are named): do they answer, and may they write what they should.

    Nothing is changed anywhere. Where a vendor cannot be reached, the first failure ends the look at that connection.
    The exit code is that of the failures where they are all of one kind, else 1.
    """
    value = [*_findings(session.config(), names), *_writers(session.config(), names)]
    show(value, as_json_, _checks)
    codes = {row["exit_code"] for row in value if not row["ok"]}
    click.get_current_context().exit(0 if not codes else codes.pop() if len(codes) == 1 else 1)


@connections.command("kinds")
@json_option
@pass_session
def kinds(session: Session, as_json_: bool) -> None:
    """List the connectors there are, where they come from, and what they can do.

    Works without a configuration; with one, its plugins folder counts too.
    """
    from opshub.plugins import Registry

    try:
        registry = session.config().registry
    except ConfigError:
        registry = Registry()
    value = {
        "kinds": [{**plain(info), "can": _can(registry, info.kind)} for info in registry.kinds()],
        "problems": list(registry.problems),
    }
    show(value, as_json_, _kinds)


@connections.command("new")
@click.argument("kind")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), help="Where; default: the plugins folder."
)
@pass_session
def new(session: Session, kind: str, folder: Path | None) -> None:
    """Begin a connector: a module and its tests, which pass the contract of all connectors.

    KIND is its name in `kind = "..."`, in small letters. Existing files are never overwritten.
    """
    from opshub.sdk.scaffold import write_scaffold

    folder = folder or _plugins(session)
    try:
        module, test = write_scaffold(kind, folder)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written to: {error.strerror}", hint="use --folder") from error
    say(f"wrote {module}\nwrote {test}\n\nnext:")
    say(f"  pytest {test}          it passes now; make it the vendor's")
    say(f'  [connections.NAME]\n  kind = "{kind}"')


def _list(rows: Sequence[Mapping[str, Any]]) -> None:
    shown = [
        {
            **row,
            "every": span(row["every"]),
            "writes": [*row["write"], *["ranked list"] * bool(row["publish"])],
        }
        for row in rows
    ]
    table(shown, LIST, empty="no connection is configured; add [connections.NAME] to opshub.toml")


def _findings(config: Config, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """One row a finding; an error of one connection is a finding of its own."""
    from opshub.clock import SystemClock
    from opshub.config import close, connect

    for name in names or config.connections:
        try:
            made = connect(config, clock=SystemClock(), only=[name])
        except OpshubError as error:
            yield _failed(name, "settings", error)
            continue
        try:
            for finding in made[0].connector.check():
                yield {"connection": name, **plain(finding)}
                if finding.down:
                    break
        except OpshubError as error:
            yield _failed(name, "check", error)
        finally:
            close(made)


def _writers(config: Config, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Settings by which two connections write one list, or perhaps one field, which is no failure."""
    from opshub.config.writers import shared_fields, shared_lists

    for ok, problems in ((False, shared_lists(config)), (True, shared_fields(config))):
        for problem in problems:
            name = re.findall(r"\[connections\.([^\]]+)\]", problem.message)[0]
            if not names or name in names:
                error = ConfigError(str(problem), hint=problem.hint)
                yield {**_failed(name, "two writers", error), "ok": ok}


def _failed(name: str, subject: str, error: OpshubError) -> dict[str, Any]:
    return {
        "connection": name,
        "ok": False,
        "subject": subject,
        "detail": str(error),
        "hint": error.hint,
        "exit_code": error.exit_code,
    }


def _checks(rows: Sequence[Mapping[str, Any]]) -> None:
    for row in rows:
        mark = "FAIL" if not row["ok"] else "warn" if row["hint"] else "ok  "
        detail = f": {row['detail']}" if row["detail"] else ""
        said = line(f"{row['subject']}{detail}")
        say(hang(f"{mark}  {row['connection']}  ", [said], screen()), fg=None if row["ok"] else "red")
        if row["hint"]:
            say(hang("      next: ", [line(row["hint"])], screen()))
    failed = sum(not row["ok"] for row in rows)
    say(f"{len(rows)} looked at, {failed} failed" if rows else "no connection is configured")


def _can(registry: Any, kind: str) -> list[str]:
    """The capabilities of a kind; none for one that cannot be loaded."""
    from opshub import sdk

    try:
        made = registry.connector(kind)
    except OpshubError:
        return []
    return [name.lower() for name in CAPABILITIES if _has(made, getattr(sdk, name))]


def _has(made: type, capability: Any) -> bool:
    needed = {
        name for name, member in vars(capability).items() if callable(member) and not name.startswith("_")
    }
    return all(hasattr(made, name) for name in needed)


def _kinds(value: Mapping[str, Any]) -> None:
    shown = [{**row, "origin": _near(row["origin"])} for row in value["kinds"]]
    table(shown, KINDS, empty="no connector is installed")
    for problem in value["problems"]:
        say(f"problem: {problem}", fg="red")


def _plugins(session: Session) -> Path:
    try:
        config = session.config()
    except ConfigError:
        return Path("plugins")
    return Path(_near(str(config.folder / config.hub.plugins)))


def _near(path: str) -> str:
    """A path as somebody in this folder would write it."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
