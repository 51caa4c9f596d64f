"""The one HTTP layer of all connectors: guarded, patient, and silent about secrets."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from opshub.clock import Clock
from opshub.errors import BadAnswerError, RateLimitedError, RequestError
from opshub.sdk.answer import Answer
from opshub.sdk.redaction import Redactor
from opshub.sdk.request import SAFE, Call, HttpRules, Outcome
from opshub.sdk.throttle import Throttle

if TYPE_CHECKING:
    import httpx
    from tenacity import RetryCallState

__all__ = ["Answer", "Http", "HttpRules", "segment"]

Params = Mapping[str, Any]
ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
BAD_ANSWERS = 3
"""So often is an answer that cannot be used asked for, at most."""


class Http:
    """Sends one connection's requests; every failure is one of our errors.

    A path is relative to ``base_url``; an absolute address must stay on its origin. What may be repeated is: GET and
    HEAD, what the caller calls ``repeatable``, and what was never sent or was refused for its rate. Any other
    request whose answer is lost raises UnknownOutcomeError. Errors for a status carry it as ``status``, and the JSON
    that came with it as ``answer``.
    """

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        auth: httpx.Auth | None = None,
        headers: Mapping[str, str] | None = None,
        rules: HttpRules = HttpRules(),  # noqa: B008 - frozen
        secrets: Sequence[str] = (),
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """``secrets`` are kept out of messages; ``jitter`` gives numbers from 0 to 1."""
        from opshub.sdk.exchange import Exchange

        self._base = base_url.rstrip("/")
        self._clock = clock
        self._rules = rules
        self._jitter = jitter
        self._throttle = Throttle(clock, rules.rate, rules.burst)
        self._exchange = Exchange(
            base_url,
            clock=clock,
            auth=auth,
            headers=headers or {},
            rules=rules,
            redactor=Redactor(secrets),
            throttle=self._throttle,
        )

    def __repr__(self) -> str:
        return f"Http({self._exchange.host})"

    def get(
        self, path: str, *, params: Params | None = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON at a path."""
        return self._run(self._call("GET", path, _needed, params=params, headers=headers))

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Any:
        """The JSON that a POST is answered with, None for an empty answer; searches are ``repeatable``."""
        return self._run(
            self._call(
                "POST", path, Answer.json, json=json, params=params, headers=headers, repeatable=repeatable
            )
        )

    def put(
        self,
        path: str,
        *,
        json: Any = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Any:
        """The JSON that a PUT is answered with, None for an empty answer."""
        return self._run(
            self._call(
                "PUT", path, Answer.json, json=json, params=params, headers=headers, repeatable=repeatable
            )
        )

    def patch(
        self,
        path: str,
        *,
        json: Any = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Any:
        """The JSON that a PATCH is answered with, None for an empty answer."""
        return self._run(
            self._call(
                "PATCH", path, Answer.json, json=json, params=params, headers=headers, repeatable=repeatable
            )
        )

    def delete(
        self,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = False,
    ) -> Any:
        """The JSON that a DELETE is answered with, None for an empty answer."""
        return self._run(
            self._call("DELETE", path, Answer.json, params=params, headers=headers, repeatable=repeatable)
        )

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        expect_json: bool = False,
    ) -> Answer:
        """The whole answer, its status below 300 or 304; for exports, links in headers, and bodies of one's own.

        With ``expect_json`` a body that is no JSON is treated as by the other methods: asked for again, then an error.
        """
        call = self._call(
            method.upper(),
            path,
            _with_json if expect_json else _as_it_is,
            json=json,
            content=content,
            params=params,
            headers=headers,
            repeatable=repeatable,
        )
        answer: Answer = self._run(call)
        return answer

    def same_origin(self, link: str) -> str:
        """The absolute address of a link that a vendor's answer held; UnsafeAddressError where it leads elsewhere."""
        return self._exchange.same_origin(link)

    def close(self) -> None:
        """Close all sockets; the object is of no further use."""
        self._exchange.close()

    def _call(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], Any],
        *,
        json: Any = None,
        content: bytes | None = None,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
    ) -> Call:
        url = self.same_origin(path) if ABSOLUTE.match(path) else f"{self._base}/{path.lstrip('/')}"
        sent = dict(headers or {})
        if json is not None:
            content = _encoded(json, f"{self._exchange.host}: {method} {urlsplit(url).path}")
            sent.setdefault("Content-Type", "application/json")
        safe = method in SAFE if repeatable is None else repeatable
        return Call(method, url, safe, read, params, content, sent)

    def _run(self, call: Call) -> Any:
        outcome = self._attempt(call)
        if outcome.again:
            outcome = self._retried(call, outcome)
        if outcome.error is not None:
            raise outcome.error
        return outcome.value

    def _retried(self, call: Call, first: Outcome) -> Outcome:
        """What comes of a call whose first attempt is made, and is not the last."""
        from tenacity import Retrying, retry_if_result

        made = iter([first])
        attempts = Retrying(
            sleep=self._clock.sleep,
            stop=self._enough,
            wait=self._wait,
            retry=retry_if_result(_again),
            retry_error_callback=_last,
        )
        outcome: Outcome = attempts(lambda: next(made, None) or self._attempt(call))
        return outcome

    def _attempt(self, call: Call) -> Outcome:
        held = self._throttle.held()
        if held > self._rules.longest_wait:
            raise RateLimitedError(
                f"{self._exchange.host} allows no request for another {held:.0f} seconds.",
                until=self._clock.now() + timedelta(seconds=held),
            )
        wait = self._throttle.reserve(reading=call.repeatable)
        if wait > 0:
            self._clock.sleep(wait)
        return self._exchange.attempt(call)

    def _enough(self, state: RetryCallState) -> bool:
        attempts = self._rules.attempts
        if isinstance(_last(state).error, BadAnswerError):
            attempts = min(attempts, BAD_ANSWERS)
        return state.attempt_number >= attempts

    def _wait(self, state: RetryCallState) -> float:
        """Full jitter; what the vendor asks for is never cut short."""
        asked = _last(state).wait or 0.0
        longest = min(self._rules.longest_wait, self._rules.first_wait * 2 ** (state.attempt_number - 1))
        return asked + self._jitter() * (min(1.0, asked / 10) or longest)


def segment(value: object) -> str:
    """A value as one segment of a path, every special character escaped; ValueError for one that climbs."""
    text = str(value)
    if text in ("", ".", ".."):
        raise ValueError(f"{text!r} cannot be part of an address")
    return quote(text, safe="", errors="replace")


def _last(state: RetryCallState) -> Outcome:
    assert state.outcome is not None
    outcome: Outcome = state.outcome.result()
    return outcome


def _again(outcome: Outcome) -> bool:
    return outcome.again


def _needed(answer: Answer) -> Any:
    if not answer.content.strip() and answer.status not in (204, 205, 304):
        raise BadAnswerError("The answer is empty.")
    return answer.json()


def _as_it_is(answer: Answer) -> Answer:
    return answer


def _with_json(answer: Answer) -> Answer:
    answer.json()
    return answer


def _encoded(json: Any, place: str) -> bytes:
    import orjson

    try:
        return orjson.dumps(json)
    except TypeError as error:
        raise RequestError(f"{place} cannot be sent as JSON: {error}.") from None
