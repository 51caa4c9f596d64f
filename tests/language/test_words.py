"""Words that several lists look for in one text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.language.runtime import fold
from opshub.language.words import Lexicon, Words

_PIECES = [
    "cancel",
    "renew",
    "not",
    "won't",
    "c++",
    "++",
    "app",
    "é",
    "ï",
    "崩溃",
    "崩",
    "用不了",
    "9",
    ".",
    " ",
    "\n",
    "\u3000",
]
_texts = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=8).map("".join)
_lists = st.lists(_texts.filter(str.strip), min_size=1, max_size=4)


def _letter(sign: str) -> bool:
    return sign.isalnum() and not "\u2e80" <= sign <= "\ua4cf"


def _stands(word: str, text: str) -> bool:
    """The meaning, sign by sign."""
    for at in range(len(text) - len(word) + 1):
        before, behind = text[at - 1 : at] if at else "", text[at + len(word) : at + len(word) + 1]
        runs_on = (_letter(word[0]) and before and _letter(before)) or (
            _letter(word[-1]) and behind and _letter(behind)
        )
        if text.startswith(word, at) and not runs_on:
            return True
    return False


@settings(max_examples=300)
@given(texts=st.lists(_texts, min_size=1, max_size=3), lists=st.lists(_lists, min_size=1, max_size=3))
def test_a_shared_look_at_a_text_finds_what_each_word_alone_would(
    texts: list[str], lists: list[list[str]]
) -> None:
    lexicon = Lexicon()
    shared = [Words(words, lexicon) for words in lists]

    for text in map(fold, texts):
        for words, plain in zip(shared, lists, strict=True):
            wanted = [" ".join(fold(word).split()) for word in plain]
            joined = " ".join(text.split())
            stands = any(_stands(word, text) or (" " in word and _stands(word, joined)) for word in wanted)

            assert words(text) == stands


@given(texts=st.lists(_texts, max_size=5), words=_lists)
def test_many_texts_at_once_are_as_each_alone(texts: list[str], words: list[str]) -> None:
    lexicon = Lexicon()
    Words(words, lexicon)
    folded = [fold(text) for text in texts]

    found = lexicon.among(folded)

    assert [found.get(place, frozenset()) for place in range(len(texts))] == [*map(lexicon.found, folded)]
    assert all(found.values())


def test_a_phrase_is_found_behind_one_that_overlaps_it() -> None:
    assert Words(["aa aa"])("xaa aa  aa")
    assert not Words(["aa aa"])("xaa aa aax")
