"""The two Confluences behind one door: Cloud's v2 and v1, Data Center's one API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from opshub.sdk import (
    BadAnswerError,
    CursorExpiredError,
    Http,
    MissingError,
    Record,
    RequestError,
    by_link,
    by_offset,
    parse_time,
    segment,
)
from opshub_connectors.confluence.settings import ConfluenceSettings

__all__ = ["Changed", "Document", "Site"]

LISTED = "version,container"
WHO = "restrictions.read.restrictions.user,restrictions.read.restrictions.group"
PAGE = f"version,history,space,metadata.labels,{WHO},ancestors.{WHO.replace(',', ',ancestors.')}"
COMMENT = "version,history,body.storage,container"

A_LIST = 100
A_BATCH = 50
"""Pages whose contents and comments are asked for together."""

MOVED = 10
"""Data Center counts its lists: what changes while they are read moves the rest up, so each page begins so many
entries before the end of the last."""

LEFT_OUT = frozenset({"_expandable", "friendlyWhen", "profilePicture", "operations", "email", "details"})
"""What is not kept: it says nothing, changes by itself, or is about people."""


@dataclass(frozen=True, slots=True)
class Changed:
    """A page or comment that the search lists; ``page`` is the page that it stands on or is."""

    id: str
    page: str
    changed_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A page as it is written: title, storage format, version."""

    id: str
    kind: str
    title: str
    storage: str
    version: int
    url: str
    writable: bool = True


class Site:
    """Asks a Confluence site."""

    def __init__(self, http: Http, settings: ConfluenceSettings) -> None:
        self._http = http
        self._settings = settings
        self._cloud = settings.deployment == "cloud"

    def who(self) -> str:
        """The account's name."""
        user = self._http.get("/rest/api/user/current")
        if user.get("type") == "anonymous":
            raise MissingError("Confluence does not know this account", hint="check email and token")
        return f"as {user.get('displayName') or user.get('username') or user.get('accountId')}"

    def space(self, key: str) -> str:
        """The space's name."""
        if not self._cloud:
            return str(self._http.get(f"/rest/api/space/{segment(key)}")["name"])
        found = self._http.get("/api/v2/spaces", params={"keys": key})["results"]
        if not found:
            raise MissingError(
                f"there is no space with the key {key!r}, or this account may not see it",
                hint="correct spaces, or give the account permission to view the space",
            )
        return str(found[0]["name"])

    def any_page(self) -> bool:
        """Whether the settings find anything."""
        return bool(self._asked(f"{self._scope()} order by lastmodified desc", LISTED, limit=1)["results"])

    def newest_comment(self) -> datetime | None:
        """When the last comment was made or changed."""
        found = self._asked(f"{self._remarks()} order by lastmodified desc", LISTED, limit=1)["results"]
        return _changed(found[0]).changed_at if found else None

    def changed(self, what: str, since: datetime | None) -> Iterator[list[Changed]]:
        """Pages or comments, oldest change first, in batches."""
        query = self._scope() if what == "pages" else self._remarks()
        if since is not None:
            query += f' and lastmodified >= "{since.astimezone(UTC):%Y/%m/%d %H:%M}"'
        for answer in self._search(f"{query} order by lastmodified asc", LISTED):
            found = [_changed(each) for each in answer["results"]]
            for start in range(0, len(found), A_BATCH):
                yield found[start : start + A_BATCH]

    def records(self, ids: Sequence[str]) -> list[Record]:
        """The pages with these ids that the settings mean, with bodies, comments and restrictions."""
        if not ids:
            return []
        listed = f"({', '.join(ids)})"
        contents, base = self._contents(f"{self._scope()} and id in {listed}")
        bodies = self._bodies(contents)
        comments: dict[str, list[Any]] = {}
        for answer in self._search(f"type = comment and container in {listed} order by created asc", COMMENT):
            for each in answer["results"]:
                comments.setdefault(str(each["container"]["id"]), []).append(_kept(each))
        known = [one for one in dict.fromkeys(ids) if one in contents and one in bodies]
        return [
            {
                "id": one,
                "content": {key: value for key, value in _kept(contents[one]).items() if key != "body"},
                "body": bodies[one],
                "comments": comments.get(one, []),
                "base": base,
            }
            for one in known
        ]

    def document(self, page: str) -> Document:
        """The page as it stands now."""
        if self._cloud:
            params = {"body-format": "storage", "include-operations": "true"}
            raw = self._http.get(f"/api/v2/pages/{segment(page)}", params=params)
            may = [each["operation"] for each in raw.get("operations", {}).get("results", [])]
        else:
            params = {"expand": "body.storage,version,operations"}
            raw = self._http.get(f"/rest/api/content/{segment(page)}", params=params)
            may = [each["operation"] for each in raw.get("operations", [])]
        return self._told(raw, writable=not may or "update" in may)

    def save(self, document: Document, storage: str) -> Document:
        """Write the page over the version that was read. ConflictError where somebody was faster."""
        version = {"number": document.version + 1, "message": "opshub: the ranked list"}
        body: dict[str, Any] = {"id": document.id, "status": "current", "title": document.title}
        if self._cloud:
            body |= {"version": version, "body": {"representation": "storage", "value": storage}}
            raw = self._http.put(f"/api/v2/pages/{segment(document.id)}", json=body)
        else:
            stored = {"storage": {"value": storage, "representation": "storage"}}
            body |= {"type": document.kind, "version": {**version, "minorEdit": True}, "body": stored}
            raw = self._http.put(f"/rest/api/content/{segment(document.id)}", json=body)
        return self._told(raw)

    def _told(self, raw: Mapping[str, Any], *, writable: bool = True) -> Document:
        links = raw.get("_links", {})
        storage = raw.get("body", {}).get("storage", {}).get("value", "")
        return Document(
            id=str(raw["id"]),
            kind=str(raw.get("type", "page")),
            title=str(raw["title"]),
            storage=str(storage),
            version=int(raw["version"]["number"]),
            url=f"{links.get('base', '')}{links.get('webui', '')}",
            writable=writable,
        )

    def _scope(self) -> str:
        kinds = "type in (page, blogpost)" if self._settings.blogposts else "type = page"
        own = f" and ({self._settings.cql})" if self._settings.cql else ""
        return f"{kinds}{self._spaces()}{own}"

    def _remarks(self) -> str:
        return f"type = comment{self._spaces()}"

    def _spaces(self) -> str:
        keys = ", ".join(
            '"{}"'.format(key.replace("\\", "\\\\").replace('"', '\\"')) for key in self._settings.spaces
        )
        return f" and space in ({keys})" if keys else ""

    def _contents(self, query: str) -> tuple[dict[str, Any], str]:
        expand = PAGE if self._cloud else f"{PAGE},body.storage"
        contents: dict[str, Any] = {}
        base = ""
        for answer in self._search(query, expand):
            base = str(answer["_links"].get("base", base))
            contents |= {str(each["id"]): each for each in answer["results"]}
        return contents, base

    def _bodies(self, contents: Mapping[str, Any]) -> dict[str, str]:
        if not self._cloud:
            return {one: each["body"]["storage"]["value"] for one, each in contents.items()}
        bodies: dict[str, str] = {}
        for kind in ("page", "blogpost"):
            ids = [one for one, each in contents.items() if each["type"] == kind]
            if ids:
                params = {"id": ",".join(ids), "body-format": "storage", "limit": A_BATCH}
                found = self._http.get(f"/api/v2/{kind}s", params=params)["results"]
                bodies |= {str(each["id"]): each["body"]["storage"]["value"] for each in found}
        return bodies

    def _asked(self, query: str, expand: str, **more: object) -> Any:
        answer = self._http.get("/rest/api/content/search", params={"cql": query, "expand": expand, **more})
        if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
            raise BadAnswerError("Confluence's search answered something else than a list")
        return answer

    def _search(self, query: str, expand: str) -> Iterator[Any]:
        if not self._cloud:
            return by_offset(
                lambda start: self._asked(query, expand, start=start, limit=A_LIST),
                items=_settled,
                last=lambda answer: not answer.get("_links", {}).get("next"),
            )
        first = self._asked(query, expand, limit=A_LIST)
        return by_link(
            lambda place: self._followed(place) if place else first,
            "",
            link=self._next,
            items=lambda answer: answer["results"],
        )

    def _next(self, answer: Mapping[str, Any]) -> str | None:
        links = answer.get("_links", {})
        link = links.get("next")
        return str(link).removeprefix(str(links.get("context", ""))) if link else None

    def _followed(self, place: str) -> Any:
        try:
            answer = self._http.get(place)
        except RequestError as error:
            raise CursorExpiredError(f"the list's next page is no longer to be had: {error}") from error
        if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
            raise BadAnswerError("Confluence's search answered something else than a list")
        return answer


def _settled(answer: Mapping[str, Any]) -> Sequence[Any]:
    results: list[Any] = answer["results"]
    return results[:-MOVED] if len(results) > MOVED and answer.get("_links", {}).get("next") else results


def _changed(content: Mapping[str, Any]) -> Changed:
    container = content.get("container") or {}
    page = str(container.get("id") or content["id"]) if content["type"] == "comment" else str(content["id"])
    version = content["version"]
    return Changed(str(content["id"]), page, parse_time(version["when"]), int(version["number"]))


def _kept(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: ({"webui": inner["webui"]} if "webui" in inner else {}) if key == "_links" else _kept(inner)
            for key, inner in value.items()
            if key not in LEFT_OUT
        }
    return [_kept(each) for each in value] if isinstance(value, list) else value
