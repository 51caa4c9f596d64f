"""The ideas that a text may speak for, found over a real store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opshub.clock import FrozenClock
from opshub.matching import Candidate, FullText, columns
from opshub.matching.retrieval import chosen
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref
from opshub.store import Store, open_store
from opshub.store.memory import MemoryStore

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

SAID = [
    ("Export", "The weekly export to Excel loses its last column"),
    ("", "How do I change my password?"),
    ("", "我想把报表导出成表格"),
    ("", "Please add a dark theme"),
    ("", "I cannot log in since the update"),
    ("", "Dark mode would be nice at night"),
    ("", "登录不了"),
    ("Crash", "The app crashes when I rotate the phone"),
]


def feedback(number: int, title: str, text: str) -> Feedback:
    moment = NOW + timedelta(minutes=number)
    return Feedback(ref=Ref("desk", str(number)), url="", title=title, text=text, created_at=moment)


def fill(store: Any, said: Sequence[tuple[str, str]], batch: int) -> None:
    """Each piece begins an idea of its own."""
    pieces = [feedback(number, title, text) for number, (title, text) in enumerate(said, 1)]
    for at in range(0, len(pieces), batch):
        with store.transaction():
            for piece in pieces[at : at + batch]:
                store.put_feedback([piece])
                number = store.next_idea_number()
                link = Link(feedback=piece.ref, idea=number, maker=LinkMaker.SAME, reason="it began the idea")
                store.begin_ideas([(Idea(number=number, title="x", created_at=piece.created_at), link)])
            rows = [
                (piece.ref, *map(" ".join, columns(piece.title, piece.text)))
                for piece in pieces[at : at + batch]
            ]
            store.index_text(rows)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Callable[[str], Store]]:
    """Makes stores."""
    made: list[Store] = []

    def make(kind: str) -> Store:
        clock = FrozenClock(NOW)
        store = (
            open_store(tmp_path / f"{len(made)}.db", clock=clock) if kind == "sqlite" else MemoryStore(clock)
        )
        made.append(store)
        return store

    yield make
    for store in made:
        store.close()


def find(store: Store, title: str, text: str) -> list[Candidate]:
    return FullText().candidates(feedback(99, title, text), store)


def test_the_idea_that_says_it_in_nearly_the_same_words_is_found_first(empty: Any) -> None:
    store = empty("sqlite")
    fill(store, SAID, 3)

    english = find(store, "", "Weekly exports lose the last column in Excel")
    chinese = find(store, "", "报表可以导出成表格吗")

    assert (english[0].idea, english[0].nearest) == (1, Ref("desk", "1"))
    assert {"weekly", "column", "excel"} <= set(english[0].shared)
    assert (chinese[0].idea, "导出" in chinese[0].shared) == (3, True)
    assert [found.likeness for found in english] == sorted((f.likeness for f in english), reverse=True)


def test_of_a_text_that_only_denies_another_the_guard_is_told(empty: Any) -> None:
    store = empty("sqlite")
    fill(store, SAID, 8)

    assert find(store, "", "I can log in since the update")[0].guards == ("negation",)
    assert find(store, "", "I cannot log in since update")[0].guards == ()


def test_each_idea_is_told_once_by_its_nearest_piece(empty: Any) -> None:
    store = empty("sqlite")
    fill(store, SAID, 8)
    with store.transaction():
        store.put_links([Link(feedback=Ref("desk", "6"), idea=4, maker=LinkMaker.PERSON, reason="so")])

    found = find(store, "", "a dark mode for the night")

    assert [it.idea for it in found].count(4) == 1
    assert found[0].nearest == Ref("desk", "6")


def test_a_piece_is_no_candidate_for_itself_and_an_unlinked_one_for_nobody(empty: Any) -> None:
    store = empty("sqlite")
    fill(store, SAID, 8)
    alone = feedback(50, "", "Please add a dark theme now")
    with store.transaction():
        store.put_feedback([alone])
        store.index_text([(alone.ref, "", " ".join(columns("", alone.text)[1]))])

    found = FullText().candidates(feedback(4, *SAID[3]), store)

    assert Ref("desk", "4") not in [it.nearest for it in found]
    assert alone.ref not in [it.nearest for it in found]


@pytest.mark.parametrize("text", ["", "😀", "zzz", "   "])
def test_a_text_without_known_words_finds_nothing(empty: Any, text: str) -> None:
    store = empty("sqlite")

    assert find(store, "", text) == []
    fill(store, SAID, 8)
    assert find(store, "", text) == []


def test_candidates_are_the_same_however_the_index_was_filled_and_in_either_store(empty: Any) -> None:
    answers = []
    for kind, batch in (("sqlite", 1), ("sqlite", 3), ("sqlite", 8), ("memory", 2)):
        store = empty(kind)
        fill(store, SAID, batch)
        answers.append([find(store, title, text + " please") for title, text in SAID])

    assert answers[0][0]
    assert all(answer == answers[0] for answer in answers)


def test_terms_are_chosen_by_weight_within_the_budget_and_one_too_frequent_is_passed_over() -> None:
    counts = {"rare": 5, "usual": 19_996, "known": 900, "other": 40}

    assert chosen(["rare", "usual", "known", "other"], counts) == ["rare", "known", "other"]
    assert chosen(["rare", "usual", "known", "other"], counts, 100_000) == ["rare", "usual", "known", "other"]
    assert chosen(["huge"], {"huge": 900_000}) == ["huge"]
    assert len(chosen([f"t{at}" for at in range(99)], {f"t{at}": 1 for at in range(99)})) == 24
