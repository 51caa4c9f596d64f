"""What a write request may change in an issue, checked field by field as Jira checks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from opshub_connectors.twins.jira.shapes import SYSTEM_FIELDS
from opshub_connectors.twins.jira.state import FieldRow, Issue, ProjectRow, State

__all__ = ["Edits", "FieldErrors"]

ATTRIBUTES = {"issuetype": "type", "fixVersions": "fix_versions"}
SETS = ("labels", "components")


class FieldErrors(Exception):
    """The request is refused as a whole; ``errors`` says why, by field."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        super().__init__("; ".join(errors.values()))
        self.errors = dict(errors)


class _Wrong(Exception):
    """One value is not what its field takes."""


@dataclass(frozen=True, slots=True)
class Edits:
    """Reads ``fields`` and ``update`` of a request for one version of the API."""

    state: State
    version: int
    project: ProjectRow
    create: bool = False

    def changes(self, body: Mapping[str, Any], issue: Issue | None = None) -> dict[str, Any]:
        """The issue's attributes with their new values; FieldErrors with all that is wrong."""
        found: dict[str, Any] = {}
        custom = dict(issue.custom) if issue else {}
        errors: dict[str, str] = {}
        for name, value in (body.get("fields") or {}).items():
            self._apply(name, lambda n=name, v=value: self._value(n, v), found, custom, errors)
        for name, operations in (body.get("update") or {}).items():
            if name in errors or name in (body.get("fields") or {}):
                errors[name] = f"Field '{name}' cannot appear in both 'fields' and 'update'"
                continue
            before = self._before(name, issue)
            self._apply(
                name, lambda n=name, o=operations, b=before: self._operated(n, o, b), found, custom, errors
            )
        if errors:
            raise FieldErrors(errors)
        if custom:
            found["custom"] = custom
        if (properties := self._properties(body)) is not None:
            found["properties"] = {**(issue.properties if issue else {}), **properties}
        return found

    def _apply(
        self, name: str, value: Any, found: dict[str, Any], custom: dict[str, Any], errors: dict[str, str]
    ) -> None:
        known = name in self.state.fields or name in SYSTEM_FIELDS
        fixed = name in ("status", "created", "updated", "comment", "issuelinks", "resolution")
        hidden = name in self.project.off_screen or (
            name in ("project", "issuetype", "reporter") and not self.create
        )
        if not known or fixed or hidden:
            errors[name] = f"Field '{name}' cannot be set. It is not on the appropriate screen, or unknown."
            return
        if name == "project":
            return
        try:
            new = value()
        except _Wrong as wrong:
            errors[name] = str(wrong)
            return
        if name in self.state.fields:
            custom[name] = new
        else:
            found[ATTRIBUTES.get(name, name)] = new

    def _before(self, name: str, issue: Issue | None) -> Any:
        if issue is None:
            return ()
        held = issue.custom.get(name) if name in self.state.fields else getattr(issue, name, None)
        return held or ()

    def _operated(self, name: str, operations: Sequence[Mapping[str, Any]], before: Any) -> Any:
        """The value after ``add``, ``remove`` and ``set``, in their order."""
        field = self.state.fields.get(name)
        is_set = name in SETS or (field is not None and field.type == "array")
        held = list(before) if is_set else before
        for operation in operations:
            for verb, value in operation.items():
                if verb == "set":
                    held = self._value(name, value)
                    held = list(held) if is_set else held
                elif is_set and verb == "add":
                    held += [new for new in self._value(name, [value]) if new not in held]
                elif is_set and verb == "remove":
                    gone = self._value(name, [value])
                    held = [old for old in held if old not in gone]
                else:
                    raise _Wrong(f"Field '{name}' does not support operation '{verb}'")
        return tuple(held) if is_set else held

    def _value(self, name: str, value: Any) -> Any:
        if (field := self.state.fields.get(name)) is not None:
            return self._custom(field, value)
        if name == "priority":
            return self._priority(value)
        if name in ("labels",):
            return _labels(value)
        if name == "components":
            return tuple(str(_named(part)) for part in _listed(value))
        if name in ("description", "environment"):
            return self._body(value)
        if name == "issuetype":
            return self._type(value)
        if name in ("reporter", "assignee"):
            return "" if value is None else self._person(value)
        if name == "summary":
            return _summary(value)
        return _named(value)

    def _custom(self, field: FieldRow, value: Any) -> Any:
        if value is None:
            return None
        if field.type == "number":
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise _Wrong("Operation value must be a number")
            return value
        if field.type == "array":
            return _labels(value)
        if field.type == "option":
            chosen = value.get("value") if isinstance(value, Mapping) else None
            if isinstance(value, Mapping) and str(value.get("id", "")).isdigit():
                place = int(value["id"]) - 10_100
                chosen = field.options[place] if 0 <= place < len(field.options) else None
            if chosen not in field.options:
                raise _Wrong(f"Option value '{chosen}' is not valid")
            return chosen
        if not isinstance(value, str):
            raise _Wrong("Operation value must be a string")
        return value

    def _priority(self, value: Any) -> str:
        if isinstance(value, Mapping) and value.get("name") in self.state.priorities:
            return str(value["name"])
        place = str(value.get("id", "")) if isinstance(value, Mapping) else ""
        if place.isdigit() and 1 <= int(place) <= len(self.state.priorities):
            return self.state.priorities[int(place) - 1]
        raise _Wrong("The priority selected is invalid.")

    def _body(self, value: Any) -> Any:
        if value is None:
            return None
        if self.version == 3 and not (isinstance(value, Mapping) and value.get("type") == "doc"):
            raise _Wrong("Operation value must be an Atlassian Document (see the Atlassian Document Format)")
        if self.version == 2 and not isinstance(value, str):
            raise _Wrong("Operation value must be a string")
        return value

    def _type(self, value: Any) -> str:
        kinds = self.project.types
        if isinstance(value, Mapping):
            if value.get("name") in kinds:
                return str(value["name"])
            ident = str(value.get("id", ""))
            if ident.isdigit() and 0 <= int(ident) - 10_001 < len(kinds):
                return kinds[int(ident) - 10_001]
        raise _Wrong("Specify a valid issue type")

    def _person(self, value: Any) -> str:
        names = ("accountId", "id", "name", "key") if isinstance(value, Mapping) else ()
        for name in names:
            if value.get(name) in self.state.people:
                return str(value[name])
        raise _Wrong("Specify a valid value for the user")

    def _properties(self, body: Mapping[str, Any]) -> dict[str, Any] | None:
        rows = body.get("properties")
        if rows is None:
            return None
        if not isinstance(rows, list) or not all(isinstance(r, Mapping) and "key" in r for r in rows):
            raise FieldErrors({"properties": "Each property needs a key and a value"})
        return {str(row["key"]): row.get("value") for row in rows}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise _Wrong("data was not an array")
    return value


def _labels(value: Any) -> tuple[str, ...]:
    found: list[str] = []
    for label in _listed(value):
        if not isinstance(label, str):
            raise _Wrong("Operation value must be a string")
        if any(character.isspace() for character in label):
            raise _Wrong(f"The label '{label}' contains spaces which is invalid.")
        if len(label) > 255:
            raise _Wrong(f"The label '{label[:20]}...' exceeds the maximum length of 255 characters")
        found += [label] if label not in found else []
    return tuple(found)


def _named(value: Any) -> str:
    name = value.get("name") if isinstance(value, Mapping) else value
    if not isinstance(name, str):
        raise _Wrong("expected an object with a name")
    return name


def _summary(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _Wrong("You must specify a summary of the issue.")
    if "\n" in value or "\r" in value:
        raise _Wrong("The summary is invalid because it contains newline characters.")
    if len(value) > 255:
        raise _Wrong("Summary can't exceed 255 characters.")
    return value
