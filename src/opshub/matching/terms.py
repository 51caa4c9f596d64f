"""Text as terms: words in alphabets, one- and two-character terms in Chinese, Japanese and Korean."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache, lru_cache
from operator import add

from opshub.matching.han import simplified
from opshub.matching.plain import read

__all__ = ["INDEXED", "fingerprint", "fold", "terms"]

INDEXED = 1200
"""Characters of what is read of a piece of feedback that the index holds, beside its title."""

_BLANKS = "\t\n\v\f\r\x1c\x1d\x1e\x1f"
"""What separates words in ASCII, beside the space."""

_WORD = re.compile(r"[^\W_]+")
_LONGEST = 40

_CJK = (
    "\u3040-\u30ff"  # kana
    "\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af"  # hangul
    "\uf900-\ufaff\U00020000-\U0003134f"
)


@cache
def _runs() -> re.Pattern[str]:
    # Such sets of characters take milliseconds to compile, and many a run meets no such text.
    return re.compile(f"([{_CJK}]+)|[^{_CJK}]+")


_STOP = frozenset(
    "a an and are as at be been but by can could did do does for from had has have he her his i if in into is it its "
    "me my no not of on or our she so than that the their them then there they this to too us was we were what when "
    "which who will with would you your 的 了 是 我 你 在 有 和 就 不 也 都 很 吗 呢 啊 这 那".split()
)


def fold(text: str) -> str:
    """The text without differences of case, width and white space."""
    if not text.isascii():
        return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    # The same as splitting and joining, without a text of its own for each word.
    plain = text.lower()
    for blank in _BLANKS:
        if blank in plain:
            plain = plain.replace(blank, " ")
    while "  " in plain:
        plain = plain.replace("  ", " ")
    return plain.strip(" ")


def fingerprint(title: str, text: str) -> bytes:
    """Sixteen bytes that are equal for texts that fold to the same; empty for feedback without any text.

    In both scripts of Chinese a text is the same. Else all of it counts, with quotes and all: two answers "yes, please"
    to different questions do not say the same.
    """
    folded = simplified(fold(text) or fold(title))
    if not folded:
        return b""
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def terms(title: str, text: str) -> list[str]:
    """The terms of what is read of title and text, in order, repeats kept, stop words left out.

    Chinese gives each character and each pair of neighbours, so that words of any length are found without a
    dictionary.
    """
    title, text = read(title, text)
    found: list[str] = []
    for word in _WORD.findall(fold(f"{title} {text[:INDEXED]}")):
        found.extend(_plain(word) if len(word) <= _LONGEST and word.isascii() else _mixed(word))
    return found


@lru_cache(maxsize=2**15)
def _plain(word: str) -> tuple[str, ...]:
    """The term of an ASCII word, none for a stop word."""
    return () if word in _STOP else (_stem(word),)


def _mixed(word: str) -> list[str]:
    """Terms of a run of letters that may hold several scripts."""
    if word.isascii():
        return [_stem(word[:_LONGEST])]
    found: list[str] = []
    for match in _runs().finditer(word):
        run = match[0]
        if match[1]:
            found += run
            found += map(add, run, run[1:])
        else:
            found.append(run[:_LONGEST])
    return [term for term in found if term not in _STOP]


def _stem(word: str) -> str:
    """An English word without its most common endings: enough for exports, exported and exporting to meet."""
    for ending, least in (("ing", 6), ("ed", 5), ("es", 5), ("s", 4)):
        if word.endswith(ending) and len(word) >= least and not word.endswith("ss"):
            word = word[: -len(ending)]
            break
    return word[:-1] if word.endswith("e") and len(word) > 4 else word
