"""Words and phrases of a text as people write them, each with the name under which its forms are one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise

from opshub.matching.han import simplified
from opshub.matching.plain import said
from opshub.matching.terms import fold, terms
from opshub.model import Feedback

__all__ = ["holds", "overlap", "phrases", "telling"]

LOOKED_AT = 600
"""Characters of title and text together from which words are taken."""

_CHARACTERS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(f"([{_CHARACTERS}]+)|((?:[^\\W_{_CHARACTERS}]|['’](?=\\w))+)")
_HAN = re.compile(f"[{_CHARACTERS}]")
_LONGEST_RUN = 4
_LONGEST_WORD = 40

_COMMON = frozenset(
    "a about after again all also always am an and any are aren't as at be because been before being but by can can't "
    "cannot could couldn't day did didn't do does doesn't doing don't done each even every few find first for from get "
    "gets getting give go goes going good got had has hasn't have haven't he hello help her here hi him his how i i'd "
    "i'll i'm i've if in instead into is isn't it it's its just keep know last less like long look looks lot made make "
    "makes many may me might more most much must my need needs never new next no nor not nothing now of off often old "
    "on once one only or other our out over own please problem really same see seems set should show since so some "
    "something still such sure take than thank thanks that that's the their them then there these they thing things "
    "this those through time to too took try trying two until up us use used using very want wants was wasn't way we "
    "we're week well went were what when where which while who why will wish with without won't work works would "
    "yet you you're your yours".split()
)
_LOOSE = "的了吗呢啊吧么是我你您他她它们这那很也都就还把被给在和与及太又请个一什怎如何"
_DENIALS = frozenset("不没沒")
"""A term may begin with one, and never right behind one: it would say the contrary."""

_NEVER_FIRST = frozenset(_LOOSE + "为")
_NEVER_LAST = _DENIALS.union(_LOOSE, "会能要想让下")
"""Characters with which no Chinese term begins or ends: they belong to the sentence."""


def phrases(piece: Feedback) -> dict[str, str]:
    """What a piece of feedback says: words, pairs of words, Chinese runs of two to four characters.

    The name of each, under which its forms are one, and the first form in the piece, word for word.
    """
    text = piece.text if piece.text.startswith(piece.title) else f"{piece.title}\n{piece.text}"
    found: dict[str, str] = {}
    for line in said(text)[:LOOKED_AT].splitlines():
        for name, form in _of_line(line):
            if form in piece.title or form in piece.text:
                found.setdefault(name, form)
    return found


def telling(name: str) -> list[str]:
    """The index's terms by which a phrase is rare or common."""
    if _HAN.match(name):
        return [name[at : at + 2] for at in range(len(name) - 1)]
    return name.split(" ")


def overlap(one: str, other: str) -> bool:
    """Whether two phrases share a word, or two Chinese ones a pair of characters, or one runs into the other."""
    if _HAN.match(one) and _HAN.match(other) and (one[0] == other[-1] or one[-1] == other[0]):
        return True
    return not set(telling(one)).isdisjoint(telling(other))


def holds(longer: str, name: str) -> bool:
    """Whether a phrase holds another as a whole: of words all, of Chinese characters the run."""
    return bool(_HAN.match(name)) or set(telling(name)) <= set(telling(longer))


def _of_line(line: str) -> Iterator[tuple[str, str]]:
    words: list[tuple[str, str, int, int]] = []
    for match in _RUN.finditer(line):
        if match[1]:
            yield from _runs(match[1])
        elif name := _name(match[2]):
            words.append((name, match[2], *match.span()))
            yield name, match[2]
    for (one, _, begin, end), (other, _, further, last) in pairwise(words):
        if line[end:further] == " " and one != other:
            yield f"{one} {other}", line[begin:last]


def _runs(run: str) -> Iterator[tuple[str, str]]:
    """All stretches of a Chinese run that may be a word."""
    for at, first in enumerate(run):
        if first in _NEVER_FIRST or run[at - 1 : at] in _DENIALS:
            continue
        for size in range(2, _LONGEST_RUN + 1):
            form = run[at : at + size]
            if len(form) == size and form[-1] not in _NEVER_LAST:
                yield simplified(form), form


@lru_cache(maxsize=2**14)
def _name(word: str) -> str:
    """The term of a word; empty for one that tells nothing."""
    plain = fold(word).replace("’", "'")
    if len(plain) < 2 or len(plain) > _LONGEST_WORD or plain in _COMMON or plain.isdigit():
        return ""
    return next(iter(terms("", plain)), "")
