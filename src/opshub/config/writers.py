"""What the settings of write-back do to each other: two writers of one field, of one list, of one file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from opshub.config.loading import Config, Configured
from opshub.config.problems import Problem
from opshub.errors import PluginError
from opshub.sdk import Connector

__all__ = ["shared_fields", "shared_lists"]


def shared_fields(config: Config) -> tuple[Problem, ...]:
    """Fields of one site that two connections own, unless what they find is certainly apart; needs no secret."""
    return tuple(sorted(set(_fields(config))))


def shared_lists(config: Config) -> tuple[Problem, ...]:
    """Documents that receive two ranked lists, or that are read as a table; needs no secret."""
    return tuple(sorted(set(_lists(config))))


def _fields(config: Config) -> Iterator[Problem]:
    trackers = [it for it in config.connections.values() if it.role == "ideas" and it.common.apply != "never"]
    for number, later in enumerate(trackers):
        for earlier in trackers[:number]:
            if earlier.common.kind != later.common.kind or not (told := _told(config, later)):
                continue
            (made, settings), (_, others) = told, _told(config, earlier) or told
            site = made.base_url(settings)
            if site and site == made.base_url(others) and not made.apart(settings, others):
                yield from _shared(config, earlier, later, site)


def _shared(config: Config, earlier: Configured, later: Configured, site: str) -> Iterator[Problem]:
    owned = {remote: ours for ours, remote in earlier.common.write.items()}
    for ours, remote in later.common.write.items():
        if remote not in owned:
            continue
        first = config.problem(("connections", earlier.name, "write", owned[remote]), "").place
        yield config.problem(
            ("connections", later.name, "write", ours),
            f'[connections.{later.name}] writes "{remote}" at {site}, and so does [connections.{earlier.name}] '
            f"({first})",
            "an item that both find is written by both in turn: leave the field to one of them, "
            "or make sure that their queries find different items",
        )


def _lists(config: Config) -> Iterator[Problem]:
    tables = {
        str((config.folder / Path(table.file).expanduser()).resolve()): name
        for name, table in config.tables.items()
    }
    first: dict[str, str] = {}
    for connection in config.connections.values():
        told = _told(config, connection) if connection.common.publish else None
        place = told[0].list_place(told[1]) if told else ""
        key = ("connections", connection.name, "publish")
        if place in tables:
            reason = f"its ranked list would replace the file of [tables.{tables[place]}]: {place}"
            hint = "give the list a file of its own"
            yield config.problem(key, f"[connections.{connection.name}] {reason}", hint)
        other = first.setdefault(place, connection.name) if place else connection.name
        if other != connection.name:
            reason = f"its ranked list goes where that of [connections.{other}] goes: {place}"
            hint = "each replaces the other's list: give one of them another place"
            yield config.problem(key, f"[connections.{connection.name}] {reason}", hint)


def _told(config: Config, connection: Configured) -> tuple[type[Connector[Any]], Any] | None:
    """The connector and its settings as they are written, whether or not they are complete."""
    try:
        made = config.registry.connector(connection.common.kind)
    except PluginError:
        return None
    section, names = connection.section, made.Settings.model_fields
    values: dict[str, Any] = {name: section.text(name) for name in names if section.text(name)}
    if "folder" in names:
        values["folder"] = config.folder / values.get("folder", "")
    return made, made.Settings.model_construct(**values)
