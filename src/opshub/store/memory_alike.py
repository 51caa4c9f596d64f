"""In memory: ideas that resemble each other, and those that hold two subjects."""

from __future__ import annotations

from collections.abc import Sequence

from opshub.model import Ref
from opshub.store.alike import Near, Pair, Refusal, Resemblance, TwoFold
from opshub.store.memory_vectors import Vectors
from opshub.store.memory_work import storable

__all__ = ["Alike"]


class Alike(Vectors):
    """Resemblances between pieces, judged by the ideas that they belong to when somebody asks."""

    def put_resemblances(self, feedback: Sequence[Ref], rows: Sequence[Resemblance]) -> None:
        """What these pieces resemble, in place of what was kept of them; what the store does not know is left out."""
        known = self._writing().feedback
        for ref in feedback:
            self.kept.resemblances.pop(ref, None)
            mine = tuple(row for row in rows if row.feedback == ref and row.nearest in known)
            if ref in known and mine:
                self.kept.resemblances[ref] = mine

    def _between(self) -> list[tuple[int, int, Resemblance]]:
        """(idea, other idea, resemblance) of all living pieces of different ideas."""
        kept, found = self.kept, []
        for row in (row for rows in kept.resemblances.values() for row in rows):
            one, two = self._idea_of(row.feedback), self._idea_of(row.nearest)
            gone = kept.feedback[row.feedback].gone or kept.feedback[row.nearest].gone
            if one and two and one != two and not gone:
                found.append((one, two, row))
        return found

    def alike_ideas(self, voices: int, limit: int, idea: int = 0) -> list[Pair]:
        """Pairs of ideas that have that many voices each, by links as they are now; what is worth most first.

        ``idea``: those of one idea.
        """
        found: dict[tuple[int, int], list[int]] = {}
        for one, two, row in (it for it in self._between() if not idea or idea in it[:2]):
            found.setdefault((min(one, two), max(one, two)), []).append(row.likeness)
        rows = [
            Pair(*pair, sum(many), max(many), len(many), *map(self._voices_of, pair))
            for pair, many in found.items()
        ]
        there = [row for row in rows if min(row.ones, row.twos) >= voices]
        return sorted(there, key=lambda row: (-row.worth, row.one, row.two))[:limit]

    def _voices_of(self, idea: int) -> int:
        kept = self.kept
        return sum(link.idea == idea and not kept.feedback[ref].gone for ref, link in kept.links.items())

    def alike_pieces(self, one: int, two: int, limit: int) -> list[Resemblance]:
        """Living pieces of one idea that resemble pieces of the other, either way, the most alike first."""
        found = [row for mine, other, row in self._between() if {mine, other} == {one, two}]
        return sorted(found, key=lambda it: (-it.likeness, it.feedback, it.nearest))[:limit]

    def resemblances_of(self, feedback: Sequence[Ref]) -> list[Resemblance]:
        """What these pieces resemble, as far as it lives, by the names of both."""
        kept = self.kept
        rows = (row for ref in dict.fromkeys(feedback) for row in kept.resemblances.get(ref, ()))
        living = (
            row for row in rows if not (kept.feedback[row.feedback].gone or kept.feedback[row.nearest].gone)
        )
        return sorted(living)

    def put_near(self, rows: Sequence[Near]) -> None:
        """What lies nearest to each, in place of what was kept of it; what the store does not know is left out."""
        known = self._writing().feedback
        for row in rows:
            if row.feedback in known:
                self.kept.near[row.feedback] = Near(
                    row.feedback, tuple(it for it in row.others if it[0] in known)
                )

    def near_within(self, idea: int, limit: int) -> list[Near]:
        """The newest living pieces of an idea, oldest first, each with those of them that lie near it."""
        kept = self.kept
        living = [ref for ref, it in kept.feedback.items() if not it.gone and self._idea_of(ref) == idea]
        there = dict.fromkeys(living[-limit:])
        found = (kept.near.get(ref, Near(ref, ())) for ref in there)
        return [Near(row.feedback, tuple(it for it in row.others if it[0] in there)) for row in found]

    def put_twofold(self, row: TwoFold) -> None:
        """Keep that an idea seems to hold two subjects, in place of what was kept of it; no pieces: forget it."""
        self._writing().twofold.pop(row.idea, None)
        if row.feedback:
            self.kept.twofold[row.idea] = row

    def twofold(self, limit: int) -> list[TwoFold]:
        """Ideas that seem to hold two subjects, those first whose answer is worth most."""
        return sorted(self.kept.twofold.values(), key=lambda row: (-row.worth, row.idea))[:limit]

    def twofold_of(self, idea: int) -> TwoFold | None:
        """What is kept of one idea."""
        return self.kept.twofold.get(idea)

    def put_refusal(self, refusal: Refusal) -> None:
        """Keep what a person refused."""
        storable(refusal.who)
        self._writing().refusals[refusal.idea, refusal.other] = refusal

    def drop_refusal(self, idea: int, other: int) -> bool:
        """Forget a refusal; whether there was one."""
        return self._writing().refusals.pop((idea, other), None) is not None

    def refusals(self) -> list[Refusal]:
        """Everything that people refused, by idea."""
        return [row for _, row in sorted(self.kept.refusals.items())]
