"""A server that says, byte by byte, what a test tells it to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from opshub.clock import FrozenClock
from opshub.sdk import Http, HttpRules

Reply = bytes | Callable[[socket.socket], None]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def reply(status: int = 200, body: bytes = b"{}", **headers: str) -> bytes:
    """A whole answer; underscores in header names stand for dashes."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass
class Wire:
    """A socket on loopback: each connection gets one request answered; the last reply is given for ever."""

    replies: list[Reply] = field(default_factory=lambda: [reply()])
    seen: list[Seen] = field(default_factory=list)
    arrivals: int = 0

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def says(self, *replies: Reply) -> None:
        """What the next requests are answered with."""
        self.replies = list(replies)

    def close(self) -> None:
        """Stop listening."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            self.arrivals += 1
            with line:
                line.settimeout(20)
                try:
                    self._talk(line)
                except OSError:
                    continue

    def _talk(self, line: socket.socket) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = line.recv(65536)
            if not piece:
                return
            received += piece
        head, _, body = received.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
        while len(body) < int(headers.get("content-length", "0")):
            body += line.recv(65536)
        method, target, _ = first.split(" ")
        self.seen.append(Seen(method, target, headers, body))
        answer = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if callable(answer):
            answer(line)
        else:
            line.sendall(answer)


@pytest.fixture
def wire() -> Iterator[Wire]:
    """A scripted server."""
    found = Wire()
    yield found
    found.close()


@pytest.fixture
def clock() -> FrozenClock:
    """Noon of a day."""
    return FrozenClock(NOON)


Dial = Callable[..., Http]


@pytest.fixture
def dial(wire: Wire, clock: FrozenClock) -> Iterator[Dial]:
    """Makes an ``Http`` to the scripted server; keywords are rules, or its own arguments."""
    opened: list[Http] = []

    def open_one(path: str = "", **given: Any) -> Http:
        own = {name: given.pop(name) for name in ("auth", "headers", "secrets", "clock") if name in given}
        rules = HttpRules(**{"private": True, **given})
        arguments: dict[str, Any] = {"clock": clock, "rules": rules, "jitter": lambda: 1.0} | own
        opened.append(Http(wire.url + path, **arguments))
        return opened[-1]

    yield open_one
    for http in opened:
        http.close()
