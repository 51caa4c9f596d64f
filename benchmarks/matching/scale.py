"""How long it takes to find what one new text resembles, among very many.

    python benchmarks/matching/scale.py FOLDER                    100,000 pieces
    python benchmarks/matching/scale.py FOLDER --pieces 1000000   as many as you like
    python benchmarks/matching/scale.py FOLDER --keep hub.db      keep the database, and use it again

FOLDER holds labelled streams (see run.py). Pieces are made of them: the first half of one text and the second half of
another of the same set, so that words are as frequent as in real texts. Each measured piece is looked for and then
added, in a transaction of its own. Times are processor time.
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from hub import Hub
from measures import percentile
from sets import Item, files, read

BATCH = 2000
ASKED = 300


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


def main() -> None:
    """Fill, look, tell."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pieces", type=int, default=100_000)
    parser.add_argument("--keep", type=Path, help="folder of the database")
    told = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(told.keep or Path(folder))
        begun, there = time.process_time(), hub.count()
        source = islice(pieces(told.folder, 1), there, told.pieces)
        while batch := list(islice(source, BATCH)):
            hub.fill(batch)
        took = time.process_time() - begun
        hub.milliseconds.clear()
        for item in islice(pieces(told.folder, 2), ASKED):
            hub.find(item, 5)
        found = list(hub.milliseconds)
        for item in islice(pieces(told.folder, 3), ASKED):
            hub.find(item, 5)
            hub.add(item)
        both = hub.milliseconds[ASKED:]
        size = hub.size() / 1e6
    print(f"{told.pieces:,} pieces, {told.pieces - there:,} of them added in {took:.0f} s, {size:,.0f} MB")
    for name, times in (("find", found), ("find and add", both)):
        print(f"{name:<14} p50 {percentile(times, 0.5):.1f} ms   p95 {percentile(times, 0.95):.1f} ms")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
