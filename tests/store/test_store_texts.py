"""Any store: what was found in texts stays until a text changes; words of old rules can be forgotten."""

from __future__ import annotations

from typing import Any

import pytest

from opshub.errors import StoreError
from opshub.model import Comment, Ref, Tombstone
from opshub.store import Store
from opshub.store.rows import Said

ONE, TWO = Ref("desk", "1"), Ref("desk", "2")


def put(store: Store, **rows: Said) -> None:
    with store.transaction():
        store.put_said({Ref("desk", name[1:]): said for name, said in rows.items()})


def test_what_was_found_is_known_again_with_the_number_up_to_which_it_holds(store: Store, make: Any) -> None:
    make.put(make.feedback("1"), make.feedback("2"))

    put(store, _1=Said(3, {"ab": "cancel", "cd": "退订"}), _2=Said(2))

    assert store.said([ONE, TWO, Ref("desk", "3")]) == {
        ONE: Said(3, {"ab": "cancel", "cd": "退订"}),
        TWO: Said(2, {}),
    }
    assert store.said([]) == {}
    put(store, _1=Said(4))
    assert store.said([ONE]) == {ONE: Said(4, {})}


@pytest.mark.parametrize(
    "change", [{"text": "other"}, {"title": "other"}, {"comments": (Comment(id="c", text="other"),)}]
)
def test_a_changed_text_forgets_what_was_found_in_it(store: Store, make: Any, change: dict[str, Any]) -> None:
    make.put(make.feedback("1"), make.feedback("2"))
    put(store, _1=Said(3, {"ab": "cancel"}), _2=Said(3))

    make.put(make.feedback("1", **change), make.feedback("2"))

    assert list(store.said([ONE, TWO])) == [TWO]


def test_a_change_elsewhere_and_a_tombstone_forget_nothing(store: Store, make: Any) -> None:
    make.put(make.feedback("1"))
    put(store, _1=Said(3, {"ab": "cancel"}))

    make.put(make.feedback("1", tags=("vip",), language="en"))
    with store.transaction():
        store.put_tombstones([Tombstone(ONE)])

    assert store.said([ONE]) == {ONE: Said(3, {"ab": "cancel"})}


def test_feedback_that_is_not_there_is_left_out(store: Store, make: Any) -> None:
    put(store, _1=Said(3))
    make.put(make.feedback("1"))

    assert store.said([ONE]) == {}


def test_what_no_database_holds_is_refused(store: Store, make: Any) -> None:
    make.put(make.feedback("1"))

    with pytest.raises(StoreError):
        put(store, _1=Said(3, {"ab": "\ud800"}))

    assert store.said([ONE]) == {}


def test_legends_are_those_that_decisions_name(store: Store, make: Any) -> None:
    make.idea("1")
    make.idea("2")
    assert store.legends() == set()

    with store.transaction():
        store.put_decisions([make.decision(1, legend="ab"), make.decision(2, legend="cd")])
        store.put_decisions([make.decision(1, legend="cd")])

    assert store.legends() == {"cd"}


def test_facts_that_begin_alike_can_be_forgotten_but_for_some(store: Store) -> None:
    with store.transaction():
        for name in ("legend ab", "legend cd", "legends", "rules"):
            store.set_fact(name, name)

        assert store.drop_facts("legend ", {"legend cd"}) == 1

    assert [store.fact(name) for name in ("legend ab", "legend cd", "legends", "rules")] == [
        "",
        "legend cd",
        "legends",
        "rules",
    ]
