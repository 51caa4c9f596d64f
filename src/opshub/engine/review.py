"""What people are asked, ready to be shown beside each other, and what their answers do."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from opshub.engine.answering import refuse
from opshub.engine.asking import ask, present
from opshub.engine.deed import Asked, Done
from opshub.engine.merge import merge
from opshub.engine.reading import find_feedback, living
from opshub.engine.regroup import link, unlink
from opshub.engine.work import Work
from opshub.errors import UsageError
from opshub.model import Feedback, Idea, LinkMaker
from opshub.store.asked import Question, QuestionState, Verdict
from opshub.store.base import Store

__all__ = ["Choice", "Inquiry", "answer", "inquiries", "inquiry", "prepare"]


@dataclass(frozen=True, slots=True)
class Choice:
    """An idea that is offered: its nearest piece, what it shares, and how many voices it has."""

    idea: Idea
    likeness: float
    nearest: Feedback | None
    shared: tuple[str, ...]
    voices: int


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A question with all that a person needs to answer it. ``about`` other questions concern the same idea."""

    question: Question
    feedback: Feedback
    own: Idea
    choices: tuple[Choice, ...]
    attached: bool
    """Whether a likeness put it into the first of the ideas, and the question is whether that was right."""
    moves: int = 1
    """The pieces and tracked items that a yes moves: with more than one the whole idea goes."""
    about: int = 0

    @property
    def worth(self) -> float:
        """What the order of questions goes by: nearness to the promise times the pieces that a yes moves."""
        return round(self.question.worth * self.question.pieces, 4)


def prepare(work: Work, most: int | None = None, each: int = 100) -> bool:
    """Look at feedback that is new since, at ``most`` so many pieces; whether all was looked at."""
    left = most
    while not work.stopping() and (left is None or left > 0):
        if not ask(work, each):
            return True
        left = None if left is None else left - each
        work.watch.stage("ask", 1)
    return False


def inquiries(store: Store, limit: int, kind: str = "") -> list[Inquiry]:
    """Open questions, those first whose answer is worth most; those that became pointless are left out."""
    # A few are left out below; the rest of the page makes up for them.
    rows = store.open_questions(limit + 50, kind)
    found = (_inquiry(store, question, about - 1) for question, about in rows)
    return list(islice((it for it in found if it is not None), limit))


def inquiry(store: Store, name: str) -> Inquiry:
    """The open question about a piece of feedback. UsageError where nobody is asked; NotFoundError."""
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


def _inquiry(store: Store, question: Question, about: int = 0) -> Inquiry | None:
    feedback = store.feedback(question.feedback)
    link = store.links_of([question.feedback]).get(question.feedback)
    if feedback is None or link is None or link.maker not in (LinkMaker.SAME, LinkMaker.SIMILARITY):
        return None
    offers = present(store, question)
    ideas = {idea.number: idea for idea in store.ideas([link.idea, *(it.idea for it in offers)])}
    attached = link.maker is LinkMaker.SIMILARITY
    voices = {it.idea: len(store.links_to(it.idea)) for it in offers}
    if not offers or (attached and voices[link.idea] < 2):
        return None
    choices = [
        Choice(ideas[it.idea], it.likeness, store.feedback(it.nearest), it.shared, voices[it.idea])
        for it in offers
        if it.idea in ideas
    ]
    moves = 1 if attached else len(store.links_to(link.idea)) + len(store.bound_to(link.idea))
    return Inquiry(question, feedback, ideas[link.idea], tuple(choices), attached, moves, about)


def answer(work: Work, feedback: str, said: str, asked: Asked) -> Done:
    """Do what an answer means: ``yes``, ``no``, ``new``, or the idea that it belongs to. UsageError; NotFoundError."""
    store, word = work.store, said.strip().casefold()
    found = inquiry(store, feedback)
    ref, first = found.feedback.ref, found.choices[0].idea
    if word == "yes":
        return _join(work, found, first.id, asked)
    if word not in ("no", "new"):
        into, _ = living(store, said)
        if into.number == found.own.number and not found.attached:
            raise UsageError(
                f"{ref} is in {into.id} already", hint=f"to leave it there: opshub review answer {ref} new"
            )
        return _join(work, found, into.id, asked)
    if found.attached:
        return unlink(work, str(ref), asked)
    shown = [choice.idea.number for choice in found.choices]
    verdict, ideas = (Verdict.NO, shown[:1]) if word == "no" else (Verdict.NEW, shown)
    return refuse(work, ref, ideas, asked, verdict)


def _join(work: Work, found: Inquiry, idea: str, asked: Asked) -> Done:
    """Move the piece; where others or a tracked item are with it in the idea that it began, the whole idea."""
    if found.moves == 1 or found.attached:
        return link(work, str(found.feedback.ref), idea, asked)
    return merge(work, found.own.id, idea, asked)
