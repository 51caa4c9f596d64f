"""Vectors in the cycle: made in the quiet, used for likenesses, made again for another encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from tests.matching.encoders import Small

from opshub.engine import encoding
from opshub.engine.indexing import index
from opshub.engine.likeness import Judge
from opshub.engine.report import Silent
from opshub.engine.review import prepare
from opshub.engine.suggest import suggestions
from opshub.errors import ConfigError
from opshub.matching import encoder as encoders
from opshub.matching.meaning import Meaning
from opshub.model import LinkMaker

FIRST = "please let me download every invoice of last year"
SAME = "invoice of last year every download me let please"
TWIN = "下载 发票"


@pytest.fixture
def small(world: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A hub with a small encoder."""
    monkeypatch.setitem(encoders.NAMES, "small", (lambda: Small("small 1"), (), "semantic"))
    monkeypatch.setitem(encoders.NAMES, "other", (lambda: Small("small 2"), (), "semantic"))
    world.hub.limits = replace(world.hub.limits, encoder="small")
    yield world
    encoders.open_encoder.cache_clear()


def resembling(world: Any, idea: str) -> list[int]:
    return [number for number, _, _ in world.hub.show(idea).suggestions]


def test_a_sync_makes_no_vectors_and_loads_no_encoder(small: Any) -> None:
    small.desk.add(1, FIRST)

    small.hub.sync()

    assert (small.hub.store.encoder(), small.hub.store.count_vectors()) == ("", (0, 0))


def test_showing_an_idea_makes_the_vectors_and_finds_its_twin_in_another_language(small: Any) -> None:
    small.desk.add(1, "download invoice")
    small.desk.add(2, TWIN)
    small.desk.add(3, "a quite different matter altogether")
    small.hub.sync()

    assert resembling(small, "IDEA-1")[0] == 2
    assert (small.hub.store.encoder(), small.hub.store.count_vectors()) == ("small 1", (3, 0))


def test_whoever_waits_is_told_how_much_was_looked_at_and_how_much_is_left(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Told(Silent):
        """What somebody was told who looked on."""

        def __init__(self) -> None:
            self.stages: list[tuple[str, int, int]] = []

        def stage(self, name: str, done: int, left: Callable[[], int] | None = None) -> None:
            self.stages.append((name, done, left() if left else -1))

    for number in range(25):
        small.desk.add(number, f"{FIRST} {number}")
    small.hub.sync()
    monkeypatch.setattr(encoding.encode, "__defaults__", (20,))
    told = Told()

    small.hub.act("matching", partial(prepare, each=10), watch=told)

    looked = [it for it in told.stages if it[0] in ("index", "encode", "ask")]
    assert looked == [
        ("index", 25, -1),
        ("encode", 20, 5),
        ("encode", 5, 0),
        ("ask", 10, 15),
        ("ask", 10, 5),
        ("ask", 5, 0),
    ]


def test_suggestions_wait_for_the_vectors(small: Any) -> None:
    small.desk.add(1, "download invoice")
    small.desk.add(2, TWIN)
    small.hub.sync()

    small.hub.act("ideas suggest", lambda work: suggestions(work, 5))

    assert small.hub.store.count_vectors() == (2, 0)
    assert {str(it.nearest) for it in small.hub.store.alike_pieces(1, 2, 5)} == {"desk:1", "desk:2"}


def test_without_an_encoder_the_same_twin_is_not_found(small: Any) -> None:
    small.hub.limits = replace(small.hub.limits, encoder="off")
    small.desk.add(1, "download invoice")
    small.desk.add(2, TWIN)
    small.hub.sync()

    assert resembling(small, "IDEA-1") == []


def test_another_encoder_makes_all_vectors_anew_and_meanwhile_words_are_compared(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.desk.add(1, FIRST)
    small.desk.add(2, SAME + " and a bit more")
    small.hub.sync()
    assert resembling(small, "IDEA-1") == [2]
    small.hub.limits = replace(small.hub.limits, encoder="other")
    with monkeypatch.context() as patch:
        patch.setattr("opshub.engine.indexing.BATCHES", 0)
        assert resembling(small, "IDEA-1") == [2]

    assert resembling(small, "IDEA-1") == [2]
    assert (small.hub.store.encoder(), small.hub.store.count_vectors()) == ("small 2", (2, 0))


def test_turning_the_encoder_off_forgets_its_vectors(small: Any) -> None:
    small.desk.add(1, FIRST)
    small.hub.sync()
    small.hub.show("IDEA-1")
    small.hub.limits = replace(small.hub.limits, encoder="off")

    small.hub.show("IDEA-1")

    assert (small.hub.store.encoder(), small.hub.store.count_vectors()) == ("", (0, 0))


def test_vectors_stay_where_the_package_is_missing_for_a_while(
    small: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.desk.add(1, FIRST)
    small.hub.sync()
    small.hub.show("IDEA-1")
    monkeypatch.setitem(encoders.NAMES, "universal", (Small, ("no_such_package",), "semantic"))
    encoders.open_encoder.cache_clear()
    small.hub.limits = replace(small.hub.limits, encoder="auto")
    small.desk.add(2, SAME)
    small.hub.sync()

    small.hub.show("IDEA-1")

    assert (small.hub.store.encoder(), small.hub.store.count_vectors()) == ("small 1", (1, 1))


def test_batches_that_a_kill_divides_come_to_the_same(small: Any) -> None:
    for number in range(1, 8):
        small.desk.add(number, f"{FIRST} number{number}")
    small.hub.sync()
    with small.hub.recorded(small.hub.store.acquire(*_lease(small)), "test", alone=False) as work:
        while index(work):
            pass
        assert encoding.encode(work, 3)
        encoding._MEANINGS.clear()
        assert small.hub.store.count_vectors() == (3, 4)
        while encoding.encode(work, 3):
            pass
    kept = [signs for _, signs in small.hub.store.signs_after(0, 99)]
    alone = Small("small 1")

    pieces = [row.feedback for row in small.hub.store.feedback_after(0, 99)]

    assert kept == [Meaning(alone).encode([piece])[0][1] for piece in pieces]


def _lease(world: Any) -> tuple[Any, ...]:
    return "hub", "test", world.hub.limits.lease, world.clock.now()


def test_a_piece_that_comes_is_found_by_the_next_one_of_the_same_page(small: Any) -> None:
    small.hub.limits = replace(small.hub.limits, similar="attach")
    small.desk.size = 9
    small.desk.add(1, FIRST)
    small.desk.add(2, SAME)

    small.hub.sync()

    assert [(idea.number, voices) for idea, _, voices in small.hub.ranked()] == [(1, 2)]
    assert small.hub.store.count_vectors() == (2, 0)


def test_likenesses_of_two_encoders_are_not_compared(small: Any) -> None:
    store, limits = small.hub.store, small.hub.limits
    models = {Judge(store, replace(limits, encoder=name)).model for name in ("off", "small", "other")}

    assert len(models) == 3


def test_a_link_by_meaning_alone_says_so(small: Any) -> None:
    small.hub.limits = replace(small.hub.limits, similar="attach")
    judge = Judge(small.hub.store, small.hub.limits)
    small.desk.add(1, "download invoice")
    small.hub.sync()
    small.desk.add(2, TWIN)
    small.hub.sync()
    piece = small.hub.store.feedback_after(0, 9)[1].feedback
    [found, *_] = judge.candidates(piece)

    link = encoding_link(piece, found)

    assert link.maker is LinkMaker.SIMILARITY
    assert link.reason == f"it lies near in meaning to {found.nearest}"


def encoding_link(piece: Any, found: Any) -> Any:
    from opshub.engine.likeness import by_likeness, offer

    return by_likeness(piece.ref, offer(found), found.likeness)


def test_an_encoder_that_is_not_installed_stops_with_what_to_do(world: Any) -> None:
    world.desk.add(1, FIRST)
    world.hub.sync()
    world.hub.limits = replace(world.hub.limits, encoder="/no/such/folder")

    with pytest.raises(ConfigError, match="there is no folder"):
        world.hub.show("IDEA-1")


def test_status_tells_the_encoder_and_how_far_it_is(small: Any) -> None:
    small.desk.add(1, FIRST)
    small.hub.sync()
    small.hub.show("IDEA-1")
    small.desk.add(2, SAME)
    small.hub.sync()

    told = small.hub.status(1)

    assert (told.encoder, told.vectors) == ("small 1", (1, 0))
