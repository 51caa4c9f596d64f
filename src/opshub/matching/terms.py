"""Text as terms: words in alphabets, one- and two-character terms in Chinese, Japanese and Korean."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache, lru_cache
from operator import add

from opshub.matching.han import simplified
from opshub.matching.plain import read

__all__ = ["COMMON", "INDEXED", "columns", "fingerprint", "fold", "is_cjk", "terms", "words"]

SHORT = 100
"""Characters below which a text alone does not tell what it is about."""

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
def _cjk() -> re.Pattern[str]:
    return re.compile(f"[{_CJK}]")


def is_cjk(text: str) -> bool:
    """Whether there is a character in it that is a term by itself."""
    return not text.isascii() and _cjk().search(text) is not None


@cache
def _runs() -> re.Pattern[str]:
    # Such sets of characters take milliseconds to compile, and many a run meets no such text.
    return re.compile(f"([{_CJK}]+)|[^{_CJK}]+")


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

    Of a text of fewer than ``SHORT`` characters the title counts too: in trackers and help desks "see above" or the
    name of a sprint stands below a hundred titles. In both scripts of Chinese a text is the same. Else all of it
    counts, with quotes and all: two answers "yes, please" to different questions do not say the same.
    """
    folded, head = fold(text), fold(title)
    if len(folded) < SHORT and head != folded:
        folded = f"{head}\n{folded}".strip()
    folded = simplified(folded)
    if not folded:
        return b""
    return hashlib.blake2b(folded.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def columns(title: str, text: str) -> tuple[list[str], list[str]]:
    """The terms of what is read of title and of text, each in order; a text that only repeats the title has none.

    Chinese gives each character and each pair of neighbours, so that words of any length are found without a
    dictionary. Common words stay: they weigh little, and some of them, as "not", tell texts apart.
    """
    title, text = read(title, text)
    head, body = fold(title), fold(text[:INDEXED])
    return _split(head), [] if body == head else _split(body)


def terms(title: str, text: str) -> list[str]:
    """The terms of both, in order, repeats kept, without common words."""
    head, body = columns(title, text)
    return [term for term in head + body if term not in COMMON]


def _split(folded: str) -> list[str]:
    found: list[str] = []
    for word in _WORD.findall(folded):
        if len(word) <= _LONGEST and word.isascii():
            found.append(_plain(word))
        else:
            found.extend(_mixed(word))
    return found


@lru_cache(maxsize=2**15)
def _plain(word: str) -> str:
    """The term of an ASCII word."""
    return _stem(word)


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
    return found


_VOWELS = frozenset("aeiouy")


def _stem(word: str) -> str:
    """An English word without its most common endings: enough for exports, exported and exporting to meet.

    On bug reports as good as Porter's algorithm, at a fraction of its work.
    """
    word = _singular(word) if word.endswith("s") and len(word) > 3 else word
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) >= len(ending) + 3:
            stem = word[: -len(ending)]
            if not _VOWELS.isdisjoint(stem):
                twice = len(stem) > 3 and stem[-1] == stem[-2] and stem[-1] not in "lsz"
                word = stem[:-1] if twice else stem
                break
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    if word.endswith("e") and len(word) > 4:
        word = word[:-1]
    return f"{word[:-1]}i" if word.endswith("y") and len(word) > 3 else word


def _singular(word: str) -> str:
    """A word that ends in s as one thing of its kind, or as somebody else does it."""
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith("sses"):
        return word[:-2]
    return word if word.endswith(("ss", "us", "is")) else word[:-1]


def words(title: str, text: str) -> dict[str, str]:
    """How the terms of title and text stand there: the first word of each."""
    title, text = read(title, text)
    found: dict[str, str] = {}
    for word in _WORD.findall(fold(f"{title} {text[:INDEXED]}")):
        for term in _split(word):
            found.setdefault(term, term if is_cjk(term) else word)
    return found


COMMON = frozenset(
    "a an and are as at be been but by can could did do doe for from had has have he her his i if in into is it its me "
    "my no not of on or our she so than that the their them then there they thi this to too us was we were what when "
    "which who will with would you your 的 了 是 我 你 在 有 和 就 不 也 都 很 吗 呢 啊 这 那".split()
)
"""Terms of words that say little by themselves."""
