"""Patterns that rules look for in texts, on an engine whose time grows with the text alone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from opshub.language.findings import Findings
from opshub.language.tree import Matches, Span

if TYPE_CHECKING:
    from re2 import Options

__all__ = ["Pattern", "Patterns", "check_pattern"]

_LONGEST = 1_000
_MEMORY = 1 << 20
_SAMPLES = (b"", b"x", b"0 \n", "退款".encode())
_HINTS = {
    "invalid perl operator": "look-ahead, look-behind and their like do not exist here; join two conditions with 'and'",
    "invalid escape sequence": "for a sign itself write a backslash and the sign; there are no references back",
    "invalid repetition size": "1000 is the most, nested repetitions multiplied",
    "missing )": "a bracket is not closed; for the sign itself write \\(",
    "unexpected )": "a bracket is not opened; for the sign itself write \\)",
    "no argument for repetition operator": "for the sign itself write a backslash before it",
    "bad repetition operator": "leave one of the signs out",
    "trailing \\": "for a backslash itself write two",
}


@cache
def _options() -> Options:
    import re2

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    return options


@cache
def _compiled(pattern: str) -> Any:
    import re2

    return re2.compile(pattern, _options())


def check_pattern(node: Matches, findings: Findings) -> bool:
    """Whether the pattern can be used; what is wrong with it is reported at its place inside the pattern."""
    import re2

    if len(node.pattern) > _LONGEST:
        hint = f"{_LONGEST:,} signs are the most; 'mentions' takes lists of words"
        findings.report("R215", node.mark, "this pattern is too long", hint)
        return False
    try:
        found = _compiled(node.pattern)
    except re2.error as error:
        _report(node, error.args[0], findings)
        return False
    except UnicodeEncodeError as error:
        start = node.mark.start + 1 + error.start
        span = Span(node.mark.file, start, start + 1)
        findings.report("R214", span, "half a sign stands in this pattern", "leave it out, or write it anew")
        return False
    if all(found.search(sample) for sample in _SAMPLES):
        hint = "something in it has to be there: one sign or word without '*' or '?'"
        findings.report("R308", node.mark, "this pattern stands in every text", hint)
    return True


def _report(node: Matches, told: bytes | str, findings: Findings) -> None:
    text = told.decode("utf-8", "replace") if isinstance(told, bytes) else told
    reason, _, part = text.partition(": ")
    if "too large" in reason:
        hint = "repeat less, or look for a part of it"
        findings.report("R215", node.mark, "this pattern is too large", hint)
        return
    at = node.pattern.rfind(part) if part else len(node.pattern) - 1
    start = node.mark.start + 1 + max(at, 0)
    span = Span(node.mark.file, start, start + max(len(part), 1))
    findings.report("R214", span, f"this pattern cannot be read: {text}", _HINTS.get(reason, _PLAIN))


_PLAIN = "close what is open; a sign such as [ ( * + ? that is meant as itself has a backslash before it"


class Patterns:
    """The patterns of a rule set; one walk for what must stand in a text tells which of them can match it."""

    def __init__(self) -> None:
        self._patterns: list[str] = []
        self._filter: Any = None
        self._last: tuple[str, bytes, frozenset[int]] = ("", b"", frozenset())

    def add(self, pattern: str) -> int:
        """The number of a pattern."""
        if pattern not in self._patterns:
            self._patterns.append(pattern)
            self._filter, self._last = None, ("", b"", frozenset())
        return self._patterns.index(pattern)

    def possible(self, text: str) -> tuple[bytes, frozenset[int]]:
        """The text as the engine takes it, and the numbers of the patterns that can match it."""
        last, data, found = self._last
        if last is not text or not data:
            data = text.encode("utf-8", "replace")
            found = frozenset((self._filter or self._made()).Match(data, True) or ())
            self._last = (text, data, found)
        return data, found

    def _made(self) -> Any:
        import re2

        self._filter = made = re2.Filter()
        for pattern in self._patterns:
            made.Add(pattern, _options())
        made.Compile()
        return made


class Pattern:
    """One pattern to look for in texts, whatever their case only where it begins with ``(?i)``."""

    __slots__ = ("_number", "_pattern", "_patterns")

    def __init__(self, pattern: str, patterns: Patterns | None = None) -> None:
        self._patterns = Patterns() if patterns is None else patterns
        self._number = self._patterns.add(pattern)
        self._pattern = pattern

    def __call__(self, text: str) -> bool:
        """Whether it stands somewhere in a text."""
        data, possible = self._patterns.possible(text)
        return self._number in possible and _compiled(self._pattern).search(data) is not None

    def seen(self, text: str) -> str | None:
        """What it matches first in a text."""
        data, possible = self._patterns.possible(text)
        match = _compiled(self._pattern).search(data) if self._number in possible else None
        return None if match is None else match[0].decode("utf-8", "replace")
