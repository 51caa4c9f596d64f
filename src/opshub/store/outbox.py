"""What becomes of a wish when a newer one comes, the same in every store."""

from __future__ import annotations

from dataclasses import replace

from opshub.store.rows import OutboxRow, OutboxState

__all__ = ["merged"]


def merged(old: OutboxRow | None, new: OutboxRow) -> OutboxRow | None:
    """The row to keep; None where nothing changes.

    A row is open until it is done: the same wish again, against the same base, neither resets a conflict nor asks
    again for what the remote refused. A row in state SENDING stays so, whatever is wished, until the remote was read.
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
    worse = old.state is OutboxState.PLANNED and new.state is OutboxState.CONFLICT
    if same and old.state is not OutboxState.DONE and not worse:
        return None
    return replace(new, version=old.version + 1)
