"""What the twin answers to those who read: searches, issues, metadata and permissions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opshub_connectors.twins.jira.jql import JqlError, Names, Query, parse
from opshub_connectors.twins.jira.shapes import Shapes
from opshub_connectors.twins.jira.state import Issue

if TYPE_CHECKING:
    from starlette.requests import Request

    from opshub_connectors.twins.jira.twin import JiraTwin

__all__ = ["READS", "Call", "Reply", "refused"]

PERMISSIONS = {
    "BROWSE_PROJECTS": (10, "Browse Projects"),
    "CREATE_ISSUES": (11, "Create Issues"),
    "EDIT_ISSUES": (12, "Edit Issues"),
    "LINK_ISSUES": (21, "Link Issues"),
    "ADD_COMMENTS": (15, "Add Comments"),
    "ADMINISTER": (0, "Administer Jira"),
    "ADMINISTER_PROJECTS": (23, "Administer Projects"),
}
REMOVED = (
    "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. "
    "A full migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046"
)


@dataclass(eq=False)
class Reply(Exception):
    """An answer: a status with a JSON body, or without one."""

    status: int
    body: Any = None


def refused(status: int, *messages: str, **errors: str) -> Reply:
    """Jira's way to say no."""
    return Reply(status, {"errorMessages": list(messages), "errors": errors})


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read: its path's words, its parameters and its JSON body."""

    twin: JiraTwin
    request: Request
    shapes: Shapes
    body: Any

    def path(self, name: str) -> str:
        return str(self.request.path_params[name])

    def many(self, name: str) -> list[str]:
        """All values of a parameter, from the query or from the body; none of them empty."""
        value = self.body.get(name) if isinstance(self.body, dict) else None
        found = value if isinstance(value, list) else self.request.query_params.getlist(name)
        return [str(part) for part in found if str(part)]

    def one(self, name: str, default: str = "") -> str:
        value = self.body.get(name) if isinstance(self.body, dict) else None
        return str(value) if value is not None else self.request.query_params.get(name, default)

    def number(self, name: str, default: int) -> int:
        text = self.one(name, str(default))
        if not re.fullmatch(r"-?\d{1,9}", text):
            raise refused(400, f"The value '{text}' of '{name}' is not a number.")
        return int(text)

    def issue(self, name: str = "issue") -> Issue:
        found = self.twin.state.find(self.path(name))
        if found is None or "BROWSE_PROJECTS" in self.twin.denied:
            raise refused(404, "Issue does not exist or you do not have permission to see it.")
        return found


def _query(call: Call, text: str, *, bounded: bool) -> Query:
    state = call.twin.state
    hidden = "BROWSE_PROJECTS" in call.twin.denied
    names = Names(
        projects=frozenset() if hidden else frozenset(key.casefold() for key in state.projects),
        keys=state.keys(),
        fields=frozenset(state.fields),
        issuetypes=frozenset(kind.casefold() for row in state.projects.values() for kind in row.types),
    )
    try:
        query = parse(text, names=names, zone=call.twin.zone, now=call.twin.now())
    except JqlError as error:
        raise refused(400, str(error)) from None
    if bounded and not query.bounded:
        raise refused(
            400, "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."
        )
    return query


def search_jql(call: Call) -> Reply:
    """Cloud: a page and a token that belongs to its query; the last page has none."""
    twin, text, token = call.twin, call.one("jql"), call.one("nextPageToken")
    reconcile = [int(part) for part in call.many("reconcileIssues") if part.isdigit()]
    fields = call.many("fields")
    size = max(1, min(call.number("maxResults", 50), 5_000 if set(fields) <= {"id", "key"} else 100))
    query = _query(call, text, bounded=True)
    if token:
        expired = twin.faults.wants("expire_cursor", call.request)
        found = None if expired else twin.tokens.get(token)
        if found is None or found[0] != text:
            raise refused(400, "The provided next page token is invalid or has expired.")
        _, ids, start = found
    else:
        ids, start = tuple(issue.id for issue in query.run(twin.state.indexed(reconcile))), 0
    living = {issue.id: issue for issue in twin.state.indexed(reconcile)}
    properties = call.many("properties")
    shown = [living[i] for i in ids[start : start + size] if i in living]
    page: dict[str, Any] = {
        "issues": [call.shapes.issue(issue, fields, "id", properties) for issue in shown],
        "isLast": start + size >= len(ids),
    }
    if start + size < len(ids):
        again = token if token and twin.faults.wants("repeat_token", call.request) else ""
        page["nextPageToken"] = again or twin.remember(text, ids, start + size)
    return Reply(200, page)


def search_pages(call: Call) -> Reply:
    """Data Center: pages by number; gone on Cloud."""
    twin = call.twin
    if twin.cloud:
        raise refused(410, REMOVED)
    start, size = call.number("startAt", 0), max(0, min(call.number("maxResults", 50), twin.page_limit))
    found = _query(call, call.one("jql"), bounded=False).run(twin.state.indexed())
    fields, properties = call.many("fields"), call.many("properties")
    shown = [
        call.shapes.issue(issue, fields, "*navigable", properties) for issue in found[start : start + size]
    ]
    page = {
        "expand": "names,schema",
        "startAt": start,
        "maxResults": size,
        "total": len(found),
        "issues": shown,
    }
    return Reply(200, page)


def count(call: Call) -> Reply:
    """Cloud: about how many issues a query finds."""
    return Reply(
        200, {"count": len(_query(call, call.one("jql"), bounded=True).run(call.twin.state.indexed()))}
    )


def parse_queries(call: Call) -> Reply:
    """Cloud: what is wrong with each query."""
    queries = call.many("queries")
    if not queries:
        raise refused(400, "The queries parameter is required.")
    rows = []
    for text in queries:
        try:
            _query(call, text, bounded=False)
            rows.append({"query": text})
        except Reply as error:
            rows.append({"query": text, "errors": error.body["errorMessages"]})
    return Reply(200, {"queries": rows})


def issue(call: Call) -> Reply:
    """One issue, as it is now."""
    fields, properties = call.many("fields"), call.many("properties")
    return Reply(200, call.shapes.issue(call.issue(), fields, "*all", properties))


def comments(call: Call) -> Reply:
    """One page of an issue's comments."""
    size = min(call.number("maxResults", 100), call.twin.page_limit)
    shown = call.shapes.comments(
        call.issue(), call.number("startAt", 0), size, properties="properties" in call.one("expand")
    )
    return Reply(200, shown)


def remote_links(call: Call) -> Reply:
    """An issue's links to other places."""
    found = [dict(row) for row in call.issue().remote]
    wanted = call.one("globalId")
    if not wanted:
        return Reply(200, found)
    hits = [row for row in found if row.get("globalId") == wanted]
    if not hits:
        raise refused(404, "The remote link does not exist.")
    return Reply(200, hits[0])


def edit_meta(call: Call) -> Reply:
    """The fields of an issue's edit screen."""
    found = call.issue()
    if "EDIT_ISSUES" in call.twin.denied:
        return Reply(200, {"fields": {}})
    return Reply(200, {"fields": call.shapes.editable(call.twin.state.projects[found.project])})


def create_types(call: Call) -> Reply:
    """The issue types of a project."""
    project = call.twin.project_of(call.path("project"))
    kinds = (
        []
        if "CREATE_ISSUES" in call.twin.denied
        else [call.shapes.issuetype(t, project) for t in project.types]
    )
    return Reply(200, _page(call, kinds, "issueTypes"))


def create_fields(call: Call) -> Reply:
    """The fields of a project's create screen."""
    project = call.twin.project_of(call.path("project"))
    fields = call.shapes.editable(project, create=True)
    rows: list[dict[str, Any]] = [{**shape, "fieldId": name} for name, shape in fields.items()]
    return Reply(200, _page(call, rows, "fields"))


def _page(call: Call, rows: Sequence[Any], name: str) -> dict[str, Any]:
    start, size = call.number("startAt", 0), min(call.number("maxResults", 50), 200)
    shown = list(rows[start : start + size])
    return {
        "startAt": start,
        "maxResults": size,
        "total": len(rows),
        (name if call.twin.cloud else "values"): shown,
    }


def fields(call: Call) -> Reply:
    """Every field of the site."""
    return Reply(200, call.shapes.catalogue())


def myself(call: Call) -> Reply:
    """The account that asks."""
    return Reply(200, call.shapes.person(call.twin.account))


def assignable(call: Call) -> Reply:
    """People whose name or address begins so, or whose hidden address it is."""
    call.twin.project_of(call.one("project"))
    asked = call.one("query" if call.twin.cloud else "username").casefold()
    if not asked:
        raise refused(400, "The username query parameter was not provided.")
    found = [
        call.shapes.person(row.id)
        for row in call.twin.state.people.values()
        if any(text.casefold().startswith(asked) for text in (row.name, row.email, row.id))
    ]
    return Reply(200, found)


def my_permissions(call: Call) -> Reply:
    """What the account may do; Cloud wants the names of the permissions."""
    if key := call.one("projectKey"):
        call.twin.project_of(key)
    names = [part for name in call.many("permissions") for part in name.split(",")]
    if call.twin.cloud and (not names or not set(names) <= set(PERMISSIONS)):
        raise refused(400, "The 'permissions' query parameter must name existing permissions.")
    found = {
        name: {
            "id": str(PERMISSIONS[name][0]),
            "key": name,
            "name": PERMISSIONS[name][1],
            "type": "PROJECT",
            "description": "",
            "havePermission": call.twin.allows(name),
        }
        for name in names or PERMISSIONS
    }
    return Reply(200, {"permissions": found})


def project(call: Call) -> Reply:
    """One project."""
    return Reply(200, call.shapes.project(call.twin.project_of(call.path("project")).key, whole=True))


def projects(call: Call) -> Reply:
    """All projects."""
    return Reply(200, [call.shapes.project(key) for key in call.twin.state.projects])


def priorities(call: Call) -> Reply:
    """All priorities, the most urgent first."""
    return Reply(200, [call.shapes.priority(name) for name in call.twin.state.priorities])


def server_info(call: Call) -> Reply:
    """What site this is, and its time."""
    twin = call.twin
    numbers = [1001, 0, 0] if twin.cloud else [9, 12, 4]
    return Reply(
        200,
        {
            "baseUrl": twin.url,
            "version": "1001.0.0-SNAPSHOT" if twin.cloud else "9.12.4",
            "versionNumbers": numbers,
            "deploymentType": "Cloud" if twin.cloud else "Server",
            "buildNumber": 100_000,
            "serverTime": call.shapes.moment(twin.now()),
            "serverTitle": "Twin",
        },
    )


def issue_property(call: Call) -> Reply:
    """One property of an issue."""
    found, key = call.issue().properties, call.path("key")
    if key not in found:
        raise refused(404, f"The property {key} does not exist.")
    return Reply(200, {"key": key, "value": found[key]})


READS = {
    "search/jql": search_jql,
    "search": search_pages,
    "issue/{issue}": issue,
    "issue/{issue}/comment": comments,
    "issue/{issue}/remotelink": remote_links,
    "issue/{issue}/editmeta": edit_meta,
    "issue/{issue}/properties/{key}": issue_property,
    "issue/createmeta/{project}/issuetypes": create_types,
    "issue/createmeta/{project}/issuetypes/{type}": create_fields,
    "field": fields,
    "myself": myself,
    "mypermissions": my_permissions,
    "user/assignable/search": assignable,
    "project": projects,
    "project/{project}": project,
    "priority": priorities,
    "serverInfo": server_info,
}
