"""A connection whose secret is missing: it has its place in the hub, and says what is wrong when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from opshub.clock import Clock
from opshub.errors import ConfigError
from opshub.sdk import Connector, Http

__all__ = ["silent"]

_SPEAKING = (
    "census",
    "check",
    "create",
    "event",
    "find",
    "fingerprint",
    "item",
    "normalize",
    "publish",
    "published",
    "pull",
    "read",
    "rewind",
    "scope",
    "write",
)
"""What a connector does with its settings."""


def silent(
    kind: type[Connector[Any]], name: str, asked: Mapping[str, Any], reason: ConfigError, clock: Clock
) -> Connector[Any]:
    """A connector with the capabilities of its kind, each of which raises the reason.

    Capabilities stay, because what is planned for the connection must not be forgotten for want of a secret.
    """

    def refuse(*args: object, **more: object) -> NoReturn:
        raise ConfigError(str(reason), hint=reason.hint)

    methods: dict[str, Any] = {method: refuse for method in _SPEAKING if hasattr(kind, method)}
    made: Connector[Any] = object.__new__(type(kind.__name__, (kind,), methods))
    Connector.__init__(made, name, None, Http("", clock=clock), **asked)
    return made
