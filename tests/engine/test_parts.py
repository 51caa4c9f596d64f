"""An idea that falls apart by what lies near what: asked about as a part, and moved as one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import combinations, product
from typing import Any

import pytest

from opshub.engine.asking import begin_again
from opshub.engine.deed import Asked, Done
from opshub.engine.inquiry import PART, Inquiry
from opshub.engine.parting import SECOND, look_at_all, splits
from opshub.engine.review import answer, inquiries, inquiry, prepare
from opshub.engine.suggest import merges, refuse
from opshub.engine.undo import undo
from opshub.engine.work import Work
from opshub.errors import NotFoundError, UsageError
from opshub.matching import Candidate, Heard, Votes
from opshub.model import Feedback, LinkMaker, Ref, Tombstone
from opshub.store.alike import Near
from opshub.store.asked import QuestionState

FIRST, SECOND_ONE, OTHER = range(1, 11), range(11, 18), 18
SHOWN = (11, 13, 14, 15, 17)
UNSEEN = (12, 16)


class Map:
    """A matcher for which pieces lie as near as a map says."""

    model = "map 1"

    def __init__(self) -> None:
        self.likeness: dict[tuple[str, str], float] = {}

    def draw(self, one: int, two: int, likeness: float) -> None:
        self.likeness[str(one), str(two)] = self.likeness[str(two), str(one)] = likeness

    def joins_from(self, feedback: Feedback) -> float:
        return 0.3

    def candidates(self, feedback: Feedback, search: Any, limit: int = 5) -> list[Candidate]:
        mine = {Ref("desk", two): it for (one, two), it in self.likeness.items() if one == feedback.ref.id}
        links, found = search.links_of([*mine]), dict[int, list[Heard]]()
        for rank, ref in enumerate(sorted(links, key=lambda ref: (-mine[ref], ref))):
            found.setdefault(links[ref].idea, []).append(Heard(ref, mine[ref], rank < 10))
        made = [
            Candidate(idea, it[0].likeness, it[0].feedback, ("word",), (), Votes(tuple(it)))
            for idea, it in found.items()
        ]
        return sorted(made, key=lambda it: -it.likeness)[:limit]


@pytest.fixture
def map_(monkeypatch: pytest.MonkeyPatch) -> Map:
    """Ten pieces that lie near each other, seven that do, one of which lies near three of the ten, and a stranger."""
    made = Map()
    for part in (FIRST, SECOND_ONE):
        for one, two in combinations(part, 2):
            made.draw(one, two, 0.9)
    for piece, likeness in ((1, 0.33), (2, 0.32), (3, 0.31)):
        made.draw(piece, 11, likeness)
    for piece in (11, 12):
        made.draw(piece, OTHER, 0.25)
    monkeypatch.setattr("opshub.engine.likeness.full_text", lambda store, setting: made)
    return made


@pytest.fixture(params=["memory", "sqlite"])
def apart(request: Any, worlds: Any, map_: Map) -> Any:
    """Idea 1 holds both parts, idea 2 the stranger."""
    world = worlds(request.param)
    world.hub.limits = replace(world.hub.limits, similar="attach")
    for number in (*FIRST, *SECOND_ONE, OTHER):
        world.desk.add(number, f"text {number}")
    world.hub.sync()
    assert world.where(*FIRST, *SECOND_ONE, OTHER) == [1] * 17 + [2]
    return world


def asked(world: Any, kind: str = PART) -> list[Inquiry]:
    world.hub.act("review", prepare)
    return inquiries(world.hub.store, 99, kind, world.hub.limits)


def say(world: Any, said: str, name: str = "IDEA-1/desk:11") -> Done:
    done: Done = world.hub.act("review", partial(answer, name=name, said=said, asked=Asked("ann")))
    return done


def makers(world: Any, *pieces: int) -> set[LinkMaker]:
    links = world.hub.store.links_of([Ref("desk", str(piece)) for piece in pieces])
    return {link.maker for link in links.values()}


def rematch(world: Any) -> None:
    def again(work: Work) -> None:
        with work.commit("match"):
            begin_again(work)

    world.hub.act("matching rematch", again)
    world.hub.act("review", prepare)


def test_a_part_is_asked_about_with_the_ideas_that_it_resembles(apart: Any) -> None:
    (found,) = asked(apart)

    assert (found.name, found.own.id, found.moves) == ("IDEA-1/desk:11", "IDEA-1", 7)
    assert {int(ref.id) for ref in found.pieces} == set(SECOND_ONE)
    assert [int(piece.ref.id) for piece in found.seen] == list(SHOWN)
    own, other = found.choices
    assert (own.idea.id, own.likeness, own.voices) == ("IDEA-1", round(0.33 / 7, 4), 10)
    assert own.nearest is not None
    assert own.nearest.ref.id == "1"
    assert (other.idea.id, other.likeness, other.voices) == ("IDEA-2", round(0.5 / 7, 4), 1)
    assert found.worth == pytest.approx(SECOND * 2 * 7 * 10 / 17, abs=1e-4)
    assert found.chance == pytest.approx(1 - SECOND)


def test_it_stands_among_all_questions_and_not_among_those_of_another_kind(apart: Any) -> None:
    assert "IDEA-1/desk:11" in [it.name for it in asked(apart, "")]
    assert [it.name for it in asked(apart, "idea")] == []
    assert "IDEA-1/desk:11" not in [it.name for it in asked(apart, "ticket")]


def test_yes_leaves_it_there_binds_what_was_shown_and_is_asked_no_more(apart: Any) -> None:
    asked(apart)
    before = {it.feedback: it for it in apart.hub.store.links_to(1)}
    unseen = {ref: before[ref] for ref in (Ref("desk", str(piece)) for piece in UNSEEN)}

    done = say(apart, "yes")

    assert done.action.told() == "ann linked desk:11, desk:13, desk:14, desk:15, desk:17 to IDEA-1"
    assert makers(apart, *SHOWN) == {LinkMaker.PERSON}
    assert {ref: it for ref, it in apart.hub.store.links_of([*before]).items() if ref in unseen} == unseen
    assert apart.where(*SECOND_ONE) == [1] * 7
    assert asked(apart) == []
    apart.act(undo, str(done.action.number))
    assert [it.name for it in asked(apart)] == ["IDEA-1/desk:11"]


def test_another_idea_takes_all_of_it_and_what_was_not_shown_by_its_likeness_alone(apart: Any) -> None:
    asked(apart)

    done = say(apart, "IDEA-2")

    assert done.action.told() == "ann linked desk:11, desk:13, desk:14, desk:15, desk:17 and 2 more to IDEA-2"
    assert apart.where(*SECOND_ONE) == [2] * 7
    assert apart.where(*FIRST) == [1] * 10
    assert makers(apart, *SHOWN) == {LinkMaker.PERSON}
    assert makers(apart, *UNSEEN) == {LinkMaker.SIMILARITY}
    links = apart.hub.store.links_of([Ref("desk", str(it)) for it in SECOND_ONE])
    link = links[Ref("desk", "12")]
    assert apart.hub.store.apart([Ref("desk", str(it)) for it in SECOND_ONE]) == {
        Ref("desk", str(it)): {1} for it in SHOWN
    }
    assert {it.state for it in apart.hub.store.questions([*links]).values()} == {QuestionState.SETTLED}
    assert link.reason == "it lies with desk:11, which ann linked on 2026-03-01"
    assert asked(apart) == []
    rematch(apart)
    assert apart.where(*SECOND_ONE) == [2] * 7


def test_what_was_not_shown_still_follows_what_lies_nearest(apart: Any, map_: Map) -> None:
    asked(apart)
    say(apart, "IDEA-2")

    for piece in {*FIRST, *SECOND_ONE} - {12}:
        map_.draw(12, piece, 0.9 if piece in FIRST else 0.1)
    rematch(apart)

    assert apart.where(11, 12, 13) == [2, 1, 2]


@pytest.mark.parametrize("said", ["no", "new"])
def test_an_idea_of_its_own_is_begun_that_is_not_suggested_to_be_merged_back(apart: Any, said: str) -> None:
    before = apart.hub.store.links_to(1)
    asked(apart)

    done = say(apart, said)

    told = "ann split desk:11, desk:13, desk:14, desk:15, desk:17 and 2 more off IDEA-1 as IDEA-3"
    assert done.action.told() == told
    assert apart.where(*SECOND_ONE) == [3] * 7
    idea = apart.hub.store.idea(3)
    assert idea is not None
    assert idea.title == "text 11"
    assert asked(apart, "") == [it for it in asked(apart, "") if it.name != "IDEA-3"]
    assert merges(apart.hub.store, 9) == []
    rematch(apart)
    assert apart.where(*FIRST, *SECOND_ONE) == [1] * 10 + [3] * 7
    apart.act(undo, str(done.action.number))
    assert [replace(it, confidence=0) for it in apart.hub.store.links_to(1)] == [
        replace(it, confidence=0) for it in before
    ]


@pytest.mark.parametrize("said", ["yes", "IDEA-2", "new"])
def test_an_answer_is_taken_back_as_a_whole(apart: Any, said: str) -> None:
    def told() -> tuple[Any, ...]:
        store, refs = apart.hub.store, [Ref("desk", str(piece)) for piece in (*FIRST, *SECOND_ONE, OTHER)]
        return store.links_of(refs), store.apart(refs), [idea for idea, _, _ in apart.hub.ranked()]

    asked(apart)
    before = told()
    done = say(apart, said)
    assert told() != before

    apart.act(undo, str(done.action.number))

    assert told() == before
    assert [it.name for it in asked(apart)] == ["IDEA-1/desk:11"]


def test_what_something_surer_than_a_likeness_had_put_there_is_moved_by_the_person(apart: Any) -> None:
    store, ref = apart.hub.store, Ref("desk", "12")
    asked(apart)
    with store.transaction():
        store.put_links([replace(store.links_of([ref])[ref], maker=LinkMaker.RULE, reason="label")])

    say(apart, "IDEA-2")

    assert makers(apart, 12) == {LinkMaker.PERSON}
    assert makers(apart, 16) == {LinkMaker.SIMILARITY}


def test_a_part_that_a_person_spoke_of_is_left_alone(apart: Any) -> None:
    asked(apart)
    apart.hub.act("review", partial(answer, name="desk:14", said="yes", asked=Asked("ann")))

    assert inquiries(apart.hub.store, 99, PART) == [], "before it is looked at again"
    assert asked(apart) == []


def test_those_ideas_are_offered_that_it_resembles_most(apart: Any, map_: Map) -> None:
    for piece, likeness in ((19, 0.29), (20, 0.21)):
        map_.draw(13, piece, likeness)
        map_.draw(14, piece, likeness)
        apart.desk.add(piece, f"text {piece}")
    apart.hub.sync()
    rematch(apart)

    (found,) = asked(apart)

    assert apart.where(18, 19, 20) == [2, 3, 4]
    assert [it.idea.number for it in found.choices] == [1, 3, 2]


def test_what_a_person_kept_it_apart_from_is_not_offered_and_may_be_named_all_the_same(apart: Any) -> None:
    ref = Ref("desk", "13")
    with apart.hub.store.transaction():
        apart.hub.store.put_apart([(ref, 2)])

    (found,) = asked(apart)
    assert [it.idea.number for it in found.choices] == [1]
    say(apart, "IDEA-2")

    assert apart.hub.store.apart([ref]) == {ref: {1}}


def test_a_piece_that_went_elsewhere_since_is_left_out(apart: Any) -> None:
    store, ref = apart.hub.store, Ref("desk", "12")
    asked(apart)
    with store.transaction():
        store.put_links([replace(store.links_of([ref])[ref], idea=2)])

    (found,) = inquiries(store, 99, PART)

    assert {int(it.id) for it in found.pieces} == {*SECOND_ONE} - {12}


def test_an_answer_counts_for_the_pieces_that_were_shown_alone(apart: Any) -> None:
    (shown,) = asked(apart)
    names = [str(ref) for ref in shown.pieces]
    told = partial(answer, name=shown.name, said="new", asked=Asked("ann"), shown="IDEA-1", pieces=names)
    with apart.hub.store.transaction():
        apart.hub.store.put_tombstones([Tombstone(Ref("desk", "17"))])

    with pytest.raises(UsageError, match="IDEA-1/desk:11 holds other pieces by now; nothing was done"):
        apart.hub.act("review", told)
    assert apart.where(*SECOND_ONE) == [1] * 7

    (again,) = inquiries(apart.hub.store, 99, PART)
    done: Done = apart.hub.act("review", partial(told, pieces=[str(ref) for ref in again.pieces]))
    assert done.action.other == 3


def test_of_two_likenesses_of_the_same_two_pieces_the_larger_counts(apart: Any) -> None:
    store, names = apart.hub.store, {it: Ref("desk", str(it)) for it in (*FIRST, *SECOND_ONE)}
    asked(apart)
    with store.transaction():
        rows = {it: [(names[other], 9000) for other in part] for part in (FIRST, SECOND_ONE) for it in part}
        for one, two in product(FIRST, SECOND_ONE):
            rows[one].append((names[two], 400))
            rows[two].append((names[one], 1))
        store.put_near([Near(names[it], tuple(near)) for it, near in rows.items()])
        look_at_all(store)

    assert asked(apart) == []


def test_an_idea_that_is_one_subject_is_not_asked_about(apart: Any) -> None:
    asked(apart)
    apart.hub.act("ideas refuse", lambda work: refuse(work, ["IDEA-1"], Asked("ann")))

    assert asked(apart) == []
    with pytest.raises(UsageError, match="nobody is asked about that part of IDEA-1"):
        inquiry(apart.hub.store, "IDEA-1/desk:11")


def test_pieces_that_left_since_are_left_out(apart: Any) -> None:
    asked(apart)
    with apart.hub.store.transaction():
        apart.hub.store.put_tombstones([Tombstone(Ref("desk", "17"))])

    (found,) = inquiries(apart.hub.store, 99, PART)

    assert {int(ref.id) for ref in found.pieces} == set(SECOND_ONE) - {17}
    (split,) = splits(apart.hub.store, 9)
    assert len(split.second) == 6


@pytest.mark.parametrize("name", ["IDEA-1/desk:12", "IDEA-1/", "idea-2/desk:18"])
def test_of_what_is_no_part_nobody_is_asked(apart: Any, name: str) -> None:
    asked(apart)

    with pytest.raises(UsageError, match="nobody is asked about that part"):
        say(apart, "yes", name)


def test_a_part_of_an_unknown_idea_is_told(apart: Any) -> None:
    with pytest.raises(NotFoundError, match="IDEA-99"):
        say(apart, "yes", "IDEA-99/desk:11")


def test_two_pieces_that_lie_apart_are_no_part(apart: Any, map_: Map) -> None:
    for one in range(13, 18):
        for two in FIRST:
            map_.draw(one, two, 0.9)
    rematch(apart)

    assert asked(apart) == []


def test_what_hangs_together_with_the_rest_a_little_on_average_is_no_part(apart: Any, map_: Map) -> None:
    assert len(asked(apart)) == 1
    for one in range(13, 18):
        map_.draw(one, 1, 0.25)
    rematch(apart)

    assert (3 * 0.32 + 5 * 0.25) / 70 > 0.02
    assert asked(apart) == []


def test_a_part_is_named_by_the_piece_that_the_others_lie_nearest_to(apart: Any, map_: Map) -> None:
    for piece in {*SECOND_ONE} - {14, 12}:
        map_.draw(14, piece, 0.95)
    map_.draw(12, 16, 0.8)
    rematch(apart)

    (found,) = asked(apart)

    assert found.name == "IDEA-1/desk:14"
    assert [int(ref.id) for ref in found.pieces] == [14, 11, 13, 15, 17, 16, 12]
    assert [int(piece.ref.id) for piece in found.seen] == [14, 13, 15, 17, 12]


@pytest.mark.parametrize("how", ["placed", "answered"])
def test_what_a_person_placed_or_answered_about_is_in_no_part(apart: Any, how: str) -> None:
    store, ref = apart.hub.store, Ref("desk", "14")
    asked(apart)
    with store.transaction():
        if how == "placed":
            store.put_links([replace(store.links_of([ref])[ref], maker=LinkMaker.PERSON, reason="ann")])
        else:
            store.put_questions([replace(store.questions([ref])[ref], state=QuestionState.ANSWERED)])
    rematch(apart)

    assert splits(store, 9) == []


def test_what_an_idea_says_in_another_script_is_no_part_of_it(worlds: Any, map_: Map) -> None:
    world = worlds("sqlite")
    world.hub.limits = replace(world.hub.limits, similar="attach")
    more = range(21, 28)
    for one, two in combinations(more, 2):
        map_.draw(one, two, 0.9)
    for piece in (11, 13, 14):
        map_.draw(piece, 21, 0.31)
    for number in (*FIRST, *SECOND_ONE):
        world.desk.add(number, f"{'text' if number in FIRST else '文本'} {number}")
    world.hub.sync()

    assert world.where(*FIRST, *SECOND_ONE) == [1] * 17
    assert asked(world) == []

    for number in more:
        world.desk.add(number, f"文本 {number}")
    world.hub.sync()
    (found,) = asked(world)
    assert world.where(*more) == [1] * 7
    assert {int(ref.id) for ref in found.pieces} == {*more}


def test_it_names_the_idea_in_either_case(apart: Any) -> None:
    asked(apart)

    assert inquiry(apart.hub.store, "idea-1/desk:11").name == "IDEA-1/desk:11"
