"""How long it takes to find what one new text resembles, among very many.

    python benchmarks/matching/scale.py FOLDER                    100,000 pieces
    python benchmarks/matching/scale.py FOLDER --pieces 1000000   as many as you like
    python benchmarks/matching/scale.py FOLDER --keep hub         keep the database in that folder, and use it again
    python benchmarks/matching/scale.py FOLDER --meaning          also with vectors; needs numpy

FOLDER holds labelled streams (see run.py). Pieces are made of them: the first half of one text and the second half of
another of the same set, so that words are as frequent as in real texts. Each measured piece is looked for and then
added, in a transaction of its own. Times are of the processor; of three searches for a piece the quickest counts, since
others use the machine too. Vectors are made by chance (see meaning.py), so that a million does not take hours: what
lies near in meaning then shares no words, as in hardly any other pool. The encoder's own time is not counted.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from hub import Hub
from measures import percentile
from sets import Item, files, read

BATCH = 2000
ASKED = 300
ROUNDS = 3


def pieces(folder: Path, seed: int) -> Iterator[Item]:
    """Texts without end, the same for the same seed."""
    source = random.Random(seed)
    sets = [read(path, part) for path in files(folder).values() for part in ("dev", "test")]
    for number in range(10**9):
        items = source.choice(sets)
        one, other = source.choice(items), source.choice(items)
        text = _half(one.text, first=True) + _half(other.text, first=False)
        yield Item(f"{seed}-{number}", one.language, one.source, one.title, text, "")


def _half(text: str, *, first: bool) -> str:
    """One half of a text, cut between words where it has any."""
    words = text.split(" ") if " " in text else list(text)
    half = words[: (len(words) + 1) // 2] if first else words[(len(words) + 1) // 2 :]
    return (" " if " " in text else "").join(half) + (" " if first and " " in text else "")


def measure(hub: Hub, folder: Path, what: str, seed: int) -> None:
    """Tell what searches take, and searches after each of which the piece is kept."""
    items = list(islice(pieces(folder, seed), ASKED))
    rounds = [[look(hub, item) for item in items] for _ in range(ROUNDS)]
    tell(f"{what}, find", [min(times) for times in zip(*rounds, strict=True)])
    tell(f"{what}, find and add", [keep(hub, item) for item in items])


def look(hub: Hub, item: Item) -> float:
    """Milliseconds to look for one piece, without the encoder's own."""
    hub.milliseconds.clear()
    if hub.meaning:
        hub.meaning._own(hub.feedback(item))
    hub.find(item, 5)
    return hub.milliseconds[0]


def keep(hub: Hub, item: Item) -> float:
    """Milliseconds to look for one piece, the least of all rounds, and to add it once."""
    *_, found = looked = [look(hub, item) for _ in range(ROUNDS)]
    hub.add(item)
    return min(looked) + hub.milliseconds[0] - found


def tell(what: str, times: Sequence[float]) -> None:
    """One line of figures."""
    half, most = (percentile(times, share) for share in (0.5, 0.95))
    print(f"{what:<26} p50 {half:5.1f} ms   p95 {most:5.1f} ms", flush=True)


def encode(hub: Hub) -> None:
    """Vectors made by chance for all that has none, and what they take in memory."""
    from meaning import Chance

    hub.use(Chance())
    meaning = hub.meaning
    assert meaning is not None
    while waiting := hub.store.unencoded(BATCH):
        with hub.store.transaction():
            hub.store.put_vectors(meaning.encode([seen.feedback for seen in waiting]))
    bits = meaning._read(hub.store)
    assert bits is not None
    held = sum(block.nbytes for block in [*bits._signs, *bits._numbers])
    print(f"signs in memory: {held / len(bits):.0f} bytes a piece")


def main() -> None:
    """Fill, look, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pieces", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="folder of the database")
    parser.add_argument("--meaning", action="store_true", help="measure with vectors too")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(told.keep or Path(folder))
        begun, there = time.process_time(), hub.count()
        source = islice(pieces(told.folder, 1), there, told.pieces)
        while batch := list(islice(source, BATCH)):
            hub.fill(batch)
        took = time.process_time() - begun
        print(f"{hub.count():,} pieces, {hub.count() - there:,} of them added in {took:.0f} s")
        measure(hub, told.folder, "by words", there + told.pieces)
        if told.meaning:
            encode(hub)
            measure(hub, told.folder, "and by meaning", there + told.pieces + 1)
        print(f"on disk: {hub.size() / hub.count():,.0f} bytes a piece")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
