"""Plain text: tidied, quoted, and what every converter shares."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["Lines", "link_pattern", "quote", "tidy", "with_address"]

SPACES = re.compile(r"[ \t\r\f\v\u00a0]+")
BREAKS = re.compile(r"\n{3,}")


def tidy(text: str) -> str:
    """The text without trailing spaces, without more than one blank line in a row, and without blank ends."""
    lines = [line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n")]
    return BREAKS.sub("\n\n", "\n".join(lines)).strip("\n")


def quote(text: str, width: int = 200) -> str:
    """The text on one line, at most ``width`` characters long, an ellipsis where it was cut."""
    line = " ".join(text[: width * 20].split())
    if len(line) <= width and len(text) <= width * 20:
        return line
    cut = line[: max(0, width - 1)]
    space = cut.rfind(" ")
    return (cut[:space] if space > width / 2 else cut.rstrip()) + "…"


def link_pattern(origins: tuple[str, ...]) -> re.Pattern[str] | None:
    """What finds the addresses in a text that begin with one of these origins; None where there are none."""
    known = [
        re.escape(origin.rstrip("/")) for origin in origins if origin.startswith(("https://", "http://"))
    ]
    if not known:
        return None
    return re.compile(rf"(?:{'|'.join(known)})(?:[/?#][^\s<>\"'`|\\^{{}}\[\]()]*+)?(?![\w.:@-])")


def with_address(shown: str, address: str) -> str:
    """What follows a link's words: its address in brackets, or nothing where the words show it already."""
    if address.startswith(("https://", "http://")) and address.rstrip("/") not in shown:
        return f" ({address})"
    return ""


class Lines:
    """Plain text while it is put together: breaks add up to the widest asked for, not to their sum."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._breaks = 0
        self._after_bullet = False

    @property
    def at_start(self) -> bool:
        """Whether a line begins here, or a space stands before."""
        return not self._parts or self._parts[-1][-1] in "\n\t "

    @property
    def size(self) -> int:
        """How many pieces were put down; ``since`` takes it."""
        return len(self._parts)

    def since(self, size: int) -> str:
        """The text put down after a moment at which ``size`` was this."""
        return "".join(self._parts[size:])

    def text(self, text: str) -> None:
        """Put a text down as it is."""
        if text:
            self._parts.append(text)
            kept = text.rstrip("\n")
            self._breaks = len(text) - len(kept) + (0 if kept else self._breaks)
            self._after_bullet = False

    def apart(self, lines: int = 1) -> None:
        """What follows begins on a new line, with ``lines`` - 1 blank ones before; not right behind a bullet."""
        if self._parts and not self._after_bullet and self._breaks < lines:
            self.text("\n" * (lines - self._breaks))

    def row(self, starts: Sequence[int]) -> None:
        """What was put down since each of these sizes becomes a cell of one line."""
        ends = [*starts[1:], self.size]
        cells = [" ".join("".join(self._parts[a:b]).split()) for a, b in zip(starts, ends, strict=True)]
        del self._parts[starts[0] :]
        last = self._parts[-1] if self._parts else ""
        self._breaks = len(last) - len(last.rstrip("\n"))
        if any(cells):
            self.apart()
            self.text(" | ".join(cells))

    def bullet(self) -> None:
        """A list's item begins."""
        self.apart()
        self.text("- ")
        self._after_bullet = True

    def whole(self) -> str:
        """All that was put down, tidy."""
        return tidy("".join(self._parts))
