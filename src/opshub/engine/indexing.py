"""Feedback goes into the full-text index, by which likenesses are found."""

from __future__ import annotations

from opshub.engine.encoding import encode
from opshub.engine.work import Work
from opshub.matching import columns
from opshub.model import Feedback, Ref

__all__ = ["catch_up", "index", "indexable"]

BATCHES = 8
"""Batches of vectors that are made while a person waits."""


def index(work: Work, limit: int = 2000) -> bool:
    """Put one batch of linked feedback into the full-text index; whether there was any.

    It costs more than all other stages together, so it waits until somebody asks for a likeness.
    """
    matched = work.store.mark("match")
    # What changed and was not matched since comes in its turn: nothing before it is compared with its new text.
    rows = [row for row in work.store.unindexed(limit) if row.seq <= matched]
    if not rows:
        return False
    with work.timed("match"), work.commit("match"):
        work.store.index_text([indexable(row.feedback) for row in rows])
    work.watch.stage("index", len(rows))
    return True


def catch_up(work: Work) -> None:
    """Index all, and make so many vectors as a person may wait for; the rest is left for the next time."""
    while index(work):
        pass
    for _ in range(BATCHES):
        if not encode(work):
            return


def indexable(feedback: Feedback) -> tuple[Ref, str, str]:
    """What the full-text index holds of it."""
    title, body = columns(feedback.title, feedback.text)
    return feedback.ref, " ".join(title), " ".join(body)
