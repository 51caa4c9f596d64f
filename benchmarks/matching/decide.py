"""What becomes of a labelled stream: attached, asked or new, without answers and with those of the labels.

Five runs of each set, each in a fresh hub:

``default``   what comes with opshub, no answers
``answered``  the same, with 200 questions answered when two thirds of the stream have arrived
``alone``     ``similar = "attach"``, no answers
``tenth``     the same, then everything is looked at again, as many questions as a tenth of the items are answered, and
              everything is looked at once more; whoever answers knows all ideas
``shown``     the same, but he knows only the ideas that a question shows
"""

from __future__ import annotations

import resource
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from measures import Fit, fit, percentile
from sets import Item
from stream import Stream

__all__ = ["RUNS", "TITLES", "Outcome", "decide"]

BATCH = 50
"""Items that arrive together."""

ANSWERS = 200
ROUND = 25
"""Questions that are answered before it is looked again which are worth most."""

TITLES = (
    "set",
    "run",
    "answers",
    "ideas",
    "attached",
    "right",
    "asked",
    "new",
    "pairs P",
    "R",
    "F1",
    "B3 P",
    "R",
    "F1",
    "ARI",
    "merges",
    "right",
    "p50 ms",
    "p95 ms",
    "MB",
)


class Outcome(NamedTuple):
    """What came of a run; shares of all items."""

    answers: int
    ideas: int
    attached: float
    right: float
    """The share of what a likeness attached that joined an idea of which most earlier items have its topic."""
    asked: float
    new: float
    fit: Fit
    merges: int
    merged: int
    times: tuple[float, float]

    def cells(self) -> list[object]:
        """As a line of the table."""
        made = self.fit
        values = (made.pair_precision, made.pair_recall, made.pair_f1)
        values += (made.cubed_precision, made.cubed_recall, made.cubed_f1, made.rand)
        shares = [f"{value:.3f}" for value in (self.attached, self.right, self.asked, self.new)]
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return [
            self.answers,
            self.ideas,
            *shares,
            *(f"{value:.3f}" for value in values),
            self.merges or "",
            f"{self.merged / self.merges:.2f}" if self.merges else "",
            *(f"{value:.1f}" for value in self.times),
            f"{memory:.0f}",
        ]


def decide(run: str, items: Sequence[Item], encoder: str) -> Outcome:
    """One run of a set."""
    with tempfile.TemporaryDirectory() as folder:
        return RUNS[run](Path(folder), items, encoder)


def _default(folder: Path, items: Sequence[Item], encoder: str) -> Outcome:
    stream = Stream(folder, items, "learn", encoder)
    return _outcome(stream, items, _arrive(stream, len(items), ask=True))


def _answered(folder: Path, items: Sequence[Item], encoder: str) -> Outcome:
    stream = Stream(folder, items, "learn", encoder)
    there = len(items) * 2 // 3 // BATCH * BATCH
    times = _arrive(stream, there, ask=True)
    while stream.answers < ANSWERS and stream.answer(min(ROUND, ANSWERS - stream.answers)):
        pass
    _arrive(stream, len(items) - there, ask=True)
    return _outcome(stream, items, times)


def _alone(folder: Path, items: Sequence[Item], encoder: str) -> Outcome:
    stream = Stream(folder, items, "attach", encoder)
    return _outcome(stream, items, _arrive(stream, len(items)))


def _tenth(folder: Path, items: Sequence[Item], encoder: str, *, names: bool = True) -> Outcome:
    stream = Stream(folder, items, "attach", encoder)
    times = _arrive(stream, len(items))
    stream.rematch()
    before, left = stream.links(), len(items) // 10
    while left > 0 and (given := stream.answer(min(ROUND, left), names=names)):
        left -= given
    stream.rematch()
    joined, refused = stream.joined[True], stream.refused[True]
    return _outcome(stream, items, times, before, (joined + refused, joined))


def _arrive(stream: Stream, count: int, *, ask: bool = False) -> tuple[float, float]:
    """So many items in order; milliseconds an item, of each batch, p50 and p95."""
    times = []
    for at in range(0, count, BATCH):
        before, many = stream.milliseconds, min(BATCH, count - at)
        stream.arrive(many, ask=ask)
        times.append((stream.milliseconds - before) / many)
    return percentile(times, 0.5), percentile(times, 0.95)


def _outcome(
    stream: Stream,
    items: Sequence[Item],
    times: tuple[float, float],
    before: Sequence[tuple[int, bool]] | None = None,
    merges: tuple[int, int] = (0, 0),
) -> Outcome:
    """What is there at the end; what a likeness attached is judged by the links ``before`` people changed them."""
    links, states = stream.links(), stream.states()
    whole = len(items) or 1
    ideas = [idea for idea, _ in links]
    attached = before or links
    return Outcome(
        stream.answers,
        len(set(ideas)),
        sum(by for _, by in attached) / whole,
        _right(attached, items),
        states["asked"] / whole,
        states["new"] / whole,
        fit(ideas, [item.cluster for item in items]),
        *merges,
        times,
    )


def _right(links: Sequence[tuple[int, bool]], items: Sequence[Item]) -> float:
    topics: dict[int, Counter[str]] = {}
    good = count = 0
    for (idea, attached), item in zip(links, items, strict=True):
        there = topics.setdefault(idea, Counter())
        if attached and there:
            count += 1
            good += there.most_common(1)[0][0] == item.cluster
        there[item.cluster] += 1
    return good / (count or 1)


RUNS: dict[str, Callable[[Path, Sequence[Item], str], Outcome]] = {
    "default": _default,
    "answered": _answered,
    "alone": _alone,
    "tenth": _tenth,
    "shown": partial(_tenth, names=False),
}
