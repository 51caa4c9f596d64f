"""A loopback Zendesk Support: tickets, comments, people, the cursor export, links to Jira, safe updates."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from opshub_connectors.twins.zendesk.account import Account, Refusal, Row

__all__ = ["ZendeskTwin"]


class ZendeskTwin(Account):
    """A Zendesk account in memory, on a socket.

    Ids: tickets from 1, people from 101, organizations from 201, ticket fields from 301, comments from
    1001, links from 5001. ``role`` is that of the token's owner: an ``agent`` may not export.
    ``page_limit`` is the most tickets that a page of the export holds, whatever is asked for.
    ``faults.lag`` is the minute that the real export holds back; it is zero until set.
    """

    kind = "zendesk"

    def settings(self, url: str) -> dict[str, object]:
        return {"kind": self.kind, "url": url, "email": self.email, "token": self.token, "private": True}

    def dump(self) -> object:
        keys = ("id", "subject", "status", "priority", "tags", "custom_fields")
        return {
            "tickets": [{k: self.tickets[i][k] for k in keys} for i in sorted(self.tickets)],
            "comments": {
                str(i): [(c["public"], c["body"]) for c in rows] for i, rows in sorted(self.comments.items())
            },
        }

    def error_body(self, status: int) -> object:
        if status == 429:
            return {"error": "APIRateLimitExceeded", "description": "Number of allowed API requests exceeded"}
        return {"error": {"title": f"HTTP {status}", "message": "The twin was asked to fail."}}

    def routes(self) -> Sequence[BaseRoute]:
        reads: dict[str, Callable[[Request], Any]] = {
            "/api/v2/incremental/tickets/cursor": self._export,
            "/api/v2/tickets/show_many": self._show_many,
            "/api/v2/tickets": lambda r: self._list(r, "tickets", self._living()),
            "/api/v2/tickets/{id:int}": self._show,
            "/api/v2/tickets/{id:int}/comments": self._list_comments,
            "/api/v2/users/me": lambda _: {"user": {**self.users[self.me], "role": self.role}},
            "/api/v2/users/{id:int}": lambda r: {"user": self._one(self.users, r)},
            "/api/v2/organizations/{id:int}": lambda r: {"organization": self._one(self.organizations, r)},
            "/api/v2/ticket_fields": lambda r: self._list(r, "ticket_fields", self.fields.values()),
            "/api/v2/organization_fields": self._organization_fields,
            "/api/v2/jira/links": self._jira_links,
            "/api/services/jira/links": self._jira_links,
        }
        routes = [
            Route(path + end, self._endpoint(handle), methods=["GET"])
            for path, handle in reads.items()
            for end in ("", ".json")
        ]
        for end in ("", ".json"):
            routes.append(
                Route(f"/api/v2/tickets/{{id:int}}{end}", self._endpoint(self._update), methods=["PUT"])
            )
        return routes

    def _endpoint(self, handle: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            request.state.body = await request.body()
            try:
                self._admit(request)
                with self.lock:
                    return _json(200, handle(request))
            except Refusal as refusal:
                return _json(refusal.status, refusal.content)

        return endpoint

    def _admit(self, request: Request) -> None:
        sent = request.headers.get("authorization", "")
        basic = base64.b64encode(f"{self.email}/token:{self.token}".encode()).decode()
        if sent not in (f"Basic {basic}", f"Bearer {self.token}"):
            raise Refusal(401, {"error": "Couldn't authenticate you"})

    def _export(self, request: Request) -> Row:
        if self.role != "admin":
            raise Refusal(403, {"error": "Forbidden", "description": "You do not have access to this page."})
        params = request.query_params
        cursor, start = params.get("cursor"), params.get("start_time", "")
        if cursor is None and not start.isdigit():
            raise Refusal(400, {"error": "InvalidValue", "description": "start_time is required"})
        if cursor is not None and self.faults.wants("expire_cursor", request):
            raise Refusal(400, {"error": "InvalidValue", "description": "cursor is invalid"})
        begin = _position(cursor, "export") if cursor is not None else 0
        size = min(int(params.get("per_page", 1000)), self.page_limit)
        found, position = self.changed_since(begin, int(start or 0), size)
        after = _token(position, "export") if position or cursor else None
        end = len(found) < size or position == len(self.changes)
        if cursor is not None and self.faults.wants("repeat_token", request):
            after, end = cursor, False
        url = f"{self.url}/api/v2/incremental/tickets/cursor.json?cursor={after}" if after else None
        ends = {"after_cursor": after, "after_url": url, "before_cursor": None, "before_url": None}
        return {**self._loaded(request, found), **ends, "end_of_stream": end}

    def _show_many(self, request: Request) -> Row:
        ids = [int(i) for i in request.query_params.get("ids", "").split(",") if i.isdigit()]
        if len(ids) > 100:
            raise Refusal(400, {"error": "TooManyValues", "description": "at most 100 ids"})
        living = {row["id"]: row for row in self._living()}
        return {**self._loaded(request, [living[i] for i in ids if i in living]), "count": len(ids)}

    def _show(self, request: Request) -> Row:
        row = self._one(self.tickets, request)
        if row["status"] == "deleted":
            raise Refusal(404, {"error": "RecordNotFound", "description": "Not found"})
        return {"ticket": row}

    def _list_comments(self, request: Request) -> Row:
        ticket = self._show(request)["ticket"]["id"]
        page = self._list(request, "comments", self.comments[ticket])
        if "users" in request.query_params.get("include", ""):
            authors = {c["author_id"] for c in page["comments"]}
            page["users"] = [self.users[i] for i in sorted(authors)]
        return page

    def _organization_fields(self, request: Request) -> Row:
        keys = sorted({k for o in self.organizations.values() for k in o["organization_fields"]})
        rows = [{"id": 700 + n, "key": k, "title": k.title(), "type": "text"} for n, k in enumerate(keys)]
        return self._list(request, "organization_fields", rows)

    def _jira_links(self, request: Request) -> Row:
        ticket = request.query_params.get("filter[ticket_id]") or request.query_params.get("ticket_id")
        rows = [r for r in self.links.values() if ticket in (None, r["ticket_id"])]
        return self._list(request, "links", rows)

    def _update(self, request: Request) -> Row:
        row = self._show(request)["ticket"]
        self.apply(row, orjson.loads(request.state.body)["ticket"])
        self.writes["update", str(row["id"])] += 1
        audit = {"id": 9000 + len(self.changes), "ticket_id": row["id"], "created_at": row["updated_at"]}
        return {"ticket": row, "audit": {**audit, "author_id": self.me, "events": []}}

    def _living(self) -> list[Row]:
        return [row for row in self.tickets.values() if row["status"] != "deleted"]

    def _one(self, rows: dict[int, Row], request: Request) -> Row:
        row = rows.get(request.path_params["id"])
        if row is None:
            raise Refusal(404, {"error": "RecordNotFound", "description": "Not found"})
        return row

    def _loaded(self, request: Request, rows: Sequence[Row]) -> Row:
        """The tickets with what ``include`` loads beside them."""
        asked = request.query_params.get("include", "").split(",")
        counts = "comment_count" in asked
        tickets = [{**r, "comment_count": len(self.comments[r["id"]])} if counts else r for r in rows]
        answer: Row = {"tickets": tickets}
        if "users" in asked:
            people = {r[k] for r in rows for k in ("requester_id", "submitter_id", "assignee_id")}
            answer["users"] = [self.users[i] for i in sorted(people & set(self.users))]
        if "organizations" in asked:
            found = {r["organization_id"] for r in rows} & set(self.organizations)
            answer["organizations"] = [self.organizations[i] for i in sorted(found)]
        return answer

    def _list(self, request: Request, name: str, rows: Iterable[Row]) -> Row:
        """One page: by cursor where ``page[size]`` or ``page[after]`` is asked for, else by number."""
        params, every = request.query_params, list(rows)
        if "page[size]" in params or "page[after]" in params:
            size = min(int(params.get("page[size]", 100)), 1000 if name == "links" else 100)
            begin = _position(params["page[after]"], name) if "page[after]" in params else 0
            page = every[begin : begin + size]
            more = begin + size < len(every)
            after = _token(begin + len(page), name) if page else None
            next_ = f"{self.url}{request.url.path}?page[after]={after}&page[size]={size}" if more else None
            meta = {"has_more": more, "after_cursor": after, "before_cursor": None}
            return {name: page, "meta": meta, "links": {"next": next_, "prev": None}}
        size, number = min(int(params.get("per_page", 100)), 100), int(params.get("page", 1))
        more = number * size < len(every)
        next_ = f"{self.url}{request.url.path}?page={number + 1}&per_page={size}" if more else None
        page = every[(number - 1) * size : number * size]
        return {name: page, "count": len(every), "next_page": next_, "previous_page": None}


def _json(status: int, content: object) -> Response:
    limits = {"x-rate-limit": "700", "x-rate-limit-remaining": "699"}
    return Response(orjson.dumps(content), status, limits, media_type="application/json; charset=utf-8")


def _token(position: int, of: str) -> str:
    return base64.urlsafe_b64encode(f"{of}||{position}|".encode()).decode()


def _position(token: str, of: str) -> int:
    """Where a cursor points to; cursors of another list are refused."""
    try:
        name, _, rest = base64.urlsafe_b64decode(token.encode()).decode().partition("||")
        if name == of:
            return int(rest.rstrip("|"))
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    raise Refusal(400, {"error": "InvalidValue", "description": "cursor is invalid"})
