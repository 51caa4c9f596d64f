"""The store's twin in memory: the same contract in plain dictionaries, for tests and for looking things over.

It shares the codec and the fate of wishes with the other stores, and nothing else, so that the one suite that runs
over all of them compares two independent answers. Slow where slow is simple.
"""

from __future__ import annotations

from opshub.clock import Clock
from opshub.store.memory_alike import Alike

__all__ = ["MemoryStore"]


class MemoryStore(Alike):
    """Everything in dictionaries; gone with the process. Threads share it as they would share a file."""

    def __init__(self, clock: Clock) -> None:
        """Begin empty."""
        super().__init__(clock)
