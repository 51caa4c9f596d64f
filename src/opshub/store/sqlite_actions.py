"""SQLite: what people did to ideas and links, and what that binds the machine to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from opshub.errors import StoreError
from opshub.model import Link, LinkMaker, Ref
from opshub.store import action_statements as sql
from opshub.store.action_codec import decode_action, encode_action
from opshub.store.database import json_of
from opshub.store.rows import Action
from opshub.store.sqlite_outbox import Outbox

__all__ = ["Actions"]


class Actions(Outbox):
    """People's actions, and their constraints as rows."""

    def next_action(self) -> int:
        """A number never used before."""
        return self._take("action")

    def put_action(self, action: Action) -> None:
        """Keep an action for good."""
        body = encode_action(action)
        with self._turn:
            self._write(sql.PUT_ACTION, (action.number, action.undoes, body))
            self._write_many(sql.PUT_ACTED, [(name, action.number) for name in action.names()])

    def action(self, number: int) -> Action | None:
        """One action."""
        row = self._row(sql.ACTION, (number,))
        return decode_action(*row) if row else None

    def actions_naming(self, names: Collection[str], after: int = 0) -> list[Action]:
        """Actions behind number ``after`` that touched any of these ideas or pieces of feedback, oldest first."""
        rows = self._rows(sql.ACTIONS_NAMING, (json_of(names), after)) if names else []
        return [decode_action(*row) for row in rows]

    def last_actions(self, limit: int) -> list[Action]:
        """The newest first."""
        return [decode_action(*row) for row in self._rows(sql.LAST_ACTIONS, (limit,))]

    def undone(self, numbers: Collection[int]) -> dict[int, int]:
        """Those of the actions that were undone: number → number of the action that undid it."""
        return dict(self._rows(sql.UNDONE, (json_of(numbers),))) if numbers else {}

    # -- what binds the machine ---------------------------------------------------------------------------------

    def put_apart(self, rows: Sequence[tuple[Ref, int]]) -> None:
        """Feedback that the machine may never link to an idea."""
        with self._turn:
            keys = self._keys_of(dict.fromkeys(ref for ref, _ in rows))
            missing = next((ref for ref, _ in rows if ref not in keys), None)
            if missing is not None:
                raise StoreError(f"{missing} cannot be kept apart from an idea: it is not in the store")
            self._write_many(sql.PUT_APART, [(keys[ref], idea) for ref, idea in rows])

    def drop_apart(self, rows: Sequence[tuple[Ref, int]]) -> None:
        """Let the machine link it again."""
        with self._turn:
            keys = self._keys_of(dict.fromkeys(ref for ref, _ in rows))
            self._write_many(sql.DROP_APART, [(keys[ref], idea) for ref, idea in rows if ref in keys])

    def apart(self, refs: Collection[Ref]) -> Mapping[Ref, frozenset[int]]:
        """The ideas that each of these may not be linked to; those that may be linked to any are left out."""
        names = {key: ref for ref, key in self._keys_of(refs).items()}
        found: dict[Ref, set[int]] = {}
        for key, idea in self._rows(sql.APART, (json_of(names),)) if names else []:
            found.setdefault(names[key], set()).add(idea)
        return {ref: frozenset(ideas) for ref, ideas in found.items()}

    def apart_from(self, idea: int) -> list[Ref]:
        """The feedback that may not be linked to an idea, by name."""
        return [Ref(*row) for row in self._rows(sql.APART_FROM, (idea,))]

    def put_merged(self, idea: int, survivor: int) -> None:
        """An idea became part of another; touches both."""
        with self._turn:
            self._must_exist([idea, survivor], self._count_voices({idea: 0, survivor: 0}))
            self._write(sql.PUT_MERGED, (idea, survivor))

    def drop_merged(self, idea: int) -> None:
        """It is an idea of its own again; touches it."""
        with self._turn:
            self._write(sql.DROP_MERGED, (idea,))
            self.touch_ideas([idea])

    def merged(self, numbers: Collection[int]) -> dict[int, int]:
        """Those of the ideas that became part of another: idea → the other, which may be merged itself."""
        return dict(self._rows(sql.MERGED, (json_of(numbers),))) if numbers else {}

    # -- all that belongs to an idea ----------------------------------------------------------------------------

    def links_to(self, idea: int) -> list[Link]:
        """Every link to an idea, also of feedback that is gone, by name."""
        return [
            Link(
                feedback=Ref(*row[:2]), idea=row[2], maker=LinkMaker(row[3]), reason=row[4], confidence=row[5]
            )
            for row in self._rows(sql.LINKS_TO, (idea,))
        ]

    def size_of(self, idea: int, most: int = 1_000_000) -> int:
        """How many links an idea has, counted up to ``most``."""
        return int(self._rows(sql.SIZE_OF, (idea, most))[0][0])

    def drop_links(self, refs: Collection[Ref]) -> None:
        """Feedback that belongs to no idea any more; touches the ideas."""
        with self._turn:
            keys = self._keys_of(refs)
            touched: dict[int, int] = {}
            rows = self._rows(sql.LIVING_LINKS, (json_of(keys.values()),))
            for _, gone, idea, *_ in rows:
                if idea is not None:
                    touched[idea] = touched.get(idea, 0) - (0 if gone else 1)
            self._write_many(sql.DROP_LINK, [(row[0],) for row in rows if row[2] is not None])
            self._count_voices(touched)

    def bound_to(self, idea: int) -> list[Ref]:
        """Every tracked item that is bound to an idea, also those that are gone, by name."""
        return [Ref(*row) for row in self._rows(sql.BOUND_TO, (idea,))]
