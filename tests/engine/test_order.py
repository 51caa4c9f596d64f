"""The same records give the same ideas and decisions, however they are paged, batched and kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import opshub.engine.match
from opshub.engine.review import prepare
from opshub.model import Ref

RULES = """
score priority = 10 * count feedback

rule "They may leave" {
    when any feedback (text mentions ["slow"])
    priority +50 because "it is slow"
    tag "speed"
    route to board.EXP as urgent
}

rule "Said by many" { when idea.voices >= 3 priority +7 because "many say so" }

bands priority { P1 >= 50, P2 >= 20, P3 otherwise }
"""
DARK = 'match "dark" { when text mentions ["dark"] to "EXP-2" }\n'
SLOW = 'match "slow" { when text mentions ["slow", "导出"] to idea "Too slow" }\n'
BLOCKS = [["", SLOW + DARK, SLOW], [SLOW, "", DARK + SLOW], [DARK, DARK, DARK], [SLOW, SLOW]]
WRITTEN = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
TEXTS = ("slow export", "dark mode", "EXP-1 is slow", "导出太慢", "see EXP-2", "", "Dark  MODE")
NUMBERS = st.integers(1, 8)


@st.composite
def rounds(draw: st.DrawFn) -> list[list[dict[str, Any]]]:
    """Pulls one after the other, with tickets that are new, changed or duplicates of any other; then deletions."""
    original = {number: draw(st.one_of(st.just(""), st.just(""), NUMBERS)) for number in range(1, 9)}
    made = []
    for _ in range(draw(st.integers(1, 3))):
        numbers = draw(st.lists(NUMBERS, unique=True, max_size=8))
        made.append(
            [
                {
                    "id": number,
                    "text": draw(st.sampled_from(TEXTS)),
                    "duplicate_of": original[number],
                }
                for number in numbers
            ]
        )
    made.append(
        [{"id": number, "text": "", "deleted": True} for number in draw(st.sets(NUMBERS, max_size=3))]
    )
    return made


def outcome(world: Any, pulls: list[list[dict[str, Any]]], size: int, blocks: list[str]) -> object:
    """Everything that was decided after these pulls, with so many records a page."""
    world.use(RULES)
    world.connect("board", apply="never")
    world.desk.size = size
    world.board.add("EXP-1", "Slow export")
    for number, rows in enumerate(pulls):
        if number == 1:
            world.board.add("EXP-2", "Dark mode")
        world.use(RULES + blocks[number % len(blocks)])
        for row in rows:
            world.desk.add(
                row["id"], **{key: value for key, value in row.items() if key != "id"}, round=number
            )
        world.hub.sync()
    store = world.hub.store
    links = store.links_of([Ref("desk", str(number)) for number in range(1, 9)])
    ideas = [idea.number for idea, _, _ in store.ranked(100)]
    return (
        store.ranked(100),
        sorted((str(ref), link.idea, str(link.maker)) for ref, link in links.items()),
        {number: store.decisions([number])[number] for number in ideas},
        store.routes(ideas),
    )


SOME = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(rounds(), st.sampled_from(BLOCKS))
@SOME
def test_pages_of_any_size_give_the_same_ideas(
    worlds: Any, pulls: list[list[dict[str, Any]]], blocks: list[str]
) -> None:
    expected = outcome(worlds("memory"), pulls, 1, blocks)

    for size in (3, 50):
        assert outcome(worlds("memory"), pulls, size, blocks) == expected


@given(rounds(), st.sampled_from(BLOCKS))
@SOME
def test_batches_of_any_size_give_the_same_ideas(
    worlds: Any, pulls: list[list[dict[str, Any]]], blocks: list[str]
) -> None:
    expected = outcome(worlds("memory"), pulls, 50, blocks)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opshub.engine.match.match, "__defaults__", (1,))
        assert outcome(worlds("memory"), pulls, 50, blocks) == expected


ARRIVALS = st.permutations(range(1, 9)), st.lists(st.integers(1, 7), unique=True, max_size=3)


@given(*ARRIVALS, st.lists(st.sampled_from(TEXTS), min_size=8, max_size=8))
@SOME
def test_feedback_in_any_order_of_arrival_gives_the_same_decisions(
    worlds: Any, order: list[int], breaks: list[int], texts: list[str]
) -> None:
    def decided(arrival: list[int], stops: list[int]) -> object:
        world = worlds("memory")
        world.use(RULES)
        world.connect("board", apply="never")
        for key in ("EXP-1", "EXP-2"):
            world.board.add(key, "An item")
        world.hub.sync()
        for at, number in enumerate(arrival):
            days = timedelta(days=number % 3)
            key = f"EXP-{1 + number % 2}"
            world.desk.add(number, f"{texts[number - 1]}, see {key}", created=(WRITTEN - days).isoformat())
            if at in stops:
                world.hub.sync()
        world.hub.sync()
        return world.hub.store.decisions([1, 2])

    assert decided(order, breaks) == decided(sorted(order), [])


WORDS = ("export", "slow", "excel", "login", "fails", "dark", "mode", "editor")
PHRASES = st.lists(st.sampled_from(WORDS), min_size=2, max_size=5).map(" ".join)


def voted(world: Any, pulls: list[list[str]], size: int, quiet: set[int], edited: dict[int, str]) -> object:
    """Where everything belongs after these pulls, where nobody is waited for; in some breaks questions are prepared."""
    world.use(RULES)
    world.hub.limits = replace(world.hub.limits, similar="attach")
    world.desk.size = size
    count = 0
    for number, texts in enumerate(pulls):
        for text in texts:
            count += 1
            world.desk.add(count, text)
        if number in edited and count:
            world.hub.sync()
            world.desk.add(1, edited[number])
        world.hub.sync()
        if number in quiet:
            world.hub.act("review", prepare)
    return [
        (ref, link.idea, link.maker, link.reason, link.confidence)
        for ref, link in world.hub.store.links_of([Ref("desk", str(at)) for at in range(count + 1)]).items()
    ]


@given(
    st.lists(st.lists(PHRASES, max_size=12), min_size=1, max_size=3),
    st.sets(st.integers(0, 2)),
    st.dictionaries(st.integers(0, 2), PHRASES, max_size=2),
)
@SOME
def test_pieces_vote_the_same_whatever_the_pages_and_batches_and_whenever_questions_are_prepared(
    worlds: Any, pulls: list[list[str]], quiet: set[int], edited: dict[int, str]
) -> None:
    expected = voted(worlds("memory"), pulls, 1, set(), edited)

    assert voted(worlds("memory"), pulls, 50, quiet, edited) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opshub.engine.match.match, "__defaults__", (1,))
        assert voted(worlds("memory"), pulls, 3, quiet, edited) == expected
    assert voted(worlds("sqlite"), pulls, 50, set(), edited) == expected


@given(rounds(), st.sampled_from(BLOCKS), st.integers(1, 5))
@settings(SOME, max_examples=8)
def test_memory_and_sqlite_decide_the_same(
    worlds: Any, pulls: list[list[dict[str, Any]]], blocks: list[str], size: int
) -> None:
    assert outcome(worlds("sqlite"), pulls, size, blocks) == outcome(worlds("memory"), pulls, size, blocks)
