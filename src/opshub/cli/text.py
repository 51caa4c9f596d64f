"""Texts from outside made harmless and fitted to a terminal."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TextIO

__all__ = ["block", "colours", "cut", "fit", "hang", "line", "pad", "screen", "width_of", "wrap"]

_HARMFUL = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters, and those that hide or reorder what stands around them."""

_WIDE = (
    "\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6"
    "\U00020000-\U0003fffd"
)
_CLOSING = "，。！？、；：）】》」』〉…”’）．％"


@cache
def _piece() -> re.Pattern[str]:
    """Between two finds a line may break: at spaces, and around each Chinese character but before its punctuation."""
    return re.compile(rf"\s+|[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+[{_CLOSING}]*")


def line(text: str) -> str:
    """A text on one line, without anything that a terminal would obey."""
    return _HARMFUL.sub(_shown, " ".join(text.split()))


def block(text: str) -> str:
    """The same, with its line breaks kept."""
    return "\n".join(_HARMFUL.sub(_shown, part.replace("\t", "    ")) for part in text.splitlines())


def _shown(found: re.Match[str]) -> str:
    code = ord(found.group())
    return chr(0x2400 + code) if code < 0x20 else "\ufffd"


def colours(stream: TextIO) -> bool:
    """Whether colours may go there: to terminals only, and nowhere if ``NO_COLOR`` is set."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


def width_of(text: str) -> int:
    """How many columns a text takes: two for a Chinese character, none for a combining one."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth, wcwidth

    whole = int(wcswidth(text))
    return whole if whole >= 0 else sum(max(0, int(wcwidth(char))) for char in text)


def cut(text: str, width: int) -> str:
    """The text in at most so many columns, with ``…`` where something is left out."""
    if width_of(text) <= width:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width_of(text[:middle]) <= width - 1 else (low, middle - 1)
    return (text[:low] + "…") if width > 0 else ""


def wrap(text: str, width: int | None) -> list[str]:
    """The text as lines of at most so many columns; one line where there is no width."""
    if width is None or width_of(text) <= width:
        return [text]
    lines, now, taken = [], "", 0
    for piece in _pieces(text, width):
        size = width_of(piece)
        if now and taken + width_of(piece.rstrip()) > width:
            lines.append(now.rstrip())
            now, taken = "", 0
        if now or not piece.isspace():
            now, taken = now + piece, taken + size
    return [*lines, now.rstrip()] if now.strip() else lines


def _pieces(text: str, width: int) -> Iterator[str]:
    """What a line can be put together from; a word longer than a line is broken."""
    for found in _piece().finditer(text):
        piece = found.group()
        while width_of(piece) > width:
            part = cut(piece, width + 1).removesuffix("…")[: max(1, len(piece) - 1)] or piece[0]
            yield part
            piece = piece[len(part) :]
        if piece:
            yield piece


def hang(head: str, parts: Sequence[str], width: int | None) -> str:
    """``parts`` behind ``head``, two spaces apart, on as many lines as they need; all lines begin where the first does.

    A part stays whole where a line can hold it.
    """
    indent = width_of(head)
    room = None if width is None else max(16, width - indent)
    lines: list[str] = []
    for part in filter(None, parts):
        if lines and (room is None or width_of(lines[-1]) + 2 + width_of(part) <= room):
            lines[-1] += f"  {part}"
        else:
            lines += wrap(part, room)
    return f"\n{' ' * indent}".join([head + (lines[0] if lines else ""), *lines[1:]]).rstrip()


def pad(text: str, width: int, *, right: bool = False) -> str:
    """The text filled with spaces to so many columns."""
    space = " " * (width - width_of(text))
    return space + text if right else text + space


def screen() -> int | None:
    """The terminal's width in columns; None where stdout is no terminal and ``COLUMNS`` is not set."""
    if os.environ.get("COLUMNS", "").isdigit():
        return max(20, int(os.environ["COLUMNS"]))
    return max(20, shutil.get_terminal_size().columns) if sys.stdout.isatty() else None


def fit(widths: Sequence[int], room: int, floor: int = 8) -> list[int]:
    """Widths that fit into ``room`` together with two spaces between each: the widest give way first."""
    fitted = list(widths)
    excess = sum(fitted) + 2 * (len(fitted) - 1) - room
    while excess > 0:
        widest = max(range(len(fitted)), key=lambda i: fitted[i])
        second = max((w for i, w in enumerate(fitted) if i != widest), default=floor)
        step = min(excess, max(1, fitted[widest] - max(second, floor)))
        if fitted[widest] <= floor:
            break
        fitted[widest] -= step
        excess -= step
    return fitted
