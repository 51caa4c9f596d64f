"""``/healthz`` and ``/readyz``: is the daemon alive, and could it work now."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from opshub.errors import ConfigError

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["Probe", "application", "serving"]


class Probe(Protocol):
    """What is asked of the daemon."""

    def health(self) -> Mapping[str, Any]:
        """``ok`` and what is known of threads and rules; asks neither the database nor the network."""
        ...

    def readiness(self) -> Mapping[str, Any]:
        """``ok`` and whether the database can be read and the right to write is held."""
        ...


def application(probe: Probe) -> Starlette:
    """The two pages as an ASGI application; 200 where ``ok`` is true, 503 elsewhere."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def page(answer: Mapping[str, Any]) -> JSONResponse:
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return JSONResponse(dict(answer), 200 if answer["ok"] else 503, headers=headers)

    def healthz(request: Request) -> JSONResponse:
        return page(probe.health())

    def readyz(request: Request) -> JSONResponse:
        return page(probe.readiness())

    return Starlette(routes=[Route("/healthz", healthz), Route("/readyz", readyz)])


@contextmanager
def serving(probe: Probe, listen: str) -> Iterator[int]:
    """Serve the pages on ``host:port`` from a thread, and give the port; ConfigError where that fails."""
    import uvicorn

    host, _, port = listen.rpartition(":")
    sock = _bind(host, port, listen)
    config = uvicorn.Config(application(probe), log_config=None, access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, name="health", daemon=True)
    thread.start()
    try:
        yield sock.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(5)
        sock.close()


def _bind(host: str, port: str, listen: str) -> Any:
    import socket

    if not host or not port.isdigit() or int(port) > 65535:
        raise ConfigError(
            f"the address for health {listen!r} is not host:port",
            hint='for example listen = "127.0.0.1:8484"',
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host.strip("[]"), int(port)))
    except OSError as error:
        sock.close()
        raise ConfigError(
            f"the address for health {listen} cannot be used: {error.strerror}",
            hint="choose another port with --listen, or stop the other program",
        ) from error
    return sock
