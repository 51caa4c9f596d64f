"""Lets libraries that speak through ``requests`` go through ``Http``: same guards, same patience, same errors.

Import it inside functions: it brings requests with it.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

from requests.adapters import BaseAdapter
from requests.models import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from opshub.sdk.answer import Answer
from opshub.sdk.http import Http

__all__ = ["RequestsAdapter"]

OURS = frozenset(
    ("accept-encoding", "connection", "content-length", "cookie", "host", "transfer-encoding", "user-agent")
)
"""Headers that the HTTP layer sets itself."""


class RequestsAdapter(BaseAdapter):
    """To be mounted on a library's session: ``session.mount("https://acme.example.com", RequestsAdapter(http))``.

    A refusal raises our error, past the library. Timeouts, retries and redirects of the library have no effect.
    ``searches`` are ends of paths to which a POST only asks and may be repeated, such as ``/search/jql``.
    """

    def __init__(self, http: Http, *, searches: Collection[str] = ()) -> None:
        super().__init__()
        self._http = http
        self._searches = tuple(searches)

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: float | tuple[float, float] | tuple[float, None] | None = None,
        verify: bool | str = True,
        cert: bytes | str | tuple[bytes | str, bytes | str] | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        """Send a request; its answer is JSON, or it is a BadAnswerError."""
        url, method = request.url or "", request.method or "GET"
        answer = self._http.send(
            method,
            url,
            content=_body(request.body),
            headers={
                name: _text(value) for name, value in request.headers.items() if name.lower() not in OURS
            },
            repeatable=True
            if method == "POST" and urlsplit(url).path.endswith(self._searches or "\n")
            else None,
            expect_json=True,
        )
        return self._response(request, answer)

    def close(self) -> None:
        """Nothing to close: the connection owns its ``Http``."""

    def _response(self, request: PreparedRequest, answer: Answer) -> Response:
        response = Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers)
        response.encoding = get_encoding_from_headers(response.headers)
        response.raw = io.BytesIO(answer.content)
        response.url = request.url or ""
        response.request = request
        return response


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _body(body: Any) -> bytes | None:
    if body is None or isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    if hasattr(body, "read"):
        return _body(body.read())
    return b"".join(body)
