"""For which idea the pieces nearest to a text speak, where nobody is waited for.

One near piece may be near by chance; three of an idea rarely are. Measured in ``docs/matching.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from opshub.matching.guards import guards
from opshub.matching.pairs import Piece

__all__ = ["AGAIN", "HEARD", "Votes", "heard", "joins_from"]

HEARD = 3
"""Pieces of an idea whose mean likeness is its vote."""

NEAREST = 10
"""Pieces whose likenesses decide between ideas."""

COPY = 0.9
"""From this likeness on, a negation or another number is what tells two texts apart; others differ in more."""

JOINS = {
    "words": {"cjk": 0.65, "plain": 0.3, "titled": 0.3},
    "universal": {"cjk": 0.6, "plain": 0.75, "titled": 0.5},
}
"""The vote from which a text joins an idea, by the weights that judged it and its form.

Where the ideas fit best what labels say (B-cubed F1) on the ``dev`` parts of banking77, openoffice and lcqmc.
"""

AGAIN = 0.1
"""So much more than to join is asked of a vote that moves a piece: by less, ideas that lie near run into each other."""


class Votes(NamedTuple):
    """What is heard for one idea.

    The likenesses of its ``HEARD`` nearest pieces, best first. Its ``weight`` is the sum of those that are among the
    ``NEAREST`` of all.
    """

    likenesses: tuple[float, ...] = ()
    weight: float = 0.0

    def mean(self, pieces: int) -> float:
        """The vote of an idea with so many pieces, from 0 to 1: a piece that was not found counts nothing."""
        return round(math.fsum(self.likenesses) / (min(HEARD, pieces) or 1), 4)


def heard(own: Piece, judged: Iterable[tuple[float, int, Piece]]) -> dict[int, Votes]:
    """The votes of each idea, by the likeness, the idea and the text of pieces, best first.

    Near copies that deny what the text says, or name other numbers, are not heard.
    """
    speaking = [
        (likeness, idea) for likeness, idea, other in judged if likeness < COPY or not guards(own, other)
    ]
    found: dict[int, list[float]] = {}
    weights: dict[int, list[float]] = {}
    for rank, (likeness, idea) in enumerate(speaking):
        found.setdefault(idea, []).append(likeness)
        if rank < NEAREST:
            weights.setdefault(idea, []).append(likeness)
    return {
        idea: Votes(tuple(likenesses[:HEARD]), round(math.fsum(weights.get(idea, ())), 4))
        for idea, likenesses in found.items()
    }


def joins_from(own: Piece, encoder: str = "") -> float:
    """The vote from which a text joins an idea, by the words alone or with an encoder."""
    name = encoder.split()[0] if encoder else "words"
    form = "cjk" if own.cjk else "titled" if own.title else "plain"
    return (JOINS.get(name) or JOINS["universal"])[form]
