"""Zendesk Support: tickets with their comments come in, tags, priority and custom fields go back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, cast

import httpx

from opshub.sdk import (
    Change,
    Connector,
    Cursor,
    CursorExpiredError,
    Feedback,
    Finding,
    MissingError,
    Page,
    PermissionDeniedError,
    Receipt,
    Record,
    RefusedWriteError,
    RequestError,
    Tombstone,
    TrackedItem,
    Wake,
    WebhookRequest,
    as_item,
    by_cursor,
    by_token,
    check_hmac_base64,
    check_window,
    segment,
)
from opshub_connectors.zendesk.settings import ZendeskSettings
from opshub_connectors.zendesk.ticket import (
    CUSTOM,
    feedback,
    field_of,
    holds,
    page,
    sent,
    without_addresses,
    writable,
)

__all__ = ["Zendesk", "ZendeskSettings"]

Rows = Mapping[Any, Mapping[str, Any]]

SIDE_LOADS = "users,organizations,comment_count"
LINKED_TAG = "jira_escalated"  # the Zendesk–Jira integration puts it on every ticket that it links


class Zendesk(Connector[ZendeskSettings]):
    """Reads the cursor export, so a pull costs what changed; the export withholds the last minute itself."""

    kind = "zendesk"
    Settings = ZendeskSettings
    lag: ClassVar[timedelta] = timedelta(minutes=1)

    @classmethod
    def auth(cls, settings: ZendeskSettings) -> httpx.Auth | None:
        if not settings.email:
            return None
        return httpx.BasicAuth(f"{settings.email}/token", settings.token.get_secret_value())

    @classmethod
    def headers(cls, settings: ZendeskSettings) -> dict[str, str]:
        return {} if settings.email else {"Authorization": f"Bearer {settings.token.get_secret_value()}"}

    def scope(self) -> object:
        it = self.settings
        known = [str(it.since), it.comments, it.emails, it.jira_links]
        return [*known, "numbers"] if self.declared else known

    def rewind(self, since: datetime) -> Cursor:
        return {"since": int(since.timestamp())}

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        start = cursor or (self.rewind(self.settings.since) if self.settings.since else {"since": 0})
        numeric = self._numeric()
        pages = by_cursor(
            lambda after: self._export(after, start.get("since", 0)),
            start=str(start["after"]) if "after" in start else None,
            cursor=lambda page: page["after_cursor"],
            end=lambda page: page["end_of_stream"],
            items=lambda page: page["tickets"],
        )
        for answer in pages:
            after = answer["after_cursor"]  # null on an empty first page: the next pull then begins anew
            yield Page(list(self._joined(answer, numeric)), {"after": after} if after else None)

    def _export(self, after: str | None, since: object) -> Any:
        place = {"cursor": after} if after else {"start_time": since}
        size = 100 if self.settings.comments else 1000  # with comments, a page costs up to a request a ticket
        params = {**place, "per_page": size, "include": SIDE_LOADS}
        try:
            return self.http.get("/api/v2/incremental/tickets/cursor.json", params=params)
        except RequestError as error:
            if after is None:
                raise
            raise CursorExpiredError(f"Zendesk no longer accepts the saved place: {error}") from error

    def read(self, ids: Sequence[str]) -> Iterator[Record]:
        numeric = self._numeric()
        for first in range(0, len(ids), 100):
            params = {"ids": ",".join(ids[first : first + 100]), "include": SIDE_LOADS}
            yield from self._joined(self.http.get("/api/v2/tickets/show_many.json", params=params), numeric)

    def _numeric(self) -> set[int]:
        """Ids of the owned fields whose values Zendesk spells as text although they are numbers."""
        if not (self.declared or any(name.startswith(CUSTOM) for name in self.fields)):
            return set()
        return {f["id"] for f in self._ticket_fields() if f["type"] in ("integer", "decimal")}

    def _ticket_fields(self) -> list[Any]:
        return [f for page in self._pages("/api/v2/ticket_fields.json") for f in page["ticket_fields"]]

    def _pages(self, path: str, **params: object) -> Iterator[Any]:
        def fetch(after: str | None) -> Any:
            place = {"page[after]": after} if after else {}
            return self.http.get(path, params={"page[size]": 100, **params, **place})

        return by_token(fetch, token=lambda p: p["meta"]["after_cursor"] if p["meta"]["has_more"] else None)

    def _joined(self, answer: Any, numeric: set[int]) -> Iterator[Record]:
        """Tickets with all that normalizing needs: people, organization, comments, linked issues."""
        numbers = sorted(numeric)
        people = {user["id"]: self._person_row(user) for user in answer.get("users", ())}
        keep = ("id", "name", "domain_names", "organization_fields")
        organizations = {
            one["id"]: {key: one.get(key) for key in keep} for one in answer.get("organizations", ())
        }
        for ticket in answer["tickets"]:
            try:
                yield self._record(ticket, people, organizations, numbers)
            except (KeyError, TypeError, AttributeError):  # a broken ticket must not stop its page
                yield ticket

    def _record(self, ticket: Any, people: Rows, organizations: Rows, numeric: list[int]) -> Record:
        if ticket["status"] == "deleted":
            return cast(Record, ticket)
        return {
            **ticket,
            "via": without_addresses(ticket["via"]),
            "_requester": people.get(ticket["requester_id"]),
            "_organization": organizations.get(ticket["organization_id"], {}),
            "_comments": self._comments(ticket),
            "_issues": self._issues(ticket),
            "_numeric": numeric,
        }

    def _person_row(self, user: Mapping[str, Any]) -> dict[str, Any]:
        keep = ("id", "name", "role", "email") if self.settings.emails else ("id", "name", "role")
        return {key: user.get(key) for key in keep}

    def _comments(self, ticket: Mapping[str, Any]) -> list[dict[str, Any]]:
        if not self.settings.comments or ticket.get("comment_count") == 1:
            return []
        path = f"/api/v2/tickets/{segment(ticket['id'])}/comments.json"
        rows: list[dict[str, Any]] = []
        try:
            for answer in self._pages(path, include="users"):
                people = {user["id"]: self._person_row(user) for user in answer.get("users", ())}
                for comment in answer["comments"]:
                    kept = {key: comment.get(key) for key in ("id", "body", "public", "created_at")}
                    rows.append({**kept, "_author": people.get(comment.get("author_id"))})
        except MissingError:  # deleted since the export listed it; the next page says so
            return []
        return rows

    def _issues(self, ticket: Mapping[str, Any]) -> list[str]:
        if not self.settings.jira_links or LINKED_TAG not in (ticket.get("tags") or ()):
            return []
        try:
            answer = self._links(**{"filter[ticket_id]": ticket["id"]})
        except (MissingError, PermissionDeniedError):  # an option of the account, shown by `check`
            return []
        return [link["issue_key"] for link in answer["links"]]

    def _links(self, **params: object) -> Any:
        return self.http.get("/api/v2/jira/links", params=params)

    def normalize(self, record: Record) -> Feedback | Tombstone:
        if record["status"] == "deleted":
            return Tombstone(self.ref(record["id"]))
        remote = (*self.fields, *self.declared)
        return feedback(record, self.ref(record["id"]), self.settings, remote)

    def item(self, record: Record) -> TrackedItem | Tombstone:
        return as_item(
            self.normalize(record),
            key=f"#{record['id']}",
            status=str(record["status"]),
            fields={name: field_of(record, name) for name in (*self.fields, *self.declared)},
            version=str(record.get("updated_at", "")),
        )

    def write(self, change: Change) -> Receipt:
        """The fields in one PUT, locked by the time of the last change. No comment is ever written."""
        body: dict[str, Any] = {name: sent(name, value) for name, value in change.fields.items()}
        own = [name for name in body if name.startswith(CUSTOM)]
        if own:
            body["custom_fields"] = [
                {"id": int(name.removeprefix(CUSTOM)), "value": body.pop(name)} for name in own
            ]
        if change.version:
            body |= {"safe_update": True, "updated_stamp": change.version}
        try:
            answer = self.http.put(f"/api/v2/tickets/{segment(change.target)}.json", json={"ticket": body})
        except (MissingError, RequestError) as error:
            raise RefusedWriteError(
                f"Zendesk refuses to change ticket {change.target}: {error}",
                field=", ".join(change.fields),
                hint="a closed or deleted ticket cannot be changed; see that the values are among the field's",
            ) from error
        ticket = answer["ticket"]
        lost = [name for name, wish in change.fields.items() if not holds(field_of(ticket, name), wish)]
        refused = dict.fromkeys(lost, "Zendesk accepted the request but kept another value")
        return Receipt(
            target=change.target,
            url=page(self.settings, change.target),
            version=str(ticket["updated_at"]),
            refused=refused,
        )

    def check(self) -> Iterator[Finding]:
        yield Finding.of("sign in", self._who)
        yield Finding.of(
            "export tickets", lambda: f"{len(self._export(None, 0)['tickets'])} on the first page"
        )
        remote = [name for name in (*self.fields, *self.declared) if name.startswith(CUSTOM)]
        wanted = {int(name.removeprefix(CUSTOM)) for name in remote}
        wanted |= {*self.settings.key_fields, *self.settings.names.values()}
        if wanted:
            yield Finding.of("ticket fields", lambda: self._known(wanted))
        if self.settings.jira_links:
            yield Finding.of("links to Jira", lambda: f"{len(self._links()['links'])} on the first page")
        for name in self.fields:
            yield Finding.of(f"write {name}", partial(writable, name))

    def _who(self) -> str:
        user = self.http.get("/api/v2/users/me.json")["user"]
        if not user.get("id"):
            raise PermissionDeniedError("Zendesk took the request as that of an anonymous visitor")
        return f"{user['name']}, {user['role']}"

    def _known(self, wanted: set[int]) -> str:
        missing = wanted - {field["id"] for field in self._ticket_fields()}
        if missing:
            numbers = ", ".join(map(str, sorted(missing)))
            raise MissingError(
                f"no ticket field has the id {numbers}", hint="see Admin Center > Ticket fields"
            )
        return f"all {len(wanted)} exist"

    def event(self, request: WebhookRequest) -> Iterable[Wake]:
        stamp = request.headers.get("x-zendesk-webhook-signature-timestamp", "")
        signature = request.headers.get("x-zendesk-webhook-signature", "")
        secrets = [secret.get_secret_value() for secret in self.settings.webhook_secrets]
        check_hmac_base64(signature, stamp.encode() + request.body, secrets)
        check_window(stamp, request.received_at)
        delivery = request.headers.get("x-zendesk-webhook-invocation-id", "")
        try:
            body = json.loads(request.body)
            ticket = (body.get("detail") or {}).get("id") or body.get("ticket_id") or ""
        except (AttributeError, ValueError):  # a body of the admin's own making: something changed
            ticket = ""
        return [Wake(str(ticket), delivery)]
