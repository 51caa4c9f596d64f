"""Records compressed one by one, each with what it has in common with the others of its connection left out.

The records of a connection look alike. A dictionary of what they share, trained on the first page that is large enough,
halves both the size of the rest and the time it takes. A compressed record names its dictionary itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import zstandard

__all__ = ["FIRST", "Packer", "train"]

FIRST = 2**15
"""The least number of a dictionary: smaller ones are reserved (RFC 8878, section 5)."""

_LEVEL = 1
_SIZE = 16384
_SAMPLES = 500
_FEWEST = 100


def train(bodies: Sequence[bytes], number: int) -> bytes | None:
    """A dictionary of that number made from records; None where they are too few or have too little in common."""
    if len(bodies) < _FEWEST:
        return None
    import zstandard

    try:
        made = zstandard.train_dictionary(_SIZE, list(bodies[:_SAMPLES]), dict_id=number)
    except zstandard.ZstdError:
        return None
    return made.as_bytes()


class Packer:
    """Compresses with one dictionary or none, and restores with any; ``fetch`` reads a dictionary by its number."""

    def __init__(self, fetch: Callable[[int], bytes]) -> None:
        self._fetch = fetch
        self._restorers: dict[int, zstandard.ZstdDecompressor] = {}

    def using(self, dictionary: bytes | None) -> Callable[[bytes], bytes]:
        """What compresses with a dictionary."""
        import zstandard

        if dictionary is None:
            return self.plain
        known = zstandard.ZstdCompressionDict(dictionary)
        known.precompute_compress(level=_LEVEL)
        return zstandard.ZstdCompressor(level=_LEVEL, dict_data=known).compress

    @cached_property
    def plain(self) -> Callable[[bytes], bytes]:
        """What compresses without any."""
        import zstandard

        return zstandard.ZstdCompressor(level=_LEVEL).compress

    def unpack(self, body: bytes) -> bytes:
        """A record as it was."""
        import zstandard

        number = zstandard.get_frame_parameters(body).dict_id
        if number not in self._restorers:
            known = zstandard.ZstdCompressionDict(self._fetch(number)) if number else None
            self._restorers[number] = zstandard.ZstdDecompressor(dict_data=known)
        return self._restorers[number].decompress(body)
