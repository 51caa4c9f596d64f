"""Writes to issues: what a screen lacks is left out and said, nothing is sent twice by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opshub.sdk import (
    OWNER,
    BadAnswerError,
    Change,
    Draft,
    MissingError,
    PermissionDeniedError,
    Receipt,
    RefusedWriteError,
    RequestError,
    Value,
    adf_from_plain,
    wiki_from_plain,
)
from opshub_connectors.jira.settings import JiraSettings
from opshub_connectors.jira.site import Site
from opshub_connectors.jira.translate import PROPERTY, field_value, marker_label, own_links, part
from opshub_connectors.jira.writing import (
    Screen,
    Sending,
    link_id,
    named_errors,
    not_on_screen,
    remote_link,
    stands,
)

__all__ = ["Outward"]

LONGEST_TITLE = 255
LINKS = "remotelinks"


class Outward:
    """The writing half of the connector."""

    def __init__(self, site: Site, settings: JiraSettings, address: Callable[[object], str]) -> None:
        self._site = site
        self._settings = settings
        self._address = address

    def write(self, change: Change) -> Receipt:
        """Read what the change is relative to, send it in one PUT, look whether it stands, then the links."""
        names = [name for name in change.fields if name != LINKS]
        try:
            before = self._site.issue(change.target, ["issuetype", "project", *names])
        except MissingError as error:
            raise RefusedWriteError(
                f"the issue {change.target} is gone or out of reach: {error}", field=", ".join(change.fields)
            ) from error
        sending = Sending(self._site.cloud)
        if names:
            screen = self._edit_screen(before, change.target)
            for name in names:
                held = part(before["fields"]).get(name)
                wish = change.fields[name]
                sending.put(name, wish, screen, held if isinstance(held, list) else None)
            self._put(before, sending, change)
        if LINKS in change.fields:
            self._link(change.target, change.fields[LINKS], sending)
        url = self._address(before["key"])
        return Receipt(target=change.target, url=url, refused=sending.refused)

    def _edit_screen(self, issue: Mapping[str, Any], target: str) -> Screen:
        fields = part(issue["fields"])
        project, kind = part(fields["project"]), part(fields["issuetype"])
        found = self._site.edit_screen(target, str(project["id"]), str(kind["id"]))
        return self._screen(found, "edit", str(kind.get("name")), project)

    def _screen(self, fields: Mapping[str, Any], verb: str, kind: str, project: Mapping[str, Any]) -> Screen:
        """The screen with words for it: a team-managed project has other settings than a company-managed one."""
        team = project.get("simplified")
        managed = "" if team is None else " (team-managed)" if team else " (company-managed)"
        name = f"the {verb} screen of {kind} issues in {project.get('key')}{managed}"
        places = ["Issue types"] if team else ["Screens"] if team is False else ["Screens", "Issue types"]
        return Screen(
            fields, name, f"a project admin can add it under Project settings > {' or '.join(places)}"
        )

    def _put(self, issue: Mapping[str, Any], sending: Sending, change: Change) -> None:
        """One PUT; where Jira refuses fields by name, one more without them."""
        project = str(part(part(issue["fields"])["project"])["key"])
        params = {"notifyUsers": "false"} if sending.body and self._site.may_be_silent(project) else {}
        if self._site.cloud:
            params["returnIssue"] = "true"
        path = self._site.path("issue", change.target)
        while sending.body:
            try:
                answer = self._site.http.put(path, json=sending.body, params=params)
            except PermissionDeniedError:
                if params.pop("notifyUsers", None) is None:
                    raise
            except RequestError as error:
                if sending.drop(named_errors(error.answer)):
                    continue
                raise RefusedWriteError(
                    str(error), field=", ".join(change.fields), hint=error.hint
                ) from error
            else:
                self._look(sending, change, answer)
                return

    def _look(self, sending: Sending, change: Change, answer: object) -> None:
        """Whether the fields hold what was sent: an accepted request is no proof."""
        names = [*sending.fields, *sending.update]
        if not (isinstance(answer, Mapping) and isinstance(answer.get("fields"), Mapping)):
            answer = self._site.issue(change.target, names)
        now = {name: field_value(answer, name) for name in names}
        for name in names:
            if not stands(change.fields[name], now[name]):
                sending.refused[name] = f"Jira took the request, but {name} still holds {now[name]!r}"

    def _link(self, ident: str, urls: Value, sending: Sending) -> None:
        """Make the hub's own remote links these and no others; every other link stays untouched."""
        wanted = {link_id(url): url for url in (urls if isinstance(urls, tuple) else ())}
        path = self._site.path("issue", ident, "remotelink")
        try:
            held = own_links({"remotelinks": self._site.remote_links(ident)})
            for name, url in wanted.items():
                if held.get(name) != url:
                    self._site.http.post(path, json=remote_link(url))
            for name in held.keys() - wanted.keys():
                self._site.http.delete(path, params={"globalId": name})
        except (MissingError, PermissionDeniedError, RequestError) as error:
            sending.refused[LINKS] = f"Jira refuses the remote links: {error}"

    def create(self, draft: Draft) -> Receipt:
        """Make the issue. A field that Jira refuses by name is left out and named; its refusal made nothing."""
        project = draft.project or self._settings.project
        sending = self._drafted(project, draft)
        made = self._post(sending, draft)
        if draft.owner and "assignee" in sending.refused:
            sending.refused[OWNER] = sending.refused.pop("assignee")
        ident, key = str(made["id"]), made["key"]
        if LINKS in draft.fields:
            self._link(ident, draft.fields[LINKS], sending)
        return Receipt(target=ident, url=self._address(key), refused=sending.refused)

    def _drafted(self, project: str, draft: Draft) -> Sending:
        kind = self._kind(project)
        fields = self._site.create_screen(project, kind)
        screen = self._screen(fields, "create", self._settings.issue_type, {"key": project})
        if "labels" not in fields:
            raise RefusedWriteError(
                f"no issue can be made in {project}: its marker is a label, and labels are not on {screen.name}",
                field="labels",
                hint=screen.way,
            )
        sending = Sending(self._site.cloud)
        for name, value in draft.fields.items():
            if name != LINKS:
                sending.put(name, value, screen)
        own = sending.fields.pop("labels", [])
        sending.fields |= {
            "project": {"key": project},
            "issuetype": {"id": kind},
            "summary": " ".join(draft.title.split())[:LONGEST_TITLE] or draft.marker,
            "labels": [*own, marker_label(draft.marker)],
        }
        if draft.owner:
            self._give(sending, screen, project, draft.owner)
        if "description" in fields:
            text = adf_from_plain(draft.text) if self._site.cloud else wiki_from_plain(draft.text)
            sending.fields["description"] = text
        return sending

    def assignable(self, project: str, person: str) -> str | None:
        """The id of the one account that is meant; None for nobody or several."""
        key = "accountId" if self._site.cloud else "name"
        rows = self._site.assignable(project or self._settings.project, person)
        wanted = person.casefold()
        meant = [row for row in rows if wanted in _names(row, key)]
        if not meant and "@" in person:  # Cloud finds an address that its owner hides, and does not show it
            meant = [row for row in rows if not row.get("emailAddress")]
        found = {str(row[key]) for row in meant if row.get(key)}
        return found.pop() if len(found) == 1 else None

    def _give(self, sending: Sending, screen: Screen, project: str, person: str) -> None:
        """The owner as the new issue's assignee; what stands against it is said."""
        try:
            found = self.assignable(project, person)
        except (MissingError, PermissionDeniedError, RequestError) as error:
            sending.refused[OWNER] = str(error)
            return
        if found is None:
            sending.refused[OWNER] = (
                f"no one account in {project} that can have issues is meant by {person!r}"
            )
        elif "assignee" not in screen.fields:
            sending.refused[OWNER] = not_on_screen("assignee", screen)
        else:
            sending.fields["assignee"] = {"accountId" if self._site.cloud else "name": found}

    def _kind(self, project: str) -> str:
        """The id of the configured issue type; MissingError names those that there are."""
        if not project:
            raise RefusedWriteError(
                "no project to make issues in", hint="route to CONNECTION.PROJECT, or set `project` there"
            )
        known = self._site.issue_types(project)
        if self._settings.issue_type in known:
            return known[self._settings.issue_type]
        raise MissingError(
            f"the account cannot make a {self._settings.issue_type} in {project}; it can make: "
            f"{', '.join(known) or 'nothing'}",
            hint="set `issue_type` to one of them, or give the account the permission to create issues",
        )

    def _post(self, sending: Sending, draft: Draft) -> Mapping[str, Any]:
        properties = [{"key": PROPERTY, "value": {"marker": draft.marker}}]
        needed = {"project", "issuetype", "summary", "labels"}
        while True:
            body = {**sending.body, "properties": properties}
            try:
                made = self._site.http.post(self._site.path("issue"), json=body)
            except RequestError as error:
                named = named_errors(error.answer)
                if not needed & named.keys() and sending.drop(named):
                    continue
                raise RefusedWriteError(
                    f"Jira does not make the issue for {draft.marker}: {error}", hint=error.hint
                ) from error
            if not isinstance(made, Mapping) or not {"id", "key"} <= made.keys():
                raise BadAnswerError("Jira made an issue and did not say which.")
            return made


def _names(row: Mapping[str, Any], key: str) -> set[str]:
    """Everything that an account is called, without case."""
    return {str(row.get(name) or "").casefold() for name in (key, "emailAddress", "displayName")}
