"""One issue as feedback or as a tracked item: pure functions of the record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from opshub.sdk import (
    Comment,
    Person,
    Value,
    Visibility,
    number_of,
    parse_time,
    plain_from_adf,
    plain_from_wiki,
    text_of,
)

__all__ = [
    "MARKER_LABEL",
    "OWN_LINK",
    "PROPERTY",
    "comments_of",
    "field_value",
    "is_marker",
    "labels_of",
    "marker_label",
    "marker_of",
    "mentions_of",
    "original_of",
    "own_links",
    "part",
    "person_of",
    "plain",
    "reading_fields",
    "rows",
    "simple",
    "tags_of",
    "visibility_of",
]

MARKER_LABEL = "opshub-"
OWN_LINK = "opshub:"
PROPERTY = "opshub"
DUPLICATES = re.compile(r"duplicates?\b", re.IGNORECASE)

Json = Mapping[str, Any]


def part(value: object) -> Json:
    """An object, empty for null; TypeError for what is none, so that junk is called junk."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(f"a {type(value).__name__} is not an object")
    return value


def rows(value: object) -> list[Any]:
    """A list, empty for null; TypeError for what is none."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise TypeError(f"a {type(value).__name__} is not a list")
    return value


def plain(body: object) -> str:
    """A text in either of Jira's formats as plain text."""
    if isinstance(body, Mapping):
        return plain_from_adf(body)
    return plain_from_wiki(text_of(body))


def person_of(user: object) -> Person | None:
    """An account by its id, or, on a Jira of one's own, by its key; None where nobody is named."""
    it = part(user)
    ident = next((it[name] for name in ("accountId", "key", "name") if it.get(name)), None)
    if ident is None:
        return None
    return Person(
        id=text_of(ident), name=text_of(it.get("displayName")), email=text_of(it.get("emailAddress"))
    )


def labels_of(fields: Json) -> tuple[str, ...]:
    """The labels without the hub's own marker, sorted."""
    return tuple(sorted({text_of(label) for label in rows(fields.get("labels")) if not is_marker(label)}))


def tags_of(fields: Json) -> tuple[str, ...]:
    """Labels and components together, sorted."""
    names = {text_of(part(row).get("name")) for row in rows(fields.get("components"))} - {""}
    return tuple(sorted({*labels_of(fields), *names}))


def is_marker(label: object) -> bool:
    """Whether a label is one that the hub put there to find its own items again: it begins with ``opshub-``."""
    return isinstance(label, str) and label.startswith(MARKER_LABEL)


def marker_label(marker: str) -> str:
    """``IDEA-12`` as a label, ``opshub-idea-12``: labels hold no spaces."""
    return MARKER_LABEL + re.sub(r"\s+", "-", marker.strip().lower())


def marker_of(record: Json) -> str:
    """The id of the idea for which the hub made this issue; empty for others."""
    told = part(part(record.get("properties")).get(PROPERTY)).get("marker")
    if told:
        return text_of(told)
    labels = sorted(label for label in rows(part(record["fields"]).get("labels")) if is_marker(label))
    return labels[0].removeprefix(MARKER_LABEL).upper() if labels else ""


def visibility_of(fields: Json, *, customers: bool) -> Visibility:
    """Who may read an issue: few where it has a security level, customers where it is a service desk's."""
    if fields.get("security"):
        return Visibility.RESTRICTED
    desk = part(fields.get("project")).get("projectTypeKey") == "service_desk"
    return Visibility.CUSTOMER if desk and customers else Visibility.INTERNAL


def comments_of(fields: Json, issue: Visibility) -> tuple[Comment, ...]:
    """The comments, none more open than its issue."""
    return tuple(_comment(part(row), issue) for row in rows(part(fields.get("comment")).get("comments")))


def _comment(row: Json, issue: Visibility) -> Comment:
    seen = Visibility.INTERNAL if _is_internal(row) else issue
    seen = Visibility.RESTRICTED if row.get("visibility") else seen
    return Comment(
        id=str(row["id"]),
        text=plain(row.get("body")),
        created_at=parse_time(row["created"]),
        author=person_of(row.get("author")),
        visibility=max(seen, issue, key=lambda one: one.rank),
    )


def _is_internal(row: Json) -> bool:
    """Anything but a clear *public* hides the comment, where the service desk speaks of it at all."""
    if row.get("jsdPublic", True) is not True:
        return True
    told = [p for p in map(part, rows(row.get("properties"))) if p.get("key") == "sd.public.comment"]
    return any(part(p.get("value")).get("internal") not in (False, "false", None) for p in told)


def _ends(fields: Json) -> Iterable[tuple[Json, bool, str, str]]:
    """Every link as (the other issue, whether this one is the subject, type, what this does to the other)."""
    for link in map(part, rows(fields.get("issuelinks"))):
        kind = part(link["type"])
        for side, phrase in (("outwardIssue", "outward"), ("inwardIssue", "inward")):
            if link.get(side):
                name, words = text_of(kind.get("name")), text_of(kind.get(phrase))
                yield part(link[side]), side == "outwardIssue", name, words


def mentions_of(record: Json) -> tuple[str, ...]:
    """Keys of the linked issues, and the addresses that remote links of others lead to."""
    keys = [text_of(other.get("key")) for other, _, _, _ in _ends(part(record["fields"]))]
    links = [row for row in map(part, rows(record.get("remotelinks"))) if not _is_own(row)]
    urls = [text_of(part(row.get("object")).get("url")) for row in links]
    return tuple(dict.fromkeys(text for text in [*keys, *urls] if text))


def original_of(fields: Json) -> str:
    """The id of the issue that this one duplicates, by the words of the link type; empty for none.

    A type called Duplicate whose words are in another language is read by its direction.
    """
    for other, is_subject, name, phrase in _ends(fields):
        foreign = name.lower() == "duplicate" and "duplicat" not in phrase.lower()
        if DUPLICATES.match(phrase) or (foreign and is_subject):
            return str(other["id"])
    return ""


def own_links(record: Json) -> dict[str, str]:
    """The hub's own remote links: ``globalId`` → address."""
    found = [row for row in map(part, rows(record.get("remotelinks"))) if _is_own(row)]
    return {text_of(row["globalId"]): text_of(part(row["object"])["url"]) for row in found}


def _is_own(row: Json) -> bool:
    return str(row.get("globalId") or "").startswith(OWN_LINK)


def field_value(record: Json, name: str) -> Value:
    """What stands in a field, as the hub compares it: names, option values, numbers, sets of texts."""
    fields = part(record["fields"])
    if name == "remotelinks":
        return tuple(sorted(own_links(record).values()))
    return labels_of(fields) if name == "labels" else simple(fields.get(name))


def simple(value: object) -> Value:
    """A field's JSON as a value: the name of what has one, the text of a document."""
    if isinstance(value, Mapping):
        if value.get("type") == "doc":
            return plain_from_adf(value)
        named = next((value[key] for key in ("value", "displayName", "name", "key") if value.get(key)), None)
        return None if named is None else str(named)
    if isinstance(value, list):
        members = [simple(member) for member in value]
        return tuple(sorted({str(member) for member in members if member not in (None, "")}))
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, (str, bool)) or value is None:
        return value
    return number_of(value)


def reading_fields(record: Json, names: Mapping[str, str]) -> dict[str, Value]:
    """What is kept beside the texts: Jira's own fields, and the admin's under the admin's names."""
    fields = part(record["fields"])
    category = part(part(fields.get("status")).get("statusCategory")).get("key")
    found: dict[str, Value] = {
        "key": text_of(record["key"]),
        "project": simple(part(fields.get("project")).get("key")),
        "type": simple(fields.get("issuetype")),
        "status": simple(fields.get("status")),
        "status_category": simple(category),
        "priority": simple(fields.get("priority")),
        "resolution": simple(fields.get("resolution")),
        "assignee": simple(fields.get("assignee")),
        "components": simple(fields.get("components")),
        "versions": simple(fields.get("fixVersions")),
        **{own: simple(fields.get(remote)) for own, remote in names.items()},
    }
    return {name: value for name, value in found.items() if value not in (None, "", ())}
