"""The connector: what changed is found by CQL, and read with its comments and restrictions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

import httpx

from opshub.sdk import (
    Comment,
    Connector,
    Cursor,
    Feedback,
    Finding,
    MissingError,
    Page,
    Person,
    Ranking,
    Receipt,
    Record,
    RefusedWriteError,
    Tombstone,
    TombstoneReason,
    Value,
    Visibility,
    Wake,
    Watermark,
    WebhookRequest,
    check_hmac_hex,
    list_of,
    parse_time,
    plain_from_storage,
    table_of,
    text_of,
)
from opshub_connectors.confluence import section
from opshub_connectors.confluence.settings import ConfluenceSettings
from opshub_connectors.confluence.site import Document, Site

__all__ = ["Confluence"]

LAG = timedelta(minutes=30)
"""How late the search index may show a change."""

OVERLAP = timedelta(hours=12) + LAG
"""How far before the newest change a pull begins. Confluence reads the times in a query in the zone of the account or
of the server, and its manuals disagree on which: times are written in UTC, moved back by the westernmost zone, and
what was delivered from there is told by its version."""

ISSUE_KEY = re.compile(r'<ac:parameter ac:name="key">\s*([A-Z][A-Z0-9_]+-\d+)\s*</ac:parameter>')
ISSUE_LINK = re.compile(r'href="(https?://[^"\s]+/browse/[A-Z][A-Z0-9_]+-\d+)"')


class Confluence(Connector[ConfluenceSettings]):
    """Reads pages whose content or comments changed, and keeps the ranked list on a page."""

    kind = "confluence"
    Settings = ConfluenceSettings
    granularity: ClassVar[timedelta] = timedelta(minutes=1)
    lag: ClassVar[timedelta] = LAG

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.site = Site(self.http, self.settings)

    @classmethod
    def base_url(cls, settings: ConfluenceSettings) -> str:
        url = settings.url.rstrip("/")
        return url if settings.deployment == "datacenter" else f"{url.removesuffix('/wiki')}/wiki"

    @classmethod
    def list_place(cls, settings: ConfluenceSettings) -> str:
        return (
            f"{cls.base_url(settings)}, page {settings.page}, section {settings.section}"
            if settings.page
            else ""
        )

    @classmethod
    def auth(cls, settings: ConfluenceSettings) -> httpx.Auth | None:
        if settings.deployment == "datacenter":
            return None
        return httpx.BasicAuth(settings.email, settings.token.get_secret_value())

    @classmethod
    def headers(cls, settings: ConfluenceSettings) -> dict[str, str]:
        if settings.deployment == "cloud":
            return {}
        return {"Authorization": f"Bearer {settings.token.get_secret_value()}"}

    def scope(self) -> object:
        return [sorted(self.settings.spaces), self.settings.cql, self.settings.blogposts]

    def rewind(self, since: datetime) -> Cursor:
        mark = Watermark(since).encode()
        return {"pages": mark, "comments": mark}

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        """Pages with new comments, then pages that changed themselves, each oldest change first.

        A comment does not change its page's time; the two are followed apart.
        """
        if not self._reads():
            return
        marks = self._marks(cursor)
        starts = {name: mark.start(OVERLAP, self.granularity) for name, mark in marks.items()}
        for what in ("pages",) if cursor is None else ("comments", "pages"):
            yield from self._news(marks, what, starts[what])

    def _reads(self) -> bool:
        return bool(self.settings.spaces or self.settings.cql)

    def _marks(self, cursor: Cursor | None) -> dict[str, Watermark]:
        if cursor is None:
            return {"pages": Watermark(), "comments": self._comments_so_far()}
        return {name: Watermark.decode(table_of(cursor[name])) for name in ("pages", "comments")}

    def _comments_so_far(self) -> Watermark:
        """Where to follow comments from: all that are there now arrive with their pages."""
        newest = self.site.newest_comment()
        mark = Watermark(newest)
        if newest is not None:
            for batch in self.site.changed("comments", mark.start(OVERLAP, self.granularity)):
                for each in batch:
                    mark.fresh(each.id, each.changed_at, each.version)
        return mark

    def _news(self, marks: Mapping[str, Watermark], what: str, start: datetime | None) -> Iterator[Page]:
        mark = marks[what]
        for batch in self.site.changed(what, start):
            fresh = [each for each in batch if mark.fresh(each.id, each.changed_at, each.version)]
            ids = dict.fromkeys(each.page for each in fresh if each.page != self.settings.page)
            if fresh:
                cursor = {name: watermark.encode() for name, watermark in marks.items()}
                yield Page(self.site.records(list(ids)), cursor)

    def census(self) -> Iterator[Page]:
        for batch in self.site.changed("pages", None):
            yield Page([{"id": each.id} for each in batch if each.id != self.settings.page], None)

    def normalize(self, record: Record) -> Feedback | Tombstone:
        content = table_of(record["content"])
        ref = self.ref(self.identify(record))
        if text_of(content["status"]) != "current":
            archived = content["status"] == "archived"
            return Tombstone(ref, TombstoneReason.ARCHIVED if archived else TombstoneReason.DELETED)
        body = section.without(text_of(record["body"]), self.settings.section)
        visibility = self._visibility(content)
        history, version = table_of(content["history"]), table_of(content["version"])
        return Feedback(
            ref=ref,
            url=self._url(record, content),
            title=text_of(content["title"]),
            text=plain_from_storage(body),
            kind=text_of(content["type"]),
            created_at=parse_time(history["createdDate"]),
            updated_at=parse_time(version["when"]),
            visibility=visibility,
            author=_person(history.get("createdBy")),
            comments=tuple(_comment(each, visibility) for each in list_of(record["comments"])),
            tags=_labels(content),
            fields=_fields(content),
            mentions=tuple(dict.fromkeys((*ISSUE_KEY.findall(body), *ISSUE_LINK.findall(body)))),
        )

    def identify(self, record: Record) -> str:
        return text_of(record["id"]) or _none()

    def _url(self, record: Record, content: Mapping[str, Any]) -> str:
        base = text_of(record.get("base"))
        path = text_of(table_of(content["_links"])["webui"])
        if not re.match(r"https?://", base):
            base = self.base_url(self.settings)
        return f"{base}/{path.removeprefix('/')}"

    def _visibility(self, content: Mapping[str, Any]) -> Visibility:
        """A page is as hidden as the most hidden page above it; what is not told counts as restricted."""
        family = (content, *(table_of(each) for each in list_of(content.get("ancestors"))))
        return Visibility.RESTRICTED if any(map(_restricted, family)) else self.settings.visibility

    def event(self, request: WebhookRequest) -> Iterable[Wake]:
        """Data Center signs its webhooks; the search may show the change later, so the next pulls look for it too."""
        secrets = [secret.get_secret_value() for secret in self.settings.webhook_secrets]
        signature = request.headers.get("x-hub-signature", "")
        prefix = "sha256=" if signature.startswith("sha256=") else ""  # the manual does not say which
        check_hmac_hex(signature, request.body, secrets, prefix=prefix)
        return [Wake(delivery=request.headers.get("x-atlassian-webhook-identifier", ""))]

    def check(self) -> Iterator[Finding]:
        yield Finding.of("sign in", self.site.who)
        for key in self.settings.spaces:
            yield Finding.of(f"space {key}", partial(self.site.space, key))
        if self._reads():
            yield Finding.of(
                "search", lambda: "pages are found" if self.site.any_page() else "no page matches yet"
            )
        if self.settings.page:
            yield Finding.of(f"page {self.settings.page}", self._writable)

    def _writable(self) -> str:
        document = self._document()
        if not document.writable:
            raise RefusedWriteError(
                f"page {self.settings.page}: this account may not edit it",
                hint="give the account edit permission",
            )
        there = self._section(document) is not None
        return f"{document.title!r}: the section {'stands there' if there else 'will be added at the end'}"

    def _document(self) -> Document:
        if not self.settings.page:
            raise MissingError(
                f"connection {self.name}: no page is named for the ranked list", hint='set page = "123456"'
            )
        return self.site.document(self.settings.page)

    def _section(self, document: Document) -> str | None:
        try:
            return section.section(document.storage, self.settings.section)
        except ValueError as error:
            raise self._broken(error) from None

    def _broken(self, error: ValueError) -> RefusedWriteError:
        return RefusedWriteError(
            f"page {self.settings.page}: {error}; nothing was written",
            field="ranking",
            hint="repair the page in Confluence: keep one such box, or delete them all to get a new one",
        )

    def fingerprint(self, ranking: Ranking) -> str:
        return section.fingerprint(section.rendered(ranking))

    def published(self) -> str | None:
        there = self._section(self._document())
        return None if there is None else section.fingerprint(there)

    def publish(self, ranking: Ranking) -> Receipt:
        document = self._document()
        body, there = section.rendered(ranking), self._section(document)
        if there is None or section.fingerprint(there) != section.fingerprint(body):
            storage = section.replaced(document.storage, self.settings.section, body)
            document = self.site.save(document, storage)
        return Receipt(target=document.id, url=document.url, version=str(document.version))


def _none() -> str:
    raise ValueError("the record has no id")


def _restricted(content: Mapping[str, Any]) -> bool:
    read = table_of(table_of(table_of(content.get("restrictions")).get("read")).get("restrictions"))
    lists = [read.get("user"), read.get("group")]
    return any(each is None or list_of(table_of(each).get("results")) for each in lists)


def _person(user: object) -> Person | None:
    who = table_of(user)
    known = text_of(who.get("accountId")) or text_of(who.get("userKey")) or text_of(who.get("username"))
    return Person(id=known, name=text_of(who.get("displayName"))) if known else None


def _comment(raw: object, visibility: Visibility) -> Comment:
    comment = table_of(raw)
    history = table_of(comment["history"])
    storage = table_of(table_of(comment["body"])["storage"])
    return Comment(
        id=text_of(comment["id"]),
        text=plain_from_storage(text_of(storage["value"])),
        created_at=parse_time(history["createdDate"]),
        author=_person(history.get("createdBy")),
        visibility=visibility,
    )


def _labels(content: Mapping[str, Any]) -> tuple[str, ...]:
    labels = list_of(table_of(table_of(content.get("metadata")).get("labels")).get("results"))
    return tuple(sorted({text_of(table_of(label)["name"]) for label in labels}))


def _fields(content: Mapping[str, Any]) -> dict[str, Value]:
    space = table_of(content.get("space"))
    return {"space": text_of(space.get("key"))} if space else {}
