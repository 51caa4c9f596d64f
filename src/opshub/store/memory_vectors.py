"""In memory: vectors of feedback."""

from __future__ import annotations

from collections.abc import Sequence

from opshub.model import Ref
from opshub.store.memory_questions import Questions
from opshub.store.rows import Seen

__all__ = ["Vectors"]


class Vectors(Questions):
    """Vectors of one encoder at a time."""

    def encoder(self) -> str:
        """The encoder whose vectors are kept; empty for none."""
        return self.fact("encoder")

    def use_encoder(self, name: str) -> None:
        """Keep vectors of this encoder from now on, empty for none; another one's are forgotten and due again."""
        if name != self.encoder():
            self._writing().vectors.clear()
            self.set_fact("encoder", name)

    def unencoded(self, limit: int) -> list[Seen]:
        """Living, linked feedback that the full-text index holds and that has no vector yet, oldest first."""
        waiting = [ref for ref in self._waiting() if ref in self.kept.links]
        return [self._seen(ref) for ref in waiting[:limit]]

    def _waiting(self) -> list[Ref]:
        kept = self.kept
        if not self.encoder():
            return []
        return [ref for ref in kept.feedback if ref in kept.indexed and ref not in kept.vectors]

    def put_vectors(self, rows: Sequence[tuple[Ref, bytes, bytes]]) -> None:
        """Keep a vector's signs and its numbers, of living feedback as its text stands now; replaces the old one."""
        for ref, signs, body in rows:
            row = self._writing().feedback.get(ref)
            if row is not None and not row.gone:
                self.kept.vectors[ref] = (self._take("vector"), signs, body)

    def count_vectors(self) -> tuple[int, int]:
        """How many pieces have a vector, and how many wait for one."""
        return len(self.kept.vectors), len(self._waiting())

    def vectors_undone(self) -> int:
        """Grows whenever a transaction of this process was undone: what was read of vectors may not be true."""
        return self._undone

    def signs_after(self, number: int, limit: int) -> list[tuple[int, bytes]]:
        """(number, signs) of vectors after that number, in order."""
        rows = sorted((at, signs) for at, signs, _ in self.kept.vectors.values() if at > number)
        return rows[:limit]

    def vectors(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """The vectors of these numbers, as far as they are still kept."""
        return {at: body for at, _, body in self.kept.vectors.values() if at in numbers}

    def vectors_of(self, refs: Sequence[Ref]) -> dict[Ref, bytes]:
        """The vectors of these pieces, as far as they have one."""
        return {ref: self.kept.vectors[ref][2] for ref in refs if ref in self.kept.vectors}

    def encoded(self, numbers: Sequence[int]) -> dict[int, tuple[Ref, int | None]]:
        """Whose vectors these are: (feedback, idea)."""
        rows = self.kept.vectors.items()
        return {at: (ref, self._idea_of(ref)) for ref, (at, _, _) in rows if at in numbers}
