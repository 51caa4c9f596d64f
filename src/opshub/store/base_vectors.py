"""The part of the store's contract that speaks of vectors: what an encoder made of feedback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from opshub.model import Ref
from opshub.store.rows import Seen

__all__ = ["Vectors"]


class Vectors(Protocol):
    """Where vectors are kept, of one encoder at a time. Each has a number that is never given out again."""

    def encoder(self) -> str:
        """The encoder whose vectors are kept; empty for none."""
        ...

    def use_encoder(self, name: str) -> None:
        """Keep vectors of this encoder from now on, empty for none; another one's are forgotten and due again."""
        ...

    def unencoded(self, limit: int) -> list[Seen]:
        """Living, linked feedback that the full-text index holds and that has no vector yet, oldest first."""
        ...

    def put_vectors(self, rows: Sequence[tuple[Ref, bytes, bytes]]) -> None:
        """Keep a vector's signs and its numbers, of living feedback as its text stands now; replaces the old one."""
        ...

    def count_vectors(self) -> tuple[int, int]:
        """How many pieces have a vector, and how many wait for one."""
        ...

    def vectors_undone(self) -> int:
        """Grows whenever a transaction of this process was undone: what was read of vectors may not be true."""
        ...

    def signs_after(self, number: int, limit: int) -> list[tuple[int, bytes]]:
        """(number, signs) of vectors after that number, in order."""
        ...

    def vectors(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """The vectors of these numbers, as far as they are still kept."""
        ...

    def vectors_of(self, refs: Sequence[Ref]) -> dict[Ref, bytes]:
        """The vectors of these pieces, as far as they have one."""
        ...

    def encoded(self, numbers: Sequence[int]) -> dict[int, tuple[Ref, int | None]]:
        """Whose vectors these are: (feedback, idea)."""
        ...
