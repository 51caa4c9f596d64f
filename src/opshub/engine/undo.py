"""Taking back what a person did: exactly the rows that the action changed, as far as the world has not moved on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from opshub.engine.answering import take_back
from opshub.engine.deed import Asked, Deed, Done
from opshub.engine.match import stated
from opshub.engine.moving import ask_again
from opshub.engine.past import ALERTS
from opshub.engine.reading import find_idea
from opshub.engine.stretches import SAYS_THE_SAME, mark_of
from opshub.engine.titles import as_item
from opshub.engine.work import Work
from opshub.errors import NotFoundError, UsageError
from opshub.model import Idea, Link, LinkMaker, Ref
from opshub.store.base import Store
from opshub.store.moments import micros
from opshub.store.rows import Action, ActionKind

__all__ = ["history", "undo"]

PAGE = 50
"""Actions that are looked at together, the newest first."""


def history(store: Store, idea: str) -> list[tuple[Action, int]]:
    """What people did to an idea, oldest first: (action, number of the action that undid it or 0). NotFoundError."""
    actions = store.actions_naming([find_idea(store, idea).id])
    actions += _undoing(store, actions)
    undone = store.undone([action.number for action in actions])
    unique = {action.number: action for action in actions}
    return [(unique[number], undone.get(number, 0)) for number in sorted(unique)]


def _undoing(store: Store, actions: Sequence[Action]) -> list[Action]:
    """The actions that undid these."""
    numbers = store.undone([action.number for action in actions]).values()
    return [found for found in map(store.action, numbers) if found is not None]


def undo(work: Work, what: str | None, asked: Asked) -> Done:
    """Take back an action by its number, the last one that touched an idea, or the last of all.

    UsageError, naming what is to be undone first, where a later action stands on it.
    """
    action = _chosen(work.store, what)
    _refuse_covered(work.store, action)
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        deed.watch([change.feedback for change in action.links], [change.item for change in action.bindings])
        notes = _restore(deed, action)
        undoing = deed.keep(ActionKind.UNDO, action.idea, action.other, action.feedback, undoes=action.number)
        take_back(work, action, undoing)
    return Done(undoing, tuple(notes))


def _chosen(store: Store, what: str | None) -> Action:
    """The action that is meant; UsageError where it cannot be undone at all."""
    if what is not None and what.strip().isascii() and what.strip().isdigit() and len(what) < 16:
        found = store.action(int(what))
        if found is None:
            raise NotFoundError(
                f"there is no action {what.strip()}", hint="they are listed by: opshub ideas history IDEA"
            )
        return _undoable(store, found)
    if what is None:
        return _last(store)
    idea = find_idea(store, what)
    there = [action for action, undone in history(store, idea.id) if not undone]
    mine = [action for action in there if action.kind is not ActionKind.UNDO]
    if not mine:
        raise NotFoundError(
            f"nobody did anything to {idea.id} that can be undone", hint=f"see: {_SEE} {idea.id}"
        )
    return mine[-1]


_SEE = "opshub ideas history"


def _last(store: Store) -> Action:
    """The newest action that is in force."""
    limit = PAGE
    while True:
        actions = store.last_actions(limit)
        undone = store.undone([action.number for action in actions])
        for action in actions:
            if action.kind is not ActionKind.UNDO and action.number not in undone:
                return action
        if len(actions) < limit:
            raise NotFoundError("there is nothing to undo", hint=f"see: {_SEE} IDEA")
        limit *= 4


def _undoable(store: Store, action: Action) -> Action:
    if action.kind is ActionKind.UNDO:
        undone = store.action(action.undoes)
        told = f": {undone.told()}" if undone else ""
        raise UsageError(
            f"action {action.number} itself undid action {action.undoes}{told}",
            hint="to have that again, do it again",
        )
    by = store.undone([action.number]).get(action.number)
    if by is not None:
        raise UsageError(
            f"action {action.number} was undone already, by action {by}",
            hint=f"see: {_SEE} IDEA-{action.idea}",
        )
    return action


def _refuse_covered(store: Store, action: Action) -> None:
    """UsageError where a later action, still in force, changed a row that this one changed, or merged its idea away."""
    later = store.actions_naming(list(action.names()), action.number)
    undone = store.undone([it.number for it in later])
    mine, ideas = _rows(action), _needed(action)
    for it in reversed(later):
        if it.kind is ActionKind.UNDO or it.number in undone:
            continue
        if not mine.isdisjoint(_rows(it)) or (it.kind is ActionKind.MERGE and it.idea in ideas):
            raise UsageError(
                f"action {action.number} cannot be undone before action {it.number}, which stands on it: {it.told()}",
                hint=f"undo that first: opshub ideas undo {it.number}",
            )


def _rows(action: Action) -> set[tuple[object, ...]]:
    """The names of the rows that an action changed."""
    rows: set[tuple[object, ...]] = {("link", change.feedback) for change in action.links}
    rows |= {("apart", *row) for row in (*action.apart, *action.allowed)}
    rows |= {("bound", change.item) for change in action.bindings}
    rows |= {("merged", action.idea)} if action.kind is ActionKind.MERGE else set()
    return rows | {("idea", change.after.number) for change in action.ideas if change.before is not None}


def _needed(action: Action) -> set[int]:
    """Ideas that must be there for the action to be undone."""
    before = {change.before.idea for change in action.links if change.before is not None}
    return before | {change.after.number for change in action.ideas} | ({action.other, *action.others} - {0})


def _restore(deed: Deed, action: Action) -> list[str]:
    """Put every row back, then let the machine look again at what names other things than it did; what to tell."""
    store, notes = deed.work.store, [*_ideas(deed, action)]
    deed.allow(action.apart)
    deed.apart(action.allowed)
    deed.link({change.feedback: change.before for change in action.links})
    gone = [change.feedback for change in action.links if store.feedback(change.feedback) is None]
    notes += [f"{ref} is gone meanwhile; should it come back, it counts where it did before" for ref in gone]
    moved = _renamed(deed, action)
    notes += [
        f"{link.feedback} went on to IDEA-{link.idea}, which it names since: {link.reason}" for link in moved
    ]
    followed = [*deed.follow(), *_same_texts(deed, action), *_ruled(deed, action)]
    notes += [f"{link.feedback} follows to IDEA-{link.idea}: {link.reason}" for link in followed]
    return [*notes, *_staying(store, action)]


def _ideas(deed: Deed, action: Action) -> Iterator[str]:
    """Put tracked items, titles and alerts back where they were; tell where something else came meanwhile."""
    store = deed.work.store
    if action.kind is ActionKind.MERGE:
        store.drop_merged(action.idea)
    if action.kind is ActionKind.REFUSE and not action.feedback:
        for other in (action.other, *action.others):
            one, two = sorted((action.idea, other)) if other else (action.idea, 0)
            store.drop_refusal(one, two)
    bound = store.ideas_of_items([change.item for change in action.bindings])
    back = [change for change in action.bindings if bound.get(change.item) == change.after]
    for number in dict.fromkeys(change.before for change in back):
        deed.bind([change.item for change in back if change.before == number], number)
    for breach in store.breaches([action.other] if action.breaches else []):
        if (breach.alert, micros(breach.since)) in action.breaches:
            store.put_breach(breach._replace(idea=action.idea))
    for change in action.ideas:
        now = store.idea(change.after.number)
        if change.before is None or now is None:
            continue
        if now.item == change.after.item:
            deed.idea(_titled(store, change.before))
        elif now.item is not None:
            item = store.item(now.item)
            yield f"{item.key if item else now.item} was made for {now.id} meanwhile, and stays with it"
    yield from _made_late(deed, action)


def _made_late(deed: Deed, action: Action) -> Iterator[str]:
    """Give back tracked items that the hub had asked for before the merge and that came after it."""
    store, marker = deed.work.store, f"IDEA-{action.idea}"
    there = (
        [store.item(ref) for ref in store.bound_to(action.other)] if action.kind is ActionKind.MERGE else []
    )
    for item in there:
        one, two = store.idea(action.idea), store.idea(action.other)
        if item is None or item.marker != marker or one is None or two is None:
            continue
        if two.item == item.ref:
            deed.idea(replace(two, item=None))
        deed.bind([item.ref], one.number)
        if one.item is None:
            deed.idea(_titled(store, replace(one, item=item.ref)))
        yield f"{item.key}, which was made for {marker}, goes back to it"


def _titled(store: Store, before: Idea) -> Idea:
    """The idea as it was, with the title that its tracked item has by now."""
    item = store.item(before.item) if before.item is not None else None
    return before if item is None else as_item(before, item)


def _same_texts(deed: Deed, action: Action) -> list[Link]:
    """Move what came later because it says the same as a piece that went back."""
    store, begun = deed.work.store, {it.after.number for it in action.ideas if it.before is None}
    if action.kind is not ActionKind.MERGE and action.other not in begun:
        return []
    known = {*action.present, *deed.links}
    there = [link for link in store.links_to(action.other) if link.feedback not in known]
    pieces = [store.feedback(link.feedback) for link in there if link.maker is LinkMaker.SAME]
    marks = {piece.ref: mark_of(piece) for piece in pieces if piece is not None}
    ideas = store.same_text(sorted({mark for mark in marks.values() if mark}))
    back = [ref for ref, mark in marks.items() if ideas.get(mark) == action.idea]
    moved = {
        ref: Link(feedback=ref, idea=action.idea, maker=LinkMaker.SAME, reason=SAYS_THE_SAME) for ref in back
    }
    deed.link(moved)
    return list(moved.values())


def _ruled(deed: Deed, action: Action) -> list[Link]:
    """Move what match blocks brought to the survivor of a merge meanwhile, and ask what was ruled before once more."""
    store, before = deed.work.store, [change.before for change in action.links]
    ruled = [link.feedback for link in before if link is not None and link.maker is LinkMaker.RULE]
    if any(ref.connection != ALERTS for ref in ruled):
        ask_again(store)
    if action.kind is not ActionKind.MERGE:
        return []
    there = [it.feedback for it in store.links_to(action.other) if it.maker is LinkMaker.RULE]
    pieces = [store.feedback(ref) for ref in there if ref not in deed.links]
    named = stated(deed.work, [piece for piece in pieces if piece is not None])
    moved = {ref: link for ref, link in named.items() if link.idea != action.other}
    deed.link(moved)
    return list(moved.values())


def _staying(store: Store, action: Action) -> Iterator[str]:
    """What came meanwhile to the idea that was begun, or that survived, and stays there."""
    begun = {it.after.number for it in action.ideas if it.before is None}
    if action.kind is not ActionKind.MERGE and action.other not in begun:
        return
    known = {*action.present, *(change.feedback for change in action.links)}
    stay = [link.feedback for link in store.links_to(action.other) if link.feedback not in known]
    if stay:
        more = f" and {len(stay) - 5} more" if len(stay) > 5 else ""
        yield f"came later and stays with IDEA-{action.other}: {', '.join(map(str, stay[:5]))}{more}"
    items = [item for item in map(store.item, store.bound_to(action.other)) if item is not None]
    if action.other in begun and items:
        yield (
            f"IDEA-{action.other} stays, with {items[0].key}, which was made for it meanwhile; "
            f"to join them: opshub ideas merge IDEA-{action.other} IDEA-{action.idea}"
        )


def _renamed(deed: Deed, action: Action) -> list[Link]:
    """Move restored feedback that by now names another idea than it did when the action was done."""
    then: dict[Ref, int] = {
        change.feedback: change.stated
        for change in action.links
        if change.before is None or change.before.maker is not LinkMaker.PERSON
    }
    pieces = [it for it in map(deed.work.store.feedback, then) if it is not None]
    named = stated(deed.work, pieces)
    moved = {ref: link for ref, link in named.items() if link.idea != then[ref]}
    deed.link(moved)
    return list(moved.values())
