"""A whole small vendor with every capability, and its connector: to try the hub on, and to read before writing one."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from opshub.sdk import (
    Change,
    Comment,
    Connector,
    Cursor,
    CursorExpiredError,
    Draft,
    Feedback,
    Finding,
    MissingError,
    Page,
    Person,
    Ranking,
    Receipt,
    Record,
    RequestError,
    Settings,
    Tombstone,
    TrackedItem,
    Value,
    Visibility,
    Wake,
    WebhookRequest,
    by_cursor,
    check_hmac_hex,
    parse_time,
    segment,
    text_of,
)

__all__ = ["Sample", "SampleSettings"]


class SampleSettings(Settings):
    """Settings of one connection."""

    url: str
    """Address of the vendor."""

    token: SecretStr
    """Access token."""

    webhook_secret: SecretStr = SecretStr("")
    """Secret of the webhook."""


class Sample(Connector[SampleSettings]):
    """Reads items by the number of their last change, writes fields back, creates items, publishes a list."""

    kind = "sample"
    Settings = SampleSettings

    @classmethod
    def headers(cls, settings: SampleSettings) -> dict[str, str]:
        return {"Authorization": f"Bearer {settings.token.get_secret_value()}"}

    def rewind(self, since: datetime) -> Cursor:
        return {"since": since.isoformat()}

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        start = cursor or {}
        since = start.get("since")
        pages = by_cursor(
            lambda after: self._fetch("/items", after, **({"since": since} if since else {})),
            start=str(start["after"]) if "after" in start else None,
            cursor=lambda page: page["after"],
            end=lambda page: not page["more"],
            items=lambda page: page["items"],
        )
        for answer in pages:
            yield Page(answer["items"], {"after": answer["after"]}, None if cursor else answer["total"])

    def census(self) -> Iterator[Page]:
        pages = by_cursor(
            lambda after: self._fetch("/ids", after),
            cursor=lambda page: page["after"],
            end=lambda page: not page["more"],
        )
        for answer in pages:
            yield Page(answer["items"], None)

    def _fetch(self, path: str, after: str | None, **params: object) -> Any:
        try:
            return self.http.get(path, params={**({"after": after} if after else {}), **params})
        except RequestError as error:
            if after is None:
                raise
            raise CursorExpiredError(f"the saved place is no longer accepted: {error}") from error

    def normalize(self, record: Record) -> Feedback | Tombstone:
        it: Any = record
        ref = self.ref(text_of(it["id"]))
        if it["deleted"]:
            return Tombstone(ref)
        return Feedback(
            ref=ref,
            url=self._page(ref.id),
            title=text_of(it["title"]),
            text=text_of(it["text"]),
            created_at=parse_time(it["created"]),
            updated_at=parse_time(it["updated"]),
            visibility=Visibility.CUSTOMER,
            author=Person(id=text_of(it["author"])),
            comments=tuple(_comment(note) for note in it["notes"]),
            tags=_labels(it["labels"]),
        )

    def item(self, record: Record) -> TrackedItem | Tombstone:
        it: Any = record
        seen = self.normalize(record)
        if isinstance(seen, Tombstone):
            return seen
        return TrackedItem(
            ref=seen.ref,
            key=f"S-{seen.ref.id}",
            url=seen.url,
            title=seen.title,
            text=seen.text,
            created_at=seen.created_at,
            updated_at=seen.updated_at,
            visibility=seen.visibility,
            comments=seen.comments,
            tags=seen.tags,
            fields={name: _field(name, it[name]) for name in ("priority", "labels")},
            version=str(it["version"]),
            marker=text_of(it["marker"]),
        )

    def read(self, ids: Sequence[str]) -> Iterator[Record]:
        for one in ids:
            try:
                yield self.http.get(f"/items/{segment(one)}")
            except MissingError:
                continue

    def write(self, change: Change) -> Receipt:
        body = {"fields": _sent(dict(change.fields)), "version": change.version}
        answer = self.http.put(f"/items/{segment(change.target)}", json=body)
        return Receipt(target=change.target, url=self._page(change.target), version=str(answer["version"]))

    def find(self, marker: str) -> str | None:
        found = self.http.get("/search", params={"marker": marker})["ids"]
        return str(found[0]) if found else None

    def create(self, draft: Draft) -> Receipt:
        body = {
            "project": draft.project,
            "title": draft.title,
            "text": draft.text,
            "marker": draft.marker,
            "fields": _sent(dict(draft.fields)),
        }
        made = self.http.post("/items", json=body)
        return Receipt(target=str(made["id"]), url=self._page(made["id"]), version=str(made["version"]))

    def fingerprint(self, ranking: Ranking) -> str:
        return _digest(_rows(ranking))

    def published(self) -> str | None:
        rows = self.http.get("/board")["rows"]
        return None if rows is None else _digest(rows)

    def publish(self, ranking: Ranking) -> Receipt:
        self.http.put("/board", json={"rows": _rows(ranking)}, repeatable=True)
        return Receipt(target="board", url=f"{self.settings.url}/board")

    def event(self, request: WebhookRequest) -> Iterator[Wake]:
        secret = self.settings.webhook_secret.get_secret_value()
        check_hmac_hex(request.headers.get("x-sample-signature", ""), request.body, [secret])
        yield Wake(str(json.loads(request.body)["id"]), request.headers.get("x-sample-delivery", ""))

    def check(self) -> Iterator[Finding]:
        yield Finding.of("sign in", lambda: str(self.http.get("/me")["name"]))
        yield Finding.of("list items", lambda: f"{self._fetch('/items', None)['total']} items")

    def _page(self, record_id: object) -> str:
        return f"{self.settings.url}/items/{segment(record_id)}"


def _comment(note: Any) -> Comment:
    return Comment(
        id=text_of(note["id"]),
        text=text_of(note["text"]),
        created_at=parse_time(note["at"]),
        visibility=Visibility.INTERNAL if note["internal"] else Visibility.CUSTOMER,
    )


def _labels(labels: Any) -> tuple[str, ...]:
    return tuple(sorted({text_of(label) for label in labels}))


def _field(name: str, value: Any) -> Value:
    if name == "labels":
        return _labels(value)
    return None if value is None else text_of(value)


def _sent(fields: dict[str, Value]) -> dict[str, object]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def _rows(ranking: Ranking) -> list[list[object]]:
    return [[row.rank, row.idea, row.title, row.band, row.score, row.voices] for row in ranking.rows]


def _digest(rows: object) -> str:
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:16]
