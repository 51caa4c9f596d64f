"""What the twin does for those who write, each write counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from opshub_connectors.twins.jira.edits import Edits, FieldErrors
from opshub_connectors.twins.jira.reads import (
    Call,
    Reply,
    count,
    parse_queries,
    refused,
    search_jql,
    search_pages,
)
from opshub_connectors.twins.jira.state import CommentRow, Issue, ProjectRow

__all__ = ["WRITES"]

NOT_ADMIN = "To discard the user notification either admin or project admin permissions are required."


def _object(call: Call) -> Mapping[str, Any]:
    if not isinstance(call.body, Mapping):
        raise refused(400, "Can not deserialize the request: an object is expected.")
    return call.body


def create(call: Call) -> Reply:
    """A new issue; an ``opshub-`` label counts as its name, so that a second one for the same label shows."""
    twin, body = call.twin, _object(call)
    named = (body.get("fields") or {}).get("project") or {}
    name = str(named.get("key") or named.get("id") or "") if isinstance(named, Mapping) else ""
    project = twin.find_project(name)
    if project is None or "CREATE_ISSUES" in twin.denied:
        raise refused(400, project="valid project is required")
    try:
        changes = Edits(twin.state, call.shapes.version, project, create=True).changes(body)
    except FieldErrors as wrong:
        raise refused(400, **wrong.errors) from None
    missing = [field for field in ("summary", "type") if not changes.get(field)]
    if missing:
        raise refused(400, **{m: f"You must specify a {m} of the issue." for m in missing})
    issue = _born(call, project, changes)
    markers = [label for label in issue.labels if label.startswith("opshub-")]
    for marker in markers or [issue.key]:
        twin.writes["create", marker] += 1
    return Reply(
        201, {"id": str(issue.id), "key": issue.key, "self": call.shapes.link_to(f"issue/{issue.id}")}
    )


def _born(call: Call, project: ProjectRow, changes: Mapping[str, Any]) -> Issue:
    now, state = call.twin.now(), call.twin.state
    fixed = {
        "id": state.take_id(),
        "key": f"{project.key}-{project.last + 1}",
        "created": now,
        "updated": now,
    }
    return state.put(Issue(**{"reporter": call.twin.account, **changes, **fixed}), now)


def edit(call: Call) -> Reply:
    """Change fields: all of them, or none with a reason for each that is wrong."""
    twin, issue, body = call.twin, call.issue(), _object(call)
    if "EDIT_ISSUES" in twin.denied:
        raise refused(403, "You do not have permission to edit issues in this project.")
    if call.request.query_params.get("notifyUsers") == "false" and not twin.admin:
        raise refused(403, NOT_ADMIN)
    try:
        project = twin.state.projects[issue.project]
        changes = Edits(twin.state, call.shapes.version, project).changes(body, issue)
    except FieldErrors as wrong:
        raise refused(400, **wrong.errors) from None
    twin.writes["edit", issue.key] += 1
    if any(getattr(issue, name) != value for name, value in changes.items()):
        twin.state.edit(issue, twin.now(), **changes)
    if twin.cloud and call.request.query_params.get("returnIssue") == "true":
        found = twin.state.find(issue.key)
        return Reply(200, call.shapes.issue(found, [], "*all") if found else None)
    return Reply(204)


def delete(call: Call) -> Reply:
    """Delete an issue for good."""
    issue = call.issue()
    call.twin.writes["delete", issue.key] += 1
    call.twin.state.drop(issue, call.twin.now())
    return Reply(204)


def comment(call: Call) -> Reply:
    """One more comment, by the account."""
    twin, issue, body = call.twin, call.issue(), _object(call)
    text = body.get("body")
    if not text or (call.shapes.version == 3) is not isinstance(text, Mapping):
        raise refused(400, comment="Comment body is not valid!")
    rows = body.get("properties") or []
    internal = any(r.get("key") == "sd.public.comment" and r.get("value", {}).get("internal") for r in rows)
    role = str((body.get("visibility") or {}).get("value", ""))
    row = CommentRow(
        id=twin.state.take_id(),
        body=text,
        created=twin.now(),
        author=twin.account,
        internal=bool(internal),
        role=role,
    )
    twin.writes["comment", issue.key] += 1
    twin.state.edit(issue, twin.now(), comments=(*issue.comments, row))
    return Reply(201, call.shapes.comment(issue, row))


def put_remote_link(call: Call) -> Reply:
    """Create a remote link, or replace the one with the same ``globalId``."""
    twin, issue, body = call.twin, call.issue(), _object(call)
    if "LINK_ISSUES" in twin.denied:
        raise refused(403, "You do not have permission to link issues.")
    thing = body.get("object") or {}
    missing = {name: f"'{name}' is required." for name in ("title", "url") if not thing.get(name)}
    if missing:
        raise refused(400, **missing)
    name = str(body.get("globalId") or "")
    old = next((row for row in issue.remote if name and row.get("globalId") == name), None)
    ident = old["id"] if old else twin.state.take_id()
    link = call.shapes.link_to(f"issue/{issue.id}/remotelink/{ident}")
    keep = {key: body[key] for key in ("globalId", "application", "relationship", "object") if body.get(key)}
    rest = tuple(row for row in issue.remote if row is not old)
    twin.writes["remotelink", f"{issue.key} {name or ident}"] += 1
    twin.state.edit(
        issue, twin.now(), remote=(*rest, {"id": ident, "self": link, **keep}), updated=issue.updated
    )
    return Reply(200 if old else 201, {"id": ident, "self": link})


def drop_remote_link(call: Call) -> Reply:
    """Delete a remote link by its ``globalId``, or by the id in the path."""
    issue = call.issue()
    ident, name = call.request.path_params.get("link", ""), call.request.query_params.get("globalId", "")
    if not ident and not name:
        raise refused(400, "The globalId is required.")
    hit = [r for r in issue.remote if str(r["id"]) == ident or (name and r.get("globalId") == name)]
    if not hit:
        raise refused(404, "The remote link does not exist.")
    call.twin.writes["unlink", f"{issue.key} {hit[0].get('globalId') or ident}"] += 1
    rest = tuple(row for row in issue.remote if row is not hit[0])
    call.twin.state.edit(issue, call.twin.now(), remote=rest, updated=issue.updated)
    return Reply(204)


def put_property(call: Call) -> Reply:
    """Set a property; it does not move the issue's time."""
    issue, key = call.issue(), call.path("key")
    if call.body is None:
        raise refused(400, "The value of a property must be JSON.")
    new = {**issue.properties, key: call.body}
    call.twin.writes["property", f"{issue.key} {key}"] += 1
    call.twin.state.put(replace(issue, properties=new), call.twin.now())
    return Reply(200 if key in issue.properties else 201)


WRITES = {
    ("POST", "search/jql"): search_jql,
    ("POST", "search"): search_pages,
    ("POST", "search/approximate-count"): count,
    ("POST", "jql/parse"): parse_queries,
    ("POST", "issue"): create,
    ("PUT", "issue/{issue}"): edit,
    ("DELETE", "issue/{issue}"): delete,
    ("POST", "issue/{issue}/comment"): comment,
    ("POST", "issue/{issue}/remotelink"): put_remote_link,
    ("DELETE", "issue/{issue}/remotelink"): drop_remote_link,
    ("DELETE", "issue/{issue}/remotelink/{link}"): drop_remote_link,
    ("PUT", "issue/{issue}/properties/{key}"): put_property,
}
