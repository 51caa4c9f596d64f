"""Any store: what no database can hold is refused by name, and nothing of its page is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from opshub.errors import StoreError
from opshub.model import Account, Rating, Ref
from opshub.store import Store
from opshub.store.rows import RawRow


def rows(*names: str) -> list[RawRow]:
    return [RawRow(Ref("desk", name), b"h", b"{}") for name in names]


@pytest.mark.parametrize(
    ("more", "place"),
    [
        ({"text": "a \ud800 b"}, "its text holds a lone surrogate"),
        ({"fields": {"score": float("nan")}}, "its fields.score holds the number nan"),
        ({"fields": {"n": 2**70}}, "its fields.n holds a number beyond 64 bits"),
        ({"fields": {"x": [1]}}, "it holds a list"),
        ({"created_at": datetime(2026, 1, 1)}, "its created_at holds a time without a zone"),
        ({"account": Account(id="1", arr=float("inf"))}, "its account.arr holds the number inf"),
        ({"tags": ("ok", "\udfff")}, "its tags.1 holds a lone surrogate"),
        ({"rating": Rating(float("nan"))}, "its rating.value holds the number nan"),
    ],
    ids=["surrogate", "nan", "huge", "list", "naive", "infinite", "tag", "rating"],
)
def test_what_no_database_can_hold_is_refused_by_name_and_nothing_of_the_page_is_kept(
    store: Store, make: Any, more: dict[str, Any], place: str
) -> None:
    with pytest.raises(StoreError, match=f"desk:2 cannot be stored.*{place}"), store.transaction():
        store.put_records(rows("1", "2"), normalized=True)
        store.put_feedback([make.feedback("1"), make.feedback("2", **more)])

    assert store.feedback_after(0, 9) == []
    assert store.count_records("desk") == 0


@pytest.mark.parametrize("name", ["a\ud800", "\udc00", "a\0b"], ids=["high", "low", "nul"])
def test_a_name_that_no_database_can_hold_is_refused(store: Store, make: Any, name: str) -> None:
    with pytest.raises(StoreError, match=r"cannot be (stored|a name in the store)"), store.transaction():
        store.put_records(rows("1"), normalized=True)
        store.put_records([RawRow(Ref("desk", name), b"h", b"")], normalized=True)
    with pytest.raises(StoreError, match=r"cannot be (stored|a name in the store)"), store.transaction():
        store.put_feedback([make.feedback("1"), make.feedback(name)])
    with pytest.raises(StoreError, match=r"cannot be (stored|a name in the store)"):
        store.hashes("desk", [name])

    assert store.count_records("desk") == 0
    assert store.feedback_after(0, 9) == []
