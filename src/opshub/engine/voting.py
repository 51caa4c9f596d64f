"""Where nobody is waited for, a piece of feedback follows the pieces that lie nearest to it.

What only a likeness put somewhere, and what stands alone, votes again when a piece comes that lies near, when its text
changes, and when a person lets everything be looked at. What a person, a key, a rule or the same text decided stays.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from opshub.engine.blocks import Blocks
from opshub.engine.indexing import indexable
from opshub.engine.likeness import Judge
from opshub.engine.stretches import SAYS_THE_SAME
from opshub.engine.work import Work
from opshub.matching import Candidate
from opshub.model import Feedback, Link, LinkMaker, Ref
from opshub.store.asked import Question, QuestionState
from opshub.store.base import Store

__all__ = [
    "ASKED_WITH",
    "LOOKED_AT",
    "Voter",
    "alone",
    "around",
    "by_itself",
    "following",
    "free",
    "judged_by",
    "pieces_of",
    "vote",
    "voter",
]

LOOKED_AT = 20
"""Candidates that are looked through for what a piece resembles."""

NEAR = 0.6
"""The likeness from which a piece that comes lets another one vote again."""

AROUND = 3
"""Other ideas of which the nearest piece votes again when a piece comes."""

FOLLOWING = 20
"""Pieces of other ideas that vote again where a person placed a piece: it says more than one that comes."""

FOLLOWS = 0.5
"""The likeness from which they do."""

ASKED_WITH = "asked with"
"""The fact that names what all votes and questions depend on."""


@dataclass(frozen=True, slots=True)
class Voter:
    """A piece of feedback with its link, what was asked about it, and the ideas that it is kept apart from."""

    piece: Feedback
    link: Link
    question: Question | None
    apart: Collection[int]


def judged_by(work: Work) -> str:
    """What all votes and questions depend on; where it changes, everything is looked at again."""
    votes = ", votes" if work.limits.similar == "attach" else ""
    return f"{Judge.of(work).model}, ask {work.limits.ask:g}{votes}"


def around(idea: int, found: Sequence[Candidate]) -> list[Ref]:
    """Who votes again when a piece comes to an idea: the nearest pieces of other ideas that it resembles."""
    others = [it for it in found if it.idea != idea and it.likeness >= NEAR]
    return [it.nearest for it in others[:AROUND]]


def following(idea: int, found: Sequence[Candidate]) -> list[Ref]:
    """Who votes again when a person places a piece in an idea, or takes one out: what lies nearest in other ideas."""
    others = (it for one in found if one.idea != idea for it in one.votes.heard if it.likeness >= FOLLOWS)
    return [it.feedback for it in sorted(others, key=lambda it: (-it.likeness, it.feedback))[:FOLLOWING]]


def voter(store: Store, blocks: Blocks, ref: Ref) -> Voter | None:
    """This piece, where it may vote again, unless a newer text of it waits to be matched."""
    piece, link = store.feedback(ref), store.links_of([ref]).get(ref)
    if piece is None or link is None or not by_itself(link):
        return None
    found = Voter(piece, link, store.questions([ref]).get(ref), store.apart([ref]).get(ref, frozenset()))
    _, *read = store.indexed_text([ref]).get(ref, (None, "", ""))
    return found if indexable(piece)[1:] == tuple(read) and free(store, blocks, found) else None


def free(store: Store, blocks: Blocks, it: Voter) -> bool:
    """Whether nothing stronger than a likeness says where it belongs."""
    answered = it.question is not None and it.question.state is QuestionState.ANSWERED
    if answered or not by_itself(it.link) or blocks.takes(it.piece, it.apart):
        return False
    return not store.breaches([it.link.idea])


def vote(work: Work, judge: Judge, piece: Feedback, link: Link, found: Sequence[Candidate]) -> Link:
    """Its link by what its nearest pieces say now; what began an idea and stands alone there joins older ideas only."""
    if work.limits.similar != "attach" or not judge.attaches(piece.kind):
        return link
    if link.maker is not LinkMaker.SIMILARITY:
        if work.store.size_of(link.idea, 2) > 1 or not alone(work.store, link):
            return link
        found = [it for it in found if it.idea < link.idea]
    made = judge.link(piece, found, link.idea)
    return link if made is None or made.idea == link.idea else made


def pieces_of(store: Store, link: Link) -> int:
    """How many pieces go along when this one moves."""
    return max(1, store.size_of(link.idea))


def alone(store: Store, link: Link) -> bool:
    """Whether no tracked item stands for the idea of this piece, and no person ever spoke of it."""
    idea = link.idea
    touched = store.bound_to(idea) or store.overrides([idea]) or store.supports([idea])
    return not touched and not store.actions_naming([f"IDEA-{idea}", str(link.feedback)])


def by_itself(link: Link) -> bool:
    """Whether nothing stronger than a likeness put feedback where it is."""
    if link.maker is LinkMaker.SIMILARITY:
        return True
    return link.maker is LinkMaker.SAME and link.reason != SAYS_THE_SAME
