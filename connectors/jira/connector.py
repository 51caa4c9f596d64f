"""Jira: issues come in, as feedback or as tracked items; priorities, fields, labels and links go back."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar

import httpx

from opshub.sdk import (
    Change,
    Connector,
    Cursor,
    CursorExpiredError,
    Draft,
    Feedback,
    Finding,
    MissingError,
    Page,
    Receipt,
    Record,
    Tombstone,
    TrackedItem,
    Wake,
    Watermark,
    WebhookRequest,
    as_item,
    by_token,
    check_hmac_hex,
    parse_time,
    segment,
    text_of,
)
from opshub_connectors.jira import translate
from opshub_connectors.jira.checks import findings
from opshub_connectors.jira.jql import bounded, jql_text, jql_time, projects
from opshub_connectors.jira.naming import NAMES, identified, in_record
from opshub_connectors.jira.outward import Outward
from opshub_connectors.jira.settings import JiraSettings
from opshub_connectors.jira.site import IDS, Site
from opshub_connectors.jira.walk import Part, changed_at, numbered

__all__ = ["Jira"]

FIELDS = (
    "assignee",
    "comment",
    "components",
    "created",
    "description",
    "fixVersions",
    "issuelinks",
    "issuetype",
    "labels",
    "priority",
    "project",
    "reporter",
    "resolution",
    "security",
    "status",
    "summary",
    "updated",
)
PEOPLE = ("assignee", "reporter", "author", "updateAuthor")
LAG = timedelta(minutes=10)
UNKNOWN_ZONE = timedelta(hours=12)
SHORTFALL = 0.02


class Jira(Connector[JiraSettings]):
    """Reads issues by the time of their change, through the search of Cloud or of Data Center.

    A search knows minutes only, in the account's zone, and learns of changes late: each pull begins ten minutes
    before the last, and a set of versions seen leaves out what was delivered.
    """

    kind = "jira"
    Settings = JiraSettings
    revision: ClassVar[int] = 2
    granularity: ClassVar[timedelta] = timedelta(minutes=1)
    lag: ClassVar[timedelta] = LAG

    @classmethod
    def auth(cls, settings: JiraSettings) -> httpx.Auth | None:
        if settings.deployment == "datacenter":
            return None
        return httpx.BasicAuth(settings.email, settings.token.get_secret_value())

    @classmethod
    def headers(cls, settings: JiraSettings) -> dict[str, str]:
        if settings.deployment == "cloud":
            return {}
        return {"Authorization": f"Bearer {settings.token.get_secret_value()}"}

    @cached_property
    def site(self) -> Site:
        """The site that this connection speaks to."""
        return Site(self.http, self.settings, self.base_url(self.settings))

    @classmethod
    def apart(cls, settings: JiraSettings, others: JiraSettings) -> bool:
        one, other = projects(settings.query), projects(others.query)
        return bool(one and other) and one.isdisjoint(other)

    @cached_property
    def _asked(self) -> tuple[str, ...]:
        """The fields that every issue is asked for."""
        return tuple(sorted({*self._known, *self._ids.values()}))

    @cached_property
    def _known(self) -> frozenset[str]:
        """The fields of which the ids are known."""
        return frozenset({*FIELDS, *(name for name in self.fields if name != "remotelinks")})

    @cached_property
    def _ids(self) -> Mapping[str, str]:
        """Fields that rules read, by the name that the admin gave, which may be the one that people see."""
        return identified(self.site, self.declared, self._known)

    def scope(self) -> object:
        asked = sorted({*self._known, *self.declared})
        return [self.settings.query, asked, "remotelinks" in self.fields, self.settings.emails]

    def identify(self, record: Record) -> str:
        ident = record["id"]
        if not isinstance(ident, (str, int)) or isinstance(ident, bool) or not str(ident):
            raise TypeError("an issue's id is a text or a number")
        return str(ident)

    def rewind(self, since: datetime) -> Cursor:
        return {"mark": since.astimezone(UTC).isoformat(), "seen": {}}

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        """Issues, the oldest change first. A place that is no more known to Jira is a CursorExpiredError."""
        mark = _watermark(cursor)
        limit = self.site.now() - self.lag
        start = mark.start(self.lag, self.granularity, limit)
        promised, got = None, 0
        for part in self._cloud(start) if self.site.cloud else self._numbered(start, limit):
            if got == 0 and promised is None and cursor is None:
                promised = part.total
            records = [self._whole(row) for row in part.rows if _is_fresh(mark, row)]
            got += len(records)
            if part.last and promised is not None and abs(promised - got) <= max(5, SHORTFALL * promised):
                promised = got  # issues come and go while they are counted, and Cloud counts roughly
            yield Page(records, mark.encode(), promised)

    def _cloud(self, start: datetime | None) -> Iterator[Part]:
        jql = self._query(start, "updated ASC, id ASC")
        total = None if start else self.site.count(bounded(self.settings.query, None, "id ASC"))
        pages = by_token(
            lambda token: self.site.page(jql, self._asked, token),
            token=lambda page: page.get("nextPageToken"),
            items=lambda page: page["issues"],
        )
        for page in pages:
            yield Part(page["issues"], total, not page.get("nextPageToken"))

    def _numbered(self, start: datetime | None, limit: datetime) -> Iterator[Part]:
        def fetch(since: datetime | None, offset: int) -> Mapping[str, Any]:
            jql = self._query(since, "updated ASC, key ASC")
            return self.site.numbered_page(jql, self._asked, offset)

        return numbered(fetch, start, limit)

    def _query(self, since: datetime | None, order: str) -> str:
        if since is None:
            return bounded(self.settings.query, None, order)
        zone = self.site.zone
        # Without a zone, so early that it is right wherever the account is.
        text = jql_time(since, zone) if zone else f"{since - UNKNOWN_ZONE:%Y-%m-%d %H:%M}"
        return bounded(self.settings.query, text, order)

    def _whole(self, row: Any) -> Any:
        """An issue with all its comments and, where they are owned, its remote links."""
        fields = row.get("fields") if isinstance(row, Mapping) else None
        if not isinstance(fields, Mapping):
            return row
        name, whole = text_of(row.get("key")) or self.identify(row), dict(row)
        try:
            if self._is_cut(fields):
                found = self.site.comments(name)
                fields = {**fields, "comment": {"comments": found, "total": len(found)}}
            if "remotelinks" in self.fields:
                whole["remotelinks"] = self.site.remote_links(name)
        except MissingError:  # deleted since it was listed: the next count of what exists says so
            pass
        whole["fields"] = fields if self.settings.emails else _without_addresses(fields)
        if named := {name: ident for name, ident in self._ids.items() if name != ident}:
            whole[NAMES] = named
        return whole

    def _is_cut(self, fields: Mapping[str, Any]) -> bool:
        """Whether comments are missing, or what hides them is: Data Center tells that only on request."""
        comments = fields.get("comment")
        if comments is None:
            return True
        if not isinstance(comments, Mapping) or not isinstance(rows := comments.get("comments"), list):
            return False
        project = fields.get("project")
        desk = isinstance(project, Mapping) and project.get("projectTypeKey") == "service_desk"
        total = comments.get("total")
        return (isinstance(total, int) and total > len(rows)) or (desk and bool(rows) and not self.site.cloud)

    def read(self, ids: Sequence[str]) -> Iterator[Record]:
        asked = self._asked
        for ident in ids:
            try:
                yield self._whole(self.site.issue(ident, asked))
            except MissingError:
                continue

    def census(self) -> Iterator[Page]:
        """Ids alone, so that a page holds a thousand."""
        if self.site.cloud:
            jql = bounded(self.settings.query, None, "id ASC")
            pages = by_token(
                lambda token: self.site.page(jql, ["id"], token, IDS),
                token=lambda page: page.get("nextPageToken"),
                items=lambda page: page["issues"],
            )
            found: Iterable[list[Any]] = (page["issues"] for page in pages)
        else:
            jql = bounded(self.settings.query, None, "key ASC")
            parts = numbered(lambda _, offset: self.site.numbered_page(jql, ["id"], offset, IDS), None)
            found = (part.rows for part in parts)
        for rows in found:
            yield Page([{"id": self.identify(row)} for row in rows], None)

    def normalize(self, record: Record) -> Feedback | Tombstone:
        it: translate.Json = translate.part(record)
        fields = translate.part(it["fields"])
        seen = translate.visibility_of(fields, customers=self.settings.customers)
        return Feedback(
            ref=self.ref(self.identify(record)),
            url=self._address(it["key"]),
            kind="issue",
            title=text_of(fields["summary"]),
            text=translate.plain(fields.get("description")),
            created_at=parse_time(fields["created"]),
            updated_at=parse_time(fields["updated"]),
            visibility=seen,
            author=translate.person_of(fields.get("reporter")),
            comments=translate.comments_of(fields, seen),
            tags=translate.tags_of(fields),
            fields=translate.reading_fields(it, in_record(it, self.declared)),
            mentions=translate.mentions_of(it),
            duplicate_of=translate.original_of(fields),
        )

    def item(self, record: Record) -> TrackedItem | Tombstone:
        """Without a version: Jira has no optimistic lock, so a write can only be preceded by a read."""
        seen = self.normalize(record)
        it = translate.part(record)
        ids = in_record(it, (*self.fields, *self.declared))
        owned = {name: translate.field_value(it, ident) for name, ident in ids.items()}
        status = translate.simple(translate.part(it["fields"]).get("status"))
        made = as_item(seen, key=text_of(it["key"]), fields=owned, status=text_of(status))
        if isinstance(made, Tombstone):
            return made
        return dataclasses.replace(made, kind="item", marker=translate.marker_of(it))

    def _address(self, key: object) -> str:
        return f"{self.base_url(self.settings)}/browse/{segment(text_of(key))}"

    @cached_property
    def _outward(self) -> Outward:
        return Outward(self.site, self.settings, self._address)

    def write(self, change: Change) -> Receipt:
        """The fields in one PUT; what the edit screen lacks is refused, the rest is written all the same."""
        return self._outward.write(change)

    def create(self, draft: Draft) -> Receipt:
        """One POST with the marker as a label and as a property. Jira knows no idempotency key."""
        return self._outward.create(draft)

    def assignable(self, project: str, person: str) -> str | None:
        """The one account that can have issues of the project and is meant by an address, a name or an id."""
        return self._outward.assignable(project, person)

    def find(self, marker: str) -> str | None:
        """The newest issue with the marker's label, as the search shows it."""
        label = jql_text(translate.marker_label(marker))
        jql = bounded(f"labels = {label}", None, "created DESC")
        site = self.site
        page = site.page(jql, ["id"], None, 1) if site.cloud else site.numbered_page(jql, ["id"], 0, 1)
        return self.identify(page["issues"][0]) if page["issues"] else None

    def check(self) -> Iterator[Finding]:
        yield from findings(self.site, self.settings, self.fields, self.declared)

    def event(self, request: WebhookRequest) -> Iterable[Wake]:
        """Something changed: the next pull finds it, within the query. Only of a deletion is the id told."""
        signature = request.headers.get("x-hub-signature", "")
        secrets = [secret.get_secret_value() for secret in self.settings.webhook_secrets]
        check_hmac_hex(signature, request.body, secrets, prefix="sha256=")
        delivery = request.headers.get("x-atlassian-webhook-identifier", "")
        try:
            body = json.loads(request.body)
            deleted = body["issue"]["id"] if body["webhookEvent"] == "jira:issue_deleted" else ""
        except (KeyError, TypeError, ValueError):
            deleted = ""
        return [Wake(str(deleted), delivery)]


def _watermark(cursor: Cursor | None) -> Watermark:
    try:
        return Watermark.decode(cursor)
    except (AttributeError, TypeError, ValueError):
        raise CursorExpiredError("The saved place in Jira's changes cannot be read.") from None


def _is_fresh(mark: Watermark, row: Any) -> bool:
    """Whether this version is new; what is no issue always is, and ends in quarantine.

    Two changes may share a time, and a linked issue's title changes without one: so content is the version.
    """
    moment = changed_at(row)
    if moment is None or row.get("id") is None:
        return True
    content = json.dumps(row).encode()
    return mark.fresh(row["id"], moment, hashlib.blake2b(content, digest_size=8).hexdigest())


def _without_addresses(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without anybody's e-mail address."""
    found = {name: _anonymous(value) if name in PEOPLE else value for name, value in fields.items()}
    comments = found.get("comment")
    if isinstance(comments, Mapping) and isinstance(comments.get("comments"), list):
        rows = [
            {name: _anonymous(value) if name in PEOPLE else value for name, value in row.items()}
            if isinstance(row, Mapping)
            else row
            for row in comments["comments"]
        ]
        found["comment"] = {**comments, "comments": rows}
    return found


def _anonymous(user: Any) -> Any:
    if not isinstance(user, Mapping):
        return user
    return {name: value for name, value in user.items() if name not in ("emailAddress", "avatarUrls")}
