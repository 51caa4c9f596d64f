"""What the twin knows: people, projects, fields and issues, each issue with its history of versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar

__all__ = ["LINK_TYPES", "CommentRow", "FieldRow", "Issue", "LinkRow", "PersonRow", "ProjectRow", "State"]

LINK_TYPES = {
    "Blocks": ("is blocked by", "blocks"),
    "Cloners": ("is cloned by", "clones"),
    "Dependence": ("is depended on by", "depends on"),
    "Duplicate": ("is duplicated by", "duplicates"),
    "Relates": ("relates to", "relates to"),
    "Supersedes": ("is superseded by", "supersedes"),
}
"""Name → (inward, outward)."""

PRIORITIES = ("Highest", "High", "Medium", "Low", "Lowest")
TYPES = ("Task", "Bug", "Story", "Idea", "Sub-task")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """An account; ``email`` is empty where its owner hides it."""

    id: str
    name: str
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRow:
    """One comment. ``internal`` hides it from customers, ``role`` shows it to one role only."""

    id: int
    body: str | Mapping[str, Any]
    created: datetime
    author: str = ""
    internal: bool = False
    role: str = ""


@dataclass(frozen=True, slots=True)
class LinkRow:
    """One end of a link: ``outward`` says that this issue *duplicates*, *blocks* … the other."""

    id: int
    type: str
    outward: bool
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One version of an issue. Bodies are wiki markup or an Atlassian document, as they were written."""

    id: int
    key: str
    type: str
    summary: str
    created: datetime
    updated: datetime
    description: str | Mapping[str, Any] | None = None
    status: str = "To Do"
    resolution: str = ""
    priority: str = "Medium"
    reporter: str = ""
    assignee: str = ""
    labels: tuple[str, ...] = ()
    components: tuple[str, ...] = ()
    fix_versions: tuple[str, ...] = ()
    environment: str | Mapping[str, Any] = ""
    comments: tuple[CommentRow, ...] = ()
    links: tuple[LinkRow, ...] = ()
    custom: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    remote: tuple[Mapping[str, Any], ...] = ()

    @property
    def project(self) -> str:
        """The key of its project."""
        return self.key.rpartition("-")[0]

    @property
    def number(self) -> int:
        """The 12 of ``FEED-12``."""
        return int(self.key.rpartition("-")[2])


@dataclass(slots=True)
class ProjectRow:
    """A project; ``off_screen`` are fields its edit screen lacks, ``simplified`` marks a team-managed one."""

    id: int
    key: str
    name: str
    simplified: bool = False
    kind: str = "software"
    types: tuple[str, ...] = TYPES
    off_screen: set[str] = field(default_factory=set)
    last: int = 0


@dataclass(frozen=True, slots=True)
class FieldRow:
    """A custom field; ``type`` as in Jira's schema: number, option, string, or array (of string)."""

    id: str
    name: str
    type: str = "string"
    options: tuple[str, ...] = ()
    custom: str = ""

    _PLUGIN: ClassVar[str] = "com.atlassian.jira.plugin.system.customfieldtypes:"
    _KINDS: ClassVar[dict[str, str]] = {
        "number": "float",
        "option": "select",
        "string": "textfield",
        "array": "labels",
    }

    def schema(self) -> dict[str, Any]:
        """The field's schema as ``/field`` and the metadata give it."""
        custom = self.custom or self._PLUGIN + self._KINDS.get(self.type, "textfield")
        found: dict[str, Any] = {"type": self.type, "custom": custom}
        if self.id.startswith("customfield_"):
            found["customId"] = int(self.id.removeprefix("customfield_"))
        return found | ({"items": "string"} if self.type == "array" else {})


class State:
    """All issues with their versions, so that a search can be as late as a real one."""

    def __init__(self, visible: Callable[[datetime], bool]) -> None:
        self._visible = visible
        self._next = 10_000
        self.people: dict[str, PersonRow] = {}
        self.projects: dict[str, ProjectRow] = {}
        self.fields: dict[str, FieldRow] = {}
        self.priorities: list[str] = list(PRIORITIES)
        self._versions: dict[int, list[tuple[datetime, Issue | None]]] = {}
        self._keys: dict[str, int] = {}
        self.elsewhere: dict[str, int] = {}
        """Keys that links name but that are not here, with the ids they would have."""

    def take_id(self) -> int:
        """A number never used before."""
        self._next += 1
        return self._next

    def put(self, issue: Issue, at: datetime) -> Issue:
        """Keep a new version, written at that moment."""
        self._keys[issue.key] = issue.id
        project = self.projects[issue.project]
        project.last = max(project.last, issue.number)
        versions = self._versions.setdefault(issue.id, [])
        while len(versions) > 1 and self._visible(versions[1][0]):
            versions.pop(0)
        versions.append((at, issue))
        return issue

    def edit(self, issue: Issue, at: datetime, **changes: Any) -> Issue:
        """A new version with these fields changed; ``updated`` moves unless told otherwise."""
        return self.put(replace(issue, **{"updated": at, **changes}), at)

    def drop(self, issue: Issue, at: datetime) -> None:
        """Delete the issue; the search learns of it when its lag is over."""
        self._versions[issue.id].append((at, None))

    def find(self, name: str) -> Issue | None:
        """The present version, by id or key; None for what does not exist."""
        key = int(name) if name.isdigit() else self._keys.get(name.upper(), 0)
        versions = self._versions.get(key)
        return versions[-1][1] if versions else None

    def present(self) -> Iterable[Issue]:
        """Every living issue as a direct read shows it."""
        return (last for versions in self._versions.values() if (last := versions[-1][1]) is not None)

    def indexed(self, reconcile: Iterable[int] = ()) -> Iterable[Issue]:
        """Every issue as the search shows it; those to reconcile as they are."""
        fresh = set(reconcile)
        for number, versions in self._versions.items():
            shown = [issue for at, issue in versions if number in fresh or self._visible(at)]
            if shown and shown[-1] is not None:
                yield shown[-1]

    def keys(self) -> frozenset[str]:
        """Every key and id there ever was, folded: a search for others is an error."""
        return frozenset(k.casefold() for k in self._keys) | {str(i) for i in self._keys.values()}

    def id_of(self, key: str) -> int:
        """The id behind a key; one is made up for a key that only a link knows."""
        known = self._keys.get(key) or self.elsewhere.get(key)
        if known is None:
            known = self.elsewhere[key] = 900_000 + len(self.elsewhere)
        return known
