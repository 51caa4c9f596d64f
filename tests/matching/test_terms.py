"""Texts as terms and references: English, Chinese, both, and texts made to be slow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.matching import addresses_in, columns, fingerprint, fold, keys_in, references
from opshub.matching.terms import terms, words
from opshub.model import Comment, Feedback, Ref


def feedback(text: str = "", **more: object) -> Feedback:
    values: dict[str, Any] = {
        "ref": Ref("desk", "7"),
        "url": "https://desk.example/7",
        "text": text,
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        **more,
    }
    return Feedback(**values)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("see FEED-12", ["FEED-12"]),
        ("FEED-12, EXP-3.", ["FEED-12", "EXP-3"]),
        ("(FEED-12)", ["FEED-12"]),
        ("请看FEED-12吧", ["FEED-12"]),
        ("请看 A1_B-7", ["A1_B-7"]),
        ("https://t.example/browse/FEED-12", ["FEED-12"]),
        ("feed-12", []),
        ("F-12", []),
        ("1A-12", []),
        ("FEED-012", []),
        ("FEED-12a", []),
        ("FEED-12_3", []),
        ("xFEED-12", []),
        ("é-FEED-12", []),
        ("FEED-0", []),
        ("FEED-12345678901", []),
        ("A" * 21 + "-1", []),
        ("UTF-8 and SHA-256", ["UTF-8", "SHA-256"]),
    ],
)
def test_keys_are_found_as_people_write_them(text: str, keys: list[str]) -> None:
    assert keys_in(text) == keys


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("see https://a.example/x.", ["https://a.example/x"]),
        ("(http://a.example/x?y=1)", ["http://a.example/x?y=1"]),
        ("HTTPS://a.example", ["https://a.example"]),
        ("看https://a.example/导出，谢谢", ["https://a.example/导出，谢谢"]),
        ("看https://a.example/x。", ["https://a.example/x"]),
        ('<a href="https://a.example/x">', ["https://a.example/x"]),
        ("ftp://a.example xhttp:// ://b.example", []),
        ("javascript://a.example", []),
    ],
)
def test_addresses_are_found_without_the_sentences_punctuation(text: str, addresses: list[str]) -> None:
    assert addresses_in(text) == addresses


def test_references_name_each_thing_once_and_the_vendors_own_first() -> None:
    found = references(
        feedback(
            "FEED-2 and https://a.example/x, again FEED-2",
            title="FEED-1",
            mentions=("FEED-9", ""),
            duplicate_of="5",
            comments=(Comment(id="c", text="FEED-3, https://desk.example/7"),),
        )
    )

    assert found == ["desk:5", "FEED-9", "FEED-1", "FEED-2", "https://a.example/x", "FEED-3"]


def test_a_text_that_lists_everything_refers_to_little() -> None:
    assert len(references(feedback(" ".join(f"FEED-{n}" for n in range(1, 5_000))))) == 50


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Dark\n\tMode  ", "dark mode"),
        ("ＤＡＲＫ　mode", "dark mode"),
        ("Straße", "strasse"),
        ("ﬁx", "fix"),
        ("导出　报表", "导出 报表"),
        ("", ""),
    ],
)
def test_folding_takes_away_case_width_and_white_space(text: str, folded: str) -> None:
    assert fold(text) == folded


def test_texts_that_fold_to_the_same_have_the_same_fingerprint() -> None:
    assert fingerprint("Wish", "Dark mode") == fingerprint("wish ", "ＤＡＲＫ  MODE")
    assert fingerprint("dark mode", "Dark mode") == fingerprint("", "Dark mode")
    assert fingerprint("Dark mode", "") == fingerprint("", "dark mode")
    assert fingerprint("", "dark mode") != fingerprint("", "dark mode!")
    assert fingerprint(" ", "\n") == b""
    assert len(fingerprint("", "\ud800")) == 16


def test_below_different_titles_only_a_long_text_is_the_same() -> None:
    long = (
        "When I export a report to CSV, its last column is missing in version 3.2, whatever browser I use. "
        * 2
    )
    assert fingerprint("Export", long) == fingerprint("Last column", long)
    assert fingerprint("Export", "engage01") != fingerprint("Last column", "engage01")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The exports are exporting", ["export", "export"]),
        ("Please add CSV", ["pleas", "add", "csv"]),
        ("导出太慢", ["导", "出", "太", "慢", "导出", "出太", "太慢"]),
        ("导出excel报表", ["导", "出", "导出", "excel", "报", "表", "报表"]),
        ("the of and", []),
        ("snake_case", ["snak", "case"]),
        ("😀 ok", ["ok"]),
        ("", []),
    ],
)
def test_terms_of_english_chinese_and_both(text: str, expected: list[str]) -> None:
    assert terms("", text) == expected


def test_title_and_text_have_their_own_terms_and_a_repeated_title_counts_once() -> None:
    assert columns("Export fails", "the export\nfails daily") == (
        ["export", "fail"],
        ["the", "export", "fail", "daili"],
    )
    assert columns("Export  fails", "export fails") == (["export", "fail"], [])
    assert columns("", "It does not, 不能") == ([], ["it", "doe", "not", "不", "能", "不能"])


def test_words_tell_how_a_term_was_written_first() -> None:
    assert words("Exports", "exporting 导出") == {"export": "exports", "导": "导", "出": "出", "导出": "导出"}


def test_very_long_words_are_cut() -> None:
    assert {len(term) for term in terms("", "q" * 900 + " " + "é" * 900)} == {40}


@given(st.text(max_size=200), st.text(max_size=200))
@settings(max_examples=60, deadline=None)
def test_terms_are_folded_words_that_hold_no_space(title: str, text: str) -> None:
    for term in terms(title, text):
        assert term
        assert " " not in term
        assert len(term) <= 40
        assert term == fold(term) or len(term) == 40


@given(st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_references_are_parts_of_the_text(text: str) -> None:
    for key in keys_in(text):
        assert key in text
    for address in addresses_in(text):
        assert address.partition("://")[2] in text


MILLION = 2**20
SLOW = {
    "dashes": "-" * MILLION,
    "dashed ones": "-1" * (MILLION // 2),
    "keys without an end": "A-" * (MILLION // 2),
    "capitals": "A" * MILLION,
    "one project of capitals": "A" * (MILLION - 2) + "-1",
    "slashes": "://" * (MILLION // 3),
    "addresses": "http://a" * (MILLION // 8),
    "punctuation behind an address": "http://a" + "." * MILLION,
    "an address": "http://" + "a" * MILLION,
    "spaces": " " * MILLION,
    "Chinese": "导" * MILLION,
    "ligatures": "\ufdfa" * (MILLION // 18),
    "combining": "a" + "\u0301" * MILLION,
}


@pytest.mark.parametrize("name", SLOW)
@pytest.mark.parametrize(
    "work", [keys_in, addresses_in, lambda text: terms("", text), lambda text: [fold(text)]]
)
def test_a_megabyte_of_anything_is_read_at_once(name: str, work: Callable[[str], list[str]]) -> None:
    """Work that grew with the square of the length would not end while anybody waits for it."""
    found = work(SLOW[name])

    assert all(isinstance(one, str) for one in found)
