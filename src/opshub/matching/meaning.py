"""What an encoder adds to matching: the pieces of feedback whose vectors lie nearest, and how near any two lie."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from opshub.matching.encoder import Encoder, unit
from opshub.matching.plain import read
from opshub.model import Feedback, Ref

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from opshub.matching.bits import Bits

__all__ = ["Around", "Meaning", "Near", "Place", "Vectors"]

TITLE = 0.5
"""What a title weighs beside title and text together: found on the tuning part of the bug reports."""

SHORTLIST = 128
"""Vectors that are compared exactly, after the signs have chosen them."""

CROWD = 10
"""Pieces near another one that say how crowded it is there."""

SPARSE = 0.4
"""The least that counts as a crowd: a hub that has just begun knows hardly any neighbours, and must not take for alike
what lies alone there. Among bug reports, where the fewest lie near, 18 of 100 crowds are smaller."""

EQUAL = 0.9995
"""The cosine from which two vectors are those of one text: that one crowds nothing."""

LOAD = 50_000
"""Signs that are read at once."""


Key = TypeVar("Key")


class Vectors(Protocol):
    """The part of the store that holds vectors."""

    def encoder(self) -> str:
        """The encoder whose vectors are kept."""
        ...

    def vectors_undone(self) -> int:
        """Grows whenever what was read may have been undone."""
        ...

    def signs_after(self, number: int, limit: int) -> list[tuple[int, bytes]]:
        """(number, signs) of vectors after that number, in order."""
        ...

    def vectors(self, numbers: Sequence[int]) -> dict[int, bytes]:
        """The vectors of these numbers."""
        ...

    def vectors_of(self, refs: Sequence[Ref]) -> dict[Ref, bytes]:
        """The vectors of these pieces."""
        ...

    def encoded(self, numbers: Sequence[int]) -> dict[int, tuple[Ref, int | None]]:
        """Whose vectors these are: (feedback, idea)."""
        ...


class Place(NamedTuple):
    """Where a piece of feedback lies, seen from the one that others are looked for."""

    cosine: float
    crowd: float
    """The mean cosine of those that lie nearest to it: where many do, to lie near says less.

    Conneau, Lample, Ranzato, Denoyer and Jégou, "Word Translation Without Parallel Data", ICLR 2018, section 2.3.
    """


class Near(NamedTuple):
    """A piece of feedback found by its vector."""

    feedback: Ref
    idea: int | None
    place: Place


@dataclass(frozen=True, slots=True)
class Around:
    """What lies around one piece of feedback."""

    near: Sequence[Near] = ()
    """The nearest, best first."""
    own: NDArray[np.float32] | None = None
    """Its vector; none where nothing is known of its meaning."""
    shortlist: NDArray[np.float32] | None = None
    """The vectors that were compared exactly, but for those of the same text."""

    def places(self, kept: Mapping[Key, bytes]) -> dict[Key, Place]:
        """Where others lie, by their vectors, as long as something is known of its meaning."""
        if self.own is None or self.shortlist is None or not kept:
            return {}
        rows = _vectors(kept.values(), len(self.own))
        cosines = _rounded(_cosines(rows, self.own[None])[:, 0])
        return dict(zip(kept, map(Place, cosines, _crowds(rows, self.shortlist)), strict=True))


class Meaning:
    """An encoder, and the signs of all vectors that it made for one store."""

    def __init__(self, encoder: Encoder) -> None:
        """Begin with nothing in memory: signs are read when the first search comes."""
        self.encoder = encoder
        self._bits: Bits | None = None
        self._undone = -1
        self._last: tuple[tuple[str, str], NDArray[np.float32]] | None = None

    @property
    def name(self) -> str:
        """The encoder's."""
        return self.encoder.name

    def encode(self, pieces: Sequence[Feedback]) -> list[tuple[Ref, bytes, bytes]]:
        """What the store keeps of each piece: (feedback, signs, vector in half precision)."""
        import numpy as np

        from opshub.matching.bits import signs

        if not pieces:
            return []
        alone = len(pieces) == 1
        rows = self._own(pieces[0])[None] if alone else self._rows([(it.title, it.text) for it in pieces])
        halves = rows.astype(np.float16)
        packed = signs(rows)
        return [(it.ref, packed[at], halves[at].tobytes()) for at, it in enumerate(pieces)]

    def around(self, feedback: Feedback, store: Vectors, limit: int) -> Around:
        """What lies around it, with so many of the nearest; nothing while the store keeps another encoder's vectors."""
        from opshub.matching.bits import signs

        bits = self._read(store)
        if bits is None:
            return Around()
        own = self._own(feedback)
        if not own.any():
            return Around()
        kept = store.vectors(bits.nearest(signs(own[None])[0], SHORTLIST))
        numbers, rows = [*kept], _vectors(kept.values(), len(own))
        exact = _cosines(rows, own[None])[:, 0]
        shortlist, cosines = rows[exact < EQUAL], _rounded(exact)
        best = sorted(range(len(rows)), key=lambda at: (-cosines[at], numbers[at]))[: limit + 1]
        places = map(Place, [cosines[at] for at in best], _crowds(rows[best], shortlist))
        owners = store.encoded([numbers[at] for at in best])
        found = [
            Near(*owners[numbers[at]], place)
            for at, place in zip(best, places, strict=True)
            if numbers[at] in owners
        ]
        return Around([near for near in found if near.feedback != feedback.ref][:limit], own, shortlist)

    def _read(self, store: Vectors) -> Bits | None:
        """The signs, brought up to date; None while the store keeps another encoder's vectors."""
        from opshub.matching.bits import Bits

        if store.encoder() != self.name:
            return None
        undone = store.vectors_undone()
        if self._bits is None or undone != self._undone:
            self._bits, self._undone = Bits(self.encoder.dims), undone
        while rows := store.signs_after(self._bits.last, LOAD):
            self._bits.add(rows)
        return self._bits

    def _own(self, feedback: Feedback) -> NDArray[np.float32]:
        """The vector of one piece, encoded alone, so that it does not depend on what came beside it."""
        key = (feedback.title, feedback.text)
        if self._last is None or self._last[0] != key:
            self._last = (key, self._rows([key])[0])
        return self._last[1]

    def _rows(self, texts: Sequence[tuple[str, str]]) -> NDArray[np.float32]:
        """A vector for each title and text; a title counts once more by itself."""
        import numpy as np

        texts = [read(title, text) for title, text in texts]
        whole = [f"{title}\n{text}".strip() for title, text in texts]
        titled = [at for at, (title, text) in enumerate(texts) if title.strip() and text.strip()]
        found = self.encoder.encode([*whole, *(texts[at][0] for at in titled)])
        rows = np.array(found[: len(whole)], np.float32)
        rows[titled] += TITLE * found[len(whole) :]
        return unit(rows)


def _vectors(kept: Collection[bytes], width: int) -> NDArray[np.float32]:
    """Vectors as the store keeps them, a row each."""
    import numpy as np

    return np.frombuffer(b"".join(kept), np.float16).reshape(len(kept), width).astype(np.float32)


def _cosines(rows: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Of each with each. Not by `@`: for so few rows its threads cost more than they save, and double a search."""
    import numpy as np

    found: NDArray[np.float32] = np.einsum("ik,jk->ij", rows, others)
    return found


def _crowds(rows: NDArray[np.float32], shortlist: NDArray[np.float32]) -> list[float]:
    """How near those of the shortlist that are nearest to each row lie to it on average."""
    import numpy as np

    cosines = _cosines(rows, shortlist)
    others = np.where(cosines < EQUAL, cosines, np.nan)
    nearest = -np.sort(-others, axis=1)[:, :CROWD]  # what is no number comes last
    there = np.maximum((~np.isnan(nearest)).sum(axis=1), 1)
    return _rounded(np.maximum(np.nansum(nearest, axis=1) / there, SPARSE))


def _rounded(cosines: NDArray[np.float32]) -> list[float]:
    """To four digits: kernels of linear algebra differ in the seventh."""
    import numpy as np

    told: list[float] = np.round(cosines.astype(np.float64), 4).tolist()
    return told
