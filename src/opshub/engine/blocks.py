"""What the match blocks of the rules say of feedback, and the ideas that they name or begin."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from opshub.engine.declared import Declared, tables_read
from opshub.engine.facts import Reader
from opshub.engine.merged import survivor
from opshub.engine.past import ALERTS
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref, idea_number
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import RuleSet
    from opshub.language.homes import Belonging
    from opshub.language.meaning import Home

__all__ = ["BLOCKS", "UNKNOWN", "Blocks", "awaited", "bound", "unknown"]

BLOCKS = "blocks"
"""The fact that names the match blocks in force; empty where there are none, known without reading the rules."""

UNKNOWN = "blocks.unknown"
"""The fact that lists the match blocks whose idea nobody knows yet, as sentences."""

_IDEA, _ITEM = "block idea ", "block item "
"""How facts begin that hold the number of an idea: one that a title began, one that had an item of that name."""

_SHOWN = 60
_LONGEST = 300


class Blocks:
    """The blocks in force over one transaction."""

    def __init__(self, store: Store, rules: RuleSet, declared: Sequence[Declared]) -> None:
        self._store = store
        self._rules = rules
        self._declared = declared
        self._any = bool(store.fact(BLOCKS))
        self._known: dict[Home, int] = {}
        self._held: dict[Ref, Belonging | None] = {}

    @cached_property
    def _reader(self) -> Reader:
        reads = self._rules.homes.reads
        tables = {table.name for table in tables_read(self._declared, reads)}
        # The same columns that scoring reads, so that a file is read once.
        also = {name for name in self._rules.reads if name.partition(".")[0] in tables}
        return Reader(reads | also, self._declared)

    def held(self, feedback: Feedback) -> Belonging | None:
        """The block that takes a piece of feedback; none takes what an alert says."""
        if not self._any or feedback.ref.connection == ALERTS:
            return None
        if feedback.ref not in self._held:
            (row,) = self._reader.feedback([feedback])
            self._held[feedback.ref] = self._rules.homes.of(row)
        return self._held[feedback.ref]

    def waits(self, feedback: Feedback) -> str:
        """The name that a block waits for: its feedback is looked at again when an item of that name comes."""
        held = self.held(feedback)
        missing = held is not None and not held.home.begins and not self._idea(held.home)
        return held.home.idea if held is not None and missing else ""

    def takes(self, feedback: Feedback, apart: Collection[int]) -> bool:
        """Whether a block links a piece of feedback that may not belong to the ideas ``apart``."""
        held = self.held(feedback)
        if held is None:
            return False
        idea = self._idea(held.home)
        return idea not in apart if idea else held.home.begins

    def link(self, feedback: Feedback, apart: Collection[int], old: Link | None = None) -> Link | None:
        """The link by a block, whose own idea begins where this is its first feedback.

        It is the ``old`` one where that led there without a guess: what began an idea stays when a block is taken out.
        """
        held = self.held(feedback)
        if held is None or not self.takes(feedback, apart):
            return None
        idea = self._idea(held.home) or self._begin(held.home, feedback)
        if old is not None and old.maker is LinkMaker.SAME and old.idea == idea:
            return old
        return Link(feedback=feedback.ref, idea=idea, maker=LinkMaker.RULE, reason=_reason(held))

    def sign(self, feedback: Feedback) -> tuple[str, int] | None:
        """What a block says of a piece of feedback and the number of its idea, 0 where it has none; reads only."""
        held = self.held(feedback)
        return None if held is None else (_reason(held), bound(self._store, held.home))

    def _idea(self, home: Home) -> int:
        if home not in self._known and (idea := bound(self._store, home)):
            self._known[home] = idea
            if not home.begins and self._store.fact(_fact(home)) != str(idea):
                # An item that is gone later leaves its feedback where it is.
                self._store.set_fact(_fact(home), str(idea))
        return self._known.get(home, 0)

    def _begin(self, home: Home, feedback: Feedback) -> int:
        """The title is the admin's own words, so it is not as open as the feedback may be."""
        number = self._store.next_idea_number()
        self._store.put_ideas([Idea(number=number, title=home.idea, created_at=feedback.created_at)])
        self._store.set_fact(_fact(home), str(number))
        self._known[home] = number
        return number


def bound(store: Store, home: Home) -> int:
    """The number of the idea that feedback of a block belongs to now; 0 where there is none yet."""
    name, number = home.idea, _number(home)
    if number is not None:
        return survivor(store, number) if store.idea(number) is not None else 0
    items = {} if home.begins else store.items_by_key([name, name.upper()])
    _, idea = items.get(name) or items.get(name.upper()) or (None, None)
    if idea is None:
        idea = int(store.fact(_fact(home)) or 0)
    return survivor(store, idea) if idea else 0


def _number(home: Home) -> int | None:
    """That of the idea which a block names as IDEA-7; None where it names an item or a title."""
    return None if home.begins else idea_number(home.idea)


def _fact(home: Home) -> str:
    name = " ".join(home.idea.casefold().split())
    return f"{_IDEA if home.begins else _ITEM}{name}"


def unknown(store: Store, homes: Sequence[Home]) -> str:
    """The blocks whose idea is not there, as the fact has them."""
    waiting = [home for home in homes if not home.begins and not bound(store, home)]
    return json.dumps([_waiting(home) for home in waiting]) if waiting else ""


def awaited(store: Store, homes: Sequence[Home]) -> bool:
    """Whether an idea that a block named by its number, and waited for, is there now.

    Items are waited for piece by piece, by their names; nothing in feedback names an idea's number.
    """
    told = json.loads(store.fact(UNKNOWN) or "[]")
    return any(_number(home) is not None and _waiting(home) in told and bound(store, home) for home in homes)


def _waiting(home: Home) -> str:
    return f"match rule '{home.name}' ({home.place}) waits: there is no {home.idea} yet"


def _reason(held: Belonging) -> str:
    shown = ", ".join(f"{name} = {_value(value)}" for name, value in held.saw.items())
    told = f"match rule '{held.home.name}' ({held.home.place})"
    return _cut(f"{told}: {shown}" if shown else told, _LONGEST)


def _value(value: object) -> str:
    if isinstance(value, tuple):
        return _cut(f"[{', '.join(map(str, value))}]", _SHOWN)
    return _cut(f"{value:.12g}" if isinstance(value, float) else str(value), _SHOWN)


def _cut(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
