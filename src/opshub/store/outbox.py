"""What becomes of a wish when a newer one comes, the same in every store."""

from __future__ import annotations

from dataclasses import replace

from opshub.store.rows import OutboxRow, OutboxState

__all__ = ["merged"]


def merged(old: OutboxRow | None, new: OutboxRow) -> OutboxRow | None:
    """The row to keep; None where nothing changes.

    A row is open until it is done: the same wish again, against the same base, changes nothing, and what the remote
    refused is not asked for again. Whether it is a conflict is the planner's word. A row in state SENDING stays so,
    whatever is wished, until the remote was read.
    """
    if old is None:
        return replace(new, version=1)
    if old.state is OutboxState.SENDING:
        if (old.wish, old.own) == (new.wish, new.own):
            return None
        return replace(
            old,
            idea=new.idea,
            base=new.base,
            wish=new.wish,
            own=new.own,
            why=new.why,
            version=old.version + 1,
        )
    same = (old.wish, old.own, old.base, old.idea) == (new.wish, new.own, new.base, new.idea)
    judged = {old.state, new.state} == {OutboxState.PLANNED, OutboxState.CONFLICT}
    if same and old.state is not OutboxState.DONE and not judged:
        return None
    return replace(new, version=old.version + 1)
