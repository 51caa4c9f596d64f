"""Servers that lie, drip, cut, bloat and peep."""

from __future__ import annotations

import contextlib
import gzip
import socket
import ssl
import time
import tracemalloc
import zlib
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.clock import FrozenClock, SystemClock
from opshub.sdk import (
    Answer,
    BadAnswerError,
    Http,
    HttpRules,
    OpshubError,
    RequestError,
    UnavailableError,
    UnknownOutcomeError,
    UnsafeAddressError,
)
from opshub.sdk.decoding import read_body
from opshub.sdk.redaction import Redactor

from .conftest import NOON, Dial, Wire, reply

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class HurriedClock(FrozenClock):
    """A second passes whenever somebody looks."""

    def monotonic(self) -> float:
        self.advance(timedelta(seconds=1))
        return super().monotonic()


def drip(start: bytes, drop: bytes) -> Callable[[socket.socket], None]:
    """Send a beginning, then the same few bytes for as long as somebody listens."""

    def talk(line: socket.socket) -> None:
        line.sendall(start)
        while True:
            line.sendall(drop)
            time.sleep(0.001)

    return talk


@pytest.mark.parametrize(
    "start",
    [
        HEAD + b"Content-Length: 99999\r\n\r\n",
        HEAD + b"X-Long: ",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_dripping_answer_ends_at_the_deadline(dial: Dial, wire: Wire, start: bytes) -> None:
    wire.says(drip(start, b"1\r\n \r\n" if b"chunked" in start else b" "))
    http = dial(clock=HurriedClock(NOON), deadline=30, attempts=1)

    with pytest.raises(UnavailableError, match="in time"):
        http.get("/things")


def test_a_dripping_answer_to_a_write_has_an_unknown_outcome(dial: Dial, wire: Wire) -> None:
    wire.says(drip(HEAD + b"Content-Length: 99999\r\n\r\n", b" "))

    with pytest.raises(UnknownOutcomeError):
        dial(clock=HurriedClock(NOON), deadline=30).post("/things", json={})


def test_a_silent_server_ends_at_the_read_timeout(dial: Dial, wire: Wire) -> None:
    wire.says(lambda line: time.sleep(0.4))

    with pytest.raises(UnavailableError, match="in time"):
        dial(read_timeout=0.05, attempts=1).get("/things")


def test_one_long_silence_ends_at_the_deadline(dial: Dial, wire: Wire) -> None:
    def late(line: socket.socket) -> None:
        time.sleep(0.5)
        line.sendall(reply())

    wire.says(late)

    with pytest.raises(UnavailableError, match="in time"):
        dial(clock=SystemClock(), deadline=0.05, attempts=1).get("/things")


def coded(body: bytes, coding: str = "gzip", length: bool = True) -> bytes:
    """An answer with a body that is compressed already."""
    counted = f"Content-Length: {len(body)}\r\n" if length else ""
    return HEAD + f"Content-Encoding: {coding}\r\nConnection: close\r\n{counted}\r\n".encode() + body


def test_compressed_answers_are_read(dial: Dial, wire: Wire) -> None:
    body = b'{"text": "' + b"x" * 100_000 + b'"}'
    bare = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    halves = gzip.compress(body[:5]) + gzip.compress(body[5:])
    wire.says(
        coded(gzip.compress(body)),
        coded(halves, length=False),
        coded(zlib.compress(body), "deflate"),
        coded(bare.compress(body) + bare.flush(), "deflate"),
        coded(body, "identity"),
    )
    http = dial()

    for _ in range(5):
        assert len(http.get("/things")["text"]) == 100_000


def bomb(size: int) -> bytes:
    """Zeros, many times smaller than they are."""
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    return b"".join(packer.compress(bytes(2**20)) for _ in range(size // 2**20)) + packer.flush()


def test_a_gzip_bomb_is_stopped_at_the_cap(dial: Dial, wire: Wire) -> None:
    wire.says(coded(bomb(2**25)))

    with pytest.raises(BadAnswerError, match="larger than"):
        dial(max_bytes=2**20).get("/things")


def test_a_gzip_bomb_takes_no_memory() -> None:
    packed = bomb(2**26)
    tracemalloc.start()

    with pytest.raises(BadAnswerError):
        read_body([packed], "gzip", 2**20)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_a_body_without_end_is_stopped_at_the_cap(dial: Dial, wire: Wire) -> None:
    wire.says(drip(HEAD + b"\r\n", b" " * 65536))

    with pytest.raises(BadAnswerError, match="larger than"):
        dial(max_bytes=2**20).get("/things")


def test_empty_blocks_without_end_are_stopped_too(dial: Dial, wire: Wire) -> None:
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    start = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    wire.says(drip(HEAD + b"Content-Encoding: gzip\r\n\r\n" + start, b"\x00\x00\x00\xff\xff" * 10_000))

    with pytest.raises(BadAnswerError, match="larger than"):
        dial(max_bytes=2**20).get("/things")


def test_no_cut_of_a_gzip_body_passes_for_the_whole() -> None:
    whole = gzip.compress(b'{"items": [1, 2, 3]}  ' * 50)

    for length in range(len(whole)):
        with pytest.raises(BadAnswerError):
            _read(whole[:length])
    assert _read(whole) == b'{"items": [1, 2, 3]}  ' * 50


def _read(body: bytes) -> bytes:
    return read_body([body[:7], body[7:]] if body else [], "gzip", 10_000, may_be_empty=False)


@pytest.mark.parametrize(
    "cut",
    [
        HEAD + b'Content-Length: 99\r\n\r\n{"a": 1}',
        HEAD + b'\r\n{"a": 1',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n8\r\n{"a": 1}\r\n',
        coded(gzip.compress(b'{"a": 1}')[:-4], length=False),
        coded(b"", length=False),
        coded(b"no gzip at all"),
        coded(b"{}", "br"),
        HEAD[:20],
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",
    ],
)
def test_a_cut_or_foreign_answer_is_never_an_answer(dial: Dial, wire: Wire, cut: bytes) -> None:
    wire.says(cut)

    with pytest.raises((BadAnswerError, UnavailableError)):
        dial().get("/things")

    assert len(wire.seen) > 1


def test_a_page_that_is_malformed_once_is_asked_for_again(dial: Dial, wire: Wire) -> None:
    wire.says(reply(body=b'{"a": '), reply(body=b'{"a": 1}'))

    assert dial().get("/things") == {"a": 1}


def test_a_login_page_is_called_by_its_name(dial: Dial, wire: Wire) -> None:
    wire.says(reply(body=b"\n<!DOCTYPE html><title>Sign in</title>", Content_Type="text/html"))

    with pytest.raises(BadAnswerError, match="login page") as caught:
        dial().get("/things")

    assert "credentials" in caught.value.hint


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'\xef\xbb\xbf{"a": 1}', {"a": 1}),
        (b'{"a": NaN, "b": -Infinity, "c": 1e999}', {"a": None, "b": None, "c": None}),
        (b'{"a": 123456789012345678901234567890}', {"a": 1.2345678901234568e29}),
        (b'{"a": ' + b"9" * 5000 + b', "b": 7, "c": -7, "d": 1.5}', {"a": None, "b": 7, "c": -7, "d": 1.5}),
        (b'{"a\\ud83d": ["cut \\ud83d"]}', {"a\ufffd": ["cut \ufffd"]}),
        (b'{"a": "\x01\n"}', {"a": "\x01\n"}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_what_vendors_send_besides_json_is_mended(body: bytes, value: object) -> None:
    assert Answer(200, {}, body).json() == value


def test_a_declared_charset_is_used() -> None:
    answer = Answer(
        200, {"content-type": "application/json; charset=ISO-8859-1"}, '{"a": "é"}'.encode("latin-1")
    )

    assert answer.json() == {"a": "é"}


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b'{"a":' * 100_000, b"[1,", b"nul", b"{} {}", b'"\xff"', b"\x80", b"{'a': 1}"]
)
def test_what_is_no_json_is_a_bad_answer(body: bytes) -> None:
    with pytest.raises(BadAnswerError):
        Answer(200, {}, body).json()


@settings(max_examples=200)
@given(
    st.binary(max_size=200),
    st.sampled_from(["", "text/html", "application/json; charset=gbk", "a; charset=idna"]),
)
def test_no_body_raises_anything_else(body: bytes, kind: str) -> None:
    with contextlib.suppress(BadAnswerError):
        Answer(200, {"content-type": kind}, body).json()


SECRET = "s3cr3t/Tök+en&42"


@pytest.mark.parametrize(
    "echo",
    [
        SECRET,
        quote(SECRET, safe=""),
        b64encode(SECRET.encode()).decode(),
        b64encode(f"ops@acme.test/token:{SECRET}".encode()).decode(),
        f"Bearer {SECRET}",
        '{"you sent": "s3cr3t\\/T\\u00f6k+en&42"}'.replace("\\/", "/"),
        "x" * 190 + SECRET,
        SECRET * 2000,
        "session-cookie-value",
    ],
)
def test_no_secret_is_quoted_from_an_answer(dial: Dial, wire: Wire, echo: str) -> None:
    wire.says(reply(400, echo.encode()))
    http = dial(
        auth=httpx.BasicAuth("ops@acme.test/token", SECRET.encode()),
        headers={"X-Api-Key": "session-cookie-value"},
        secrets=[SECRET],
    )

    with pytest.raises(RequestError) as caught:
        http.get("/things", params={"key": SECRET})

    told = f"{caught.value} {caught.value.hint} {caught.value!r} {http!r}"
    for part in (
        "s3cr3t",
        "Tök",
        "T%C3%B6k",
        "T\\u00f6k",
        "session-cookie",
        "czNjcjN0",
        b64encode(b"s3cr3t").decode()[:6],
    ):
        assert part not in told
    assert len(str(caught.value)) < 300


def test_a_secret_cut_by_the_looking_glass_is_not_shown() -> None:
    secret = "".join(chr(ord("a") + number % 26) for number in range(300))

    told = Redactor([secret]).excerpt(secret * 100)

    assert set(told) <= set("[secret]…")


def test_control_characters_of_an_answer_reach_no_terminal(dial: Dial, wire: Wire) -> None:
    wire.says(reply(400, b"\x1b[31mred\x07\r\nline"))

    with pytest.raises(RequestError) as caught:
        dial().get("/things")

    assert str(caught.value).isprintable()


def test_no_address_is_logged(dial: Dial, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        dial().get("/things", params={"token": "t0ken"})

    assert caplog.text == ""


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "2130706433",
        "0x7f.1",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "169.254.169.254",
    ],
)
def test_a_public_connection_never_reaches_this_machine(wire: Wire, clock: FrozenClock, host: str) -> None:
    http = Http(f"https://{host}:{wire.port}", clock=clock, rules=HttpRules(attempts=1))

    with pytest.raises((UnsafeAddressError, UnavailableError)):
        http.get("/things")

    http.close()
    assert wire.arrivals == 0


def test_a_name_with_one_bad_address_is_refused(
    wire: Wire, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    mixed = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, wire.port)) for ip in ("93.184.216.34", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: mixed)
    http = Http("https://rebinding.test", clock=clock, rules=HttpRules(attempts=1))

    with pytest.raises(UnsafeAddressError, match=r"rebinding\.test"):
        http.get("/things")

    http.close()
    assert wire.arrivals == 0


def test_only_the_configured_host_may_be_private(dial: Dial, wire: Wire) -> None:
    class Elsewhere(httpx.Auth):
        def auth_flow(self, request: httpx.Request) -> Any:
            yield httpx.Request("POST", f"http://localhost:{wire.port}/token")
            yield request

    with pytest.raises(UnsafeAddressError):
        dial(auth=Elsewhere()).get("/things")

    assert wire.arrivals == 0


def test_environment_proxies_are_not_used(dial: Dial, wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    assert dial().get("/things") == {}


def test_a_server_without_tls_is_unavailable(wire: Wire, clock: FrozenClock) -> None:
    wire.says(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    http = Http(
        f"https://127.0.0.1:{wire.port}",
        clock=clock,
        rules=HttpRules(private=True, attempts=1, connect_timeout=0.2),
    )

    with pytest.raises((UnavailableError, BadAnswerError)):
        http.get("/things")
    http.close()


def test_certificates_that_cannot_be_read_are_a_configuration_error(clock: FrozenClock) -> None:
    with pytest.raises(OpshubError, match="certificates"):
        Http("https://acme.test", clock=clock, rules=HttpRules(ca_file="/no/such/file.pem"))


def test_the_tls_context_checks_names(clock: FrozenClock) -> None:
    from opshub.sdk.exchange import _tls

    context = _tls(httpx.URL("https://acme.test"), HttpRules())

    assert context is not None
    assert context.check_hostname
    assert context.verify_mode == ssl.CERT_REQUIRED
