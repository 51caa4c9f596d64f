"""One Jira site, spoken to through the ``jira`` package over the hub's own HTTP layer.

The package is used for what it does well: addresses, parameters, versions. Its page loop, its retries and its update
are not: they repeat requests that must not be repeated, stop early, or read again what was just written.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from opshub.sdk import (
    BadAnswerError,
    CursorExpiredError,
    Http,
    MissingError,
    PermissionDeniedError,
    RemovedEndpointError,
    RequestError,
    UnavailableError,
    by_offset,
    parse_time,
    segment,
    zone_of,
)
from opshub_connectors.jira.settings import JiraSettings
from opshub_connectors.jira.translate import PROPERTY

if TYPE_CHECKING:
    from jira import JIRA

__all__ = ["Site"]

PAGE = 100
IDS = 1000
LONGEST_ADDRESS = 3000
"""Characters of a query beyond which it goes in a body: proxies cut addresses."""


class Site:
    """The requests of one connection; answers are checked for their shape, failures are our errors.

    What hardly changes is asked once: the account, the field catalogue, the fields of each screen.
    """

    def __init__(self, http: Http, settings: JiraSettings, url: str) -> None:
        self.http = http
        self.cloud = settings.deployment == "cloud"
        self.version = 3 if self.cloud else 2
        self._url = url
        self._screens: dict[tuple[str, str, str], dict[str, Any]] = {}
        self._silent: dict[str, bool] = {}

    @cached_property
    def client(self) -> JIRA:
        """The package's client, its session on our HTTP layer."""
        from jira import JIRA
        from opshub.sdk.bridge import RequestsAdapter

        class Client(JIRA):
            def fields(self) -> list[dict[str, Any]]:
                """Nothing, so that no search first asks for the whole catalogue to translate aliases."""
                return []

        options = {"rest_api_version": str(self.version), "check_update": False}
        client = Client(self._url, options=options, get_server_info=False, max_retries=0, logging=False)
        client.deploymentType = "Cloud" if self.cloud else "Server"
        client._session.trust_env = False
        adapter = RequestsAdapter(self.http)
        for scheme in ("https://", "http://"):
            client._session.mount(scheme, adapter)
        return client

    def path(self, *parts: object) -> str:
        """The path of a resource of this version's API."""
        return "/".join([f"/rest/api/{self.version}", *(segment(one) for one in parts)])

    def page(self, jql: str, fields: Sequence[str], token: str | None, size: int = PAGE) -> Mapping[str, Any]:
        """Cloud: a page of a search, by token."""
        try:
            return _page(self._search(jql, fields, token, size))
        except RequestError as error:
            if token is None:
                raise _wrong_query(_words(error), error) from error
            raise CursorExpiredError(f"Jira no longer knows the next page: {error}") from error

    def _search(self, jql: str, fields: Sequence[str], token: str | None, size: int) -> object:
        own = PROPERTY if "summary" in fields else None
        if len(jql) > LONGEST_ADDRESS:
            body: dict[str, Any] = {"jql": jql, "fields": list(fields), "maxResults": size}
            body |= ({"nextPageToken": token} if token else {}) | ({"properties": [own]} if own else {})
            return self.http.post(self.path("search", "jql"), json=body, repeatable=True)
        with understood():
            return self.client.enhanced_search_issues(
                jql,
                nextPageToken=token,
                maxResults=size,
                fields=list(fields),
                properties=own,
                json_result=True,
            )

    def numbered_page(
        self, jql: str, fields: Sequence[str], start: int, size: int = PAGE
    ) -> Mapping[str, Any]:
        """Data Center: a page of a search, by number; ``total`` is how many the whole search finds."""
        with understood():
            try:
                found = self.client.search_issues(
                    jql,
                    startAt=start,
                    maxResults=size,
                    fields=[",".join(fields)],
                    properties=PROPERTY if "summary" in fields else None,
                    json_result=True,
                )
            except RequestError as error:
                raise _wrong_query(_words(error), error) from error
        page = _page(found)
        if not isinstance(page.get("total"), int):
            raise BadAnswerError("Jira's search sent a page without its total.")
        return page

    def count(self, jql: str) -> int | None:
        """Cloud: about how many issues a query finds; None where it does not say, because it is but a hint."""
        path = self.path("search", "approximate-count")
        try:
            answer = self.http.post(path, json={"jql": jql}, repeatable=True)
        except (MissingError, PermissionDeniedError, RemovedEndpointError, RequestError):
            return None
        count = answer.get("count") if isinstance(answer, dict) else None
        return count if isinstance(count, int) else None

    def parse(self, jql: str) -> None:
        """Cloud: MissingError or RequestError with Jira's own words where a query is wrong."""
        answer = self.http.post(
            self.path("jql", "parse"),
            json={"queries": [jql]},
            params={"validation": "strict"},
            repeatable=True,
        )
        rows = _object(answer, "parsed query").get("queries") or [{}]
        if rows[0].get("errors"):
            raise _wrong_query(" ".join(map(str, rows[0]["errors"])))

    def issue(self, ident: str, fields: Sequence[str]) -> Mapping[str, Any]:
        """One issue as it is now: a direct read knows what the search does not show yet."""
        with understood():
            found = self.client.issue(segment(ident), fields=",".join(fields), properties=PROPERTY).raw
        return _object(found, "issue")

    def comments(self, ident: str) -> list[Any]:
        """All comments of an issue, page by page, with the properties that hide them."""
        path = self.path("issue", ident, "comment")

        def fetch(start: int) -> Mapping[str, Any]:
            params = {"startAt": start, "maxResults": PAGE, "expand": "properties"}
            return _object(self.http.get(path, params=params), "page of comments")

        pages = by_offset(fetch, items=lambda page: page["comments"], total=lambda page: int(page["total"]))
        found = {str(row["id"]): row for page in pages for row in page["comments"]}
        return list(found.values())

    def remote_links(self, ident: str) -> list[Any]:
        """All remote links of an issue."""
        found = self.http.get(self.path("issue", ident, "remotelink"))
        if not isinstance(found, list):
            raise BadAnswerError("Jira's remote links are no list.")
        return found

    @cached_property
    def account(self) -> Mapping[str, Any]:
        """The account that asks."""
        with understood():
            return _object(self.client.myself(), "account")

    @cached_property
    def zone(self) -> ZoneInfo | None:
        """The account's own zone, in which Jira reads the times of a query; None where it does not say."""
        try:
            return zone_of(str(self.account.get("timeZone") or ""))
        except ValueError:
            return None

    def now(self) -> datetime:
        """The site's own time."""
        with understood():
            info = _object(self.client.server_info(), "server info")
        try:
            return parse_time(info["serverTime"])
        except (KeyError, ValueError):
            raise BadAnswerError("Jira's server info holds no time.") from None

    @cached_property
    def catalogue(self) -> list[Any]:
        """Every field of the site."""
        found = self.http.get(self.path("field"))
        if not isinstance(found, list):
            raise BadAnswerError("Jira's list of fields is no list.")
        return found

    def edit_screen(self, ident: str, project: str, kind: str) -> dict[str, Any]:
        """What may be edited in issues like this one: field → schema and allowed values."""
        key = ("edit", project, kind)
        if key not in self._screens:
            with understood():
                answer = _object(self.client.editmeta(segment(ident)), "edit screen")
            self._screens[key] = dict(answer.get("fields") or {})
        return self._screens[key]

    def create_screen(self, project: str, kind: str) -> dict[str, Any]:
        """What may be set when an issue of this type is made; MissingError for an unknown project."""
        key = ("create", project, kind)
        if key not in self._screens:
            path = self.path("issue", "createmeta", project, "issuetypes", kind)
            try:
                found = {str(row["fieldId"]): row for row in self._listed(path, "fields")}
            except MissingError:
                rows = self._old_types(project)
                found = next((dict(row["fields"]) for row in rows if str(row["id"]) == kind), {})
            self._screens[key] = found
        return self._screens[key]

    def issue_types(self, project: str) -> dict[str, str]:
        """The types of issues that the account may make in a project: name → id."""
        try:
            rows = self._listed(self.path("issue", "createmeta", project, "issuetypes"), "issueTypes")
        except MissingError:
            rows = self._old_types(project)
        return {str(row["name"]): str(row["id"]) for row in rows}

    def _old_types(self, project: str) -> list[Any]:
        """The types with their fields, as Jira Server before 8.4 tells them; MissingError for no project."""
        params = {"projectKeys": project, "expand": "projects.issuetypes.fields"}
        try:
            found = None if self.cloud else self.http.get(self.path("issue", "createmeta"), params=params)
        except MissingError:
            found = None
        rows = found.get("projects") if isinstance(found, Mapping) else None
        if not rows:
            hint = "check the key; the account may lack the permission to create issues there"
            raise MissingError(f"Jira shows the account no project {project}", hint=hint)
        return list(rows[0]["issuetypes"])

    def _listed(self, path: str, name: str) -> list[Any]:
        """All rows of a list by numbers; Data Center calls them ``values``."""

        def rows(page: Mapping[str, Any]) -> list[Any]:
            found = page.get(name, page.get("values"))
            return found if isinstance(found, list) else []

        def fetch(start: int) -> Mapping[str, Any]:
            return _object(self.http.get(path, params={"startAt": start, "maxResults": PAGE}), "list")

        pages = by_offset(fetch, items=rows, total=lambda page: int(page.get("total", len(rows(page)))))
        return [row for page in pages for row in rows(page)]

    def assignable(self, project: str, person: str) -> list[Any]:
        """Accounts that issues of a project can be given to, and that a text may mean."""
        word = "query" if self.cloud else "username"
        params = {"project": project, word: person, "maxResults": PAGE}
        found = self.http.get(self.path("user", "assignable", "search"), params=params)
        if not isinstance(found, list):
            raise BadAnswerError("Jira's list of assignable users is no list.")
        return [row for row in found if isinstance(row, Mapping)]

    def may(self, *permissions: str, project: str = "") -> dict[str, bool]:
        """Which of these permissions the account has, in a project where one is named."""
        with understood():
            answer = self.client.my_permissions(
                projectKey=project or None, permissions=",".join(permissions) if self.cloud else None
            )
        found = _object(_object(answer, "permissions").get("permissions"), "permissions")
        return {name: bool((found.get(name) or {}).get("havePermission")) for name in permissions}

    def may_be_silent(self, project: str) -> bool:
        """Whether the account may edit without a mail to everybody: project and site admins may."""
        if project not in self._silent:
            try:
                found = self.may("ADMINISTER", "ADMINISTER_PROJECTS", project=project)
            except (MissingError, PermissionDeniedError, RequestError):
                found = {}
            self._silent[project] = any(found.values())
        return self._silent[project]


def _wrong_query(words: str, error: RequestError | None = None) -> RequestError | MissingError:
    """Jira says with one status that a query is wrong and that its project is gone; its words tell."""
    if "does not exist" in words:
        hint = "correct `query` in the settings, or let the account browse the project"
        return MissingError(f"Jira does not know what the query names: {words}", hint=hint)
    return error or RequestError(f"Jira does not understand the query: {words}", hint="correct `query`")


def _words(error: RequestError) -> str:
    """Jira's own sentences in an error."""
    messages = error.answer.get("errorMessages") if isinstance(error.answer, Mapping) else None
    return " ".join(map(str, messages)) if isinstance(messages, list) else ""


@contextlib.contextmanager
def understood() -> Iterator[None]:
    """The package's own errors as ours; those of the HTTP layer pass through it as they are."""
    from jira.exceptions import JIRAError
    from requests.exceptions import RequestException

    try:
        yield
    except JIRAError as error:
        raise BadAnswerError(f"Jira's answer was not understood (status {error.status_code}).") from None
    except RequestException as error:
        raise UnavailableError(f"Jira could not be asked ({type(error).__name__}).") from None
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        # The package takes the shape of answers for granted.
        raise BadAnswerError(
            f"Jira's answer is not of the expected shape ({type(error).__name__})."
        ) from None


def _object(found: object, what: str) -> Mapping[str, Any]:
    if not isinstance(found, Mapping) or not found:
        raise BadAnswerError(f"Jira sent something that is no {what}.")
    return found


def _page(found: object) -> Mapping[str, Any]:
    page = _object(found, "page of issues")
    if not isinstance(page.get("issues"), list):
        raise BadAnswerError("Jira's search sent a page without issues.")
    return page
