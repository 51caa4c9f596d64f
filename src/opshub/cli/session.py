"""What the commands of one invocation share: where the configuration is, and the hub once it is open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from opshub.config import Config
    from opshub.engine.hub import Hub

__all__ = ["Session", "pass_session"]


@dataclass(slots=True)
class Session:
    """One invocation of ``opshub``."""

    config_path: str | None = None
    debug: bool = False

    def config(self) -> Config:
        """The checked configuration."""
        from opshub.config import load

        return load(Path(self.config_path) if self.config_path else None)

    @contextmanager
    def hub(self, names: Sequence[str] | None = None) -> Iterator[Hub]:
        """The hub, closed again at the end; with names only those connections are set up."""
        from opshub.clock import SystemClock
        from opshub.config import open_hub

        hub = open_hub(self.config(), clock=SystemClock(), only=names)
        try:
            yield hub
        finally:
            hub.store.close()


pass_session = click.make_pass_decorator(Session, ensure=True)
"""Hands the session to a command as its first argument."""
