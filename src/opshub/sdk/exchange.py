"""One attempt at a call: sent, followed, read and judged.

Import it inside functions: it brings httpx with it.
"""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

from opshub.clock import Clock
from opshub.errors import (
    BadAnswerError,
    ConfigError,
    OpshubError,
    RateLimitedError,
    UnavailableError,
    UnknownOutcomeError,
    UnsafeAddressError,
)
from opshub.sdk.answer import Answer
from opshub.sdk.decoding import ACCEPTED
from opshub.sdk.failures import HTTPX_ERRORS, of_status, of_transport
from opshub.sdk.network import Deadline, GuardedBackend, GuardedTransport
from opshub.sdk.redaction import Redactor
from opshub.sdk.request import SAFE, Call, HttpRules, Outcome
from opshub.sdk.throttle import Throttle, asked_wait

__all__ = ["Exchange"]

REDIRECTS = 3
HOST = re.compile(rb"[A-Za-z0-9._:-]+")
LOOK_FIRST = "Look at the vendor whether it was done before it is sent again."


class Exchange:
    """The client of one connection, and its judgement of what comes back. Safe for several threads."""

    def __init__(
        self,
        base_url: str,
        *,
        clock: Clock,
        auth: httpx.Auth | None,
        headers: Mapping[str, str],
        rules: HttpRules,
        redactor: Redactor,
        throttle: Throttle,
    ) -> None:
        self._base = _checked(base_url, rules)
        self._clock = clock
        self._rules = rules
        self._redactor = redactor
        self._throttle = throttle
        self._deadline = Deadline(clock)
        backend = GuardedBackend(self._deadline, self._base.host.lower(), private=rules.private)
        self._client = httpx.Client(
            auth=auth,
            headers={"Accept": "application/json", "User-Agent": "opshub", **headers}
            | {"Accept-Encoding": ACCEPTED},
            timeout=httpx.Timeout(rules.read_timeout, connect=rules.connect_timeout),
            transport=GuardedTransport(backend, limit=rules.max_bytes, tls=_tls(self._base, rules)),
            cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=())),
            follow_redirects=False,
            trust_env=False,
        )
        # httpx writes whole addresses, tokens in the query included, at INFO.
        logging.getLogger("httpx").setLevel(logging.WARNING)

    @property
    def host(self) -> str:
        """The host of the settings, for messages."""
        return self._base.host

    def close(self) -> None:
        """Close all sockets."""
        self._client.close()

    def same_origin(self, link: str) -> str:
        """The absolute address of a link; UnsafeAddressError where it leads to another origin."""
        try:
            target = self._base.join(link)
        except (httpx.InvalidURL, ValueError):
            raise UnsafeAddressError(f"{self.host} sent a link that is no address.") from None
        if target.userinfo or _origin(target) != _origin(self._base):
            raise UnsafeAddressError(
                f"{self.host} leads to another place: {target.scheme[:20]}://{target.host[:100]}.",
                hint="A login page, if the credentials are wrong; else set url to the address that the vendor uses.",
            )
        return str(target)

    def attempt(self, call: Call) -> Outcome:
        """Send the call once."""
        request: httpx.Request | None = None
        try:
            request = self._request(call)
            answer = self._send(request)
            if answer.status < 300 or answer.status == 304:
                return Outcome(call.read(answer))
            return self._refused(call, answer, request)
        except BadAnswerError as error:
            return self._unusable(call, error)
        except HTTPX_ERRORS as error:
            return self._broken(call, error, request)

    def _request(self, call: Call) -> httpx.Request:
        url = httpx.URL(call.url)
        if call.params:
            url = url.copy_merge_params(
                {name: part for name, part in call.params.items() if part is not None}
            )
        try:
            return self._client.build_request(call.method, url, content=call.content, headers=call.headers)
        except (UnicodeError, TypeError):
            raise httpx.InvalidURL("a header holds what no header can") from None

    def _send(self, request: httpx.Request) -> Answer:
        """Send, and follow the redirects of reads within the origin."""
        self._deadline.set(self._rules.deadline)
        for _ in range(REDIRECTS + 1):
            response = self._client.send(request)
            answer = Answer(response.status_code, _lower(response.headers), response.content)
            self._throttle.learn(answer.headers)
            if not response.has_redirect_location or request.method not in SAFE:
                return answer
            target = self.same_origin(str(request.url.join(answer.headers["location"])))
            headers = {name: request.headers[name] for name in request.headers if name != "host"}
            request = self._client.build_request(request.method, target, headers=headers)
        raise httpx.TooManyRedirects("too many redirects", request=request)

    def _refused(self, call: Call, answer: Answer, request: httpx.Request) -> Outcome:
        place = f"{self.host}: {self._shown(call)}"
        text = f"{place} answered {answer.status}{self._said(answer, request)}"
        if 300 <= answer.status < 400:
            if "location" in answer.headers:
                self.same_origin(str(request.url.join(answer.headers["location"])))
            hint = "Set url to the address that the vendor itself uses."
            return Outcome(error=UnsafeAddressError(f"{place} answered with a redirect.", hint=hint))
        now = self._clock.now()
        error = of_status(answer, text, now, self._shown(call))
        wait = asked_wait(answer.headers, now)
        if isinstance(error, RateLimitedError):
            return self._too_fast(error, wait)
        if not isinstance(error, UnavailableError):
            return Outcome(error=error)
        if not call.repeatable:
            return Outcome(error=_unknown(error))
        if wait is not None and wait > self._rules.longest_wait:
            return self._too_fast(of_status(_as_limited(answer), text, now, call.place), wait)
        return Outcome(error=error, again=True, wait=wait)

    def _too_fast(self, error: OpshubError, wait: float | None) -> Outcome:
        if wait and getattr(error, "scope", "connection") == "connection":
            self._throttle.hold(wait)
        return Outcome(error=error, again=(wait or 0) <= self._rules.longest_wait, wait=wait)

    def _unusable(self, call: Call, error: BadAnswerError) -> Outcome:
        told = BadAnswerError(f"{self.host}: {self._shown(call)}: {error}", hint=error.hint)
        if call.repeatable:
            return Outcome(error=told, again=True)
        return Outcome(error=_unknown(told))

    def _broken(self, call: Call, error: Exception, request: httpx.Request | None) -> Outcome:
        meaning = of_transport(error)
        text = f"{self.host}: {self._shown(call)}: {meaning.text}"
        if not meaning.sent and str(error):
            text += f" ({self._redactor.excerpt(str(error), _headers(request), 100)})"
        told = meaning.kind(text + ".", hint=meaning.hint)
        if meaning.sent and not call.repeatable:
            return Outcome(error=_unknown(told))
        return Outcome(error=told, again=meaning.again)

    def _shown(self, call: Call) -> str:
        return self._redactor.excerpt(call.place, call.headers)

    def _said(self, answer: Answer, request: httpx.Request) -> str:
        if answer.is_html:
            return " with a web page."
        said = self._redactor.excerpt(answer.content[:20_000].decode(errors="replace"), _headers(request))
        return f": {said}" if said else "."


def _checked(base_url: str, rules: HttpRules) -> httpx.URL:
    if not base_url:
        # A connector without network has no address; this name is reserved and leads nowhere.
        return httpx.URL("https://no-address.invalid/")
    try:
        url = httpx.URL(base_url.rstrip("/") + "/")
    except (httpx.InvalidURL, TypeError, ValueError):
        raise ConfigError(
            "The connection's url is no address.", hint="Such as https://acme.example.com."
        ) from None
    if url.scheme not in ("http", "https") or not HOST.fullmatch(url.raw_host):
        raise ConfigError(
            "The connection's url needs https:// and a host.", hint="Such as https://acme.example.com."
        )
    if url.userinfo or url.query or url.fragment:
        raise ConfigError(
            f"The url of {url.host} holds more than an address.", hint="Use the other settings."
        )
    if url.scheme == "http" and not rules.private:
        raise UnsafeAddressError(
            f"http://{url.host} would carry the credentials in clear.",
            hint="Use https, or set private = true if it is a server in your own network.",
        )
    return url


def _tls(base: httpx.URL, rules: HttpRules) -> ssl.SSLContext | None:
    if base.scheme != "https":
        return None
    context = httpx.create_ssl_context(trust_env=False)
    if rules.ca_file:
        try:
            context.load_verify_locations(rules.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(f"The certificates in {rules.ca_file} cannot be read: {error}.") from None
    return context


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower(), url.port or {"http": 80, "https": 443}.get(url.scheme)


def _lower(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _headers(request: httpx.Request | None) -> dict[str, str]:
    return dict(request.headers.items()) if request is not None else {}


def _as_limited(answer: Answer) -> Answer:
    return Answer(429, answer.headers, answer.content)


def _unknown(error: OpshubError) -> UnknownOutcomeError:
    unknown = UnknownOutcomeError(
        f"{str(error).rstrip('.')}; nobody knows whether it was done.", hint=LOOK_FIRST
    )
    unknown.status, unknown.answer = error.status, error.answer
    return unknown
