"""Whether two ideas are one, asked among all other questions."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from opshub.engine.deed import Asked, Done
from opshub.engine.inquiry import IDEA, Inquiry
from opshub.engine.regroup import link
from opshub.engine.review import answer, inquiries, inquiry, prepare
from opshub.engine.suggest import merges, suggest_again
from opshub.engine.undo import undo
from opshub.errors import NotFoundError, UsageError


def asked(world: Any, kind: str = "") -> list[Inquiry]:
    world.hub.act("review", prepare)
    return inquiries(world.hub.store, 99, kind)


def say(world: Any, name: str, said: str) -> Done:
    done: Done = world.hub.act("review", partial(answer, name=name, said=said, asked=Asked("ann")))
    return done


def test_two_ideas_that_are_alike_are_asked_about_once_with_their_nearest_pieces(four: Any) -> None:
    found = asked(four)

    assert [(it.name, it.choices[0].idea.id) for it in found] == [("IDEA-2", "IDEA-1")]
    near = found[0].choices[0].nearest
    assert near is not None
    assert (found[0].feedback.ref.id, near.ref.id) == ("2", "1")
    assert (found[0].moves, found[0].choices[0].voices) == (2, 2)
    assert {"excel", "column"} <= set(found[0].choices[0].shared)
    assert "the" not in found[0].choices[0].shared
    assert [it.name for it in asked(four, IDEA)] == ["IDEA-2"]
    assert asked(four, "feedback") == []


def test_yes_makes_them_one(four: Any) -> None:
    asked(four)

    done = say(four, "IDEA-2", "yes")

    assert done.action.told() == "ann merged IDEA-2 into IDEA-1"
    assert four.where(1, 2, 4, 5) == [1, 1, 1, 1]
    assert asked(four) == []


def test_no_keeps_them_apart_for_good_until_it_is_taken_back(four: Any) -> None:
    asked(four)

    done = say(four, "IDEA-2", "no")

    assert done.action.told() == "ann said that IDEA-1 and IDEA-2 are not one idea"
    assert four.where(1, 2, 4, 5) == [1, 2, 1, 2]
    assert asked(four) == []
    four.act(undo, str(done.action.number))
    assert [it.name for it in asked(four)] == ["IDEA-2"]


def test_another_idea_takes_it(four: Any) -> None:
    asked(four)

    say(four, "IDEA-2", "IDEA-3")

    assert four.where(2, 3, 5) == [3, 3, 3]


@pytest.mark.parametrize(
    ("name", "said", "error", "told"),
    [
        ("IDEA-3", "yes", UsageError, "nobody is asked whether IDEA-3 is part of another idea"),
        ("IDEA-9", "yes", NotFoundError, "IDEA-9"),
        ("IDEA-2", "IDEA-2", UsageError, "IDEA-2 is the idea itself"),
        ("IDEA-2", "IDEA-9", NotFoundError, "IDEA-9"),
    ],
)
def test_an_answer_that_means_nothing_is_refused(
    four: Any, name: str, said: str, error: type[Exception], told: str
) -> None:
    asked(four)

    with pytest.raises(error, match=told):
        say(four, name, said)
    assert inquiry(four.hub.store, "IDEA-2").joint


def test_what_is_worth_more_comes_first_whether_it_is_about_pieces_or_ideas(four: Any) -> None:
    four.desk.add(7, "Please bring a dark theme for late evenings!")
    four.desk.add(8, "export misses columns of the report")
    four.hub.sync()

    found = asked(four)

    assert {it.joint for it in found} == {True, False}
    assert [it.worth for it in found] == sorted((it.worth for it in found), reverse=True)


def test_an_answer_to_what_is_not_offered_any_more_does_nothing(four: Any) -> None:
    asked(four)

    with pytest.raises(UsageError, match="IDEA-1 is offered by now, not IDEA-3"):
        four.hub.act("review", lambda work: answer(work, "IDEA-2", "yes", Asked("ann"), "IDEA-3"))
    assert four.where(2, 3) == [2, 3]

    four.hub.act("review", lambda work: answer(work, "IDEA-2", "yes", Asked("ann"), "IDEA-1"))
    assert four.where(2) == [1]


# -- an idea that resembles several ----------------------------------------------------------------------------------


@pytest.fixture(params=["memory", "sqlite"])
def several(request: Any, worlds: Any) -> Any:
    """Ideas 1, 2 and 3, of four, three and two pieces, that are alike."""
    world = worlds(request.param)
    for number in range(1, 10):
        world.desk.add(number, f"The weekly export to Excel loses its last column {number}")
    world.hub.sync()
    for piece, idea in ((4, 1), (5, 1), (6, 1), (7, 2), (8, 2), (9, 3)):
        world.act(link, f"desk:{piece}", f"IDEA-{idea}")
    return world


def offered(world: Any) -> list[tuple[str, list[str]]]:
    return [(it.name, [choice.idea.id for choice in it.choices]) for it in asked(world, IDEA)]


def test_an_idea_that_resembles_several_is_asked_about_once_with_all_of_them(several: Any) -> None:
    found = dict(offered(several))

    assert sorted(found) == ["IDEA-2", "IDEA-3"]
    assert (found["IDEA-2"], sorted(found["IDEA-3"])) == (["IDEA-1"], ["IDEA-1", "IDEA-2"])
    (three,) = (it for it in asked(several, IDEA) if it.name == "IDEA-3")
    assert {choice.nearest is not None for choice in three.choices} == {True}
    assert [choice.idea.id for choice in inquiry(several.hub.store, "IDEA-3").choices] == found["IDEA-3"]


def test_new_keeps_it_apart_from_all_of_them_and_one_undo_takes_that_back(several: Any) -> None:
    before = offered(several)

    done = say(several, "IDEA-3", "new")

    first, second = dict(before)["IDEA-3"]
    assert done.action.told() == f"ann said that IDEA-3 is not one with {first} or {second}"
    assert offered(several) == [("IDEA-2", ["IDEA-1"])]
    several.act(undo, "IDEA-2" if second == "IDEA-2" else "IDEA-1")
    assert offered(several) == before


def test_a_suggestion_that_was_refused_with_others_is_made_again(several: Any) -> None:
    before = offered(several)
    say(several, "IDEA-3", "new")

    several.act(suggest_again, ["IDEA-3", "IDEA-1"])

    assert offered(several) == before


def test_no_refuses_the_first_of_them_alone(several: Any) -> None:
    first, second = dict(offered(several))["IDEA-3"]

    say(several, "IDEA-3", "no")

    assert dict(offered(several))["IDEA-3"] == [second]
    assert first != second


def test_the_second_of_them_takes_it(several: Any) -> None:
    second = dict(offered(several))["IDEA-3"][1]

    say(several, "IDEA-3", second)

    assert several.where(3, 9) == [int(second.removeprefix("IDEA-"))] * 2
    assert len(offered(several)) == 1


def test_two_pieces_that_resemble_each_other_most_are_shown_once(four: Any) -> None:
    asked(four)
    rows = four.hub.store.alike_pieces(1, 2, 9)
    assert len(rows) > len({frozenset(it[:2]) for it in rows}), "some do"

    shown = [frozenset(it.ref for it in pair) for pair in merges(four.hub.store, 9)[0].pieces]

    assert len(shown) == len(set(shown))
