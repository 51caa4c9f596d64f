"""The twin's addresses: Cloud's v2 and v1 below ``/wiki``, Data Center's below ``/rest/api``."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from opshub.testing import Answer
from opshub_connectors.twins.confluence import views
from opshub_connectors.twins.confluence.cql import parsed

if TYPE_CHECKING:
    from opshub_connectors.twins.confluence.twin import ConfluenceTwin

__all__ = ["routes"]

Act = Callable[["ConfluenceTwin", Request, Any], Answer]


def routes(twin: ConfluenceTwin) -> Sequence[BaseRoute]:
    """All addresses of the twin's deployment."""
    common: dict[tuple[str, str], Act] = {
        ("GET", "/rest/api/content/search"): _search,
        ("GET", "/rest/api/user/current"): lambda t, request, body: Answer.of(200, views.user(t, "hub")),
    }
    cloud: dict[tuple[str, str], Act] = {
        ("GET", "/api/v2/pages"): lambda t, request, body: _several(t, request, "page"),
        ("GET", "/api/v2/blogposts"): lambda t, request, body: _several(t, request, "blogpost"),
        ("GET", "/api/v2/pages/{id}"): _page,
        ("PUT", "/api/v2/pages/{id}"): _put_page,
        ("GET", "/api/v2/spaces"): _spaces,
    }
    datacenter: dict[tuple[str, str], Act] = {
        ("GET", "/rest/api/content/{id}"): _content,
        ("PUT", "/rest/api/content/{id}"): _put_content,
        ("GET", "/rest/api/space/{key}"): _space,
    }
    prefix, own = ("/wiki", cloud) if twin.cloud else ("", datacenter)
    table = {**common, **own}
    return [
        Route(prefix + path, _endpoint(twin, act), methods=[method]) for (method, path), act in table.items()
    ]


def _endpoint(twin: ConfluenceTwin, act: Act) -> Any:
    async def endpoint(request: Request) -> Response:
        raw = await request.body()
        if not twin.knows(request.headers):
            answer = Answer.of(401, twin.error_body(401))
        else:
            with twin.lock:
                answer = act(twin, request, json.loads(raw) if raw else None)
        return Response(answer.body, answer.status, headers=dict(answer.headers))

    return endpoint


def _search(twin: ConfluenceTwin, request: Request, body: Any) -> Answer:
    params = dict(request.query_params)
    start = int(params.get("start", 0))
    if "cursor" in params:
        if twin.faults.wants("expire_cursor", request):
            return Answer.of(400, twin.error_body(400))
        start = int(base64.b64decode(params["cursor"]))
    try:
        query = parsed(params["cql"], twin.zone)
        rows = [row for row in map(views.searched, views.listed(twin)) if query.test(row)]
    except (KeyError, ValueError) as error:
        return Answer.of(400, {"statusCode": 400, "message": f"Could not parse cql: {error}"})
    rows.sort(key=lambda row: (row[query.order], int(row["id"])), reverse=query.descending)
    limit = min(int(params.get("limit", 25)), twin.page_limit)
    expand = views.expansions(params.get("expand", ""))
    results = [views.content(twin, row["row"], expand) for row in rows[start : start + limit]]
    more = start + limit < len(rows)
    if twin.faults.wants("repeat_token", request):
        more, limit = True, 0
    links = _list_links(twin, params, start + limit if more else None)
    return Answer.of(
        200, {"results": results, "start": start, "limit": limit, "size": len(results), "_links": links}
    )


def _list_links(twin: ConfluenceTwin, params: dict[str, str], following: int | None) -> dict[str, str]:
    address = "/rest/api/content/search"
    links = {"base": twin.base, "context": "/wiki" if twin.cloud else "", "self": f"{twin.base}{address}"}
    if following is not None:
        kept: dict[str, str] = {key: params[key] for key in ("cql", "expand", "limit") if key in params}
        if twin.cloud:
            kept["cursor"] = base64.b64encode(str(following).encode()).decode()
        else:
            kept["start"] = str(following)
        links["next"] = f"{address}?{urlencode(kept)}"
    return links


def _several(twin: ConfluenceTwin, request: Request, kind: str) -> Answer:
    ids = [one for value in request.query_params.getlist("id") for one in value.split(",")]
    rows = [row for row in views.living(twin) if row["id"] in ids and row["type"] == kind]
    return Answer.of(
        200,
        {
            "results": [views.page(twin, row, request.query_params.get("body-format", "")) for row in rows],
            "_links": {"base": twin.base},
        },
    )


def _page(twin: ConfluenceTwin, request: Request, body: Any) -> Answer:
    row = _found(twin, request)
    if row is None:
        return Answer.of(404, twin.error_body(404))
    answer = views.page(twin, row, request.query_params.get("body-format", ""))
    answer["_links"]["base"] = twin.base
    if request.query_params.get("include-operations") == "true":
        operations = [{"operation": "read", "targetType": "page"}]
        if not twin.read_only:
            operations.append({"operation": "update", "targetType": "page"})
        answer["operations"] = {
            "results": operations,
            "meta": {"hasMore": False},
            "_links": {"self": "/operations"},
        }
    return Answer.of(200, answer)


def _put_page(twin: ConfluenceTwin, request: Request, body: Any) -> Answer:
    refusal = _write(twin, request, body, lambda: body["body"]["value"])
    return refusal or Answer.of(
        200, views.page(twin, _found(twin, request) or {}, "storage") | _links(twin, request)
    )


def _links(twin: ConfluenceTwin, request: Request) -> dict[str, Any]:
    return {"_links": {"base": twin.base, **views.links(_found(twin, request) or {})}}


def _content(twin: ConfluenceTwin, request: Request, body: Any) -> Answer:
    row = _found(twin, request)
    if row is None:
        return Answer.of(404, twin.error_body(404))
    expand = views.expansions(request.query_params.get("expand", ""))
    return Answer.of(200, views.content(twin, row, expand) | _links(twin, request))


def _put_content(twin: ConfluenceTwin, request: Request, body: Any) -> Answer:
    refusal = _write(twin, request, body, lambda: body["body"]["storage"]["value"])
    expand = views.expansions("body.storage,version")
    row = _found(twin, request) or {}
    return refusal or Answer.of(200, views.content(twin, row, expand) | _links(twin, request))


def _write(twin: ConfluenceTwin, request: Request, body: Any, storage: Callable[[], str]) -> Answer | None:
    """The refusal, or None where it was done."""
    row = _found(twin, request)
    if row is None:
        return Answer.of(404, twin.error_body(404))
    if twin.read_only:
        return Answer.of(403, twin.error_body(403))
    try:
        clash = twin.write(row["id"], body["title"], storage(), body["version"]["number"])
    except (KeyError, TypeError, ValueError):
        return Answer.of(400, twin.error_body(400))
    return Answer.of(409, twin.error_body(409)) if clash else None


def _spaces(twin: ConfluenceTwin, request: Request, body: Any) -> Answer:
    keys = [one for value in request.query_params.getlist("keys") for one in value.split(",")]
    results = [views.space_v2(space) for key, space in twin.spaces.items() if not keys or key in keys]
    return Answer.of(200, {"results": results, "_links": {"base": twin.base}})


def _space(twin: ConfluenceTwin, request: Request, body: Any) -> Answer:
    space = twin.spaces.get(request.path_params["key"])
    return Answer.of(200, views.space(space)) if space else Answer.of(404, twin.error_body(404))


def _found(twin: ConfluenceTwin, request: Request) -> dict[str, Any] | None:
    row = twin.contents.get(request.path_params["id"])
    return row if row and row["status"] == "current" else None
