"""From a checked configuration to a hub that is ready to work."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from opshub.clock import Clock
from opshub.config.declaring import declared, declared_for
from opshub.config.loading import Config, Configured
from opshub.config.problems import Problem, listed, meant, refuse
from opshub.config.rules import load_rules, rule_entries
from opshub.config.section import secret_texts
from opshub.config.silent import silent
from opshub.engine.connection import Connection, Limits
from opshub.errors import ConfigError, NotFoundError, RuleError, UnsafeAddressError
from opshub.matching.encoder import checked
from opshub.sdk import Http, HttpRules, Publishes, Reports, Settings, Tracks, Writes

if TYPE_CHECKING:
    from opshub.engine.declared import Declared
    from opshub.engine.hub import Hub
    from opshub.language import RuleSet
    from opshub.store.base import Store

__all__ = ["close", "connect", "limits", "open_hub"]


def open_hub(
    config: Config,
    *,
    clock: Clock,
    only: Sequence[str] | None = None,
    reading: bool = False,
) -> Hub:
    """The store opened, connections set up (those in ``only``, else all), rules loaded. Close ``hub.store``.

    Raises ConfigError with everything that is wrong with the connections' settings, RuleError, PluginError,
    NotFoundError for an unknown name, StoreError or StoreBusyError. ``reading`` is for looking only: then broken
    rules are among ``hub.rule_problems``, and nothing may be decided with the hub. A connection that only lacks a
    secret stops nobody: it says so in ``Connection.lacking``.
    """
    from opshub.engine.hub import Hub
    from opshub.store import open_store

    connections = connect(config, clock=clock, only=only, lenient=True)
    store = open_store(config.database, clock=clock, wait=config.hub.wait)
    try:
        own = declared(config)
        rules, problems = _rules(config, store, own, reading)
    except BaseException:
        store.close()
        raise
    return Hub(
        store=store,
        connections=connections,
        rules=rules,
        declared=own,
        clock=clock,
        limits=limits(config),
        folder=config.folder,
        holder=f"opshub (process {os.getpid()} on {socket.gethostname()})",
        rule_problems=problems,
    )


def _rules(
    config: Config, store: Store, own: Sequence[Declared], reading: bool
) -> tuple[RuleSet, tuple[str, ...]]:
    known = store.fact("rules")
    try:
        rules = load_rules(config, known)
        gone = [entry for entry, files in rule_entries(config).items() if not files]
        if gone and known not in ("", rules.hash):
            hint = "put it back; if no rules are to count there, put an empty file in its place"
            raise ConfigError(f"there is no rule file at {', '.join(gone)} any more", hint=hint)
        if config.tables:
            from opshub.engine.score import read_tables

            read_tables(store, rules, own, always=False)
        return rules, ()
    except (RuleError, ConfigError) as error:
        if not reading:
            raise
        from opshub.language import EMPTY

        return EMPTY, (str(error),)


def close(connections: Sequence[Connection]) -> None:
    """Release the connections' sockets."""
    for connection in connections:
        connection.connector.http.close()


def limits(config: Config) -> Limits:
    """The hub's settings that bound a run."""
    hub = config.hub
    return Limits(
        max_changes=hub.max_changes,
        lease=hub.lease,
        wait=hub.wait,
        similar=hub.similar,
        attach=hub.attach,
        ask=hub.ask,
        encoder=_encoder(config),
        sweep_guard=hub.sweep_guard,
        keep_runs=hub.keep_runs,
    )


def _encoder(config: Config) -> str:
    """The setting, a folder as its whole path; ConfigError where it cannot be had."""
    setting = config.hub.encoder
    try:
        return checked(setting, config.folder)
    except ConfigError as error:
        refuse(config.path.name, [config.problem(("hub", "encoder"), str(error), error.hint)])


def connect(
    config: Config, *, clock: Clock, only: Sequence[str] | None = None, lenient: bool = False
) -> list[Connection]:
    """The connections, each with its connector and its HTTP layer; nothing is sent yet.

    Where it is ``lenient``, a connection that only lacks a secret fails when it is used, and not before.
    """
    names = list(config.connections) if only is None else list(dict.fromkeys(only))
    for name in names:
        if name not in config.connections:
            raise NotFoundError(
                f'there is no connection "{name}"{meant(name, config.connections)}',
                hint="run: opshub connections list",
            )
    settings = _settings(config, names, lenient)
    problems: list[Problem] = []
    made_all: list[Connection] = []
    for name in names:
        try:
            made = _connection(config, config.connections[name], settings[name], clock)
        except (ConfigError, UnsafeAddressError) as error:
            problems.append(
                config.problem(("connections", name, "url"), f"[connections.{name}] {error}", error.hint)
            )
        else:
            made_all.append(made)
            problems += _beyond(config, made)
    if problems:
        close(made_all)
        refuse(config.path.name, problems)
    return made_all


def _settings(config: Config, names: Sequence[str], lenient: bool) -> dict[str, Settings | ConfigError]:
    """Each connection's own settings, or why it has to be silent; ConfigError with all other mistakes."""
    found: dict[str, Settings | ConfigError] = {}
    problems: list[Problem] = []
    for name in names:
        made, wrong = config.settings(name)
        if lenient and wrong and all(problem.absent for problem in wrong):
            found[name] = listed(config.path.name, wrong)
            continue
        problems += wrong
        if made is not None:
            found[name] = made
    if problems:
        refuse(config.path.name, problems)
    return found


_ROLES: dict[str, tuple[type, str]] = {
    "ideas": (Tracks, "its records cannot be tracked items"),
    "signals": (Reports, "its records cannot be values of signals"),
}


def _beyond(config: Config, made: Connection) -> Iterator[Problem]:
    """Settings that ask for what the connector cannot do; they must not be passed over in silence."""
    connector: object = made.connector
    asked = {
        "as": (made.role != "feedback", *_ROLES.get(made.role, (Tracks, ""))),
        "write": (bool(made.write), Writes, "it cannot write fields"),
        "publish": (bool(made.publish), Publishes, "it cannot publish the ranked list"),
    }
    for key, (wanted, capability, reason) in asked.items():
        if wanted and not isinstance(connector, capability):
            yield config.problem(
                ("connections", made.name, key),
                f'[connections.{made.name}] "{key}" asks too much of {made.connector.kind}: {reason}',
                "remove it, or use another connector; what each can do: opshub connections kinds",
            )


def _connection(
    config: Config, configured: Configured, settings: Settings | ConfigError, clock: Clock
) -> Connection:
    common = configured.common
    made = config.registry.connector(common.kind)
    asked: dict[str, Any] = {
        "fields": tuple(common.write.values()),
        "declared": declared_for(configured),
    }
    if isinstance(settings, ConfigError):
        connector = silent(made, configured.name, asked, settings, clock)
    else:
        http = _http(made, configured, settings, clock)
        connector = made(configured.name, settings, http, **asked)
    return Connection(
        name=configured.name,
        connector=connector,
        role=common.role,
        apply=common.apply,
        every=common.every,
        write=common.write,
        bands=common.bands,
        conflict=common.conflict,
        audience=common.audience or config.hub.audience,
        destinations=common.destinations,
        based=configured.based,
        publish=common.publish,
        lacking=settings if isinstance(settings, ConfigError) else None,
    )


def _http(made: Any, configured: Configured, settings: Settings, clock: Clock) -> Http:
    common = configured.common
    return Http(
        made.base_url(settings),
        clock=clock,
        auth=made.auth(settings),
        headers=made.headers(settings),
        rules=HttpRules(private=common.private, rate=common.rate, burst=common.burst),
        secrets=tuple(secret_texts(settings)),
    )
