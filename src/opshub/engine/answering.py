"""Answers to what was asked, whoever gives them where: in a review, or by linking, unlinking and merging by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from opshub.engine.asking import settle
from opshub.engine.deed import Asked, Deed, Done
from opshub.engine.learning import learn
from opshub.engine.likeness import Judge
from opshub.engine.questions import present, state_of
from opshub.engine.work import Work
from opshub.errors import UsageError
from opshub.model import LinkMaker, Ref
from opshub.store.asked import Answer, Question, QuestionState, Verdict
from opshub.store.base import Store
from opshub.store.rows import Action, ActionKind

__all__ = ["answered", "answered_by_merge", "refuse", "take_back"]


def answered(work: Work, action: Action, meant: Mapping[Ref, int]) -> None:
    """A person said to which idea each piece belongs, 0 for not to the one where it was.

    Where that was asked, it is an answer; where it was not, nobody needs to be asked any more. Inside the action's own
    transaction.
    """
    before = {change.feedback: change.before for change in action.links}
    for ref, question in work.store.questions(list(meant)).items():
        was, idea = before.get(ref), meant[ref]
        checks = was is not None and was.maker is LinkMaker.SIMILARITY
        offered = was.idea if was is not None and checks else _offered(work.store, question)
        if question.state is QuestionState.OPEN and (idea or checks):
            verdict = Verdict.NO if not idea else Verdict.YES if idea == offered else Verdict.OTHER
            _keep(work, action, question, verdict, offered, idea)
    settle(work.store, meant)


def _offered(store: Store, question: Question) -> int:
    """The idea that the first offer means now: the one that its nearest piece belongs to."""
    if not question.offers:
        return 0
    first = question.offers[0]
    link = store.links_of([first.nearest]).get(first.nearest)
    return link.idea if link is not None else first.idea


def answered_by_merge(work: Work, action: Action, moved: Collection[Ref], there: Collection[Ref]) -> None:
    """The same of two ideas that a person made one: for the pieces that began either of them."""
    store, one, two, moved = work.store, action.idea, action.other, frozenset(moved)
    for ref, question in store.questions([*moved, *there]).items():
        began = question.linked == (one if ref in moved else two) and bool(question.offers)
        if question.state is not QuestionState.OPEN or not began:
            continue
        first = question.offers[0].nearest
        offered = one if first in moved else _offered(store, question)
        if offered == (two if ref in moved else one):
            _keep(work, action, question, Verdict.YES, offered, two)
        elif ref in moved and offered != one:
            _keep(work, action, question, Verdict.OTHER, offered, two)
    settle(store, moved)


def refuse(work: Work, feedback: Ref, ideas: Sequence[int], asked: Asked, verdict: Verdict) -> Done:
    """Say that a piece of feedback belongs to none of these ideas; the machine never links it to them."""
    store = work.store
    question = store.questions([feedback]).get(feedback)
    if question is None or question.state is not QuestionState.OPEN or not ideas:
        raise UsageError(f"nobody is asked about {feedback}", hint="what is asked: opshub review --list")
    with work.commit("match"):
        deed = Deed(work, asked, work.clock.now())
        deed.apart([(feedback, idea) for idea in ideas])
        action = deed.keep(ActionKind.REFUSE, ideas[0], 0, [feedback])
        _keep(work, action, question, verdict, ideas[0], 0)
    return Done(action)


def _keep(work: Work, action: Action, question: Question, verdict: Verdict, offered: int, idea: int) -> None:
    """Keep the answer, with what was expected before it, and learn from it."""
    store, judge = work.store, Judge.of(work)
    if question.model == judge.model:
        weighed = judge.expected(question)
        answer = Answer(
            number=store.next_answer(),
            feedback=question.feedback,
            kind=question.kind,
            model=question.model,
            at=action.at,
            who=action.who,
            verdict=verdict,
            offered=offered,
            idea=idea,
            logit=question.logit,
            margin=question.margin,
            chance=weighed.chance,
            version=weighed.version,
            guarded=bool(question.guards) or question.pieces > 1,
            action=action.number,
        )
        store.put_answer(answer)
    store.put_questions([replace(question, state=QuestionState.ANSWERED)])
    learn(work, question.kind, question.model)


def take_back(work: Work, action: Action, undoing: Action) -> None:
    """An action was undone: its answers count no more, and what they answered is asked again."""
    store = work.store
    gone = store.answers_by(action.number)
    store.withdraw_answers(action.number, undoing.number)
    refs = {*action.feedback, *(change.feedback for change in action.links), *(it.feedback for it in gone)}
    links, known = store.links_of(sorted(refs)), store.questions(sorted(refs))
    withdrawn, judge = {it.feedback for it in gone}, Judge.of(work)
    for ref, question in known.items():
        link = links.get(ref)
        if link is None or link.maker not in (LinkMaker.SAME, LinkMaker.SIMILARITY):
            continue
        if ref in withdrawn:
            state = QuestionState.OPEN if present(store, question) else question.state
            store.put_questions([replace(question, state=state)])
        elif question.state is QuestionState.SETTLED:
            store.put_questions([replace(question, state=state_of(judge, question, link))])
    for kind, model in sorted({(it.kind, it.model) for it in gone}):
        learn(work, kind, model)
