"""What people are asked, ready to be shown beside each other, and what their answers do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opshub.engine.answering import refuse
from opshub.engine.connection import Limits
from opshub.engine.deed import Asked, Done
from opshub.engine.inquiry import IDEA, PART, Choice, Inquiry, shared
from opshub.engine.learning import NEVER
from opshub.engine.merge import merge
from opshub.engine.parts import part_of, parts, place
from opshub.engine.questions import present
from opshub.engine.reading import find_feedback, find_idea, living
from opshub.engine.regroup import link, unlink
from opshub.engine.suggest import MergeSuggestion, look, merges_by_idea, merges_of, refused, tell_apart
from opshub.engine.suggest import refuse as refuse_merge
from opshub.engine.work import Work
from opshub.errors import UsageError
from opshub.model import Feedback, Idea, LinkMaker
from opshub.store.asked import Question, QuestionState, Verdict
from opshub.store.base import Store

__all__ = ["answer", "inquiries", "inquiry", "prepare"]

PROVING = 0.8
"""The share of a page of questions that is drawn by lot from what is nearly sure, so that it shows what may attach."""

LEADING = 0.8
"""The share that is drawn by lot from large ideas where nobody is waited for: each answer leads what lies near it."""

LARGE = 10
"""So many pieces has a large idea: of a smaller one every piece is near every other."""

NEARLY = 2
"""What is nearly sure is expected to be wrong so many times as often as is promised, at most."""


def prepare(work: Work, most: int | None = None, each: int = 100) -> bool:
    """Look at feedback that is new since, at ``most`` so many pieces; whether all was looked at."""
    left = most
    while not work.stopping() and (left is None or left > 0):
        if not look(work, each):
            return True
        left = None if left is None else left - each
    return False


def inquiries(store: Store, limit: int, kind: str = "", limits: Limits | None = None) -> list[Inquiry]:
    """What is asked, that first whose answer is worth most; what became pointless is left out.

    Whether two ideas are one is asked once, not for each of their pieces again. Where ``limits`` say that
    the hub learns from answers, a part of what is told is drawn by lot from what is nearly sure; where they say that it
    waits for nobody, from what was attached to large ideas.
    """
    joint = [_of_ideas(store, found) for found in merges_by_idea(store, limit) if found[0].pieces]
    apart = parts(store, limit) if kind in ("", PART) else []
    # A few are left out below; the rest of the page makes up for them.
    rows = store.open_questions(limit + 50, kind) if kind not in (IDEA, PART) else []
    settled = {pair for it in joint for pair in _pairs(it)} | refused(store)
    found = (_inquiry(store, question, about - 1) for question, about in rows)
    single = [it for it in found if it is not None and (it.attached or _pairs(it)[0] not in settled)]
    whole = [*(joint if kind in ("", IDEA) else ()), *apart]
    wanted = sorted([*whole, *single], key=lambda it: -it.worth)
    lots = [it for it in _drawn(store, limit, kind, limits) if it.attached or _pairs(it)[0] not in settled]
    share = PROVING if limits is not None and limits.similar == "learn" else LEADING
    drawn = {it.name: it for it in lots[: int(limit * share)]}
    others = [it for it in wanted if it.name not in drawn][: limit - len(drawn)]
    return sorted([*others, *drawn.values()], key=lambda it: -it.worth)


def _drawn(store: Store, limit: int, kind: str, limits: Limits | None) -> Iterator[Inquiry]:
    """Questions about what may be sure soon, or is, and about members of large ideas: what is asked for its worth tells
    little about these."""
    if limits is None or limits.similar == "suggest" or kind in (IDEA, PART):
        return
    learns = limits.similar == "learn"
    likely = round(1 - NEARLY * (1 - limits.attach), 6) if learns else 0.0
    for question, about in store.drawn_questions(likely, limit, kind, NEVER, 1 if learns else LARGE):
        found = _inquiry(store, question, about - 1)
        if found is not None:
            yield found


def _pairs(it: Inquiry) -> list[tuple[int, int]]:
    """The two ideas that each choice would bring together, the older first."""
    own = it.own.number
    return [(min(own, one.idea.number), max(own, one.idea.number)) for one in it.choices]


def _of_ideas(store: Store, found: Sequence[MergeSuggestion]) -> Inquiry:
    """Whether an idea is part of another, and of which; the piece that is shown of it is nearest to the first."""
    first = found[0]
    mine = _nearest_two(store, first)[0]
    choices = []
    for it in found:
        own, near = _nearest_two(store, it) if it.pieces else (mine, None)
        choices.append(Choice(it.into, it.likeness, near, shared(own, near) if near else (), it.voices[1]))
    return Inquiry(
        name=first.idea.id,
        kind=IDEA,
        feedback=mine,
        own=first.idea,
        choices=tuple(choices),
        chance=first.likeness,
        worth=first.worth,
        moves=first.voices[0] + len(store.bound_to(first.idea.number)),
    )


def _nearest_two(store: Store, it: MergeSuggestion) -> tuple[Feedback, Feedback]:
    """The nearest two pieces, that of the idea first."""
    one, two = it.pieces[0]
    return (one, two) if _in(store, one, it.idea) else (two, one)


def _in(store: Store, piece: Feedback, idea: Idea) -> bool:
    link = store.links_of([piece.ref]).get(piece.ref)
    return link is not None and link.idea == idea.number


def inquiry(store: Store, name: str) -> Inquiry:
    """What is asked about a piece of feedback, about an idea or part of one. UsageError where nobody is asked;
    NotFoundError."""
    if name.upper().startswith("IDEA-") and "/" in name:
        return part_of(store, name)
    if name.upper().startswith("IDEA-"):
        return _about_idea(store, name)
    ref = find_feedback(store, name).ref
    question = store.questions([ref]).get(ref)
    open_ = question is not None and question.state is QuestionState.OPEN
    found = _inquiry(store, question) if question is not None and open_ else None
    if found is None:
        link = store.links_of([ref]).get(ref)
        where = f"it belongs to IDEA-{link.idea}: {link.reason}" if link else "it belongs to no idea"
        done = question is not None and question.state is QuestionState.ANSWERED
        what = "somebody answered that already" if done else f"nobody is asked about {ref}"
        raise UsageError(
            f"{what}; {where}",
            hint=f"to put it elsewhere: opshub ideas link {ref} IDEA; what is asked: opshub review --list",
        )
    return found


def _about_idea(store: Store, name: str) -> Inquiry:
    idea = find_idea(store, name)
    found = merges_of(store, idea.number)
    if not found or not found[0].pieces:
        raise UsageError(
            f"nobody is asked whether {idea.id} is part of another idea",
            hint=f"to merge it: opshub ideas merge {idea.id} IDEA; what is asked: opshub review --list",
        )
    return _of_ideas(store, found)


def _inquiry(store: Store, question: Question, about: int = 0) -> Inquiry | None:
    feedback = store.feedback(question.feedback)
    link = store.links_of([question.feedback]).get(question.feedback)
    if feedback is None or link is None or link.maker not in (LinkMaker.SAME, LinkMaker.SIMILARITY):
        return None
    offers = present(store, question)
    ideas = {idea.number: idea for idea in store.ideas([link.idea, *(it.idea for it in offers)])}
    attached = link.maker is LinkMaker.SIMILARITY
    voices = {it.idea: store.size_of(it.idea) for it in offers}
    if not offers or (attached and voices[link.idea] < 2):
        return None
    choices = [
        Choice(ideas[it.idea], it.likeness, store.feedback(it.nearest), it.shared, voices[it.idea])
        for it in offers
        if it.idea in ideas
    ]
    moves = 1 if attached else store.size_of(link.idea) + len(store.bound_to(link.idea))
    return Inquiry(
        name=str(feedback.ref),
        kind=question.kind,
        feedback=feedback,
        own=ideas[link.idea],
        choices=tuple(choices),
        chance=question.chance,
        worth=round(question.worth * question.pieces, 4),
        attached=attached,
        moves=moves,
        guards=question.guards,
        about=about,
    )


def answer(
    work: Work, name: str, said: str, asked: Asked, shown: str = "", pieces: Sequence[str] = ()
) -> Done:
    """Do what an answer means: ``yes``, ``no``, ``new``, or the idea that it belongs to. UsageError; NotFoundError.

    ``shown`` is the first idea that the person saw, ``pieces`` those of a part; UsageError where others are meant
    by now.
    """
    store, word = work.store, said.strip().casefold()
    found = inquiry(store, name)
    first = found.choices[0].idea
    if shown and first.id != shown:
        raise UsageError(
            f"about {name} {first.id} is offered by now, not {shown}; nothing was done",
            hint=f"to see it: opshub review --list; to answer anyway: opshub review answer {name} {said}",
        )
    if pieces and [*map(str, found.pieces)] != [*pieces]:
        raise UsageError(
            f"{name} holds other pieces by now; nothing was done",
            hint=f"to see them: opshub review --kind part; to answer anyway: opshub review answer {name} {said}",
        )
    if word == "yes":
        return _join(work, found, first.id, asked)
    if word not in ("no", "new"):
        into, _ = living(store, said)
        if into.number == found.own.number and not found.attached:
            raise UsageError(
                f"{found.name} is in {into.id} already"
                if not found.joint
                else f"{into.id} is the idea itself",
                hint=f"to leave it as it is: opshub review answer {found.name} new",
            )
        return _join(work, found, into.id, asked)
    return _keep_out(work, found, word, asked)


def _keep_out(work: Work, found: Inquiry, word: str, asked: Asked) -> Done:
    """Keep it out of the first of the choices, or with ``new`` out of all of them."""
    offered = [choice.idea.number for choice in found.choices]
    if found.pieces:
        return place(work, found, None, asked)
    if found.joint:
        if word == "new" and len(offered) > 1:
            return tell_apart(work, found.own.number, offered, asked)
        return refuse_merge(work, [found.own.id, found.choices[0].idea.id], asked)
    ref = found.feedback.ref
    if found.attached:
        return unlink(work, str(ref), asked)
    verdict, ideas = (Verdict.NO, offered[:1]) if word == "no" else (Verdict.NEW, offered)
    return refuse(work, ref, ideas, asked, verdict)


def _join(work: Work, found: Inquiry, idea: str, asked: Asked) -> Done:
    """Move the piece; where others or a tracked item are with it in the idea that it began, the whole idea."""
    if found.pieces:
        return place(work, found, find_idea(work.store, idea), asked)
    if not found.joint and (found.moves == 1 or found.attached):
        return link(work, str(found.feedback.ref), idea, asked)
    return merge(work, found.own.id, idea, asked)
