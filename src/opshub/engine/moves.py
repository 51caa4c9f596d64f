"""How many pieces of feedback other match blocks would move; reads only."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from opshub.engine.blocks import BLOCKS, bound
from opshub.engine.past import ALERTS
from opshub.engine.score import Seen
from opshub.model import Link, LinkMaker
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import RuleSet

__all__ = ["Moves"]


class Moves:
    """Counts, idea by idea, what blocks would take from where it is, and what none would take any more.

    ``any`` is false where there are no blocks, and were none.
    """

    def __init__(self, store: Store, rules: RuleSet) -> None:
        self._store = store
        self._homes = rules.homes
        self.any = bool(rules.homes.all or store.fact(BLOCKS))
        self._known = {home: bound(store, home) for home in rules.homes.all}
        self._found = Counter[str]()

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """(match block, pieces that it would move), in their order; an empty name is for those of no block any more."""
        names = [*(home.name for home in self._homes.all), ""]
        return tuple((name, self._found[name]) for name in names if self._found[name])

    def see(self, one: Seen) -> None:
        """Count the feedback of an idea; its rows hold what the blocks read."""
        if not self.any:
            return
        refs = [voice.ref for voice in one.voices]
        links, apart = self._store.links_of(refs), self._store.apart(refs)
        for ref, row in zip(refs, one.rows, strict=True):
            if ref.connection != ALERTS:
                self._found.update(self._movers(links[ref], row, apart.get(ref, frozenset())))

    def _movers(self, link: Link, row: tuple[object, ...], apart: frozenset[int]) -> list[str]:
        """The name of the block that would move a piece, empty for none any more; nothing where it stays."""
        if link.maker in (LinkMaker.PERSON, LinkMaker.KEY):
            return []
        held = self._homes.of(row)
        idea = self._known[held.home] if held is not None else 0
        takes = held is not None and (idea not in apart if idea else held.home.begins)
        if held is not None and takes:
            return [held.home.name] if idea != link.idea else []
        return [""] if link.maker is LinkMaker.RULE else []
