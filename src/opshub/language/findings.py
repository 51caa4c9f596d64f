"""Collects what is wrong, with places, while a rule set is read and checked."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from difflib import get_close_matches

from opshub.language.codes import CODES
from opshub.language.diagnostics import Diagnostic, Source
from opshub.language.lost import Lost
from opshub.language.tree import Span

__all__ = ["Findings", "suggestion"]


def suggestion(word: str, choices: Sequence[str]) -> str:
    """``did you mean 'x'?`` for the nearest choice, or the choices where they are few, or nothing."""
    folded = {choice.casefold(): choice for choice in sorted(choices, reverse=True)}
    near = get_close_matches(word.casefold()[:100], list(folded), n=1, cutoff=0.6)
    if near:
        return f"did you mean '{folded[near[0]]}'?"
    return f"one of: {', '.join(sorted(choices))}" if 0 < len(choices) <= 8 else ""


class Findings:
    """The diagnostics of some files."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self.sources = tuple(sources)
        self.lost = Lost()
        self._starts = [self._line_starts(source.text) for source in sources]
        self._found: dict[tuple[str, Span], Diagnostic] = {}

    @staticmethod
    def _line_starts(text: str) -> list[int]:
        starts, at = [0], text.find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = text.find("\n", at + 1)
        return starts

    def line(self, span: Span) -> int:
        """The number of the span's first line, from 1."""
        return bisect_right(self._starts[span.file], span.start)

    def position(self, file: int, at: int) -> tuple[int, int]:
        """Line and column of a character, both from 1."""
        line = bisect_right(self._starts[file], at)
        return line, at - self._starts[file][line - 1] + 1

    def place(self, span: Span) -> str:
        """``file:line`` of a span."""
        return f"{self.sources[span.file].path}:{self.line(span)}"

    def text(self, span: Span) -> str:
        """What the admin wrote there, on one line."""
        return " ".join(self.sources[span.file].text[span.start : span.end].split())

    def adds(self, span: Span) -> bool:
        """Whether points follow, as behind the name of a score."""
        return (
            re.match(r"[ \t]*[+-][ \t]*\d", self.sources[span.file].text[span.end : span.end + 20])
            is not None
        )

    def report(self, code: str, span: Span, message: str, hint: str = "") -> None:
        """Note a finding; the same code at the same place is noted once."""
        line = self.line(span)
        start = self._starts[span.file][line - 1]
        source = self.sources[span.file]
        end = source.text.find("\n", start)
        shown = source.text[start : len(source.text) if end < 0 else end].rstrip("\r")
        column = span.start - start + 1
        end_column = max(column + 1, min(span.end - start, len(shown)) + 1)
        severity = CODES[code].severity
        found = Diagnostic(code, severity, message, source.path, line, column, end_column, hint, shown)
        self._found.setdefault((code, span), found)

    def all(self) -> tuple[Diagnostic, ...]:
        """All findings in the order of files and lines."""
        return tuple(self._found[key] for key in sorted(self._found, key=lambda key: (key[1], key[0])))
