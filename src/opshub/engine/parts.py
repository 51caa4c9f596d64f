"""Questions about a part of an idea: whether it belongs there, or to which other idea."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from opshub.engine.asking import settle
from opshub.engine.deed import Asked, Deed, Done
from opshub.engine.inquiry import PART, Choice, Inquiry, shared
from opshub.engine.merge import begun
from opshub.engine.parting import MOST, SECOND, alike_pairs, one_subject, spoken_of, still_there
from opshub.engine.reading import find_idea
from opshub.engine.work import Work
from opshub.errors import UsageError
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref
from opshub.store.alike import TwoFold
from opshub.store.base import Store
from opshub.store.rows import ActionKind

__all__ = ["part_of", "parts", "place"]

SEEN = 5
"""Pieces of a part that are shown: from its middle to its edge."""

MORE = 50
"""Parts that are read beyond those that are wanted."""

OTHERS = 2
"""Other ideas that it is offered."""


def parts(store: Store, limit: int) -> list[Inquiry]:
    """The parts that are worth most first, without those that a person has spoken of."""
    one = one_subject(store)
    # Some are left out below; the rest of those that are read makes up for them.
    rows = (row for row in store.twofold(limit + len(one) + MORE) if row.idea not in one)
    return list(islice((it for row in rows if (it := _inquiry(store, row)) is not None), limit))


def part_of(store: Store, name: str) -> Inquiry:
    """What is asked about the part of an idea that is named by both. UsageError where nobody is asked;
    NotFoundError."""
    idea = find_idea(store, name.partition("/")[0])
    row = store.twofold_of(idea.number)
    found = _inquiry(store, row) if row is not None and idea.number not in one_subject(store) else None
    if found is None or found.name.casefold() != name.casefold():
        raise UsageError(
            f"nobody is asked about that part of {idea.id}",
            hint=f"to split it: opshub ideas split {idea.id} FEEDBACK; what is asked: opshub review --list",
        )
    return found


def _inquiry(store: Store, row: TwoFold) -> Inquiry | None:
    """None where a person spoke of a piece, or nothing is left of the part or of the rest."""
    pieces, own = still_there(store, row), store.idea(row.idea)
    refs = tuple(piece.ref for piece in pieces)
    if own is None or not pieces or spoken_of(store, row.feedback):
        return None
    seen = tuple(_spread(pieces))
    rest = _rest(store, own, refs, seen[0])
    if rest is None:
        return None
    return Inquiry(
        name=f"{own.id}/{refs[0]}",
        kind=PART,
        feedback=seen[0],
        own=own,
        choices=(rest, *_others(store, own, refs, seen[0])),
        chance=1 - SECOND,
        worth=row.worth / 10_000,
        attached=True,
        moves=len(refs),
        seen=seen,
        pieces=refs,
    )


def place(work: Work, found: Inquiry, idea: Idea | None, asked: Asked) -> Done:
    """Say that a part belongs to an idea, its own or another one, or to none that there is.

    What was shown is bound by it. What was not, and only a likeness had put there, goes along by its likeness to those:
    it may still move where they lead it, since nobody read it.
    """
    store = work.store
    seen, own = [piece.ref for piece in found.seen], found.own.number
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        deed.watch(found.pieces)
        into = idea or begun(store.next_idea_number(), found.seen)
        if idea is None:
            deed.idea(into)
        stays = into.number == own
        deed.allow([(ref, into.number) for ref in seen])
        deed.apart([] if stays else [(ref, own) for ref in seen])
        deed.link(_links(deed, found, into.number))
        notes = deed.followed()
        refs = seen if stays else [*seen, *(ref for ref in found.pieces if ref not in seen)]
        action = (
            deed.keep(ActionKind.SPLIT, own, into.number, refs)
            if idea is None
            else deed.keep(ActionKind.LINK, into.number, own, refs)
        )
        settle(store, refs)
    return Done(action, tuple(notes))


def _links(deed: Deed, found: Inquiry, idea: int) -> dict[Ref, Link | None]:
    """The links of a part that goes to an idea; of one that stays, only those of what was shown."""
    seen, stays = {piece.ref for piece in found.seen}, idea == found.own.number
    made: dict[Ref, Link | None] = {}
    for ref, link in deed.work.store.links_of(found.pieces).items():
        if ref in seen or not (stays or link.maker is LinkMaker.SIMILARITY):
            made[ref] = deed.person(ref, idea, "linked it")
        elif not stays:
            reason = f"it lies with {found.feedback.ref}, which {deed.asked.who} linked on {deed.at:%Y-%m-%d}"
            made[ref] = replace(link, idea=idea, reason=reason)
    return made


def _spread(pieces: Sequence[Feedback]) -> list[Feedback]:
    """Some of the pieces, from the first to the last."""
    steps = min(SEEN, len(pieces)) - 1
    return [pieces[round(at * (len(pieces) - 1) / steps)] for at in range(steps + 1)] if steps else [*pieces]


def _rest(store: Store, own: Idea, refs: Sequence[Ref], middle: Feedback) -> Choice | None:
    """The idea without the part: which of its pieces lies nearest to that, and how near it lies on average."""
    rows, part = store.near_within(own.number, MOST), set(refs)
    best: dict[Ref, tuple[int, Ref]] = {}
    for pair, much in alike_pairs(rows).items():
        mine, theirs = sorted((rows[at].feedback for at in pair), key=lambda ref: ref not in part)
        if mine in part and theirs not in part and much > best.get(mine, (0, mine))[0]:
            best[mine] = (much, theirs)
    others = [row.feedback for row in rows if row.feedback not in part]
    if not others:
        return None
    nearest = max(best.values(), key=lambda it: it[0])[1] if best else others[0]
    piece = store.feedback(nearest)
    likeness = round(sum(much for much, _ in best.values()) / (10_000 * len(refs)), 4)
    voices = store.size_of(own.number) - len(refs)
    return Choice(own, likeness, piece, shared(middle, piece) if piece else (), voices)


def _others(store: Store, own: Idea, refs: Sequence[Ref], middle: Feedback) -> Iterator[Choice]:
    """The other ideas that the part resembles most, by the average of its pieces."""
    rows = sorted(store.resemblances_of(refs), key=lambda row: -row.likeness)
    links = store.links_of([row.nearest for row in rows])
    apart = {idea for ideas in store.apart(refs).values() for idea in ideas} | {own.number}
    sums: dict[int, int] = {}
    nearest: dict[int, Ref] = {}
    for row in rows:
        link = links.get(row.nearest)
        if link is not None and link.idea not in apart:
            sums[link.idea] = sums.get(link.idea, 0) + row.likeness
            nearest.setdefault(link.idea, row.nearest)
    best = sorted(sums, key=lambda idea: (-sums[idea], idea))[:OTHERS]
    known = {idea.number: idea for idea in store.ideas(best)}
    for number in best:
        piece = store.feedback(nearest[number])
        if piece is not None and number in known:
            likeness = round(sums[number] / (10_000 * len(refs)), 4)
            yield Choice(known[number], likeness, piece, shared(middle, piece), store.size_of(number))
