"""The custom fields of all connections, as the rules will see them, or what is wrong between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from opshub.config.fields import FieldSettings
from opshub.config.problems import Problem

if TYPE_CHECKING:
    from opshub.config.loading import Config, Configured
    from opshub.engine.declared import Declared

__all__ = ["clashes", "declared", "declared_for"]


def declared(config: Config) -> tuple[Declared, ...]:
    """All custom fields, each once, by name. One that several connections declare is the same field for rules."""
    from opshub.engine.declared import Declared

    keys: dict[str, dict[str, str]] = {}
    said: dict[str, FieldSettings] = {}
    for connection in config.connections.values():
        named = _keys(connection)
        for name, field in connection.common.fields.items():
            full = f"{_of(connection)}.fields.{name}"
            keys.setdefault(full, {})[connection.name] = named[name]
            said.setdefault(full, field)
    own = (
        Declared(
            name=name,
            type=said[name].type,
            values=said[name].values,
            about=said[name].about,
            origin=", ".join(f"[connections.{where}] {key}" for where, key in sorted(keys[name].items())),
            keys=keys[name],
            currencies=config.currencies,
            counted=_counted(config, keys[name], said[name].currency),
        )
        for name in sorted(keys)
    )
    return (*own, *_revenue(config), *_columns(config))


def _counted(config: Config, connections: Iterable[str], own: str = "") -> dict[str, str]:
    """The currency of amounts without one, by connection."""
    return {name: own or config.connections[name].common.currency or config.currency for name in connections}


def _revenue(config: Config) -> Iterator[Declared]:
    """The customer's revenue, as money: of the hub's own fields the one that is, once there are currencies."""
    from opshub.engine.declared import REVENUE, Declared

    if config.currency:
        names = [name for name, one in config.connections.items() if one.role == "feedback"]
        counted = _counted(config, names)
        yield Declared(name=REVENUE, type="money", currencies=config.currencies, counted=counted)


def _columns(config: Config) -> Iterator[Declared]:
    from opshub.config.tables import tables
    from opshub.engine.declared import Declared

    for table in tables(config):
        for column in table.columns:
            yield Declared(
                name=f"{table.name}.{column.name}",
                type=column.type,
                values=column.values,
                about=column.about or f"of the account's row in the table {table.name}",
                origin=f"[tables.{table.name}] {column.source}",
                table=table,
                currencies=config.currencies,
                counted={"": column.currency},
            )


def declared_for(connection: Configured) -> Mapping[str, str]:
    """What a connector is told: under which name its records' ``fields`` hold a field, and of which kind it is."""
    fields = connection.common.fields
    return {key: fields[name].type for name, key in _keys(connection).items()}


def _keys(connection: Configured) -> Mapping[str, str]:
    """Name → the name under which a record's ``fields`` hold it: the vendor's."""
    return {name: field.source or name for name, field in connection.common.fields.items()}


def clashes(config: Config) -> Iterator[Problem]:
    """Declarations that contradict each other, or what the hub writes."""
    first: dict[str, tuple[str, FieldSettings]] = {}
    for connection in config.connections.values():
        for name, field in connection.common.fields.items():
            full = f"{_of(connection)}.fields.{name}"
            where, other = first.setdefault(full, (connection.name, field))
            path = ("connections", connection.name, "fields", name)
            subject = f"[connections.{connection.name}.fields.{name}]"
            if (other.type, other.values, other.currency) != (field.type, field.values, field.currency):
                reason = f"{subject} says something else than [connections.{where}.fields.{name}]"
                hint = f"rules read both as {full}: let type, values and currency agree, or rename one"
                yield config.problem(path, reason, hint)
            if (field.source or name) in connection.common.write.values():
                reason = f'{subject} is "{field.source or name}", which the hub writes there'
                yield config.problem(
                    path, reason, "rules must not read what they write: declare another field"
                )


def _of(connection: Configured) -> str:
    return "idea" if connection.role == "ideas" else "feedback"
