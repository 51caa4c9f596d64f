"""Where nobody is waited for: an idea's three nearest pieces are heard, not the nearest alone."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from opshub.engine.asking import begin_again
from opshub.engine.likeness import Judge
from opshub.engine.regroup import link
from opshub.engine.review import answer, inquiries, prepare
from opshub.engine.work import Work
from opshub.matching import Candidate, Votes
from opshub.model import Feedback, LinkMaker, Ref


class Found:
    """A matcher that finds what it is told to."""

    model = "found 1"

    def __init__(self) -> None:
        self.said: dict[str, list[Candidate]] = {}

    def joins_from(self, feedback: Feedback) -> float:
        return 0.3

    def candidates(self, feedback: Feedback, search: object, limit: int = 5) -> list[Candidate]:
        return self.said.get(feedback.ref.id, [])[:limit]


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Found:
    matcher = Found()
    monkeypatch.setattr("opshub.engine.likeness.full_text", lambda store, setting: matcher)
    return matcher


@pytest.fixture(params=["memory", "sqlite"])
def three(request: Any, worlds: Any, found: Found) -> Any:
    """Idea 1 has four pieces, idea 5 one."""
    world = worlds(request.param)
    for number, text in enumerate(("export", "import", "report", "support", "dark mode", "new"), 1):
        world.desk.add(number, text)
    world.hub.sync()
    for number in (2, 3, 4):
        world.act(link, f"desk:{number}", "IDEA-1")
    world.hub.limits = replace(world.hub.limits, similar="attach")
    return world


def candidate(idea: int, *likenesses: float, guards: tuple[str, ...] = ()) -> Candidate:
    votes = Votes(likenesses, sum(likenesses))
    return Candidate(idea, max(likenesses), Ref("desk", str(idea)), ("word",), guards, votes)


def near(idea: int, piece: str, likeness: float) -> Candidate:
    return replace(candidate(idea, likeness), nearest=Ref("desk", piece))


def again(work: Work) -> None:
    with work.commit("match"):
        begin_again(work)


def chosen(world: Any, *among: Candidate, own: int = 0) -> tuple[int, float] | None:
    judge = Judge(world.hub.store, world.hub.limits)
    made = judge.link(world.hub.store.feedback(Ref("desk", "6")), among, own)
    return (made.idea, made.confidence) if made else None


def test_three_pieces_that_agree_outweigh_one_that_is_nearer(three: Any) -> None:
    assert chosen(three, candidate(5, 0.95), candidate(1, 0.5, 0.4, 0.3)) == (1, 0.4)
    assert chosen(three, candidate(5, 0.95), candidate(1, 0.4, 0.3, 0.2)) == (5, 0.95)


def test_pieces_of_a_large_idea_that_were_not_found_speak_against_it(three: Any) -> None:
    assert chosen(three, candidate(1, 0.8)) is None
    assert chosen(three, candidate(1, 0.8, 0.4)) == (1, 0.4)


def test_an_idea_of_one_piece_is_heard_by_that(three: Any) -> None:
    assert chosen(three, candidate(5, 0.3)) == (5, 0.3)
    assert chosen(three, candidate(5, 0.29)) is None
    assert chosen(three) is None


def test_more_is_asked_of_a_vote_that_moves_a_piece_from_its_idea(three: Any) -> None:
    assert chosen(three, candidate(5, 0.39), own=6) is None
    assert chosen(three, candidate(5, 0.4), own=6) == (5, 0.4)


def test_of_equal_weights_the_nearer_piece_decides_and_then_the_older_idea(three: Any) -> None:
    assert chosen(three, candidate(5, 1.0), candidate(1, 0.5, 0.5)) == (5, 1.0)
    assert chosen(three, candidate(5, 0.5), candidate(1, 0.5)) is None  # of the older one two are not heard


def test_a_piece_that_changed_moves_to_the_idea_that_its_nearest_pieces_have_come_to(
    three: Any, found: Found
) -> None:
    found.said["7"] = [candidate(5, 0.6)]
    three.desk.add(7, "seventh")
    three.hub.sync()
    assert three.where(7) == [5]

    found.said["7"] = [candidate(1, 0.7, 0.6, 0.5), candidate(5, 0.6)]
    three.desk.add(7, "seventh, edited")
    three.hub.sync()

    assert three.where(7) == [1]
    assert three.hub.store.links_of([Ref("desk", "7")])[Ref("desk", "7")].maker is LinkMaker.SIMILARITY


def test_what_stood_alone_when_the_setting_was_changed_joins_an_older_idea_and_never_a_newer_one(
    three: Any, found: Found
) -> None:
    found.said["5"] = [candidate(6, 0.9)]
    found.said["6"] = [candidate(5, 0.9)]
    three.hub.act("review", prepare)

    assert three.where(5, 6) == [5, 5]


def test_what_lies_near_a_piece_that_comes_votes_again(three: Any, found: Found) -> None:
    found.said["7"] = [candidate(5, 0.6)]
    three.desk.add(7, "seventh")
    three.hub.sync()
    assert three.where(6, 7) == [6, 5]

    found.said["7"] = [candidate(1, 0.7, 0.6, 0.5), candidate(5, 0.6)]
    found.said["8"] = [candidate(6, 0.95), near(5, "7", 0.6)]
    three.desk.add(8, "eighth")
    three.hub.sync()

    assert three.where(7, 8) == [1, 6]


def test_what_stands_alone_near_a_piece_that_comes_votes_again(three: Any, found: Found) -> None:
    found.said["6"] = [candidate(1, 0.7, 0.6, 0.5)]
    found.said["8"] = [candidate(5, 0.9), candidate(6, 0.6)]
    three.desk.add(8, "eighth")
    three.hub.sync()

    assert three.where(6, 8) == [1, 5]


def test_what_lies_far_from_a_piece_that_comes_stays(three: Any, found: Found) -> None:
    found.said["6"] = [candidate(1, 0.7, 0.6, 0.5)]
    found.said["8"] = [candidate(5, 0.9), candidate(6, 0.59)]
    three.desk.add(8, "eighth")
    three.hub.sync()

    assert three.where(6, 8) == [6, 5]


def test_what_was_asked_about_is_asked_anew_where_it_has_come_to(three: Any, found: Found) -> None:
    found.said["6"] = [candidate(5, 0.2)]
    three.hub.act("review", prepare)
    assert [(it.name, it.choices[0].idea.id) for it in inquiries(three.hub.store, 9)] == [
        ("desk:6", "IDEA-5")
    ]

    found.said["6"] = [candidate(1, 0.7, 0.6, 0.5), candidate(5, 0.2)]
    found.said["8"] = [candidate(5, 0.9), candidate(6, 0.6)]
    three.desk.add(8, "eighth")
    three.hub.sync()

    (about,) = (it for it in inquiries(three.hub.store, 9) if it.name == "desk:6")
    assert ([it.idea.id for it in about.choices], about.attached) == (["IDEA-1", "IDEA-5"], True)


def test_what_a_person_answered_votes_no_more(three: Any, found: Found) -> None:
    found.said["6"] = [candidate(5, 0.2)]
    three.hub.act("review", prepare)
    three.act(partial(answer, said="no"), name="desk:6")
    found.said["6"] = [candidate(1, 0.7, 0.6, 0.5)]
    found.said["8"] = [candidate(5, 0.9), candidate(6, 0.6)]
    three.desk.add(8, "eighth")
    three.hub.sync()

    assert three.where(6, 8) == [6, 5]


def test_what_a_tracked_item_stands_for_votes_no_more(three: Any, found: Found) -> None:
    found.said["6"] = [candidate(1, 0.7, 0.6, 0.5)]
    found.said["8"] = [candidate(5, 0.9), candidate(6, 0.6)]
    with three.hub.leased() as lease, three.hub.store.transaction(lease):
        three.hub.store.bind_items([(Ref("board", "EXP-1"), 6)])
    three.desk.add(8, "eighth")
    three.hub.sync()

    assert three.where(6, 8) == [6, 5]


def test_a_text_that_is_said_again_in_the_same_page_follows_the_piece_that_has_moved(
    three: Any, found: Found
) -> None:
    found.said["7"] = [candidate(5, 0.6)]
    found.said["8"] = [near(5, "7", 0.6), candidate(6, 0.5)]
    three.desk.size = 50
    three.desk.add(7, "seventh")
    three.hub.sync()
    found.said["7"] = [candidate(1, 0.7, 0.6, 0.5), candidate(5, 0.6)]
    found.said["8"] = [candidate(6, 0.95), near(5, "7", 0.6)]
    three.desk.add(8, "eighth")
    three.desk.add(9, "seventh")
    three.hub.sync()

    assert three.where(7, 8, 9) == [1, 6, 1]


def test_feedback_that_was_grouped_from_its_first_piece_on_is_not_looked_at_again(
    worlds: Any, found: Found
) -> None:
    world = worlds("memory")
    world.hub.limits = replace(world.hub.limits, similar="attach")
    for number in (1, 2):
        world.desk.add(number, f"piece {number}")
    world.hub.sync()
    found.said["2"] = [candidate(1, 0.95)]
    world.hub.act("review", prepare)
    assert world.where(1, 2) == [1, 2]

    world.hub.act("matching rematch", again)
    world.hub.act("review", prepare)

    assert world.where(1, 2) == [1, 1]


def test_what_a_person_linked_stays_whatever_speaks_against_it(three: Any, found: Found) -> None:
    found.said["2"] = found.said["3"] = [candidate(5, 0.95)]
    three.hub.act("review", prepare)

    assert three.where(2, 3) == [1, 1]
