"""A loopback desk that serves the export from files, made beforehand, so that serving costs next to nothing.

Run as a process of its own: it prints its port, and ends when its input does.
"""

from __future__ import annotations

import argparse
import bisect
import socket
import sys
import threading
import time
from datetime import datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import orjson
from tickets import Desk

__all__ = ["make_pages"]

EXPORT = "/api/v2/incremental/tickets/cursor.json"


def make_pages(folder: Path, count: int, *, seed: int, today: datetime) -> Path:
    """The folder with all pages of a desk, made unless they are there already."""
    made = folder / f"pages-{count}-{seed}-{today:%Y%m%d}"
    if not (made / "ready").exists():
        made.mkdir(parents=True, exist_ok=True)
        for number, page in enumerate(Desk(count, seed=seed, today=today).pages()):
            (made / f"{number:06}.json").write_bytes(page)
        (made / "ready").touch()
    return made


class _Export:
    """The pages, and what is asked of them."""

    def __init__(self, folder: Path) -> None:
        self._files = sorted(folder.glob("*.json"))
        last = orjson.loads(self._files[-1].read_bytes())
        self._newest = last["tickets"][-1]["generated_timestamp"]
        self._end = {
            **last,
            "tickets": [],
            "users": [],
            "organizations": [],
            "end_of_stream": True,
        }

    def answer(self, query: dict[str, list[str]]) -> bytes:
        """The page after a cursor, or the first with a ticket changed since ``start_time``; empty at the end."""
        if "cursor" in query:
            number = int(query["cursor"][0])
            return self._files[number].read_bytes() if number < len(self._files) else orjson.dumps(self._end)
        start = int(float(query.get("start_time", ["0"])[0]))
        if start <= 0:
            return self._files[0].read_bytes()
        if start > self._newest:
            return orjson.dumps(self._end)
        number = bisect.bisect_left(self._files, start, key=_newest_in)
        page = orjson.loads(self._files[number].read_bytes())
        page["tickets"] = [one for one in page["tickets"] if one["generated_timestamp"] >= start]
        return orjson.dumps(page)


def _newest_in(file: Path) -> int:
    newest: int = orjson.loads(file.read_bytes())["tickets"][-1]["generated_timestamp"]
    return newest


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    export: _Export
    latency: float

    def do_GET(self) -> None:
        asked = urlsplit(self.path)
        time.sleep(self.latency)
        found = asked.path == EXPORT
        body = self.export.answer(parse_qs(asked.query)) if found else b'{"error": "RecordNotFound"}'
        self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def _serve(folder: Path, latency: float) -> None:
    handler = type("Handler", (_Handler,), {"export": _Export(folder), "latency": latency})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2**20)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--latency", type=float, default=0.0, help="seconds before each answer")
    options = parser.parse_args()
    _serve(options.folder, options.latency)
