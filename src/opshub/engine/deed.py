"""One action of a person while it is being done: every row that it changes, and what was there before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from opshub.engine.match import stated
from opshub.engine.work import Work
from opshub.errors import UsageError
from opshub.model import Idea, Link, LinkMaker, Ref
from opshub.store.rows import Action, ActionKind, Bound, Linked, Named

__all__ = ["Asked", "Deed", "Done"]

TEXT = 500
"""Characters of a reason."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Who wants something done, and why; the reason may be empty."""

    who: str
    because: str = ""

    def __post_init__(self) -> None:
        if not self.who.strip() or len(self.who) > TEXT:
            raise UsageError("--by needs the name of a person", hint="leave it out to use your own")
        if len(self.because) > TEXT:
            raise UsageError(
                f"--because is longer than {TEXT} characters", hint="people read it beside the link"
            )


@dataclass(frozen=True, slots=True)
class Done:
    """An action that was kept, with what else a person should know of it, as sentences."""

    action: Action
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Deed:
    """Changes rows and remembers them. Used inside of one transaction, which makes the action whole or not at all."""

    work: Work
    asked: Asked
    at: datetime
    said: dict[Ref, int] = field(default_factory=dict)
    """The idea that each piece of feedback named before, by a reference or a duplicate link; 0 for none."""
    links: dict[Ref, Linked] = field(default_factory=dict)
    bindings: list[Bound] = field(default_factory=list)
    ideas: list[Named] = field(default_factory=list)
    kept_apart: list[tuple[Ref, int]] = field(default_factory=list)
    allowed: list[tuple[Ref, int]] = field(default_factory=list)
    present: list[Ref] = field(default_factory=list)
    """The voices that the surviving idea of a merge had before."""
    breaches: list[tuple[str, int]] = field(default_factory=list)
    """Breaches of alerts that it takes over."""
    others: list[int] = field(default_factory=list)
    """Further ideas that an idea is said not to be one with."""

    def person(self, feedback: Ref, idea: int, verb: str) -> Link:
        """A link that this person makes: ``ann linked it on 2026-03-01: the same wish``."""
        because = f": {self.asked.because}" if self.asked.because else ""
        reason = f"{self.asked.who} {verb} on {self.at:%Y-%m-%d}{because}"
        return Link(feedback=feedback, idea=idea, maker=LinkMaker.PERSON, reason=reason)

    def watch(self, refs: Iterable[Ref], items: Iterable[Ref] = ()) -> None:
        """Note what feedback names now: these pieces, and those that refer to them or to these tracked items."""
        store = self.work.store
        seen = dict.fromkeys(refs)
        known = [item for item in map(store.item, items) if item is not None]
        names = [name for item in known for name in (item.key, item.url, str(item.ref)) if name]
        names += map(str, seen)
        while names:
            fresh = [ref for ref in store.mentioning(names) if ref not in seen]
            seen.update(dict.fromkeys(fresh))
            names = list(map(str, fresh))
        named = self._stated(seen)
        self.said = {ref: named[ref].idea if ref in named else 0 for ref in seen}

    def _stated(self, refs: Iterable[Ref]) -> dict[Ref, Link]:
        return stated(self.work, [it for it in map(self.work.store.feedback, refs) if it is not None])

    def link(self, after: Mapping[Ref, Link | None]) -> None:
        """Put links in place of those that there are; None takes the link away."""
        store = self.work.store
        before = store.links_of(list(after))
        for ref, link in after.items():
            first = self.links[ref].before if ref in self.links else before.get(ref)
            self.links[ref] = Linked(ref, first, link, self.said.get(ref, 0))
        store.put_links([link for link in after.values() if link is not None])
        store.drop_links([ref for ref, link in after.items() if link is None])

    def follow(self) -> list[Link]:
        """Move feedback that names something else than before, now that all is changed; the new links.

        What a person linked stays, and what this action itself put somewhere.
        """
        others = [ref for ref in self.said if ref not in self.links]
        old, named = self.work.store.links_of(others), self._stated(others)
        moved = {
            ref: link
            for ref, link in named.items()
            if link.idea != self.said[ref]
            and (ref not in old or (old[ref].maker is not LinkMaker.PERSON and old[ref].idea != link.idea))
        }
        self.link(moved)
        return list(moved.values())

    def followed(self) -> list[str]:
        """The same, and what moved as sentences."""
        return [f"{it.feedback} follows to IDEA-{it.idea}: {it.reason}" for it in self.follow()]

    def bind(self, items: Sequence[Ref], idea: int) -> None:
        """Give tracked items to an idea."""
        bound = self.work.store.ideas_of_items(items)
        self.bindings += [Bound(ref, bound.get(ref, 0), idea) for ref in items]
        self.work.store.bind_items([(ref, idea) for ref in items])

    def merge(self, idea: int, survivor: int) -> None:
        """Make an idea part of another."""
        self.work.store.put_merged(idea, survivor)

    def idea(self, after: Idea) -> None:
        """Begin an idea, or change its title, item or visibility."""
        self.ideas.append(Named(self.work.store.idea(after.number), after))
        self.work.store.put_ideas([after])

    def apart(self, rows: Iterable[tuple[Ref, int]]) -> None:
        """Forbid links to the machine."""
        wanted = list(dict.fromkeys(rows))
        known = self.work.store.apart({ref for ref, _ in wanted})
        fresh = [(ref, idea) for ref, idea in wanted if idea not in known.get(ref, ())]
        self.work.store.put_apart(fresh)
        self.kept_apart += fresh

    def allow(self, rows: Iterable[tuple[Ref, int]]) -> None:
        """Take back what was forbidden, as far as it was."""
        wanted = list(dict.fromkeys(rows))
        known = self.work.store.apart({ref for ref, _ in wanted})
        there = [(ref, idea) for ref, idea in wanted if idea in known.get(ref, ())]
        self.work.store.drop_apart(there)
        self.allowed += there

    def keep(
        self, kind: ActionKind, idea: int, other: int = 0, feedback: Sequence[Ref] = (), *, undoes: int = 0
    ) -> Action:
        """Keep the action; the last step."""
        action = Action(
            number=self.work.store.next_action(),
            kind=kind,
            at=self.at,
            who=self.asked.who,
            because=self.asked.because,
            idea=idea,
            other=other,
            feedback=tuple(feedback),
            undoes=undoes,
            links=tuple(self.links.values()),
            bindings=tuple(self.bindings),
            ideas=tuple(self.ideas),
            apart=tuple(self.kept_apart),
            allowed=tuple(self.allowed),
            present=tuple(self.present),
            breaches=tuple(self.breaches),
            others=tuple(self.others),
        )
        self.work.store.put_action(action)
        return action
