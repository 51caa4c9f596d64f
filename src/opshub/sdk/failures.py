"""Turns every way in which a request can fail into one of our errors, with what may be done next.

Import it inside functions: it brings httpx with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from opshub.errors import (
    AuthenticationError,
    BadAnswerError,
    ConflictError,
    MissingError,
    OpshubError,
    PermissionDeniedError,
    RateLimitedError,
    RemovedEndpointError,
    RequestError,
    UnavailableError,
    UnsafeAddressError,
)
from opshub.sdk.answer import Answer
from opshub.sdk.throttle import asked_wait, quotas

__all__ = ["HTTPX_ERRORS", "STATUSES", "Transport", "limited", "of_status", "of_transport"]

HTTPX_ERRORS = (httpx.HTTPError, httpx.InvalidURL, httpx.CookieConflict, httpx.StreamError)
"""The roots of all that httpx raises."""

UNTOLD_WAIT = 60.0
"""For how long a connection rests after a refusal for its rate that names no time, in seconds."""


@dataclass(frozen=True, slots=True)
class Transport:
    """What a failure of the transport means.

    ``sent`` tells whether the request may have reached the vendor, ``again`` whether trying again can help.
    """

    kind: type[OpshubError]
    text: str
    sent: bool
    again: bool
    hint: str = ""


REACH = "Check the address in the settings, the network, and whether the vendor is up."
SILENT = Transport(UnavailableError, "no answer came in time", sent=True, again=True)
BROKEN = Transport(
    UnavailableError, "the line broke before the whole answer was there", sent=True, again=True
)
FOREIGN = Transport(BadAnswerError, "the answer is not proper HTTP, or was cut", sent=True, again=True)
WRONG = Transport(RequestError, "the request cannot be sent as it is", sent=False, again=False)

TRANSPORT: tuple[tuple[type[Exception], Transport], ...] = (
    (httpx.ConnectTimeout, Transport(UnavailableError, "no connection in time", False, True, REACH)),
    (httpx.PoolTimeout, Transport(UnavailableError, "all connections are busy", False, True)),
    (httpx.ConnectError, Transport(UnavailableError, "no connection", False, True, REACH)),
    (httpx.ProxyError, Transport(UnavailableError, "the proxy refuses", False, True, REACH)),
    (httpx.TimeoutException, SILENT),
    (
        httpx.UnsupportedProtocol,
        Transport(UnsafeAddressError, "only http and https are spoken", False, False),
    ),
    (httpx.LocalProtocolError, WRONG),
    (httpx.RemoteProtocolError, FOREIGN),
    (httpx.NetworkError, BROKEN),
    (httpx.TransportError, BROKEN),
    (httpx.DecodingError, FOREIGN),
    (httpx.TooManyRedirects, Transport(BadAnswerError, "the answers lead in a circle", True, False)),
    (httpx.HTTPError, FOREIGN),
    (httpx.InvalidURL, WRONG),
    (httpx.CookieConflict, FOREIGN),
    (httpx.StreamError, FOREIGN),
)

STATUSES: dict[int, tuple[type[OpshubError], str]] = {
    400: (RequestError, ""),
    401: (AuthenticationError, "Check the credentials in the connection's settings; they may have expired."),
    403: (PermissionDeniedError, "Give the account the permission, or use another account."),
    404: (MissingError, "Check the names and ids in the settings, and whether the account may see them."),
    408: (UnavailableError, ""),
    409: (ConflictError, ""),
    410: (
        RemovedEndpointError,
        "The vendor has removed this address: a newer version of opshub may know another.",
    ),
    412: (ConflictError, ""),
    425: (UnavailableError, ""),
}


def of_transport(error: Exception) -> Transport:
    """What one of httpx's exceptions means; the first class that fits, so the narrow ones stand first."""
    return next((meaning for kind, meaning in TRANSPORT if isinstance(error, kind)), FOREIGN)


def limited(answer: Answer, now: datetime) -> bool:
    """Whether the vendor refused because of its rate limit: 429, or 403 with headers that say so."""
    if answer.status == 429:
        return True
    if answer.status != 403:
        return False
    spent = any(quota.is_spent for quota in quotas(answer.headers, now).values())
    return spent or (asked_wait({"retry-after": answer.headers.get("retry-after", "")}, now) or 0) > 0


def of_status(answer: Answer, text: str, now: datetime, place: str) -> OpshubError:
    """The error of an answer that is no success; ``text`` says what happened, ``place`` what was asked."""
    error: OpshubError
    if limited(answer, now):
        wait = asked_wait(answer.headers, now) or UNTOLD_WAIT
        scope = place if _is_narrow(answer) else "connection"
        error = RateLimitedError(text, until=now + timedelta(seconds=wait), scope=scope)
    else:
        kind, hint = STATUSES.get(
            answer.status, (UnavailableError if answer.status >= 500 else RequestError, "")
        )
        error = kind(text, hint=hint)
    error.status = answer.status
    error.answer = _parsed(answer)
    return error


def _is_narrow(answer: Answer) -> bool:
    """Jira names limits that hold for one endpoint or one issue only."""
    reason = answer.headers.get("ratelimit-reason", "")
    return reason.endswith(("-burst-based", "-per-issue-on-write"))


def _parsed(answer: Answer) -> Any:
    try:
        return answer.json()
    except BadAnswerError:
        return None
