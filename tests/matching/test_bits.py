"""Signs in memory: what differs least is found, in the order of arrival, however it came in."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.matching import bits
from opshub.matching.bits import Bits, signs


def plain(rows: list[tuple[int, bytes]], wanted: bytes, limit: int) -> list[int]:
    """The same by comparing each with each."""

    def apart(row: bytes) -> int:
        return sum((mine ^ other).bit_count() for mine, other in zip(row, wanted, strict=True))

    return [number for number, row in sorted(rows, key=lambda row: (apart(row[1]), row[0]))[:limit]]


@settings(deadline=None)
@given(
    st.lists(st.binary(min_size=5, max_size=5), max_size=60),
    st.binary(min_size=5, max_size=5),
    st.integers(1, 70),
    st.integers(1, 20),
)
def test_what_is_found_is_what_comparing_all_finds(
    held: list[bytes], wanted: bytes, limit: int, at_once: int
) -> None:
    rows = [(3 * at + 1, row) for at, row in enumerate(held)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bits, "BLOCK", 8)
        index = Bits(40)
        for begin in range(0, len(rows), at_once):
            index.add(rows[begin : begin + at_once])

        assert index.nearest(wanted, limit) == plain(rows, wanted, limit)
    assert len(index) == len(rows)


@settings(deadline=None)
@given(
    st.lists(st.binary(min_size=5, max_size=5), min_size=1, max_size=60),
    st.binary(min_size=5, max_size=5),
    st.integers(1, 70),
)
def test_of_short_vectors_the_same_is_found_among_very_many(
    held: list[bytes], wanted: bytes, limit: int
) -> None:
    rows = [(3 * at + 1, row) for at, row in enumerate(held)]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("BLOCK", 8), ("MANY", 0), ("SAMPLED", 1)):
            patch.setattr(bits, name, value)
        index = Bits(40)
        index.add(rows)

        assert index.nearest(wanted, limit) == plain(rows, wanted, limit)


def test_among_very_many_long_vectors_those_that_differ_little_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in (("BLOCK", 64), ("MANY", 500)):
        monkeypatch.setattr(bits, name, value)
    chance = np.random.default_rng(1)
    every = chance.standard_normal((1000, 512), np.float32)
    index = Bits(512)
    rows = list(enumerate(signs(every), 1))
    index.add(rows)

    for at in range(0, 1000, 37):
        wanted = signs(every[at : at + 1] + chance.standard_normal((1, 512), np.float32))[0]
        assert index.nearest(wanted, 1) == [at + 1] == plain(rows, wanted, 1)
        assert len(index.nearest(wanted, 20)) == 20


def test_a_vector_has_a_bit_for_each_number_that_is_positive() -> None:
    rows = np.array([[0.5, -0.1, 0.0, 2.0, -3, 1, 1, 1, 1]], np.float32)

    assert signs(rows) == [bytes([0b10010111, 0b10000000])]


def test_an_index_of_many_takes_less_than_a_hundred_bytes_an_item() -> None:
    index = Bits(512)
    index.add([(number, b"\0" * 64) for number in range(1, 100_001)])

    held = sum(block.nbytes for block in [*index._signs, *index._numbers])

    assert held / len(index) < 100
