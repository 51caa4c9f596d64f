"""The third stage: new or changed feedback finds the idea it speaks for.

Tracked items come first, because feedback refers to them. Then, for each piece of feedback in order of arrival: what
a person decided stays; keys, addresses and duplicate links; the admin's match blocks; the same text; a likeness, where
the admin or answers let it attach; else a new idea.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from opshub.engine.asking import ask_anew
from opshub.engine.blocks import Blocks
from opshub.engine.encoding import encode, meaning_of
from opshub.engine.indexing import index, indexable
from opshub.engine.likeness import Judge
from opshub.engine.merged import survivor
from opshub.engine.past import ALERTS
from opshub.engine.stretches import SAYS_THE_SAME, groups, mark_of
from opshub.engine.titles import as_item, kept_private, new_idea
from opshub.engine.voting import ASKED_WITH, LOOKED_AT, Voter, around, free, judged_by, vote, voter
from opshub.engine.work import BATCH, Work
from opshub.matching import Candidate, references
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref, TrackedItem, idea_number
from opshub.store.rows import Seen

__all__ = [
    "claim",
    "match",
    "place",
    "stated",
    "wordless",
]

BEGAN = "it began the idea"
"""Why feedback belongs to the idea that it began."""


def match(work: Work, limit: int = BATCH) -> bool:
    """One batch of tracked items or, when there are none, of feedback; whether there was any."""
    store = work.store
    items = store.items_after(store.mark("match.items"), limit)
    if items:
        with work.timed("match"), work.commit("match"):
            _Batch(work).items(items)
            store.set_mark("match.items", items[-1][0])
        return True
    if Judge.of(work).looking() and (index(work) or encode(work)):
        return True
    matched = store.mark("match")
    seen = store.feedback_after(matched, limit)
    if seen:
        with work.timed("match"), work.commit("match"):
            if not matched:
                # Nothing was put anywhere by other votes than those that come.
                store.set_fact(ASKED_WITH, judged_by(work))
            place(work, seen)
            store.set_mark("match", seen[-1].seq)
    return bool(seen)


def stated(work: Work, pieces: Iterable[Feedback]) -> dict[Ref, Link]:
    """The links that references, duplicate links and match blocks make now, whatever feedback is linked to."""
    batch = _Batch(work)
    known = {feedback.ref: feedback for feedback in pieces}
    batch.apart = work.store.apart(known)
    found = (
        (ref, batch._by_reference(it, references(it)) or batch._by_rule(it)) for ref, it in known.items()
    )
    return {ref: link for ref, link in found if link is not None}


def place(work: Work, rows: Sequence[Seen]) -> None:
    """Link feedback as if it were new; inside of a transaction."""
    known = work.store.links_of([row.feedback.ref for row in rows if row.idea is not None])
    # What a match block may release leaves its idea before others are compared with it.
    ruled = {ref for ref, link in known.items() if link.maker is LinkMaker.RULE}
    for group in groups(work.store, rows, ruled):
        _Batch(work).feedback(group)


def claim(work: Work, refs: Sequence[Ref]) -> None:
    """Let feedback that was linked anew gather its duplicates; inside of a transaction."""
    _Batch(work)._claim_duplicates(refs)


def wordless(feedback: Feedback) -> bool:
    """Whether it says nothing by itself, as a bare rating does: then it begins no idea."""
    return not mark_of(feedback)


@dataclass(slots=True)
class _Batch:
    """What one transaction decides; later rows of the batch see the decisions of earlier ones."""

    work: Work
    begun: list[tuple[Idea, Link]] = field(default_factory=list)
    """New ideas, each with the link of the feedback that begins it."""
    links: dict[Ref, Link] = field(default_factory=dict)
    prints: dict[bytes, int] = field(default_factory=dict)
    known: dict[Ref, Link] = field(default_factory=dict)
    apart: Mapping[Ref, Collection[int]] = field(default_factory=dict)
    """The ideas that feedback may not be linked to, because a person said so."""
    blocks: Blocks = field(init=False)
    judge: Judge = field(init=False)
    looking: bool = False
    """Whether a likeness may attach anything, so that every piece must be findable for the next."""
    voting: bool = False
    """Whether nobody is waited for, so that pieces follow those that lie nearest."""
    found: list[Candidate] = field(default_factory=list)
    """What the piece that is placed resembles."""

    def __post_init__(self) -> None:
        self.blocks = Blocks(self.work.store, self.work.rules, self.work.declared)
        self.judge = Judge.of(self.work)

    # -- tracked items --

    def items(self, rows: Sequence[tuple[int, TrackedItem, int | None]]) -> None:
        """Give every tracked item its idea, then look again at the feedback that refers to it."""
        store, stage = self.work.store, self.work.stage("match")
        for _, item, bound in rows:
            if bound is None:
                bound = self._idea_of_item(item)
                store.bind_items([(item.ref, bound)])
                stage.add("tracked items")
            idea = store.idea(bound)
            if idea is not None and idea.item in (None, item.ref):
                called = as_item(replace(idea, item=item.ref), item)
                if called != idea:
                    store.put_ideas([called])
        keys = [name for _, item, _ in rows for name in (item.key, item.url, str(item.ref)) if name]
        waiting = store.mentioning(keys)
        if waiting:
            self._again(waiting)

    def _idea_of_item(self, item: TrackedItem) -> int:
        """The idea that the hub made the item for, that of the item it duplicates, or a new one."""
        store = self.work.store
        marked = idea_number(item.marker) if item.marker.startswith("IDEA-") else None
        idea = store.idea(marked) if marked is not None else None
        if idea is not None:
            return survivor(store, idea.number)
        if item.duplicate_of:
            original = Ref(item.ref.connection, item.duplicate_of)
            bound = store.ideas_of_items([original]).get(original)
            if bound is not None:
                return bound
        number = store.next_idea_number()
        title = item.title or item.key
        idea = Idea(
            number=number, title=title, created_at=item.created_at, visibility=item.visibility, item=item.ref
        )
        store.put_ideas([idea])
        self.work.stage("match").add("new ideas")
        return number

    def _again(self, refs: Iterable[Ref]) -> None:
        """Feedback that waited for a key: link it by that key unless a person decided."""
        found = [(ref, self.work.store.feedback(ref)) for ref in dict.fromkeys(refs)]
        living = [(ref, feedback) for ref, feedback in found if feedback is not None]
        self.known = self.work.store.links_of([ref for ref, _ in living])
        self.apart = self.work.store.apart([ref for ref, _ in living])
        for ref, feedback in living:
            link = self.known.get(ref)
            if link is not None and link.maker is LinkMaker.PERSON:
                continue
            better = self._by_reference(feedback, references(feedback))
            if better is None and (link is None or link.maker is not LinkMaker.KEY):
                better = self._by_rule(feedback, link)
            if better is not None and better != link:
                self.links[ref] = better
                moved = link is None or better.idea != link.idea
                self.work.stage("match").add(f"moved by {better.maker}", int(moved))
        self.work.store.put_links(list(self.links.values()))

    # -- feedback --

    def feedback(self, rows: Sequence[Seen]) -> None:
        """Link every piece of feedback."""
        store = self.work.store
        self.known = store.links_of([row.feedback.ref for row in rows if row.idea is not None])
        self.apart = store.apart([row.feedback.ref for row in rows])
        self._release(rows)
        marks = {row.feedback.ref: mark_of(row.feedback) for row in rows}
        self.prints = store.same_text([mark for mark in marks.values() if mark])
        self.looking = self.judge.looking()
        self.voting = self.work.limits.similar == "attach"
        mentions: list[tuple[Ref, str]] = []
        for row in rows:
            named = references(row.feedback)
            awaited = self.blocks.waits(row.feedback)
            mentions.extend((row.feedback.ref, name) for name in [*named, awaited or ""])
            if not named and not marks[row.feedback.ref] and not self._ruled(row.feedback):
                # A bare rating counts where ratings are counted; it is no idea of its own.
                self.work.stage("match").add("without words")
                continue
            self._place(row.feedback, named, marks[row.feedback.ref])
        self._put(self.links.values())
        store.put_fingerprints([*marks.items()])
        store.put_mentions(mentions)
        self._keep_private(rows)
        self._claim_duplicates([row.feedback.ref for row in rows])

    def _keep_private(self, rows: Sequence[Seen]) -> None:
        """What became more private takes along the title that speaks its words."""
        known = [
            (row.feedback, self.known[row.feedback.ref]) for row in rows if row.feedback.ref in self.known
        ]
        ideas = {idea.number: idea for idea in self.work.store.ideas([link.idea for _, link in known])}
        for feedback, link in known:
            if link.idea in ideas:
                kept = kept_private(ideas[link.idea], feedback, began=link.reason == BEGAN)
                if kept != ideas[link.idea]:
                    ideas[link.idea] = kept
                    self.work.store.put_ideas([kept])

    def _release(self, rows: Sequence[Seen]) -> None:
        """Take away the links that match blocks made and no longer make, before anything is compared with them."""
        lost = [
            row.feedback.ref
            for row in rows
            if (old := self.known.get(row.feedback.ref)) is not None
            and old.maker is LinkMaker.RULE
            and row.feedback.ref.connection != ALERTS
            and not self._ruled(row.feedback)
        ]
        self.work.store.drop_links(lost)
        for ref in lost:
            del self.known[ref]

    def _ruled(self, feedback: Feedback) -> bool:
        """Whether a match block takes it."""
        return self.blocks.takes(feedback, self.apart.get(feedback.ref, ()))

    def _by_rule(self, feedback: Feedback, old: Link | None = None) -> Link | None:
        return self.blocks.link(feedback, self.apart.get(feedback.ref, ()), old)

    def _put(self, links: Iterable[Link]) -> None:
        """Store the ideas that began, and those of the links that did not begin one."""
        self.work.store.begin_ideas(self.begun)
        begun = {link.feedback for _, link in self.begun}
        self.work.store.put_links([link for link in links if link.feedback not in begun])
        self.begun.clear()

    def _place(self, feedback: Feedback, named: Sequence[str], mark: bytes) -> None:
        """Decide one link."""
        stage = self.work.stage("match")
        old = self.known.get(feedback.ref)
        link = old if old is not None and old.maker is LinkMaker.PERSON else None
        link = link or self._by_reference(feedback, named)
        link = link or (
            old if old is not None and old.maker is LinkMaker.KEY else self._by_rule(feedback, old)
        )
        link = link or self._voted(feedback, old) or self._by_text(feedback, mark)
        link = link or self._by_likeness(feedback)
        if link is None:
            link = self._new_idea(feedback)
            stage.add("new ideas")
        if link != old:
            self.links[feedback.ref] = link
            stage.add("linked")
        if mark:
            self.prints.setdefault(mark, link.idea)
        if self.looking:
            self._show_at_once(feedback, link)
            self._let_vote(link.idea)

    def _show_at_once(self, feedback: Feedback, link: Link) -> None:
        """Make this piece findable for the next one of the same batch."""
        self._put([link])
        self.work.store.index_text([indexable(feedback)])
        meaning = meaning_of(self.work.store, self.work.limits.encoder)
        if meaning is not None:
            self.work.store.put_vectors(meaning.encode([feedback]))

    def _by_reference(self, feedback: Feedback, named: Sequence[str]) -> Link | None:
        """A tracked item that the feedback names, or the feedback that the vendor calls its original."""
        if not named:
            return None
        if feedback.duplicate_of:
            original = self._root(feedback)
            idea = self._idea_of(original) if original is not None else None
            if idea is not None and self._may(feedback, idea):
                reason = f"{feedback.ref.connection} says that it duplicates {original}"
                return Link(feedback=feedback.ref, idea=idea, maker=LinkMaker.KEY, reason=reason)
        items = self.work.store.items_by_key(named)
        for name in named:
            _, bound = items.get(name, (None, None))
            if bound is not None and self._may(feedback, bound):
                reason = f"it refers to {name}"
                return Link(feedback=feedback.ref, idea=bound, maker=LinkMaker.KEY, reason=reason)
        return None

    def _root(self, feedback: Feedback) -> Ref | None:
        """The original at the end of a chain of duplicates, as far as it has arrived; None for feedback itself.

        Of records that call each other duplicates the first by name is the original.
        """
        path = [feedback.ref]
        ahead = feedback
        while ahead.duplicate_of:
            ref = Ref(feedback.ref.connection, ahead.duplicate_of)
            if ref in path:
                first = min(path[path.index(ref) :])
                return None if first == feedback.ref else first
            further = self.work.store.feedback(ref)
            # What is stored and not yet decided comes later in this batch, and gathers its duplicates then.
            if further is None or self._idea_of(ref) is None:
                break
            path.append(ref)
            ahead = further
        return path[-1] if len(path) > 1 else None

    def _may(self, feedback: Feedback, idea: int) -> bool:
        """Whether nobody said that the feedback does not belong to the idea."""
        return idea not in self.apart.get(feedback.ref, ())

    def _idea_of(self, ref: Ref) -> int | None:
        link = self.links.get(ref) or self.work.store.links_of([ref]).get(ref)
        return link.idea if link is not None else None

    def _by_text(self, feedback: Feedback, mark: bytes) -> Link | None:
        idea = self.prints.get(mark) if mark else None
        if idea is None or not self._may(feedback, idea):
            return None
        return Link(feedback=feedback.ref, idea=idea, maker=LinkMaker.SAME, reason=SAYS_THE_SAME)

    def _by_likeness(self, feedback: Feedback) -> Link | None:
        """The best of those ideas that nobody ruled out, where that is sure enough for this kind of feedback."""
        if not self.looking or not self.judge.attaches(feedback.kind):
            return None
        self.found = self.judge.candidates(feedback, LOOKED_AT)
        return self.judge.link(feedback, [it for it in self.found if self._may(feedback, it.idea)])

    def _voted(self, feedback: Feedback, old: Link | None) -> Link | None:
        """Its link; where nobody is waited for, as its nearest pieces say now that it has changed."""
        if old is None or not (self.voting and self.judge.attaches(feedback.kind)):
            return old
        store, ref, apart = self.work.store, feedback.ref, self.apart.get(feedback.ref, frozenset())
        if not free(store, self.blocks, Voter(feedback, old, store.questions([ref]).get(ref), apart)):
            return old
        self.found = self.judge.candidates(feedback, LOOKED_AT)
        return vote(self.work, self.judge, feedback, old, [it for it in self.found if it.idea not in apart])

    def _let_vote(self, idea: int) -> None:
        """What lies near a piece that came to this idea votes again, where nobody is waited for."""
        store, near, self.found = self.work.store, around(idea, self.found), []
        for ref in near if self.voting else ():
            it = voter(store, self.blocks, ref)
            if it is None:
                continue
            among = self.judge.candidates(it.piece, LOOKED_AT)
            found = [one for one in among if one.idea not in it.apart]
            made = vote(self.work, self.judge, it.piece, it.link, found)
            if made != it.link:
                self._move(it, made)
                if it.question is not None:
                    ask_anew(self.work, self.judge, it, made, among)

    def _move(self, it: Voter, made: Link) -> None:
        """A piece that came before goes elsewhere; what comes later in this batch sees it there."""
        ref, mark = made.feedback, mark_of(it.piece)
        self.work.store.put_links([made])
        self.work.stage("match").add("moved by likeness")
        if ref in self.links:
            self.links[ref] = made
        if ref in self.known:
            self.known[ref] = made
        if mark in self.prints:
            self.prints[mark] = self.work.store.same_text([mark]).get(mark, made.idea)

    def _new_idea(self, feedback: Feedback) -> Link:
        number = self.work.store.next_idea_number()
        link = Link(feedback=feedback.ref, idea=number, maker=LinkMaker.SAME, reason=BEGAN)
        self.begun.append((new_idea(number, feedback), link))
        return link

    def _claim_duplicates(self, refs: Sequence[Ref]) -> None:
        """Originals that arrive after their duplicates gather them, and the duplicates of those."""
        store = self.work.store
        visited: set[Ref] = set()
        while refs:
            waiting = [ref for ref in store.mentioning([str(ref) for ref in refs]) if ref not in visited]
            visited.update(waiting)
            old = store.links_of(waiting)
            self.apart = store.apart(waiting)
            self.links.clear()
            for ref in waiting:
                link, feedback = old.get(ref), store.feedback(ref)
                if link is None or feedback is None or link.maker is LinkMaker.PERSON:
                    continue
                better = self._by_reference(feedback, references(feedback))
                if better is not None and better != link:
                    self.links[ref] = better
            store.put_links(list(self.links.values()))
            refs = list(self.links)
