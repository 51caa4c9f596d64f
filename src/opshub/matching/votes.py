"""For which idea the pieces nearest to a text speak, where nobody is waited for.

One near piece may be near by chance; three of an idea rarely are. Measured in ``docs/matching.md``.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import NamedTuple

from opshub.matching.guards import guards
from opshub.matching.pairs import Piece
from opshub.model import Ref

__all__ = ["AGAIN", "HEARD", "NEAREST", "Heard", "Votes", "heard", "joins_from"]

HEARD = 3
"""Pieces of an idea whose mean likeness is its vote."""

NEAREST = 10
"""Pieces whose likenesses decide between ideas."""

COPY = 0.9
"""From this likeness on, a negation or another number is what tells two texts apart; others differ in more."""

JOINS = {
    "words": {"cjk": 0.65, "plain": 0.3, "titled": 0.3},
    "universal": {"cjk": 0.45, "plain": 0.7, "titled": 0.35},
}
"""The vote from which a text joins an idea, by the weights that judged it and its form.

Where the ideas fit best what labels say (B-cubed F1) on the ``dev`` parts of banking77, openoffice and lcqmc; of titled
texts beside an encoder a little later, where nearly as many fit and fewer are wrong.
"""

AGAIN = 0.1
"""So much more than to join is asked of a vote that moves a piece: by less, ideas that lie near run into each other."""

PLACED = 10
"""So many times counts a piece that something surer than a likeness placed: it outweighs all of the nearest others."""


class Heard(NamedTuple):
    """A piece of an idea that speaks for it."""

    feedback: Ref
    likeness: float
    near: bool = True
    """Whether it is among the ``NEAREST`` of all: only those decide between ideas."""


class Votes(NamedTuple):
    """The pieces that are heard for one idea, best first."""

    heard: tuple[Heard, ...] = ()

    def mean(self, pieces: int) -> float:
        """The vote of an idea with so many pieces, from 0 to 1: a piece that was not found counts nothing."""
        return round(math.fsum(it.likeness for it in self.heard[:HEARD]) / (min(HEARD, pieces) or 1), 4)

    def weight(self, placed: Collection[Ref] = ()) -> float:
        """What decides between ideas: the likenesses of those among the nearest, ``PLACED`` times for those that
        something surer than a likeness placed."""
        near = (it.likeness * (PLACED if it.feedback in placed else 1) for it in self.heard if it.near)
        return round(math.fsum(near), 4)

    def led(self, placed: Collection[Ref]) -> bool:
        """Whether one of the nearest is among those that something surer placed."""
        return any(it.near and it.feedback in placed for it in self.heard)


def heard(own: Piece, judged: Iterable[tuple[float, int, Ref, Piece]]) -> dict[int, Votes]:
    """The votes of each idea, by the likeness, the idea, the name and the text of pieces, best first.

    Near copies that deny what the text says, or name other numbers, are not heard.
    """
    speaking = [
        (idea, ref, likeness)
        for likeness, idea, ref, other in judged
        if likeness < COPY or not guards(own, other)
    ]
    found: dict[int, list[Heard]] = {}
    for rank, (idea, ref, likeness) in enumerate(speaking):
        found.setdefault(idea, []).append(Heard(ref, likeness, rank < NEAREST))
    return {idea: Votes(tuple(pieces)) for idea, pieces in found.items()}


def joins_from(own: Piece, encoder: str = "") -> float:
    """The vote from which a text joins an idea, by the words alone or with an encoder."""
    name = encoder.split()[0] if encoder else "words"
    form = "cjk" if own.cjk else "titled" if own.title else "plain"
    return (JOINS.get(name) or JOINS["universal"])[form]
