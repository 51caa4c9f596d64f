"""Lays a rule file out anew: same tokens, same comments, one way of writing them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from opshub.language import tree
from opshub.language.diagnostics import Diagnostic, Source, width
from opshub.language.findings import Findings
from opshub.language.layout import Piece, lines
from opshub.language.machine import tokens
from opshub.language.parser import children, parse
from opshub.language.scanner import scan

__all__ = ["Formatted", "formatted"]

_CLAUSES = frozenset({"WHEN", "GIVEN", "EXPECT"})
_FLOWING = (tree.Bands, tree.Use)
_JOINING = frozenset({"AND", "COMMA", "EQUAL", "OR", "WHEN"})


@dataclass(frozen=True, slots=True)
class Formatted:
    """A file's text laid out; ``text`` is None where the file cannot be read, for the reasons in ``diagnostics``."""

    text: str | None
    diagnostics: tuple[Diagnostic, ...]


def formatted(source: Source) -> Formatted:
    """The text of a file as it should be laid out; its tokens and comments stay as they are.

    Line breaks of the admin stay where they can; lines of the file end as its first one does.
    """
    findings = Findings([source])
    statements = parse(findings)
    if found := findings.all():
        return Formatted(None, found)
    text, _ = scan(0, findings)
    pieces = _pieces(text)
    _mark(pieces, statements)
    _separate(pieces)
    _align(pieces)
    end = "\r\n" if "\r\n" in source.text[: source.text.find("\n") + 1] else "\n"
    return Formatted("".join(line + end for line in lines(pieces)), ())


def _pieces(text: str) -> list[Piece]:
    """The tokens and comments of a file, each with the number of line breaks before it."""
    found: list[Piece] = []
    done = 0
    for token in tokens(text, tree.Span(0, 0, len(text))):
        start = token.span.start
        _take_comments(found, text, done, start)
        written = " ".join(token.split()) if token.type == "MONEY" else str(token)
        found.append(Piece(written, token.type, start, _breaks(found, text, start), len(token)))
        done = token.span.end
    _take_comments(found, text, done, len(text))
    return found


def _take_comments(found: list[Piece], text: str, start: int, end: int) -> None:
    for comment in re.finditer(r"#[^\n]*", text[start:end]):
        at = start + comment.start()
        found.append(Piece(comment[0].rstrip(), "COMMENT", at, _breaks(found, text, at), len(comment[0])))


def _breaks(found: Sequence[Piece], text: str, start: int) -> int:
    return text.count("\n", found[-1].end, start) if found else 1


@dataclass(slots=True)
class _Marks:
    """Where the parts of statements begin that layout depends on."""

    statements: set[int] = field(default_factory=set)
    clauses: set[int] = field(default_factory=set)
    calls: set[int] = field(default_factory=set)


def _mark(pieces: Sequence[Piece], statements: Sequence[tree.Statement]) -> None:
    """Tell pieces what they are: first of a statement, first of a clause, name of a function, inside a statement."""
    marks = _Marks()
    spans = iter(sorted((s.span.start, s.span.end) for s in statements))
    for statement in statements:
        marks.statements.add(statement.span.start)
        if not isinstance(statement, _FLOWING):
            marks.clauses |= {n.span.start for n in children(statement) if not isinstance(n, tree.Expression)}
        marks.calls |= {node.mark.start for node in _below(statement) if isinstance(node, tree.Call)}
    start, end = next(spans, (0, 0))
    before = ""
    for piece in pieces:
        if piece.start >= end:
            start, end = next(spans, (start, end))
        piece.inside = start <= piece.start < end
        piece.first = piece.start in marks.statements
        piece.clause = before not in _JOINING and (piece.kind in _CLAUSES or piece.start in marks.clauses)
        before = before if piece.kind == "COMMENT" else piece.kind
        piece.called = piece.start in marks.calls
    _mark_blocks(pieces)


def _below(statement: tree.Statement) -> Iterator[object]:
    stack: list[object] = [statement]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(children(node))


def _mark_blocks(pieces: Sequence[Piece]) -> None:
    """A brace that holds clauses has each on a line of its own."""
    opened: Piece | None = None
    for piece in pieces:
        if piece.kind == "LBRACE":
            opened = piece
        elif piece.clause and opened is not None:
            opened.clause = True
        elif piece.kind == "RBRACE":
            opened = None


def _groups(pieces: Sequence[Piece]) -> list[list[int]]:
    """The numbers of the pieces of each statement, comments inside of it included."""
    groups: list[list[int]] = []
    for number, piece in enumerate(pieces):
        if piece.first:
            groups.append([])
        if piece.inside:
            groups[-1].append(number)
    return groups


def _separate(pieces: Sequence[Piece]) -> None:
    """A blank line before and behind each block, above the comments that belong to what follows."""
    for one, other in pairwise(_groups(pieces)):
        if not any(pieces[i].kind == "LBRACE" and pieces[i].clause for i in (*one, *other)):
            continue
        between = [piece for piece in pieces[one[-1] + 1 : other[0] + 1] if piece.breaks]
        if all(piece.breaks < 2 for piece in between):
            between[0].breaks = 2


def _align(pieces: Sequence[Piece]) -> None:
    """The signs of definitions that follow each other line by line stand below each other."""
    run: list[int] = []
    before = ""
    for group in _groups(pieces):
        first = pieces[group[0]]
        defines = len(group) > 2 and pieces[group[2]].kind == "EQUAL"
        close = first.breaks == 1 and group[0] > 0 and not pieces[group[0] - 1].alone
        if not (defines and close and first.text == before):
            _pad(pieces, run)
            run = []
        if defines:
            run.append(group[1])
        before = first.text if defines else ""
    _pad(pieces, run)


def _pad(pieces: Sequence[Piece], names: Sequence[int]) -> None:
    widest = max((width(pieces[i].text) for i in names), default=0)
    for i in names:
        pieces[i].pad = widest - width(pieces[i].text)
