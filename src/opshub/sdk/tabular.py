"""Rows out of CSV and TSV text, one after another, each with its place; a broken row never stops its file."""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TextIO

from opshub.errors import BadAnswerError

__all__ = ["KEPT", "Lines", "Row", "delimited", "header_names"]

CELL_LIMIT = 4 << 20
"""Characters of the largest cell."""

SCAN_LIMIT = 32 << 20
"""Characters that a row is followed to its end when it is too large to be kept."""

RUNAWAYS = 100
"""Quotes that never close; each costs a second look at up to SCAN_LIMIT characters."""

KEPT = 2000
"""Characters of a broken row that go into quarantine with it."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row and where it stands: ``line 12``. With a ``problem``, ``values`` hold the start of its text."""

    place: str
    values: dict[str, object] = field(default_factory=dict)
    problem: str = ""

    @classmethod
    def broken(cls, place: str, problem: str, text: str) -> Row:
        """One that cannot be understood, with the start of what stands there."""
        return cls(place, {"text": text[:KEPT]}, problem)


class Lines:
    """Physical lines that can be put back. OverflowError for a line, or a row's lines, beyond the limit."""

    limit = 8 << 20
    """Characters of the longest line, and of the longest row that spans lines."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self._size = 0
        self._number = 0
        self.taken: list[str] = []

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        line = self._take()
        if not line:
            raise StopIteration
        if self._size >= self.limit:
            raise OverflowError
        return line

    def _take(self) -> str:
        line = self._again.popleft() if self._again else self._stream.readline(self.limit)
        if line:
            self.taken.append(line)
            self._size += len(line)
            self._number += _ends(line)
        return line

    def peek(self) -> str:
        """The next line, which stays the next; empty at the end."""
        if not self._again:
            self._again.append(self._stream.readline(self.limit))
        return self._again[0]

    def begin(self) -> str:
        """A new row starts with the next line; its place."""
        self.taken.clear()
        self._size = 0
        return f"line {self._number + 1}"

    def leave_line(self) -> None:
        """Leave out what remains of a line that was cut at the limit."""
        while self.taken and not _ends(self.taken[-1]) and self._take():
            self.taken = self.taken[:1] + self.taken[-1:]

    def leave_row(self, delimiter: str) -> bool:
        """Read on to where a row that is too large ends; False where its quotes never close as they should."""
        inside: bool | None = False
        for number, line in enumerate(self.taken):
            inside = _inside(line, delimiter, inside, number == 0)
        while self._size < SCAN_LIMIT and inside is not None and (inside or not _ends(self.taken[-1])):
            if not (line := self._take()):
                break
            inside = _inside(line, delimiter, inside, first=False)
        return inside is False

    def give_back(self) -> bool:
        """All lines of the row but its first are the next ones again; whether there are any."""
        rest = self.taken[1:]
        self._again.extendleft(reversed(rest))
        self._number -= sum(_ends(line) for line in rest)
        return bool(rest)


def _ends(line: str) -> bool:
    return line.endswith(("\n", "\r"))


def _inside(text: str, delimiter: str, inside: bool | None, first: bool) -> bool | None:
    """Whether a quoted cell is still open at the end of the text; None where a quote stands that fits nowhere."""
    at = 0
    if first and text.startswith('"'):
        inside, at = True, 1
    while inside is not None:
        at = text.find('"' if inside else f'{delimiter}"', at)
        if at < 0:
            return inside
        if not inside:
            inside, at = True, at + 2
        elif text[at + 1 : at + 2] == '"':
            at += 2
        else:
            inside = False if text[at + 1 : at + 2] in (delimiter, "\r", "\n", "") else None
            at += 1
    return None


def delimited(stream: TextIO, name: str, delimiter: str) -> Iterator[Row]:
    """Rows of a CSV or TSV file under the names of its first line; ``stream`` is opened with ``newline=""``.

    A quote that never closes spoils its own line only.
    """
    csv.field_size_limit(
        CELL_LIMIT
    )  # for the whole process, as the module has it; its 128 KB cut real tickets
    lines = Lines(stream)
    delimiter = delimiter or _delimiter(lines.peek())
    header = _header(lines, name, delimiter)
    runaways = 0
    while lines.peek():
        place = lines.begin()
        try:
            cells = next(csv.reader(lines, delimiter=delimiter, strict=True))
        except (csv.Error, OverflowError) as error:
            start, too_large = lines.taken[0], isinstance(error, OverflowError) or "limit" in str(error)
            if not (too_large and lines.leave_row(delimiter)):
                runaways += lines.give_back()
            _within(runaways, name, place)
            yield Row.broken(place, _reason(error), start)
            continue
        if any(cells):
            yield _named(place, header, cells)


def _reason(error: Exception) -> str:
    if isinstance(error, OverflowError) or "limit" in str(error):
        return f"too large: a cell may have {CELL_LIMIT:,} characters, a row {Lines.limit:,}"
    if "end of data" in str(error):
        return "a quote is opened and never closed"
    return f"the quotes do not fit together: {error}"


def _within(runaways: int, name: str, place: str) -> None:
    if runaways > RUNAWAYS:
        raise BadAnswerError(
            f"{name}, {place}: more than {RUNAWAYS} quotes are opened and not closed",
            hint="export it again with quotes doubled inside quoted cells, or as JSON",
        )


def _delimiter(line: str) -> str:
    counts = Counter(char for char in line if char in ",;\t|")
    return max(",;\t|", key=lambda char: counts[char])


def _header(lines: Lines, name: str, delimiter: str) -> list[str]:
    lines.begin()
    try:
        cells = next(csv.reader(lines, delimiter=delimiter, strict=True))
    except StopIteration:
        raise BadAnswerError(
            f"{name}: the file is empty; it has not even a line of column names", hint="export it again"
        ) from None
    except (csv.Error, OverflowError) as error:
        raise BadAnswerError(
            f"{name}, line 1: the line of column names cannot be read: {_reason(error)}",
            hint="the first line must hold the column names; check format and delimiter",
        ) from None
    return header_names(cells)


def header_names(cells: Sequence[object]) -> list[str]:
    """Column names without two alike: an empty one is ``column 3``, a second ``note`` is ``note (2)``."""
    names: list[str] = []
    seen: Counter[str] = Counter()
    for number, cell in enumerate(cells, 1):
        name = str(cell if cell is not None else "").strip() or f"column {number}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return names


def _named(place: str, header: list[str], cells: list[str]) -> Row:
    if any(cells[len(header) :]):
        problem = f"{len(cells)} cells, but the first line names {len(header)} columns"
        return Row.broken(place, problem, " | ".join(cells))
    return Row(place, dict(zip_longest(header, cells[: len(header)], fillvalue="")))
