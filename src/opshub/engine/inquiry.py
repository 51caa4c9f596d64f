"""What a person is asked, with all that is needed to answer."""

from __future__ import annotations

from dataclasses import dataclass

from opshub.matching.terms import COMMON, words
from opshub.model import Feedback, Idea, Ref

__all__ = ["IDEA", "PART", "Choice", "Inquiry", "shared"]

IDEA = "idea"
"""The kind of a question whether two ideas are one."""

PART = "part"
"""The kind of a question whether part of an idea belongs to it."""

NAMED = 6
"""Shared words that are told of two ideas."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An idea that is offered: its nearest piece, what it shares, and how many voices it has."""

    idea: Idea
    likeness: float
    nearest: Feedback | None
    shared: tuple[str, ...]
    voices: int


@dataclass(frozen=True, slots=True)
class Inquiry:
    """Whether feedback belongs to the first of some ideas, or whether two ideas are one, with all that a person needs
    to say so.

    ``name`` is what is asked about: the piece; the idea that would become part of the first of the ``choices``, then
    ``feedback`` is its piece that is nearest to that; or part of an idea, named by it and the ``feedback`` in its
    middle. ``chance`` is what is expected of a yes, ``worth`` what the order
    goes by: nearness to the promise times the pieces that a yes moves. ``about`` other questions concern the same idea.
    """

    name: str
    kind: str
    """What the feedback is, such as ticket; ``idea`` where two ideas are meant, ``part`` where part of one is."""
    feedback: Feedback
    own: Idea
    choices: tuple[Choice, ...]
    chance: float
    worth: float
    attached: bool = False
    """Whether it is in the first of the ideas already, and the question is whether that is right."""
    moves: int = 1
    """The pieces and tracked items that a yes moves: with more than one the whole idea goes."""
    seen: tuple[Feedback, ...] = ()
    """Of part of an idea the pieces that are shown, that in its middle first."""
    pieces: tuple[Ref, ...] = ()
    """All of that part."""
    guards: tuple[str, ...] = ()
    about: int = 0

    @property
    def joint(self) -> bool:
        """Whether two ideas are meant."""
        return self.kind == IDEA


def shared(one: Feedback, two: Feedback) -> tuple[str, ...]:
    """Words of the first that the other has too, but for those that everybody says."""
    theirs = words(two.title, two.text).keys() - COMMON
    both = [word for term, word in words(one.title, one.text).items() if term in theirs]
    return tuple(dict.fromkeys(both))[:NAMED]
