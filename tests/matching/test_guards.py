"""Texts that are alike and yet must not be joined unasked: one denies, or they name other numbers."""

from __future__ import annotations

import pytest

from opshub.matching.guards import guards
from opshub.matching.pairs import Piece
from opshub.matching.terms import columns


def piece(text: str, title: str = "") -> Piece:
    head, body = columns(title, text)
    return Piece(tuple(head), tuple(body))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("the export works", "the export does not work", ("negation",)),
        ("I can open it", "I can't open it", ("negation",)),
        ("I can open it", "I can’t open it", ("negation",)),
        ("I can open it", "I cannot open it", ("negation",)),
        ("it will sync", "it won't sync", ("negation",)),
        ("exports with headers", "exports without headers", ("negation",)),
        ("it always crashes", "it never crashes", ("negation",)),
        ("it doesn't sync", "it never syncs", ()),
        ("I don't get the mail", "no mail for me", ()),
        ("notes are lost", "notebooks are lost", ()),
        ("导出可以用", "导出不可以用", ("negation",)),
        ("能导出吗", "能不能导出", ()),
        ("是会员", "是不是会员", ()),
        ("有优惠", "有没有优惠", ()),
        ("可以退款吗", "可不可以退款", ()),
        ("有额度", "没额度", ("negation",)),
        ("无法登录", "不能登录", ()),
        ("特别慢", "很慢", ()),
        ("别再发短信", "再发短信", ("negation",)),
        ("fails with 10 rows", "fails with 1000 rows", ("numbers",)),
        ("fails with two users", "fails with 2 users", ()),
        ("fails with 10 rows", "fails with many rows", ()),
        ("version 2 on 10 devices", "version 2", ()),
        ("iOS17 fails", "iOS18 does not fail", ("negation", "numbers")),
        ("3天到账", "5天到账", ("numbers",)),
        ("limit of 5gb", "limit of 10gb", ("numbers",)),
        ("see build a1b2c3", "see build d4e5f6", ()),
        ("", "", ()),
    ],
)
def test_what_forbids_to_join_two_texts(one: str, other: str, expected: tuple[str, ...]) -> None:
    assert guards(piece(one), piece(other)) == expected
    assert guards(piece(other), piece(one)) == expected


def test_of_two_records_with_titles_only_the_titles_are_compared() -> None:
    one, other = piece("I did not change 5 settings", "Export fails"), piece("3 rows", "Export fails")

    assert guards(one, other) == ()
    assert guards(one, piece("3 rows")) == ("negation", "numbers")
