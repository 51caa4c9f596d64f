"""What the twin shows of a page, comment, person or space, in each API's form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opshub_connectors.twins.confluence.twin import ConfluenceTwin

__all__ = [
    "content",
    "expansions",
    "links",
    "listed",
    "living",
    "page",
    "searched",
    "space",
    "space_v2",
    "user",
]

Row = Mapping[str, Any]


def expansions(text: str) -> frozenset[str]:
    """What is to be expanded, with everything on the way there."""
    found = set()
    for name in filter(None, text.split(",")):
        parts = name.split(".")
        found |= {".".join(parts[: end + 1]) for end in range(len(parts))}
    return frozenset(found)


def living(twin: ConfluenceTwin) -> Iterator[dict[str, Any]]:
    """What is neither in the trash nor on a page there."""
    for row in twin.contents.values():
        container = twin.contents.get(row["container"])
        if row["status"] == "current" and (container is None or container["status"] == "current"):
            yield row


def listed(twin: ConfluenceTwin) -> Iterator[dict[str, Any]]:
    """What the search index shows by now."""
    return (row for row in living(twin) if twin.visible(row["when"]))


def searched(row: Row) -> dict[str, Any]:
    """The row by the names that CQL has for its fields."""
    return {
        "id": row["id"],
        "type": row["type"],
        "space": row["space"],
        "title": row["title"],
        "label": row["labels"],
        "container": row["container"],
        "text": row["body"],
        "lastmodified": row["when"],
        "created": row["created"],
        "row": row,
    }


def content(twin: ConfluenceTwin, row: Row, expand: frozenset[str]) -> dict[str, Any]:
    """The old API's content, with what is expanded."""
    shown: dict[str, Any] = {
        "id": row["id"],
        "type": row["type"],
        "status": row["status"],
        "title": row["title"],
        "_links": links(row),
        "_expandable": {"children": f"/rest/api/content/{row['id']}/child"},
    }
    if "version" in expand:
        shown["version"] = _version(twin, row)
    if "history" in expand:
        shown["history"] = {
            "latest": True,
            "createdBy": user(twin, row["author"]),
            "createdDate": _iso(row["created"]),
        }
    if "space" in expand:
        shown["space"] = space(twin.spaces[row["space"]])
    if "container" in expand and row["container"]:
        shown["container"] = content(twin, twin.contents[row["container"]], frozenset())
    if "body.storage" in expand:
        shown["body"] = {"storage": {"value": row["body"], "representation": "storage"}}
    if "metadata.labels" in expand:
        shown["metadata"] = {"labels": _labels(row)}
    return shown | _of_people(twin, row, expand)


def _of_people(twin: ConfluenceTwin, row: Row, expand: frozenset[str]) -> dict[str, Any]:
    """Who may do what with it, and what stands above it."""
    shown: dict[str, Any] = {}
    if "operations" in expand:
        operations = ["read"] if twin.read_only else ["read", "update"]
        shown["operations"] = [{"operation": name, "targetType": row["type"]} for name in operations]
    if "restrictions.read.restrictions" in expand:
        shown["restrictions"] = {"read": _restrictions(twin, row), "_links": {}}
    if "ancestors" in expand:
        inner = frozenset(e.removeprefix("ancestors.") for e in expand if e.startswith("ancestors."))
        shown["ancestors"] = [content(twin, above, inner) for above in _above(twin, row)]
    return shown


def page(twin: ConfluenceTwin, row: Row, form: str) -> dict[str, Any]:
    """The new API's page."""
    shown: dict[str, Any] = {
        "id": row["id"],
        "status": row["status"],
        "title": row["title"],
        "spaceId": str(twin.spaces[row["space"]]["id"]),
        "authorId": _account(row["author"]),
        "createdAt": _iso(row["created"]),
        "version": {
            "createdAt": _iso(row["when"]),
            "message": "",
            "number": row["version"],
            "minorEdit": False,
            "authorId": _account(row["editor"]),
        },
        "body": {},
        "_links": links(row),
    }
    if form == "storage":
        shown["body"]["storage"] = {"value": row["body"], "representation": "storage"}
    return shown


def links(row: Row) -> dict[str, str]:
    """Where people see it."""
    if row["type"] == "comment":
        return {"webui": f"/spaces/{row['space']}/pages/{row['container']}?focusedCommentId={row['id']}"}
    return {"webui": f"/spaces/{row['space']}/pages/{row['id']}"}


def space(row: Row) -> dict[str, Any]:
    """The old API's space."""
    return {
        "id": row["id"],
        "key": row["key"],
        "name": row["name"],
        "type": "global",
        "status": "current",
        "_expandable": {},
        "_links": {"webui": f"/spaces/{row['key']}"},
    }


def space_v2(row: Row) -> dict[str, Any]:
    """The new API's space."""
    return {
        "id": str(row["id"]),
        "key": row["key"],
        "name": row["name"],
        "type": "global",
        "status": "current",
    }


def user(twin: ConfluenceTwin, name: str) -> dict[str, Any]:
    """A person; Data Center names people by key and user name."""
    shown = {"type": "known", "displayName": name, "_expandable": {}, "_links": {}}
    if twin.cloud:
        return {
            **shown,
            "accountId": _account(name),
            "accountType": "atlassian",
            "email": "",
            "publicName": name,
        }
    return {**shown, "username": name.lower(), "userKey": f"key-{name.lower()}"}


def _above(twin: ConfluenceTwin, row: Row) -> list[Row]:
    above: list[Row] = []
    while row["parent"]:
        row = twin.contents[row["parent"]]
        above.insert(0, row)
    return above


def _restrictions(twin: ConfluenceTwin, row: Row) -> dict[str, Any]:
    people = [user(twin, name) for name in row["restricted"]["user"]]
    groups = [
        {"type": "group", "name": name, "id": name, "_links": {}} for name in row["restricted"]["group"]
    ]
    return {
        "operation": "read",
        "restrictions": {"user": _listed(people), "group": _listed(groups), "_expandable": {}},
        "_expandable": {},
        "_links": {},
    }


def _labels(row: Row) -> dict[str, Any]:
    labels = [{"prefix": "global", "name": name, "id": name, "label": name} for name in row["labels"]]
    return {**_listed(labels), "_links": {}}


def _listed(values: list[dict[str, Any]]) -> dict[str, Any]:
    return {"results": values, "start": 0, "limit": 200, "size": len(values)}


def _version(twin: ConfluenceTwin, row: Row) -> dict[str, Any]:
    return {
        "by": user(twin, row["editor"]),
        "when": _iso(row["when"]),
        "friendlyWhen": "just a moment ago",
        "message": "",
        "number": row["version"],
        "minorEdit": False,
        "_expandable": {},
        "_links": {},
    }


def _account(name: str) -> str:
    return f"712020:{name.lower()}"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
