"""What every text and value looks like behind the door."""

from __future__ import annotations

import dataclasses
import math
import unicodedata
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from opshub.sdk import Comment, Feedback, Rating, Ref, clean, clean_value
from opshub.sdk.clean import is_clean_json

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("dirty", "text"),
    [
        ("plain", "plain"),
        ("a\x00b\x1b[0m\r\nc\td\x0b", "ab[0m\nc\td"),
        ("cut \ud83d off", "cut � off"),
        ("Cafe\u0301", "Café"),
        ("导出 👍🏽 ﬁ", "导出 👍🏽 ﬁ"),
        ("", ""),
    ],
)
def test_a_text_is_clean(dirty: str, text: str) -> None:
    assert clean(dirty) == text


SIGNS = st.one_of(
    st.characters(codec="utf-8"), st.sampled_from('\x00\b\t\n\f\r\x1f\x7f\\"eu\u0301\u0338\u212b')
)


@given(st.lists(st.text(alphabet=SIGNS, max_size=9), max_size=4))
def test_a_document_that_counts_as_clean_holds_no_unclean_text(texts: list[str]) -> None:
    found = is_clean_json(orjson.dumps(texts))

    assert not found or all(clean(text) == text for text in texts)


@pytest.mark.parametrize("text", ["plain", "two\n\tlines", "导出 Café"])
def test_a_document_of_clean_texts_counts_as_clean(text: str) -> None:
    assert is_clean_json(orjson.dumps([text]))


@given(st.text(alphabet=st.characters(codec=None), max_size=60))
def test_any_text_can_be_stored_and_is_clean_once(text: str) -> None:
    found = clean(text)

    found.encode()
    assert unicodedata.is_normalized("NFC", found)
    assert not any(ord(sign) < 32 and sign not in "\n\t" for sign in found)
    assert clean(found) == found


def test_a_whole_record_is_clean() -> None:
    feedback = Feedback(
        ref=Ref("desk\x00", "1"),
        url="u",
        text="a\x00",
        created_at=NOON,
        comments=(Comment(id="2", text="\ud800"),),
        rating=Rating(math.nan),
        tags=("ok", "bad\x07"),
        fields={"big": 2**70, "none\x00": math.inf, "fine": 2**63 - 1},
    )

    found = clean_value(feedback)

    assert found.ref == Ref("desk", "1")
    assert isinstance(found.ref, Ref)
    assert found.text == "a"
    assert found.comments[0].text == "�"
    assert found.rating is not None
    assert found.rating.value is None
    assert found.tags == ("ok", "bad")
    assert found.fields == {"big": str(2**70), "none": None, "fine": 2**63 - 1}


def test_what_is_clean_is_not_copied() -> None:
    feedback = Feedback(
        ref=Ref("a", "1"), url="", text="导出", created_at=NOON, fields={"a": ("x",), "b": 1.5}
    )

    assert clean_value(feedback) is feedback


def test_a_number_with_ten_thousand_digits_is_no_trap() -> None:
    assert clean_value({"n": 10**10_000, "m": -(10**10_000)}) == {
        "n": 1.7976931348623157e308,
        "m": -1.7976931348623157e308,
    }


def test_what_is_nested_without_end_is_cut() -> None:
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]

    assert orjson.dumps(clean_value(deep)).startswith(b"[[[")


NESTED = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(alphabet=st.characters(codec=None))
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(), inner, max_size=4)),
    max_leaves=12,
)


@given(NESTED)
def test_any_value_can_be_stored_as_json(value: Any) -> None:
    found = clean_value(value)

    orjson.dumps(found)
    assert clean_value(found) is found


def test_other_values_pass_as_they_are() -> None:
    @dataclasses.dataclass(frozen=True)
    class Mine:
        when: datetime
        kind: type

    mine = Mine(NOON, int)

    assert clean_value(mine) is mine
