"""Which pieces speak for an idea, and for how much."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from opshub.matching.fulltext import piece_of
from opshub.matching.pairs import Piece
from opshub.matching.votes import NEAREST, Heard, Votes, heard, joins_from
from opshub.model import Feedback, Ref


def piece(text: str, title: str = "") -> Piece:
    made = Feedback(
        ref=Ref("desk", "1"), url="", title=title, text=text, created_at=datetime(2026, 5, 1, tzinfo=UTC)
    )
    return piece_of(made)


OWN = piece("I cannot log in with 20 users")
SAME = piece("log in with 20 users fails")


def judged(*said: tuple[float, int, Piece]) -> list[tuple[float, int, Ref, Piece]]:
    return [(likeness, idea, Ref("desk", str(at)), it) for at, (likeness, idea, it) in enumerate(said)]


def votes(*said: tuple[int, float], near: bool = True) -> Votes:
    return Votes(tuple(Heard(Ref("desk", str(at)), likeness, near) for at, likeness in said))


def test_each_idea_is_spoken_for_by_its_pieces() -> None:
    found = heard(OWN, judged((0.8, 1, SAME), (0.7, 2, SAME), (0.6, 1, SAME), (0.5, 1, SAME), (0.4, 1, SAME)))

    assert found == {1: votes((0, 0.8), (2, 0.6), (3, 0.5), (4, 0.4)), 2: votes((1, 0.7))}
    assert (found[1].weight(), found[1].mean(9)) == (2.3, round(1.9 / 3, 4))


def test_only_the_ten_nearest_of_all_have_weight() -> None:
    found = heard(OWN, judged(*[(0.5, 1, SAME)] * NEAREST, *[(0.4, 2, SAME)] * 3))

    assert (found[1].weight(), found[2].weight()) == (5.0, 0.0)
    assert found[2] == votes((10, 0.4), (11, 0.4), (12, 0.4), near=False)


def test_a_piece_that_something_surer_placed_outweighs_nine_that_a_likeness_placed() -> None:
    placed = {Ref("desk", "9")}
    found = heard(OWN, judged(*[(0.5, 1, SAME)] * 9, (0.46, 2, SAME), (0.45, 1, SAME)))

    assert (found[1].weight(placed), found[2].weight(placed)) == (4.5, 4.6)
    assert (found[1].led(placed), found[2].led(placed)) == (False, True)
    assert not found[1].led({Ref("desk", "10")}), "it is not among the ten nearest"


@pytest.mark.parametrize("text", ["I can log in with 20 users", "I cannot log in with 30 users"])
def test_a_near_copy_that_denies_it_or_names_other_numbers_is_not_heard(text: str) -> None:
    found = heard(OWN, judged((0.95, 1, piece(text)), (0.6, 1, SAME), (0.5, 2, piece(text))))

    assert found == {1: votes((1, 0.6)), 2: votes((2, 0.5))}


@pytest.mark.parametrize(
    ("likenesses", "pieces", "mean"),
    [((0.9, 0.6, 0.3), 7, 0.6), ((0.9,), 1, 0.9), ((0.9,), 2, 0.45), ((0.9, 0.3), 9, 0.4), ((), 0, 0.0)],
)
def test_a_piece_that_was_not_found_counts_nothing(
    likenesses: tuple[float, ...], pieces: int, mean: float
) -> None:
    assert votes(*enumerate(likenesses)).mean(pieces) == mean


def test_what_joins_depends_on_the_form_of_the_text_and_on_who_judges() -> None:
    forms = [piece("login fails"), piece("login fails", "Login"), piece("登录失败")]

    assert [joins_from(it) for it in forms] == [0.3, 0.3, 0.65]
    assert [joins_from(it, "universal 1") for it in forms] == [0.7, 0.35, 0.45]
    assert [joins_from(it, "another 1") for it in forms] == [0.7, 0.35, 0.45]
