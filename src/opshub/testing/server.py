"""Serves an ASGI application on a real loopback socket, and shows faults on the wire where they belong."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import socket
import struct
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from opshub.testing.faults import INSTEAD_FAULTS, Fault
from opshub.testing.twin import Answer, Received

if TYPE_CHECKING:
    from opshub.testing.twin import Twin

__all__ = ["application", "served"]

TICK = 0.005
GRACE = 1.0
"""Seconds between looks at whether to stop, and seconds that running requests then have."""

LOGIN_PAGE = (
    b"<!doctype html><html><head><title>Log in</title></head><body><form>Password</form></body></html>"
)


@contextlib.contextmanager
def served(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve on 127.0.0.1 in a thread and yield the base address; port 0 takes a free one."""
    # Named outright, because asyncio leaves the delay of small packets on where the protocol is given as 0.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        server = _Server(
            uvicorn.Config(
                app,
                http=_Protocol,
                loop="asyncio",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                log_level="critical",
                proxy_headers=False,
            )
        )
        thread = threading.Thread(target=server.run, args=([listener],), name="twin", daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.005)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.stop()
            thread.join()


class _Server(uvicorn.Server):
    """Stops at once: a suite serves hundreds of twins, and uvicorn looks for the end ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    def stop(self) -> None:
        """End from another thread."""
        self.should_exit = True
        if self._ending is not None:
            loop, ended = self._ending
            loop.call_soon_threadsafe(ended.set)

    async def main_loop(self) -> None:
        ended = asyncio.Event()
        self._ending = (asyncio.get_running_loop(), ended)
        while not self.should_exit:
            await self.on_tick(0)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(ended.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        for _ in range(int(GRACE / TICK)):
            if not self.server_state.tasks:
                break
            await asyncio.sleep(TICK)
        for task in self.server_state.tasks:
            task.cancel()
        await asyncio.sleep(0)


class _Protocol(H11Protocol):
    """Hands the transport to the application, because ASGI has no word for a torn connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn asks for more than asyncio gives
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}


def application(twin: Twin) -> ASGIApp:
    """The twin's routes behind its recorder and its faults."""
    inner = Starlette(routes=list(twin.routes()))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _Exchange(twin, inner, scope, receive, send).run()

    return app


class _Exchange:
    """One request from its arrival to the last byte of its answer."""

    def __init__(self, twin: Twin, inner: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        self.twin = twin
        self.inner = inner
        self.scope = scope
        self.receive = receive
        self.send = send

    async def run(self) -> None:
        body = await self._whole_body()
        if body is None:
            return
        received = _received(self.scope, body, self.twin)
        fault = self.twin.faults.pick(received.method, received.path)
        received.fault = fault.kind if fault else ""
        with self.twin.lock:
            self.twin.received.append(received)
        if fault and fault.kind in INSTEAD_FAULTS:
            await self._instead(fault, received)
            return
        answer = await self._ask(body)
        self._note(received, answer)
        if fault:
            await self._distort(fault, answer)
        else:
            await self._give(answer)

    async def _whole_body(self) -> bytes | None:
        pieces = []
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                return None
            pieces.append(message.get("body", b""))
            if not message.get("more_body"):
                return b"".join(pieces)

    async def _ask(self, body: bytes) -> Answer:
        """The vendor's own answer."""
        status, headers, pieces = 500, dict[str, str](), list[bytes]()
        given = False

        async def receive() -> Message:
            nonlocal given
            if given:
                return {"type": "http.disconnect"}
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers.update({k.decode("latin-1"): v.decode("latin-1") for k, v in message["headers"]})
            elif message["type"] == "http.response.body":
                pieces.append(message.get("body", b""))

        try:
            await self.inner({**self.scope, "app": None}, receive, send)
        # Whatever a twin's endpoint raises is kept, and raised where the twin is served.
        except Exception as crash:
            self.twin.crashes.append(crash)
            return Answer.of(500, {"error": "the twin crashed"})
        return Answer(status, headers, b"".join(pieces))

    async def _instead(self, fault: Fault, received: Received) -> None:
        kind, options = fault.kind, fault.options
        if kind == "stall":
            await self._until_gone()
            return
        if kind == "lost_request":
            await self._cut(b"")
            return
        if kind == "rate_limit":
            answer = self.twin.rate_limited(options)
        elif kind == "status":
            answer = _status(self.twin, options)
        elif kind == "redirect":
            answer = Answer(302, {"location": str(options.get("to", "http://127.0.0.1:9/elsewhere"))})
        elif kind == "login_page":
            answer = Answer(200, {"content-type": "text/html; charset=utf-8"}, LOGIN_PAGE)
        elif kind == "bomb":
            packed = gzip.compress(b'"' + b"a" * _number(options.get("size"), 100_000_000))
            answer = Answer(200, {"content-type": "application/json", "content-encoding": "gzip"}, packed)
        else:
            answer = Answer(200, {"content-type": "application/json"})
        self._note(received, answer)
        await self._give(answer)

    async def _distort(self, fault: Fault, answer: Answer) -> None:
        kind, share = fault.kind, _number(fault.options.get("share"), 0.5)
        if kind == "malformed":
            await self._give(
                Answer(answer.status, answer.headers, answer.body[: len(answer.body) // 2] + b'{"')
            )
        elif kind == "cut_gzip":
            packed = gzip.compress(answer.body)
            headers = {**answer.headers, "content-encoding": "gzip"}
            await self._give(Answer(answer.status, headers, packed[: max(12, len(packed) // 2)]))
        elif kind == "slow":
            await self._drip(fault, answer)
        elif kind == "lost_answer":
            await self._cut(b"")
        else:
            whole = _wire(answer)
            await self._cut(whole[: len(whole) - len(answer.body) + int(len(answer.body) * share)], kind)

    async def _give(self, answer: Answer) -> None:
        await self._start(answer)
        await self.send({"type": "http.response.body", "body": answer.body})

    async def _start(self, answer: Answer) -> None:
        headers = {**answer.headers, "content-length": str(len(answer.body))}
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self.send({"type": "http.response.start", "status": answer.status, "headers": pairs})

    async def _drip(self, fault: Fault, answer: Answer) -> None:
        step = _number(fault.options.get("step"), 0.05)
        size = _number(fault.options.get("size"), 1)
        until = fault.options.get("until")
        await self._start(answer)
        at = 0
        while at < len(answer.body):
            if isinstance(until, threading.Event) and until.is_set():
                size = len(answer.body)
            piece = answer.body[at : at + size]
            await self.send({"type": "http.response.body", "body": piece, "more_body": True})
            at += size
            await asyncio.sleep(step)
        await self.send({"type": "http.response.body", "body": b""})

    async def _cut(self, sent: bytes, kind: str = "reset") -> None:
        """Send these raw bytes and end the connection: with a reset, or for ``truncate`` with a plain end."""
        transport: Any = self.scope["state"]["transport"]
        transport.write(sent)
        if kind == "truncate":
            transport.close()
        else:
            await asyncio.sleep(0.01 if sent else 0)
            linger = struct.pack("ii", 1, 0)
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
        await self._until_gone()

    async def _until_gone(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass

    def _note(self, received: Received, answer: Answer) -> None:
        received.status = answer.status
        received.answer_headers = answer.headers
        if self.twin.keep_answers:
            received.answer_raw = answer.body


def _received(scope: Scope, body: bytes, twin: Twin) -> Received:
    from starlette.datastructures import QueryParams

    return Received(
        method=scope["method"],
        path=scope["path"],
        query=tuple(QueryParams(scope["query_string"]).multi_items()),
        headers={k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]},
        raw=body,
        at=twin.now(),
    )


def _status(twin: Twin, options: Any) -> Answer:
    code = int(options.get("code", 503))
    return Answer.of(code, options.get("body", twin.error_body(code)), **options.get("headers", {}))


def _wire(answer: Answer) -> bytes:
    headers = {**answer.headers, "content-length": str(len(answer.body))}
    lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + answer.body


def _number(value: Any, default: Any) -> Any:
    return default if value is None else value
