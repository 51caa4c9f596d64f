"""The fifth stage: a decision's destination becomes the idea's, or the idea stays in the inbox."""

from __future__ import annotations

from opshub.engine.work import BATCH, Work
from opshub.store.rows import Route

__all__ = ["route"]


def route(work: Work, limit: int = BATCH) -> bool:
    """One batch of decisions that changed; whether there was any."""
    store = work.store
    rows = store.destinations_after(store.mark("route"), limit)
    if not rows:
        return False
    names = {c.name for c in work.connections if c.role == "ideas"}
    with work.timed("route") as stage, work.commit("route"):
        known = store.routes([idea for _, idea, _, _ in rows])
        routed: list[Route] = []
        inbox: list[int] = []
        for _, idea, destination, urgency in rows:
            connection, _, project = destination.partition(".")
            if connection in names:
                routed.append(Route(idea=idea, connection=connection, project=project, urgency=urgency))
            elif idea in known:
                inbox.append(idea)
        store.put_routes([r for r in routed if known.get(r.idea) != r])
        store.drop_routes(inbox)
        stage.add("routed", sum(known.get(r.idea) != r for r in routed))
        stage.add("back to the inbox", len(inbox))
        store.set_mark("route", rows[-1][0])
    return True
