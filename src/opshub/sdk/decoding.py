"""A body as it came over the wire, made whole: decompressed under a cap, and refused where it was cut."""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from opshub.errors import BadAnswerError

__all__ = ["ACCEPTED", "read_body"]

ACCEPTED = "gzip, deflate"
"""What ``Accept-Encoding`` asks for."""

GZIP = 16 + zlib.MAX_WBITS


def read_body(chunks: Iterable[bytes], encoding: str, limit: int, *, may_be_empty: bool = True) -> bytes:
    """The decoded body of at most ``limit`` bytes.

    BadAnswerError where it is larger, before or after decoding, where its compression ends too early or is broken,
    or where it is compressed in a way that nobody asked for.
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return _joined(chunks, limit)
    if name in ("gzip", "x-gzip", "deflate"):
        body = _Inflated(limit, deflate=name == "deflate")
        for chunk in _counted(chunks, limit):
            body.feed(chunk)
        return body.whole(may_be_empty=may_be_empty)
    raise BadAnswerError(f"The answer is compressed as {name[:40]!r}, which was not asked for.")


def _counted(chunks: Iterable[bytes], limit: int) -> Iterable[bytes]:
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        yield chunk


def _joined(chunks: Iterable[bytes], limit: int) -> bytes:
    return b"".join(_counted(chunks, limit))


def _too_large(limit: int) -> BadAnswerError:
    return BadAnswerError(f"The answer is larger than {limit:,} bytes.", hint="Ask for smaller pages.")


class _Inflated:
    """A compressed body while it arrives; gzip may come as several members in a row."""

    def __init__(self, limit: int, *, deflate: bool) -> None:
        self._limit = limit
        self._deflate = deflate
        self._inflater: zlib._Decompress | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._fed = False

    def feed(self, chunk: bytes) -> None:
        """Decode a piece; what it grows to is never held beyond the limit."""
        while chunk:
            self._fed = True
            if self._inflater is None:
                self._inflater = zlib.decompressobj(self._format(chunk))
            try:
                part = self._inflater.decompress(chunk, self._limit - self._size + 1)
            except zlib.error:
                raise BadAnswerError("The answer's compression is broken.") from None
            self._size += len(part)
            if self._size > self._limit:
                raise _too_large(self._limit)
            self._parts.append(part)
            chunk = self._inflater.unconsumed_tail
            if self._inflater.eof:
                chunk = self._inflater.unused_data
                self._inflater = None

    def whole(self, *, may_be_empty: bool) -> bytes:
        """The body, once all of it was fed."""
        if self._inflater is not None or (not self._fed and not may_be_empty):
            raise BadAnswerError("The answer was cut: its compression does not end.")
        return b"".join(self._parts)

    def _format(self, chunk: bytes) -> int:
        if not self._deflate:
            return GZIP
        # The standard means zlib's frame by "deflate"; some servers send the bare stream.
        return zlib.MAX_WBITS if chunk[0] & 0x0F == 8 else -zlib.MAX_WBITS
