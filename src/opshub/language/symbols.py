"""What the texts of rule files define and where, read word by word, so that half-typed files have an answer too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opshub.language.diagnostics import Source
from opshub.language.scanner import OPENING

__all__ = ["Symbol", "Word", "symbols", "word_at", "words"]

_WORD = re.compile(
    r'(?P<comment>#[^\n]*)|(?P<text>"(?:\\.|[^"\\\n])*(?P<closed>")?)'
    r"|(?P<name>[^\W\d]\w*(?:\.[^\W\d]\w*)*\.?)|(?P<number>\d[\w.%-]*)|(?P<sign>[=!<>]=|\S)"
)
_STATEMENT = re.compile(
    rf'^[ \t]*(?P<word>{OPENING})[ \t]*(?:"(?P<title>(?:\\.|[^"\\\n])*)"|(?P<name>[^\W\d]\w*))?',
    re.M,
)
_STEP = re.compile(r"\b(?P<name>[^\W\d]\w*+)\s*+(?:>=|otherwise\b)")


@dataclass(frozen=True, slots=True)
class Word:
    """One word, sign, text or comment; ``kind`` is ``comment``, ``text``, ``name``, ``number`` or ``sign``."""

    kind: str
    text: str
    start: int
    end: int
    closed: bool = True


@dataclass(frozen=True, slots=True)
class Symbol:
    """What a statement defines: ``word`` is the statement's first word, or ``band`` for a step of ``bands``.

    The name stands from ``start`` to ``end``; the whole statement from ``first`` to ``last``, as ``text``.
    """

    word: str
    name: str
    path: str
    start: int
    end: int
    first: int
    last: int
    text: str


def words(text: str, start: int = 0, end: int | None = None) -> Iterator[Word]:
    """The words of a stretch of text."""
    for found in _WORD.finditer(text, start, len(text) if end is None else end):
        kind = str(found.lastgroup) if found.lastgroup != "closed" else "text"
        closed = kind != "text" or found["closed"] is not None
        yield Word(kind, found[0], found.start(), found.end(), closed)


def word_at(text: str, offset: int) -> Word | None:
    """The word that a place stands in, or at whose end it stands."""
    line = text.rfind("\n", 0, offset) + 1
    end = text.find("\n", offset)
    touching = [w for w in words(text, line, len(text) if end < 0 else end) if w.start <= offset <= w.end]
    named = [word for word in touching if word.kind in ("name", "text")]
    return next(iter(named or touching), None)


def symbols(sources: Sequence[Source]) -> list[Symbol]:
    """Everything that some files define, in order."""
    return [symbol for source in sources for symbol in _of(source)]


def _of(source: Source) -> Iterator[Symbol]:
    text = source.text
    found = list(_STATEMENT.finditer(text))
    ends = [*(match.start() for match in found[1:]), len(text)]
    for match, until in zip(found, ends, strict=False):
        first = match.start("word")
        group = "title" if match["title"] is not None else "name" if match["name"] is not None else "word"
        said = (word.end for word in words(text, match.end(), until) if word.kind != "comment")
        last = max((first + len(match[0].strip()), *said))
        yield Symbol(
            match["word"], match[group], source.path, *match.span(group), first, last, text[first:last]
        )
        if match["word"] == "bands":
            for step in _STEP.finditer(text, match.end(), last):
                yield Symbol("band", step["name"], source.path, *step.span("name"), *step.span(), step[0])
