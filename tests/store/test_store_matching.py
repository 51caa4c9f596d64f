"""Any store: links, same text, mentions, items by key, full text."""

from __future__ import annotations

from typing import Any

import pytest

from opshub.errors import StoreError
from opshub.model import LinkMaker, Tombstone
from opshub.store import Store


def ids(found: Any) -> list[str]:
    """The ids of what a search found."""
    return [row[0].id for row in found]


def test_feedback_after_a_mark_comes_in_order_and_in_batches(store: Store, make: Any) -> None:
    make.put(*[make.feedback(str(number)) for number in range(5)])

    first = store.feedback_after(0, 3)
    rest = store.feedback_after(first[-1].seq, 3)

    assert [row.feedback.ref.id for row in first + rest] == ["0", "1", "2", "3", "4"]
    assert [row.idea for row in first] == [None, None, None]


def test_feedback_after_a_mark_is_counted_without_what_is_gone(store: Store, make: Any) -> None:
    make.put(*[make.feedback(str(number)) for number in range(5)])
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("4"))])

    first = store.feedback_after(0, 2)

    assert (store.count_feedback(0), store.count_feedback(first[-1].seq)) == (4, 2)


def test_feedback_that_is_linked_says_so(store: Store, make: Any) -> None:
    number = make.idea("1")

    assert store.feedback_after(0, 9)[0].idea == number
    assert store.links_of([make.ref("1"), make.ref("2")]) == {make.ref("1"): make.link("1", number)}


def test_a_link_keeps_who_made_it_and_why(store: Store, make: Any) -> None:
    number = make.idea("1")
    link = make.link("1", number, maker=LinkMaker.SIMILARITY, reason="shares 'export'", confidence=0.83)

    with store.transaction():
        store.put_links([link])

    assert store.links_of([make.ref("1")]) == {make.ref("1"): link}


def test_a_new_link_replaces_the_old_and_touches_both_ideas(store: Store, make: Any) -> None:
    first, second, third = make.idea("1", "2"), make.idea("3"), make.idea("4")
    seq = store.last_seq()

    with store.transaction():
        store.put_links([make.link("1", second)])

    assert [number for _, number in store.ideas_after(seq, 9)] == [first, second]
    assert {idea.number: voices for idea, _, voices in store.ranked(9)} == {first: 1, second: 2, third: 1}


def test_the_same_link_again_changes_nothing(store: Store, make: Any) -> None:
    number = make.idea("1")
    seq = store.last_seq()

    with store.transaction():
        store.put_links([make.link("1", number)])

    assert store.last_seq() == seq


def test_links_of_feedback_that_is_gone_are_kept_and_do_not_count(store: Store, make: Any) -> None:
    number = make.idea("1", "2")
    other = make.idea("3")
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("1"))])
        store.put_links([make.link("1", other)])

    assert store.links_of([make.ref("1")])[make.ref("1")].idea == other
    assert {idea.number: voices for idea, _, voices in store.ranked(9)} == {number: 1, other: 1}

    make.put(make.feedback("1"))

    assert {idea.number: voices for idea, _, voices in store.ranked(9)} == {number: 1, other: 2}


@pytest.mark.parametrize(("name", "more"), [("9", 0), ("1", 98)], ids=["feedback", "idea"])
def test_a_link_needs_feedback_and_an_idea_that_exist(store: Store, make: Any, name: str, more: int) -> None:
    number = make.idea("1")

    with pytest.raises(StoreError, match="is not in the store"), store.transaction():
        store.put_links([make.link(name, number + more)])

    assert store.links_of([make.ref("1")])[make.ref("1")].idea == number


def test_an_idea_begins_with_its_feedback_as_its_first_voice(store: Store, make: Any) -> None:
    make.put(make.feedback("1"))
    before = store.last_seq()
    idea, link = make.bare_idea(7), make.link("1", 7)

    with store.transaction():
        store.begin_ideas([(idea, link)])
        store.begin_ideas([])

    assert store.idea(7) == idea
    assert store.links_of([make.ref("1")]) == {make.ref("1"): link}
    assert [(found.number, voices) for found, _, voices in store.ranked(9)] == [(7, 1)]
    assert store.ideas_after(before, 9) == [(before + 1, 7)]


def test_no_idea_begins_with_feedback_that_is_unknown(store: Store, make: Any) -> None:
    with pytest.raises(StoreError, match="desk:9 cannot begin an idea"), store.transaction():
        store.begin_ideas([(make.bare_idea(7), make.link("9", 7))])

    assert store.idea(7) is None


def test_the_same_text_leads_to_the_idea_of_the_first_that_said_it(store: Store, make: Any) -> None:
    first, second = make.idea("1"), make.idea("2")
    make.put(make.feedback("3"))
    with store.transaction():
        store.put_fingerprints([(make.ref("3"), b"c"), (make.ref("2"), b"a"), (make.ref("1"), b"a")])
        store.put_fingerprints([(make.ref("9"), b"z")])

    assert store.same_text([b"a", b"b", b"c", b"z"]) == {b"a": first}
    assert store.same_text([]) == {}
    assert first != second


def test_feedback_that_is_gone_attracts_nothing(store: Store, make: Any) -> None:
    make.idea("1")
    second = make.idea("2")
    with store.transaction():
        store.put_fingerprints([(make.ref("1"), b"a"), (make.ref("2"), b"a")])
        store.put_tombstones([Tombstone(make.ref("1"))])

    assert store.same_text([b"a"]) == {b"a": second}


def test_a_new_text_has_a_new_fingerprint(store: Store, make: Any) -> None:
    number = make.idea("1")
    with store.transaction():
        store.put_fingerprints([(make.ref("1"), b"old")])
        store.put_fingerprints([(make.ref("1"), b"new")])

    assert store.same_text([b"old", b"new"]) == {b"new": number}


def test_a_key_finds_the_feedback_that_mentions_it(store: Store, make: Any) -> None:
    make.put(make.feedback("2"), make.feedback("1"), make.feedback("3"))
    with store.transaction():
        store.put_mentions(
            [
                (make.ref("1"), "FEED-1"),
                (make.ref("1"), "https://jira.test/browse/FEED-2"),
                (make.ref("2"), "FEED-1"),
                (make.ref("2"), "FEED-1"),
            ]
        )

    assert store.mentioning(["FEED-1", "FEED-9"]) == [make.ref("1"), make.ref("2")]
    assert store.mentioning(["https://jira.test/browse/FEED-2"]) == [make.ref("1")]
    assert store.mentioning(["feed-1"]) == []
    assert store.mentioning([]) == []


def test_mentions_replace_those_of_the_same_feedback_only(store: Store, make: Any) -> None:
    make.put(make.feedback("1"), make.feedback("2"))
    with store.transaction():
        store.put_mentions([(make.ref("1"), "A-1"), (make.ref("2"), "A-1")])
        store.put_mentions([(make.ref("1"), "A-2")])
        store.put_mentions([])

    assert store.mentioning(["A-1"]) == [make.ref("2")]
    assert store.mentioning(["A-2"]) == [make.ref("1")]


def test_an_empty_mention_forgets_what_was_mentioned(store: Store, make: Any) -> None:
    make.put(make.feedback("1"))
    with store.transaction():
        store.put_mentions([(make.ref("1"), "A-1")])
        store.put_mentions([(make.ref("1"), "")])

    assert store.mentioning(["A-1", ""]) == []


def test_items_are_found_by_key_and_by_address(store: Store, make: Any) -> None:
    make.put_items(make.item("1"), make.item("2"))
    number = make.idea(item=make.ref("2", "jira"))

    found = store.items_by_key(["FEED-1", "https://jira.test/browse/FEED-2", "FEED-9"])

    assert found == {
        "FEED-1": (make.ref("1", "jira"), None),
        "https://jira.test/browse/FEED-2": (make.ref("2", "jira"), number),
    }
    assert store.items_by_key([]) == {}


def test_an_item_that_moved_is_found_by_its_new_key(store: Store, make: Any) -> None:
    make.put_items(make.item("1"))

    make.put_items(make.item("1", key="CORE-7"))

    assert store.items_by_key(["FEED-1", "CORE-7"]) == {"CORE-7": (make.ref("1", "jira"), None)}


def test_several_items_may_stand_for_one_idea(store: Store, make: Any) -> None:
    make.put_items(make.item("1"), make.item("2"))
    number = make.idea()
    with store.transaction():
        store.bind_items([(make.ref("1", "jira"), number), (make.ref("2", "jira"), number)])

    assert store.ideas_of_items([make.ref("1", "jira"), make.ref("2", "jira"), make.ref("3", "jira")]) == {
        make.ref("1", "jira"): number,
        make.ref("2", "jira"): number,
    }
    assert [bound for _, _, bound in store.items_after(0, 9)] == [number, number]


def test_an_item_bound_to_another_idea_moves_and_touches_both(store: Store, make: Any) -> None:
    make.put_items(make.item("1"))
    first, second = make.idea(item=make.ref("1", "jira")), make.idea()
    seq = store.last_seq()

    with store.transaction():
        store.bind_items([(make.ref("1", "jira"), second)])
        store.bind_items([(make.ref("1", "jira"), second)])

    assert [number for _, number in store.ideas_after(seq, 9)] == [first, second]
    assert [idea.number for idea, _, _ in store.ranked(9)] == [second]


def test_an_item_needs_an_idea_that_exists(store: Store, make: Any) -> None:
    make.put_items(make.item("1"))

    with pytest.raises(StoreError, match="IDEA-7 is not in the store"), store.transaction():
        store.bind_items([(make.ref("1", "jira"), 7)])

    assert store.ideas_of_items([make.ref("1", "jira")]) == {}


def test_an_item_can_be_bound_before_it_is_pulled(store: Store, make: Any) -> None:
    number = make.idea()
    with store.transaction():
        store.bind_items([(make.ref("1", "jira"), number)])
    before = store.ranked(9)

    make.put_items(make.item("1"))

    assert before == []
    assert [idea.number for idea, _, _ in store.ranked(9)] == [number]


def test_keeping_an_idea_binds_its_item_but_never_takes_it_from_another(store: Store, make: Any) -> None:
    make.put_items(make.item("1"))
    first = make.idea(item=make.ref("1", "jira"))

    make.idea(item=make.ref("1", "jira"))

    assert store.ideas_of_items([make.ref("1", "jira")]) == {make.ref("1", "jira"): first}


def test_linked_feedback_waits_to_be_indexed(store: Store, make: Any) -> None:
    make.put(make.feedback("0"))
    make.idea("1", "2")
    with store.transaction():
        store.index_text([(make.ref("1"), "", "export")])

    assert [row.feedback.ref.id for row in store.unindexed(9)] == ["2"]
    assert store.unindexed(0) == []


def test_only_a_change_of_the_text_makes_it_due_for_indexing_again(store: Store, make: Any) -> None:
    make.idea("1", "2")
    with store.transaction():
        store.index_text([(make.ref("1"), "", "export"), (make.ref("2"), "", "export")])

    make.put(make.feedback("1", tags=("x",)), make.feedback("2", "other words"))

    assert [row.feedback.ref.id for row in store.unindexed(9)] == ["2"]
    assert ids(store.search_text({"export": 1.0}, 9)) == ["1"]


def test_search_finds_any_of_the_terms_the_heaviest_first_and_the_shortest_among_equals(
    store: Store, make: Any
) -> None:
    number = make.idea("1", "2", "3", "4", "5")
    texts = {"1": "export csv", "2": "export pdf to my printer", "3": "login", "4": "export", "5": "theme"}
    with store.transaction():
        store.index_text([(make.ref(name), "", text) for name, text in texts.items()])

    found = store.search_text({"csv": 2.0, "export": 1.0}, 9)

    assert ids(found) == ["1", "4", "2"]
    assert {idea for _, idea, *_ in found} == {number}
    assert [score for _, _, score, *_ in found] == sorted((row[2] for row in found), reverse=True)
    assert ids(store.search_text({"csv": 2.0, "export": 1.0}, 1)) == ["1"]
    assert ids(store.search_text({"csv": 1.0, "login": 9.0}, 1)) == ["3"]


def test_a_search_returns_the_terms_of_what_it_finds(store: Store, make: Any) -> None:
    number = make.idea("1", "2")
    with store.transaction():
        store.index_text([(make.ref("1"), "csv  Export", "it\tfails"), (make.ref("2"), "", "export")])

    found = {ref.id: (title, body) for ref, _, _, title, body in store.search_text({"export": 1.0}, 9)}

    assert found == {"1": ("csv export", "it fails"), "2": ("", "export")}
    assert store.indexed_text([make.ref("1"), make.ref("9")]) == {
        make.ref("1"): (number, "csv export", "it fails")
    }
    assert store.indexed_text([]) == {}


def test_of_equals_what_came_first_is_found_first_however_it_was_indexed(store: Store, make: Any) -> None:
    make.idea("1", "2", "3")
    with store.transaction():
        store.index_text([(make.ref("3"), "", "export"), (make.ref("1"), "export", "")])
    with store.transaction():
        store.index_text([(make.ref("2"), "", "export")])

    assert ids(store.search_text({"export": 1.0}, 9)) == ["1", "2", "3"]


def test_terms_are_counted_by_the_feedback_they_stand_in(store: Store, make: Any) -> None:
    make.idea("1", "2")
    with store.transaction():
        store.index_text([(make.ref("1"), "", "a a b"), (make.ref("2"), "", "a")])

    assert store.term_counts(["a", "b", "c", "a b", ""]) == {"a": 2, "b": 1, "c": 0, "a b": 0, "": 0}
    assert store.term_counts([]) == {}


def test_indexing_again_replaces(store: Store, make: Any) -> None:
    make.idea("1")
    with store.transaction():
        store.index_text([(make.ref("1"), "", "old words")])
        store.index_text([(make.ref("1"), "", "new words")])

    assert store.term_counts(["old", "new", "words"]) == {"old": 0, "new": 1, "words": 1}


def test_counts_follow_what_is_indexed_changed_gone_and_back(store: Store, make: Any) -> None:
    make.idea("1", "2")
    counts, sizes = [], []

    def note() -> None:
        counts.append(store.term_counts(["csv", "export"]))
        sizes.append(store.text_size())

    note()
    with store.transaction():
        store.index_text([(make.ref("1"), "csv", "export export"), (make.ref("2"), "", "export")])
    note()
    make.put(make.feedback("2", "other words"))
    note()
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("1"))])
    note()
    make.put(make.feedback("1"))
    with store.transaction():
        store.index_text([(make.ref("1"), "", "csv")])
    note()

    assert counts == [
        {"csv": 0, "export": 0},
        {"csv": 1, "export": 2},
        {"csv": 1, "export": 1},
        {"csv": 0, "export": 0},
        {"csv": 1, "export": 0},
    ]
    assert sizes == [(0, 0), (2, 4), (1, 3), (0, 0), (1, 1)]


def test_what_a_failed_transaction_indexed_is_not_counted(store: Store, make: Any) -> None:
    make.idea("1")
    with pytest.raises(RuntimeError), store.transaction():
        store.index_text([(make.ref("1"), "", "export")])
        raise RuntimeError

    assert (store.term_counts(["export"]), store.text_size()) == ({"export": 0}, (0, 0))


def test_what_is_gone_or_unknown_is_not_indexed(store: Store, make: Any) -> None:
    make.idea("1")
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("1"))])
        store.index_text([(make.ref("1"), "", "export"), (make.ref("9"), "", "export")])

    assert store.search_text({"export": 1.0}, 9) == []
    assert store.term_counts(["export"]) == {"export": 0}


def test_feedback_without_an_idea_can_be_searched_too(store: Store, make: Any) -> None:
    make.put(make.feedback("1"), make.feedback("2"))
    with store.transaction():
        store.index_text([(make.ref("1"), "", "export"), (make.ref("2"), "", "login")])

    assert [(ref.id, idea) for ref, idea, *_ in store.search_text({"export": 1.0}, 9)] == [("1", None)]


@pytest.mark.parametrize(
    "term",
    [
        "c++",
        "node.js",
        "don't",
        '"quoted"',
        "a*",
        "AND",
        "NEAR(a",
        "(",
        "^x",
        "-x",
        "导出",
        "导",
        "é",
        "😀",
        "\\",
        "col:x",
    ],
)
def test_terms_are_data_whatever_they_look_like(store: Store, make: Any, term: str) -> None:
    make.idea("1", "2", "3")
    with store.transaction():
        store.index_text([(make.ref("1"), "", f"plain {term} end"), (make.ref("2"), "", "plain end x a")])

    assert ids(store.search_text({term: 1.0}, 9)) == ["1"]
    assert store.term_counts([term.lower()])[term.lower()] == 1


def test_chinese_terms_are_whole(store: Store, make: Any) -> None:
    make.idea("1", "2", "3")
    with store.transaction():
        store.index_text(
            [(make.ref("1"), "", "导 出 导出"), (make.ref("2"), "", "出导"), (make.ref("3"), "", "é")]
        )

    assert ids(store.search_text({"导出": 1.0}, 9)) == ["1"]
    assert store.term_counts(["导", "出导", "e"]) == {"导": 1, "出导": 1, "e": 0}


@pytest.mark.parametrize("terms", [[], [""], ["two words"], ["tab\tinside"], ["nul\0"]], ids=repr)
def test_a_search_for_nothing_finds_nothing(store: Store, make: Any, terms: list[str]) -> None:
    make.idea("1")
    with store.transaction():
        store.index_text([(make.ref("1"), "", "two words tab inside nul")])

    assert store.search_text(dict.fromkeys(terms, 1.0), 9) == []


def test_a_search_looks_for_the_first_24_terms_only(store: Store, make: Any) -> None:
    make.idea("1", "2", "3")
    with store.transaction():
        store.index_text([(make.ref("1"), "", "t23"), (make.ref("2"), "", "t24"), (make.ref("3"), "", "x")])

    assert ids(store.search_text({f"t{number}": 1.0 for number in range(500)}, 9)) == ["1"]


def test_a_search_that_knows_enough_pieces_takes_in_no_others_but_weighs_all_terms_of_these(
    store: Store, make: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.idea("1", "2", "3", "4")
    texts = {"1": "usual", "2": "rare odd", "3": "usual odd", "4": "rare usual"}
    with store.transaction():
        store.index_text([(make.ref(name), "", text) for name, text in texts.items()])
    wanted = {"rare": 3.0, "usual": 2.0, "odd": 1.0}
    assert ids(store.search_text(wanted, 9)) == ["4", "2", "3", "1"]

    monkeypatch.setattr("opshub.store.terms.ENOUGH", 2)

    assert ids(store.search_text(wanted, 9)) == ["4", "2"]


def test_a_long_search_text_with_hostile_characters_is_kept(store: Store, make: Any) -> None:
    make.idea("1", "2")
    with store.transaction():
        store.index_text(
            [(make.ref("1"), "", "a\0b\x7fc " * 2000 + '" OR 1=1; --'), (make.ref("2"), "", "other")]
        )

    assert store.term_counts(["a", "b", "c", "or", "1=1;"]) == {"a": 1, "b": 1, "c": 1, "or": 1, "1=1;": 1}


def test_idea_numbers_are_never_used_twice(store: Store) -> None:
    with store.transaction():
        first = [store.next_idea_number() for _ in range(3)]
    with store.transaction():
        second = store.next_idea_number()

    assert first == [1, 2, 3]
    assert second == 4
