"""Ideas that became part of others."""

from __future__ import annotations

from opshub.store.base import Store

__all__ = ["survivor"]


def survivor(store: Store, number: int) -> int:
    """The idea that an idea is part of now, along a chain of merges; itself, where nobody merged it."""
    while further := store.merged([number]):
        number = further[number]
    return number
