"""JQL, as far as the connector writes it: the admin's own restriction, a lower bound in time, an order."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

__all__ = ["bounded", "jql_text", "jql_time", "problem", "projects", "restriction"]

TOKEN = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|([()])|([^\s"'()]+)|(["'])""", re.DOTALL)


def problem(query: str) -> str | None:
    """What is wrong with an admin's query before Jira has seen it; None where nothing is."""
    depth = 0
    for quoted, bracket, _, stray in TOKEN.findall(query):
        depth += {"(": 1, ")": -1}.get(bracket, 0)
        if depth < 0:
            return "the query closes a bracket that it did not open"
        if stray and not quoted:
            return "a quotation mark in the query has no partner"
    if depth:
        return "the query opens a bracket that it does not close"
    if not restriction(query):
        return "the query restricts nothing: Jira refuses to list everything; name at least a project"
    return None


def restriction(query: str) -> str:
    """The query without its ORDER BY."""
    before: re.Match[str] | None = None
    for token in TOKEN.finditer(query):
        if token[3] and token[3].lower() == "by" and before is not None and before[3].lower() == "order":
            return query[: before.start()].strip()
        before = token if token[3] else None
    return query.strip()


def bounded(query: str, since: str | None, order: str) -> str:
    """The admin's issues changed since a rendered time, in an order."""
    bound = f' AND updated >= "{since}"' if since else ""
    return f"({restriction(query)}){bound} ORDER BY {order}"


def jql_text(value: str) -> str:
    """A value as a quoted JQL text."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def jql_time(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as JQL wants it: minutes on the account's own clock, never later than the moment itself.

    An hour that comes twice in autumn is written as the hour before it, because nobody says which of the two Jira
    takes the text for.
    """
    local = moment.astimezone(zone)
    later = local.replace(fold=1).utcoffset() or timedelta()
    earlier = local.replace(fold=0).utcoffset() or timedelta()
    if later != earlier:
        first = local.replace(fold=0).astimezone(UTC)
        local = (first - abs(earlier - later)).astimezone(zone)
    return f"{local:%Y-%m-%d %H:%M}"


def projects(query: str) -> frozenset[str]:
    """The projects that a query is certainly confined to, in capitals; empty where that cannot be told."""
    bare = re.sub(r'"[^"]*\s[^"]*"', '""', query)
    found = re.search(
        r"(?:^|\band\b)[\s(]*project\s*(?:=\s*([\w\"'-]+)|in\s*\(([^()]*)\))", bare, re.IGNORECASE
    )
    if found is None or re.search(r"\bor\b", bare, re.IGNORECASE):
        return frozenset()
    names = (name.strip(" \"'").upper() for name in (found[1] or found[2]).split(","))
    return frozenset(filter(None, names))
