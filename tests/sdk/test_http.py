"""What a connector asks for, what is repeated, and what each refusal becomes."""

from __future__ import annotations

import socket
import struct
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

from opshub.clock import FrozenClock
from opshub.sdk import (
    AuthenticationError,
    BadAnswerError,
    ConfigError,
    ConflictError,
    Http,
    HttpRules,
    MissingError,
    OpshubError,
    PermissionDeniedError,
    RateLimitedError,
    RemovedEndpointError,
    RequestError,
    UnavailableError,
    UnknownOutcomeError,
    UnsafeAddressError,
    segment,
)

from .conftest import NOON, Dial, Wire, reply

OK = reply(body=b'{"ok": true}')


def reset(line: socket.socket) -> None:
    """Hang up so that the other side gets a reset."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_a_path_goes_below_the_base_with_its_parameters(dial: Dial, wire: Wire) -> None:
    http = dial("/base")

    http.get("/things?a=1", params={"b": ["x", "y z"], "none": None})

    assert wire.seen[0].target == "/base/things?a=1&b=x&b=y+z"


def test_json_goes_out_and_comes_back(dial: Dial, wire: Wire) -> None:
    wire.says(reply(body='{"name": "价格"}'.encode()))

    answer = dial().post("/things", json={"text": "导出"})

    assert answer == {"name": "价格"}
    assert wire.seen[0].body == '{"text":"导出"}'.encode()
    assert wire.seen[0].headers["content-type"] == "application/json"


def test_an_empty_answer_to_a_write_is_none(dial: Dial, wire: Wire) -> None:
    wire.says(reply(204, b""))

    assert dial().put("/things/1", json={}) is None


def test_an_empty_answer_to_a_read_is_a_bad_answer(dial: Dial, wire: Wire) -> None:
    wire.says(reply(200, b""))

    with pytest.raises(BadAnswerError):
        dial().get("/things")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RequestError),
        (401, AuthenticationError),
        (403, PermissionDeniedError),
        (404, MissingError),
        (405, RequestError),
        (409, ConflictError),
        (410, RemovedEndpointError),
        (412, ConflictError),
        (413, RequestError),
        (422, RequestError),
        (429, RateLimitedError),
        (500, UnavailableError),
        (502, UnavailableError),
        (503, UnavailableError),
        (504, UnavailableError),
        (599, UnavailableError),
    ],
)
def test_each_status_becomes_its_error(dial: Dial, wire: Wire, status: int, kind: type[OpshubError]) -> None:
    wire.says(reply(status, b'{"errors": ["because"]}'))

    with pytest.raises(OpshubError) as caught:
        dial().get("/things", params={"token": "t0ken"})

    assert type(caught.value) is kind
    assert caught.value.status == status
    assert caught.value.answer == {"errors": ["because"]}
    assert f"GET /things answered {status}" in str(caught.value)
    assert "because" in str(caught.value)
    assert "t0ken" not in str(caught.value)


def test_a_read_is_repeated_through_an_outage_with_growing_waits(
    dial: Dial, wire: Wire, clock: FrozenClock
) -> None:
    wire.says(reply(503), reply(500), reset, OK)

    assert dial().get("/things") == {"ok": True}
    assert len(wire.seen) == 4
    assert clock.monotonic() == 0.5 + 1 + 2


def test_a_read_is_given_up_after_the_last_attempt(dial: Dial, wire: Wire) -> None:
    wire.says(reply(503))

    with pytest.raises(UnavailableError):
        dial(attempts=3).get("/things")

    assert len(wire.seen) == 3


@pytest.mark.parametrize(
    "lost", [reply(500), reply(503), reset, b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"]
)
def test_a_write_is_never_repeated_once_it_was_sent(dial: Dial, wire: Wire, lost: Any) -> None:
    wire.says(lost)

    with pytest.raises(UnknownOutcomeError) as caught:
        dial().post("/things", json={"a": 1})

    assert len(wire.seen) == 1
    assert caught.value.hint


def test_a_done_write_with_a_cut_answer_has_an_unknown_outcome(dial: Dial, wire: Wire) -> None:
    wire.says(reply(201, b'{"id": 1'))

    with pytest.raises(UnknownOutcomeError):
        dial().post("/things", json={})


def test_a_search_by_post_is_repeated(dial: Dial, wire: Wire) -> None:
    wire.says(reply(502), OK)

    assert dial().post("/search", json={"q": "x"}, repeatable=True) == {"ok": True}
    assert [seen.body for seen in wire.seen] == [b'{"q":"x"}'] * 2


def test_a_write_that_was_refused_for_its_rate_is_repeated(
    dial: Dial, wire: Wire, clock: FrozenClock
) -> None:
    wire.says(reply(429, Retry_After="3"), OK)

    assert dial().post("/things", json={}) == {"ok": True}
    assert clock.monotonic() >= 3


def test_a_write_that_never_left_is_repeated_and_then_unavailable(clock: FrozenClock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    http = Http(f"http://127.0.0.1:{port}", clock=clock, rules=HttpRules(private=True), jitter=lambda: 1.0)

    with pytest.raises(UnavailableError, match="no connection"):
        http.post("/things", json={})

    assert clock.monotonic() == 0.5 + 1 + 2 + 4
    http.close()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "7"}, 7),
        ({"Retry_After": "1.5"}, 1.5),
        ({"Retry_After": format_datetime(NOON + timedelta(seconds=9), usegmt=True)}, 9),
        ({"x_pc_retry_after": "4"}, 4),
        ({"X_RateLimit_Retry_After": "6"}, 6),
        ({"X_RateLimit_Reset": "2026-03-01T12:00:05Z"}, 5),
        ({"X_RateLimit_Reset": "2026-03-01T12:00Z", "Retry_After": "2"}, 2),
        ({"X_RateLimit_Reset": str(int(NOON.timestamp()) + 8)}, 8),
        ({"X_RateLimit_Reset": str(int(NOON.timestamp() + 8) * 1000)}, 8),
        ({"RateLimit_Reset": "3", "RateLimit_Remaining": "0"}, 3),
        ({"RateLimit": '"default";r=0;t=12'}, 12),
        ({"Retry_After": "1", "X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "20"}, 20),
    ],
)
def test_nothing_is_sent_before_the_vendor_allows_it(
    dial: Dial, wire: Wire, clock: FrozenClock, headers: dict[str, str], seconds: float
) -> None:
    wire.says(reply(429, b"{}", **headers), OK)

    dial().get("/things")

    assert seconds <= clock.monotonic() <= seconds + 1


@pytest.mark.parametrize("value", ["soon", "-5", "1e9999", "nan", "", "Fri, 99 Foo 2026 99:99:99 GMT"])
def test_a_wait_that_cannot_be_read_is_jitter(dial: Dial, wire: Wire, clock: FrozenClock, value: str) -> None:
    wire.says(reply(429, Retry_After=value), OK)

    dial().get("/things")

    assert clock.monotonic() == 0.5


def test_a_long_wait_is_not_slept_through(dial: Dial, wire: Wire, clock: FrozenClock) -> None:
    wire.says(reply(429, Retry_After="1200"), OK)
    http = dial()

    with pytest.raises(RateLimitedError) as caught:
        http.get("/things")

    assert caught.value.until == NOON + timedelta(seconds=1200)
    assert caught.value.scope == "connection"
    assert clock.monotonic() == 0


def test_while_the_vendor_wants_rest_nothing_is_sent_at_all(
    dial: Dial, wire: Wire, clock: FrozenClock
) -> None:
    wire.says(reply(429, Retry_After="1200"), OK)
    http = dial()
    with pytest.raises(RateLimitedError):
        http.get("/things")

    with pytest.raises(RateLimitedError) as caught:
        http.get("/others")
    clock.advance(timedelta(seconds=1200))
    http.get("/others")

    assert caught.value.until == NOON + timedelta(seconds=1200)
    assert [seen.target for seen in wire.seen] == ["/things", "/others"]


def test_an_absurd_wait_ends_after_a_day(dial: Dial, wire: Wire) -> None:
    wire.says(reply(429, Retry_After="99999999999999"))

    with pytest.raises(RateLimitedError) as caught:
        dial().get("/things")

    assert caught.value.until == NOON + timedelta(days=1)


def test_a_limit_for_one_issue_does_not_stop_the_others(dial: Dial, wire: Wire) -> None:
    wire.says(reply(429, Retry_After="300", RateLimit_Reason="jira-per-issue-on-write"), OK)
    http = dial()

    with pytest.raises(RateLimitedError) as caught:
        http.put("/issue/1", json={})

    assert caught.value.scope == "PUT /issue/1"
    assert http.get("/issue/2") == {"ok": True}


def test_a_short_limit_for_one_issue_is_waited_for(dial: Dial, wire: Wire, clock: FrozenClock) -> None:
    wire.says(reply(429, Retry_After="5", RateLimit_Reason="jira-burst-based"), OK)

    dial().put("/issue/1", json={})

    assert clock.monotonic() >= 5


def test_a_403_that_speaks_of_rates_is_a_rate_limit(dial: Dial, wire: Wire) -> None:
    wire.says(reply(403, Retry_After="600"))

    with pytest.raises(RateLimitedError):
        dial().get("/things")


def test_a_403_with_a_calm_limiter_is_a_missing_permission(dial: Dial, wire: Wire) -> None:
    wire.says(reply(403, Retry_After="0", X_RateLimit_Remaining="0"))

    with pytest.raises(PermissionDeniedError):
        dial().get("/things")


def test_a_redirect_within_the_origin_is_followed(dial: Dial, wire: Wire) -> None:
    wire.says(reply(302, b"", Location="/new/place?x=1"), OK)

    assert dial().get("/old") == {"ok": True}
    assert wire.seen[1].target == "/new/place?x=1"


def test_redirects_in_a_circle_end(dial: Dial, wire: Wire) -> None:
    wire.says(reply(302, b"", Location="/old"))

    with pytest.raises(BadAnswerError):
        dial().get("/old")

    assert len(wire.seen) == 4


@pytest.mark.parametrize(
    "location",
    ["https://evil.test/", "//evil.test/", "http://127.0.0.1:1/", "http://u:p@127.0.0.1/", "ftp://x/"],
)
def test_a_redirect_to_another_place_is_not_followed(dial: Dial, wire: Wire, location: str) -> None:
    wire.says(reply(302, b"", Location=location))

    with pytest.raises(UnsafeAddressError):
        dial(headers={"X-Api-Key": "k3y-k3y"}).get("/old")

    assert len(wire.seen) == 1


def test_a_redirected_write_is_refused(dial: Dial, wire: Wire) -> None:
    wire.says(reply(307, b"", Location="/other"))

    with pytest.raises(UnsafeAddressError):
        dial().post("/things", json={})

    assert len(wire.seen) == 1


@pytest.mark.parametrize(
    "link", ["https://evil.test/next", "//evil.test/x", "http://a@127.0.0.1/", "http://[", "file:///etc"]
)
def test_a_link_to_another_place_is_refused(dial: Dial, wire: Wire, link: str) -> None:
    http = dial()

    with pytest.raises(UnsafeAddressError):
        http.same_origin(link)
    assert wire.arrivals == 0


def test_a_link_on_the_origin_can_be_followed(dial: Dial, wire: Wire) -> None:
    http = dial("/wiki")

    http.get(http.same_origin("/wiki/api/v2/pages?cursor=abc"))

    assert wire.seen[0].target == "/wiki/api/v2/pages?cursor=abc"


def test_an_absolute_path_to_another_place_is_refused(dial: Dial) -> None:
    with pytest.raises(UnsafeAddressError):
        dial().get("https://evil.test/x")


@pytest.mark.parametrize(
    "url",
    ["acme", "ftp://acme.test", "https://", "https://u:p@acme.test", "https://a.test?x=1", "http://["],
)
def test_a_base_that_is_no_address_is_a_configuration_error(clock: FrozenClock, url: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Http(url, clock=clock)

    assert "u:p" not in str(caught.value)


def test_credentials_do_not_go_out_in_clear(clock: FrozenClock) -> None:
    with pytest.raises(UnsafeAddressError, match="in clear"):
        Http("http://acme.test", clock=clock)


def test_cookies_are_not_kept(dial: Dial, wire: Wire) -> None:
    wire.says(reply(Set_Cookie="session=abc; Path=/"), OK)
    http = dial()

    http.get("/one")
    http.get("/two")

    assert "cookie" not in wire.seen[1].headers


def test_the_rate_of_the_rules_is_kept(dial: Dial, wire: Wire, clock: FrozenClock) -> None:
    http = dial(rate=2, burst=3)

    for _ in range(7):
        http.get("/things")

    assert clock.monotonic() == pytest.approx(2.0)


def test_reads_slow_down_before_the_vendor_refuses(dial: Dial, wire: Wire, clock: FrozenClock) -> None:
    wire.says(reply(X_RateLimit_Limit="100", X_RateLimit_Remaining="10", X_RateLimit_Reset="30"))
    http = dial()

    http.get("/things")
    http.get("/things")
    http.put("/things/1", json={})

    assert clock.monotonic() == 3


def test_a_spent_limit_is_waited_for_without_a_refusal(dial: Dial, wire: Wire, clock: FrozenClock) -> None:
    wire.says(reply(X_RateLimit_Remaining="0", X_RateLimit_Reset="25"), OK)
    http = dial()

    http.get("/things")
    http.get("/things")

    assert clock.monotonic() == 25


def test_an_answer_shows_status_headers_and_links(dial: Dial, wire: Wire) -> None:
    wire.says(reply(200, b"a,b\n1,2\n", Link='</x?page=0>; rel="prev", </x?page=2>; rel="next"', X_Total="9"))

    answer = dial().send("GET", "/export")

    assert (answer.status, answer.content, answer.headers["x-total"]) == (200, b"a,b\n1,2\n", "9")
    assert answer.link() == "/x?page=2"
    assert answer.link("last") is None


def test_an_unchanged_answer_is_no_failure(dial: Dial, wire: Wire) -> None:
    wire.says(reply(304, b""))

    assert dial().send("GET", "/things", headers={"If-None-Match": '"1"'}).status == 304


def test_what_cannot_be_sent_is_a_request_error(dial: Dial, wire: Wire) -> None:
    http = dial()

    for wrong in ({"json": {"x": object()}}, {"json": {"x": "\ud800"}}, {"headers": {"X": "a\r\nb: c"}}):
        with pytest.raises(RequestError):
            http.post("/things", **wrong)
    with pytest.raises(RequestError):
        http.get("/\x00" + "x" * 70_000)
    assert wire.seen == []


def test_an_auth_flow_may_ask_again(dial: Dial, wire: Wire) -> None:
    class Renewing(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Any:
            request.headers["Authorization"] = "Bearer old"
            response = yield request
            if response.status_code == 401:
                request.headers["Authorization"] = "Bearer new"
                yield request

    wire.says(reply(401), OK)

    assert dial(auth=Renewing()).get("/things") == {"ok": True}
    assert wire.seen[1].headers["authorization"] == "Bearer new"


@pytest.mark.parametrize(("value", "text"), [("a/b?c", "a%2Fb%3Fc"), (12, "12"), ("导", "%E5%AF%BC")])
def test_a_segment_cannot_leave_its_place(value: object, text: str) -> None:
    assert segment(value) == text


@pytest.mark.parametrize("value", ["", ".", ".."])
def test_a_segment_that_climbs_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="part of an address"):
        segment(value)
