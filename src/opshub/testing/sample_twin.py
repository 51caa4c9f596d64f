"""The small vendor behind the sample connector."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from opshub.clock import Clock
from opshub.sdk import WebhookRequest, parse_time
from opshub.testing.faults import Faults
from opshub.testing.twin import Answer, Twin

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

__all__ = ["SampleTwin"]

INTERNAL = "internal: the customer's contract ends in May"
TOKEN = "sample-token-2d9f41"
WEBHOOK_SECRET = "sample-webhook-8c1e77"


class SampleTwin(Twin):
    """Items that are listed by the number of their last change, ``size`` a page."""

    kind = "sample"
    size = 5

    def __init__(self, *, faults: Faults | None = None, clock: Clock | None = None) -> None:
        super().__init__(faults=faults, clock=clock)
        self.items: dict[str, dict[str, Any]] = {}
        self.board: list[Any] | None = None
        self._changes = 0

    def populated(self, count: int = 23) -> Self:
        """With so many items, each a minute older than the next; every seventh is deleted."""
        for number in range(1, count + 1):
            item = self.add(
                f"Item {number}", f"Please add export {number}, 导出。", labels=[f"l{number % 3}"]
            )
            item["created"] = item["updated"] = (
                self.now() - timedelta(minutes=count + 60 - number)
            ).isoformat()
            item["deleted"] = number % 7 == 0
        return self

    def add(self, title: str, text: str, **values: Any) -> dict[str, Any]:
        """A new item, of this moment."""
        with self.lock:
            name = str(len(self.items) + 1)
            self.items[name] = item = {
                "id": name,
                "title": title,
                "text": text,
                "author": "ann",
                "created": self.now().isoformat(),
                "priority": None,
                "labels": [],
                "deleted": False,
                "marker": "",
                "version": 0,
                "notes": [
                    {"id": f"{name}-1", "at": self.now().isoformat(), "text": INTERNAL, "internal": True}
                ],
                **values,
            }
            self.touch(item)
            return item

    def touch(self, item: dict[str, Any]) -> None:
        """The item changed now."""
        self._changes += 1
        item.update(change=self._changes, updated=self.now().isoformat(), version=item["version"] + 1)

    def settings(self, url: str) -> dict[str, object]:
        return {
            "kind": self.kind,
            "url": url,
            "token": TOKEN,
            "webhook_secret": WEBHOOK_SECRET,
            "private": True,
        }

    def dump(self) -> object:
        keys = ("title", "text", "priority", "labels", "marker", "deleted", "notes")
        return {
            "items": [{key: item[key] for key in keys} for item in self.items.values()],
            "board": self.board,
        }

    def webhook(self, record_id: str) -> WebhookRequest:
        """The webhook that says that an item changed, rightly signed."""
        body = json.dumps({"id": record_id}).encode()
        signature = hmac.new(WEBHOOK_SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"x-sample-signature": signature, "x-sample-delivery": "d-1"}
        return WebhookRequest(headers=headers, body=body, received_at=self.now())

    def routes(self) -> Sequence[BaseRoute]:
        from starlette.routing import Route

        table: dict[tuple[str, str], Any] = {
            ("GET", "/me"): lambda request, body: Answer.of(200, {"name": "Ann"}),
            ("GET", "/items"): self.list_items,
            ("GET", "/ids"): self.list_ids,
            ("GET", "/items/{id}"): self.show,
            ("PUT", "/items/{id}"): self.update,
            ("POST", "/items"): self.create,
            ("GET", "/search"): self.search,
            ("GET", "/board"): lambda request, body: Answer.of(200, {"rows": self.board}),
            ("PUT", "/board"): self.put_board,
        }
        return [Route(path, self._endpoint(act), methods=[method]) for (method, path), act in table.items()]

    def _endpoint(self, act: Any) -> Any:
        from starlette.responses import Response

        async def endpoint(request: Request) -> Response:
            raw = await request.body()
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                answer = Answer.of(401, {"error": "who are you?"})
            else:
                with self.lock:
                    answer = act(request, json.loads(raw) if raw else None)
            return Response(answer.body, answer.status, headers=dict(answer.headers))

        return endpoint

    def list_items(self, request: Request, body: Any) -> Answer:
        after = request.query_params.get("after")
        if after and self.faults.wants("expire_cursor", request):
            return Answer.of(400, {"error": "this cursor has expired"})
        since = parse_time(request.query_params["since"]) if "since" in request.query_params else None
        shown = [item for item in self._shown() if since is None or _changed(item) >= since]
        page, following, more = self._page(shown, int(after or 0))
        if self.faults.wants("repeat_token", request):
            following, more = after or "0", True
        return Answer.of(200, {"items": page, "after": following, "more": more, "total": len(shown)})

    def list_ids(self, request: Request, body: Any) -> Answer:
        living = [item for item in self._shown() if not item["deleted"]]
        page, following, more = self._page(living, int(request.query_params.get("after") or 0))
        ids = [{"id": item["id"]} for item in page]
        return Answer.of(200, {"items": ids, "after": following, "more": more})

    def _shown(self) -> list[dict[str, Any]]:
        """What lists show by now, oldest change first; nothing behind a change that is still hidden."""
        shown = []
        for item in sorted(self.items.values(), key=lambda item: int(item["change"])):
            if not self.visible(_changed(item)):
                break
            shown.append(item)
        return shown

    def _page(self, items: Sequence[dict[str, Any]], after: int) -> tuple[list[dict[str, Any]], str, bool]:
        left = [item for item in items if item["change"] > after]
        page = left[: self.size]
        return page, str(page[-1]["change"] if page else after), len(left) > len(page)

    def show(self, request: Request, body: Any) -> Answer:
        item = self.items.get(request.path_params["id"])
        return Answer.of(200, item) if item else Answer.of(404, {"error": "no such item"})

    def update(self, request: Request, body: Any) -> Answer:
        item = self.items.get(request.path_params["id"])
        if item is None:
            return Answer.of(404, {"error": "no such item"})
        if body["version"] and body["version"] != str(item["version"]):
            return Answer.of(409, {"error": "the item has changed"})
        item.update(body["fields"])
        self.touch(item)
        self.writes["update", item["id"]] += 1
        return Answer.of(200, item)

    def create(self, request: Request, body: Any) -> Answer:
        fields = body.pop("fields")
        item = self.add(body.pop("title"), body.pop("text"), **body, **fields)
        self.writes["create", item["id"]] += 1
        return Answer.of(201, item)

    def search(self, request: Request, body: Any) -> Answer:
        marker = request.query_params["marker"]
        return Answer.of(200, {"ids": [item["id"] for item in self._shown() if item["marker"] == marker]})

    def put_board(self, request: Request, body: Any) -> Answer:
        self.board = body["rows"]
        self.writes["publish", "board"] += 1
        return Answer.of(200, {"rows": self.board})


def _changed(item: dict[str, Any]) -> datetime:
    return parse_time(item["updated"])
