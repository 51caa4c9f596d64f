"""What a Zendesk account holds, and what the vendor does with it when somebody changes it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson

from opshub.testing import Twin

__all__ = ["Account", "Refusal", "Row"]

PRIORITIES = ("low", "normal", "high", "urgent", None)
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
WRITABLE = ("subject", "type", "external_id", "problem_id", "assignee_id", "group_id", "status", "priority")

Row = dict[str, Any]


class Account(Twin):
    """The state of a twin account, and its rules; ``add_*`` fills it."""

    email = "ops@acme.test"
    token = "zendesk-twin-token"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.role = "admin"
        self.page_limit = 1000
        self.tickets: dict[int, Row] = {}
        self.comments: dict[int, list[Row]] = {}
        self.users: dict[int, Row] = {}
        self.organizations: dict[int, Row] = {}
        self.fields: dict[int, Row] = {}
        self.links: dict[int, Row] = {}
        self.changes: list[int] = []
        """Ticket ids in the order of their changes; the last mention of an id counts."""
        self._starts = {"users": 101, "organizations": 201, "fields": 301, "links": 5001}
        self._comment_ids = itertools.count(1001)
        self.me = self.add_user("Ops Robot", email=self.email, role="admin")

    # What tests and demos fill it with

    def add_organization(
        self, name: str, *, domains: Sequence[str] = (), fields: Mapping[str, object] | None = None
    ) -> int:
        """An organization; ``fields`` are its custom fields by key, such as plan and revenue."""
        row = {"name": name, "domain_names": list(domains), "organization_fields": dict(fields or {})}
        return self._add(
            self.organizations,
            "organizations",
            {**row, "tags": [], "shared_tickets": False, "shared_comments": False, "external_id": None},
        )

    def add_user(
        self, name: str, *, email: str = "", organization: int | None = None, role: str = "end-user"
    ) -> int:
        """A person: ``end-user``, ``agent`` or ``admin``."""
        row = {"name": name, "email": email or None, "organization_id": organization, "role": role}
        rest = {"active": True, "locale": "en-US", "verified": True, "tags": [], "user_fields": {}}
        return self._add(self.users, "users", {**row, **rest})

    def add_field(self, title: str, *, type: str = "text", options: Sequence[str] = ()) -> int:
        """A custom ticket field; ``tagger`` is a drop-down list, whose value is also a tag."""
        row: Row = {"title": title, "type": type, "active": True, "description": title}
        if options:
            row["custom_field_options"] = [{"name": o.title(), "value": o} for o in options]
        return self._add(self.fields, "fields", row)

    def add_ticket(
        self,
        subject: str,
        description: str,
        *,
        requester: int | None = None,
        public: bool = True,
        created_at: datetime | None = None,
        custom_fields: Mapping[int, object] | None = None,
        **values: object,
    ) -> int:
        """A ticket with its first comment; ``values`` are further properties, as the vendor names them."""
        with self.lock:
            id_ = len(self.tickets) + 1
            requester = requester or self.me
            at = created_at or self.now()
            row = _ticket(id_, subject, description, requester, self.users[requester]["organization_id"])
            row |= {"url": f"{self.url}/api/v2/tickets/{id_}.json", "is_public": public, **values}
            row |= {
                "created_at": _text(at),
                "updated_at": _text(at),
                "generated_timestamp": int(at.timestamp()),
            }
            self.tickets[id_] = row
            self.comments[id_] = []
            self._set_custom(row, [{"id": i, "value": v} for i, v in (custom_fields or {}).items()])
            self._comment(id_, description, requester, public, at)
            self.changes.append(id_)
            return id_

    def add_comment(self, ticket: int, body: str, *, author: int | None = None, public: bool = True) -> int:
        """A further comment; not public is an internal note."""
        with self.lock:
            at = self._changed(ticket)
            self.tickets[ticket]["is_public"] |= public
            return self._comment(ticket, body, author or self.me, public, at)

    def update_ticket(self, ticket: int, **values: object) -> None:
        """What a person changes in the vendor's own pages."""
        with self.lock:
            self.tickets[ticket].update(values)
            self._changed(ticket)

    def delete_ticket(self, ticket: int) -> None:
        """A deleted ticket leaves every list and stays in the export with the status ``deleted``."""
        self.update_ticket(ticket, status="deleted")

    def merge_ticket(self, ticket: int, into: int) -> None:
        """Close a ticket in favour of another one, the way the vendor's merge does."""
        self.add_comment(
            ticket, f'This request was closed and merged into request #{into} "…".', public=False
        )
        self.update_ticket(ticket, status="closed", tags=[*self.tickets[ticket]["tags"], "closed_by_merge"])

    def link_jira(self, ticket: int, issue_key: str, issue_id: str = "10001") -> None:
        """What the Zendesk–Jira integration keeps for a linked ticket: the link, and a tag on the ticket."""
        at = _text(self.now())
        row = {"ticket_id": str(ticket), "issue_key": issue_key, "issue_id": issue_id}
        self._add(self.links, "links", {**row, "updated_at": at})
        self.update_ticket(ticket, tags=sorted({*self.tickets[ticket]["tags"], "jira_escalated"}))

    def event(self, ticket: int, secret: str, delivery: str = "d-1") -> tuple[dict[str, str], bytes]:
        """Headers and body of the webhook that a change of this ticket sends, signed."""
        at = _text(self.now())
        body = orjson.dumps(
            {
                "type": "zen:event-type:ticket.status_changed",
                "id": delivery,
                "time": at,
                "subject": f"zen:ticket:{ticket}",
                "detail": {"id": str(ticket), "subject": self.tickets[ticket]["subject"]},
            }
        )
        digest = hmac.new(secret.encode(), at.encode() + body, hashlib.sha256).digest()
        signature = base64.b64encode(digest).decode()
        names = "x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"
        return dict(zip(names, (signature, at), strict=True)), body

    # The vendor's rules

    def changed_since(self, begin: int, start: int, size: int) -> tuple[list[Row], int]:
        """Tickets whose last change lies behind that place in the order of changes, and the next place."""
        latest = {id_: at for at, id_ in enumerate(self.changes)}
        found: list[Row] = []
        for at in range(begin, len(self.changes)):
            row = self.tickets[self.changes[at]]
            if len(found) == size or not self.visible(datetime.fromisoformat(row["updated_at"])):
                return found, at
            if latest[row["id"]] == at and row["generated_timestamp"] >= start:
                found.append(row)
        return found, len(self.changes)

    def apply(self, row: Row, wish: Row) -> None:
        """Do what an update asks for, or refuse all of it."""
        if "safe_update" in wish and wish.get("updated_stamp") != row["updated_at"]:
            text = "Safe Update prevented the update due to outdated ticket data. Fetch it again."
            raise Refusal(409, {"error": "UpdateConflict", "description": text})
        if row["status"] == "closed":
            raise _invalid("status", "closed prevents ticket update")
        if wish.get("priority") not in PRIORITIES:
            raise _invalid("priority", f"{wish['priority']} is not valid")
        if wish.get("status", "open") not in STATUSES:
            raise _invalid("status", f"{wish['status']} is not valid")
        if "tags" in wish:
            row["tags"] = sorted({tag.lower() for text in wish["tags"] for tag in text.split()})
        self._set_custom(row, wish.get("custom_fields") or [])
        row |= {k: wish[k] for k in WRITABLE if k in wish}
        at = self._changed(row["id"])
        if comment := wish.get("comment"):
            self._comment(row["id"], comment["body"], self.me, comment.get("public", True), at)

    # State

    def _add(self, rows: dict[int, Row], name: str, values: Row) -> int:
        with self.lock:
            id_ = self._starts[name] + len(rows)
            at = _text(self.now())
            url = f"{self.url}/api/v2/{name}/{id_}.json"
            rows[id_] = {"id": id_, "url": url, "created_at": at, "updated_at": at, **values}
            return id_

    def _comment(self, ticket: int, body: str, author: int, public: bool, at: datetime) -> int:
        id_ = next(self._comment_ids)
        texts = {"body": body, "plain_body": body, "html_body": f"<p>{len(body)} characters</p>"}
        row = {"id": id_, "type": "Comment", "author_id": author, "public": public, **texts}
        rest = {"attachments": [], "created_at": _text(at), "via": {"channel": "web", "source": {}}}
        self.comments[ticket].append({**row, **rest})
        return id_

    def _changed(self, ticket: int) -> datetime:
        """Stamp a change; never the same second twice, because the vendor's lock sees no finer."""
        row = self.tickets[ticket]
        last = datetime.fromisoformat(row["updated_at"])
        at = max(self.now(), last + timedelta(seconds=1))
        row |= {"updated_at": _text(at), "generated_timestamp": int(at.timestamp())}
        self.changes.append(ticket)
        return at

    def _set_custom(self, row: Row, wishes: Iterable[Row]) -> None:
        """Unknown fields are ignored without a word, as the vendor does; a list's value becomes a tag."""
        known = {f["id"]: f["value"] for f in row["custom_fields"]}
        values = {id_: known.get(id_) for id_ in self.fields}
        for wish in wishes:
            field = self.fields.get(int(wish["id"]))
            if field is None:
                continue
            options = [o["value"] for o in field.get("custom_field_options", [])]
            if options and wish["value"] not in (None, *options):
                raise _invalid("base", f"{field['title']}: {wish['value']} is not valid")
            value = wish["value"]
            if field["type"] in ("decimal", "integer") and value is not None:
                value = str(value)
            if field["type"] == "tagger":
                gone = {values[field["id"]], wish["value"]}
                row["tags"] = [t for t in row["tags"] if t not in gone] + [wish["value"]] * bool(
                    wish["value"]
                )
            values[field["id"]] = value
        row["custom_fields"] = [{"id": i, "value": v} for i, v in values.items()]
        row["fields"] = row["custom_fields"]


class Refusal(Exception):
    def __init__(self, status: int, content: object) -> None:
        super().__init__(status)
        self.status = status
        self.content = content


def _invalid(field: str, text: str) -> Refusal:
    details = {field: [{"description": f"{field.title()}: {text}", "error": "InvalidValue"}]}
    return Refusal(
        422, {"error": "RecordInvalid", "description": "Record validation errors", "details": details}
    )


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _ticket(id_: int, subject: str, description: str, requester: int, organization: int | None) -> Row:
    """A ticket as the vendor fills it in: the names and the nulls are those of recorded answers."""
    row: Row = {"id": id_, "subject": subject, "raw_subject": subject, "description": description}
    row |= {"requester_id": requester, "submitter_id": requester, "organization_id": organization}
    row |= {"status": "new", "tags": [], "custom_fields": [], "fields": [], "has_incidents": False}
    row |= {"via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}}
    row |= {"collaborator_ids": [], "follower_ids": [], "email_cc_ids": [], "followup_ids": []}
    row |= {"allow_attachments": True, "allow_channelback": False, "sharing_agreement_ids": []}
    nulls = "external_id type priority recipient assignee_id group_id problem_id due_at brand_id"
    return row | dict.fromkeys([*nulls.split(), "satisfaction_rating"])
