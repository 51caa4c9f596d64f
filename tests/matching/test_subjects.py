"""Whether the pieces of one idea speak of two subjects."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opshub.matching import gathered, subjects

EXPORT = (
    "The export to Excel never finishes",
    "Excel export hangs for ever",
    "export to excel cannot finish",
    "my Excel export hangs, never ends",
)
LOGIN = ("The login code by text message is late", "login code arrives late", "late login code again")
CHINESE = ("导出 Excel 一直没有完成", "Excel 导出卡住了，一直转圈", "导出一直转圈没有完成")


def parts(*texts: str) -> tuple[int, ...]:
    found = subjects([("", text) for text in texts], {})
    return found.second if found else ()


def test_the_smaller_of_two_groups_that_share_nothing_is_told() -> None:
    assert parts(*EXPORT, *LOGIN) == (4, 5, 6)
    assert parts(LOGIN[0], *EXPORT, *LOGIN[1:]) == (0, 5, 6)


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(EXPORT, id="one subject"),
        pytest.param((*EXPORT, LOGIN[0]), id="a single stranger"),
        pytest.param((), id="nothing"),
        pytest.param(EXPORT[:1], id="a single piece"),
        pytest.param((*EXPORT, "", "", ""), id="pieces without words"),
    ],
)
def test_one_subject_is_left_whole(texts: tuple[str, ...]) -> None:
    assert parts(*texts) == ()


def test_twins_in_another_script_are_never_told_apart() -> None:
    assert (
        parts(*(text.replace("Excel ", "") for text in EXPORT), *(it.replace("Excel", "") for it in CHINESE))
        == ()
    )


def test_words_that_everybody_uses_count_less() -> None:
    texts = [("", f"please help pennyroyal {text}") for text in (*EXPORT, *LOGIN)]
    everywhere = {"pleas": 0.01, "please": 0.01, "help": 0.01, "pennyroyal": 0.01}

    assert subjects(texts, {}) is None
    assert subjects(texts, everywhere) is not None


def mean(one: list[int], two: list[int], alike: dict[tuple[int, int], int]) -> float:
    return sum(alike.get((min(a, b), max(a, b)), 0) for a in one for b in two) / (len(one) * len(two))


PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda it: it[0] < it[1]), st.integers(0, 9)
)


@given(PAIRS, st.integers(1, 6))
def test_gathered_groups_hold_every_piece_once_and_no_two_of_them_are_alike_enough_to_be_one(
    alike: dict[tuple[int, int], int], least: int
) -> None:
    groups = gathered(8, alike, least)

    assert sorted(at for group in groups for at in group) == list(range(8))
    assert [len(group) for group in groups] == sorted(map(len, groups), reverse=True)
    assert all(mean(one, two, alike) < least for one, two in combinations(groups, 2))


@given(PAIRS, st.integers(1, 6), st.permutations(range(8)))
def test_the_nearest_two_are_always_joined_first(
    alike: dict[tuple[int, int], int], least: int, order: list[int]
) -> None:
    distinct = {pair: much * 100 + at for at, (pair, much) in enumerate(sorted(alike.items())) if much}
    moved = {
        (min(order[one], order[two]), max(order[one], order[two])): much
        for (one, two), much in distinct.items()
    }
    named = {frozenset(order[at] for at in group) for group in slowly(8, distinct, least * 100)}

    assert {frozenset(group) for group in gathered(8, moved, least * 100)} == named


def slowly(pieces: int, alike: dict[tuple[int, int], int], least: int) -> list[list[int]]:
    """The same by comparing all groups each time."""
    groups = [[at] for at in range(pieces)]
    while len(groups) > 1:
        one, two = max(combinations(groups, 2), key=lambda pair: mean(pair[0], pair[1], alike))
        if mean(one, two, alike) < least:
            break
        groups = [group for group in groups if group not in (one, two)] + [one + two]
    return groups
