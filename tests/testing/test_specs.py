"""The judge knows what a vendor's description allows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from opshub.testing.specs import SpecJudge
from opshub.testing.twin import Received

SPECS = Path(__file__).parents[3] / "shared" / "specs"

OPENAPI = {
    "openapi": "3.0.1",
    "servers": [{"url": "https://{host}/base"}],
    "paths": {
        "/things/{thing-id}": {
            "parameters": [
                {"name": "thing-id", "in": "path", "required": True, "schema": {"type": "integer"}}
            ],
            "put": {
                "parameters": [
                    {"name": "expand", "in": "query", "schema": {"type": "string", "enum": ["all"]}},
                    {
                        "name": "ids",
                        "in": "query",
                        "schema": {"type": "array", "items": {"type": "integer"}},
                    },
                    {"name": "page", "in": "query", "style": "deepObject", "schema": {"type": "object"}},
                    {"name": "X-Tenant", "in": "header", "required": True, "schema": {"type": "string"}},
                ],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                },
                "responses": {
                    "200": {
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}
                    },
                    "204": {},
                },
            },
        },
        "/things/mine": {"get": {"responses": {"204": {}}}},
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id", "name"],
                "properties": {
                    "id": {"type": "integer", "readOnly": True},
                    "name": {"type": "string"},
                    "at": {"type": "string", "format": "date-time"},
                    "size": {"type": "string", "enum": ["S", "L"], "nullable": True},
                    "parent": {"$ref": "#/components/schemas/Thing", "nullable": True},
                },
            }
        }
    },
}

SWAGGER = {
    "swagger": "2.0",
    "basePath": "/api",
    "paths": {
        "/post": {
            "post": {
                "parameters": [
                    {"name": "n", "in": "query", "type": "integer"},
                    {"name": "body", "in": "body", "required": True, "schema": {"$ref": "#/definitions/B"}},
                ],
                "responses": {"200": {"schema": {"$ref": "#/definitions/B"}}},
            }
        }
    },
    "definitions": {"B": {"type": "object", "required": ["b"], "properties": {"b": {"type": "boolean"}}}},
}

GOOD = {"id": 1, "name": "n"}


def exchange(
    method: str = "PUT",
    path: str = "/base/things/7",
    *,
    query: tuple[tuple[str, str], ...] = (),
    headers: Mapping[str, str] | None = None,
    body: object = GOOD,
    status: int = 200,
    answer: object = GOOD,
    fault: str = "",
) -> Received:
    return Received(
        method=method,
        path=path,
        query=query,
        headers={"content-type": "application/json", "x-tenant": "acme", **(headers or {})},
        raw=orjson.dumps(body) if body is not None else b"",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        status=status,
        answer_headers={"content-type": "application/json; charset=utf-8"},
        answer_raw=orjson.dumps(answer) if answer is not None else b"",
        fault=fault,
    )


@pytest.fixture
def judge(tmp_path: Path) -> SpecJudge:
    spec = tmp_path / "spec.json"
    spec.write_bytes(orjson.dumps(OPENAPI))
    return SpecJudge(spec, suffix=".json")


@pytest.mark.parametrize(
    "received",
    [
        exchange(),
        exchange(path="/things/7.json"),
        exchange(query=(("expand", "all"), ("ids", "1,2"), ("ids", "3"), ("page[size]", "5"))),
        exchange(body={"name": "no id: it is read-only"}),
        exchange(answer={**GOOD, "size": None, "parent": None, "at": "2026-01-02T03:04:05.000+0000"}),
        exchange(status=204, answer=None),
        exchange(status=429, answer={"undescribed": "errors are let through"}),
        exchange("GET", "/base/things/mine", body=None, status=204, answer=None),
        exchange(status=200, answer="<a login page>", fault="login_page"),
    ],
    ids=str,
)
def test_what_is_described_passes(judge: SpecJudge, received: Received) -> None:
    assert judge.check(received) == []


@pytest.mark.parametrize(
    ("received", "violation"),
    [
        (exchange("DELETE"), "no such operation"),
        (exchange(path="/elsewhere"), "no such operation"),
        (exchange(path="/base/things/seven"), "path parameter 'thing-id'"),
        (exchange(query=(("wild", "1"),)), "query parameter 'wild' is not described"),
        (exchange(query=(("expand", "some"),)), "query parameter 'expand'"),
        (exchange(query=(("ids", "1,b"),)), "query parameter 'ids'"),
        (exchange(body=None), "the body is missing"),
        (exchange(body={"id": 3}), "'name' is a required property"),
        (exchange(body={"name": 3}), "name: 3 is not of type 'string'"),
        (exchange(headers={"content-type": "text/plain"}), "content type 'text/plain'"),
        (exchange(status=201), "status 201 is not described"),
        (exchange(answer={"name": "x"}), "answer 200: value: 'id' is a required property"),
        (exchange(answer={**GOOD, "size": "M"}), "size: 'M' is not"),
        (exchange(answer={**GOOD, "at": "yesterday"}), "at: 'yesterday' is not a 'date-time'"),
        (exchange(answer={**GOOD, "parent": {"id": 2}}), "parent: "),
        (exchange("GET", "/base/things/mine", status=204, answer=None), "none is described"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_what_is_not_described_is_named(judge: SpecJudge, received: Received, violation: str) -> None:
    found = judge.check(received)

    assert len(found) == 1
    assert violation in found[0]


def test_a_missing_header_is_named(judge: SpecJudge) -> None:
    received = exchange()
    received.headers = {"content-type": "application/json"}

    assert judge.check(received) == ["PUT /base/things/7: header parameter 'X-Tenant' is missing"]


def test_a_swagger_2_description_judges_too(tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_bytes(orjson.dumps(SWAGGER))
    judge = SpecJudge(spec)

    good = judge.check(
        exchange("POST", "/api/post", query=(("n", "1"),), body={"b": True}, answer={"b": True})
    )
    bad = judge.check(exchange("POST", "/api/post", query=(("n", "x"),), body={"b": 1}, answer={}))

    assert good == []
    assert len(bad) == 3


def test_nulls_are_let_through_on_request(tmp_path: Path) -> None:
    spec = tmp_path / "spec.json"
    spec.write_bytes(orjson.dumps(OPENAPI))
    received = exchange(answer={**GOOD, "at": None})

    assert SpecJudge(spec).check(received) != []
    assert SpecJudge(spec, nulls=True).check(received) == []


@pytest.mark.skipif(not SPECS.is_dir(), reason="the vendors' descriptions are not here")
def test_a_vendors_own_examples_pass() -> None:
    judge = SpecJudge(SPECS / "zendesk-support.json", suffix=".json")
    spec = orjson.loads((SPECS / "zendesk-support.json").read_bytes())
    ticket = spec["components"]["examples"]["TicketResponseExample"]["value"]
    shown = exchange("GET", "/api/v2/tickets/1.json", body=None, answer=ticket)
    broken = exchange(
        "GET", "/api/v2/tickets/1.json", body=None, answer={"ticket": {**ticket["ticket"], "id": "1"}}
    )

    assert judge.check(shown) == []
    assert judge.check(broken) == [
        "GET /api/v2/tickets/1.json: answer 200: ticket.id: '1' is not of type 'integer'"
    ]
