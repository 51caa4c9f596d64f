"""The hub's own matcher over its own store, one item a transaction, as a stream of new records would meet it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sets import Item

from opshub.clock import SystemClock
from opshub.matching import FullText, columns, fingerprint
from opshub.matching.encoder import Encoder, open_encoder
from opshub.matching.matcher import Candidate
from opshub.matching.meaning import Meaning
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref
from opshub.store import open_store

__all__ = ["Hub"]

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


class Hub:
    """Every item begins an idea of its own, so that what is found are items."""

    def __init__(self, folder: Path, encoder: str = "off") -> None:
        self.path = folder / "hub.db"
        self.store = open_store(self.path, clock=SystemClock())
        self.meaning: Meaning | None = None
        self.matcher = FullText()
        if opened := open_encoder(encoder):
            self.use(opened)
        self.milliseconds: list[float] = []
        self._looked_for = ""
        self._count = self.store.text_size()[0]

    def use(self, encoder: Encoder) -> None:
        """Find by meaning too from now on."""
        self.meaning = Meaning(encoder)
        self.matcher = FullText(self.meaning)
        with self.store.transaction():
            self.store.use_encoder(encoder.name)

    def find(self, item: Item, limit: int) -> Sequence[int]:
        """Positions of earlier items, best first."""
        return [one.idea - 1 for one in self.candidates(item, limit)]

    def candidates(self, item: Item, limit: int) -> Sequence[Candidate]:
        """What the matcher says."""
        begun = time.process_time()
        found = self.matcher.candidates(self.feedback(item), self.store, limit)
        self.milliseconds.append((time.process_time() - begun) * 1000)
        self._looked_for = item.id
        return found

    def add(self, item: Item) -> None:
        """Keep an item and make it findable."""
        begun = time.process_time()
        self.fill([item])
        if self._looked_for == item.id:
            self.milliseconds[-1] += (time.process_time() - begun) * 1000

    def fill(self, items: Sequence[Item]) -> None:
        """Keep items and make them findable, in one transaction."""
        pieces, ideas, marks, texts = [], [], [], []
        for item in items:
            feedback, number = self.feedback(item), self._count + 1
            idea = Idea(number=number, title=item.title or item.text[:80], created_at=feedback.created_at)
            link = Link(feedback=feedback.ref, idea=number, maker=LinkMaker.SAME, reason="it began the idea")
            title, body = columns(feedback.title, feedback.text)
            pieces.append(feedback)
            ideas.append((idea, link))
            marks.append((feedback.ref, fingerprint(feedback.title, feedback.text)))
            texts.append((feedback.ref, " ".join(title), " ".join(body)))
            self._count = number
        with self.store.transaction():
            self.store.put_feedback(pieces)
            self.store.begin_ideas(ideas)
            self.store.put_fingerprints(marks)
            self.store.index_text(texts)
            if self.meaning:
                self.store.put_vectors(self.meaning.encode(pieces))

    def count(self) -> int:
        """How many pieces there are."""
        return self._count

    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size

    def feedback(self, item: Item) -> Feedback:
        moment = BEGIN + timedelta(minutes=self._count)
        return Feedback(
            ref=Ref("set", item.id),
            url="",
            title=item.title,
            text=item.text,
            kind=item.source,
            created_at=moment,
        )
