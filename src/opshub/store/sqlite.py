"""The store in one SQLite file."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from opshub.clock import Clock
from opshub.store.packing import Packer
from opshub.store.sqlite_alike import Alike

__all__ = ["SqliteStore"]


class SqliteStore(Alike):
    """Everything in one file, readable by its owner alone, beside its write-ahead log and its lock."""

    def __init__(self, path: Path, clock: Clock, wait: timedelta = timedelta(seconds=30)) -> None:
        """Open the file, make it where there is none, bring it up to date. ``wait``: for another writer."""
        self._locks, self._epochs = {}, {}
        self._keys, self._recent = {}, {}
        self._packs, self._packer = {}, Packer(self._dictionary)
        super().__init__(path, clock, wait)
