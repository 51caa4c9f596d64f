"""A twin that only repeats recorded answers: for connectors whose vendor nobody has faked yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypedDict

from opshub.clock import Clock
from opshub.testing.faults import Faults
from opshub.testing.twin import Answer, Twin

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

__all__ = ["RecordedAnswer", "RecordedTwin"]


class _Asked(TypedDict):
    path: str


class RecordedAnswer(_Asked, total=False):
    """One recorded exchange: ``query`` holds the parameters that must be there, others are ignored."""

    method: str
    query: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    json: object


class RecordedTwin(Twin):
    """Answers as recorded; the answer with the most matching parameters wins. What is not recorded is a crash."""

    kind = "recorded"

    def __init__(
        self, answers: Sequence[RecordedAnswer], *, faults: Faults | None = None, clock: Clock | None = None
    ) -> None:
        super().__init__(faults=faults, clock=clock)
        self._answers = answers

    def routes(self) -> Sequence[BaseRoute]:
        from starlette.routing import Route

        methods = sorted({answer.get("method", "GET") for answer in self._answers})
        return [Route("/{path:path}", self._repeat, methods=methods)]

    def settings(self, url: str) -> dict[str, object]:
        return {"url": url, "private": True}

    def dump(self) -> object:
        return None

    async def _repeat(self, request: Request) -> Response:
        from starlette.responses import Response

        fitting = [answer for answer in self._answers if self._fits(answer, request)]
        if not fitting:
            raise LookupError(f"no answer is recorded for {request.method} {request.url.path}")
        answer = max(fitting, key=lambda one: len(one.get("query", {})))
        if self.faults.wants("repeat_token", request):
            answer = fitting[0]
        whole = Answer.of(answer.get("status", 200), answer.get("json"), **dict(answer.get("headers", {})))
        return Response(whole.body, whole.status, headers=dict(whole.headers))

    def _fits(self, answer: RecordedAnswer, request: Request) -> bool:
        wanted = answer.get("query", {})
        return (
            answer.get("method", "GET") == request.method
            and answer["path"] == request.url.path
            and all(request.query_params.get(name) == value for name, value in wanted.items())
        )
