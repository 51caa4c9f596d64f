"""Values of the hub as what a field of Jira takes, by the screen's own description of the field."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opshub.sdk import RefusedWriteError, Value, adf_from_plain, wiki_from_plain
from opshub_connectors.jira.translate import OWN_LINK, is_marker

__all__ = ["Screen", "Sending", "link_id", "named_errors", "not_on_screen", "remote_link", "stands"]

LONGEST_LABEL = 255
LONGEST_LINE = 255

Shape = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Screen:
    """The fields that one screen lets the account set, and the words to speak of it."""

    fields: Mapping[str, Shape]
    name: str
    """Such as ``the edit screen of Task issues in FEED (company-managed)``."""
    way: str
    """Where an admin adds a field to it."""


@dataclass(slots=True)
class Sending:
    """A request in the making: whole values, verbs relative to what stands there, and what was refused."""

    cloud: bool
    fields: dict[str, Any] = field(default_factory=dict)
    update: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, value: Value, screen: Screen, held: Sequence[str] | None = None) -> None:
        """Add a field; what the screen does not take is refused with a sentence.

        ``held`` is the set that stands there now: its members are then added and removed one by one, so that those
        which others add at the same moment stay.
        """
        shape = screen.fields.get(name)
        if shape is None:
            self.refused[name] = not_on_screen(name, screen)
            return
        try:
            sent = _sent(name, value, shape, cloud=self.cloud)
        except RefusedWriteError as error:
            self.refused[name] = str(error)
            return
        if held is None or not _takes_verbs(shape):
            self.fields[name] = sent
        elif verbs := _verbs(sent, held):
            self.update[name] = verbs

    def drop(self, reasons: Mapping[str, str]) -> bool:
        """Take fields out that Jira refused by name; whether any was there."""
        found = [name for name in reasons if name in self.fields or name in self.update]
        for name in found:
            self.fields.pop(name, None)
            self.update.pop(name, None)
            self.refused[name] = f"Jira refuses {name}: {reasons[name]}"
        return bool(found)

    @property
    def body(self) -> dict[str, Any]:
        """What goes out; empty where nothing is left to say."""
        parts = {"fields": self.fields, "update": self.update}
        return {name: part for name, part in parts.items() if part}


def not_on_screen(name: str, screen: Screen) -> str:
    """Why a field cannot be set, and who can change that."""
    return f"{name} cannot be set: it is not on {screen.name}, or is not there at all; {screen.way}"


def named_errors(answer: object) -> dict[str, str]:
    """The fields that Jira's error names, each with its reason."""
    errors = answer.get("errors") if isinstance(answer, Mapping) else None
    return {str(name): str(why) for name, why in errors.items()} if isinstance(errors, Mapping) else {}


def _takes_verbs(shape: Shape) -> bool:
    schema = shape.get("schema") or {}
    is_set = schema.get("type") == "array" and schema.get("items") == "string"
    return is_set and {"add", "remove"} <= set(shape.get("operations") or ())


def _verbs(wanted: Sequence[str], held: Sequence[str]) -> list[dict[str, Any]]:
    """The way from one set to the other; the hub's own marker is never taken away."""
    added = [{"add": label} for label in wanted if label not in held]
    gone = [{"remove": label} for label in held if label not in wanted and not is_marker(label)]
    return [*added, *gone]


def _sent(name: str, value: Value, shape: Shape, *, cloud: bool) -> Any:
    """The value in the field's own JSON; RefusedWriteError with a sentence where it does not fit."""
    schema = shape.get("schema") or {}
    kind, items = schema.get("type"), "string" if name == "labels" else schema.get("items")
    called = f"{shape.get('name') or name} ({name})" if shape.get("name") != name else name
    if value is None:
        if shape.get("required"):
            raise RefusedWriteError(f"{called} cannot be emptied: the screen requires it", field=name)
        return [] if kind == "array" else None
    if kind == "array":
        return _set(called, name, value, items, shape)
    if kind in ("priority", "option"):
        return _one_of(called, name, value, "name" if kind == "priority" else "value", shape)
    if kind == "number":
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise RefusedWriteError(f"{called} takes a number, not {value!r}", field=name)
        return value
    if kind in ("date", "datetime") and isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if kind == "date" else f"{value:%Y-%m-%dT%H:%M:%S.000%z}"
    if kind in ("string", "date", "datetime"):
        return _text(called, name, value, schema, cloud=cloud)
    raise RefusedWriteError(f"{called} is of the type {kind!r}, which the hub does not write", field=name)


def _text(called: str, name: str, value: Value, schema: Shape, *, cloud: bool) -> Any:
    if isinstance(value, tuple):
        raise RefusedWriteError(f"{called} takes one text, not a set", field=name)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    if str(schema.get("custom", "")).endswith(":textarea") or schema.get("system") == "environment":
        return adf_from_plain(text) if cloud else wiki_from_plain(text)
    line = " ".join(text.split())
    if len(line) > LONGEST_LINE:
        raise RefusedWriteError(f"{called} takes {LONGEST_LINE} characters, not {len(line)}", field=name)
    return line


def _one_of(called: str, name: str, value: Value, key: str, shape: Shape) -> dict[str, str]:
    known = [str(row.get(key)) for row in shape.get("allowedValues") or () if isinstance(row, Mapping)]
    if known and str(value) not in known:
        raise RefusedWriteError(f"{called} has no value {value!r}; there are: {', '.join(known)}", field=name)
    return {key: str(value)}


def _set(called: str, name: str, value: Value, items: object, shape: Shape) -> list[Any]:
    members = list(value) if isinstance(value, tuple) else [str(value)]
    if items == "string":
        for label in members:
            if label.split() != [label] or len(label) > LONGEST_LABEL:
                raise RefusedWriteError(
                    f"{called} takes labels without spaces of at most {LONGEST_LABEL} characters, not {label!r}",
                    field=name,
                )
        return members
    if items in ("option", "component", "version"):
        key = "value" if items == "option" else "name"
        return [_one_of(called, name, member, key, shape) for member in members]
    raise RefusedWriteError(f"{called} is a set of {items!r}, which the hub does not write", field=name)


def stands(value: Value, now: Value) -> bool:
    """Whether a field holds what was sent: of a set, that its members are there; of a text, its words."""
    if isinstance(value, tuple):
        return set(value) <= set(now if isinstance(now, tuple) else ())
    if isinstance(value, str) and isinstance(now, str):
        return value.split() == now.split()
    if isinstance(value, datetime):
        return now is not None
    return value == now or (value is None and now in ("", ()))


def link_id(url: str) -> str:
    """The ``globalId`` of a back-link: the same address always has the same."""
    return OWN_LINK + hashlib.blake2b(url.encode("utf-8", "replace"), digest_size=16).hexdigest()


def remote_link(url: str) -> dict[str, Any]:
    """A remote link back to a piece of feedback."""
    shown = url.partition("://")[2] or url
    return {
        "globalId": link_id(url),
        "application": {"type": "opshub", "name": "opshub"},
        "relationship": "feedback",
        "object": {"url": url, "title": f"Feedback: {shown}"[:LONGEST_LINE]},
    }
