"""Suggestions to people: which ideas mean the same, and which idea holds two subjects.

Both follow what changed, each by a mark of its own, in batches that a kill leaves whole or not begun. What a piece
resembles is kept between pieces; which ideas these belong to is looked up when somebody asks, so that links which move
meanwhile need no work. Nothing here changes an idea: a person merges and splits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opshub.engine.deed import Asked
from opshub.engine.encoding import encode
from opshub.engine.likeness import Judge
from opshub.engine.match import index
from opshub.engine.merged import survivor
from opshub.engine.reading import find_idea
from opshub.engine.work import Work
from opshub.errors import NotFoundError, UsageError
from opshub.matching import LOOKED_AT, Matcher, subjects, terms
from opshub.model import Feedback, Idea
from opshub.store.alike import Pair, Refusal, Resemblance, TwoFold
from opshub.store.base import Store

__all__ = ["MergeSuggestion", "SplitSuggestion", "look", "merges", "refuse", "splits", "suggestions"]

LEAST = 0.2
"""The likeness from which a resemblance is kept."""

KEPT = 5
"""Resemblances that are kept of a piece, each to another idea."""

LIKELY = 0.5
"""A merge is suggested where one pair of pieces is at least this alike."""

VOICES = 2
"""Voices that each of two ideas has; a single piece is asked about as such."""

SHOWN = 2
"""Pairs of pieces that are shown of a suggestion."""

_PIECES, _IDEAS, _MODEL = "resembling", "subjects", "resembling with"


@dataclass(frozen=True, slots=True)
class MergeSuggestion:
    """``idea`` might become part of ``into``. ``likeness``: of the nearest pieces; ``alike``: how many are alike."""

    idea: Idea
    into: Idea
    likeness: float
    alike: int
    voices: tuple[int, int]
    pieces: tuple[tuple[Feedback, Feedback], ...]


@dataclass(frozen=True, slots=True)
class SplitSuggestion:
    """Some pieces of an idea share next to nothing with the others that were compared."""

    idea: Idea
    second: tuple[Feedback, ...]


def look(work: Work, limit: int = 100) -> bool:
    """One batch of new and changed feedback, or of ideas that changed; whether there was anything."""
    if index(work, limit * 10) or encode(work):
        return True
    return _resemble(work, Judge.of(work), limit) or _part(work, limit)


def suggestions(work: Work, limit: int) -> tuple[list[MergeSuggestion], list[SplitSuggestion]]:
    """Both kinds, once all that changed was looked at or somebody wants to stop."""
    while not work.stopping() and look(work):
        pass
    return merges(work.store, limit), splits(work.store, limit)


def merges(store: Store, limit: int) -> list[MergeSuggestion]:
    """The merges that are worth most first, without those that a person refused or forbade."""
    refused = {_pair(store, it.idea, it.other) for it in store.refusals() if it.other}
    found: list[MergeSuggestion] = []
    asked = limit + len(refused)
    while True:
        rows = store.alike_ideas(VOICES, asked)
        found = [
            _merge(store, row)
            for row in rows
            if row.best >= LIKELY * 10_000
            and (row.one, row.two) not in refused
            and not _kept_apart(store, row)
        ]
        if len(found) >= limit or len(rows) < asked:
            return found[:limit]
        asked *= 2


def splits(store: Store, limit: int) -> list[SplitSuggestion]:
    """The plainest first, without those that a person refused."""
    refused = {survivor(store, it.idea) for it in store.refusals() if not it.other}
    found = []
    for row in store.twofold(limit + len(refused)):
        idea, links = store.idea(row.idea), store.links_of(row.feedback)
        there = [ref for ref in row.feedback if ref in links and links[ref].idea == row.idea]
        pieces = [piece for piece in map(store.feedback, there) if piece is not None]
        if idea is not None and pieces and row.idea not in refused:
            found.append(SplitSuggestion(idea, tuple(pieces)))
    return found[:limit]


def refuse(work: Work, ideas: Sequence[str], asked: Asked, *, again: bool = False) -> tuple[int, ...]:
    """Never suggest to merge two ideas, or to split one; ``again`` takes that back. The ideas' numbers.

    UsageError where the two are one, or where there is nothing to take back; NotFoundError.
    """
    store = work.store
    numbers = sorted({survivor(store, find_idea(store, name).number) for name in ideas})
    if len(numbers) != len(ideas):
        raise UsageError(f"{' and '.join(ideas)} are one idea", hint=f"see: opshub ideas show {ideas[0]}")
    idea, other = numbers[0], numbers[1] if len(numbers) > 1 else 0
    with work.commit("match"):
        if not again:
            store.put_refusal(Refusal(idea, other, work.clock.now(), asked.who))
            return (idea, other) if other else (idea,)
        known = [
            it for it in store.refusals() if _pair(store, it.idea, it.other) == _pair(store, idea, other)
        ]
        for it in known:
            store.drop_refusal(it.idea, it.other)
    if not known:
        raise NotFoundError(
            f"nobody refused a suggestion about {' and '.join(ideas)}", hint="see: opshub ideas suggest"
        )
    return (idea, other) if other else (idea,)


def _pair(store: Store, idea: int, other: int) -> tuple[int, int]:
    """Two ideas as they are now, the older first; of one, the idea and 0."""
    one, two = survivor(store, idea), survivor(store, other) if other else 0
    return (min(one, two), max(one, two)) if two else (one, 0)


def _kept_apart(store: Store, row: Pair) -> bool:
    """Whether a person keeps a piece of the one apart from the other."""
    for idea, other in ((row.one, row.two), (row.two, row.one)):
        if any(link.idea == other for link in store.links_of(store.apart_from(idea)).values()):
            return True
    return False


def _merge(store: Store, row: Pair) -> MergeSuggestion:
    ideas = {idea.number: idea for idea in store.ideas([row.one, row.two])}
    one, two = ideas[row.one], ideas[row.two]
    keep_two = (two.item is not None, row.twos) > (one.item is not None, row.ones)
    idea, into = (one, two) if keep_two else (two, one)
    pairs = []
    for it in store.alike_pieces(row.one, row.two, SHOWN):
        mine, theirs = store.feedback(it.feedback), store.feedback(it.nearest)
        if mine is not None and theirs is not None:
            pairs.append((mine, theirs))
    voices = (row.ones, row.twos) if keep_two else (row.twos, row.ones)
    return MergeSuggestion(idea, into, row.best / 10_000, row.alike, voices, tuple(pairs))


def _resemble(work: Work, judge: Judge, limit: int) -> bool:
    """What new and changed feedback resembles in other ideas; whether there was any."""
    store, matcher = work.store, judge.matcher
    if store.fact(_MODEL) != judge.model:
        with work.commit("match"):
            store.set_mark(_PIECES, 0)
            store.set_fact(_MODEL, judge.model)
    matched = store.mark("match")
    seen = [row for row in store.feedback_after(store.mark(_PIECES), limit) if row.seq <= matched]
    if not seen:
        return False
    with work.timed("suggest"), work.commit("match"):
        refs = [row.feedback.ref for row in seen]
        rows = [it for row in seen for it in _near(store, matcher, row.feedback, row.idea)]
        store.put_resemblances(refs, rows)
        store.set_mark(_PIECES, seen[-1].seq)
    return True


def _near(store: Store, matcher: Matcher, feedback: Feedback, idea: int | None) -> Iterator[Resemblance]:
    if idea is None:
        return
    found = [it for it in matcher.candidates(feedback, store, KEPT + 1) if it.idea != idea]
    nearest = {it.nearest: it for it in found[:KEPT] if it.likeness >= LEAST}
    for ref, it in nearest.items():
        yield Resemblance(feedback.ref, ref, round(it.likeness * 10_000))


def _part(work: Work, limit: int) -> bool:
    """Whether ideas that changed hold two subjects; whether there were any."""
    store = work.store
    rows = store.ideas_after(store.mark(_IDEAS), limit)
    if not rows:
        return False
    with work.timed("suggest"), work.commit("match"):
        for _, number in rows:
            store.put_twofold(_two(store, number))
        store.set_mark(_IDEAS, rows[-1][0])
    return True


def _two(store: Store, number: int) -> TwoFold:
    """The second subject of an idea, as far as some of its pieces tell; without pieces, where there is one subject."""
    links = store.links_to(number)
    step = max(1, -(-len(links) // LOOKED_AT))
    found = (store.feedback(link.feedback) for link in links[::step])
    pieces = [piece for piece in found if piece is not None]
    if len(pieces) < 2 * VOICES:
        return TwoFold(number, 0, ())
    often = store.term_counts(sorted({term for it in pieces for term in terms(it.title, it.text)}))
    most = max(often.values(), default=0)
    rarity = {term: math.log((1 + most) / (1 + count)) + 1 for term, count in often.items()}
    parted = subjects([(it.title, it.text) for it in pieces], rarity)
    if parted is None:
        return TwoFold(number, 0, ())
    second = tuple(sorted(pieces[at].ref for at in parted.second))
    return TwoFold(number, round((parted.within - parted.between) * 10_000), second)
