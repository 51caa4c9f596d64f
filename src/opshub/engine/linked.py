"""Why a piece of feedback belongs to its idea: what decided, what else there is, and what a person's word outweighs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from opshub.engine.blocks import Blocks
from opshub.engine.reading import find_feedback
from opshub.engine.stretches import SAYS_THE_SAME, mark_of
from opshub.matching import Matcher, references
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref
from opshub.store.base import Store
from opshub.store.rows import Action, ActionKind

__all__ = ["Sign", "WhyLinked", "why_linked"]

LEAST = 0.15
"""The likeness from which a text is worth naming."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that speaks for an idea, or for none. ``standing`` is what came of it.

    ``decides``, ``agrees``, ``weaker`` (something stronger decided), ``refused`` (a person said that the feedback does
    not belong there), ``suggests`` (too little to attach by itself), ``unknown`` (nothing is known by that name yet).
    """

    maker: str
    says: str
    idea: int
    standing: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class WhyLinked:
    """A piece of feedback, its link, all that speaks for one idea or another, and what people did, oldest first."""

    feedback: Feedback
    link: Link | None
    idea: Idea | None
    signs: tuple[Sign, ...]
    actions: tuple[tuple[Action, int], ...]
    """(action, number of the action that undid it or 0)"""


def why_linked(store: Store, blocks: Blocks, name: str, matcher: Matcher) -> WhyLinked:
    """Explain a link beside what match blocks say; reads only. NotFoundError for feedback that is not there."""
    feedback = find_feedback(store, name)
    link = store.links_of([feedback.ref]).get(feedback.ref)
    actions = store.actions_naming([str(feedback.ref)])
    undone = store.undone([action.number for action in actions])
    told = tuple((action, undone.get(action.number, 0)) for action in actions)
    standing = [action for action, by in told if not by]
    view = _Weighing(store, blocks, feedback, link, standing, matcher)
    return WhyLinked(
        feedback, link, store.idea(link.idea) if link is not None else None, tuple(view.signs()), told
    )


@dataclass(slots=True)
class _Weighing:
    store: Store
    blocks: Blocks
    feedback: Feedback
    link: Link | None
    actions: list[Action]
    matcher: Matcher
    decided: bool = False

    def signs(self) -> Iterator[Sign]:
        """From the strongest to the weakest."""
        if self.link is not None and self.link.maker is LinkMaker.PERSON:
            yield self._sign(self.link.maker, self.link.reason, self.link.idea)
        yield from self._duplicate()
        yield from self._references()
        ruled = self.blocks.sign(self.feedback)
        if ruled is not None:
            yield self._sign(LinkMaker.RULE, *ruled)
        yield from self._texts()
        if self.link is not None and not self.decided:
            # What it was linked by is no longer there, as with a key that was edited out: a link stays once it is made.
            self.decided = True
            yield Sign(str(self.link.maker), self.link.reason, self.link.idea, "decides")

    def _duplicate(self) -> Iterator[Sign]:
        if not self.feedback.duplicate_of:
            return
        original = Ref(self.feedback.ref.connection, self.feedback.duplicate_of)
        says = f"{original.connection} says that it duplicates {original}"
        there = self.store.links_of([original]).get(original)
        yield self._sign(LinkMaker.KEY, says, there.idea if there else 0)

    def _references(self) -> Iterator[Sign]:
        named = references(self.feedback)
        items = self.store.items_by_key(named)
        for name in named:
            _, bound = items.get(name, (None, None))
            if bound is not None:
                yield self._sign(LinkMaker.KEY, f"it refers to {name}", bound)
        unknown = [name for name in self.feedback.mentions if name not in items]
        for name in unknown:
            yield self._sign(LinkMaker.KEY, f"it refers to {name}", 0)

    def _texts(self) -> Iterator[Sign]:
        mark = mark_of(self.feedback)
        idea = self.store.same_text([mark]).get(mark) if mark else None
        began = (
            self.link is not None and self.link.maker is LinkMaker.SAME and self.link.reason != SAYS_THE_SAME
        )
        if began and self.link is not None:
            yield self._sign(LinkMaker.SAME, self.link.reason, self.link.idea)
        elif idea is not None and (idea != self._idea() or (self.link and self.link.maker is LinkMaker.SAME)):
            yield self._sign(LinkMaker.SAME, "another piece says the same", idea)
        for found in self.matcher.candidates(self.feedback, self.store, limit=3):
            if found.likeness >= LEAST:
                shared = ", ".join(f"'{term}'" for term in found.shared)
                how = f"it shares {shared} with" if shared else "it lies near in meaning to"
                says = f"{how} {found.nearest} (likeness {found.likeness:.2f})"
                yield self._sign(LinkMaker.SIMILARITY, says, found.idea)

    def _idea(self) -> int:
        return self.link.idea if self.link is not None else 0

    def _sign(self, maker: LinkMaker, says: str, idea: int) -> Sign:
        """What came of this piece of evidence."""
        if not idea:
            return Sign(str(maker), says, 0, "unknown", "nothing is known by that name yet")
        if idea == self._idea() and self.link is not None:
            mine = not self.decided and maker is self.link.maker
            self.decided = self.decided or mine
            return Sign(str(maker), says, idea, "decides" if mine else "agrees")
        refused = self._refused(idea)
        if refused:
            return Sign(str(maker), says, idea, "refused", refused)
        if maker is LinkMaker.SIMILARITY:
            return Sign(str(maker), says, idea, "suggests", "a likeness alone does not move what is linked")
        by = self.link.reason if self.link is not None else ""
        return Sign(str(maker), says, idea, "weaker", by)

    def _refused(self, idea: int) -> str:
        """Who said that it does not belong to an idea; empty where nobody did."""
        if idea not in self.store.apart([self.feedback.ref]).get(self.feedback.ref, ()):
            return ""
        row = (self.feedback.ref, idea)
        by = [it for it in self.actions if row in it.apart and it.kind is not ActionKind.UNDO]
        told = by[-1] if by else None
        return f"{told.told()} ({told.at:%Y-%m-%d}, action {told.number})" if told else "a person said so"
