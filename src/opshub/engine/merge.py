"""What people do by hand to ideas: merge one into another, split one in two. What they decide binds the machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from opshub.engine.answering import answered_by_merge
from opshub.engine.deed import Asked, Deed, Done
from opshub.engine.merged import survivor
from opshub.engine.reading import find_idea, find_pieces, living
from opshub.engine.titles import as_item, in_own_words, new_idea, refuse_long
from opshub.engine.work import Work
from opshub.errors import UsageError
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref
from opshub.store.base import Store
from opshub.store.moments import micros
from opshub.store.rows import ActionKind

__all__ = ["begun", "merge", "split"]


def merge(work: Work, idea: str, into: str, asked: Asked) -> Done:
    """Make an idea part of another: its feedback, its tracked items and whatever comes for it later.

    UsageError where the two are one already; NotFoundError.
    """
    store = work.store
    one, (two, notes) = find_idea(store, idea), living(store, into)
    _refuse_joined(store, one, two, into)
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        moved, items = store.links_to(one.number), store.bound_to(one.number)
        refs = [link.feedback for link in moved]
        deed.watch(refs, items)
        deed.present = [link.feedback for link in store.links_to(two.number)]
        notes += _apart(deed, one, two, refs)
        notes += _items(deed, one, two, items)
        deed.link({link.feedback: _moved(deed, link, one, two) for link in moved})
        deed.merge(one.number, two.number)
        deed.breaches = [(breach.alert, micros(breach.since)) for breach in store.breaches([one.number])]
        for breach in store.breaches([one.number]):
            store.put_breach(breach._replace(idea=two.number))
        notes += deed.followed()
        action = deed.keep(ActionKind.MERGE, one.number, two.number)
        answered_by_merge(work, action, refs, deed.present)
    return Done(action, (*notes, *_left(store, one, two)))


def split(work: Work, idea: str, feedback: Sequence[str], asked: Asked, *, title: str = "") -> Done:
    """Begin an idea of its own with some feedback of an idea, which the machine brings together no more.

    UsageError where a piece belongs elsewhere, or nothing would be left; NotFoundError.
    """
    refuse_long(title)
    store = work.store
    one, notes = living(store, idea)
    pieces = find_pieces(store, one, feedback)
    rest = _rest(store, one, pieces)
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        refs = [piece.ref for piece in pieces]
        deed.watch(refs)
        two = begun(store.next_idea_number(), pieces, title)
        deed.idea(two)
        deed.apart([*((ref, one.number) for ref in refs), *((ref, two.number) for ref in rest)])
        deed.link({ref: deed.person(ref, two.number, f"split it off {one.id}") for ref in refs})
        notes += deed.followed()
        action = deed.keep(ActionKind.SPLIT, one.number, two.number, refs)
    return Done(action, tuple(notes))


def begun(number: int, pieces: Sequence[Feedback], title: str = "") -> Idea:
    """The new idea, called as a person says or as the oldest piece is."""
    first = min(pieces, key=lambda piece: (piece.created_at, piece.ref))
    idea = new_idea(number, first)
    return in_own_words(idea, title, pieces) if title else idea


def _rest(store: Store, one: Idea, pieces: Sequence[Feedback]) -> list[Ref]:
    """What is left of an idea without these; UsageError where nothing is."""
    rest = sorted({link.feedback for link in store.links_to(one.number)} - {piece.ref for piece in pieces})
    item = next(filter(None, map(store.item, store.bound_to(one.number))), None)
    if item is None and not any(store.feedback(ref) is not None for ref in rest):
        raise UsageError(
            f"nothing would be left of {one.id}: these are all its feedback",
            hint="name only what does not belong",
        )
    return rest


def _refuse_joined(store: Store, one: Idea, two: Idea, into: str) -> None:
    """UsageError where there is nothing to merge."""
    if one.number == two.number:
        named = find_idea(store, into)
        if named.number != one.number:
            raise UsageError(
                f"{named.id} was merged into {one.id}: they are one already",
                hint=f"to part them: opshub ideas undo {named.id}",
            )
        raise UsageError(
            f"{one.id} cannot be merged into itself", hint="name two ideas; see: opshub ideas list"
        )
    further = survivor(store, one.number)
    if further == two.number:
        raise UsageError(
            f"{one.id} was merged into {two.id} already", hint=f"see: opshub ideas history {one.id}"
        )
    if further != one.number:
        raise UsageError(
            f"{one.id} was merged into IDEA-{further} already",
            hint=f"to merge that: opshub ideas merge IDEA-{further} {two.id}",
        )


def _moved(deed: Deed, link: Link, one: Idea, two: Idea) -> Link:
    """What only a likeness had put there goes along by it: nobody said that it belongs."""
    if link.maker is LinkMaker.SIMILARITY:
        return replace(link, idea=two.number)
    return deed.person(link.feedback, two.number, f"merged {one.id} into it")


def _apart(deed: Deed, one: Idea, two: Idea, refs: Sequence[Ref]) -> list[str]:
    """Whose feedback was kept apart from the one is kept apart from both, unless the merge itself brings it there."""
    store, here = deed.work.store, {*refs, *deed.present}
    deed.apart((ref, two.number) for ref in store.apart_from(one.number) if ref not in here)
    moved = frozenset(refs)
    against = [ref for ref in store.apart_from(two.number) if ref in moved]
    deed.allow((ref, two.number) for ref in against)
    return [f"{ref} was kept apart from {two.id}; the merge outweighs that" for ref in against]


def _items(deed: Deed, one: Idea, two: Idea, items: Sequence[Ref]) -> Iterator[str]:
    """Give the tracked items over. The survivor's own stays the one that is written to; else it takes the other."""
    store = deed.work.store
    deed.bind(items, two.number)
    theirs = store.item(one.item) if one.item is not None else None
    ours = store.item(two.item) if two.item is not None else None
    if one.item is not None:
        deed.idea(replace(one, item=None))
    if theirs is None:
        return
    if ours is None:
        deed.idea(as_item(replace(two, item=theirs.ref), theirs))
        yield f"{theirs.key} is the tracked item of {two.id} now"
    else:
        yield (
            f"{theirs.key} now stands for {two.id} too; the hub writes to {ours.key} alone, "
            f"and leaves in {theirs.key} what it wrote: close it there as a duplicate"
        )


def _left(store: Store, one: Idea, two: Idea) -> Iterator[str]:
    """What people said of the merged idea that does not go over."""
    override = store.overrides([one.number]).get(one.number)
    if override is not None:
        yield (
            f"what {override.who} set for {one.id} until {override.day} does not count for {two.id}; "
            f"to set it there: opshub ideas override {two.id}"
        )
    goals = ", ".join(f'"{it.goal}"' for it in store.supports([one.number]))
    if goals:
        yield f"{one.id} was said to support {goals}; that does not count for {two.id}"
