"""Ideas found by words that a person types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from opshub.errors import UsageError
from opshub.matching import Candidate, Matcher
from opshub.model import Feedback, Idea, Ref
from opshub.sdk import clean
from opshub.store.base import Store

__all__ = ["Found", "find"]

_TYPED = Ref("", "")
"""What a person types is compared like any piece of feedback, but comes from no connection."""


LOOKED_AT = 100
"""Ideas among which those that are told are looked for."""

SURE = 0.2
"""The likeness that says more than a shared word does."""

MEANT = 0.02
"""The likeness from which feedback that shares no word may mean the same: a few words are never as like as a text."""


@dataclass(frozen=True, slots=True)
class Found:
    """An idea and how many voices it has; of its feedback the piece that is most like the words, where one was found.

    ``titled``: its title holds all the words. ``likeness`` goes from 0 to 1 and is small for a few words.
    """

    idea: Idea
    voices: int
    titled: bool
    likeness: float = 0.0
    nearest: Feedback | None = None
    shared: tuple[str, ...] = ()


def find(store: Store, matcher: Matcher, said: str, limit: int = 10) -> list[Found]:
    """The ideas that may be meant: those whose titles hold all words, then those whose feedback shares some or means
    the like, the most alike first.

    Where there are enough of both, either makes one half. UsageError without any word.
    """
    words = clean(said)
    if not any(map(str.isalnum, words)):
        raise UsageError("there is no word to look for", hint='name some: opshub ideas find "dark mode"')
    typed = Feedback(ref=_TYPED, url="", text=words, created_at=datetime.min.replace(tzinfo=UTC))
    titled = store.ideas_titled(words.split(), limit)
    telling = min(2, max(map(len, words.split())))
    alike = {one.idea: one for one in _alike(matcher.candidates(typed, store, LOOKED_AT), telling)}
    others = [number for number in alike if number not in titled]
    best = titled[: max(limit - len(others), -(-limit // 2))]
    found = []
    for idea in store.ideas([*best, *others][:limit]):
        one, voices = alike.get(idea.number), store.size_of(idea.number)
        told = (one.likeness, store.feedback(one.nearest), one.shared) if one else ()
        found.append(Found(idea, voices, idea.number in best, *told))
    return found


def _alike(found: Sequence[Candidate], telling: int) -> list[Candidate]:
    """The most alike first; below ``SURE`` first what shares a word of ``telling`` characters: one Chinese character of
    several says little."""
    shares = {one.idea: any(len(word) >= telling for word in one.shared) for one in found}
    kept = [one for one in found if shares[one.idea] or one.likeness >= (SURE if one.shared else MEANT)]
    return sorted(kept, key=lambda one: one.likeness < SURE and 2 - shares[one.idea])
