"""In memory: what people did to ideas and links, and what that binds the machine to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from opshub.errors import StoreError
from opshub.model import Link, Ref
from opshub.store.action_codec import decode_action, encode_action
from opshub.store.memory_signals import Signals
from opshub.store.rows import Action

__all__ = ["Actions"]


class Actions(Signals):
    """People's actions, and their constraints as rows."""

    def next_action(self) -> int:
        """A number never used before."""
        return self._take("action")

    def put_action(self, action: Action) -> None:
        """Keep an action for good."""
        self._writing().actions[action.number] = decode_action(action.number, encode_action(action))

    def action(self, number: int) -> Action | None:
        """One action."""
        return self.kept.actions.get(number)

    def actions_naming(self, names: Collection[str], after: int = 0) -> list[Action]:
        """Actions behind number ``after`` that touched any of these ideas or pieces of feedback, oldest first."""
        wanted = set(names)
        rows = sorted(self.kept.actions.items())
        return [action for number, action in rows if number > after and not wanted.isdisjoint(action.names())]

    def last_actions(self, limit: int) -> list[Action]:
        """The newest first."""
        return [self.kept.actions[number] for number in sorted(self.kept.actions, reverse=True)[:limit]]

    def undone(self, numbers: Collection[int]) -> dict[int, int]:
        """Those of the actions that were undone: number → number of the action that undid it."""
        rows = self.kept.actions.values()
        return {action.undoes: action.number for action in rows if action.undoes in numbers}

    # -- what binds the machine ---------------------------------------------------------------------------------

    def put_apart(self, rows: Sequence[tuple[Ref, int]]) -> None:
        """Feedback that the machine may never link to an idea."""
        for ref, idea in rows:
            if ref not in self._writing().feedback:
                raise StoreError(f"{ref} cannot be kept apart from an idea: it is not in the store")
            self.kept.apart[ref, idea] = None

    def drop_apart(self, rows: Sequence[tuple[Ref, int]]) -> None:
        """Let the machine link it again."""
        for row in rows:
            self._writing().apart.pop(row, None)

    def apart(self, refs: Collection[Ref]) -> Mapping[Ref, frozenset[int]]:
        """The ideas that each of these may not be linked to; those that may be linked to any are left out."""
        found = {ref: frozenset(idea for other, idea in self.kept.apart if other == ref) for ref in refs}
        return {ref: ideas for ref, ideas in found.items() if ideas}

    def apart_from(self, idea: int) -> list[Ref]:
        """The feedback that may not be linked to an idea, by name."""
        return sorted(ref for ref, number in self.kept.apart if number == idea)

    def put_merged(self, idea: int, survivor: int) -> None:
        """An idea became part of another; touches both."""
        self._must_exist([idea, survivor])
        self._writing().merged[idea] = survivor
        self._touch([idea, survivor])

    def drop_merged(self, idea: int) -> None:
        """It is an idea of its own again; touches it."""
        self._writing().merged.pop(idea, None)
        self._touch([idea])

    def merged(self, numbers: Collection[int]) -> dict[int, int]:
        """Those of the ideas that became part of another: idea → the other, which may be merged itself."""
        return {number: self.kept.merged[number] for number in numbers if number in self.kept.merged}

    # -- all that belongs to an idea ----------------------------------------------------------------------------

    def links_to(self, idea: int) -> list[Link]:
        """Every link to an idea, also of feedback that is gone, by name."""
        return [link for _, link in sorted(self.kept.links.items()) if link.idea == idea]

    def size_of(self, idea: int, most: int = 1_000_000) -> int:
        """How many links an idea has, counted up to ``most``."""
        return min(most, len(self.links_to(idea)))

    def drop_links(self, refs: Collection[Ref]) -> None:
        """Feedback that belongs to no idea any more; touches the ideas."""
        gone = [self._writing().links.pop(ref, None) for ref in refs]
        self._touch(dict.fromkeys(link.idea for link in gone if link is not None))

    def bound_to(self, idea: int) -> list[Ref]:
        """Every tracked item that is bound to an idea, also those that are gone, by name."""
        return sorted(ref for ref, number in self.kept.bindings.items() if number == idea)
