"""Suggestions to people: which ideas mean the same, and which idea holds two subjects.

Both follow what changed, in batches that a kill leaves whole or not begun. What a piece resembles is kept piece by
piece, by the step that looks for questions; which ideas these belong to is looked up when somebody asks, so that links
which move meanwhile need no work. Nothing here changes an idea: a person merges and splits.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice

from opshub.engine.asking import OFFERED, ask
from opshub.engine.deed import Asked, Deed, Done
from opshub.engine.merged import survivor
from opshub.engine.parting import SplitSuggestion, look_for_parts, splits
from opshub.engine.reading import find_idea
from opshub.engine.undo import undo
from opshub.engine.work import Work
from opshub.errors import NotFoundError, UsageError
from opshub.model import Feedback, Idea, Ref
from opshub.store.alike import Pair, Refusal, Resemblance
from opshub.store.base import Store
from opshub.store.rows import ActionKind

__all__ = [
    "MergeSuggestion",
    "look",
    "merges",
    "merges_by_idea",
    "merges_of",
    "refuse",
    "refused",
    "suggest_again",
    "suggestions",
    "tell_apart",
]

LIKELY = 0.5
"""A merge is suggested where one pair of pieces is at least this alike."""

VOICES = 2
"""Voices that each of two ideas has; a single piece is asked about as such."""

MOST = 10_000
"""Pairs of ideas among which those of one idea are looked for."""

SHOWN = 2
"""Pairs of pieces that are shown of a suggestion."""


@dataclass(frozen=True, slots=True)
class MergeSuggestion:
    """``idea`` might become part of ``into``. ``likeness``: of the nearest pieces; ``alike``: how many are alike."""

    idea: Idea
    into: Idea
    likeness: float
    alike: int
    voices: tuple[int, int]
    pieces: tuple[tuple[Feedback, Feedback], ...]
    worth: float = 0.0
    """What the order goes by: how many pieces an answer is expected to put right."""


def look(work: Work, limit: int = 100) -> bool:
    """One batch of new and changed feedback, or of ideas that changed; whether there was anything."""
    return ask(work, limit) or look_for_parts(work, limit)


def suggestions(work: Work, limit: int) -> tuple[list[MergeSuggestion], list[SplitSuggestion]]:
    """Both kinds, once all that changed was looked at or somebody wants to stop."""
    while not work.stopping() and look(work):
        pass
    return merges(work.store, limit), splits(work.store, limit)


def merges(store: Store, limit: int) -> list[MergeSuggestion]:
    """The merges that are worth most first, without those that a person refused or forbade."""
    never = refused(store)
    found: list[Pair] = []
    asked = limit + len(never)
    while True:
        rows = store.alike_ideas(VOICES, asked)
        found = [row for row in rows if _stands(store, row, never)]
        if len(found) >= limit or len(rows) < asked:
            return [_merge(store, row) for row in found[:limit]]
        asked *= 2


def merges_by_idea(store: Store, limit: int) -> list[list[MergeSuggestion]]:
    """Ideas that might be part of others, each with the best of those; what is worth most first."""
    wanted: dict[int, list[Pair]] = {}
    for row in _likely(store):
        wanted.setdefault(row.one if row.ones < row.twos else row.two, []).append(row)
    rows = [row for group in list(wanted.values())[:limit] for row in group[:OFFERED]]
    found: dict[int, list[MergeSuggestion]] = {}
    for row in sorted(rows, key=lambda row: (-row.worth, row.one, row.two)):
        if not _kept_apart(store, row):
            it = _merge(store, row)
            found.setdefault(it.idea.number, []).append(it)
    return [group[:OFFERED] for group in found.values()][:limit]


def merges_of(store: Store, idea: int) -> list[MergeSuggestion]:
    """The best suggestions that make this idea part of another."""
    rows = (row for row in _likely(store, idea) if not _kept_apart(store, row))
    found = (it for it in (_merge(store, row) for row in rows) if it.idea.number == idea)
    return list(islice(found, OFFERED))


def _likely(store: Store, idea: int = 0) -> list[Pair]:
    """Pairs that may be told, of all ideas or of one, what is worth most first, but for those that are refused."""
    never = refused(store)
    rows = store.alike_ideas(VOICES, MOST, idea)
    return [row for row in rows if row.best >= LIKELY * 10_000 and (row.one, row.two) not in never]


def _stands(store: Store, row: Pair, never: Collection[tuple[int, int]]) -> bool:
    likely = row.best >= LIKELY * 10_000
    return likely and (row.one, row.two) not in never and not _kept_apart(store, row)


def refused(store: Store) -> frozenset[tuple[int, int]]:
    """The pairs of ideas that are not one, as a person said; the older first."""
    return frozenset(_pair(store, it.idea, it.other) for it in store.refusals() if it.other)


def refuse(work: Work, ideas: Sequence[str], asked: Asked) -> Done:
    """Never suggest to merge two ideas, or to split one. UsageError where the two are one, or were refused before;
    NotFoundError."""
    idea, other = _named(work.store, ideas)
    if (idea, other) in {_pair(work.store, it.idea, it.other) for it in work.store.refusals()}:
        named = " ".join(ideas)
        raise UsageError(
            f"that was refused already: {named}", hint=f"take it back: opshub ideas refuse {named} --again"
        )
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        work.store.put_refusal(Refusal(idea, other, deed.at, asked.who))
        return Done(deed.keep(ActionKind.REFUSE, idea, other))


def tell_apart(work: Work, idea: int, others: Sequence[int], asked: Asked) -> Done:
    """Never suggest to merge an idea with any of these."""
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        for other in others:
            work.store.put_refusal(Refusal(min(idea, other), max(idea, other), deed.at, asked.who))
        deed.others = list(others[1:])
        return Done(deed.keep(ActionKind.REFUSE, idea, others[0]))


def suggest_again(work: Work, ideas: Sequence[str], asked: Asked) -> Done:
    """Take such a refusal back. UsageError where the two are one; NotFoundError where there is nothing to take back."""
    store = work.store
    idea, other = _named(store, ideas)
    actions = store.actions_naming([f"IDEA-{idea}"])
    undone = store.undone([it.number for it in actions])
    for it in reversed(actions):
        refusal = it.kind is ActionKind.REFUSE and not it.feedback and it.number not in undone
        if refusal and (idea, other) in {_pair(store, it.idea, one) for one in (it.other, *it.others)}:
            return undo(work, str(it.number), asked)
    raise NotFoundError(
        f"nobody refused a suggestion about {' and '.join(ideas)}", hint="see: opshub ideas suggest"
    )


def _named(store: Store, ideas: Sequence[str]) -> tuple[int, int]:
    """The numbers of one or two ideas, the older first; 0 for none."""
    numbers = sorted({survivor(store, find_idea(store, name).number) for name in ideas})
    if len(numbers) != len(ideas):
        raise UsageError(f"{' and '.join(ideas)} are one idea", hint=f"see: opshub ideas show {ideas[0]}")
    return numbers[0], numbers[1] if len(numbers) > 1 else 0


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
    found: dict[frozenset[Ref], Resemblance] = {}
    # Either may be what the other resembles most: then both say the same.
    for it in store.alike_pieces(row.one, row.two, 2 * SHOWN):
        found.setdefault(frozenset((it.feedback, it.nearest)), it)
    for it in [*found.values()][:SHOWN]:
        mine, theirs = store.feedback(it.feedback), store.feedback(it.nearest)
        if mine is not None and theirs is not None:
            pairs.append((mine, theirs))
    voices = (row.ones, row.twos) if keep_two else (row.twos, row.ones)
    return MergeSuggestion(
        idea, into, row.best / 10_000, row.alike, voices, tuple(pairs), round(row.worth, 4)
    )
