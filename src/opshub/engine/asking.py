"""The step behind the seven stages: what a likeness says of feedback that began an idea by itself, or was attached.

It goes over new and changed feedback by its own mark, in batches that a kill leaves whole or not begun; a change of the
matcher's model begins it anew. Nothing that a person, a key, a rule or the same text decided is touched or asked about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opshub.engine.blocks import Blocks
from opshub.engine.encoding import encode
from opshub.engine.indexing import index
from opshub.engine.learning import learn
from opshub.engine.likeness import Judge, by_likeness, offer
from opshub.engine.parting import look_at_all, near
from opshub.engine.questions import attached, present, state_of
from opshub.engine.voting import (
    ASKED_WITH,
    LOOKED_AT,
    Voter,
    alone,
    by_itself,
    following,
    free,
    judged_by,
    pieces_of,
    vote,
    voter,
)
from opshub.engine.work import Work
from opshub.matching import Candidate, Votes
from opshub.model import Feedback, Link, LinkMaker, Ref
from opshub.store.alike import Resemblance, put_right
from opshub.store.asked import Offer, Question, QuestionState
from opshub.store.base import Store
from opshub.store.rows import Seen

__all__ = ["OFFERED", "ask", "ask_anew", "begin_again", "look_again", "settle"]

RESEMBLING = 5
"""Resemblances that are kept of a piece, each to another idea."""

LEAST = 0.2
"""The likeness from which one is kept."""

OFFERED = 3
"""Ideas that a person is shown beside the text."""

_MANY = 100
"""So many times as many pieces count as any more: what one answer puts right hardly grows beyond."""

_MARK = "asking"
_VOTES = "asking.votes"
"""The mark of the feedback with which a look at everything ends: as far as that all votes are cast again."""

_ROUNDS = "asking.rounds"
"""The mark of how many more times all votes may be cast."""

_MOVED = "asking.moved"
"""The mark of how many pieces the votes of this round have moved."""

ROUNDS = 3
"""So often all votes are cast at most: what moves lets its neighbours move, farther with each round."""

FEW = 100
"""One of so many pieces that moves is too little for another round."""

_DONE_BY_PEOPLE = "asking.actions"
"""The mark of the last action behind which what lies near has voted."""

_FOLLOWED = 10
"""Pieces of one action around which others vote again; where more were placed at once, they outweigh the rest."""

_DONE = (QuestionState.ANSWERED, QuestionState.SETTLED)


def ask(work: Work, limit: int = 100) -> bool:
    """One batch; whether there was anything."""
    if index(work, limit * 10) or encode(work):
        return True
    store, judge = work.store, Judge.of(work)
    if store.fact(ASKED_WITH) != judged_by(work):
        with work.commit("match"):
            begin_again(work)
    matched = store.mark("match")
    seen = [row for row in store.feedback_after(store.mark(_MARK), limit) if row.seq <= matched]
    if seen:
        with work.timed("ask"), work.commit("match"):
            _Batch(work, judge).feedback(seen)
            store.set_mark(_MARK, seen[-1].seq)
        work.watch.stage("ask", len(seen), lambda: store.count_feedback(seen[-1].seq))
        return True
    return _another_round(work) or _follow(work, judge) or _value_again(work, judge, limit)


def begin_again(work: Work) -> None:
    """Look at all feedback again, with the matcher's model as it is now. Used inside of a transaction."""
    work.store.set_mark(_MARK, 0)
    work.store.set_mark(_VOTES, work.store.mark("match"))
    work.store.set_mark(_ROUNDS, ROUNDS - 1)
    work.store.set_mark(_MOVED, 0)
    work.store.set_mark(_DONE_BY_PEOPLE, next((it.number for it in work.store.last_actions(1)), 0))
    work.store.set_fact(ASKED_WITH, judged_by(work))
    look_at_all(work.store)


def _another_round(work: Work) -> bool:
    """Where all votes were cast and many pieces moved, they are cast once more; whether they are."""
    store = work.store
    left, moved = store.mark(_ROUNDS), store.mark(_MOVED)
    if not left:
        return False
    another = moved > 0 and moved * FEW >= store.text_size()[0]
    with work.commit("match"):
        store.set_mark(_ROUNDS, left - 1 if another else 0)
        store.set_mark(_MOVED, 0)
        if another:
            store.set_mark(_MARK, 0)
    return another


def ask_anew(work: Work, judge: Judge, voter: Voter, link: Link, among: Sequence[Candidate]) -> None:
    """Of a piece that was asked about and has voted for another idea. Used inside of a transaction."""
    _Batch(work, judge).settled(voter.piece, link, among, voter.apart)


def _follow(work: Work, judge: Judge) -> bool:
    """Where nobody is waited for, what lies near a piece that a person placed votes again; whether there was any."""
    store = work.store
    attaches = work.limits.similar == "attach"
    action = store.action(store.mark(_DONE_BY_PEOPLE) + 1) if attaches else None
    if action is None:
        return False
    with work.timed("ask"), work.commit("match"):
        batch = _Batch(work, judge)
        for ref in action.feedback[:_FOLLOWED]:
            batch.follow(ref)
        store.set_mark(_DONE_BY_PEOPLE, action.number)
    return True


def _value_again(work: Work, judge: Judge, limit: int) -> bool:
    """One batch of questions that an older version of what was learned had valued; whether there was any."""
    store = work.store
    kinds = sorted({it.kind for it in store.calibrations() if it.model == judge.model})
    for kind in kinds:
        with work.commit("match"):
            newest = learn(work, kind, judge.model)
        rows = store.questions_before(kind, newest.version, limit) if newest else []
        if rows:
            judge.learned.clear()
            with work.timed("ask"), work.commit("match"):
                _Batch(work, judge).again(rows)
            return True
    return False


@dataclass(slots=True)
class _Batch:
    """What one transaction looks at."""

    work: Work
    judge: Judge
    links: dict[Ref, Link] = field(default_factory=dict)
    moved: int = 0
    """Pieces that a look at everything has moved."""
    blocks: Blocks = field(init=False)

    def __post_init__(self) -> None:
        self.blocks = Blocks(self.work.store, self.work.rules, self.work.declared)

    def feedback(self, rows: Sequence[Seen]) -> None:
        """Look for what each piece resembles."""
        store = self.work.store
        refs = [row.feedback.ref for row in rows]
        self.links, known, apart = store.links_of(refs), store.questions(refs), store.apart(refs)
        votes = store.mark(_VOTES)
        for seq, piece, _ in rows:
            link = self.links.get(piece.ref)
            if link is not None:
                there = Voter(piece, link, known.get(piece.ref), apart.get(piece.ref, frozenset()))
                self._look(there, again=seq <= votes)
        if self.moved:
            store.set_mark(_MOVED, store.mark(_MOVED) + self.moved)

    def _look(self, it: Voter, *, again: bool) -> None:
        """Keep what it resembles; where nothing stronger says where it belongs, decide by that."""
        store, old, link = self.work.store, it.question, it.link
        among = self.judge.candidates(it.piece, LOOKED_AT)
        if free(store, self.blocks, it):
            if again:
                link = self._voted(it, [one for one in among if one.idea not in it.apart])
                self.moved += link != it.link
            self.settled(it.piece, link, among, it.apart)
            return
        _keep(store, link, among)
        if old is not None and old.state not in _DONE:
            store.put_questions([replace(old, state=QuestionState.SETTLED)])

    def follow(self, ref: Ref) -> None:
        """What lies near a piece votes again."""
        store = self.work.store
        piece, link = store.feedback(ref), store.links_of([ref]).get(ref)
        if piece is None or link is None or not self.judge.attaches(piece.kind):
            return
        for other in following(link.idea, self.judge.candidates(piece, LOOKED_AT)):
            it = voter(store, self.blocks, other)
            if it is None:
                continue
            among = self.judge.candidates(it.piece, LOOKED_AT)
            made = self._voted(it, [one for one in among if one.idea not in it.apart])
            if made != it.link:
                self.settled(it.piece, made, among, it.apart)

    def _voted(self, it: Voter, found: Sequence[Candidate]) -> Link:
        """Its link after a vote."""
        made = vote(self.work, self.judge, it.piece, it.link, found)
        if made != it.link:
            self.work.store.put_links([made])
            joined = it.link.maker is not LinkMaker.SIMILARITY
            self.work.stage("ask").add("attached" if joined else "moved")
        return made

    def settled(
        self, piece: Feedback, link: Link, among: Sequence[Candidate], apart: Collection[int]
    ) -> None:
        """What a piece resembles, and what is asked of it, where it is now."""
        _keep(self.work.store, link, among)
        offers, guarded = self._offers(link, [it for it in among if it.idea not in apart])
        asked = Question(
            feedback=piece.ref,
            kind=piece.kind,
            model=self.judge.model,
            state=QuestionState.NEW,
            logit=0.0,
            margin=0.0,
            pieces=self._pieces(link),
            offers=tuple(offers),
            guards=guarded,
        )
        if self.work.limits.similar == "attach":
            worth = self._put_right(asked, link, {it.idea: it.votes for it in among})
            asked = replace(asked, worth=worth)
        self._decide(asked, link)

    def again(self, rows: Sequence[Question]) -> None:
        """Value what was found before by what was learned since."""
        store = self.work.store
        self.links = store.links_of([row.feedback for row in rows])
        for row in rows:
            link = self.links.get(row.feedback)
            if link is None or not by_itself(link):
                settled = replace(row, state=QuestionState.SETTLED, version=self._version(row.kind))
                store.put_questions([settled])
            else:
                offers = tuple(present(store, row))
                self._decide(replace(row, pieces=self._pieces(link), offers=offers), link, found_before=True)

    def _pieces(self, link: Link) -> int:
        """How many pieces an answer moves: of what was attached this one alone."""
        return 1 if link.maker is LinkMaker.SIMILARITY else pieces_of(self.work.store, link)

    def _version(self, kind: str) -> int:
        known = self.judge.calibration(kind)
        return known.version if known else 0

    def _offers(self, link: Link, found: Sequence[Candidate]) -> tuple[list[Offer], tuple[str, ...]]:
        """The ideas to offer, and what guards the first. One that began by itself joins older ideas only, so that of
        two that are alike the later one is asked about."""
        if link.maker is not LinkMaker.SIMILARITY:
            found = [it for it in found if it.idea < link.idea]
            return [offer(it) for it in found[:OFFERED]], found[0].guards if found else ()
        mine = [it for it in found if it.idea == link.idea]
        rest = [it for it in found if it.idea != link.idea]
        held = mine[0].guards if mine else ()
        own = [offer(it) for it in mine] or self._unfound(link)
        return [*own, *map(offer, rest)][:OFFERED], held

    def _unfound(self, link: Link) -> list[Offer]:
        """The idea that it was attached to, where the matcher finds no likeness any more."""
        others = (it.feedback for it in self.work.store.links_to(link.idea))
        nearest = next((ref for ref in others if ref != link.feedback), link.feedback)
        return [Offer(link.idea, 0.0, nearest)]

    def _decide(self, asked: Question, link: Link, *, found_before: bool = False) -> None:
        """Attach, ask or leave it. What an answer is worth is told by then where nobody is waited for.

        ``found_before``: the texts may have changed since, so that nothing is attached without another look.
        """
        weighed = self.judge.weigh(asked.kind, [it.likeness for it in asked.offers])
        attaches = self.work.limits.similar == "attach"
        valued = replace(
            asked,
            model=self.judge.model,
            logit=weighed.logit,
            margin=weighed.margin,
            chance=weighed.chance,
            version=weighed.version,
            worth=asked.worth if attaches else self._near(weighed.chance),
            linked=link.idea,
        )
        joins = self._joins(valued, link)
        piece = self.work.store.feedback(asked.feedback) if joins and found_before else None
        if piece is not None:
            apart = self.work.store.apart([piece.ref]).get(piece.ref, frozenset())
            self.settled(piece, link, self.judge.candidates(piece, LOOKED_AT), apart)
            return
        question = (
            self._attach(valued) if joins else replace(valued, state=state_of(self.judge, valued, link))
        )
        self.work.stage("ask").add("questions", int(question.state is QuestionState.OPEN))
        self.work.store.put_questions([question])

    def _near(self, likely: float) -> float:
        """How near the bound that an answer helps to draw its question lies, 1 for beyond."""
        return round(1 - max(0.0, self.work.limits.attach - likely), 4)

    def _put_right(self, asked: Question, link: Link, votes: Mapping[int, Votes]) -> float:
        """What an answer is expected to put right, for each piece that it moves: it may name any of the ideas.

        What counts is the vote, since one near text in a larger idea says little: of 136 pieces of lcqmc whose best
        likeness to an idea of two to five came to .2 to .4, seven in a hundred belonged there.
        """
        left, told = 1.0, 0.0
        for at, it in enumerate(asked.offers):
            own = at == 0 and link.maker is LinkMaker.SIMILARITY
            others = self.work.store.size_of(it.idea, _MANY * asked.pieces) - own
            fits = link.confidence if own else votes[it.idea].mean(others)
            told += put_right(left * (1 - fits if own else fits), asked.pieces, others)
            left *= 1 - fits
        return round(told / asked.pieces, 4)

    def _joins(self, asked: Question, link: Link) -> bool:
        """Whether it is sure enough to attach, and nothing but itself is in its idea."""
        learned = self.work.limits.similar == "learn" and self.judge.attaches(asked.kind)
        by_itself_alone = link.maker is not LinkMaker.SIMILARITY and asked.pieces == 1 and learned
        sure = bool(asked.offers) and self.judge.sure(asked.chance, asked.guards)
        return (
            sure
            and by_itself_alone
            and self.judge.draws(asked.offers[0].nearest)
            and alone(self.work.store, link)
        )

    def _attach(self, asked: Question) -> Question:
        made = by_likeness(asked.feedback, asked.offers[0], asked.chance)
        self.work.store.put_links([made])
        self.work.stage("ask").add("attached")
        return replace(asked, state=attached(asked.feedback), linked=made.idea)


def look_again(store: Store, seq: int) -> None:
    """Look again at feedback from this sequence number on. Used inside of a transaction."""
    store.set_mark(_MARK, min(store.mark(_MARK), seq - 1))


def _keep(store: Store, link: Link, found: Sequence[Candidate]) -> None:
    """What a piece resembles in other ideas, and what lies nearest to it anywhere."""
    others = [it for it in found if it.idea != link.idea][:RESEMBLING]
    best = {it.nearest: it for it in others if it.likeness >= LEAST}
    rows = [Resemblance(link.feedback, ref, round(it.likeness * 10_000)) for ref, it in best.items()]
    store.put_resemblances([link.feedback], rows)
    store.put_near([near(link.feedback, found)])


def settle(store: Store, refs: Iterable[Ref]) -> None:
    """Ask no more about these: a person has decided. Answered questions stay so."""
    known = store.questions(list(refs)).values()
    store.put_questions([replace(it, state=QuestionState.SETTLED) for it in known if it.state not in _DONE])
