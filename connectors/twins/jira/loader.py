"""Rows of a Jira archive, one JSON object a line, as issues of the twin."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opshub_connectors.twins.jira.state import CommentRow, Issue, LinkRow, PersonRow, ProjectRow, State

__all__ = ["load"]

LINKS = {
    "Related to": "Relates",
    "Dependence": "Dependence",
    "Duplicate": "Duplicate",
    "Supersedes": "Supersedes",
}


def load(state: State, path: Path) -> int:
    """Put every row into the twin; how many. Rows are those of a public Jira archive."""
    lines = path.read_text("utf-8").split("\n")
    rows = {row["key"]: row for row in map(json.loads, filter(None, lines))}
    for row in rows.values():
        _project(state, row)
    pairs: dict[frozenset[str], int] = {}
    for row in rows.values():
        issue = _issue(state, row, rows, pairs)
        state.put(issue, issue.updated)
    return len(rows)


def _issue(
    state: State,
    row: Mapping[str, Any],
    rows: Mapping[str, Mapping[str, Any]],
    pairs: dict[frozenset[str], int],
) -> Issue:
    return Issue(
        id=state.take_id(),
        key=row["key"],
        type=row["type"],
        summary=row["summary"],
        description=row["description"] or None,
        created=_moment(row["date"]),
        updated=_moment(row["updated"]),
        status=row["status"],
        resolution=row.get("resolution") or "",
        priority=_priority(state, row.get("priority") or ""),
        reporter=_person(state, row.get("reporter") or ""),
        assignee=_person(state, row.get("assignee") or ""),
        components=tuple(row["components"]),
        fix_versions=tuple(row["fixVersions"]),
        environment=row["environment"] or "",
        comments=_comments(state, row["comments"]),
        links=tuple(_link(state, row, link, rows, pairs) for link in row["issueLinks"]),
    )


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _project(state: State, row: Mapping[str, Any]) -> None:
    key = row["project"]["key"]
    project = state.projects.setdefault(
        key, ProjectRow(state.take_id(), key, row["project"]["title"], types=())
    )
    if row["type"] not in project.types:
        project.types = (*project.types, row["type"])


def _priority(state: State, name: str) -> str:
    if name and name not in state.priorities:
        state.priorities.append(name)
    return name


def _person(state: State, name: str) -> str:
    if not name:
        return ""
    ident = "archive-" + re.sub(r"\W+", "-", name.casefold()).strip("-")
    state.people.setdefault(ident, PersonRow(ident, name))
    return ident


def _comments(state: State, rows: Iterable[Mapping[str, Any]]) -> tuple[CommentRow, ...]:
    return tuple(
        CommentRow(
            id=state.take_id(),
            body=row["body"],
            created=_moment(row["date"]),
            author=_person(state, row.get("author") or ""),
        )
        for row in rows
    )


def _link(
    state: State,
    row: Mapping[str, Any],
    link: Mapping[str, Any],
    rows: Mapping[str, Mapping[str, Any]],
    pairs: dict[frozenset[str], int],
) -> LinkRow:
    """The archive does not tell the ends of a link apart; both ends of one link get the same id."""
    pair = frozenset((row["key"], link["key"], link["type"]))
    if pair not in pairs:
        pairs[pair] = state.take_id()
    return LinkRow(
        pairs[pair], LINKS[link["type"]], _is_outward(row, rows.get(link["key"]), link["type"]), link["key"]
    )


def _is_outward(row: Mapping[str, Any], other: Mapping[str, Any] | None, kind: str) -> bool:
    """Of two duplicates the one that was resolved as such is the copy, otherwise the younger one."""
    if kind == "Duplicate":
        mine = row.get("resolution") == "Duplicate"
        theirs = other is not None and other.get("resolution") == "Duplicate"
        if mine != theirs or other is None:
            return mine
    return other is None or (_moment(row["date"]), row["key"]) > (_moment(other["date"]), other["key"])
