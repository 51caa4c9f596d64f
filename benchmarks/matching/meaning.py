"""What finding by meaning costs: signs in memory, the scan over them, and the exact comparison from the store.

    python benchmarks/matching/meaning.py 100000                   so many vectors made by chance
    python benchmarks/matching/meaning.py 100000 --texts FOLDER    also what the encoder takes for labelled texts

Times are of the processor, without the encoder's own. Needs numpy; the second form the extra ``opshub[semantic]``.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy
from measures import percentile
from sets import files, read

from opshub.clock import SystemClock
from opshub.matching.encoder import open_encoder
from opshub.matching.meaning import Meaning
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref
from opshub.store import Store, open_store

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
AT_ONCE = 5_000


class Chance:
    """Directions made by chance, near one of a thousand middles."""

    name, dims = "chance 1", 512

    def __init__(self) -> None:
        self._made = numpy.random.default_rng(1)
        self._middles = self._made.standard_normal((1000, self.dims), numpy.float32)

    def encode(self, texts: Sequence[str]) -> numpy.ndarray:
        """A row for each text."""
        at = self._made.integers(0, len(self._middles), len(texts))
        rows = self._middles[at] + self._made.standard_normal((len(texts), self.dims), numpy.float32)
        return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)


def piece(number: int) -> Feedback:
    """A piece of feedback by its number."""
    return Feedback(ref=Ref("set", f"{number:08}"), url="", text=f"text {number}", created_at=BEGIN)


def fill(store: Store, meaning: Meaning, many: int) -> None:
    """Keep so many pieces with vectors."""
    with store.transaction():
        store.use_encoder(meaning.name)
    for begin in range(0, many, AT_ONCE):
        pieces = [piece(number) for number in range(begin, min(many, begin + AT_ONCE))]
        with store.transaction():
            store.put_feedback(pieces)
            store.begin_ideas([begun(it, begin + at + 1) for at, it in enumerate(pieces)])
            store.put_vectors(meaning.encode(pieces))


def begun(it: Feedback, number: int) -> tuple[Idea, Link]:
    """An idea of its own."""
    link = Link(feedback=it.ref, idea=number, maker=LinkMaker.SAME, reason="it began the idea")
    return Idea(number=number, title="", created_at=BEGIN), link


def searching(store: Store, many: int) -> None:
    """Tell what searches take, and what is held."""
    meaning = Meaning(Chance())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    meaning.around(piece(0), store, 40)
    print(f"signs read in {time.process_time() - begun:.2f} s")
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    times = []
    for number in range(200):
        wanted = piece(many + number)
        meaning._own(wanted)
        begun = time.process_time()
        meaning.around(wanted, store, 40)
        times.append((time.process_time() - begun) * 1000)
    bits = meaning._read(store)
    size = sum(block.nbytes for block in [*bits._signs, *bits._numbers]) / many if bits else 0
    print(f"a search p50 {percentile(times, 0.5):.1f} ms, p95 {percentile(times, 0.95):.1f} ms")
    print(f"memory {size:.0f} bytes a piece; the process grew by {held / 1024:.0f} MB at most")


def exactness(store: Store, many: int) -> None:
    """Tell how much of the exact first ten is found."""
    meaning = Meaning(Chance())
    rows = numpy.concatenate(
        [
            numpy.frombuffer(b"".join(store.vectors(list(range(at, at + AT_ONCE))).values()), numpy.float16)
            .reshape(-1, Chance.dims)
            .astype(numpy.float32)
            for at in range(1, many + 1, AT_ONCE)
        ]
    )
    found = 0
    for number in range(50):
        wanted = piece(2 * many + number)
        best = set(numpy.argsort(-(rows @ meaning._own(wanted)), kind="stable")[:10].tolist())
        found += len(best & {int(near.feedback.id) for near in meaning.around(wanted, store, 10).near})
    print(f"of the exact ten nearest {found / 500:.3f} are found")


def encoding(folder: Path) -> None:
    """Tell what the encoder takes for short and long texts, in batches."""
    encoder = open_encoder("universal")
    assert encoder is not None
    meaning, there = Meaning(encoder), files(folder)
    for name in ("banking77", "lcqmc_zh", "openoffice"):
        pieces = [
            Feedback(ref=Ref("set", it.id), url="", title=it.title, text=it.text, created_at=BEGIN)
            for it in read(there[name], "dev")[:600]
        ]
        meaning.encode(pieces[:50])
        begun = time.process_time()
        meaning.encode(pieces)
        print(f"{name}: {(time.process_time() - begun) * 1000 / len(pieces):.2f} ms a piece in batches")


def main() -> None:
    """All of it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("many", type=int)
    parser.add_argument("--texts", type=Path, metavar="FOLDER")
    told = parser.parse_args()
    if told.texts:
        encoding(told.texts)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "hub.db"
        store = open_store(path, clock=SystemClock())
        begun = time.process_time()
        fill(store, Meaning(Chance()), told.many)
        disk = path.stat().st_size / told.many
        print(f"filled in {time.process_time() - begun:.0f} s, {disk:.0f} bytes a piece on disk")
        searching(store, told.many)
        if told.many <= 200_000:
            exactness(store, told.many)
        store.close()


if __name__ == "__main__":
    main()
