"""Where a likeness attaches without answers: an idea's three nearest pieces are heard, not the nearest alone."""

from __future__ import annotations

from typing import Any

import pytest

from opshub.engine.connection import Limits
from opshub.engine.likeness import Judge
from opshub.engine.regroup import link
from opshub.matching import Candidate
from opshub.model import Feedback, Ref


class Found:
    """A matcher that found these."""

    def attaches_from(self, feedback: Feedback) -> float:
        return 0.3

    def candidates(self, feedback: Feedback, search: object, limit: int = 5) -> list[Candidate]:
        return []


@pytest.fixture(params=["memory", "sqlite"])
def three(request: Any, worlds: Any) -> Any:
    """Idea 1 has four pieces, idea 5 one."""
    world = worlds(request.param)
    for number, text in enumerate(("export", "import", "report", "support", "dark mode", "new"), 1):
        world.desk.add(number, text)
    world.hub.sync()
    for number in (2, 3, 4):
        world.act(link, f"desk:{number}", "IDEA-1")
    return world


def chosen(world: Any, *found: Candidate) -> tuple[int, float] | None:
    judge = Judge(world.hub.store, Limits(similar="attach"), Found())
    feedback = world.hub.store.feedback(Ref("desk", "6"))
    made = judge.link(feedback, found)
    return (made.idea, made.confidence) if made else None


def candidate(idea: int, *likenesses: float, guards: tuple[str, ...] = ()) -> Candidate:
    return Candidate(idea, likenesses[0], Ref("desk", str(idea)), ("word",), guards, likenesses)


def test_three_pieces_that_agree_outweigh_one_that_is_nearer(three: Any) -> None:
    assert chosen(three, candidate(5, 0.5), candidate(1, 0.9, 0.8, 0.7)) == (1, 0.8)
    assert chosen(three, candidate(5, 0.85), candidate(1, 0.9, 0.8, 0.7)) == (5, 0.85)


def test_pieces_of_a_large_idea_that_were_not_found_speak_against_it(three: Any) -> None:
    assert chosen(three, candidate(1, 0.8)) is None
    assert chosen(three, candidate(1, 0.8, 0.4)) == (1, 0.4)


def test_an_idea_of_one_piece_is_heard_by_that(three: Any) -> None:
    assert chosen(three, candidate(5, 0.3)) == (5, 0.3)
    assert chosen(three, candidate(5, 0.29)) is None
    assert chosen(three) is None


def test_of_equal_votes_the_nearer_piece_decides_and_then_the_older_idea(three: Any) -> None:
    assert chosen(three, candidate(5, 0.6), candidate(1, 0.7, 0.6, 0.5)) == (1, 0.6)
    assert chosen(three, candidate(5, 0.6), candidate(1, 0.6, 0.6, 0.6)) == (1, 0.6)


def test_a_copy_with_a_negation_or_another_number_is_left_out(three: Any) -> None:
    assert chosen(three, candidate(5, 0.95, guards=("negation",))) is None
    assert chosen(three, candidate(5, 0.95, guards=("numbers",)), candidate(1, 0.5, 0.4, 0.3)) == (1, 0.4)
    assert chosen(three, candidate(5, 0.6, guards=("negation",))) == (5, 0.6)
