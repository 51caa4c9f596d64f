"""Sockets for one connection: judged addresses, a deadline for the whole exchange, bodies read whole or not at all.

Import it inside functions: it brings httpx and httpcore with it.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx

from opshub.clock import Clock
from opshub.errors import UnsafeAddressError
from opshub.sdk.addresses import may_reach
from opshub.sdk.decoding import read_body

__all__ = ["Deadline", "GuardedBackend", "GuardedTransport"]

CONNECTIONS = 8
SocketOptions = Iterable[Any] | None


class Deadline(threading.local):
    """The moment at which the present thread's exchange must be over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._end = float("inf")

    def set(self, seconds: float) -> None:
        """From now on, so many seconds."""
        self._end = self._clock.monotonic() + seconds

    def left(self, timeout: float | None) -> float | None:
        """The shorter of a timeout and what is left; zero or less when the time is over."""
        left = self._end - self._clock.monotonic()
        if left == float("inf"):
            return timeout
        return left if timeout is None else min(left, timeout)


class GuardedBackend(httpcore.NetworkBackend):
    """Resolves a name once, judges every address it has, and connects to a judged one only.

    ``own_host`` is the host in the settings: with ``private`` it may stand in the admin's own network. No other may.
    """

    def __init__(self, deadline: Deadline, own_host: str, *, private: bool) -> None:
        self._deadline = deadline
        self._own_host = own_host
        self._private = private
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions = None,
    ) -> httpcore.NetworkStream:
        """A stream to the first of the host's addresses that answers."""
        failure: Exception = httpcore.ConnectError("the name has no address")
        for address in self._judged(host, port):
            left = self._deadline.left(timeout)
            if left is not None and left <= 0:
                raise httpcore.ConnectTimeout("the deadline is over")
            try:
                stream = self._sockets.connect_tcp(address, port, left, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _BoundedStream(stream, self._deadline)
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: SocketOptions = None
    ) -> httpcore.NetworkStream:
        """Never."""
        raise UnsafeAddressError("Sockets in the file system are out of reach for a connection.")

    def sleep(self, seconds: float) -> None:
        """Never: only ``Http`` waits."""
        raise NotImplementedError

    def _judged(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError("the name cannot be resolved") from None
        private = self._private and host.lower() == self._own_host
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not all(may_reach(address, private=private) for address in addresses):
            raise UnsafeAddressError(
                f"{host} leads to an address that is not on the public internet.",
                hint="If it is your own server, set private = true in the connection's settings.",
            )
        return addresses


class _BoundedStream(httpcore.NetworkStream):
    """A stream whose every wait ends at the deadline, however slowly single bytes arrive."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        left = self._deadline.left(timeout)
        if left is not None and left <= 0:
            raise httpcore.ReadTimeout("the deadline is over")
        return self._stream.read(max_bytes, left)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        left = self._deadline.left(timeout)
        if left is not None and left <= 0:
            raise httpcore.WriteTimeout("the deadline is over")
        self._stream.write(buffer, left)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout)
        if left is not None and left <= 0:
            raise httpcore.ConnectTimeout("the deadline is over")
        return _BoundedStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedTransport(httpx.BaseTransport):
    """Hands over answers whose bodies are read, decoded and whole; also to what happens within an httpx.Auth."""

    def __init__(self, backend: GuardedBackend, *, limit: int, tls: ssl.SSLContext | None) -> None:
        self._limit = limit
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls,
            max_connections=CONNECTIONS,
            max_keepalive_connections=CONNECTIONS,
            keepalive_expiry=15,
            network_backend=backend,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raises httpx's own exceptions and BadAnswerError."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        with _as_httpx():
            answer = self._pool.handle_request(
                httpcore.Request(
                    method=request.method,
                    url=url,
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
            try:
                content = self._content(request.method, answer)
            finally:
                answer.close()
        coded = (b"content-encoding", b"content-length", b"transfer-encoding")
        headers = [(name, value) for name, value in answer.headers if name.lower() not in coded]
        return httpx.Response(answer.status, headers=headers, content=content)

    def close(self) -> None:
        self._pool.close()

    def _content(self, method: str, answer: httpcore.Response) -> bytes:
        headers = httpx.Headers(answer.headers)
        empty = method == "HEAD" or answer.status in (204, 304) or headers.get("content-length") == "0"
        stream = answer.stream
        assert isinstance(stream, Iterable)
        return read_body(stream, headers.get("content-encoding", ""), self._limit, may_be_empty=empty)


@contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except (
        httpcore.ConnectionNotAvailable,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.TimeoutException,
        httpcore.UnsupportedProtocol,
    ) as error:
        # httpx names its exceptions after httpcore's.
        kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__, httpx.TransportError)
        raise kind(str(error)) from error
