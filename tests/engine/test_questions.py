"""Questions about texts that have changed or gone since, and how they stand after an undo."""

from __future__ import annotations

from typing import Any

import pytest

from opshub.engine.learning import learn
from opshub.engine.likeness import Judge
from opshub.engine.regroup import link
from opshub.engine.review import inquiries, prepare
from opshub.engine.undo import undo
from opshub.model import Ref
from opshub.store.asked import Answer, QuestionState, Verdict

FIRST = "The weekly export to Excel loses its last column"
TWIN = "The weekly export loses its last column in Excel"


@pytest.fixture(params=["memory", "sqlite"])
def hub(request: Any, worlds: Any) -> Any:
    """Two tickets that say nearly the same, of which the later one is asked about."""
    world = worlds(request.param)
    for number, text in ((9, "something else entirely about logins"), (1, FIRST), (2, TWIN)):
        world.desk.add(number, text)
    look(world)
    return world


def look(world: Any) -> None:
    world.hub.sync()
    world.hub.act("review", prepare)


def teach(world: Any) -> None:
    """A person who was always right about sure likenesses, so that they attach from now on."""
    store = world.hub.store
    with world.hub.leased() as lease, store.transaction():
        work = world.hub.work(lease)
        model = Judge.of(work).model
        told: dict[str, Any] = {
            "feedback": Ref("desk", "9"),
            "kind": "feedback",
            "model": model,
            "at": world.clock.now(),
            "who": "ann",
            "verdict": Verdict.YES,
            "offered": 1,
            "idea": 1,
            "logit": 4.0,
            "margin": 2.0,
            "chance": 0.9,
            "version": 0,
        }
        for _ in range(120):
            store.put_answer(Answer(number=store.next_answer(), **told))
            found = learn(work, "feedback", model)
    assert found is not None and found.attaching


def states(world: Any) -> dict[Ref, tuple[QuestionState, float]]:
    refs = [Ref("desk", str(number)) for number in (1, 2, 3, 4, 9)]
    return {ref: (it.state, it.chance) for ref, it in world.hub.store.questions(refs).items()}


def test_what_was_found_before_attaches_once_enough_was_learned(hub: Any) -> None:
    teach(hub)
    look(hub)

    assert hub.where(2) == hub.where(1)


@pytest.mark.parametrize("change", [{"text": "Please bring a dark theme"}, {"text": "x", "deleted": True}])
def test_but_not_by_a_text_that_is_no_longer_there(hub: Any, change: Any) -> None:
    own = hub.where(2)
    hub.desk.add(1, **change)
    look(hub)
    teach(hub)
    look(hub)

    assert hub.where(2) == own != hub.where(1)


def test_nobody_is_asked_whether_a_piece_belongs_to_what_is_gone(hub: Any) -> None:
    before = [it.name for it in inquiries(hub.hub.store, 9)]
    hub.desk.add(1, "x", deleted=True)
    look(hub)

    assert (before, inquiries(hub.hub.store, 9)) == (["desk:2"], [])


def test_after_an_undo_every_question_stands_as_it_stood(hub: Any) -> None:
    hub.desk.add(3, "The login page in Excel shows a strange button for late users")
    hub.desk.add(4, "Weekly digest mails come late")
    look(hub)
    before = states(hub)
    for number in (2, 3, 4, 9):
        hub.act(link, f"desk:{number}", "IDEA-2")
        hub.act(undo, None)
    look(hub)

    assert {state for state, _ in before.values()} == {QuestionState.OPEN, QuestionState.NEW}
    assert states(hub) == before
