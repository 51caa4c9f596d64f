"""Named moments of the cycle, at which a test may stop the process to see what the next one makes of it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["NAMES", "point", "watch_points"]

NAMES = (
    "pull.fetched",
    "pull.before_commit",
    "pull.committed",
    "normalize.before_commit",
    "match.before_commit",
    "match.committed",
    "score.before_commit",
    "score.committed",
    "route.before_commit",
    "route.committed",
    "plan.before_commit",
    "plan.committed",
    "apply.read",
    "apply.marked",
    "apply.written",
    "apply.acknowledged",
    "create.looked_up",
    "create.marked",
    "create.created",
    "create.acknowledged",
    "publish.marked",
    "publish.published",
)
"""Every name that ``point`` is called with."""

_watcher: Callable[[str], None] | None = None


def watch_points(watcher: Callable[[str], None] | None) -> None:
    """Have a function called at every point; None ends it."""
    global _watcher
    _watcher = watcher


def point(name: str) -> None:
    """Say that the cycle has come here; costs one comparison unless somebody watches."""
    if _watcher is not None:
        _watcher(name)
