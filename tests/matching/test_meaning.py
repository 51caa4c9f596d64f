"""Vectors of feedback: who is found by them, and what becomes of them when texts and encoders change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.matching.encoders import Small

from opshub.clock import FrozenClock
from opshub.matching import meaning
from opshub.matching.fulltext import FullText
from opshub.matching.meaning import Around, Meaning
from opshub.matching.pairs import Pair
from opshub.matching.retrieval import ALONE, BESIDE
from opshub.matching.scorer import probability
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref
from opshub.store import Store, open_store

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def piece(name: str, text: str, title: str = "") -> Feedback:
    return Feedback(ref=Ref("desk", name), url="", title=title, text=text, kind="ticket", created_at=NOW)


def put(store: Store, *pieces: Feedback) -> None:
    """Keep pieces, each with an idea of its own, and have them in the full-text index."""
    for it in pieces:
        store.put_feedback([it])
        number = store.next_idea_number()
        link = Link(feedback=it.ref, idea=number, maker=LinkMaker.SAME, reason="it began the idea")
        store.begin_ideas([(Idea(number=number, title=it.ref.id, created_at=NOW), link)])
    store.index_text([(it.ref, "", it.text or "word") for it in pieces])


def encode(store: Store, meant: Meaning, limit: int = 99) -> None:
    with store.transaction():
        store.use_encoder(meant.name)
        store.put_vectors(meant.encode([row.feedback for row in store.unencoded(limit)]))


def names(found: Around) -> list[str]:
    return [near.feedback.id for near in found.near]


def cosines(meant: Meaning, own: Feedback, store: Store, *others: str) -> dict[str, float]:
    """How near others lie to a piece."""
    kept = store.vectors_of([Ref("desk", other) for other in others])
    return {ref.id: place.cosine for ref, place in meant.around(own, store, 1).places(kept).items()}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(open_store(tmp_path / "hub.db", clock=FrozenClock(NOW))) as opened:
        yield opened


@pytest.fixture
def meant(store: Store) -> Meaning:
    """Four pieces with vectors."""
    made = Meaning(Small())
    with store.transaction():
        put(
            store,
            piece("1", "close the window"),
            piece("2", "download invoice"),
            piece("3", "下载 发票"),
            piece("4", "a quite different matter"),
        )
    encode(store, made)
    return made


def test_another_language_is_found_by_what_it_means(store: Store, meant: Meaning) -> None:
    found = meant.around(piece("9", "download bill"), store, 2)

    assert [(near.feedback.id, near.place.cosine) for near in found.near] == [("2", 1.0), ("3", 1.0)]
    assert found.near[0].idea == store.links_of([Ref("desk", "2")])[Ref("desk", "2")].idea


def test_beside_an_encoder_fewer_pieces_are_looked_for_by_words(
    store: Store, meant: Meaning, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    search = store.search_text

    def watched(weights: Mapping[str, float], limit: int) -> list[Any]:
        asked.append(limit)
        return search(weights, limit)

    monkeypatch.setattr(store, "search_text", watched)

    for matcher in (FullText(meant), FullText()):
        assert matcher.candidates(piece("9", "download the invoice"), store)

    assert asked == [BESIDE.pieces, ALONE.pieces]
    assert BESIDE < ALONE


def test_a_piece_does_not_find_itself(store: Store, meant: Meaning) -> None:
    assert "2" not in names(meant.around(piece("2", "download invoice"), store, 9))


def test_any_two_pieces_can_be_compared(store: Store, meant: Meaning) -> None:
    told = cosines(meant, piece("9", "shut the window"), store, "1", "4", "none")

    assert told["1"] == 1.0 > told["4"]
    assert "none" not in told


def test_a_title_counts_beside_the_text(store: Store) -> None:
    made = Meaning(Small())
    with store.transaction():
        put(store, piece("1", "close window", title="invoice"), piece("2", "invoice close window"))
    encode(store, made)

    told = cosines(made, piece("9", "invoice"), store, "1", "2")

    assert told["1"] > told["2"]


def test_feedback_without_words_finds_nothing(store: Store, meant: Meaning) -> None:
    assert names(meant.around(piece("9", "  "), store, 9)) == []
    assert cosines(meant, piece("9", ""), store, "1") == {}


def test_a_search_sees_what_came_since_the_last_one(store: Store, meant: Meaning) -> None:
    meant.around(piece("9", "download bill"), store, 2)
    with store.transaction():
        put(store, piece("5", "bill download"))
    encode(store, meant)

    assert names(meant.around(piece("9", "download bill"), store, 3)) == ["2", "3", "5"]


def test_a_search_forgets_what_a_transaction_took_back(store: Store, meant: Meaning) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        put(store, piece("5", "bill download"))
        store.put_vectors(meant.encode([piece("5", "bill download")]))
        assert names(meant.around(piece("9", "download bill"), store, 3)) == ["2", "3", "5"]
        raise ZeroDivisionError
    with store.transaction():
        put(store, piece("6", "close the door"))
    encode(store, meant)

    assert names(meant.around(piece("9", "shut the door"), store, 1)) == ["6"]
    assert names(meant.around(piece("9", "download bill"), store, 2)) == ["2", "3"]


def test_a_changed_text_is_found_by_its_new_meaning(store: Store, meant: Meaning) -> None:
    meant.around(piece("9", "download bill"), store, 2)
    changed = piece("2", "close the door")
    with store.transaction():
        store.put_feedback([changed])
    assert names(meant.around(piece("9", "download bill"), store, 1)) == ["3"]

    with store.transaction():
        store.index_text([(changed.ref, "", "close door")])
    encode(store, meant)

    assert names(meant.around(piece("9", "shut the door"), store, 1)) == ["2"]


def test_vectors_of_another_encoder_are_never_compared(store: Store, meant: Meaning) -> None:
    other = Meaning(Small("small 2"))

    assert names(other.around(piece("9", "download bill"), store, 2)) == []
    assert cosines(other, piece("9", "download bill"), store, "1") == {}

    encode(store, other)

    assert names(other.around(piece("9", "download bill"), store, 2)) == ["2", "3"]
    assert names(meant.around(piece("9", "download bill"), store, 2)) == []


def test_an_index_made_in_pieces_finds_what_one_made_at_once_finds(store: Store, tmp_path: Path) -> None:
    pieces = [piece(str(at), f"word{at % 7} word{at % 5} word{at % 3}") for at in range(60)]
    with closing(open_store(tmp_path / "other.db", clock=FrozenClock(NOW))) as other:
        for opened in (store, other):
            with opened.transaction():
                put(opened, *pieces)
        encode(store, Meaning(Small()))
        while other.count_vectors() != (60, 0):
            # Each time as a process that was just started, as after a kill.
            encode(other, Meaning(Small()), limit=7)

        for one in pieces[::11]:
            assert Meaning(Small()).around(one, other, 9).near == Meaning(Small()).around(one, store, 9).near


@contextmanager
def encoded(texts: Sequence[Sequence[str]]) -> Iterator[tuple[Store, Meaning, list[Feedback]]]:
    """A store that holds a piece of each text with its vector, in their order."""
    made = Meaning(Small())
    pieces = [piece(str(at), " ".join(words)) for at, words in enumerate(texts)]
    with closing(open_store("memory:", clock=FrozenClock(NOW))) as kept:
        with kept.transaction():
            put(kept, *pieces)
        encode(kept, made)
        yield kept, made, pieces


WORDS = st.sampled_from("close invoice download window door red".split())


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=30), st.integers(1, 12))
def test_the_nearest_are_those_that_comparing_all_vectors_finds(texts: list[list[str]], limit: int) -> None:
    wanted = piece("wanted", "close the red window")
    with encoded(texts) as (kept, made, pieces):
        told = cosines(made, wanted, kept, *(it.ref.id for it in pieces))
        best = sorted(pieces, key=lambda it: (-told[it.ref.id], int(it.ref.id)))[:limit]

        assert names(made.around(wanted, kept, limit)) == [it.ref.id for it in best]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.lists(WORDS, min_size=1, max_size=4), min_size=1, max_size=30))
def test_a_crowd_is_how_near_the_ten_nearest_other_texts_lie(texts: list[list[str]]) -> None:
    wanted = piece("wanted", "close the red window")
    with encoded(texts) as (kept, made, pieces):
        for near in made.around(wanted, kept, 9).near:
            others = [
                cosine
                for other in pieces
                if cosines(made, wanted, kept, other.ref.id)[other.ref.id] < meaning.EQUAL
                and (cosine := cosines(made, other, kept, near.feedback.id)[near.feedback.id]) < meaning.EQUAL
            ]
            nearest = sorted(others, reverse=True)[: meaning.CROWD]
            there = sum(nearest) / len(nearest) if nearest else 0.0
            assert near.place.crowd == pytest.approx(max(meaning.SPARSE, there), abs=2e-4)


def test_where_hardly_anything_is_known_nothing_lies_more_alone_than_among_many(
    store: Store, meant: Meaning
) -> None:
    [near] = meant.around(piece("9", "download bill"), store, 1).near

    assert near.place == (1.0, meaning.SPARSE)


def test_a_piece_crowds_nobody_when_it_is_looked_for_again(store: Store) -> None:
    made = Meaning(Small())
    wanted = piece("1", "close the red window at once")
    others = [
        piece("2", "close the red window"),
        piece("3", "close the red door"),
        piece("4", "the red window"),
    ]
    with store.transaction():
        put(store, *others)
    encode(store, made)
    before = made.around(wanted, store, 9).near
    with store.transaction():
        put(store, wanted)
    encode(store, made)

    again = made.around(wanted, store, 9).near

    assert again == before
    assert any(near.place.crowd > meaning.SPARSE for near in again)


@pytest.mark.parametrize("form", ["plain", "titled", "cjk"])
def test_of_two_that_lie_as_near_the_one_in_the_thinner_crowd_is_more_alike(form: str) -> None:
    common = Pair(*[0.3] * len(Pair._fields))

    thin, thick = (probability(form, (*common, 0.7, 1.0, crowd), "universal") for crowd in (0.5, 0.7))

    assert thin > thick


def test_a_vector_is_kept_in_half_precision(meant: Meaning) -> None:
    [(_, packed, body)] = meant.encode([piece("9", "close the window")])

    assert (len(packed), len(body)) == (64 // 8, 64 * 2)
    assert np.isclose(np.linalg.norm(np.frombuffer(body, np.float16).astype(np.float32)), 1, atol=1e-3)
