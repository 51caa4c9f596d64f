"""The same record seen as a tracked item: for tools in which feedback is also worked on."""

from __future__ import annotations

from collections.abc import Mapping

from opshub.model import Feedback, Tombstone, TrackedItem, Value

__all__ = ["as_item"]


def as_item(
    seen: Feedback | Tombstone, *, key: str, fields: Mapping[str, Value], status: str = "", version: str = ""
) -> TrackedItem | Tombstone:
    """What ``normalize`` gave, as a tracked item; a tombstone stays one."""
    if isinstance(seen, Tombstone):
        return seen
    return TrackedItem(
        ref=seen.ref,
        key=key,
        url=seen.url,
        title=seen.title,
        text=seen.text,
        kind=seen.kind,
        created_at=seen.created_at,
        updated_at=seen.updated_at,
        status=status,
        visibility=seen.visibility,
        author=seen.author,
        comments=seen.comments,
        tags=seen.tags,
        fields=fields,
        mentions=seen.mentions,
        duplicate_of=seen.duplicate_of,
        version=version,
    )
