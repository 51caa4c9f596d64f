"""A hub in this process that a labelled set is streamed into, and a person who knows the labels."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal

from hub import BEGIN
from sets import Item

from opshub.clock import SystemClock
from opshub.engine.asking import begin_again
from opshub.engine.connection import Connection, Limits
from opshub.engine.deed import Asked
from opshub.engine.hub import Hub
from opshub.engine.inquiry import Inquiry
from opshub.engine.review import answer, inquiries, prepare
from opshub.engine.work import Work
from opshub.errors import UsageError
from opshub.language import EMPTY
from opshub.model import Cursor, Feedback, LinkMaker, Record, Ref
from opshub.sdk import Connector, Http, Page, Settings
from opshub.store import open_store
from opshub.store.asked import QuestionState

__all__ = ["Stream"]

WHO = Asked("the labels")


def _begin_again(work: Work) -> None:
    with work.commit("match"):
        begin_again(work)


class _NoSettings(Settings):
    """Nothing to set."""


class _Source(Connector[_NoSettings]):
    """Hands out the items that have arrived since."""

    kind = "set"
    Settings = _NoSettings

    def __init__(self) -> None:
        super().__init__("set", _NoSettings(), Http("https://unused.example", clock=SystemClock()))
        self.arrived: list[Item] = []

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        begin = int((cursor or {}).get("after", 0))
        rows = [(at, item) for at, item in enumerate(self.arrived) if at >= begin]
        yield Page([{"id": f"{at:06}", "item": item.id} for at, item in rows], {"after": len(self.arrived)})

    def normalize(self, record: Record) -> Feedback:
        at = int(record["id"])
        item = self.arrived[at]
        return Feedback(
            ref=self.ref(record["id"]),
            url="",
            title=item.title,
            text=item.text,
            kind=item.source,
            created_at=BEGIN + timedelta(minutes=at),
        )


class Stream:
    """Items go in, in order; questions and suggestions come out and are answered by the labels."""

    def __init__(
        self, folder: Path, items: Sequence[Item], similar: Literal["learn", "attach"], encoder: str
    ) -> None:
        self.items, self.answers, self.milliseconds = items, 0, 0.0
        self.joined, self.refused = Counter[bool](), Counter[bool]()
        """Answers that brought together, and those that did not; of whole ideas under True."""
        self._source = _Source()
        self.hub = Hub(
            store=open_store(folder / "hub.db", clock=SystemClock()),
            connections=[Connection(name="set", connector=self._source)],
            rules=EMPTY,
            clock=SystemClock(),
            limits=Limits(wait=timedelta(0), similar=similar, encoder=encoder),
        )

    def arrive(self, count: int, *, ask: bool) -> None:
        """The next items are pulled and matched, and where somebody may be asked, looked at for what they resemble."""
        begun = time.process_time()
        at = len(self._source.arrived)
        self._source.arrived.extend(self.items[at : at + count])
        self.hub.sync(until="match")
        if ask:
            self.hub.act("review", prepare)
        self.milliseconds += (time.process_time() - begun) * 1000

    def rematch(self) -> None:
        """Look at everything again, as `opshub matching rematch` does."""
        self.hub.act("matching rematch", _begin_again)
        self.hub.act("review", prepare)

    def links(self) -> list[tuple[int, bool]]:
        """Of each item that has arrived its idea, and whether a likeness put it there; a negative number for none."""
        refs = self._refs()
        found = self.hub.store.links_of(refs)
        return [
            (found[ref].idea, found[ref].maker is LinkMaker.SIMILARITY) if ref in found else (-at - 1, False)
            for at, ref in enumerate(refs)
        ]

    def states(self) -> Counter[str]:
        """How many pieces a likeness attached, how many others are asked about, and how many are new."""
        refs, states = self._refs(), (QuestionState.OPEN, QuestionState.ANSWERED)
        asked = {ref for ref, it in self.hub.store.questions(refs).items() if it.state in states}
        found = zip(refs, self.links(), strict=True)
        return Counter("attached" if by else "asked" if ref in asked else "new" for ref, (_, by) in found)

    def _refs(self) -> list[Ref]:
        return [Ref("set", f"{at:06}") for at in range(len(self._source.arrived))]

    # -- the person ---------------------------------------------------------------------------------------------

    def _topics(self) -> dict[int, Counter[str]]:
        topics: dict[int, Counter[str]] = {}
        for item, (idea, _) in zip(self.items, self.links(), strict=False):
            topics.setdefault(idea, Counter())[item.cluster] += 1
        return topics

    def answer(self, most: int, *, names: bool = False) -> int:
        """Answer so many questions, those first that are worth most; how many there were.

        ``names``: whoever answers knows all ideas, and where none of those that are shown is right names another.
        """
        self.hub.act("review", prepare)
        topics, given = self._topics(), 0
        for inquiry in inquiries(self.hub.store, most, limits=self.hub.limits):
            name, said = inquiry.name, self._say(inquiry, topics, names)
            with suppress(UsageError):  # an earlier answer of this round settled it
                self.hub.act("review", lambda work, it=name, word=said: answer(work, it, word, WHO))
                given += 1
        self.answers += given
        return given

    def _say(self, inquiry: Inquiry, topics: dict[int, Counter[str]], names: bool) -> str:
        meant = self.items[int(inquiry.feedback.ref.id)].cluster
        if inquiry.joint:
            meant = _topic(topics, inquiry.own.number)
        elif inquiry.pieces:
            meant = Counter(self.items[int(ref.id)].cluster for ref in inquiry.pieces).most_common(1)[0][0]
        for at, choice in enumerate(inquiry.choices):
            if _topic(topics, choice.idea.number) == meant:
                self.joined[inquiry.joint] += 1
                return choice.idea.id if at else "yes"
        own = 0 if inquiry.attached else inquiry.own.number
        other = _largest(topics, meant, own) if names and not inquiry.joint else 0
        (self.joined if other else self.refused)[inquiry.joint] += 1
        return f"IDEA-{other}" if other else "new"


def _largest(topics: dict[int, Counter[str]], meant: str, but: int) -> int:
    """The largest idea of those that hold a topic more than any other, the oldest of equals; 0 where there is none."""
    there = [
        (of.total(), -idea)
        for idea, of in topics.items()
        if idea > 0 and idea != but and _topic(topics, idea) == meant
    ]
    return -max(there, default=(0, 0))[1]


def _topic(topics: dict[int, Counter[str]], idea: int) -> str:
    """What most pieces of an idea mean."""
    return topics[idea].most_common(1)[0][0] if topics.get(idea) else ""
