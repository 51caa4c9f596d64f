"""SQLite: what the match stage asks, and the full-text index."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from opshub.errors import StoreError
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref, TrackedItem
from opshub.store import search_statements as searching
from opshub.store import statements as sql
from opshub.store.codec import decode_feedback, decode_item
from opshub.store.database import json_of
from opshub.store.moments import micros
from opshub.store.rows import Seen
from opshub.store.sqlite_records import Records
from opshub.store.vector_statements import QUEUE

__all__ = ["Matching"]


class Matching(Records):
    """Feedback, items, links, search."""

    def feedback_after(self, seq: int, limit: int) -> list[Seen]:
        """Living feedback that changed after ``seq``, in order of sequence."""
        return self._seen(self._rows(sql.FEEDBACK_AFTER, (seq, limit)))

    def count_feedback(self, seq: int) -> int:
        """How much living feedback changed after ``seq``."""
        return int(self._rows(sql.COUNT_FEEDBACK, (seq,))[0][0])

    def _seen(self, rows: Sequence[tuple[int, int, int | None]]) -> list[Seen]:
        found = self._decoded([(seq, key) for seq, key, _ in rows])
        return [Seen(seq, found[key], idea) for seq, key, idea in rows if key in found]

    def items_after(self, seq: int, limit: int) -> list[tuple[int, TrackedItem, int | None]]:
        """Living tracked items that changed after ``seq``."""
        return [
            (row[0], decode_item(Ref(row[1], row[2]), row[3], row[4]), row[5])
            for row in self._rows(sql.ITEMS_AFTER, (seq, limit))
        ]

    def feedback(self, ref: Ref) -> Feedback | None:
        """Living feedback by its name."""
        row = self._row(sql.FEEDBACK, ref)
        return decode_feedback(Ref(*ref), row[0], row[1]) if row else None

    def item(self, ref: Ref) -> TrackedItem | None:
        """A living tracked item by its name."""
        return self.items([ref]).get(ref)

    def items(self, refs: Sequence[Ref]) -> dict[Ref, TrackedItem]:
        """Those of the tracked items that are living."""
        return {ref: decode_item(ref, *row) for ref, row in self._known(sql.ITEMS, refs).items()}

    def items_by_key(self, keys: Sequence[str]) -> dict[str, tuple[Ref, int | None]]:
        """Living tracked items by key or by address; where several have it, the first by name."""
        if not keys:
            return {}
        wanted = set(keys)
        names = json_of(wanted)
        found: dict[str, tuple[Ref, int | None]] = {}
        for label, url, connection, record_id, idea in self._rows(sql.ITEMS_BY_KEY, (names, names)):
            for key in (label, url):
                if key in wanted:
                    found.setdefault(key, (Ref(connection, record_id), idea))
        return found

    def bind_items(self, rows: Sequence[tuple[Ref, int]]) -> None:
        """Say which idea each tracked item stands for; several items may stand for one idea.

        StoreError for an idea that the store does not know.
        """
        wanted = dict(rows)
        with self._turn:
            bound = self._known(sql.BOUND, wanted)
            moved = {ref: idea for ref, idea in wanted.items() if ref not in bound or bound[ref][0] != idea}
            self._write_many(sql.BIND, [(*ref, idea) for ref, idea in moved.items()])
            ideas: dict[int, int] = {}
            for ref, idea in moved.items():
                if ref in bound:
                    ideas[bound[ref][0]] = 0
                ideas[idea] = 0
            if ideas:
                self._count_tracked(ideas)
                self._must_exist(ideas, self._count_voices(ideas))

    # -- links --------------------------------------------------------------------------------------------------

    def links_of(self, refs: Sequence[Ref]) -> dict[Ref, Link]:
        """The link of each feedback that has one, living or not."""
        names = {key: ref for ref, key in self._keys_of(refs).items()}
        rows = self._rows(sql.LINKS_OF, (json_of(names),)) if names else []
        return {names[row[0]]: _as_link(names[row[0]], row[1:]) for row in rows}

    def put_links(self, rows: Sequence[Link]) -> None:
        """One link per feedback; a new one replaces the old. Touches both ideas.

        StoreError for feedback or an idea that the store does not know.
        """
        wanted = {link.feedback: link for link in rows}
        with self._turn:
            keys = self._keys_of(wanted)
            known = {row[0]: row[1:] for row in self._rows(sql.LINKABLE, (json_of(keys.values()),))}
            written: list[tuple[Any, ...]] = []
            touched: dict[int, int] = {}
            for ref, link in wanted.items():
                key = keys.get(ref, 0)
                if key not in known:
                    raise StoreError(f"{ref} cannot be linked to IDEA-{link.idea}: it is not in the store")
                gone, old, *_ = known[key]
                if old is not None and _as_link(ref, known[key][1:]) == link:
                    continue
                written.append((key, link.idea, str(link.maker), link.reason, link.confidence))
                voice = 0 if gone else 1
                if old is not None:
                    touched[old] = touched.get(old, 0) - voice
                touched[link.idea] = touched.get(link.idea, 0) + voice
            self._write_many(sql.PUT_LINK, written)
            self._must_exist(touched, self._count_voices(touched))

    def _must_exist(self, ideas: Collection[int], found: int) -> None:
        """StoreError, and nothing of the transaction is kept, if fewer ideas were found than were meant."""
        if found < len(ideas):
            self._broken = True
            known = {number for (number,) in self._rows(sql.KNOWN_IDEAS, (json_of(ideas),))}
            raise StoreError(f"IDEA-{min(set(ideas) - known)} is not in the store")

    # -- same text, mentions ------------------------------------------------------------------------------------

    def same_text(self, fingerprints: Sequence[bytes]) -> dict[bytes, int]:
        """The idea of the first living, linked feedback whose text has each fingerprint."""
        if not fingerprints:
            return {}
        names = {mark.hex(): mark for mark in fingerprints}
        rows = self._rows(sql.SAME_TEXT, (json_of(names),))
        return {names[name]: idea for name, idea in rows if idea is not None}

    def put_fingerprints(self, rows: Sequence[tuple[Ref, bytes]]) -> None:
        """Keep the fingerprint of each feedback's text; an empty one only forgets what was there."""
        with self._turn:
            keys = self._keys_of(ref for ref, _ in rows)
            known = [(keys[ref], mark.hex()) for ref, mark in rows if ref in keys]
            self._write_many(sql.DROP_PRINT, [(key,) for key, mark in known if not mark])
            self._write_many(sql.PUT_PRINT, [row for row in known if row[1]])

    def put_mentions(self, rows: Sequence[tuple[Ref, str]]) -> None:
        """Replace what each ref mentions; an empty key only forgets what was there."""
        if not rows:
            return
        with self._turn:
            keys = self._keys_of(dict.fromkeys(ref for ref, _ in rows))
            self._write_many(sql.DROP_MENTIONS, [(key,) for key in keys.values()])
            named = [(keys[ref], key) for ref, key in rows if key and ref in keys]
            self._write_many(sql.PUT_MENTION, named)

    def mentioning(self, keys: Sequence[str]) -> list[Ref]:
        """Living feedback that mentions any of these keys or addresses, by name."""
        return [Ref(*row) for row in self._rows(sql.MENTIONING, (json_of(keys),))] if keys else []

    # -- full text ----------------------------------------------------------------------------------------------

    def index_text(self, rows: Sequence[tuple[Ref, str, str]]) -> None:
        """Replace the terms (space-separated, already folded) of title and body in the full-text index."""
        texts = {ref: (title, body) for ref, title, body in rows}
        if not texts:
            return
        with self._turn:
            keys = self._keys_of(texts)
            living = {key for (key,) in self._rows(searching.INDEXABLE, (json_of(keys.values()),))}
            self._drop_texts(living)
            self._put_texts((key, *texts[ref]) for ref, key in keys.items() if key in living)
            self._write_many(searching.UNQUEUE_TEXT, [(key,) for key in living])
            self._write(QUEUE, (json_of(living),))

    def unindexed(self, limit: int) -> list[Seen]:
        """Living, linked feedback whose text the full-text index does not hold in its present form."""
        return self._seen(self._rows(searching.UNINDEXED, (limit,)))

    def indexed_text(self, refs: Sequence[Ref]) -> dict[Ref, tuple[int | None, str, str]]:
        """What the full-text index holds of feedback, as far as it does: (idea, title, body)."""
        names = {key: ref for ref, key in self._keys_of(refs).items()}
        rows = self._rows(searching.TEXTS_OF, (json_of(names),)) if names else []
        return {names[key]: (idea, title, body) for key, idea, title, body in rows}

    # -- ideas, as matching makes them --------------------------------------------------------------------------

    def next_idea_number(self) -> int:
        """A number never used before."""
        return self._take("idea")

    def put_ideas(self, rows: Sequence[Idea]) -> None:
        """Insert or replace; each gets a new sequence number. An item not bound yet is bound to its idea."""
        ideas = {idea.number: idea for idea in rows}
        if not ideas:
            return
        with self._turn:
            seq = self._take("seq", len(ideas))
            self._write_many(
                sql.PUT_IDEA,
                [
                    (
                        it.number,
                        it.title,
                        micros(it.created_at),
                        str(it.visibility),
                        *(it.item or (None, None)),
                        n,
                    )
                    for n, it in enumerate(ideas.values(), seq)
                ],
            )
            items = [(*it.item, it.number) for it in ideas.values() if it.item]
            if items:
                self._write_many(sql.BIND_FREE, items)
                self._count_tracked(ideas)

    def begin_ideas(self, rows: Sequence[tuple[Idea, Link]]) -> None:
        """New ideas, each with the feedback that begins it, which is living and has no link yet.

        StoreError for feedback that the store does not know.
        """
        if not rows:
            return
        with self._turn:
            keys = self._keys_of(link.feedback for _, link in rows)
            missing = next((link.feedback for _, link in rows if link.feedback not in keys), None)
            if missing is not None:
                raise StoreError(f"{missing} cannot begin an idea: it is not in the store")
            seq = self._take("seq", len(rows))
            ideas = [
                (idea.number, idea.title, micros(idea.created_at), str(idea.visibility), number)
                for number, (idea, _) in enumerate(rows, seq)
            ]
            self._write_many(sql.BEGIN_IDEA, ideas)
            links = [(keys[it.feedback], it.idea, str(it.maker), it.reason, it.confidence) for _, it in rows]
            self._write_many(sql.BEGIN_LINK, links)

    def touch_ideas(self, numbers: Iterable[int]) -> None:
        """Give ideas a new sequence number: something that their decision reads has changed."""
        self._count_voices(dict.fromkeys(numbers, 0))


def _as_link(ref: Ref, row: Sequence[Any]) -> Link:
    idea, maker, reason, confidence = row
    return Link(feedback=ref, idea=idea, maker=LinkMaker(maker), reason=reason, confidence=confidence)
