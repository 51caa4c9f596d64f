"""A stateful Jira on a loopback socket: Cloud's version 3 with ``search/jql``, or Data Center's version 2."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from opshub.testing import Answer, Faults, Twin
from opshub_connectors.twins.jira.loader import load
from opshub_connectors.twins.jira.reads import READS, Call, Reply, refused
from opshub_connectors.twins.jira.shapes import Shapes, plain
from opshub_connectors.twins.jira.state import (
    CommentRow,
    FieldRow,
    Issue,
    LinkRow,
    PersonRow,
    ProjectRow,
    State,
)
from opshub_connectors.twins.jira.writes import WRITES

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

__all__ = ["JiraTwin"]

CLOUD_ONLY = ("search/jql", "search/approximate-count", "jql/parse")
CUSTOM_FIELDS = (
    FieldRow("customfield_10042", "Score", "number"),
    FieldRow("customfield_10043", "Band", "option", ("P1", "P2", "P3")),
    FieldRow("customfield_10044", "Hub tags", "array"),
    FieldRow("customfield_10045", "Urgency", "string"),
)


class JiraTwin(Twin):
    """Knows the project ``FEED`` and the custom fields Score, Band, Hub tags and Urgency; tests add the rest.

    ``denied`` holds permissions that the account lacks; ``admin`` says that it may write without notifying.
    """

    kind: ClassVar[str] = "jira"

    def __init__(
        self,
        deployment: Literal["cloud", "datacenter"] = "cloud",
        *,
        timezone: str = "America/New_York",
        email: str = "hub@acme.test",
        token: str = "jira-s3cret",
        inline_comments: int = 20,
        page_limit: int = 1000,
        faults: Faults | None = None,
        clock: Any = None,
    ) -> None:
        super().__init__(faults=faults, clock=clock)
        self.cloud = deployment == "cloud"
        self.zone = ZoneInfo(timezone)
        self.email = email
        self.token = token
        self.inline_comments = inline_comments
        self.page_limit = page_limit
        self.account = "hub"
        self.admin = False
        self.denied: set[str] = set()
        self.tokens: dict[str, tuple[str, tuple[int, ...], int]] = {}
        self.state = State(self.visible)
        self.state.people["hub"] = PersonRow("hub", "Hub", email)
        self.state.people["ann"] = PersonRow("ann", "Ann Lee", "ann@acme.test")
        self.state.people["bo"] = PersonRow("bo", "Bo Hidden")
        self.state.fields = {field.id: field for field in CUSTOM_FIELDS}
        self.add_project("FEED", "Feedback")

    def add_project(self, key: str, name: str = "", *, simplified: bool = False) -> ProjectRow:
        """A new, empty project; ``simplified`` is team-managed."""
        row = ProjectRow(self.state.take_id(), key, name or key, simplified)
        self.state.projects[key] = row
        return row

    def add_field(self, ident: str, name: str, kind: str = "number") -> FieldRow:
        """A new custom field; ``kind`` as in Jira's schema: number, option, string or array."""
        row = self.state.fields[ident] = FieldRow(ident, name, kind)
        return row

    def add(self, summary: str, *, project: str = "FEED", at: datetime | None = None, **fields: Any) -> Issue:
        """A new issue, as somebody else would create it; ``fields`` are attributes of ``Issue``."""
        with self.lock:
            moment = at or self.now()
            key = f"{project}-{self.state.projects[project].last + 1}"
            values: dict[str, Any] = {"reporter": "ann", "type": "Task", "created": moment, "updated": moment}
            issue = Issue(id=self.state.take_id(), key=key, summary=summary, **{**values, **fields})
            return self.state.put(issue, moment)

    def edit(self, key: str, *, at: datetime | None = None, **fields: Any) -> Issue:
        """A change, as somebody else would make it."""
        with self.lock:
            return self.state.edit(self.issue(key), at or self.now(), **fields)

    def comment(
        self, key: str, body: str, *, author: str = "ann", internal: bool = False, role: str = ""
    ) -> None:
        """One more comment by somebody else."""
        with self.lock:
            row = CommentRow(
                id=self.state.take_id(),
                body=body,
                created=self.now(),
                author=author,
                internal=internal,
                role=role,
            )
            self.edit(key, comments=(*self.issue(key).comments, row))

    def link(self, key: str, kind: str, other: str) -> None:
        """Tie two issues: ``link("FEED-2", "Duplicate", "FEED-1")`` says that FEED-2 duplicates FEED-1."""
        with self.lock:
            ident = self.state.take_id()
            self.edit(key, links=(*self.issue(key).links, LinkRow(ident, kind, True, other)))
            if self.state.find(other) is not None:
                self.edit(other, links=(*self.issue(other).links, LinkRow(ident, kind, False, key)))

    def delete(self, key: str) -> None:
        """Delete an issue, as somebody else would."""
        with self.lock:
            self.state.drop(self.issue(key), self.now())

    def issue(self, key: str) -> Issue:
        """An issue as it is now, by key or id; KeyError."""
        found = self.state.find(key)
        if found is None:
            raise KeyError(key)
        return found

    def load_jsonl(self, path: Path | str) -> int:
        """Put the rows of a Jira archive there, with their projects, people and priorities; how many."""
        with self.lock:
            return load(self.state, Path(path))

    def routes(self) -> Sequence[BaseRoute]:
        from starlette.routing import Route

        found: list[BaseRoute] = []
        handlers = {("GET", path): handler for path, handler in READS.items()} | WRITES
        for (method, path), handler in sorted(handlers.items(), key=lambda item: "{" in item[0][1]):
            if path in CLOUD_ONLY and not self.cloud:
                continue
            for version in (2, 3) if self.cloud else (2,):
                found.append(
                    Route(f"/rest/api/{version}/{path}", self._endpoint(handler, version), methods=[method])
                )
        return found

    def settings(self, url: str) -> dict[str, object]:
        base: dict[str, object] = {"kind": "jira", "url": url, "query": "project = FEED", "private": True}
        if self.cloud:
            return {**base, "deployment": "cloud", "email": self.email, "token": self.token}
        return {**base, "deployment": "datacenter", "token": self.token}

    def dump(self) -> object:
        with self.lock:
            issues = sorted(self.state.present(), key=lambda issue: (issue.project, issue.number))
            return {issue.key: _summary_of(issue) for issue in issues}

    def error_body(self, status: int) -> object:
        return {"errorMessages": [f"The twin answers with status {status}."], "errors": {}}

    def rate_limited(self, options: Mapping[str, object]) -> Answer:
        answer = super().rate_limited(options)
        reason = {"ratelimit-reason": "jira-burst-based"} if self.cloud else {"x-ratelimit-remaining": "0"}
        return Answer(answer.status, {**reason, **answer.headers}, answer.body)

    def find_project(self, name: str) -> ProjectRow | None:
        """A project by key or id."""
        if name in self.state.projects:
            return self.state.projects[name]
        return next((row for row in self.state.projects.values() if str(row.id) == name), None)

    def project_of(self, name: str) -> ProjectRow:
        """The same, or Jira's 404."""
        found = self.find_project(name)
        if found is None:
            raise refused(404, f"No project could be found with key '{name}'.")
        return found

    def allows(self, permission: str) -> bool:
        """Whether the account has a permission."""
        return permission not in self.denied and (self.admin or not permission.startswith("ADMINISTER"))

    def remember(self, text: str, ids: tuple[int, ...], start: int) -> str:
        """A token for the rest of a search."""
        token = base64.urlsafe_b64encode(f"{start}:{secrets.token_hex(8)}".encode()).decode()
        self.tokens[token] = (text, ids, start)
        return token

    def _endpoint(self, handler: Callable[[Call], Reply], version: int) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            with self.lock:
                return _response(await self._reply(request, handler, version))

        return endpoint

    async def _reply(self, request: Request, handler: Callable[[Call], Reply], version: int) -> Reply:
        if not self._knows(request.headers.get("authorization", "")):
            return refused(401, "Client must be authenticated to access this resource.")
        raw = await request.body()
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            return refused(400, "There was an error parsing JSON. Check that your request body is valid.")
        shapes = Shapes(self.state, self.url, self.cloud, version, self.zone, self.inline_comments)
        try:
            return handler(Call(self, request, shapes, body))
        except Reply as reply:
            return reply

    def _knows(self, header: str) -> bool:
        basic = base64.b64encode(f"{self.email}:{self.token}".encode()).decode()
        return header == f"Basic {basic}" or (not self.cloud and header == f"Bearer {self.token}")


def _response(reply: Reply) -> Response:
    from starlette.responses import JSONResponse, Response

    if reply.body is None:
        return Response(status_code=reply.status)
    return JSONResponse(reply.body, status_code=reply.status)


def _summary_of(issue: Issue) -> dict[str, object]:
    return {
        "summary": issue.summary,
        "text": plain(issue.description),
        "status": issue.status,
        "priority": issue.priority,
        "labels": sorted(issue.labels),
        "custom": {k: v for k, v in sorted(issue.custom.items()) if v not in (None, ())},
        "comments": [plain(row.body) for row in issue.comments],
        "remote": sorted(str(row.get("globalId") or row["object"]["url"]) for row in issue.remote),
    }
