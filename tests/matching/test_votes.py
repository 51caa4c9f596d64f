"""Which pieces speak for an idea, and for how much."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from opshub.matching.fulltext import piece_of
from opshub.matching.pairs import Piece
from opshub.matching.votes import NEAREST, Votes, heard, joins_from
from opshub.model import Feedback, Ref


def piece(text: str, title: str = "") -> Piece:
    made = Feedback(
        ref=Ref("desk", "1"), url="", title=title, text=text, created_at=datetime(2026, 5, 1, tzinfo=UTC)
    )
    return piece_of(made)


OWN = piece("I cannot log in with 20 users")
SAME = piece("log in with 20 users fails")


def test_the_three_nearest_pieces_of_each_idea_are_heard() -> None:
    judged = [(0.8, 1, SAME), (0.7, 2, SAME), (0.6, 1, SAME), (0.5, 1, SAME), (0.4, 1, SAME)]

    assert heard(OWN, judged) == {1: Votes((0.8, 0.6, 0.5), 2.3), 2: Votes((0.7,), 0.7)}


def test_only_the_ten_nearest_of_all_have_weight() -> None:
    judged = [(0.5, 1, SAME)] * NEAREST + [(0.4, 2, SAME)] * 3

    assert heard(OWN, judged) == {1: Votes((0.5, 0.5, 0.5), 5.0), 2: Votes((0.4, 0.4, 0.4), 0.0)}


@pytest.mark.parametrize("text", ["I can log in with 20 users", "I cannot log in with 30 users"])
def test_a_near_copy_that_denies_it_or_names_other_numbers_is_not_heard(text: str) -> None:
    judged = [(0.95, 1, piece(text)), (0.6, 1, SAME), (0.5, 2, piece(text))]

    assert heard(OWN, judged) == {1: Votes((0.6,), 0.6), 2: Votes((0.5,), 0.5)}


@pytest.mark.parametrize(
    ("likenesses", "pieces", "mean"),
    [((0.9, 0.6, 0.3), 7, 0.6), ((0.9,), 1, 0.9), ((0.9,), 2, 0.45), ((0.9, 0.3), 9, 0.4), ((), 0, 0.0)],
)
def test_a_piece_that_was_not_found_counts_nothing(
    likenesses: tuple[float, ...], pieces: int, mean: float
) -> None:
    assert Votes(likenesses).mean(pieces) == mean


def test_what_joins_depends_on_the_form_of_the_text_and_on_who_judges() -> None:
    forms = [piece("login fails"), piece("login fails", "Login"), piece("登录失败")]

    assert [joins_from(it) for it in forms] == [0.3, 0.3, 0.65]
    assert [joins_from(it, "universal 1") for it in forms] == [0.75, 0.5, 0.6]
    assert [joins_from(it, "another 1") for it in forms] == [0.75, 0.5, 0.6]
