"""Where everything is kept. ``open_store`` is the door; ``base`` is the contract."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from opshub.clock import Clock
from opshub.errors import ConfigError
from opshub.store.base import Store

__all__ = ["Store", "open_store"]


def open_store(where: str | Path, *, clock: Clock, wait: timedelta = timedelta(seconds=30)) -> Store:
    """Open a store by its address: a path, ``sqlite:///path``, or ``memory:`` for one that ends with the process.

    ``wait`` is how long a write waits for another process. ConfigError for an address of no known kind; StoreError or
    StoreBusyError where the database cannot be used.
    """
    text = str(where)
    if text == "memory:":
        from opshub.store.memory import MemoryStore

        return MemoryStore(clock)
    path = where if isinstance(where, Path) else _path(text)
    from opshub.store.sqlite import SqliteStore

    return SqliteStore(path, clock, wait)


def _path(text: str) -> Path:
    if "://" not in text:
        return Path(text)
    parts = urlsplit(text)
    if parts.scheme != "sqlite":
        raise ConfigError(
            f"the database address begins with {parts.scheme!r}, which is no kind of store",
            hint="give a path such as opshub.db, or sqlite:///path",
        )
    # As elsewhere: three slashes before a relative path, four before an absolute one.
    return Path(unquote(parts.path)[1:])
