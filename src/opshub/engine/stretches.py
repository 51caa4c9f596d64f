"""Feedback in stretches that can be linked together."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from opshub.matching import fingerprint, references
from opshub.model import Feedback, Ref
from opshub.store.base import Store
from opshub.store.rows import Seen

__all__ = ["SAYS_THE_SAME", "groups", "mark_of"]

SAYS_THE_SAME = "it says the same"
"""Why feedback is linked that says what other feedback says."""


def mark_of(feedback: Feedback) -> bytes:
    """What is equal for texts that say the same; empty for feedback without words."""
    return fingerprint(feedback.title, feedback.text)


def groups(store: Store, rows: Sequence[Seen], alone: Collection[Ref] = ()) -> Iterator[Sequence[Seen]]:
    """The rows in stretches that can be decided at once with the result of deciding them one by one.

    A stretch ends behind an original that its duplicates wait for, because it moves them; and behind feedback whose
    text may have changed, where another row's text is compared with it. Feedback ``alone`` is a stretch of its own.
    """
    waiting = store.mentioning([str(row.feedback.ref) for row in rows])
    found = (store.feedback(ref) for ref in waiting)
    named = {name for feedback in found if feedback is not None for name in references(feedback)}
    changing = _texts_meet(store, rows)
    begin = 0
    for at, row in enumerate(rows, 1):
        if row.feedback.ref in alone and begin < at - 1:
            yield rows[begin : at - 1]
            begin = at - 1
        if row.feedback.ref in alone or str(row.feedback.ref) in named or (changing and row.idea is not None):
            yield rows[begin:at]
            begin = at
        named.update(_stated(row.feedback))
    if begin < len(rows):
        yield rows[begin:]


def _texts_meet(store: Store, rows: Sequence[Seen]) -> bool:
    """Whether new feedback says what known feedback of the same batch says, or what any said before."""
    if len({row.idea is None for row in rows}) < 2:
        return False
    known = {mark_of(row.feedback) for row in rows if row.idea is not None}
    fresh = {mark_of(row.feedback) for row in rows if row.idea is None} - {b""}
    return bool(known and fresh) and (not known.isdisjoint(fresh) or bool(store.same_text(sorted(fresh))))


def _stated(feedback: Feedback) -> Iterator[str]:
    """The other records that a vendor names, as texts of their refs."""
    yield from feedback.mentions
    if feedback.duplicate_of:
        yield str(Ref(feedback.ref.connection, feedback.duplicate_of))
