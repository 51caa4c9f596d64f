"""A library that speaks through requests meets the same guards."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from opshub.clock import FrozenClock
from opshub.sdk import (
    BadAnswerError,
    MissingError,
    RateLimitedError,
    UnavailableError,
    UnknownOutcomeError,
    UnsafeAddressError,
)
from opshub.sdk.bridge import RequestsAdapter

from .conftest import Dial, Wire, reply

OK = reply(body=b'{"ok": true}', X_Total="3", Content_Type="application/json")


@pytest.fixture
def session(dial: Dial) -> Iterator[requests.Session]:
    """A session of requests on our layer, retries of its own switched off."""
    with requests.Session() as found:
        found.trust_env = False
        found.mount("http://", RequestsAdapter(dial(), searches=["/search/jql"]))
        yield found


def test_an_answer_looks_as_requests_makes_it(session: requests.Session, wire: Wire) -> None:
    wire.says(OK)

    answer = session.get(f"{wire.url}/rest/api/3/field", params={"a": "ü"})

    assert answer.json() == {"ok": True}
    assert (answer.status_code, answer.headers["X-Total"], answer.ok) == (200, "3", True)
    assert wire.seen[0].target == "/rest/api/3/field?a=%C3%BC"


def test_bodies_and_headers_arrive(session: requests.Session, wire: Wire) -> None:
    session.put(f"{wire.url}/x", json={"a": 1}, headers={"X-Atlassian-Token": "no-check"})

    assert wire.seen[0].body == b'{"a": 1}'
    assert wire.seen[0].headers["x-atlassian-token"] == "no-check"
    assert wire.seen[0].headers["accept-encoding"] == "gzip, deflate"


def test_a_text_and_a_stream_can_be_sent(session: requests.Session, wire: Wire) -> None:
    session.put(f"{wire.url}/x", data="grün")
    session.put(f"{wire.url}/x", data=iter([b"a", b"b"]))

    assert [seen.body for seen in wire.seen] == ["grün".encode(), b"ab"]


def test_a_refusal_is_our_error(session: requests.Session, wire: Wire) -> None:
    wire.says(reply(404, b'{"errorMessages": ["gone"]}'))

    with pytest.raises(MissingError) as caught:
        session.get(f"{wire.url}/rest/api/3/issue/FEED-1")

    assert caught.value.answer == {"errorMessages": ["gone"]}


def test_reads_and_searches_are_repeated_and_writes_are_not(session: requests.Session, wire: Wire) -> None:
    wire.says(reply(503), OK, reply(503), OK, reply(503), OK)

    session.get(f"{wire.url}/x")
    session.post(f"{wire.url}/rest/api/3/search/jql", json={})
    with pytest.raises(UnknownOutcomeError):
        session.post(f"{wire.url}/rest/api/3/issue", json={})

    assert len(wire.seen) == 5


def test_a_limit_is_typed(session: requests.Session, wire: Wire, clock: FrozenClock) -> None:
    wire.says(reply(429, Retry_After="Sun, 01 Mar 2026 13:00:00 GMT"))

    with pytest.raises(RateLimitedError):
        session.get(f"{wire.url}/x")

    assert clock.monotonic() == 0


def test_a_login_page_and_a_cut_body_are_bad_answers(session: requests.Session, wire: Wire) -> None:
    for body in (b"<html>Sign in</html>", b'{"a": '):
        wire.says(reply(body=body))

        with pytest.raises(BadAnswerError):
            session.get(f"{wire.url}/x")


def test_other_hosts_are_out_of_reach(session: requests.Session, wire: Wire) -> None:
    wire.says(reply(302, b"", Location="http://evil.test/"))

    for url in (f"{wire.url}/x", "http://evil.test/x", "http://localhost:1/x"):
        with pytest.raises(UnsafeAddressError):
            session.get(url)

    assert len(wire.seen) == 1


def test_the_jira_package_runs_on_it(dial: Dial, wire: Wire) -> None:
    from jira import JIRA

    wire.says(reply(body=b'{"accountId": "7", "timeZone": "Asia/Shanghai"}'), reply(500))
    client = JIRA(wire.url, get_server_info=False, max_retries=0)
    client._session.mount("http://", RequestsAdapter(dial(attempts=2)))

    assert client.myself()["timeZone"] == "Asia/Shanghai"
    with pytest.raises(UnavailableError):
        client.issue("FEED-1")
    client._session.close()
