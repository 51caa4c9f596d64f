"""Any store: vectors of feedback, and what waits for one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from opshub.model import Ref, Tombstone
from opshub.store import Store
from opshub.store.rows import Seen


def waiting(store: Store) -> list[str]:
    return [row.feedback.ref.id for row in store.unencoded(99)]


def index(store: Store, refs: Iterable[Ref]) -> None:
    with store.transaction():
        store.index_text([(ref, "", "word") for ref in refs])


def encode(store: Store, *rows: Seen, mark: bytes = b"") -> None:
    with store.transaction():
        store.put_vectors([(it.feedback.ref, b"s" + it.feedback.ref.id.encode(), b"v" + mark) for it in rows])


@pytest.fixture
def indexed(store: Store, make: Any) -> Store:
    """Three linked pieces in the full-text index, and an encoder that has seen none of them."""
    make.idea("1", "2", "3")
    index(store, [make.ref(name) for name in "123"])
    with store.transaction():
        store.use_encoder("first 1")
    return store


def test_what_is_indexed_waits_for_the_encoder_and_is_encoded_once(indexed: Store, make: Any) -> None:
    assert waiting(indexed) == ["1", "2", "3"]

    encode(indexed, *indexed.unencoded(2))

    assert waiting(indexed) == ["3"]
    assert indexed.count_vectors() == (2, 1)
    assert indexed.vectors_of([make.ref("1"), make.ref("3")]) == {make.ref("1"): b"v"}


def test_without_an_encoder_nothing_waits(store: Store, make: Any) -> None:
    make.idea("1")
    index(store, [make.ref("1")])

    assert (store.encoder(), waiting(store), store.count_vectors()) == ("", [], (0, 0))


def test_what_is_not_indexed_yet_does_not_wait(indexed: Store, make: Any) -> None:
    make.idea("4")

    assert waiting(indexed) == ["1", "2", "3"]
    index(indexed, [make.ref("4")])
    assert waiting(indexed) == ["1", "2", "3", "4"]


def test_signs_come_in_order_of_their_numbers_after_a_number(indexed: Store) -> None:
    encode(indexed, *indexed.unencoded(9))

    rows = indexed.signs_after(0, 9)

    assert [signs for _, signs in rows] == [b"s1", b"s2", b"s3"]
    assert [number for number, _ in rows] == sorted(number for number, _ in rows)
    assert indexed.signs_after(rows[1][0], 9) == rows[2:]
    assert indexed.signs_after(0, 1) == rows[:1]


def test_a_number_leads_to_the_vector_and_to_its_owner(indexed: Store, make: Any) -> None:
    encode(indexed, *indexed.unencoded(1), mark=b"x")
    [(number, _)] = indexed.signs_after(0, 9)

    assert indexed.vectors([number, number + 99]) == {number: b"vx"}
    [(ref, idea)] = indexed.encoded([number]).values()
    assert (ref, idea) == (make.ref("1"), indexed.links_of([ref])[ref].idea)


def test_a_changed_text_loses_its_vector_and_waits_again_once_it_is_indexed(
    indexed: Store, make: Any
) -> None:
    encode(indexed, *indexed.unencoded(9))
    (old, _), *_ = indexed.signs_after(0, 9)

    make.put(make.feedback("1", text="quite different"))

    assert (waiting(indexed), indexed.vectors([old])) == ([], {})
    index(indexed, [make.ref("1")])
    assert waiting(indexed) == ["1"]
    encode(indexed, *indexed.unencoded(9))
    assert [signs for _, signs in indexed.signs_after(0, 9)] == [b"s2", b"s3", b"s1"]


def test_a_change_that_is_none_of_text_keeps_the_vector(indexed: Store, make: Any) -> None:
    encode(indexed, *indexed.unencoded(9))

    make.put(replace(make.feedback("1"), url="https://elsewhere.example/1"))

    assert (waiting(indexed), indexed.count_vectors()) == ([], (3, 0))


def test_a_text_indexed_again_keeps_its_vector(indexed: Store, make: Any) -> None:
    encode(indexed, *indexed.unencoded(9))

    index(indexed, [make.ref("1")])

    assert (waiting(indexed), indexed.count_vectors()) == ([], (3, 0))


def test_what_is_gone_has_no_vector_and_waits_for_none(indexed: Store, make: Any) -> None:
    encode(indexed, *indexed.unencoded(1))

    with indexed.transaction():
        indexed.put_tombstones([Tombstone(make.ref("1")), Tombstone(make.ref("2"))])
        indexed.put_vectors([(make.ref("2"), b"s", b"v"), (make.ref("nobody"), b"s", b"v")])

    assert (waiting(indexed), indexed.count_vectors()) == (["3"], (0, 1))


def test_another_encoder_begins_anew_and_the_same_one_goes_on(indexed: Store) -> None:
    encode(indexed, *indexed.unencoded(9))
    with indexed.transaction():
        indexed.use_encoder("first 1")
    assert indexed.count_vectors() == (3, 0)

    with indexed.transaction():
        indexed.use_encoder("first 2")

    assert (indexed.encoder(), indexed.count_vectors(), waiting(indexed)) == (
        "first 2",
        (0, 3),
        ["1", "2", "3"],
    )
    with indexed.transaction():
        indexed.use_encoder("")
    assert (indexed.count_vectors(), waiting(indexed)) == ((0, 0), [])


def test_numbers_of_vectors_are_never_given_out_again(indexed: Store) -> None:
    encode(indexed, *indexed.unencoded(9))
    last = indexed.signs_after(0, 9)[-1][0]

    with indexed.transaction():
        indexed.use_encoder("first 2")
    encode(indexed, *indexed.unencoded(9))

    assert indexed.signs_after(0, 1)[0][0] > last


def test_what_was_undone_is_told(indexed: Store) -> None:
    before, rows = indexed.vectors_undone(), indexed.unencoded(1)

    with pytest.raises(ZeroDivisionError), indexed.transaction():
        encode(indexed, *rows)
        raise ZeroDivisionError

    assert indexed.vectors_undone() > before
    assert indexed.count_vectors() == (0, 3)


def test_vectors_of_one_call_have_numbers_in_the_order_of_the_call(indexed: Store, make: Any) -> None:
    with indexed.transaction():
        indexed.put_vectors([(make.ref(name), b"s" + name.encode(), b"v") for name in "312"])

    assert [signs for _, signs in indexed.signs_after(0, 9)] == [b"s3", b"s1", b"s2"]
