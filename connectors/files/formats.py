"""Rows out of text formats, one after another, each with its place; a broken row never stops its file."""

from __future__ import annotations

import csv
import json
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TextIO

import orjson

from opshub.sdk import BadAnswerError, MissingError
from opshub_connectors.files.select import select

__all__ = ["JSON_LIMIT", "KEPT", "Row", "delimited", "header_names", "json_items", "json_lines"]

CELL_LIMIT = 4 << 20
"""Characters of the largest cell."""

LINE_LIMIT = 8 << 20
"""Characters of the longest line, and of the longest row that spans lines."""

JSON_LIMIT = 256 << 20
"""Bytes of the largest JSON file that is not one of lines: it has to be read as a whole."""

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


def _broken(place: str, problem: str, text: str) -> Row:
    return Row(place, {"text": text[:KEPT]}, problem)


class _Lines:
    """Physical lines that can be put back. OverflowError for a line, or a row's lines, beyond LINE_LIMIT."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self._size = 0
        self._number = 0
        self.taken: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._take()
        if not line:
            raise StopIteration
        if self._size >= LINE_LIMIT:
            raise OverflowError
        return line

    def _take(self) -> str:
        line = self._again.popleft() if self._again else self._stream.readline(LINE_LIMIT)
        if line:
            self.taken.append(line)
            self._size += len(line)
            self._number += _ends(line)
        return line

    def peek(self) -> str:
        """The next line, which stays the next; empty at the end."""
        if not self._again:
            self._again.append(self._stream.readline(LINE_LIMIT))
        return self._again[0]

    def begin(self) -> str:
        """A new row starts with the next line; its place."""
        self.taken.clear()
        self._size = 0
        return f"line {self._number + 1}"

    def leave_line(self) -> None:
        """Leave out what remains of a line that was cut at LINE_LIMIT."""
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
    lines = _Lines(stream)
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
            yield _broken(place, _reason(error), start)
            continue
        if any(cells):
            yield _named(place, header, cells)


def _reason(error: Exception) -> str:
    if isinstance(error, OverflowError) or "limit" in str(error):
        return f"too large: a cell may have {CELL_LIMIT:,} characters, a row {LINE_LIMIT:,}"
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


def _header(lines: _Lines, name: str, delimiter: str) -> list[str]:
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
        return _broken(place, problem, " | ".join(cells))
    return Row(place, dict(zip_longest(header, cells[: len(header)], fillvalue="")))


def json_lines(stream: TextIO) -> Iterator[Row]:
    """Rows of a file with one JSON object a line."""
    lines = _Lines(stream)
    while lines.peek():
        place = lines.begin()
        try:
            line = next(lines)
        except OverflowError:
            start = lines.taken[0]
            lines.leave_line()
            yield _broken(place, f"too large: a line may have {LINE_LIMIT:,} characters", start)
            continue
        if line.strip():
            yield _object(place, line)


def _object(place: str, line: str) -> Row:
    try:
        value = _decoded(line)
    except (ValueError, RecursionError) as error:
        return _broken(place, f"not JSON: {error}", line)
    if not isinstance(value, dict):
        return _broken(place, f"a JSON {_noun(value)} where an object belongs", line)
    return Row(place, value)


def _decoded(text: str | bytes) -> object:
    """Fast where it is clean JSON; else what Python reads: half surrogates, huge numbers. NaN is missing."""
    try:
        return orjson.loads(text)
    except ValueError:
        return json.loads(text, parse_constant=lambda _: None)


def json_items(text: str, name: str, records: str) -> Iterator[Row]:
    """Rows of a JSON text: an array of objects, or an object that holds one at the path ``records``."""
    try:
        whole = _decoded(text)
    except RecursionError:
        raise BadAnswerError(f"{name}: nested too deeply", hint="export it as JSON lines") from None
    except json.JSONDecodeError as error:
        hint = 'set format = "jsonl"' if error.msg == "Extra data" else "export it again; it may be cut"
        raise BadAnswerError(
            f"{name}, line {error.lineno}, column {error.colno}: not JSON: {error.msg}", hint=hint
        ) from None
    for number, item in enumerate(_array(whole, name, records), 1):
        place = f"item {number}"
        if isinstance(item, dict):
            yield Row(place, item)
        else:
            yield _broken(place, f"a JSON {_noun(item)} where an object belongs", json.dumps(item))


def _array(whole: object, name: str, records: str) -> list[object]:
    if isinstance(whole, list) and not records:
        return whole
    if records and isinstance(whole, dict):
        at = select(whole, records)
        if at or select(whole, records.removesuffix("[]")) == []:
            return at
    keys = sorted(whole) if isinstance(whole, dict) else []
    lists = [key for key in keys if isinstance(whole, dict) and isinstance(whole[key], list)]
    raise MissingError(
        f"{name}: the rows are not {f'at {records!r}' if records else 'at the top'}; the file holds "
        f"{'an object with ' + ', '.join(keys[:20]) if keys else 'a JSON ' + _noun(whole)}",
        hint=f'set records = "{lists[0] if lists else "path.to.the.list"}"'
        if keys
        else "remove the setting records",
    )


def _noun(value: object) -> str:
    nouns = {dict: "object", list: "array", str: "text", bool: "truth value", type(None): "null"}
    return nouns.get(type(value), "number")
