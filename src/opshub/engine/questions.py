"""How a question stands: what it offers as things are now, and whether anybody is asked."""

from __future__ import annotations

import hashlib

from opshub.engine.likeness import Judge
from opshub.model import Link, LinkMaker, Ref
from opshub.store.asked import Offer, Question, QuestionState
from opshub.store.base import Store

__all__ = ["EACH", "attached", "present", "sampled", "state_of"]

EACH = 10
"""Of what a likeness attaches, one piece in so many is asked about all the same: whether it keeps its promise."""


def sampled(ref: Ref) -> bool:
    """Whether this piece is asked about although it is attached; a matter of its name alone."""
    return hashlib.blake2b(str(ref).encode("utf-8", "surrogatepass"), digest_size=4).digest()[0] % EACH == 0


def present(store: Store, question: Question) -> list[Offer]:
    """What is offered, by the ideas that the nearest pieces belong to now; without what is gone or became pointless."""
    links = store.links_of([question.feedback, *(it.nearest for it in question.offers)])
    own = links.get(question.feedback)
    apart = store.apart([question.feedback]).get(question.feedback, frozenset())
    checks = own is not None and own.maker is LinkMaker.SIMILARITY
    found: dict[int, Offer] = {}
    for it in question.offers:
        link = links.get(it.nearest)
        idea = link.idea if link is not None else 0
        wanted = idea and idea not in apart and idea not in found
        elsewhere = checks or own is None or idea != own.idea
        if wanted and elsewhere and store.feedback(it.nearest) is not None:
            found[idea] = it._replace(idea=idea)
    if checks and own is not None and next(iter(found), 0) != own.idea:
        # What it was attached by has gone elsewhere meanwhile.
        return [
            Offer(own.idea, 0.0, question.feedback),
            *(it for it in found.values() if it.idea != own.idea),
        ]
    return list(found.values())


def state_of(judge: Judge, asked: Question, link: Link) -> QuestionState:
    """How a question stands about a piece that stays where it is: of what was attached the unsure are asked about."""
    if link.maker is LinkMaker.SIMILARITY:
        sure = bool(asked.offers) and judge.sure(asked.chance, asked.guards)
        return attached(asked.feedback) if sure else QuestionState.OPEN
    likely = bool(asked.offers) and asked.chance >= judge.limits.ask
    return QuestionState.OPEN if likely else QuestionState.NEW


def attached(ref: Ref) -> QuestionState:
    """How a question stands about a piece that a likeness attached and that is sure."""
    return QuestionState.OPEN if sampled(ref) else QuestionState.ATTACHED
