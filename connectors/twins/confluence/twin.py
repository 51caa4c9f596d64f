"""The twin: pages, blog posts, comments, restrictions, versions; its state, and what a test may do to it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from opshub.sdk import WebhookRequest
from opshub.testing import Twin
from opshub_connectors.twins.confluence import endpoints
from opshub_connectors.twins.confluence.storage import rewritten

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

__all__ = ["ConfluenceTwin"]

Row = dict[str, Any]

EMAIL = "hub@acme.test"
TOKEN = "confluence-twin-5b1f0c"
WEBHOOK_SECRET = "confluence-hook-91d2e7"


class ConfluenceTwin(Twin):
    """A Confluence site in memory: ``deployment`` says which API it speaks.

    ``zone`` is how it reads the times in a query. ``page_limit`` is the most entries a list's page holds, whatever is
    asked for. ``read_only`` refuses every write, as for an account that may only read.
    """

    kind = "confluence"

    def __init__(
        self, *, deployment: Literal["cloud", "datacenter"] = "cloud", zone: str = "UTC", **options: Any
    ) -> None:
        super().__init__(**options)
        self.deployment = deployment
        self.zone = zone
        self.page_limit = 250
        self.read_only = False
        self.spaces: dict[str, Row] = {}
        self.contents: dict[str, Row] = {}
        self._ids = 65_536

    @property
    def cloud(self) -> bool:
        """Whether it is Confluence Cloud."""
        return self.deployment == "cloud"

    @property
    def base(self) -> str:
        """The site's address, as it stands in answers."""
        return f"{self.url}/wiki" if self.cloud else self.url

    def add_space(self, key: str, name: str = "") -> None:
        """A space."""
        with self.lock:
            self.spaces[key] = {"id": 1000 + len(self.spaces), "key": key, "name": name or key}

    def add_page(
        self,
        title: str,
        body: str = "",
        *,
        space: str = "FEED",
        parent: str = "",
        labels: Sequence[str] = (),
        author: str = "Ann",
        at: datetime | None = None,
        type: Literal["page", "blogpost"] = "page",
    ) -> str:
        """A page with a body in storage format; returns its id."""
        if space not in self.spaces:
            self.add_space(space)
        return self._add(
            type, body, author, at, title=title, space=space, parent=parent, labels=list(labels), container=""
        )

    def add_comment(
        self, page: str, body: str, *, author: str = "Bo", reply_to: str = "", at: datetime | None = None
    ) -> str:
        """A comment at the foot of a page, or a reply; returns its id."""
        space = self.contents[page]["space"]
        title = f"Re: {self.contents[page]['title']}"
        return self._add(
            "comment", body, author, at, title=title, space=space, parent=reply_to, container=page
        )

    def edit(self, content: str, body: str, *, author: str = "Ann", at: datetime | None = None) -> None:
        """Somebody writes a new version of a page or comment."""
        with self.lock:
            row = self.contents[content]
            row.update(body=body, editor=author, version=row["version"] + 1, when=at or self.now())

    def restrict(self, page: str, users: Sequence[str] = (), groups: Sequence[str] = ()) -> None:
        """Only these may view the page and what is below it."""
        with self.lock:
            self.contents[page]["restricted"] = {"user": list(users), "group": list(groups)}

    def trash(self, content: str) -> None:
        """Delete a page or comment."""
        with self.lock:
            self.contents[content]["status"] = "trashed"

    def write(self, content: str, title: str, body: str, version: int) -> str:
        """What a PUT does; a sentence says why not, and is empty where it was done. ValueError for broken bodies."""
        row = self.contents[content]
        if version != row["version"] + 1:
            return f"Version must be incremented on update. Current version is: {row['version']}"
        row["title"] = title
        self.edit(content, rewritten(body, content), author="hub")
        self.writes["update", content] += 1
        return ""

    def body(self, content: str) -> str:
        """A page's body in storage format."""
        return str(self.contents[content]["body"])

    def settings(self, url: str) -> dict[str, object]:
        more = {"email": EMAIL} if self.cloud else {"webhook_secrets": [WEBHOOK_SECRET]}
        return {
            "kind": self.kind,
            "url": url,
            "deployment": self.deployment,
            "token": TOKEN,
            "spaces": sorted(self.spaces) or ["FEED"],
            "private": True,
            **more,
        }

    def dump(self) -> object:
        keys = ("type", "title", "space", "body", "status", "container", "restricted")
        return {name: {key: row[key] for key in keys} for name, row in sorted(self.contents.items())}

    def webhook(self, page: str) -> WebhookRequest:
        """What Data Center sends when a page was changed, rightly signed."""
        body = json.dumps({"timestamp": 1, "event": "page_updated", "page": {"id": int(page)}}).encode()
        signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        return WebhookRequest(
            headers={"x-hub-signature": f"sha256={signature}"}, body=body, received_at=self.now()
        )

    def error_body(self, status: int) -> object:
        if self.cloud:
            return {
                "errors": [{"status": status, "code": "ERROR", "title": f"status {status}", "detail": None}]
            }
        return {"statusCode": status, "message": f"status {status}", "reason": ""}

    def routes(self) -> Sequence[BaseRoute]:
        return endpoints.routes(self)

    def knows(self, headers: Mapping[str, str]) -> bool:
        """Whether a request proves that it comes from the hub's account."""
        known = base64.b64encode(f"{EMAIL}:{TOKEN}".encode()).decode()
        return headers.get("authorization") == (f"Basic {known}" if self.cloud else f"Bearer {TOKEN}")

    def _add(self, type: str, body: str, author: str, at: datetime | None, **values: Any) -> str:
        with self.lock:
            self._ids += 1
            moment = at or self.now()
            self.contents[str(self._ids)] = {
                "id": str(self._ids),
                "type": type,
                "status": "current",
                "body": body,
                "author": author,
                "editor": author,
                "created": moment,
                "when": moment,
                "version": 1,
                "labels": [],
                "restricted": {"user": [], "group": []},
                **values,
            }
            return str(self._ids)
