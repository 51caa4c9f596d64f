"""Ideas as a CSV file that a spreadsheet opens without harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["sheet", "told"]


def sheet(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows as CSV, every cell in quotes."""
    import csv
    import io

    names = (
        "rank",
        "idea",
        "title",
        "band",
        "priority",
        "voices",
        "tags",
        "goals",
        "owner",
        "route",
        "override",
    )
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow(
            [_harmless(told(row["override"]) if name == "override" else row[name]) for name in names]
        )
    return out.getvalue()


def told(override: Mapping[str, Any] | None) -> str:
    """Who set it, up to which day, and why; empty for nobody."""
    return "set by {who} until {day}: {because}".format_map(override) if override else ""


def _harmless(value: object) -> object:
    """A spreadsheet runs what begins with these characters, also behind spaces."""
    if isinstance(value, list):
        value = ", ".join(value)
    if isinstance(value, str) and value.lstrip(" \u00a0\u3000")[:1] in tuple("=+-@\t\r\n＝＋－＠"):
        return f"'{value}"
    return value
