"""Finds the words that rules look for in a text, all of them in one walk through it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, groupby
from typing import NamedTuple

from opshub.language.runtime import fold, is_letter

__all__ = ["Lexicon", "Words"]

Hit = tuple[int, int, int]
"""The number of a part, and where it begins and ends."""

_NONE: frozenset[str] = frozenset()
_BETWEEN = b"\n"
"""Parts of words hold no blank."""

_LETTERS = frozenset(code for code in range(128) if chr(code).isalnum())
_RUNS_ON = frozenset(bytes([code]) for code in _LETTERS)


class _Word(NamedTuple):
    """A folded word; ``head`` and ``tail`` say whether it begins and ends with a letter, where none may run on."""

    word: str
    head: bool
    tail: bool
    phrase: re.Pattern[str] | None


class Lexicon:
    """The words of a rule set.

    Looked for is the longest part of each word between blanks, by Aho and Corasick's automaton: its time grows with the
    text, not with the number of words. Where a part stands, its words are looked at again.
    """

    def __init__(self) -> None:
        self._words: dict[str, list[_Word]] = {}
        self._search: Callable[[bytes, bool], list[Hit]] | None = None
        self._by_number: tuple[list[_Word], ...] = ()
        self._bounded: frozenset[int] = frozenset()
        self._last: tuple[str, frozenset[str]] = ("", frozenset())

    def add(self, word: str) -> None:
        """Look for one more folded word."""
        same = self._words.setdefault(max(word.split(), key=len), [])
        if all(known.word != word for known in same):
            same.append(_Word(word, is_letter(word[0]), is_letter(word[-1]), _phrase(word)))
            self._search, self._last = None, ("", frozenset())

    def standing(self, text: str) -> frozenset[str]:
        """Those words that stand in a folded text."""
        last, found = self._last
        if last is not text:
            found = self.found(text)
            self._last = (text, found)
        return found

    def found(self, text: str) -> frozenset[str]:
        """The same, for a text that nobody asks for again."""
        return self.among([text]).get(0, _NONE)

    def among(self, texts: Sequence[str]) -> dict[int, frozenset[str]]:
        """The words that stand in each of these folded texts, by its place; without those in which none does.

        All are one walk: the sign between two texts ends a word and stands in no part.
        """
        pieces = [text.encode("utf-8", "surrogatepass") for text in texts]
        data = _BETWEEN.join(pieces)
        hits, bounded = (self._search or self._made())(data, True), self._bounded
        # Most parts that are found go on, as "renew" does in "renewal": here they are passed by.
        near = [hit for hit in hits if hit[0] not in bounded or data[hit[2] : hit[2] + 1] not in _RUNS_ON]
        if not near:
            return {}
        ends = list(accumulate(len(piece) + 1 for piece in pieces))
        found: dict[int, frozenset[str]] = {}
        for place, group in groupby(near, key=lambda hit: bisect_right(ends, hit[1])):
            standing = self._whole(texts[place], data, group)
            if standing:
                found[place] = standing
        return found

    def _whole(self, text: str, data: bytes, hits: Iterable[Hit]) -> frozenset[str]:
        """The words of which a part stands in a text, as far as they stand there as a whole."""
        found: set[str] = set()
        seen: set[str] = set()
        for number, start, end in hits:
            for word, head, tail, phrase in self._by_number[number]:
                if word in seen or (head and _ends_with_letter(data, start)):
                    continue
                # In a phrase a blank stands beside the part, which is no letter either.
                if tail and _begins_with_letter(data, end):
                    continue
                seen.add(word)
                if phrase is None or _stands(phrase, text, head, tail):
                    found.add(word)
        return frozenset(found)

    def _made(self) -> Callable[[bytes, bool], list[Hit]]:
        from ahocorasick_rs import BytesAhoCorasick

        automaton = BytesAhoCorasick([part.encode("utf-8", "surrogatepass") for part in self._words])
        self._by_number = tuple(self._words.values())
        bounded = (n for n, same in enumerate(self._by_number) if all(word.tail for word in same))
        self._bounded = frozenset(bounded)
        self._search = search = automaton.find_matches_as_indexes
        return search


class Words:
    """A list of words to look for in folded texts: whole words, or anywhere for scripts without spaces.

    ``words`` are they, folded, each once.
    """

    __slots__ = ("_lexicon", "_set", "words")

    def __init__(self, words: Iterable[str], lexicon: Lexicon | None = None) -> None:
        self._lexicon = Lexicon() if lexicon is None else lexicon
        folded = (" ".join(fold(word).split()) for word in words)
        self.words = tuple(dict.fromkeys(word for word in folded if word))
        self._set = frozenset(self.words)
        for word in self.words:
            self._lexicon.add(word)

    def __call__(self, text: str) -> bool:
        """Whether any word stands in a folded text."""
        return not self._set.isdisjoint(self._lexicon.standing(text))


def _phrase(word: str) -> re.Pattern[str] | None:
    """What finds several words behind one another; it never goes back, so its time grows with the text alone."""
    return re.compile(r"\s++".join(map(re.escape, word.split()))) if " " in word else None


def _stands(phrase: re.Pattern[str], text: str, head: bool, tail: bool) -> bool:
    match = phrase.search(text)
    while match is not None:
        start, end = match.span()
        runs_on = head and start and is_letter(text[start - 1])
        if not runs_on and not (tail and end < len(text) and is_letter(text[end])):
            return True
        match = phrase.search(text, start + 1)
    return False


def _ends_with_letter(data: bytes, end: int) -> bool:
    """Whether the sign that ends there is one that words are made of."""
    if not end:
        return False
    code = data[end - 1]
    if code < 128:
        return code in _LETTERS
    start = end - 1
    while data[start] & 0xC0 == 0x80:
        start -= 1
    return is_letter(data[start:end].decode("utf-8", "surrogatepass"))


def _begins_with_letter(data: bytes, start: int) -> bool:
    """Whether the sign that begins there is one that words are made of."""
    if start >= len(data):
        return False
    code = data[start]
    if code < 128:
        return code in _LETTERS
    end = start + 1
    while end < len(data) and data[end] & 0xC0 == 0x80:
        end += 1
    return is_letter(data[start:end].decode("utf-8", "surrogatepass"))
