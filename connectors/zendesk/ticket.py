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
    list_of,
    number_of,
    parse_time,
    table_of,
    text_of,
    value_of,
)
from opshub_connectors.zendesk.settings import ZendeskSettings

__all__ = ["CUSTOM", "feedback", "field_of", "holds", "page", "sent", "without_addresses", "writable"]

CUSTOM = "custom_fields."
WRITABLE = frozenset({"external_id", "priority", "status", "tags", "type"})
MERGED_TAG = "closed_by_merge"
CUSTOMER, INTERNAL = Visibility.CUSTOMER, Visibility.INTERNAL
SATISFACTION = {"good": 1.0, "bad": 0.0}


def page(settings: ZendeskSettings, ticket: object) -> str:
    """The ticket's page in the agents' workspace."""
    return f"{settings.url.rstrip('/')}/agent/tickets/{ticket}"


def feedback(it: Mapping[str, Any], ref: Ref, settings: ZendeskSettings, own: Sequence[str] = ()) -> Feedback:
    """A joined ticket as feedback; ``own`` are the fields that the hub writes."""
    only = {"public": it["is_public"] and it.get("comment_count") == 1}
    opened, *later = list_of(it["_comments"]) or (only,)
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
        tags=tuple(sorted(map(text_of, list_of(it["tags"])))),
        fields=_fields(it, settings, own),
        mentions=_mentions(it, settings),
        duplicate_of=_original(it),
    )


def without_addresses(via: object) -> dict[str, Any]:
    """How the ticket came, without the addresses that stand there for e-mail."""
    table = table_of(via)
    source = table_of(table.get("source"))
    origin = table_of(source.get("from")).get("ticket_id")
    kept = {"rel": source.get("rel"), "from": {"ticket_id": origin}} if source.get("rel") else {}
    return {"channel": table.get("channel"), "source": kept}


def field_of(it: Mapping[str, Any], name: str) -> Value:
    """The present value of a field by its remote name."""
    return _custom(it).get(name) if name.startswith(CUSTOM) else value_of(it.get(name))


def _custom(it: Mapping[str, Any]) -> dict[str, Value]:
    """The custom fields by their remote names; numbers come as texts and are read as numbers."""
    numeric = list_of(it.get("_numeric"))
    found: dict[str, Value] = {}
    for row in map(table_of, list_of(it["custom_fields"])):
        number, value = row["id"], row["value"]
        found[CUSTOM + _id(number)] = number_of(value) if number in numeric else value_of(value)
    return found


def _id(value: object) -> str:
    """An id of the vendor's as text; None is the empty one."""
    if type(value) is int:
        return str(value)
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError(f"a {type(value).__name__} is not an id")
    return str(value)


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
    names = settings.names
    given = {f"{CUSTOM}{id_}": name for name, id_ in names.items() if f"{CUSTOM}{id_}" not in own}
    found: dict[str, Value] = {name: value_of(it[name]) for name in ("status", "priority", "type")}
    found["channel"] = value_of(table_of(it["via"])["channel"])
    custom = _custom(it)
    found.update({given.get(remote, remote): value for remote, value in custom.items()} if given else custom)
    return {name: value for name, value in found.items() if value is not None and value not in ("", ())}


def _mentions(it: Mapping[str, Any], settings: ZendeskSettings) -> tuple[str, ...]:
    """Linked issues, what people noted in the key fields, and the ticket that this one follows up."""
    found = [*map(text_of, list_of(it["_issues"]))]
    for id_ in settings.key_fields:
        found += re.split(r"[\s,;]+", str(field_of(it, f"{CUSTOM}{id_}") or ""))
    source = table_of(table_of(it["via"])["source"])
    if source.get("rel") == "follow_up" and (origin := _id(table_of(source["from"])["ticket_id"])):
        found.append(page(settings, origin))
    return tuple(dict.fromkeys(filter(None, found))) if found else ()


def _account(row: Any, settings: ZendeskSettings) -> Account | None:
    if not table_of(row):
        return None
    more = table_of(row["organization_fields"])
    return Account(
        id=_id(row["id"]),
        name=text_of(row["name"]),
        domain=text_of(next(iter(list_of(row["domain_names"])), "")),
        plan=str(value_of(more.get(settings.plan_field)) or ""),
        arr=number_of(more.get(settings.arr_field)),
    )


def _person(row: Any) -> Person | None:
    if not table_of(row):
        return None
    return Person(id=_id(row["id"]), name=text_of(row["name"]), email=text_of(row.get("email")))


def _visibility(comment: Any) -> Visibility:
    """Between customer and company, or an internal note; where nobody says which, internal."""
    return CUSTOMER if table_of(comment)["public"] is True else INTERNAL


def _comment(row: Any) -> Comment:
    return Comment(
        id=_id(table_of(row)["id"]),
        text=text_of(row["body"]),
        created_at=parse_time(row["created_at"]),
        author=_person(row["_author"]),
        visibility=_visibility(row),
    )


def _rating(it: Mapping[str, Any]) -> Rating | None:
    score = SATISFACTION.get(str(table_of(it.get("satisfaction_rating")).get("score")))
    return None if score is None else Rating(score, 0, 1, "satisfaction")


def _praise(it: Mapping[str, Any], author: Person | None) -> list[Comment]:
    """What the customer wrote beside the satisfaction rating."""
    text = text_of(table_of(it.get("satisfaction_rating")).get("comment"))
    return [Comment(id="satisfaction", text=text, author=author, visibility=CUSTOMER)] if text else []


def _original(it: Mapping[str, Any]) -> str:
    """The ticket that this one was merged into, which only the merge's last comment names, or its problem."""
    if MERGED_TAG in it["tags"]:
        for comment in reversed(list_of(it["_comments"])):
            if found := re.search(r"#(\d+)", text_of(table_of(comment)["body"])):
                return found[1]
    return _id(it["problem_id"])
