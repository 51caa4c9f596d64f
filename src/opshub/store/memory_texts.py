"""In memory: what was found in texts, and the words that decisions need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from opshub.model import Ref
from opshub.store.codec import decode_decision
from opshub.store.memory_actions import Actions
from opshub.store.memory_work import storable
from opshub.store.rows import Said

__all__ = ["Texts"]


class Texts(Actions):
    """What was found in texts."""

    def said(self, refs: Sequence[Ref]) -> dict[Ref, Said]:
        """What was found in the texts of feedback, as far as that is known of the texts as they stand now."""
        return {ref: self.kept.said[ref] for ref in refs if ref in self.kept.said}

    def put_said(self, rows: Mapping[Ref, Said]) -> None:
        """Keep it until a text changes; feedback that the store does not know is left out."""
        for ref, said in rows.items():
            storable(said.facts)
            if ref in self._writing().feedback:
                self.kept.said[ref] = Said(said.known, dict(said.facts))

    def legends(self) -> set[str]:
        """The legends that decisions name."""
        return {decode_decision(n, due, body).legend for n, (_, due, body) in self.kept.decisions.items()}

    def drop_facts(self, prefix: str, but: Collection[str]) -> int:
        """Forget the facts whose names begin with ``prefix``, except some; how many."""
        names = [name for name in self._writing().facts if name.startswith(prefix) and name not in but]
        for name in names:
            del self.kept.facts[name]
        return len(names)
