"""What compiled rules call: total functions of values as they come out of the store."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache, partial
from typing import Any, TypeAlias

__all__ = ["Lexicon", "Words", "finite", "fold", "number", "settled", "sooner", "utc"]

Rows: TypeAlias = Sequence[Sequence[Any]]

_WHOLE = 2**53
"""Below it every whole number is a float."""


def number(value: Any) -> float | None:
    """A stored number as a float; missing where it is not finite or beyond a float's range."""
    if value is None:
        return None
    try:
        result = float(value)
    except OverflowError:
        return None
    return result if math.isfinite(result) else None


def finite(value: float | None) -> bool:
    """Whether a computed value is there and can be kept."""
    if type(value) is float:
        return -math.inf < value < math.inf
    return number(value) is not None


def settled(value: float | None) -> float:
    """A score as it is kept: rounded to six places, 0 where it is missing or not finite."""
    if value is None:
        return 0.0
    if type(value) is int and -_WHOLE < value < _WHOLE:
        return float(value)
    try:
        rounded = round(float(value), 6)
    except OverflowError:
        return 0.0
    return rounded + 0.0 if -math.inf < rounded < math.inf else 0.0  # never -0.0, which prints another text


def utc(now: datetime) -> datetime:
    """The moment in UTC, where adding a duration never meets a change of clocks."""
    if now.tzinfo is UTC:
        return now
    try:
        return now.astimezone(UTC)
    except OverflowError:
        return now.replace(tzinfo=UTC)


def sooner(due: datetime | None, seen: datetime | None, duration: timedelta) -> datetime | None:
    """The earlier of a due moment and ``seen`` plus a duration; None where neither is on the calendar."""
    if seen is None:
        return due
    try:
        moment = seen.astimezone(UTC) + duration
    except OverflowError:
        return due
    return moment if due is None or moment < due else due


def _values(rows: Rows, chosen: Iterable[int], field: int) -> Iterator[float]:
    for i in chosen:
        value = number(rows[i][field])
        if value is not None:
            yield value


def _each(rows: Rows, chosen: Iterable[int], field: int, key: int) -> list[float]:
    """One value for each account or person; the largest where several are stored, whatever the order."""
    largest: dict[Any, float] = {}
    for i in chosen:
        who, value = rows[i][key], number(rows[i][field])
        if who is not None and value is not None and (who not in largest or value > largest[who]):
            largest[who] = value
    return list(largest.values())


def distinct(rows: Rows, chosen: Sequence[int], key: int) -> int:
    """How many different accounts or persons."""
    if not chosen:
        return 0
    found = {rows[i][key] for i in chosen}
    found.discard(None)
    return len(found)


def _sum(values: list[float]) -> float:
    try:
        return math.fsum(values)  # the same in any order
    except OverflowError:
        return math.inf


def total(rows: Rows, chosen: Iterable[int], field: int, key: int | None) -> float:
    """The sum of a number field, 0 where there is none."""
    return _sum(_chosen(rows, chosen, field, key))


def mean(rows: Rows, chosen: Iterable[int], field: int, key: int | None) -> float | None:
    """The mean of a number field, missing where there is none."""
    values = _chosen(rows, chosen, field, key)
    return _sum(values) / len(values) if values else None


def _chosen(rows: Rows, chosen: Iterable[int], field: int, key: int | None) -> list[float]:
    return list(_values(rows, chosen, field)) if key is None else _each(rows, chosen, field, key)


def least(rows: Rows, chosen: Iterable[int], field: int) -> Any:
    """The smallest number or earliest time, missing where there is none."""
    return min(_present(rows, chosen, field), default=None)


def most(rows: Rows, chosen: Iterable[int], field: int) -> Any:
    """The largest number or latest time, missing where there is none."""
    return max(_present(rows, chosen, field), default=None)


def _present(rows: Rows, chosen: Iterable[int], field: int) -> list[Any]:
    values = [rows[i][field] for i in chosen]
    return [
        value if isinstance(value, datetime) else found
        for value in values
        if (found := _known(value)) is not None
    ]


def _known(value: Any) -> Any:
    return value if isinstance(value, datetime) else number(value)


@lru_cache(maxsize=4)
def fold(text: str) -> str:
    """The text as mentions compare it: without case, width and typographic apostrophes."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFKC", text).casefold()
    for quote in "’‘ʼ":
        folded = folded.replace(quote, "'")
    return unicodedata.normalize("NFKC", folded)


def _is_letter(sign: str) -> bool:
    """Whether a sign continues a word of a script that puts spaces between words."""
    if sign < "\u0e00":
        return sign.isalnum()
    return sign.isalnum() and not _is_unspaced(ord(sign))


def _is_unspaced(code: int) -> bool:
    """Chinese, Japanese, Thai, Lao, Khmer and Burmese, which run on without spaces."""
    return (
        0x2E80 <= code <= 0xA4CF
        or 0xF900 <= code <= 0xFAFF
        or 0x20000 <= code <= 0x3FFFF
        or 0x0E00 <= code <= 0x0EFF
        or 0x1000 <= code <= 0x109F
        or 0x1780 <= code <= 0x17FF
    )


class Lexicon:
    """The words of a rule set, so that one walk through a text tells which of them can stand there.

    Looked for is the longest part of each word between blanks, by Aho and Corasick's automaton: its time grows with the
    text, not with the number of words.
    """

    __slots__ = ("_last", "_parts", "_search")

    def __init__(self) -> None:
        self._parts: dict[str, None] = {}
        self._search: Callable[[bytes], list[tuple[int, int, int]]] | None = None
        self._last: tuple[str, frozenset[str]] = ("", frozenset())

    def add(self, word: str) -> str:
        """What stands in every text in which the folded word stands."""
        part = max(word.split(), key=len)
        self._parts[part] = None
        self._search, self._last = None, ("", frozenset())
        return part

    def present(self, text: str) -> frozenset[str]:
        """Those parts that stand in a folded text."""
        last, found = self._last
        if last is not text:
            parts = tuple(self._parts)
            search = self._search or self._made(parts)
            hits = search(text.encode("utf-8", "surrogatepass"))
            found = frozenset([parts[number] for number, _, _ in hits])
            self._last = (text, found)
        return found

    def _made(self, parts: Sequence[str]) -> Callable[[bytes], list[tuple[int, int, int]]]:
        from ahocorasick_rs import BytesAhoCorasick

        automaton = BytesAhoCorasick([part.encode("utf-8", "surrogatepass") for part in parts])
        self._search = search = partial(automaton.find_matches_as_indexes, overlapping=True)
        return search


class Words:
    """A list of words to look for in folded texts: whole words, or anywhere for scripts without spaces."""

    __slots__ = ("_lexicon", "_parts", "_words")

    def __init__(self, words: Iterable[str], lexicon: Lexicon | None = None) -> None:
        self._lexicon = Lexicon() if lexicon is None else lexicon
        folded = dict.fromkeys(" ".join(fold(word).split()) for word in words)
        self._words = tuple((word, self._lexicon.add(word), _phrase(word)) for word in folded if word)
        self._parts = frozenset(part for _, part, _ in self._words)

    def __call__(self, text: str) -> bool:
        """Whether any word stands in a folded text."""
        return self.found(text) is not None

    def found(self, text: str) -> str | None:
        """The first word of the list that stands in a folded text; phrases may be broken by any blanks."""
        present = self._lexicon.present(text)
        if not self._parts.isdisjoint(present):
            for word, part, phrase in self._words:
                if part in present and any(_is_whole(text, *place) for place in _places(text, word, phrase)):
                    return word
        return None


def _phrase(word: str) -> re.Pattern[str] | None:
    """What finds several words behind one another; it never goes back, so its time grows with the text alone."""
    return re.compile(r"\s++".join(map(re.escape, word.split()))) if " " in word else None


def _places(text: str, word: str, phrase: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
    """Where a word begins and ends in a text."""
    if phrase is not None:
        match = phrase.search(text)
        while match is not None:
            yield match.span()
            match = phrase.search(text, match.start() + 1)
        return
    at = text.find(word)
    while at >= 0:
        yield at, at + len(word)
        at = text.find(word, at + 1)


def _is_whole(text: str, at: int, end: int) -> bool:
    """Whether no letter runs on at either side of a place."""
    return not (at and _is_letter(text[at - 1]) and _is_letter(text[at])) and not (
        end < len(text) and _is_letter(text[end]) and _is_letter(text[end - 1])
    )
