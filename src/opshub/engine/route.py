"""The fifth stage: a decision's destination becomes the idea's, or the idea stays in the inbox."""

from __future__ import annotations

from collections.abc import Collection

from opshub.engine.work import BATCH, Work
from opshub.store.rows import Route

__all__ = ["destined", "route"]


def destined(idea: int, destination: str, urgency: str, trackers: Collection[str]) -> Route | None:
    """Where an idea goes by its decision; None is the inbox, also where the connection tracks no ideas."""
    connection, _, project = destination.partition(".")
    if connection not in trackers:
        return None
    return Route(idea=idea, connection=connection, project=project, urgency=urgency)


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
            found = destined(idea, destination, urgency, names)
            if found is not None:
                routed.append(found)
            elif idea in known:
                inbox.append(idea)
        store.put_routes([r for r in routed if known.get(r.idea) != r])
        store.drop_routes(inbox)
        stage.add("routed", sum(known.get(r.idea) != r for r in routed))
        stage.add("back to the inbox", len(inbox))
        store.set_mark("route", rows[-1][0])
    return True
