"""In memory: what the match stage asks, and the full-text index."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

from opshub.errors import StoreError
from opshub.model import Feedback, Idea, Link, Ref, TrackedItem
from opshub.store.codec import decode_feedback, decode_item
from opshub.store.memory_records import Records
from opshub.store.memory_work import Kept, storable
from opshub.store.rows import Seen
from opshub.store.terms import CLASSES, add_up, best, length_class, split_terms, wanted_terms

__all__ = ["Matching"]


class Matching(Records):
    """Feedback, items, links, search."""

    def feedback_after(self, seq: int, limit: int) -> list[Seen]:
        """Living feedback that changed after ``seq``, in order of sequence."""
        refs = [ref for ref, row in self.kept.feedback.items() if row.seq > seq and not row.gone]
        refs.sort(key=lambda ref: self.kept.feedback[ref].seq)
        return [self._seen(ref) for ref in refs[:limit]]

    def count_feedback(self, seq: int) -> int:
        """How much living feedback changed after ``seq``."""
        return sum(row.seq > seq and not row.gone for row in self.kept.feedback.values())

    def items_after(self, seq: int, limit: int) -> list[tuple[int, TrackedItem, int | None]]:
        """Living tracked items that changed after ``seq``."""
        refs = [ref for ref, row in self.kept.items.items() if row.seq > seq and not row.gone]
        refs.sort(key=lambda ref: self.kept.items[ref].seq)
        return [
            (self.kept.items[ref].seq, _item(ref, self.kept.items[ref]), self.kept.bindings.get(ref))
            for ref in refs[:limit]
        ]

    def feedback(self, ref: Ref) -> Feedback | None:
        """Living feedback by its name."""
        row = self.kept.feedback.get(ref)
        return None if row is None or row.gone else _feedback(ref, row)

    def item(self, ref: Ref) -> TrackedItem | None:
        """A living tracked item by its name."""
        row = self.kept.items.get(ref)
        return None if row is None or row.gone else _item(ref, row)

    def items(self, refs: Sequence[Ref]) -> dict[Ref, TrackedItem]:
        """Those of the tracked items that are living."""
        return {ref: item for ref in refs if (item := self.item(ref)) is not None}

    def items_by_key(self, keys: Sequence[str]) -> dict[str, tuple[Ref, int | None]]:
        """Living tracked items by key or by address; where several have it, the first by name."""
        found: dict[str, tuple[Ref, int | None]] = {}
        for ref in sorted(self.kept.items):
            item = self.item(ref)
            for key in (item.key, item.url) if item else ():
                if key in keys:
                    found.setdefault(key, (ref, self.kept.bindings.get(ref)))
        return found

    def bind_items(self, rows: Sequence[tuple[Ref, int]]) -> None:
        """Say which idea each tracked item stands for; several items may stand for one idea."""
        touched: dict[int, None] = {}
        for ref, idea in dict(rows).items():
            old = self._writing().bindings.get(ref)
            if old != idea:
                touched.update({} if old is None else {old: None})
                touched[idea] = None
        self._must_exist(touched)
        self.kept.bindings.update(rows)
        self._touch(touched)

    # -- links --------------------------------------------------------------------------------------------------

    def links_of(self, refs: Sequence[Ref]) -> dict[Ref, Link]:
        """The link of each feedback that has one, living or not."""
        return {ref: self.kept.links[ref] for ref in refs if ref in self.kept.links}

    def put_links(self, rows: Sequence[Link]) -> None:
        """One link per feedback; a new one replaces the old. Touches both ideas."""
        touched: dict[int, None] = {}
        wanted = {link.feedback: link for link in rows}
        for ref, link in wanted.items():
            if ref not in self._writing().feedback:
                raise StoreError(f"{ref} cannot be linked to IDEA-{link.idea}: it is not in the store")
            old = self.kept.links.get(ref)
            if old != link:
                touched.update({} if old is None else {old.idea: None})
                touched[link.idea] = None
        self._must_exist(touched)
        storable([(link.reason, link.confidence) for link in wanted.values()])
        self.kept.links.update(wanted)
        self._touch(touched)

    def _must_exist(self, ideas: Iterable[int]) -> None:
        for number in ideas:
            if number not in self.kept.ideas:
                raise StoreError(f"IDEA-{number} is not in the store")

    # -- same text, mentions ------------------------------------------------------------------------------------

    def same_text(self, fingerprints: Sequence[bytes]) -> dict[bytes, int]:
        """The idea of the first living, linked feedback whose text has each fingerprint."""
        found: dict[bytes, int] = {}
        for ref, row in self.kept.feedback.items():
            mark = self.kept.prints.get(ref)
            if mark is not None and mark in fingerprints and not row.gone and ref in self.kept.links:
                found.setdefault(mark, self.kept.links[ref].idea)
        return found

    def put_fingerprints(self, rows: Sequence[tuple[Ref, bytes]]) -> None:
        """Keep the fingerprint of each feedback's text; an empty one only forgets what was there."""
        for ref, mark in rows:
            if ref in self._writing().feedback:
                self.kept.prints.pop(ref, None)
                self.kept.prints.update({ref: mark} if mark else {})

    def put_mentions(self, rows: Sequence[tuple[Ref, str]]) -> None:
        """Replace what each ref mentions; an empty key only forgets what was there."""
        storable([key for _, key in rows])
        named: dict[Ref, set[str]] = {}
        for ref, key in rows:
            if ref in self._writing().feedback:
                named.setdefault(ref, set()).update([key] if key else [])
        self.kept.mentions.update({ref: frozenset(keys) for ref, keys in named.items()})

    def mentioning(self, keys: Sequence[str]) -> list[Ref]:
        """Living feedback that mentions any of these keys or addresses, by name."""
        wanted = set(keys)
        return sorted(
            ref
            for ref, named in self.kept.mentions.items()
            if named & wanted and not self.kept.feedback[ref].gone
        )

    # -- full text ----------------------------------------------------------------------------------------------

    def index_text(self, rows: Sequence[tuple[Ref, str, str]]) -> None:
        """Replace the terms (space-separated, already folded) of title and body in the full-text index."""
        storable([texts for _, *texts in rows])
        for ref, (title, body) in {ref: (title, body) for ref, title, body in rows}.items():
            row = self._writing().feedback.get(ref)
            if row is not None and not row.gone:
                self.kept.indexed[ref] = tuple(split_terms(title)), tuple(split_terms(body))

    def unindexed(self, limit: int) -> list[Seen]:
        """Living, linked feedback whose text the full-text index does not hold in its present form."""
        refs = [
            ref
            for ref, row in self.kept.feedback.items()
            if not row.gone and ref in self.kept.links and ref not in self.kept.indexed
        ]
        return [self._seen(ref) for ref in refs[:limit]]

    def indexed_text(self, refs: Sequence[Ref]) -> dict[Ref, tuple[int | None, str, str]]:
        """What the full-text index holds of feedback, as far as it does: (idea, title, body)."""
        return {ref: (self._idea_of(ref), *self._indexed(ref)) for ref in refs if ref in self.kept.indexed}

    def search_text(
        self, weights: Mapping[str, float], limit: int
    ) -> list[tuple[Ref, int | None, float, str, str]]:
        """Indexed living feedback with any of the first 24 terms, best first: (ref, idea, score, title, body)."""
        scores: dict[int, float] = {}
        refs: dict[int, Ref] = {}
        texts: dict[int, set[str]] = {}
        for key, ref in enumerate(self.kept.feedback):
            terms = [*chain(*self.kept.indexed.get(ref, ()))]
            number = key * CLASSES + length_class(len(terms))
            refs[number], texts[number] = ref, set(terms)
        for term, weight in wanted_terms(weights).items():
            add_up(scores, [number for number, terms in texts.items() if term in terms], weight)
        pieces, length = self.text_size()
        found = [(score, refs[number]) for score, number in best(scores, length / max(pieces, 1), limit)]
        return [(ref, self._idea_of(ref), score, *self._indexed(ref)) for score, ref in found]

    def term_counts(self, terms: Sequence[str]) -> dict[str, int]:
        """In how many indexed pieces of feedback each term stands; 0 for one that is nowhere."""
        texts = [{*title, *body} for title, body in self.kept.indexed.values()]
        return {term: sum(term in text for text in texts) for term in terms}

    def text_size(self) -> tuple[int, int]:
        """How many pieces of feedback are indexed, and how many terms they have together."""
        return len(self.kept.indexed), sum(map(len, chain(*self.kept.indexed.values())))

    def _indexed(self, ref: Ref) -> tuple[str, str]:
        title, body = self.kept.indexed[ref]
        return " ".join(title), " ".join(body)

    def _idea_of(self, ref: Ref) -> int | None:
        return self.kept.links[ref].idea if ref in self.kept.links else None

    def _seen(self, ref: Ref) -> Seen:
        row = self.kept.feedback[ref]
        return Seen(row.seq, _feedback(ref, row), self._idea_of(ref))

    # -- ideas, as matching makes them --------------------------------------------------------------------------

    def next_idea_number(self) -> int:
        """A number never used before."""
        return self._take("idea")

    def put_ideas(self, rows: Sequence[Idea]) -> None:
        """Insert or replace; each gets a new sequence number. An item not bound yet is bound to its idea."""
        for idea in {row.number: row for row in rows}.values():
            storable(idea)
            self._writing().ideas[idea.number] = (self._take("seq"), idea)
            if idea.item is not None:
                self.kept.bindings.setdefault(idea.item, idea.number)

    def begin_ideas(self, rows: Sequence[tuple[Idea, Link]]) -> None:
        """New ideas, each with the feedback that begins it, which is living and has no link yet."""
        for idea, link in rows:
            storable(idea, link)
            if link.feedback not in self.kept.feedback:
                raise StoreError(f"{link.feedback} cannot begin an idea: it is not in the store")
            self._writing().ideas[idea.number] = (self._take("seq"), idea)
            self.kept.links[link.feedback] = link

    def touch_ideas(self, numbers: Iterable[int]) -> None:
        """Give ideas a new sequence number: something that their decision reads has changed."""
        self._touch(numbers)


def _feedback(ref: Ref, row: Kept) -> Feedback:
    return decode_feedback(ref, row.created, row.body)


def _item(ref: Ref, row: Kept) -> TrackedItem:
    return decode_item(ref, row.created, row.body)
