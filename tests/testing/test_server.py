"""A twin shows its faults on the wire, records what it was asked, and stops in good order."""

from __future__ import annotations

import contextlib
import gzip
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from opshub.clock import FrozenClock
from opshub.testing import Answer, Fault, Faults, RecordedAnswer, RecordedTwin, Twin
from opshub.testing.server import served


class NoteTwin(Twin):
    """Keeps notes."""

    kind = "notes"

    def routes(self) -> list[Route]:
        return [
            Route("/notes", self._list, methods=["GET"]),
            Route("/notes", self._add, methods=["POST"]),
            Route("/crash", self._crash),
        ]

    async def _list(self, request: Request) -> JSONResponse:
        repeated = self.faults.wants("repeat_token", request)
        return JSONResponse({"notes": list(range(400)), "repeated": repeated})

    async def _add(self, request: Request) -> JSONResponse:
        self.writes["add", str((await request.json())["id"])] += 1
        return JSONResponse({"done": True}, 201)

    async def _crash(self, request: Request) -> JSONResponse:
        raise LookupError("the twin is broken")


@pytest.fixture
def twin() -> NoteTwin:
    return NoteTwin(clock=FrozenClock(datetime(2026, 1, 2, tzinfo=UTC)))


@pytest.fixture
def client(twin: NoteTwin) -> Iterator[httpx.Client]:
    with twin.serve() as url, httpx.Client(base_url=url, trust_env=False, timeout=5) as client:
        yield client


def test_requests_are_recorded_with_their_answers(twin: NoteTwin, client: httpx.Client) -> None:
    client.post("/notes?a=1&a=2", json={"id": 7}, headers={"X-Tenant": "acme"})

    (received,) = twin.received
    assert (received.method, received.path, received.status) == ("POST", "/notes", 201)
    assert received.query == (("a", "1"), ("a", "2"))
    assert received.param("a") == "2"
    assert received.headers["x-tenant"] == "acme"
    assert received.body == {"id": 7}
    assert received.answer == {"done": True}
    assert received.at == twin.now()
    assert twin.writes == {("add", "7"): 1}
    assert twin.requests("POST", "/no") == [received]
    assert twin.requests("GET") == []


def test_answers_need_not_be_kept(twin: NoteTwin, client: httpx.Client) -> None:
    twin.keep_answers = False

    client.get("/notes")

    assert twin.received[0].answer_raw == b""


@pytest.mark.parametrize("kind", ["reset", "truncate", "lost_answer", "lost_request"])
def test_a_torn_connection_is_torn_for_real(twin: NoteTwin, client: httpx.Client, kind: str) -> None:
    torn = twin.faults.once(kind)

    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        client.get("/notes")

    assert torn.fired == 1
    assert twin.faults.count(kind) == 1
    assert twin.received[0].fault == kind
    assert client.get("/notes").status_code == 200


@pytest.mark.parametrize(
    ("kind", "done"), [("lost_answer", 1), ("lost_request", 0), ("reset", 1), ("status", 0)]
)
def test_a_lost_answer_is_to_a_done_write(twin: NoteTwin, client: httpx.Client, kind: str, done: int) -> None:
    twin.faults.once(kind, method="POST")

    with contextlib.suppress(httpx.TransportError):
        client.post("/notes", json={"id": 7})

    assert twin.writes["add", "7"] == done


def test_a_cut_gzip_stream_looks_like_a_whole_answer(twin: NoteTwin, client: httpx.Client) -> None:
    twin.faults.once("cut_gzip")

    with client.stream("GET", "/notes") as answer:
        raw = b"".join(answer.iter_raw())

    assert len(raw) == int(answer.headers["content-length"])
    with pytest.raises(EOFError):
        gzip.decompress(raw)


def test_answers_may_be_wrong_in_many_ways(twin: NoteTwin, client: httpx.Client) -> None:
    seen = {}

    for kind in ("malformed", "empty", "login_page", "redirect", "bomb", "slow"):
        options: dict[str, Any] = {"size": 1000} if kind == "bomb" else {}
        options |= {"step": 0.001, "size": 500} if kind == "slow" else {}
        twin.faults.once(kind, **options)
        seen[kind] = client.get("/notes")

    with pytest.raises(json.JSONDecodeError):
        seen["malformed"].json()
    assert seen["empty"].content == b""
    assert "text/html" in seen["login_page"].headers["content-type"]
    assert seen["redirect"].status_code == 302
    assert len(seen["bomb"].content) == 1001
    assert len(seen["slow"].json()["notes"]) == 400


def test_a_stalled_request_holds_nothing_up(twin: NoteTwin, client: httpx.Client) -> None:
    twin.faults.once("stall")

    with pytest.raises(httpx.ReadTimeout):
        client.get("/notes", timeout=0.05)

    assert client.get("/notes").status_code == 200


def test_each_form_of_a_rate_limit(twin: NoteTwin, client: httpx.Client) -> None:
    forms: list[dict[str, Any]] = [
        {"seconds": 30},
        {"date": datetime(2026, 1, 2, 0, 1, tzinfo=UTC)},
        {"headers": {"x-rate-limit-reset": "99"}},
    ]
    told = []

    for form in forms:
        twin.faults.once("rate_limit", **form)
        answer = client.get("/notes")
        assert answer.status_code == 429
        told.append(answer.headers.get("retry-after") or answer.headers.get("x-rate-limit-reset"))

    assert told == ["30", "Fri, 02 Jan 2026 00:01:00 GMT", "99"]


def test_faults_choose_their_requests(twin: NoteTwin, client: httpx.Client) -> None:
    twin.faults.once("status", path="/no*", method="GET", after=1, times=2, code=502, body={"why": "x"})

    codes = [client.get("/notes").status_code for _ in range(4)]

    assert codes == [200, 502, 502, 200]
    assert client.post("/notes", json={"id": 1}).status_code == 201
    assert [(one.kind, one.method, one.path) for one in twin.faults.fired] == [
        ("status", "GET", "/notes")
    ] * 2


def test_the_same_seed_strikes_the_same_requests() -> None:
    def drawn(seed: int) -> list[str]:
        faults = Faults()
        faults.random(0.3, seed, ["status", Fault("reset"), "lost_answer"], path="/a*")
        picked = [faults.pick("GET", "/a/b") for _ in range(200)]
        assert faults.pick("GET", "/other") is None
        return [fault.kind if fault else "" for fault in picked]

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)
    assert 30 < sum(1 for kind in drawn(1) if kind) < 90


def test_vendor_faults_are_asked_for_by_the_twin(twin: NoteTwin, client: httpx.Client) -> None:
    twin.faults.once("repeat_token")

    assert client.get("/notes").json()["repeated"] is True
    assert client.get("/notes").json()["repeated"] is False
    assert twin.faults.count("repeat_token") == 1


def test_cleared_faults_are_over_and_stay_on_record(twin: NoteTwin, client: httpx.Client) -> None:
    twin.faults.lag = timedelta(minutes=1)
    twin.faults.always("status")
    client.get("/notes")

    twin.faults.clear()

    assert client.get("/notes").status_code == 200
    assert twin.faults.count("status") == 1
    assert twin.faults.lag == timedelta(0)


def test_an_unknown_fault_is_refused() -> None:
    with pytest.raises(ValueError, match="no fault is called 'earthquake'"):
        Faults().once("earthquake")


def test_a_change_shows_after_the_lag(twin: NoteTwin) -> None:
    assert twin.visible(twin.now())

    twin.faults.lag = timedelta(minutes=2)

    assert not twin.visible(twin.now())
    assert twin.visible(twin.now() - timedelta(minutes=2))


def test_a_crash_of_the_twin_is_not_taken_for_the_vendors() -> None:
    twin = NoteTwin()

    with pytest.raises(LookupError, match="the twin is broken"), twin.serve() as url:
        assert httpx.get(f"{url}/crash", trust_env=False).status_code == 500


def test_a_twin_can_be_served_again_and_remembers(twin: NoteTwin) -> None:
    for _ in range(3):
        with twin.serve() as url:
            assert twin.url == url
            httpx.post(f"{url}/notes", json={"id": 1}, trust_env=False)

    assert twin.writes["add", "1"] == 3


def test_stopping_does_not_wait_for_a_stalled_client(twin: NoteTwin) -> None:
    twin.faults.always("stall")

    with twin.serve() as url:
        client = threading.Thread(target=_ask_in_vain, args=(url,))
        client.start()
        while not twin.received:
            time.sleep(0.001)
    client.join(10)

    assert not client.is_alive()


def test_requests_from_many_threads_are_all_recorded(twin: NoteTwin, client: httpx.Client) -> None:
    twin.faults.random(0.2, 3, ["status"])
    threads = [threading.Thread(target=lambda: [client.get("/notes") for _ in range(10)]) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(twin.received) == 80
    assert twin.faults.count("status") == sum(1 for one in twin.received if one.status == 503)


def test_a_plain_application_can_be_served() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await JSONResponse({"path": scope["path"]})(scope, receive, send)

    with served(app) as url:
        assert httpx.get(f"{url}/x", trust_env=False).json() == {"path": "/x"}


def test_recorded_answers_are_repeated_by_path_and_query() -> None:
    answers: list[RecordedAnswer] = [
        {"path": "/items", "json": {"page": 1}},
        {"path": "/items", "query": {"page": "2"}, "json": {"page": 2}},
        {"path": "/gone", "status": 404, "headers": {"x_reason": "moved"}, "json": {}},
    ]
    twin = RecordedTwin(answers)

    with pytest.raises(LookupError, match="no answer is recorded for GET /other"), twin.serve() as url:
        assert httpx.get(f"{url}/items?limit=5", trust_env=False).json() == {"page": 1}
        assert httpx.get(f"{url}/items?limit=5&page=2", trust_env=False).json() == {"page": 2}
        gone = httpx.get(f"{url}/gone", trust_env=False)
        assert (gone.status_code, gone.headers["x-reason"]) == (404, "moved")
        httpx.get(f"{url}/other", trust_env=False)


def test_an_answer_is_made_from_json() -> None:
    answer = Answer.of(429, {"a": "中"}, retry_after="5")

    assert answer.headers == {"content-type": "application/json", "retry-after": "5"}
    assert answer.body == '{"a":"中"}'.encode()


def _ask_in_vain(url: str) -> None:
    try:
        httpx.get(f"{url}/notes", trust_env=False, timeout=10)
    except httpx.TransportError:
        return
