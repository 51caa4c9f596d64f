"""What people do by hand to the feedback of ideas: link and unlink. What they decide binds the machine."""

from __future__ import annotations

from opshub.engine.answering import answered
from opshub.engine.deed import Asked, Deed, Done
from opshub.engine.match import stated, wordless
from opshub.engine.reading import find_feedback, living
from opshub.engine.titles import new_idea
from opshub.engine.work import Work
from opshub.errors import UsageError
from opshub.model import Feedback, Link, LinkMaker, Ref
from opshub.store.base import Store
from opshub.store.rows import ActionKind

__all__ = ["link", "unlink"]


def link(work: Work, feedback: str, idea: str, asked: Asked) -> Done:
    """Say that a piece of feedback belongs to an idea. UsageError where a person said so already; NotFoundError."""
    store = work.store
    ref, into, notes = find_feedback(store, feedback).ref, *living(store, idea)
    old = store.links_of([ref]).get(ref)
    if old is not None and old.idea == into.number and old.maker is LinkMaker.PERSON:
        raise UsageError(
            f"{ref} belongs to {into.id} already: {old.reason}", hint=f"see: opshub ideas why-linked {ref}"
        )
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        deed.watch([ref])
        deed.allow([(ref, into.number)])
        deed.link({ref: deed.person(ref, into.number, "linked it")})
        moved = deed.follow()
        action = deed.keep(ActionKind.LINK, into.number, old.idea if old else 0, [ref])
        answered(work, action, {ref: into.number})
    return Done(action, (*notes, *_told(moved)))


def unlink(work: Work, feedback: str, asked: Asked) -> Done:
    """Say that a piece of feedback does not belong to its idea. UsageError where it stands alone; NotFoundError.

    It goes where else it says that it belongs, or begins an idea of its own. Nothing that is left follows it there but
    what only a likeness had put beside it.
    """
    store = work.store
    piece = find_feedback(store, feedback)
    old = store.links_of([piece.ref]).get(piece.ref)
    if old is None:
        raise UsageError(
            f"{piece.ref} belongs to no idea", hint=f"to link it: opshub ideas link {piece.ref} IDEA"
        )
    others = [it for it in store.links_to(old.idea) if it.feedback != piece.ref]
    _refuse_alone(store, piece.ref, old, [it.feedback for it in others])
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        deed.watch([piece.ref])
        deed.apart([(piece.ref, old.idea)])
        new = stated(work, [piece]).get(piece.ref) or _own_idea(deed, piece, old.idea)
        if new is not None and any(change.after.number == new.idea for change in deed.ideas):
            firm = [it.feedback for it in others if it.maker is not LinkMaker.SIMILARITY]
            deed.apart([(ref, new.idea) for ref in firm])
        deed.link({piece.ref: new})
        moved = deed.follow()
        action = deed.keep(ActionKind.UNLINK, old.idea, new.idea if new else 0, [piece.ref])
        answered(work, action, {piece.ref: 0})
    return Done(action, tuple(_told(moved)))


def _own_idea(deed: Deed, piece: Feedback, left: int) -> Link | None:
    """A new idea for a piece that leaves one; none for a bare rating, which begins no idea."""
    if wordless(piece):
        return None
    number = deed.work.store.next_idea_number()
    deed.idea(new_idea(number, piece))
    reason = f"it stands alone since {deed.asked.who} unlinked it from IDEA-{left}"
    return Link(feedback=piece.ref, idea=number, maker=LinkMaker.SAME, reason=reason)


def _refuse_alone(store: Store, ref: Ref, old: Link, others: list[Ref]) -> None:
    """UsageError where the idea would be left with nothing."""
    item = next(filter(None, map(store.item, store.bound_to(old.idea))), None)
    if item is None and not any(store.feedback(other) is not None for other in others):
        raise UsageError(
            f"{ref} stands alone in IDEA-{old.idea}: there is nothing to unlink it from",
            hint=f"to put it elsewhere: opshub ideas link {ref} IDEA",
        )


def _told(moved: list[Link]) -> list[str]:
    return [f"{link.feedback} follows it to IDEA-{link.idea}: {link.reason}" for link in moved]
