"""The part of the store's contract that speaks of what was found in texts, and of words kept for decisions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from opshub.model import Ref
from opshub.store.rows import Said

__all__ = ["Texts"]


class Texts(Protocol):
    """Where it is kept."""

    def said(self, refs: Sequence[Ref]) -> dict[Ref, Said]:
        """What was found in the texts of feedback, as far as that is known of the texts as they stand now."""
        ...

    def put_said(self, rows: Mapping[Ref, Said]) -> None:
        """Keep it until a text changes; feedback that the store does not know is left out."""
        ...

    def legends(self) -> set[str]:
        """The legends that decisions name."""
        ...

    def drop_facts(self, prefix: str, but: Collection[str]) -> int:
        """Forget the facts whose names begin with ``prefix``, except some; how many."""
        ...
