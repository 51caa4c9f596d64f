"""Ideas that hold two subjects: which pieces seem to be the second one, found again for every idea that changed.

What lies nearest to each piece is kept when it is looked at. Pieces of an idea of which most of the nearest are among
themselves are a part of their own, though each may share something with the next. Where nothing parts an idea so, words
tell whether two groups share next to nothing. Nothing here changes an idea: a person does.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opshub.engine.likeness import placed
from opshub.engine.merged import survivor
from opshub.engine.work import Work
from opshub.matching import LOOKED_AT, Candidate, gathered, in_chinese, subjects, terms
from opshub.model import Feedback, Idea, LinkMaker, Ref
from opshub.store.alike import Near, TwoFold, put_right
from opshub.store.base import Store

__all__ = [
    "MOST",
    "SECOND",
    "SplitSuggestion",
    "alike_pairs",
    "look_at_all",
    "look_for_parts",
    "near",
    "one_subject",
    "splits",
    "spoken_of",
    "still_there",
]

SECOND = 0.4
"""How likely a part is another subject: before any answer 134 of 334 parts of banking77's ideas were, in ``dev`` and
``test``; of those that are asked about first, more."""

WITHIN = 200
"""Ten-thousandths: parts are gathered as long as their pieces are that much alike on average, where those that do not
lie near each other count nothing."""

LEAST = 3
"""Pieces of a part that is told by what lies near."""

_FEWEST = 2
"""Pieces of a part that is told by its words."""

READ = 9
"""Pieces of a part whose script is looked at."""

MOST = 500
"""The newest pieces of an idea, that are looked at."""

_MARK = "subjects"


@dataclass(frozen=True, slots=True)
class SplitSuggestion:
    """Some pieces of an idea, ``second``, seem to be a second subject."""

    idea: Idea
    second: tuple[Feedback, ...]


def near(feedback: Ref, found: Sequence[Candidate]) -> Near:
    """What lies nearest to a piece, as it is kept."""
    heard = (it for one in found for it in one.votes.heard if it.near)
    best = sorted(heard, key=lambda it: (-it.likeness, it.feedback))
    return Near(feedback, tuple((it.feedback, round(it.likeness * 10_000)) for it in best))


def look_at_all(store: Store) -> None:
    """Look at all ideas again. Used inside of a transaction."""
    store.set_mark(_MARK, 0)


def look_for_parts(work: Work, limit: int) -> bool:
    """Whether ideas that changed hold two subjects; whether there were any."""
    store = work.store
    rows = store.ideas_after(store.mark(_MARK), limit)
    if not rows:
        return False
    with work.timed("suggest"), work.commit("match"):
        for _, number in rows:
            pieces = store.near_within(number, MOST)
            second = _lying_apart(store, pieces) or _sharing_nothing(store, pieces)
            worth = put_right(SECOND, len(second), len(pieces) - len(second)) if second else 0
            store.put_twofold(TwoFold(number, round(worth * 10_000), second))
        store.set_mark(_MARK, rows[-1][0])
    work.watch.stage("suggest", len(rows))
    return True


def splits(store: Store, limit: int) -> list[SplitSuggestion]:
    """Those first whose answer is worth most, without those that a person refused."""
    one = one_subject(store)
    found = []
    for row in store.twofold(limit + len(one)):
        idea, pieces = store.idea(row.idea), still_there(store, row)
        if idea is not None and pieces and row.idea not in one:
            found.append(SplitSuggestion(idea, tuple(pieces)))
    return found[:limit]


def still_there(store: Store, row: TwoFold) -> list[Feedback]:
    """The living pieces of a part that belong to its idea as links are now."""
    links = store.links_of(row.feedback)
    there = [ref for ref in row.feedback if ref in links and links[ref].idea == row.idea]
    return [piece for piece in map(store.feedback, there) if piece is not None]


def spoken_of(store: Store, refs: Sequence[Ref]) -> set[Ref]:
    """Those that a person placed, or answered about."""
    return placed(store, refs, [LinkMaker.PERSON])


def one_subject(store: Store) -> frozenset[int]:
    """The ideas that are one subject, as a person said."""
    return frozenset(survivor(store, it.idea) for it in store.refusals() if not it.other)


def _lying_apart(store: Store, rows: Sequence[Near]) -> tuple[Ref, ...]:
    """The largest part of an idea that no person has spoken of, but for what the idea is about; its middle first."""
    if len(rows) < 2 * LEAST:
        return ()
    alike = alike_pairs(rows)
    said = spoken_of(store, [row.feedback for row in rows])
    about: set[bool] = set()
    for group in gathered(len(rows), alike, WITHIN):
        if len(group) < LEAST:
            break
        refs = [rows[one].feedback for one in _by_middle(group, alike)]
        chinese = _in_chinese(store, refs)
        if chinese in about and said.isdisjoint(refs):
            return tuple(refs)
        # A text and its twin in another script may share nothing: each script has its own largest group.
        about.add(chinese)
    return ()


def _in_chinese(store: Store, refs: Sequence[Ref]) -> bool:
    pieces = (store.feedback(ref) for ref in refs[:READ])
    return in_chinese([(piece.title, piece.text) for piece in pieces if piece is not None])


def alike_pairs(rows: Sequence[Near]) -> dict[tuple[int, int], int]:
    """How alike the pieces at two places are, of those that lie near each other; either may name the other."""
    at = {row.feedback: place for place, row in enumerate(rows)}
    found: dict[tuple[int, int], int] = {}
    for one, row in enumerate(rows):
        for ref, much in row.others:
            pair = (min(one, at[ref]), max(one, at[ref]))
            found[pair] = max(found.get(pair, 0), much)
    return found


def _by_middle(group: Sequence[int], alike: Mapping[tuple[int, int], int]) -> list[int]:
    """That first which the others lie nearest to."""
    there, sums = {*group}, dict.fromkeys(group, 0)
    for (one, two), much in alike.items():
        if one in there and two in there:
            sums[one] += much
            sums[two] += much
    return sorted(group, key=lambda one: (-sums[one], one))


def _sharing_nothing(store: Store, rows: Sequence[Near]) -> tuple[Ref, ...]:
    """Pieces that share next to nothing with the others, as far as those that are compared tell."""
    step = max(1, -(-len(rows) // LOOKED_AT))
    found = (store.feedback(row.feedback) for row in rows[::step])
    pieces = [piece for piece in found if piece is not None]
    if len(pieces) < 2 * _FEWEST:
        return ()
    often = store.term_counts(sorted({term for it in pieces for term in terms(it.title, it.text)}))
    most = max(often.values(), default=0)
    rarity = {term: math.log((1 + most) / (1 + count)) + 1 for term, count in often.items()}
    parted = subjects([(it.title, it.text) for it in pieces], rarity)
    return () if parted is None else tuple(sorted(pieces[at].ref for at in parted.second))
