"""Any store: what resembles what, ideas with two subjects, and what people refused of both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opshub.model import Ref, Tombstone
from opshub.store import Store
from opshub.store.alike import Near, Pair, Refusal, Resemblance, TwoFold

ONE, TWO, THREE, FOUR = (Ref("desk", name) for name in "1234")


@pytest.fixture
def four(store: Store, make: Any) -> Store:
    """Pieces 1 and 2 speak for idea 1, pieces 3 and 4 for idea 2."""
    make.idea("1", "2")
    make.idea("3", "4")
    return store


def resemble(store: Store, *rows: tuple[Ref, Ref, int]) -> None:
    with store.transaction():
        store.put_resemblances([row[0] for row in rows], [Resemblance(*row) for row in rows])


def test_likenesses_between_ideas_are_summed_and_those_within_one_left_out(four: Store) -> None:
    resemble(four, (THREE, ONE, 6000), (FOUR, TWO, 3000), (TWO, ONE, 9000))

    assert four.alike_ideas(1, 9) == [Pair(1, 2, 9000, 6000, 2, 2, 2)]
    assert four.alike_ideas(1, 9)[0].worth == (9000 / 40_000) ** 2 * 2
    assert four.alike_ideas(3, 9) == []
    assert four.alike_pieces(1, 2, 1) == [Resemblance(THREE, ONE, 6000)]
    assert len(four.alike_pieces(2, 1, 9)) == 2


def test_pairs_come_first_of_which_an_answer_is_expected_to_put_most_pieces_right(
    store: Store, make: Any
) -> None:
    for names in ("12", "34", "abcd", "efg", "h", "ikm", "j", "nopqrst"):
        make.idea(*names)
    likely = {"ea fb cg de ih kh mh hi 31 42": 9000, "nj": 7000, "14 oj": 6000}
    rows = [
        (Ref("desk", it[0]), Ref("desk", it[1]), much) for told, much in likely.items() for it in told.split()
    ]
    resemble(store, *rows)

    found = store.alike_ideas(1, 9)

    assert [(it.one, it.two) for it in found] == [(5, 6), (3, 4), (7, 8), (1, 2)]
    assert [it.worth for it in found] == pytest.approx([6 / 4, 0.6**2 * 24 / 7, 0.65**2 * 14 / 8, 0.6**2 * 2])


def test_pairs_of_one_idea_are_found_from_either_side(store: Store, make: Any) -> None:
    for names in ("1", "2", "3", "4"):
        make.idea(names)
    resemble(store, (TWO, ONE, 9000), (THREE, TWO, 7000), (FOUR, THREE, 8000), (ONE, TWO, 6000))

    found = {idea: store.alike_ideas(1, 9, idea) for idea in (1, 2, 4)}

    assert found[1] == [Pair(1, 2, 15_000, 9000, 2, 1, 1)]
    assert found[2] == [Pair(1, 2, 15_000, 9000, 2, 1, 1), Pair(2, 3, 7000, 7000, 1, 1, 1)]
    assert found[4] == [Pair(3, 4, 8000, 8000, 1, 1, 1)]


def test_two_ideas_are_at_most_sure_to_be_one() -> None:
    assert Pair(1, 2, 50_000, 9000, 6, 1, 3).worth == 2 * 1 * 3 / 4


def test_pairs_follow_links_that_move(four: Store, make: Any) -> None:
    resemble(four, (THREE, ONE, 6000))
    with four.transaction():
        four.put_links([make.link("3", 1)])

    assert four.alike_ideas(1, 9) == []


def test_what_a_piece_resembles_is_replaced_as_a_whole(four: Store) -> None:
    resemble(four, (THREE, ONE, 6000), (THREE, TWO, 5000))
    resemble(four, (THREE, TWO, 4000), (FOUR, Ref("desk", "nobody"), 9000))

    assert four.alike_pieces(1, 2, 9) == [Resemblance(THREE, TWO, 4000)]
    with four.transaction():
        four.put_resemblances([THREE], [])
    assert four.alike_ideas(1, 9) == []


def test_what_is_gone_resembles_nothing(four: Store, make: Any) -> None:
    resemble(four, (THREE, ONE, 6000), (FOUR, TWO, 3000))
    with four.transaction():
        four.put_tombstones([Tombstone(ONE)])

    assert four.alike_ideas(1, 9) == [Pair(1, 2, 3000, 3000, 1, 1, 2)]
    assert four.alike_pieces(1, 2, 9) == [Resemblance(FOUR, TWO, 3000)]


def test_what_pieces_resemble_is_told_piece_by_piece_as_far_as_it_lives(four: Store) -> None:
    resemble(four, (THREE, TWO, 5000), (THREE, ONE, 6000), (FOUR, ONE, 3000), (ONE, FOUR, 2000))

    rows = [Resemblance(THREE, ONE, 6000), Resemblance(THREE, TWO, 5000), Resemblance(FOUR, ONE, 3000)]
    assert four.resemblances_of([FOUR, THREE, Ref("desk", "nobody")]) == rows
    with four.transaction():
        four.put_tombstones([Tombstone(TWO)])
    assert four.resemblances_of([THREE]) == rows[:1]


def test_what_lies_near_is_told_within_an_idea_by_links_as_they_are_now(four: Store, make: Any) -> None:
    nobody = Ref("desk", "nobody")
    with four.transaction():
        four.put_near([Near(TWO, ((ONE, 9000), (nobody, 8000), (THREE, 4000))), Near(nobody, ((ONE, 1),))])

    assert four.near_within(1, 9) == [Near(ONE, ()), Near(TWO, ((ONE, 9000),))]
    with four.transaction():
        four.put_links([make.link("3", 1)])
    assert four.near_within(1, 9) == [Near(ONE, ()), Near(TWO, ((ONE, 9000), (THREE, 4000))), Near(THREE, ())]
    assert four.near_within(1, 2) == [Near(TWO, ((THREE, 4000),)), Near(THREE, ())], "the newest"
    with four.transaction():
        four.put_near([Near(TWO, ((ONE, 100),))])
        four.put_tombstones([Tombstone(THREE)])
    assert four.near_within(1, 9) == [Near(ONE, ()), Near(TWO, ((ONE, 100),))]


def test_ideas_with_two_subjects_come_by_their_worth_and_can_be_forgotten(store: Store) -> None:
    with store.transaction():
        for row in (TwoFold(1, 500, (ONE,)), TwoFold(2, 900, (TWO, THREE)), TwoFold(3, 500, (FOUR,))):
            store.put_twofold(row)
        store.put_twofold(TwoFold(1, 0, ()))

    assert store.twofold(9) == [TwoFold(2, 900, (TWO, THREE)), TwoFold(3, 500, (FOUR,))]
    assert [row.idea for row in store.twofold(1)] == [2]
    assert store.twofold_of(3) == TwoFold(3, 500, (FOUR,))
    assert store.twofold_of(1) is None


def test_a_refusal_stands_until_it_is_taken_back(store: Store, now: Any) -> None:
    with store.transaction():
        store.put_refusal(Refusal(2, 7, now, "ann"))
        store.put_refusal(Refusal(1, 0, now, "李娜"))
        store.put_refusal(Refusal(2, 7, now + timedelta(days=1), "bo"))

    assert store.refusals() == [Refusal(1, 0, now, "李娜"), Refusal(2, 7, now + timedelta(days=1), "bo")]
    with store.transaction():
        assert store.drop_refusal(2, 7)
        assert not store.drop_refusal(2, 7)
    assert [row.idea for row in store.refusals()] == [1]
