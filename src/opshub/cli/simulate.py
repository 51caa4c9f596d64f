"""``rules simulate``: what other rules would make of the stored ideas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from opshub.cli.session import Session, pass_session
from opshub.cli.text import hang, line, screen
from opshub.cli.view import Column, heading, json_option, number, plain, say, show, table

__all__ = ["simulate"]

MOVED = (
    Column("idea", "idea"),
    Column("rank", "rank", right=True),
    Column("priority", "priority", right=True),
    Column("band", "band"),
    Column("route", "route"),
    Column("title", "title"),
)
CHANGES = (Column("from", "before"), Column("to", "after"), Column("ideas", "ideas", right=True))
TAGS = (Column("tag", "tag"), Column("get it", "gain", right=True), Column("lose it", "lose", right=True))
GOALS = (
    Column("goal", "goal"),
    Column("begin to support it", "gain", right=True),
    Column("no longer do", "lose", right=True),
)
RULES = (
    Column("rule", "rule"),
    Column("begins to hold", "begins", right=True),
    Column("ends", "ends", right=True),
)
MATCHES = (Column("match block", "match"), Column("pieces that move", "pieces", right=True))
WRITES = (
    Column("connection", "connection"),
    Column("field", "field"),
    Column("current rules", "current", right=True),
    Column("new rules", "new", right=True),
    Column("differ", "differ", right=True),
)


@click.command("simulate")
@click.option(
    "--against",
    type=click.Path(path_type=Path),
    metavar="FILE_OR_DIR",
    help="The new rules, tried beside the configured ones. Default: the configured rules as they now stand, beside "
    "the decisions of the last sync.",
)
@click.option("--at", metavar="DATE", help="Decide as of this moment, over feedback created before it.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="Ideas to show.")
@click.option(
    "--html", type=click.Path(dir_okay=False, path_type=Path), help="Also write a page to this file."
)
@json_option
@pass_session
def simulate(
    session: Session, against: Path | None, at: str | None, limit: int, html: Path | None, as_json_: bool
) -> None:
    """Show what new rules would change: who moves, how far, why, and what would be written.

    Every stored idea is decided anew, with the feedback that it has; what match blocks would move is counted. Nothing
    is stored and nothing is sent.
    """
    from opshub.cli.sync import moment_of
    from opshub.clock import SystemClock
    from opshub.config import other_rules, rule_files

    config = session.config()
    moment = moment_of(at, config.hub.timezone, SystemClock().now(), "--at") if at else None
    new, files = other_rules(config, against) if against is not None else (None, ())
    configured = tuple(_shown(config.folder, file) for file in rule_files(config))
    with session.hub() as hub:
        found = hub.simulate(new, moment, limit)
    current = configured if new is not None else ("the stored decisions",)
    value = {"current": current, "new": files or configured, "at": moment, **plain(found)}
    value["tags"] = [{"tag": tag, "gain": gain, "lose": lose} for tag, gain, lose in found.tags]
    value["goals"] = [{"goal": goal, "gain": gain, "lose": lose} for goal, gain, lose in found.goals]
    value["rules"] = [{"rule": rule, "begins": begins, "ends": ends} for rule, begins, ends in found.rules]
    value["matches"] = [{"match": name, "pieces": pieces} for name, pieces in found.matches]
    if html is not None:
        _write_page(html, plain(value))
    show(value, as_json_, lambda ready: _view(ready, html))


def _shown(folder: Path, file: Path) -> str:
    return str(file.relative_to(folder)) if file.is_relative_to(folder) else str(file)


def _write_page(file: Path, value: Mapping[str, Any]) -> None:
    from opshub.cli.simulation_page import page

    with click.open_file(str(file), "w", encoding="utf-8", atomic=True) as stream:
        stream.write(page(value))


def _view(value: Mapping[str, Any], html: Path | None) -> None:
    say(hang("current  ", [line(", ".join(value["current"]))], screen()))
    say(hang("new      ", [line(", ".join(value["new"])), _moment(value["at"])], screen()))
    for title, rows, columns in _tables(value):
        if rows:
            say("")
            heading(title)
            table(rows, columns)
    if value["moved"]:
        say("")
        heading("Ideas that change, the farthest first")
    for moved in value["moved"]:
        _reasons(moved)
    say("")
    if value["moved"]:
        table([_row(moved) for moved in value["moved"]], MOVED)
    changed, ideas = value["changed"], value["ideas"]
    if not ideas:
        say("no ideas yet: opshub sync")
        return
    say(f"{changed:,} of {ideas:,} ideas change" if changed else f"none of {ideas:,} ideas changes")
    if html is not None:
        say(f"written to {html}")


def _tables(
    value: Mapping[str, Any],
) -> Iterator[tuple[str, Sequence[Mapping[str, Any]], Sequence[Column]]]:
    yield "Rules", value["rules"], RULES
    yield "Bands", _named(value["bands"], "no band"), CHANGES
    yield "Routes", _named(value["routes"], "inbox"), CHANGES
    yield "Tags", value["tags"], TAGS
    yield "Goals", value["goals"], GOALS
    moves = [{**row, "match": row["match"] or "no block any more"} for row in value["matches"]]
    yield "Feedback that moves at the next sync", moves, MATCHES
    yield "What would be written", value["writes"], WRITES


def _moment(at: str | None) -> str:
    return f"as of {datetime.fromisoformat(at):%Y-%m-%d %H:%M} UTC" if at else ""


def _named(rows: Sequence[Mapping[str, Any]], nothing: str) -> list[dict[str, Any]]:
    return [{**row, "before": row["before"] or nothing, "after": row["after"] or nothing} for row in rows]


def _row(moved: Mapping[str, Any]) -> dict[str, Any]:
    before, after = moved["before"], moved["after"]
    return {
        "idea": moved["idea"],
        "title": moved["title"],
        "rank": _arrow(str(before["rank"]), str(after["rank"])),
        "priority": _arrow(number(before["priority"]), number(after["priority"])),
        "band": _arrow(before["band"] or "-", after["band"] or "-"),
        "route": _arrow(before["route"] or "inbox", after["route"] or "inbox"),
    }


def _arrow(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _reasons(moved: Mapping[str, Any]) -> None:
    say(f"{moved['idea']}  {line(moved['title'])}", bold=True)
    for reason in moved["reasons"]:
        if reason["rule"] == "bands":
            continue
        sign = "+" if reason["change"] == "appears" else "-"
        because = f"because {line(reason['because'])}" if reason["because"] else ""
        rule = "" if reason["effect"].startswith(f"{reason['rule']} = ") else line(reason["rule"])
        say(hang(f"  {sign} ", [line(reason["effect"]), because, rule], screen()))
