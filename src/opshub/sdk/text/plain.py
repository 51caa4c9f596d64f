"""Plain text: tidied, quoted, and what every converter shares."""

from __future__ import annotations

import re

__all__ = ["link_pattern", "quote", "tidy"]

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
    return (cut[:space] if space > width * 0.6 else cut.rstrip()) + "…"


def link_pattern(origins: tuple[str, ...]) -> re.Pattern[str] | None:
    """What finds the addresses in a text that begin with one of these origins; None where there are none."""
    known = [
        re.escape(origin.rstrip("/")) for origin in origins if origin.startswith(("https://", "http://"))
    ]
    if not known:
        return None
    return re.compile(rf"(?:{'|'.join(known)})(?:[/?#][^\s<>\"'`|\\^{{}}\[\]()]*+)?(?![\w.:@-])")
