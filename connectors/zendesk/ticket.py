"""A ticket's translation, both ways: pure, without the network."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opshub.sdk import (
    Account,
    Comment,
    Feedback,
    Person,
    Rating,
    Ref,
    RefusedWriteError,
    Value,
    Visibility,
    number_of,
    parse_time,
    text_of,
    value_of,
)
from opshub_connectors.zendesk.settings import ZendeskSettings

__all__ = ["CUSTOM", "feedback", "field_of", "holds", "page", "sent", "without_addresses", "writable"]

CUSTOM = "custom_fields."
WRITABLE = frozenset({"external_id", "priority", "status", "tags", "type"})
MERGED_TAG = "closed_by_merge"
SATISFACTION = {"good": 1.0, "bad": 0.0}


def page(settings: ZendeskSettings, ticket: object) -> str:
    """The ticket's page in the agents' workspace."""
    return f"{settings.url.rstrip('/')}/agent/tickets/{ticket}"


def feedback(it: Mapping[str, Any], ref: Ref, settings: ZendeskSettings, own: Sequence[str] = ()) -> Feedback:
    """A joined ticket as feedback; ``own`` are the fields that the hub writes."""
    opened, *later = it["_comments"] or [{"public": it["is_public"] and it.get("comment_count") == 1}]
    author = _person(it["_requester"])
    return Feedback(
        ref=ref,
        url=page(settings, it["id"]),
        kind="ticket",
        title=text_of(it["subject"]),
        text=text_of(it["description"]),
        created_at=parse_time(it["created_at"]),
        updated_at=parse_time(it["updated_at"]),
        visibility=_visibility(opened),
        author=author,
        account=_account(it["_organization"], settings),
        comments=(*map(_comment, later), *_praise(it, author)),
        rating=_rating(it),
        tags=tuple(sorted(map(text_of, it["tags"]))),
        fields=_fields(it, settings, own),
        mentions=_mentions(it, settings),
        duplicate_of=_original(it),
    )


def without_addresses(via: Any) -> dict[str, Any]:
    """How the ticket came, without the addresses that stand there for e-mail."""
    source = (via or {}).get("source") or {}
    origin = (source.get("from") or {}).get("ticket_id")
    kept = {"rel": source.get("rel"), "from": {"ticket_id": origin}} if source.get("rel") else {}
    return {"channel": (via or {}).get("channel"), "source": kept}


def field_of(it: Mapping[str, Any], name: str) -> Value:
    """The present value of a field by its remote name."""
    if not name.startswith(CUSTOM):
        return value_of(it.get(name))
    id_ = int(name.removeprefix(CUSTOM))
    value = next((row["value"] for row in it["custom_fields"] or () if row["id"] == id_), None)
    return number_of(value) if id_ in it.get("_numeric", ()) else value_of(value)


def writable(name: str) -> str:
    if name not in WRITABLE and not re.fullmatch(r"custom_fields\.\d{1,18}", name):
        known = ", ".join(sorted(WRITABLE))
        raise RefusedWriteError(
            f"{name} is not a field to write", field=name, hint=f"use custom_fields.ID, {known}"
        )
    return "can be written"


def sent(name: str, value: Value) -> object:
    """A value as Zendesk takes it; RefusedWriteError for what it would silently turn into something else."""
    writable(name)
    if name == "tags" and isinstance(value, tuple):
        for tag in value:
            if tag != "_".join(tag.lower().split()):
                hint = f'write it in the rules as "{"_".join(tag.lower().split())}"'
                raise RefusedWriteError(
                    f"Zendesk cannot hold the tag {tag!r} as it is", field=name, hint=hint
                )
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return list(value) if isinstance(value, tuple) else value


def holds(now: Value, wish: Value) -> bool:
    """Whether a field holds what was written, in whatever spelling."""
    if isinstance(wish, tuple):
        return {*wish} <= {*(now if isinstance(now, tuple) else ())}
    if isinstance(wish, float):
        return number_of(now) == wish
    return (now or None) == (wish or None) or str(now) == str(wish)


def _fields(it: Mapping[str, Any], settings: ZendeskSettings, own: Sequence[str]) -> dict[str, Value]:
    """Custom fields under their name in the settings, the hub's own under the remote one."""
    names = {id_: name for name, id_ in settings.names.items() if f"{CUSTOM}{id_}" not in own}
    found: dict[str, Value] = {name: value_of(it[name]) for name in ("status", "priority", "type")}
    found["channel"] = value_of(it["via"]["channel"])
    for row in it["custom_fields"] or ():
        remote = f"{CUSTOM}{row['id']}"
        found[names.get(row["id"], remote)] = field_of(it, remote)
    return {name: value for name, value in found.items() if value not in (None, "", ())}


def _mentions(it: Mapping[str, Any], settings: ZendeskSettings) -> tuple[str, ...]:
    """Linked issues, what people noted in the key fields, and the ticket that this one follows up."""
    noted = [str(field_of(it, f"{CUSTOM}{id_}") or "") for id_ in settings.key_fields]
    found = [*map(text_of, it["_issues"]), *re.split(r"[\s,;]+", " ".join(noted))]
    source = it["via"]["source"]
    if source.get("rel") == "follow_up" and source["from"]["ticket_id"]:
        found.append(page(settings, source["from"]["ticket_id"]))
    return tuple(dict.fromkeys(filter(None, found)))


def _account(row: Mapping[str, Any], settings: ZendeskSettings) -> Account | None:
    if not row:
        return None
    more = row["organization_fields"] or {}
    return Account(
        id=str(row["id"]),
        name=text_of(row["name"]),
        domain=text_of(next(iter(row["domain_names"] or ()), "")),
        plan=str(more.get(settings.plan_field) or ""),
        arr=number_of(more.get(settings.arr_field)),
    )


def _person(row: Mapping[str, Any] | None) -> Person | None:
    if row is None:
        return None
    return Person(id=str(row["id"]), name=text_of(row["name"]), email=text_of(row.get("email")))


def _visibility(comment: Mapping[str, Any]) -> Visibility:
    """Between customer and company, or an internal note; where nobody says which, internal."""
    return Visibility.CUSTOMER if comment["public"] is True else Visibility.INTERNAL


def _comment(row: Mapping[str, Any]) -> Comment:
    return Comment(
        id=str(row["id"]),
        text=text_of(row["body"]),
        created_at=parse_time(row["created_at"]),
        author=_person(row["_author"]),
        visibility=_visibility(row),
    )


def _rating(it: Mapping[str, Any]) -> Rating | None:
    score = SATISFACTION.get(str((it.get("satisfaction_rating") or {}).get("score")))
    return None if score is None else Rating(score, 0, 1, "satisfaction")


def _praise(it: Mapping[str, Any], author: Person | None) -> list[Comment]:
    """What the customer wrote beside the satisfaction rating."""
    text = text_of((it.get("satisfaction_rating") or {}).get("comment"))
    seen = Visibility.CUSTOMER
    return [Comment(id="satisfaction", text=text, author=author, visibility=seen)] if text else []


def _original(it: Mapping[str, Any]) -> str:
    """The ticket that this one was merged into, which only the merge's last comment names, or its problem."""
    if MERGED_TAG in it["tags"]:
        for comment in reversed(it["_comments"]):
            if found := re.search(r"#(\d+)", text_of(comment["body"])):
                return found[1]
    return str(it["problem_id"] or "")
