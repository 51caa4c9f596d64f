"""The base of every twin: a stateful fake of a vendor that remembers what it was asked."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, ClassVar

import orjson

from opshub.clock import Clock, SystemClock
from opshub.testing.faults import Faults

if TYPE_CHECKING:
    from starlette.routing import BaseRoute
    from starlette.types import ASGIApp

__all__ = ["Answer", "Received", "Twin"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer: status, headers and body bytes."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of(cls, status: int, content: object, **headers: str) -> Answer:
        """Content as JSON; underscores in header names become hyphens."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, {"content-type": "application/json", **named}, orjson.dumps(content))


@dataclass(slots=True, kw_only=True, eq=False)
class Received:
    """One request as it arrived, and the answer that the twin meant to give.

    Header names are in lower case. ``status`` is 0 as long as there is no answer; ``fault`` is the kind that
    struck. ``answer_raw`` stays empty where the twin does not keep answers.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]
    raw: bytes
    at: datetime
    status: int = 0
    answer_headers: Mapping[str, str] = field(default_factory=dict)
    answer_raw: bytes = b""
    fault: str = ""

    @property
    def body(self) -> object:
        """The body as JSON where it is JSON, None where there is none, and else bytes."""
        return _decoded(self.raw)

    @property
    def answer(self) -> object:
        """The answer's body, likewise."""
        return _decoded(self.answer_raw)

    def param(self, name: str, default: str = "") -> str:
        """The last value of a query parameter."""
        return dict(self.query).get(name, default)

    def __repr__(self) -> str:
        return f"<Received {self.method} {self.path} {self.status}>"


class Twin:
    """A stateful fake of a vendor, on a real socket when served.

    Subclasses set ``kind`` and implement ``routes``, ``settings`` and ``dump``. Endpoints may be ``async
    def`` (they then run one at a time) or ``def`` (on threads: hold ``self.lock``). Each write that was
    really done is counted in ``writes[operation, item id]``, so that a test can prove that nothing was
    written twice. An endpoint that crashes is the twin's own fault: ``serve`` raises it at its end.
    """

    kind: ClassVar[str]

    def __init__(self, *, faults: Faults | None = None, clock: Clock | None = None) -> None:
        self.faults = faults or Faults()
        self.clock = clock or SystemClock()
        self.lock = threading.RLock()
        self.received: list[Received] = []
        self.writes: Counter[tuple[str, str]] = Counter()
        self.crashes: list[BaseException] = []
        self.keep_answers = True
        self.url = ""
        """Where it is being served: for links in answers."""

        self._app: ASGIApp | None = None

    def routes(self) -> Sequence[BaseRoute]:
        """The vendor's endpoints."""
        raise NotImplementedError

    def settings(self, url: str) -> dict[str, object]:
        """The ``[connections.X]`` table that speaks to this twin, ``private = true`` included."""
        raise NotImplementedError

    def dump(self) -> object:
        """The vendor's whole state as JSON without chance or time in it, to compare two runs."""
        raise NotImplementedError

    def error_body(self, status: int) -> object:
        """What the vendor's JSON body of an error looks like."""
        return {"error": f"status {status}"}

    def rate_limited(self, options: Mapping[str, object]) -> Answer:
        """The vendor's way to ask for patience; options are those of the ``rate_limit`` fault."""
        headers = options.get("headers")
        if isinstance(headers, Mapping):
            return Answer(
                429, {str(k): str(v) for k, v in headers.items()}, orjson.dumps(self.error_body(429))
            )
        date = options.get("date")
        wait = format_datetime(date.astimezone(UTC), usegmt=True) if isinstance(date, datetime) else None
        return Answer.of(429, self.error_body(429), retry_after=wait or str(options.get("seconds", 1)))

    def now(self) -> datetime:
        """The twin's own time, aware, in UTC."""
        return self.clock.now()

    def visible(self, changed_at: datetime) -> bool:
        """Whether a change of that moment shows in lists and searches already, given the planned lag."""
        return self.faults.lag <= timedelta(0) or changed_at <= self.now() - self.faults.lag

    def requests(self, method: str = "", path: str = "") -> list[Received]:
        """The requests so far with this method and this path or beginning of a path."""
        with self.lock:
            return [r for r in self.received if method in ("", r.method) and r.path.startswith(path)]

    @property
    def app(self) -> ASGIApp:
        """The ASGI application, recording and faults included."""
        if self._app is None:
            from opshub.testing.server import application

            self._app = application(self)
        return self._app

    @contextlib.contextmanager
    def serve(self, port: int = 0) -> Iterator[str]:
        """Serve on 127.0.0.1 and yield the base address; stops in good order and raises what crashed."""
        from opshub.testing.server import served

        with served(self.app, port) as url:
            self.url = url
            yield url
        if self.crashes:
            raise self.crashes[0]


def _decoded(raw: bytes) -> object:
    if not raw:
        return None
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw
