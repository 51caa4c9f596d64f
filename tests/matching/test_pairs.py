"""What two texts have in common: the same in either order, from 0 to 1, and 1 for what says the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.matching.meaning_weights import MEANING
from opshub.matching.pairs import Pair, Piece, Rarity, Weighed, compare, form
from opshub.matching.scorer import learned, probability
from opshub.matching.terms import columns
from opshub.matching.weights import WEIGHTS

TEXTS = st.lists(
    st.sampled_from(["export", "exports", "csv", "login", "not", "a", "导出", "太慢", "不", "é", "7"])
    | st.text(max_size=9),
    max_size=12,
).map(" ".join)


def piece(title: str, text: str) -> Piece:
    head, body = columns(title, text)
    return Piece(tuple(head), tuple(body))


def rarity(*pieces: Piece, counts: int = 1) -> Rarity:
    found = Rarity(100)
    found.learn({term: counts for piece in pieces for term in piece.terms})
    return found


def both(one: Piece, other: Piece, known: Rarity, bm25: float) -> Pair:
    return compare(Weighed(one, known), Weighed(other, known), bm25)


PIECES = st.builds(piece, st.just("") | TEXTS, TEXTS)


@given(PIECES, PIECES, st.integers(0, 100), st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_features_are_the_same_in_either_order_and_within_bounds(
    one: Piece, other: Piece, count: int, bm25: float
) -> None:
    known = rarity(one, other, counts=count)

    found = both(one, other, known, bm25)

    assert found == both(other, one, known, bm25)
    assert all(0 <= feature <= 1 for feature in found)
    if form(one, other) == form(other, one):
        assert 0 <= probability(form(one, other), found) <= 1


@given(PIECES, PIECES, st.floats(0, 1), st.sampled_from(sorted(WEIGHTS)))
@settings(max_examples=150, deadline=None)
def test_what_a_likeness_does_not_read_need_not_be_made(
    one: Piece, other: Piece, bm25: float, name: str
) -> None:
    known, wanted = rarity(one, other), learned(name)[1:]

    found = compare(Weighed(one, known), Weighed(other, known), bm25, wanted)

    whole = both(one, other, known, bm25)
    assert found == Pair(*(told if weight else 0.0 for told, weight in zip(whole, wanted, strict=True)))
    assert probability(name, found) == probability(name, whole)


def test_characters_pair_in_any_order_and_with_neighbouring_words_as_they_stand() -> None:
    one, turned, words = piece("", "导出失败"), piece("", "败失出导"), piece("", "a b c")
    longest = piece("", "".join(map(chr, range(0x4E00, 0x4E00 + 30))))
    known = rarity(one, turned, words, longest)

    assert both(one, turned, known, 0.0).pairs == 1.0
    assert both(words, piece("", "a b"), known, 0.0).pairs == pytest.approx(2 / 3)
    assert both(one, words, known, 0.0).pairs == 0.0
    assert both(longest, longest, known, 0.0).pairs == 1.0


@given(PIECES)
@settings(max_examples=60, deadline=None)
def test_a_text_has_everything_in_common_with_itself(one: Piece) -> None:
    found = both(one, one, rarity(one), 1.0)

    assert {round(feature, 9) for feature in found} <= {0.0, 1.0}
    assert not one.terms or (round(found.cosine, 9), round(found.jaccard, 9)) == (1.0, 1.0)


def test_texts_without_a_common_term_have_nothing_in_common() -> None:
    one, other = piece("", "export fails"), piece("", "多谢你们")

    assert both(one, other, rarity(one, other), 0.0) == Pair(*[0.0] * 8)


def test_a_rare_word_in_common_says_more_than_a_usual_one() -> None:
    one, rare, usual = piece("", "teh watermark"), piece("", "a watermark"), piece("", "teh b")
    known = rarity(one, rare, usual)
    known.learn({"teh": 90})

    assert both(one, rare, known, 1.0).cosine > both(one, usual, known, 1.0).cosine


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("", "export fails"), ("", "it fails"), "plain"),
        (("Export", "it fails"), ("Export", "it fails"), "titled"),
        (("Export", "it fails"), ("", "it fails"), "plain"),
        (("", "导出失败"), ("Export", "it fails"), "cjk"),
    ],
)
def test_texts_are_judged_by_their_form(one: tuple[str, str], other: tuple[str, str], expected: str) -> None:
    assert form(piece(*one), piece(*other)) == expected


@pytest.mark.parametrize("name", WEIGHTS)
def test_every_form_has_a_weight_for_each_feature_and_more_in_common_means_more_alike(name: str) -> None:
    assert len(WEIGHTS[name]) == 1 + len(Pair._fields)
    assert probability(name, Pair(*[0.0] * 8)) < 0.05
    assert probability(name, Pair(*[1.0] * 8)) > 0.9


def test_an_extreme_sum_is_no_error() -> None:
    assert probability("plain", [-1e6] * 8) in (0.0, 1.0)
    assert probability("plain", [1e6] * 8) in (0.0, 1.0)


def test_an_encoder_without_weights_of_its_own_for_a_form_is_judged_by_those_of_the_semantic_extra(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(MEANING, "english", {"plain": (-1.0, 2.0)})

    assert learned("plain", "english") == (-1.0, 2.0)
    assert learned("cjk", "english") == MEANING["universal"]["cjk"]
    assert learned("plain", "a-folder") == MEANING["universal"]["plain"]
    assert learned("plain") == WEIGHTS["plain"]


@pytest.mark.parametrize(("encoder", "name"), [(it, name) for it in MEANING for name in MEANING[it]])
def test_with_an_encoder_every_form_has_a_weight_for_each_feature_and_nearer_means_more_alike(
    encoder: str, name: str
) -> None:
    assert len(learned(name, encoder)) == 1 + len(Pair._fields) + 3
    far, near = (probability(name, [*[0.5] * 8, cosine, cosine, 0.5], encoder) for cosine in (0.0, 1.0))
    assert far < near
