"""How the twin's issues look on the wire: version 3 with Atlassian documents, version 2 with wiki markup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from opshub_connectors.twins.jira.state import (
    LINK_TYPES,
    TYPES,
    CommentRow,
    FieldRow,
    Issue,
    LinkRow,
    ProjectRow,
    State,
)

__all__ = ["Shapes", "document", "plain", "wanted"]

SYSTEM_FIELDS: dict[str, tuple[str, dict[str, Any]]] = {
    "summary": ("Summary", {"type": "string", "system": "summary"}),
    "description": ("Description", {"type": "string", "system": "description"}),
    "environment": ("Environment", {"type": "string", "system": "environment"}),
    "priority": ("Priority", {"type": "priority", "system": "priority"}),
    "labels": ("Labels", {"type": "array", "items": "string", "system": "labels"}),
    "components": ("Components", {"type": "array", "items": "component", "system": "components"}),
    "fixVersions": ("Fix versions", {"type": "array", "items": "version", "system": "fixVersions"}),
    "issuetype": ("Issue Type", {"type": "issuetype", "system": "issuetype"}),
    "project": ("Project", {"type": "project", "system": "project"}),
    "status": ("Status", {"type": "status", "system": "status"}),
    "resolution": ("Resolution", {"type": "resolution", "system": "resolution"}),
    "reporter": ("Reporter", {"type": "user", "system": "reporter"}),
    "assignee": ("Assignee", {"type": "user", "system": "assignee"}),
    "created": ("Created", {"type": "datetime", "system": "created"}),
    "updated": ("Updated", {"type": "datetime", "system": "updated"}),
    "comment": ("Comment", {"type": "comments-page", "system": "comment"}),
    "issuelinks": ("Linked Issues", {"type": "array", "items": "issuelinks", "system": "issuelinks"}),
}
EDITABLE = ("summary", "description", "environment", "priority", "labels", "components", "assignee")
DONE = ("done", "closed", "resolved", "won't fix")


def wanted(names: Iterable[str], default: str) -> tuple[set[str], set[str]]:
    """The fields that a client names, as (wanted, unwanted); ``*all`` stays as it is."""
    parts = [part.strip() for name in names for part in name.split(",") if part.strip()] or [default]
    return {p for p in parts if not p.startswith("-")}, {p[1:] for p in parts if p.startswith("-")}


def document(text: str) -> dict[str, Any]:
    """Text as an Atlassian document: a paragraph for each block, a break for each line."""
    paragraphs = []
    for block in re.split(r"\n{2,}", text.replace("\r\n", "\n").strip("\n")):
        nodes: list[dict[str, Any]] = []
        for number, line in enumerate(block.split("\n")):
            nodes += [{"type": "hardBreak"}] if number else []
            nodes += [{"type": "text", "text": line}] if line else []
        paragraphs.append({"type": "paragraph", "content": nodes})
    return {"type": "doc", "version": 1, "content": paragraphs}


def plain(node: object) -> str:
    """The text of an Atlassian document, for clients of version 2."""
    if isinstance(node, str):
        return node
    if not isinstance(node, Mapping):
        return ""
    if node.get("type") == "text":
        return str(node.get("text", ""))
    if node.get("type") == "hardBreak":
        return "\n"
    inner = [plain(child) for child in node.get("content", ())]
    return ("\n\n" if node.get("type") == "doc" else "").join(inner)


@dataclass(frozen=True, slots=True)
class Shapes:
    """Turns what the twin knows into the JSON of one version of the API, for one account's zone."""

    state: State
    url: str
    cloud: bool
    version: int
    zone: ZoneInfo
    inline_comments: int

    def moment(self, at: datetime) -> str:
        """``2019-02-13T12:37:55.032-0500``, in the account's zone."""
        local = at.astimezone(self.zone)
        return f"{local:%Y-%m-%dT%H:%M:%S}.{local.microsecond // 1000:03}{local:%z}"

    def link_to(self, path: str) -> str:
        """The ``self`` address of a resource."""
        return f"{self.url}/rest/api/{self.version}/{path}"

    def body(self, body: str | Mapping[str, Any] | None) -> Any:
        """A text in this version's own format."""
        if body is None or body == "":
            return None
        if self.version == 3:
            return document(body) if isinstance(body, str) else body
        return plain(body)

    def person(self, ident: str) -> dict[str, Any] | None:
        """A user; an address appears only where its owner shows it."""
        person = self.state.people.get(ident)
        if person is None:
            return None
        names = {"accountId": person.id, "accountType": "atlassian"}
        found: dict[str, Any] = {
            "self": self.link_to(f"user?{'accountId' if self.cloud else 'username'}={person.id}"),
            **(names if self.cloud else {"name": person.id, "key": person.id}),
            "displayName": person.name,
            "active": True,
            "timeZone": self.zone.key,
        }
        return found | ({"emailAddress": person.email} if person.email else {})

    def named(self, kind: str, name: str, **more: Any) -> dict[str, Any] | None:
        """A status, priority, component … by its name."""
        if not name:
            return None
        ident = str(10_000 + sum(name.encode()) % 5_000)
        return {"self": self.link_to(f"{kind}/{ident}"), "id": ident, "name": name, **more}

    def status(self, name: str) -> dict[str, Any] | None:
        """A status with its category."""
        done = name.casefold() in DONE
        category = (3, "done", "Done", "green") if done else (2, "new", "To Do", "blue-gray")
        keys = dict(zip(("id", "key", "name", "colorName"), category, strict=True))
        return self.named(
            "status",
            name,
            description="",
            iconUrl=f"{self.url}/images/icons/status.png",
            statusCategory={"self": self.link_to(f"statuscategory/{category[0]}"), **keys},
        )

    def priority(self, name: str) -> dict[str, Any] | None:
        """A priority with its place in the list as its id."""
        if name not in self.state.priorities:
            return None
        ident = str(self.state.priorities.index(name) + 1)
        icon = f"{self.url}/images/icons/priorities/{ident}.svg"
        return {"self": self.link_to(f"priority/{ident}"), "iconUrl": icon, "name": name, "id": ident}

    def issuetype(self, name: str, project: ProjectRow | None = None) -> dict[str, Any]:
        """An issue type."""
        kinds = project.types if project else TYPES
        ident = str(10_001 + (kinds.index(name) if name in kinds else 90))
        icon = f"{self.url}/images/icons/issuetypes/task.svg"
        found = {"self": self.link_to(f"issuetype/{ident}"), "id": ident, "description": "", "iconUrl": icon}
        return {**found, "name": name, "subtask": name.startswith("Sub-")}

    def project(self, key: str, *, whole: bool = False) -> dict[str, Any]:
        """A project, as an issue shows it or as its own resource."""
        row = self.state.projects[key]
        found: dict[str, Any] = {
            "self": self.link_to(f"project/{row.id}"),
            "id": str(row.id),
            "key": row.key,
            "name": row.name,
            "projectTypeKey": row.kind,
        }
        if self.cloud:
            found["simplified"] = row.simplified
        if whole:
            found["issueTypes"] = [self.issuetype(name, row) for name in row.types]
            found |= {"style": "next-gen" if row.simplified else "classic"} if self.cloud else {}
        return found

    def comment(self, issue: Issue, row: CommentRow, *, properties: bool = False) -> dict[str, Any]:
        """A comment with what hides it."""
        at = self.moment(row.created)
        found: dict[str, Any] = {
            "self": self.link_to(f"issue/{issue.id}/comment/{row.id}"),
            "id": str(row.id),
            "body": self.body(row.body),
            "created": at,
            "updated": at,
        }
        if (author := self.person(row.author)) is not None:
            found |= {"author": author, "updateAuthor": author}
        if self.cloud:
            found["jsdPublic"] = not row.internal
        if row.role:
            found["visibility"] = {"type": "role", "value": row.role}
        if properties and row.internal:
            found["properties"] = [{"key": "sd.public.comment", "value": {"internal": True}}]
        return found

    def comments(
        self, issue: Issue, start: int = 0, size: int | None = None, *, properties: bool = False
    ) -> dict[str, Any]:
        """One page of an issue's comments."""
        size = len(issue.comments) if size is None else size
        rows = issue.comments[start : start + size]
        shown = [self.comment(issue, row, properties=properties) for row in rows]
        return {"comments": shown, "maxResults": size, "total": len(issue.comments), "startAt": start}

    def link(self, row: LinkRow) -> dict[str, Any]:
        """One end of a link between issues."""
        inward, outward = LINK_TYPES[row.type]
        kind = str(10_000 + list(LINK_TYPES).index(row.type))
        other: dict[str, Any] = {"id": str(self.state.id_of(row.key)), "key": row.key}
        other["self"] = self.link_to(f"issue/{other['id']}")
        if (issue := self.state.find(row.key)) is not None:
            other["fields"] = {
                "summary": issue.summary,
                "status": self.status(issue.status),
                "priority": self.priority(issue.priority),
                "issuetype": self.issuetype(issue.type, self.state.projects[issue.project]),
            }
        return {
            "id": str(row.id),
            "self": self.link_to(f"issueLink/{row.id}"),
            "type": {
                "id": kind,
                "name": row.type,
                "inward": inward,
                "outward": outward,
                "self": self.link_to(f"issueLinkType/{kind}"),
            },
            ("outwardIssue" if row.outward else "inwardIssue"): other,
        }

    def custom(self, field: FieldRow, value: Any) -> Any:
        """A custom field's value; an option becomes an object."""
        if value is None or field.type != "option":
            return list(value) if isinstance(value, tuple) else value
        ident = str(10_100 + field.options.index(value))
        return {"self": self.link_to(f"customFieldOption/{ident}"), "value": value, "id": ident}

    def fields(self, issue: Issue) -> dict[str, Any]:
        """Every field of an issue."""
        found: dict[str, Any] = {
            "summary": issue.summary,
            "description": self.body(issue.description),
            "environment": self.body(issue.environment),
            "issuetype": self.issuetype(issue.type, self.state.projects[issue.project]),
            "project": self.project(issue.project),
            "status": self.status(issue.status),
            "resolution": self.named("resolution", issue.resolution, description=""),
            "priority": self.priority(issue.priority),
            "reporter": self.person(issue.reporter),
            "assignee": self.person(issue.assignee),
            "labels": list(issue.labels),
            "components": [self.named("component", name) for name in issue.components],
            "fixVersions": [
                self.named("version", n, archived=False, released=False) for n in issue.fix_versions
            ],
            "created": self.moment(issue.created),
            "updated": self.moment(issue.updated),
            "issuelinks": [self.link(row) for row in issue.links],
            "comment": self.comments(issue, 0, self.inline_comments),
        }
        customs = self.state.fields.values()
        return found | {field.id: self.custom(field, issue.custom.get(field.id)) for field in customs}

    def issue(
        self, issue: Issue, names: Sequence[str], default: str, properties: Sequence[str] = ()
    ) -> dict[str, Any]:
        """An issue with the fields asked for; ``id`` alone gives nothing else, as Jira does."""
        some, none = wanted(names, default)
        if some == {"id"}:
            return {"id": str(issue.id)}
        found: dict[str, Any] = {
            "expand": "operations,versionedRepresentations,editmeta,changelog,renderedFields",
            "id": str(issue.id),
            "self": self.link_to(f"issue/{issue.id}"),
            "key": issue.key,
        }
        if some == {"key"} or some == {"id", "key"}:
            return found
        whole = bool(some & {"*all", "*navigable"})
        shown = {n: v for n, v in self.fields(issue).items() if (whole or n in some) and n not in none}
        found["fields"] = shown
        if properties:
            keys = {key for name in properties for key in name.split(",")}
            found["properties"] = {k: v for k, v in issue.properties.items() if k in keys or "*all" in keys}
        return found

    def catalogue(self) -> list[dict[str, Any]]:
        """Every field of the site, as ``/field`` lists them."""
        flags = {"orderable": True, "navigable": True, "searchable": True}
        found = [
            {
                "id": name,
                "key": name,
                "name": title,
                "custom": False,
                "clauseNames": [name],
                "schema": schema,
                **flags,
            }
            for name, (title, schema) in SYSTEM_FIELDS.items()
        ]
        for field in self.state.fields.values():
            number = field.id.removeprefix("customfield_")
            names = {"id": field.id, "key": field.id, "name": field.name, "custom": True, **flags}
            found.append({**names, "clauseNames": [f"cf[{number}]", field.name], "schema": field.schema()})
        if not self.cloud:
            for row in found:
                row.pop("key")
        return found

    def editable(self, project: ProjectRow, *, create: bool = False) -> dict[str, dict[str, Any]]:
        """The fields on a project's edit or create screen, with what they take."""
        names = [*EDITABLE, *self.state.fields]
        names += ["project", "issuetype", "reporter"] if create else []
        found = {}
        for name in names:
            if name in project.off_screen:
                continue
            field = self.state.fields.get(name)
            title, schema = (field.name, field.schema()) if field else SYSTEM_FIELDS[name]
            shape: dict[str, Any] = {
                "required": name in ("summary", "project", "issuetype"),
                "schema": schema,
                "name": title,
                "key": name,
                "operations": ["add", "set", "remove"] if schema["type"] == "array" else ["set"],
            }
            if name == "priority":
                shape["allowedValues"] = [self.priority(p) for p in self.state.priorities]
            elif field and field.type == "option":
                shape["allowedValues"] = [self.custom(field, option) for option in field.options]
            found[name] = shape
        return found
