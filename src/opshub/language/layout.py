"""From tokens to lines: where a line breaks, how far it is indented, what stands between two tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Piece", "lines"]

_STEP = 4
_OPENING = frozenset({"LPAR", "LSQB", "LBRACE"})
_CLOSING = frozenset({"RPAR", "RSQB", "RBRACE"})
_BEFORE_VALUE = _OPENING | set(
    "AND AT_LEAST COMMA COMPARISON CONTAINS EQUAL EXPECT NOT OR SIGN TIMES WHEN WHERE".split()
)


@dataclass(slots=True)
class Piece:
    """A token or a comment with the line ``breaks`` before it.

    ``first`` begins a statement, ``clause`` a clause of a block (or is the brace around clauses), ``called`` names a
    function; ``inside`` is a statement's, ``pad`` are blanks behind it that align what follows.
    """

    text: str
    kind: str
    start: int
    breaks: int
    length: int = 0
    first: bool = False
    clause: bool = False
    called: bool = False
    inside: bool = False
    pad: int = 0

    @property
    def end(self) -> int:
        """The first character behind it in its file."""
        return self.start + (self.length or len(self.text))

    @property
    def alone(self) -> bool:
        """Whether it is a comment on a line of its own."""
        return self.kind == "COMMENT" and self.breaks > 0


@dataclass(slots=True)
class _Bracket:
    """An open bracket: the indentation of its line, whether it holds clauses, whether a line breaks behind it."""

    indent: int
    clauses: bool
    broken: bool | None = None


def lines(pieces: Sequence[Piece]) -> Iterator[str]:
    """The lines of a file."""
    return _Layout(pieces).lines()


class _Layout:
    def __init__(self, pieces: Sequence[Piece]) -> None:
        self._pieces = pieces
        self._brackets: list[_Bracket] = []
        self._indent = 0
        self._unary = False

    def lines(self) -> Iterator[str]:
        line = ""
        before: Piece | None = None
        for number, piece in enumerate(self._pieces):
            if before is None or self._breaks(before, piece):
                if before is not None:
                    yield line
                    if self._blank(before, piece):
                        yield ""
                self._indent = self._indentation(number)
                line = " " * self._indent + piece.text
            else:
                line += self._gap(before, piece) + piece.text
            self._enter(before, piece)
            before = piece
        if before is not None:
            yield line

    def _breaks(self, before: Piece, piece: Piece) -> bool:
        """Whether a piece begins a line."""
        if piece.kind == "COMMENT" or before.kind == "COMMENT":
            return piece.breaks > 0
        inner = self._brackets[-1] if self._brackets else None
        if piece.kind in _CLOSING and inner is not None:
            return bool(inner.broken)
        if before.kind in _OPENING and inner is not None and inner.clauses:
            return True
        if piece.first or (piece.clause and piece.kind != "LBRACE"):
            return True
        return piece.breaks > 0 and piece.kind not in ("LBRACE", "COMMA")

    def _blank(self, before: Piece, piece: Piece) -> bool:
        return piece.breaks > 1 and before.kind not in _OPENING and piece.kind not in _CLOSING

    def _indentation(self, number: int) -> int:
        piece = self._pieces[number]
        if not piece.inside or piece.first:
            return 0
        if not self._brackets:
            return _STEP
        bracket = self._brackets[-1]
        if piece.kind in _CLOSING:
            return bracket.indent
        whose = next(p for p in self._pieces[number:] if p.kind != "COMMENT")
        carried_on = bracket.clauses and not whose.clause and whose.kind not in _CLOSING
        return bracket.indent + _STEP * (2 if carried_on else 1)

    def _gap(self, before: Piece, piece: Piece) -> str:
        """What stands between two pieces on one line."""
        if piece.kind == "COMMENT":
            return "  "
        if before.kind in ("LPAR", "LSQB") or piece.kind in ("RPAR", "RSQB", "COMMA") or self._unary:
            return ""
        if piece.kind == "LPAR" and (before.called or before.kind == "NAME"):
            return ""
        return "  " if before.kind == "GIVEN" else " " * (1 + before.pad)

    def _enter(self, before: Piece | None, piece: Piece) -> None:
        """Keep in mind what the next piece depends on."""
        if piece.kind == "COMMENT":
            return
        if self._brackets and self._brackets[-1].broken is None:
            self._brackets[-1].broken = self._breaks_behind(piece)
        if piece.kind in _CLOSING and self._brackets:
            self._brackets.pop()
        if piece.kind in _OPENING:
            self._brackets.append(_Bracket(self._indent, piece.clause))
        self._unary = piece.kind == "SIGN" and (
            before is None or before.kind in _BEFORE_VALUE or before.clause
        )

    def _breaks_behind(self, piece: Piece) -> bool:
        return piece.kind not in _CLOSING and (piece.breaks > 0 or self._brackets[-1].clauses)
