"""A lock that the operating system lets go when its process dies: how a dead lease holder is told from a slow one."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

try:
    import fcntl
except ImportError:  # Windows has no flock: there a dead holder's lease simply runs out
    fcntl = None  # type: ignore[assignment]  # no module has the type of none

__all__ = ["LockFile"]


class LockFile:
    """The file beside the database that whoever holds the lease of that name keeps locked."""

    def __init__(self, database: Path, name: str) -> None:
        self.path = database.with_name(f"{database.name}.{quote(name, safe='')}.lock")
        self._handle: int | None = None

    @property
    def held(self) -> bool:
        """Whether this object has the lock."""
        return self._handle is not None

    def take(self) -> bool:
        """Lock the file if nobody has it; whether it is ours now. Never waits."""
        if self.held:
            return True
        if fcntl is None:
            return False
        handle = os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            return False
        self._handle = handle
        return True

    def give(self) -> None:
        """Unlock it; nothing happens if it is not ours. The file stays: removing it would let two hold "it"."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
