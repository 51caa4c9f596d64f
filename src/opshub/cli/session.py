"""What the commands of one invocation share: where the configuration is, and the hub once it is open."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from opshub.errors import ConfigError

if TYPE_CHECKING:
    from opshub.config import Config
    from opshub.engine.hub import Hub

__all__ = ["Session", "pass_session"]


@dataclass(slots=True)
class Session:
    """One invocation of ``opshub``."""

    config_path: str | None = None
    debug: bool = False
    loaded: Config | None = None

    def config(self) -> Config:
        """The checked configuration, read once."""
        from opshub.config import load

        if self.loaded is None:
            self.loaded = load(Path(self.config_path) if self.config_path else None)
        return self.loaded

    def connected(self) -> Config:
        """The configuration; ConfigError where it has no connection."""
        config = self.config()
        if not config.connections:
            raise ConfigError(
                f"{config.path.name} configures no connection",
                hint="add [connections.NAME] to it; see docs/settings.md",
            )
        return config

    @contextmanager
    def hub(self, names: Sequence[str] | None = None, *, reading: bool = False) -> Iterator[Hub]:
        """The hub, closed again at the end; with names only those connections are set up.

        ``reading`` needs no sound rules, and allows nothing but looking.
        """
        from opshub.clock import SystemClock
        from opshub.config import close, open_hub

        hub = open_hub(self.config(), clock=SystemClock(), only=names, reading=reading)
        # What is loaded by now stays to the end.
        gc.freeze()
        try:
            yield hub
        finally:
            close(hub.connections)
            hub.store.close()


pass_session = click.make_pass_decorator(Session, ensure=True)
"""Hands the session to a command as its first argument."""
