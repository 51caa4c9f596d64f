"""Where nobody is waited for: an idea's three nearest pieces are heard, not the nearest alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from opshub.engine.asking import begin_again, look_again
from opshub.engine.likeness import Judge
from opshub.engine.merge import merge
from opshub.engine.regroup import link, unlink
from opshub.engine.review import answer, inquiries, prepare
from opshub.engine.undo import undo
from opshub.engine.voting import following
from opshub.engine.work import Work
from opshub.matching import Candidate, Heard, Votes
from opshub.model import Feedback, LinkMaker, Ref


class Found:
    """A matcher that finds what it is told to."""

    model = "found 1"

    def __init__(self) -> None:
        self.said: dict[str, list[Candidate]] = {}
        self.then: dict[str, list[list[Candidate]]] = {}
        """What it finds the first times that it is asked."""
        self.looks = Counter[str]()

    def joins_from(self, feedback: Feedback) -> float:
        return 0.3

    def candidates(self, feedback: Feedback, search: object, limit: int = 5) -> list[Candidate]:
        name = feedback.ref.id
        self.looks[name] += 1
        if self.then.get(name):
            return self.then[name].pop(0)[:limit]
        return self.said.get(name, [])[:limit]


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
    votes = Votes(tuple(Heard(Ref("desk", f"{idea}-{at}"), it) for at, it in enumerate(likenesses)))
    return Candidate(idea, max(likenesses), Ref("desk", str(idea)), ("word",), guards, votes)


def near(idea: int, piece: str, likeness: float) -> Candidate:
    return replace(candidate(idea, likeness), nearest=Ref("desk", piece))


def again(work: Work) -> None:
    with work.commit("match"):
        begin_again(work)


def rematch(world: Any) -> None:
    world.hub.act("matching rematch", again)
    world.hub.act("review", prepare)


def look(work: Work) -> None:
    with work.commit("match"):
        look_again(work.store, 1)


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


def spoken_for(idea: int, *said: tuple[str, float]) -> Candidate:
    votes = Votes(tuple(Heard(Ref("desk", name), likeness) for name, likeness in said))
    return replace(candidate(idea, *(likeness for _, likeness in said)), votes=votes)


def test_a_piece_that_a_person_placed_outweighs_those_that_a_likeness_placed(three: Any) -> None:
    nearer = candidate(5, 0.9, 0.9, 0.9)
    assert chosen(three, nearer, spoken_for(1, ("1", 0.5), ("5", 0.5), ("6", 0.5))) == (5, 2.7)
    assert chosen(three, nearer, spoken_for(1, ("2", 0.5), ("5", 0.4), ("6", 0.3))) == (1, 0.4)


def test_no_more_is_asked_of_a_move_to_what_a_person_placed(three: Any) -> None:
    assert chosen(three, spoken_for(1, ("1", 0.4), ("5", 0.3), ("6", 0.2)), own=6) is None
    assert chosen(three, spoken_for(1, ("2", 0.4), ("5", 0.3), ("6", 0.2)), own=6) == (1, 0.3)
    assert chosen(three, spoken_for(1, ("2", 0.4), ("5", 0.3), ("6", 0.1)), own=6) is None


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


def placed(three: Any, found: Found) -> list[int]:
    """A person has put piece 6 into idea 5; where pieces 7 and 8 are then, of which 7 lies near."""
    found.said["7"] = found.said["8"] = [candidate(1, 0.9, 0.9, 0.9)]
    for number in (7, 8):
        three.desk.add(number, f"piece {number}")
    three.hub.sync()
    three.hub.act("review", prepare)
    assert three.where(6, 7, 8) == [6, 1, 1]

    found.said["7"] = found.said["8"] = [spoken_for(5, ("6", 0.95)), candidate(1, 0.9, 0.9, 0.9)]
    found.said["6"] = [spoken_for(1, ("7", 0.5), ("8", 0.49))]
    three.act(link, "desk:6", "IDEA-5")
    return list(three.where(7, 8))


def test_what_lies_near_a_piece_that_a_person_placed_votes_again(three: Any, found: Found) -> None:
    found.said["7"] = [candidate(5, 0.9)]
    assert placed(three, found) == [1, 1], "nothing moves while a person waits"

    three.hub.act("review", prepare)

    assert three.where(7, 8) == [5, 1]
    asked = three.hub.store.questions([Ref("desk", "7")])
    assert [it.linked for it in asked.values()] == [5]


def test_what_a_likeness_had_put_beside_a_piece_may_follow_it_where_a_person_takes_it_out(
    three: Any, found: Found
) -> None:
    found.said["7"] = found.said["8"] = [candidate(1, 0.9, 0.9, 0.9)]
    for number in (7, 8):
        three.desk.add(number, f"piece {number}")
    three.hub.sync()
    three.hub.act("review", prepare)
    assert three.where(7, 8) == [1, 1]

    three.act(unlink, "desk:7")
    (alone,) = three.where(7)
    refs = [Ref("desk", str(number)) for number in (1, 2, 7, 8)]
    assert three.hub.store.apart(refs) == {refs[0]: {alone}, refs[1]: {alone}, refs[2]: {1}}

    found.said["8"] = [spoken_for(alone, ("7", 0.95)), candidate(1, 0.9, 0.9, 0.9)]
    found.said["7"] = [spoken_for(1, ("8", 0.95))]
    three.hub.act("review", prepare)
    assert three.where(7, 8) == [alone, alone]


def test_the_nearest_pieces_of_other_ideas_follow_a_person_as_far_as_they_lie_near() -> None:
    near = [(str(at), 0.9 - at / 100) for at in range(19)]
    found = [
        spoken_for(5, ("mine", 0.99)),
        spoken_for(1, *near, ("far", 0.49)),
        spoken_for(2, ("b", 0.95), ("c", 0.5)),
    ]

    assert [ref.id for ref in following(5, found)] == ["b", *(name for name, _ in near)]
    assert [ref.id for ref in following(5, found[2:])] == ["b", "c"]


def test_what_lies_near_votes_again_when_a_person_takes_it_back(three: Any, found: Found) -> None:
    placed(three, found)
    three.hub.act("review", prepare)
    found.said["7"] = [candidate(1, 0.9, 0.9, 0.9), spoken_for(5, ("6", 0.7))]
    found.said["6"] = [spoken_for(5, ("7", 0.6))]

    three.act(undo, "IDEA-5")
    three.hub.act("review", prepare)

    assert three.where(6, 7, 8) == [6, 1, 1]


def test_what_lies_near_a_piece_that_a_person_placed_stays_where_somebody_is_waited_for(
    three: Any, found: Found
) -> None:
    placed(three, found)
    three.hub.limits = replace(three.hub.limits, similar="learn")
    three.hub.act("review", prepare)

    assert three.where(7, 8) == [1, 1]


def test_of_a_page_eight_of_ten_questions_are_drawn_by_lot_from_large_ideas(three: Any, found: Found) -> None:
    for number in range(7, 37):
        joins = number < 27
        found.said[str(number)] = [candidate(1, *[0.9 if joins else 0.29] * 3)]
        three.desk.add(number, f"piece {number}")
    three.hub.sync()
    three.hub.act("review", prepare)
    assert three.where(*range(7, 27)) == [1] * 20

    def page(count: int, **more: Any) -> list[int]:
        limits = replace(three.hub.limits, ask=0.0, **more)
        return [int(it.name.partition(":")[2]) for it in inquiries(three.hub.store, count, limits=limits)]

    drawn = [number for number in page(10) if number < 27]
    assert len(drawn) == 8
    assert max(drawn) > 14, "they are spread over all of them"
    assert page(10) == page(10)
    assert all(number >= 27 for number in page(10, similar="suggest"))


def test_where_many_pieces_move_all_votes_are_cast_again_three_times_at_most(
    three: Any, found: Found
) -> None:
    """What moves is near to others that may now move, too."""
    one, other = [candidate(1, *[0.9] * 3)], [candidate(5, *[0.9] * 3)]
    found.said["6"] = one
    three.hub.sync()
    found.then["6"] = [one, other, one, other, one]
    found.looks.clear()

    rematch(three)

    assert three.where(6) == [1]
    assert {found.looks[str(number)] for number in range(1, 7)} == {3}
    found.looks.clear()
    rematch(three)
    assert {found.looks[str(number)] for number in (1, 2, 3, 4, 5)} == {3}, "6 moved to 5, and back"
    assert three.where(6) == [1]


def test_the_round_after_the_last_move_is_the_last(three: Any, found: Found) -> None:
    found.said["6"] = [candidate(1, *[0.9] * 3)]
    three.hub.sync()
    found.said["6"] = [candidate(5, *[0.9] * 3)]
    found.looks.clear()

    rematch(three)

    assert three.where(6) == [5]
    assert set(found.looks.values()) == {2}


def test_where_nothing_moves_votes_are_cast_once(three: Any, found: Found) -> None:
    found.said["6"] = [candidate(1, *[0.9] * 3)]
    three.hub.sync()
    rematch(three)
    found.looks.clear()

    rematch(three)

    assert set(found.looks.values()) == {1}


def test_a_move_of_one_in_more_than_a_hundred_pieces_is_too_little_for_another_round(
    three: Any, found: Found
) -> None:
    for number in range(7, 120):
        three.desk.add(number, f"piece number {number}")
    three.hub.sync()
    three.hub.act("review", prepare)
    found.said["6"] = [candidate(1, *[0.9] * 3)]
    found.looks.clear()

    rematch(three)

    assert three.where(6) == [1]
    assert set(found.looks.values()) == {1}
    found.said |= {"6": [candidate(5, *[0.9] * 3)], "119": [candidate(1, *[0.9] * 3)]}
    three.hub.act("undo", look)
    three.hub.act("review", prepare)
    assert three.where(6, 119) == [5, 1]
    assert found.looks["7"] == 1 + 1, "the rounds were over"
    found.said |= {"6": [candidate(1, *[0.9] * 3)], "119": [candidate(5, *[0.9] * 3)]}
    rematch(three)
    assert three.where(6, 119) == [1, 5]
    assert found.looks["7"] == 1 + 1 + 2, "two of 119, in two batches"


def worth(world: Any, *pieces: int, **limits: Any) -> list[float]:
    world.hub.limits = replace(world.hub.limits, **limits)
    rematch(world)
    refs = [Ref("desk", str(piece)) for piece in pieces]
    asked = world.hub.store.questions(refs)
    return [asked[ref].worth for ref in refs]


def test_an_answer_is_worth_the_pieces_that_it_is_expected_to_put_right(three: Any, found: Found) -> None:
    """Of an idea of five the one piece that is wrong harms four others a little, and itself wholly."""
    found.said["6"] = [candidate(1, 0.7, 0.6, 0.5)]
    found.said["7"] = [candidate(1, 0.28, 0.26, 0.24)]
    found.said["8"] = [candidate(5, 0.29)]
    found.said["9"] = [candidate(1, 0.27)]
    for number in (7, 8, 9):
        three.desk.add(number, f"piece {number}")
    three.hub.sync()
    (wrong, of_five, of_one, near_one) = worth(three, 6, 7, 8, 9)
    assert three.where(6, 7, 8, 9) == [1, 7, 8, 9]

    likely = three.hub.store.questions([Ref("desk", "8")])[Ref("desk", "8")].chance
    assert likely == 0.29
    assert wrong == round((1 - 0.6) * 2 * 4 / 5, 4)
    assert of_five == round(0.26 * 2 * 5 / 6, 4), "as likely as the vote"
    assert of_one == 0.29
    assert near_one == round(0.09 * 2 * 5 / 6, 4), "one near text in a large idea says little"
    near = 1 - (three.hub.limits.attach - likely)
    assert worth(three, 8, similar="learn") == [round(near, 4)], "there it shows what may attach"


def test_an_answer_may_name_any_idea_that_is_offered_so_each_adds_to_what_it_is_worth(
    three: Any, found: Found
) -> None:
    found.said["6"] = [candidate(1, 0.7, 0.6, 0.5), candidate(5, 0.4)]
    found.said["7"] = [candidate(1, 0.29, 0.29, 0.29), candidate(5, 0.2)]
    three.desk.add(7, "piece 7")
    three.hub.sync()
    (attached, alone) = worth(three, 6, 7)
    assert three.where(5, 6, 7) == [5, 1, 7]

    assert attached == round((1 - 0.6) * 2 * 4 / 5 + (1 - 0.6) * 0.4, 4)
    assert alone == round(0.29 * 2 * 5 / 6 + (1 - 0.29) * 0.2, 4)


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

    rematch(world)

    assert world.where(1, 2) == [1, 1]


def test_what_a_person_linked_stays_whatever_speaks_against_it(three: Any, found: Found) -> None:
    found.said["2"] = found.said["3"] = [candidate(5, 0.95)]
    three.hub.act("review", prepare)

    assert three.where(2, 3) == [1, 1]


def test_what_a_likeness_had_put_into_an_idea_goes_along_by_it_when_that_is_merged(
    three: Any, found: Found
) -> None:
    found.said["6"] = [candidate(5, *[0.9] * 3)]
    rematch(three)
    five, six = Ref("desk", "5"), Ref("desk", "6")
    before = three.hub.store.links_of([six])[six]

    three.act(merge, "IDEA-5", "IDEA-1")

    links = three.hub.store.links_of([five, six])
    assert links[five].maker is LinkMaker.PERSON
    assert links[six] == replace(before, idea=1)
    three.act(undo, None)
    assert three.hub.store.links_of([six])[six] == before
