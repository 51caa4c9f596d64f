"""Shows what a run did."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from opshub.cli.failing import complain
from opshub.cli.text import line
from opshub.cli.view import Column, plain, say, show, table

if TYPE_CHECKING:
    from opshub.engine.report import Report

__all__ = ["finish"]

COLUMNS = (
    Column("connection", "name"),
    Column("got", "got", right=True),
    Column("changed", "changed", right=True),
    Column("bad", "bad", right=True),
    Column("gone", "gone", right=True),
    Column("expected", "expected", right=True),
    Column("seconds", "seconds", right=True),
    Column("", "state"),
)


def finish(report: Report, as_json_: bool, *, dry_run: bool = False) -> int:
    """Show the report; the command's exit code."""
    value = {**plain(report.as_json()), "dry_run": dry_run}
    show(value, as_json_, _view)
    for failure in _failures(value):
        complain(failure["message"], failure["hint"])
    return report.exit_code


def _view(value: Mapping[str, Any]) -> None:
    rows = [{**row, "state": _state(row)} for row in value["connections"]]
    if rows:
        table(rows, COLUMNS)
        say("")
    for stage in value["stages"]:
        counts = ", ".join(_many(count, word) for word, count in sorted(stage["counts"].items()) if count)
        if counts:
            say(f"{stage['name']:<10} {counts}")
    for sentence in value["waiting"]:
        say(f"match      {line(sentence)}")
    for notice in value["notices"]:
        say(f"alert      {notice}")
    name = "dry run, nothing was kept or sent" if value["dry_run"] else f"run {value['run']}"
    say(f"{name}: {_OUTCOMES[value['outcome']]}")


def _many(count: int, words: str) -> str:
    """``1 new idea``, ``2 new ideas``."""
    return f"{count:,} {re.sub(_PLURAL, '', words, count=1) if count == 1 else words}"


_PLURAL = r"(?<=idea|item)s\b|(?<=alert|write)s\b|(?<=decision)s\b|(?<=wish)es\b"
_OUTCOMES = {"done": "done", "partly": "partly done", "failed": "failed"}


def _state(row: Mapping[str, Any]) -> str:
    if row["failure"]:
        return str(row["failure"]["kind"])
    if row["stopped"]:
        return "stopped early, goes on from there"
    return f"short by {_missing(row)}" if _missing(row) else "complete"


def _failures(value: Mapping[str, Any]) -> list[dict[str, str]]:
    found = [row["failure"] for row in value["connections"] if row["failure"]]
    found += [_short(row) for row in value["connections"] if not row["failure"] and _missing(row)]
    return [*found, *value["failures"]]


def _missing(row: Mapping[str, Any]) -> int:
    """How many of the promised records did not come; a pull that was stopped fetches them later."""
    return 0 if row["stopped"] or row["expected"] is None else max(0, row["expected"] - row["got"])


def _short(row: Mapping[str, Any]) -> dict[str, str]:
    message = f"{row['name']}: the vendor promised {row['expected']:,} records, and {row['got']:,} came"
    return {"message": message, "hint": f"to look again from the start: opshub sync {row['name']} --full"}
