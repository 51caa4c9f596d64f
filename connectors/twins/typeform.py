"""A loopback Typeform: forms, responses with the vendor's filters and order, signed webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from opshub.testing import Twin

__all__ = ["TypeformTwin"]

Row = dict[str, Any]

NUMBERS = ("nps", "number", "opinion_scale", "rating")
SCALES: dict[str, Row] = {
    "opinion_scale": {"steps": 11, "start_at_one": False},
    "rating": {"steps": 5, "shape": "star"},
}
SIMPLE = {
    "date": "date",
    "email": "email",
    "file_upload": "file_url",
    "legal": "boolean",
    "phone_number": "phone_number",
    "website": "url",
    "yes_no": "boolean",
}


class TypeformTwin(Twin):
    """A Typeform account in memory.

    Responses come newest first unless asked otherwise, as from the real one. ``page_limit`` is the most responses a
    page holds, whatever is asked for. ``faults.lag`` is for how long a new response stays out of the list.
    """

    kind = "typeform"

    token = "typeform-twin-token"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.page_limit = 1000
        self.forms: dict[str, Row] = {}
        self.responses: dict[str, list[Row]] = {}

    @staticmethod
    def question(type: str, title: str, *, ref: str = "", choices: Sequence[str] = (), **more: object) -> Row:
        """One question, for ``add_form``; ``more`` are its properties; the ref is made from the title."""
        properties: Row = {**SCALES.get(type, {}), **more}
        if choices:
            properties["choices"] = [
                {"id": f"c{n}", "ref": f"c{n}", "label": c} for n, c in enumerate(choices)
            ]
        ref = ref or "_".join("".join(c if c.isalnum() else " " for c in title.lower()).split())
        return {"type": type, "title": title, "ref": ref, "properties": properties}

    def add_form(
        self, title: str, questions: Sequence[Row], *, id: str = "", hidden: Sequence[str] = ()
    ) -> str:
        """A form; questions inside a group stand in its property ``fields``. Returns the form's id."""
        with self.lock:
            form = id or f"form{len(self.forms) + 1}"
            numbers = iter(range(1, 10_000))
            self.forms[form] = {
                "id": form,
                "type": "quiz",
                "title": title,
                "settings": {"language": "en", "is_public": True},
                "fields": [_numbered(question, form, numbers) for question in questions],
                "hidden": list(hidden),
                "_links": {"display": f"https://acme.typeform.com/to/{form}"},
            }
            self.responses[form] = []
            return form

    def add_response(
        self,
        form: str,
        answers: Mapping[str, object],
        *,
        hidden: Mapping[str, str] | None = None,
        submitted_at: datetime | None = None,
        score: int = 0,
    ) -> str:
        """A completed response: answers by the question's ref. Returns its id."""
        with self.lock:
            fields = {field["ref"]: field for field in _flat(self.forms[form]["fields"])}
            id_ = hashlib.md5(
                f"{form}/{len(self.responses[form])}".encode(), usedforsecurity=False
            ).hexdigest()
            at = _text(submitted_at or self.now())
            row: Row = {"landing_id": id_, "token": id_, "response_id": id_, "response_type": "completed"}
            row |= {
                "landed_at": at,
                "submitted_at": at,
                "metadata": {"platform": "other", "browser": "default"},
            }
            more = {"hidden": dict(hidden or {}), "calculated": {"score": score}}
            given = [_answer(fields[ref], value) for ref, value in answers.items()]
            self.responses[form].append({**row, **more, "answers": given})
            return id_

    def remove_response(self, form: str, response: str) -> None:
        """What the owner of the form deletes is gone without a trace."""
        with self.lock:
            self.responses[form] = [r for r in self.responses[form] if r["response_id"] != response]

    def event(self, form: str, response: str, secret: str) -> tuple[dict[str, str], bytes]:
        """Headers and body of the webhook that a submission sends, signed."""
        row = next(r for r in self.responses[form] if r["response_id"] == response)
        body = orjson.dumps(
            {
                "event_id": f"event-{response}",
                "event_type": "form_response",
                "form_response": {"form_id": form, **row, "definition": self.forms[form]},
            }
        )
        digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
        return {"typeform-signature": "sha256=" + base64.b64encode(digest).decode()}, body

    def settings(self, url: str) -> dict[str, object]:
        form = next(iter(self.forms), "form1")
        return {"kind": self.kind, "url": url, "token": self.token, "form": form, "private": True}

    def dump(self) -> object:
        return {form: sorted(row["response_id"] for row in rows) for form, rows in self.responses.items()}

    def error_body(self, status: int) -> object:
        return {"code": f"HTTP_{status}", "description": "The twin was asked to fail."}

    def routes(self) -> Sequence[BaseRoute]:
        return [
            Route("/forms/{form}", self._endpoint(self._form), methods=["GET"]),
            Route("/forms/{form}/responses", self._endpoint(self._list), methods=["GET"]),
        ]

    def _endpoint(self, handle: Callable[[Request], Row]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            try:
                if request.headers.get("authorization") != f"Bearer {self.token}":
                    raise _Refusal(401, "AUTHENTICATION_FAILED", "Authentication failed")
                if request.path_params["form"] not in self.forms:
                    raise _Refusal(404, "FORM_NOT_FOUND", "Non existing form with uid")
                with self.lock:
                    return _json(200, handle(request))
            except _Refusal as refusal:
                return _json(refusal.status, {"code": refusal.code, "description": str(refusal)})

        return endpoint

    def _form(self, request: Request) -> Row:
        return self.forms[request.path_params["form"]]

    def _list(self, request: Request) -> Row:
        params = request.query_params
        if {"after", "before"} & params.keys() and "sort" in params:
            raise _Refusal(400, "BAD_REQUEST", "sort cannot be used together with after or before")
        rows = [r for r in self.responses[request.path_params["form"]] if self._wanted(r, params)]
        rows.sort(key=lambda r: (r["submitted_at"], r["response_id"]))
        if params.get("sort") != "submitted_at,asc" and "after" not in params:
            rows.reverse()
        for name in ("after", "before"):
            if name in params:
                rows = _behind(rows, params[name])
        size = min(int(params.get("page_size", 25)), self.page_limit)
        if self.faults.wants("repeat_token", request):
            rows = rows[:1] * (size + 1)
        return {"total_items": len(rows), "page_count": -(-len(rows) // size), "items": rows[:size]}

    def _wanted(self, row: Row, params: Mapping[str, str]) -> bool:
        at = datetime.fromisoformat(row["submitted_at"])
        if not self.visible(at):
            return False
        if "since" in params and at < _moment(params["since"]):
            return False
        if "until" in params and at > _moment(params["until"]):
            return False
        only = params.get("included_response_ids")
        return only is None or row["response_id"] in only.split(",")


class _Refusal(Exception):
    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.code = code


def _json(status: int, content: object) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    """Seconds since 1970, or ISO 8601 in UTC."""
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text), UTC)
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except (OverflowError, ValueError):
        raise _Refusal(400, "BAD_REQUEST", f"{text[:40]} is not a time") from None


def _behind(rows: Sequence[Row], token: str) -> list[Row]:
    at = next((n for n, row in enumerate(rows) if row["token"] == token), None)
    if at is None:
        raise _Refusal(400, "BAD_REQUEST", "no response has that token")
    return list(rows[at + 1 :])


def _flat(fields: Sequence[Row]) -> list[Row]:
    return [one for field in fields for one in (field, *_flat(field["properties"].get("fields", ())))]


def _numbered(question: Row, form: str, numbers: Any) -> Row:
    """The question with its id, and so the questions inside it."""
    field = {"id": f"{form}q{next(numbers)}", **question, "properties": dict(question["properties"])}
    if "fields" in field["properties"]:
        inner = field["properties"]["fields"]
        field["properties"]["fields"] = [_numbered(one, form, numbers) for one in inner]
    return field


def _answer(field: Row, value: object) -> Row:
    """An answer in the vendor's form; labels for choices, a list of them where several may be taken."""
    type_ = field["type"]
    answer: Row = {"field": {"id": field["id"], "ref": field["ref"], "type": type_}}
    if type_ in NUMBERS:
        return {**answer, "type": "number", "number": value}
    if type_ in SIMPLE:
        return {**answer, "type": SIMPLE[type_], SIMPLE[type_]: value}
    known = {c["label"]: c for c in field["properties"].get("choices", ())}
    if known and isinstance(value, (list, tuple)):
        picked = {"ids": [known[v]["id"] for v in value], "refs": [known[v]["ref"] for v in value]}
        return {**answer, "type": "choices", "choices": {**picked, "labels": list(value)}}
    if known:
        choice = known.get(str(value)) or {"other": value}
        return {**answer, "type": "choice", "choice": choice}
    return {**answer, "type": "text", "text": value}
