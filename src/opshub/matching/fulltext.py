"""A plain full-text matcher: the rarest telling terms find candidates, the share of common weight judges them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from opshub.matching.matcher import Candidate, Search
from opshub.matching.terms import terms
from opshub.model import Feedback, Ref

__all__ = ["FullText"]


class FullText:
    """Candidates by BM25 over the store's full-text index, likeness by weighted overlap of terms.

    Likeness is the weight of the shared terms over the weight of all terms of both texts (a weighted Jaccard index),
    each term weighing its inverse document frequency. It is a plain measure: good for near copies, blind to
    paraphrase, and it does not know negation; so it attaches only where the admin asks for it.
    """

    attaches_at = 0.34

    def __init__(self, *, budget: int = 20_000, most_terms: int = 16, pool: int = 12) -> None:
        """``budget`` bounds the postings read for one search, so that its cost stays flat as the store grows."""
        self.budget = budget
        self.most_terms = most_terms
        self.pool = pool

    def candidates(self, feedback: Feedback, search: Search, limit: int = 5) -> list[Candidate]:
        """The ideas most alike, best first, each once."""
        own = set(terms(feedback.title, feedback.text))
        if not own:
            return []
        counts = search.term_counts(sorted(own))
        chosen = self._telling(counts)
        if not chosen:
            return []
        others = self._others(feedback, chosen, search)
        foreign = {term for _, _, theirs in others for term in theirs} - own
        counts.update(search.term_counts(sorted(foreign)))
        best: dict[int, Candidate] = {}
        for ref, idea, theirs in others:
            shared = own & theirs
            likeness = round(_weight(shared, counts) / (_weight(own | theirs, counts) or 1.0), 4)
            if idea not in best or likeness > best[idea].likeness:
                named = sorted(shared, key=lambda term: (counts.get(term, 0), term))[:6]
                best[idea] = Candidate(idea, likeness, ref, tuple(named))
        return sorted(best.values(), key=lambda found: (-found.likeness, found.idea))[:limit]

    def _others(
        self, feedback: Feedback, chosen: Sequence[str], search: Search
    ) -> list[tuple[Ref, int, frozenset[str]]]:
        """Linked feedback found by the chosen terms: (ref, idea, terms)."""
        found: list[tuple[Ref, int, frozenset[str]]] = []
        for ref, idea, _ in search.search_text(chosen, self.pool):
            other = None if idea is None or ref == feedback.ref else search.feedback(ref)
            if other is not None and idea is not None:
                found.append((ref, idea, frozenset(terms(other.title, other.text))))
        return found

    def _telling(self, counts: dict[str, int]) -> Sequence[str]:
        """Terms that somebody else used too, rarest first, until the budget of postings is spent."""
        spent = 0
        chosen: list[str] = []
        for term, count in sorted(counts.items(), key=lambda pair: (pair[1], pair[0])):
            if count == 0:
                continue
            if len(chosen) == self.most_terms or (chosen and spent + count > self.budget):
                break
            chosen.append(term)
            spent += count
        return chosen


def _weight(names: Iterable[str], counts: dict[str, int]) -> float:
    """How much the terms say together: the rarer, the more.

    Summed in sorted order: floating-point addition depends on it, and the same data must give the same likeness.
    """
    return sum(1.0 / (1.0 + math.log1p(counts.get(name, 0))) for name in sorted(names))
