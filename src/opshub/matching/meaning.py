"""What an encoder adds to matching: the pieces of feedback whose vectors lie nearest, and how near any two lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from opshub.matching.encoder import Encoder, unit
from opshub.matching.plain import read
from opshub.model import Feedback, Ref

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from opshub.matching.bits import Bits

__all__ = ["Meaning", "Near", "Vectors"]

TITLE = 0.5
"""What a title weighs beside title and text together: found on the tuning part of the bug reports."""

SHORTLIST = 96
"""Vectors that are compared exactly, after the signs have chosen them."""

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


class Near(NamedTuple):
    """A piece of feedback found by its vector."""

    feedback: Ref
    idea: int | None
    cosine: float


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

    def nearest(self, feedback: Feedback, store: Vectors, limit: int) -> list[Near]:
        """The pieces nearest in meaning, best first; none while the store keeps another encoder's vectors."""
        from opshub.matching.bits import signs

        bits = self._read(store)
        if bits is None:
            return []
        own = self._own(feedback)
        if not own.any():
            return []
        numbers = bits.nearest(signs(own[None])[0], SHORTLIST)
        cosines = self._cosines(own, store.vectors(numbers))
        best = sorted(cosines, key=lambda number: (-cosines[number], number))[: limit + 1]
        owners = store.encoded(best)
        found = [Near(*owners[number], cosines[number]) for number in best if number in owners]
        return [near for near in found if near.feedback != feedback.ref][:limit]

    def cosines(self, feedback: Feedback, store: Vectors, others: Sequence[Ref]) -> dict[Ref, float]:
        """How near other pieces lie, from -1 to 1, as far as they have a vector."""
        if store.encoder() != self.name:
            return {}
        own = self._own(feedback)
        return self._cosines(own, store.vectors_of(others)) if own.any() else {}

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

    @staticmethod
    def _cosines(own: NDArray[np.float32], kept: Mapping[Key, bytes]) -> dict[Key, float]:
        """Rounded to four digits: kernels of linear algebra differ in the seventh."""
        import numpy as np

        if not kept:
            return {}
        rows = np.frombuffer(b"".join(kept.values()), np.float16).reshape(len(kept), -1)
        told = np.round((rows.astype(np.float32) @ own).astype(np.float64), 4)
        return dict(zip(kept, told.tolist(), strict=True))
