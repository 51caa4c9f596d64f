"""The part of the store's contract that speaks of what people did to ideas and links."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from opshub.model import Link, Ref
from opshub.store.rows import Action

__all__ = ["Actions"]


class Actions(Protocol):
    """Where people's actions are kept, and what they bind the machine to."""

    def next_action(self) -> int:
        """A number never used before; taken inside the transaction that puts the action."""
        ...

    def put_action(self, action: Action) -> None:
        """Keep an action for good. None is ever changed: one that undoes another is an action of its own."""
        ...

    def action(self, number: int) -> Action | None: ...

    def actions_naming(self, names: Collection[str], after: int = 0) -> list[Action]:
        """Actions behind number ``after`` that touched any of these ideas or pieces of feedback, oldest first.

        Names are those of ideas (``IDEA-12``) and the texts of refs.
        """
        ...

    def last_actions(self, limit: int) -> list[Action]:
        """The newest first."""
        ...

    def undone(self, numbers: Collection[int]) -> dict[int, int]:
        """Those of the actions that were undone: number → number of the action that undid it."""
        ...

    def put_apart(self, rows: Sequence[tuple[Ref, int]]) -> None:
        """Feedback that the machine may never link to an idea. StoreError for feedback that the store does not know."""
        ...

    def drop_apart(self, rows: Sequence[tuple[Ref, int]]) -> None:
        """Let the machine link it again."""
        ...

    def apart(self, refs: Collection[Ref]) -> Mapping[Ref, frozenset[int]]:
        """The ideas that each of these may not be linked to; those that may be linked to any are left out."""
        ...

    def apart_from(self, idea: int) -> list[Ref]:
        """The feedback that may not be linked to an idea, by name."""
        ...

    def put_merged(self, idea: int, survivor: int) -> None:
        """An idea became part of another; touches both."""
        ...

    def drop_merged(self, idea: int) -> None:
        """It is an idea of its own again; touches it."""
        ...

    def merged(self, numbers: Collection[int]) -> dict[int, int]:
        """Those of the ideas that became part of another: idea → the other, which may be merged itself."""
        ...

    def links_to(self, idea: int) -> list[Link]:
        """Every link to an idea, also of feedback that is gone, by name."""
        ...

    def size_of(self, idea: int, most: int = 1_000_000) -> int:
        """How many links an idea has, counted up to ``most``."""
        ...

    def drop_links(self, refs: Collection[Ref]) -> None:
        """Feedback that belongs to no idea any more; touches the ideas."""
        ...

    def bound_to(self, idea: int) -> list[Ref]:
        """Every tracked item that is bound to an idea, also those that are gone, by name."""
        ...
