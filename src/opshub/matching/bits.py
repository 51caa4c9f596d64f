"""The signs of many vectors in memory, and which of them differ least from those of one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Bits", "signs"]

BLOCK = 16_384
"""Vectors that are kept and compared at once: what a step touches stays in the processor's cache."""

FIRST = 3
"""Words of 64 signs that are counted in bytes, which hold up to 192 of them: twice as fast as in any wider number."""

MANY = 65_536
"""Vectors from which on a search looks at the first words of all, and at the others of the nearest by these."""

SHARE = 64
"""One of so many is looked at as a whole: of the ten nearest among 42,000 real texts .99 are among them."""

SAMPLED = 16
"""One of so many tells how near that share is."""


def signs(rows: NDArray[np.float32]) -> list[bytes]:
    """A bit for each number of each row: whether it is positive."""
    import numpy as np

    return [row.tobytes() for row in np.packbits(rows > 0, axis=1)]


class Bits:
    """Signs by number, in order of arrival: an eighth of a byte for each of a vector's numbers, and eight bytes."""

    def __init__(self, dims: int) -> None:
        """Begin empty, for vectors of so many numbers."""
        self.width = -(-dims // 64)
        self.last = 0
        self._count = 0
        self._signs: list[NDArray[np.uint64]] = []
        self._numbers: list[NDArray[np.int64]] = []

    def __len__(self) -> int:
        return self._count

    def add(self, rows: Sequence[tuple[int, bytes]]) -> None:
        """Keep the signs of further vectors, whose numbers grow."""
        import numpy as np

        if not rows:
            return
        whole = self.width * 8
        packed = b"".join(row.ljust(whole, b"\0") for _, row in rows)
        fresh = np.frombuffer(packed, np.uint64).reshape(len(rows), self.width)
        numbers = np.array([number for number, _ in rows], np.int64)
        done = 0
        while done < len(rows):
            at = self._count % BLOCK
            if at == 0:
                # Word by word, so that one step runs over the same word of all vectors.
                self._signs.append(np.zeros((self.width, BLOCK), np.uint64))
                self._numbers.append(np.zeros(BLOCK, np.int64))
            many = min(BLOCK - at, len(rows) - done)
            self._signs[-1][:, at : at + many] = fresh[done : done + many].T
            self._numbers[-1][at : at + many] = numbers[done : done + many]
            done += many
            self._count += many
        self.last = int(numbers[-1])

    def nearest(self, row: bytes, limit: int) -> list[int]:
        """The numbers of the vectors whose signs differ least from these, nearest first, then oldest first.

        Among very many, only of those that are near by their first signs.
        """
        import numpy as np

        compare = _Comparison(np.frombuffer(row.ljust(self.width * 8, b"\0"), np.uint64))
        apart, places = (self._sifted if self._count >= MANY else self._all)(compare, limit)
        order = np.argsort(apart, kind="stable")[:limit]
        return [int(self._numbers[at // BLOCK][at % BLOCK]) for at in places[order]]

    def _all(self, compare: _Comparison, limit: int) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        """In how many signs the nearest differ, and their places, in order of arrival where they differ as much."""
        import numpy as np

        apart, places = np.empty(0, np.uint16), np.empty(0, np.int64)
        bound = self.width * 64 + 1
        for block, held in enumerate(self._signs):
            many = min(BLOCK, self._count - block * BLOCK)
            found = compare(held)[:many]
            # What is as far as the last one that counts so far is younger than that: it cannot come in.
            near = np.flatnonzero(found < bound)
            if not len(near):
                continue
            apart = np.concatenate((apart, found[near]))
            places = np.concatenate((places, near + block * BLOCK))
            if len(apart) >= limit:
                order = np.argsort(apart, kind="stable")[:limit]
                apart, places = apart[order], places[order]
                bound = int(apart[-1])
        return apart, places

    def _sifted(self, compare: _Comparison, limit: int) -> tuple[NDArray[np.uint16], NDArray[np.int64]]:
        """The same of all that are among the nearest by their first signs, and some more."""
        import numpy as np

        every = np.empty((len(self._signs), BLOCK), np.uint8)
        for held, into in zip(self._signs, every, strict=True):
            compare.count(held, 0, into)
        first = every.reshape(-1)[: self._count]
        sample = first[::SAMPLED]
        rank = max(len(sample) // SHARE, min(limit, len(sample) - 1))
        places = np.flatnonzero(first <= np.partition(sample, rank)[rank])
        apart = first[places].astype(np.uint16)
        ends = np.searchsorted(places, np.arange(len(self._signs) + 1) * BLOCK)
        for block, held in enumerate(self._signs):
            there = slice(ends[block], ends[block + 1])
            apart[there] += compare.rest(held, places[there] - block * BLOCK)
        return apart, places


class _Comparison:
    """In how many bits blocks differ from one vector; what it needs for that is made once."""

    def __init__(self, wanted: NDArray[np.uint64]) -> None:
        import numpy as np

        self._wanted = wanted
        self._other = np.empty(BLOCK, np.uint64)
        self._bits = np.empty(BLOCK, np.uint8)
        self._few = np.empty(BLOCK, np.uint8)
        self._total = np.empty(BLOCK, np.uint16)

    def __call__(self, held: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """For each vector of the block; good until the next call."""
        self._total[:] = 0
        for begin in range(0, len(held), FIRST):
            self.count(held, begin, self._few)
            self._total += self._few
        return self._total

    def rest(self, held: NDArray[np.uint64], places: NDArray[np.int64]) -> NDArray[np.uint16]:
        """For the vectors in these places of the block, the same of all other words."""
        import numpy as np

        found = np.zeros(len(places), np.uint16)
        for word, mine in zip(held[FIRST:], self._wanted[FIRST:], strict=True):
            found += np.bitwise_count(word.take(places) ^ mine)
        return found

    def count(self, held: NDArray[np.uint64], begin: int, into: NDArray[np.uint8]) -> None:
        """For each vector of the block, the same of the few words from there on."""
        import numpy as np

        for at in range(begin, min(begin + FIRST, len(held))):
            np.bitwise_xor(held[at], self._wanted[at], out=self._other)
            np.bitwise_count(self._other, out=into if at == begin else self._bits)
            if at > begin:
                into += self._bits
