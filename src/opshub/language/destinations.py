"""Whether an idea can be sent to a destination: the same answer for rules and for people."""

from __future__ import annotations

from collections.abc import Container, Mapping

from opshub.language.findings import suggestion
from opshub.language.schema import INBOX

__all__ = ["misrouted"]


def misrouted(
    destination: str, known: Mapping[str, tuple[str, ...] | None], based: Container[str]
) -> tuple[str, str] | None:
    """What is wrong with a destination, and a hint; None where ideas can go there.

    ``known`` are the schema's destinations, ``based`` its connections that have a project of their own.
    """
    connection, _, project = destination.partition(".")
    if destination == INBOX and INBOX not in known:
        return None
    if connection not in known:
        hint = suggestion(connection, tuple(known)) or "connect a tracker first; a tag needs none"
        return f"there is no connection '{connection}'", hint
    projects = known[connection]
    if not project and connection in based:
        return None
    if projects is None or not projects:
        if bool(project) is not (projects == ()):
            return None
        hint = f"write {connection}" if project else f"say which: {connection}.PROJECT"
        return f"'{connection}' {'has no projects' if project else 'needs a project'}", hint
    if project in projects:
        return None
    reason = f"has no project '{project}'" if project else "needs a project"
    hint = suggestion(destination, [f"{connection}.{name}" for name in projects])
    return f"'{connection}' {reason}", hint
