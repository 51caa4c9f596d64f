"""The part of the contract that speaks of search, of what was found in texts, and of words kept for decisions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from opshub.model import Ref
from opshub.store.rows import Said, Seen

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

    # the full-text index

    def index_text(self, rows: Sequence[tuple[Ref, str, str]]) -> None:
        """Replace the terms (space-separated, already folded) of title and body in the full-text index."""
        ...

    def unindexed(self, limit: int) -> list[Seen]:
        """Living, linked feedback whose text the full-text index does not hold in its present form."""
        ...

    def indexed_text(self, refs: Sequence[Ref]) -> dict[Ref, tuple[int | None, str, str]]:
        """What the full-text index holds of feedback, as far as it does: (idea, title, body)."""
        ...

    def search_text(
        self, weights: Mapping[str, float], limit: int
    ) -> list[tuple[Ref, int | None, float, str, str]]:
        """Indexed living feedback with any of the first 24 terms, best first: (ref, idea, score, title, body).

        The score is the weight of the terms that stand in it, less for a long piece. Ties go to what came first.
        """
        ...

    def text_size(self) -> tuple[int, int]:
        """How many pieces of feedback are indexed, and how many terms they have together."""
        ...

    def term_counts(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many indexed pieces of feedback each term stands."""
        ...
