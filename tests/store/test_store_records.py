"""Any store: records as they came, quarantine, and what normalizing gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from opshub.model import Account, Comment, Person, Rating, Ref, Tombstone, TombstoneReason, Visibility
from opshub.store import Store
from opshub.store.rows import RawRow


def rows(*names: str, hash: bytes = b"h", connection: str = "desk") -> list[RawRow]:
    return [RawRow(Ref(connection, name), hash, b'{"id":"%s"}' % name.encode()) for name in names]


def test_hashes_tell_which_records_are_known(store: Store) -> None:
    with store.transaction():
        store.put_records(rows("1", "2"), normalized=True)

    assert store.hashes("desk", ["2", "3", "1"]) == {"1": b"h", "2": b"h"}
    assert store.hashes("other", ["1"]) == {}
    assert store.hashes("desk", []) == {}


def test_the_hash_of_a_record_stays_known_when_it_is_gone_or_bad(
    store: Store, make: Any, now: datetime
) -> None:
    with store.transaction():
        store.put_records(rows("1", "2"), normalized=True)
        store.put_feedback([make.feedback("1")])
        store.put_tombstones([Tombstone(make.ref("1"))])
        store.put_bad(make.ref("2"), "no text", b"{}", now)

    assert store.hashes("desk", ["1", "2"]) == {"1": b"h", "2": b"h"}


def test_a_record_comes_back_byte_by_byte(store: Store) -> None:
    body = '{"text":"导出 \\u0000 failed","n":1e400}'.encode() + bytes(range(256)) * 50

    with store.transaction():
        store.put_records([RawRow(Ref("desk", "1"), b"h", body)], normalized=True)

    assert store.record(Ref("desk", "1")) == RawRow(Ref("desk", "1"), b"h", body)
    assert store.record(Ref("desk", "2")) is None


def test_a_record_put_again_replaces_the_old_one(store: Store) -> None:
    with store.transaction():
        store.put_records(rows("1"), normalized=True)
        store.put_records(rows("1", hash=b"new"), normalized=True)

    assert store.hashes("desk", ["1"]) == {"1": b"new"}
    assert store.count_records("desk") == 1


def test_records_are_counted_by_connection(store: Store) -> None:
    with store.transaction():
        store.put_records(rows("1", "2"), normalized=True)
        store.put_records(rows("1", connection="app"), normalized=True)

    assert (store.count_records("desk"), store.count_records("app"), store.count_records("x")) == (2, 1, 0)


def test_the_normalize_stage_sees_what_was_left_for_it_oldest_first(store: Store) -> None:
    with store.transaction():
        store.put_records(rows("b", "a"), normalized=False)
        store.put_records(rows("c"), normalized=True)
        store.put_records(rows("x", connection="app"), normalized=False)

    assert [row.ref.id for row in store.unnormalized("desk", 9)] == ["b", "a"]
    assert store.unnormalized("desk", 1) == rows("b")


def test_normalized_records_are_not_seen_again(store: Store) -> None:
    with store.transaction():
        store.put_records(rows("1", "2"), normalized=False)
        store.mark_normalized([Ref("desk", "1"), Ref("desk", "9")])

    assert [row.ref.id for row in store.unnormalized("desk", 9)] == ["2"]


def test_a_changed_record_is_due_again(store: Store) -> None:
    with store.transaction():
        store.put_records(rows("1", "2"), normalized=True)
        store.put_records(rows("1", hash=b"new"), normalized=False)

    assert [row.ref.id for row in store.unnormalized("desk", 9)] == ["1"]


def test_all_records_of_a_connection_can_be_made_due_again(store: Store) -> None:
    with store.transaction():
        store.put_records(rows("1", "2"), normalized=True)
        store.put_records(rows("3"), normalized=False)
        store.put_records(rows("1", connection="app"), normalized=True)

        assert store.mark_unnormalized("desk") == 3

    assert [row.ref.id for row in store.unnormalized("desk", 9)] == ["1", "2", "3"]
    assert store.unnormalized("app", 9) == []


def test_absent_are_the_living_that_a_census_did_not_name(store: Store, make: Any) -> None:
    make.put(*[make.feedback(name) for name in "abc"])
    make.put_items(make.item("1"), make.item("2"))
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("c"))])

    assert store.absent("desk", iter(["b", "z"])) == ["a"]
    assert store.absent("jira", ["1"]) == ["2"]
    assert store.absent("desk", []) == ["a", "b"]


def test_bad_records_are_kept_with_their_reason(store: Store, make: Any, now: datetime) -> None:
    with store.transaction():
        store.put_bad(make.ref("1"), "no text", b"\xff{", now)
        store.put_bad(make.ref("2", "app"), "no id", b"{}", now)

    first, second = store.bad()
    assert (first.ref, first.reason, first.body, first.first_seen, first.attempts) == (
        make.ref("1"),
        "no text",
        b"\xff{",
        now,
        1,
    )
    assert store.bad("app") == [second]
    assert store.bad_by_key(second.key) == second
    assert store.bad_by_key(999) is None


def test_a_record_that_stays_bad_counts_its_attempts(store: Store, make: Any, now: datetime) -> None:
    with store.transaction():
        store.put_bad(make.ref("1"), "no text", b"1", now)
        key = store.bad()[0].key
        store.put_bad(make.ref("1"), "no date", b"2", now + timedelta(days=1))

    (row,) = store.bad()
    assert (row.key, row.reason, row.body, row.first_seen, row.attempts) == (key, "no date", b"2", now, 2)


def test_understood_records_leave_quarantine_and_their_keys_are_not_reused(
    store: Store, make: Any, now: datetime
) -> None:
    with store.transaction():
        store.put_bad(make.ref("1"), "no text", b"", now)
        key = store.bad()[0].key
        store.drop_bad([make.ref("1"), make.ref("7"), make.ref("1", "app")])
        store.put_bad(make.ref("2"), "no text", b"", now)

    (row,) = store.bad()
    assert row.ref.id == "2"
    assert row.key > key


WHOLE: dict[str, Any] = {
    "title": "t",
    "kind": "review",
    "visibility": Visibility.RESTRICTED,
    "author": Person(id="7", name="Ann", email="a@x.test"),
    "account": Account(id="9", name="Acme", domain="acme.test", plan="business", arr=1.5),
    "language": "zh",
    "rating": Rating(9, 0, 10, "nps"),
    "tags": ("a", "b"),
    "mentions": ("FEED-1",),
    "duplicate_of": "5",
}


def test_feedback_comes_back_exactly(store: Store, make: Any, now: datetime) -> None:
    whole = make.feedback(
        "1",
        "文本 \0 with everything 😀",
        created_at=now + timedelta(microseconds=7),
        updated_at=now,
        comments=(
            Comment(
                id="1", text="me too", created_at=now, author=Person(id="8"), visibility=Visibility.PUBLIC
            ),
            Comment(id="2", text=""),
        ),
        fields={"n": 1, "f": 1.0, "b": True, "s": "x", "t": now, "set": ("a", "b"), "none": None, "e": ()},
        **WHOLE,
    )

    make.put(whole)

    kept = store.feedback(whole.ref)
    assert kept == whole
    assert kept is not None
    assert {name: type(value) for name, value in kept.fields.items()} == {
        name: type(value) for name, value in whole.fields.items()
    }


def test_a_tracked_item_comes_back_exactly(store: Store, make: Any, now: datetime) -> None:
    whole = make.item(
        "1",
        text="t",
        kind="Bug",
        updated_at=now,
        status="Open",
        visibility=Visibility.PUBLIC,
        author=Person(id="7"),
        comments=(Comment(id="1", text="c"),),
        tags=("x",),
        fields={"priority": "High", "labels": ("a",), "score": 2.0, "due": now},
        mentions=("desk:1",),
        duplicate_of="2",
        version="17",
        marker="IDEA-1",
    )

    make.put_items(whole)

    assert store.item(whole.ref) == whole
    assert store.item(make.ref("1")) is None


def test_only_real_changes_get_a_new_sequence_number(store: Store, make: Any) -> None:
    assert make.put(make.feedback("1"), make.feedback("2")) == 2
    seq = store.last_seq()

    assert make.put(make.feedback("1"), make.feedback("2")) == 0

    assert store.last_seq() == seq


def test_a_change_moves_feedback_to_the_end(store: Store, make: Any) -> None:
    make.put(make.feedback("1"), make.feedback("2"), make.feedback("3"))

    assert make.put(make.feedback("2", "other words"), make.feedback("3")) == 1

    assert [row.feedback.ref.id for row in store.feedback_after(0, 9)] == ["1", "3", "2"]
    assert store.feedback_after(0, 9)[-1].seq == store.last_seq()


@pytest.mark.parametrize(
    "change",
    [
        {"tags": ("x",)},
        {"fields": {"n": 1}},
        {"visibility": Visibility.PUBLIC},
        {"created_at": datetime(2025, 1, 1, tzinfo=UTC)},
        {"account": Account(id="1", arr=2.0)},
        {"comments": (Comment(id="1", text="x"),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_change_of_any_field_is_a_change(store: Store, make: Any, change: dict[str, Any]) -> None:
    make.put(make.feedback("1"))

    assert make.put(replace(make.feedback("1"), **change)) == 1

    assert store.feedback(make.ref("1")) == replace(make.feedback("1"), **change)


def test_the_same_moment_in_another_zone_and_another_order_of_fields_are_no_change(
    store: Store, make: Any, now: datetime
) -> None:
    make.put(make.feedback("1", fields={"a": 1, "b": 2}))
    elsewhere = now.astimezone(timezone(timedelta(hours=8)))

    assert make.put(make.feedback("1", created_at=elsewhere, fields={"b": 2, "a": 1})) == 0


def test_the_last_of_two_in_one_page_counts(store: Store, make: Any) -> None:
    assert make.put(make.feedback("1", "old"), make.feedback("1", "new")) == 1

    kept = store.feedback(make.ref("1"))
    assert kept is not None and kept.text == "new"


def test_records_of_two_connections_with_one_id_are_two(store: Store, make: Any) -> None:
    other = replace(make.feedback("1", "other"), ref=Ref("app", "1"))

    make.put(make.feedback("1"), other)

    assert store.feedback(Ref("app", "1")) == other
    assert store.feedback(make.ref("1")) == make.feedback("1")


def test_a_change_of_linked_feedback_touches_its_idea(store: Store, make: Any) -> None:
    number = make.idea("1")
    other = make.idea("2")
    seq = store.last_seq()

    make.put(make.feedback("1", "changed"), make.feedback("2"))

    assert [idea for _, idea in store.ideas_after(seq, 9)] == [number]
    assert other != number


def test_a_tombstone_takes_feedback_out_of_everything(store: Store, make: Any) -> None:
    number = make.idea("1", "2")
    with store.transaction():
        store.put_mentions([(make.ref("1"), "FEED-1")])
        store.index_text([(make.ref("1"), "", "export"), (make.ref("2"), "", "export")])
    seq = store.last_seq()

    with store.transaction():
        gone = store.put_tombstones(
            [Tombstone(make.ref("1"), TombstoneReason.LOST_ACCESS), Tombstone(make.ref("9"))]
        )

    assert gone == 1
    assert store.feedback(make.ref("1")) is None
    assert [row.feedback.ref.id for row in store.feedback_after(0, 9)] == ["2"]
    assert [voice.ref.id for _, voice in store.voices([number])] == ["2"]
    assert store.ranked(9)[0][2] == 1
    assert store.mentioning(["FEED-1"]) == []
    assert [ref.id for ref, *_ in store.search_text({"export": 1.0}, 9)] == ["2"]
    assert store.term_counts(["export"]) == {"export": 1}
    assert [idea for _, idea in store.ideas_after(seq, 9)] == [number]


def test_several_voices_of_one_idea_can_fall_silent_at_once(store: Store, make: Any) -> None:
    make.idea("1", "2", "3")

    with store.transaction():
        assert store.put_tombstones([Tombstone(make.ref("1")), Tombstone(make.ref("3"))]) == 2

    assert [voices for _, _, voices in store.ranked(9)] == [1]


def test_what_is_gone_already_is_not_counted_again(store: Store, make: Any) -> None:
    make.idea("1")
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("1"))])
        seq = store.last_seq()

        assert store.put_tombstones([Tombstone(make.ref("1"))]) == 0

    assert store.last_seq() == seq


def test_feedback_that_comes_back_is_a_change_even_with_the_same_text(store: Store, make: Any) -> None:
    number = make.idea("1")
    with store.transaction():
        store.index_text([(make.ref("1"), "", "export")])
        store.put_tombstones([Tombstone(make.ref("1"))])

    assert make.put(make.feedback("1")) == 1

    assert [voice.ref.id for _, voice in store.voices([number])] == ["1"]
    assert store.ranked(9)[0][2] == 1
    assert [row.feedback.ref.id for row in store.unindexed(9)] == ["1"]


def test_items_get_sequence_numbers_as_feedback_does(store: Store, make: Any) -> None:
    assert make.put_items(make.item("1"), make.item("2")) == 2
    assert make.put_items(make.item("1"), make.item("2", status="Done")) == 1

    assert [item.ref.id for _, item, _ in store.items_after(0, 9)] == ["1", "2"]
    assert [item.ref.id for _, item, _ in store.items_after(2, 9)] == ["2"]
    assert [seq for seq, _, _ in store.items_after(0, 1)] == [1]


def test_a_change_of_an_item_touches_its_idea_unless_the_hub_made_it(store: Store, make: Any) -> None:
    make.put_items(make.item("1"))
    number = make.idea(item=make.ref("1", "jira"))
    seq = store.last_seq()

    make.put_items(make.item("1", status="Done"), own=True)
    untouched = store.ideas_after(seq, 9)
    make.put_items(make.item("1", status="Open"))

    assert untouched == []
    assert [idea for _, idea in store.ideas_after(seq, 9)] == [number]


def test_a_tombstone_takes_an_item_out(store: Store, make: Any) -> None:
    make.put_items(make.item("1"))
    number = make.idea(item=make.ref("1", "jira"))
    before = [idea.number for idea, _, _ in store.ranked(9)]
    seq = store.last_seq()

    with store.transaction():
        assert store.put_tombstones([Tombstone(make.ref("1", "jira"))]) == 1

    assert before == [number]
    assert store.item(make.ref("1", "jira")) is None
    assert store.items_after(0, 9) == []
    assert store.items_by_key(["FEED-1"]) == {}
    assert store.ranked(9) == []
    assert [idea for _, idea in store.ideas_after(seq, 9)] == [number]

    make.put_items(make.item("1"))

    assert [idea.number for idea, _, _ in store.ranked(9)] == [number]
