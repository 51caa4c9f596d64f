"""Whether two ideas are one, asked among all other questions."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from opshub.engine.deed import Asked, Done
from opshub.engine.review import IDEA, Inquiry, answer, inquiries, inquiry, prepare
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
