"""What is wrong with a rule file, and how it is shown."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

__all__ = ["Diagnostic", "Source", "visible", "width"]

_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one rule file; ``path`` is what people are shown."""

    path: str
    text: str


def visible(text: str) -> str:
    """The text with every control character replaced, so that it cannot steer a terminal; same length."""
    return "".join(
        " " if c == "\t" else "·" if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp") else c
        for c in text
    )


def width(text: str) -> int:
    """Columns on a terminal: East Asian wide characters take two, combining marks none."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding of the checker.

    ``severity`` is ``error`` or ``warning``. ``line`` and ``column`` count from 1, ``end_column`` is the first
    column after the marked text, all in characters. ``code`` names the section of the manual.
    """

    code: str
    severity: str
    message: str
    path: str
    line: int
    column: int
    end_column: int
    hint: str
    source_line: str

    def render(self) -> str:
        """The message over the source line with a caret under the marked text, the hint and the manual's page."""
        number, gutter = str(self.line), " " * len(str(self.line))
        shift = max(0, self.column - _SHOWN // 2) if len(self.source_line) > _SHOWN else 0
        line = visible(self.source_line[shift : shift + _SHOWN])
        start = self.column - 1 - shift
        marked = line[start : max(self.end_column - 1 - shift, start + 1)]
        lines = [
            f"{self.severity}[{self.code}]: {visible(self.message)}",
            f"{gutter}--> {visible(self.path)}:{self.line}:{self.column}",
            f"{gutter} |",
            f"{number} | {line}".rstrip(),
            f"{gutter} | {' ' * width(line[:start])}{'^' * max(1, width(marked))}",
            f"{gutter} = {visible(self.hint)}",
            f"{gutter} = manual: rules.md#{self.code.lower()}",
        ]
        return "\n".join(lines)
