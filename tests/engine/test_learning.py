"""What answers teach: when attaching by likeness switches itself on and off, and that every version is kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from opshub.engine.learning import LATEST, Expected, expect, held, kept, learn, may_attach, switched
from opshub.matching import SHIPPED, Features, Weights, chance
from opshub.model import Feedback, Ref
from opshub.store.asked import Answer, Calibration, Valued, Verdict

MODEL = "words"
Say = Callable[..., Calibration | None]


@pytest.fixture(params=["memory", "sqlite"])
def say(request: Any, worlds: Any) -> Say:
    """Has a person answer so many questions of one kind, all alike; the newest version after the last."""
    world = worlds(request.param)
    ref = Ref("desk", "1")
    piece = Feedback(ref=ref, url="", text="x", created_at=world.clock.now())
    with world.hub.store.transaction():
        world.hub.store.put_feedback([piece])

    def answers(
        count: int, right: bool, logit: float = 4.0, kind: str = "ticket", model: str = MODEL, **more: Any
    ) -> Calibration | None:
        store, found = world.hub.store, None
        with world.hub.leased() as lease, store.transaction():
            work = world.hub.work(lease)
            for _ in range(count):
                known = store.calibration(kind, model)
                weights = type(SHIPPED)(*known.weights) if known else SHIPPED
                values = {
                    "number": store.next_answer(),
                    "feedback": ref,
                    "kind": kind,
                    "model": model,
                    "at": world.clock.now(),
                    "who": "ann",
                    "verdict": Verdict.YES if right else Verdict.NO,
                    "offered": 1,
                    "idea": 1,
                    "logit": logit,
                    "margin": 2.0,
                    "chance": chance(Features(logit, 2.0), weights),
                    "version": known.version if known else 0,
                    **more,
                }
                store.put_answer(Answer(**values))
                found = learn(work, kind, model)
        return found

    answers.world = world  # type: ignore[attr-defined]  # the tests that undo need it
    return answers


def test_nothing_is_learned_before_fifty_answers(say: Say) -> None:
    assert say(49, True) is None

    first = say(1, True)

    assert first is not None
    assert (first.version, first.fitted, first.attaching) == (1, 50, False)


def test_it_switches_itself_on_at_a_hundred_answers_that_keep_the_promise(say: Say) -> None:
    at_99 = say(99, True)
    at_100 = say(1, True)

    assert at_99 is not None
    assert at_100 is not None
    assert (at_99.attaching, at_100.attaching) == (False, True)
    assert (at_100.version, at_100.sure, at_100.right) == (2, 100, 100)


def test_answers_about_what_is_not_sure_prove_nothing(say: Say) -> None:
    for turn in range(120):
        found = say(1, turn % 2 == 0, logit=-1.0)

    assert found is not None
    assert (found.sure, found.attaching) == (0, False)
    assert kept([], SHIPPED, 0.95) == (0, 0)


def test_what_is_sure_is_what_the_newest_weights_say(say: Say) -> None:
    say(25, False)
    found = say(25, True)

    store = say.world.hub.store  # type: ignore[attr-defined]  # see the fixture
    answers = store.answers("ticket", MODEL)
    assert found is not None
    assert kept(answers, Weights(*found.weights), 0.9) == (0, 0)
    assert kept(answers, SHIPPED, 0.9) == (50, 25)
    assert kept(answers * 5, SHIPPED, 0.9) == (LATEST, LATEST // 2)


def test_too_few_sure_ones_prove_nothing(say: Say) -> None:
    say(120, False, logit=-4.0)
    found = say(9, True, logit=7.0)

    assert found is not None
    assert not found.attaching


def test_three_wrong_answers_in_a_row_switch_it_off_at_once(say: Say) -> None:
    say(200, True)
    still = say(2, False)
    off = say(1, False)

    assert still is not None
    assert off is not None
    assert (still.attaching, off.attaching) == (True, False)
    assert (off.sure, off.right) == (200, 197)


def test_wrong_answers_that_come_one_by_one_switch_it_off_where_they_are_too_many(say: Say) -> None:
    say(100, True)
    states = []
    for _ in range(8):
        say(4, True)
        found = say(1, False)
        assert found is not None
        states.append(found.attaching)

    assert states == [True] * 5 + [False] * 3


@pytest.mark.parametrize(
    ("sure", "wrong", "keeps"),
    [(58, 0, False), (59, 0, True), (59, 2, True), (59, 3, False), (77, 3, False), (78, 3, True)],
)
def test_a_few_sure_answers_prove_less_than_the_share_of_them_that_was_right(
    say: Say, sure: int, wrong: int, keeps: bool
) -> None:
    """74 of 77 are more than .95, but the next one is not to be expected right with .95."""
    say(100, False, logit=-4.0)
    say(wrong, False, logit=7.0)
    say(sure - wrong, True, logit=7.0)
    answers = say.world.hub.store.answers("ticket", MODEL)  # type: ignore[attr-defined]  # see the fixture

    assert kept(answers, SHIPPED, 0.95) == (sure, sure - wrong)
    assert switched("ticket", answers, SHIPPED, 0.95) is keeps


def test_what_comes_right_again_switches_it_on_again(say: Say) -> None:
    say(100, True)
    say(6, False)

    found = say(400, True)

    assert found is not None
    assert found.attaching


def test_where_what_seemed_sure_was_wrong_too_often_only_the_surest_counts(say: Say) -> None:
    for turn in range(60):
        say(1, True, logit=6.0)
        say(1, turn % 8 != 0, logit=4.0)
    answers = say.world.hub.store.answers("ticket", MODEL)  # type: ignore[attr-defined]  # see the fixture

    lower = held(answers, SHIPPED, 0.95)

    assert kept(answers, SHIPPED, 0.95) == (120, 112)
    assert kept(answers, lower, 0.95) == (60, 60)
    assert lower[1:] == SHIPPED[1:]
    assert held(answers[:99], SHIPPED, 0.95) == SHIPPED
    assert held([it for it in answers if it.logit < 5] * 2, SHIPPED, 0.95) == SHIPPED


def test_where_what_was_right_is_wrong_of_late_the_surest_attach_all_the_same(say: Say) -> None:
    model = "words 1, meaning 1"
    say(200, True, model=model)
    for turn in range(100):
        say(1, True, logit=6.0, model=model)
        found = say(1, turn % 8 != 0, model=model)

    assert found is not None
    assert (found.sure, found.right, found.attaching) == (100, 100, True)


def test_trackers_never_attach(say: Say) -> None:
    found = say(200, True, kind="issue")

    assert found is not None
    assert not found.attaching
    limits = say.world.hub.limits  # type: ignore[attr-defined]  # see the fixture
    for similar in ("suggest", "learn", "attach"):
        assert not may_attach(replace(found, attaching=True), "issue", replace(limits, similar=similar))


def test_what_a_guard_keeps_back_is_not_held_against_the_promise(say: Say) -> None:
    say(100, True)

    found = say(50, False, guarded=True)

    assert found is not None
    assert found.attaching


def test_each_kind_and_each_model_learns_alone(say: Say) -> None:
    say(100, True)
    store = say.world.hub.store  # type: ignore[attr-defined]  # see the fixture

    assert say(10, False, kind="review") is None
    assert store.calibration("ticket", "other words") is None
    assert store.calibration("review", MODEL) is None


def test_another_promise_is_proved_anew(say: Say) -> None:
    say(100, True)
    say(2, False)
    world = say.world  # type: ignore[attr-defined]  # see the fixture
    world.hub.limits = replace(world.hub.limits, attach=0.99)
    known = world.hub.store.calibration("ticket", MODEL)
    assert known is not None
    assert known.attaching
    assert not may_attach(known, "ticket", world.hub.limits)

    with world.hub.leased() as lease, world.hub.store.transaction():
        found = learn(world.hub.work(lease), "ticket", MODEL)

    assert found is not None
    assert (found.version, found.promise, found.attaching) == (known.version + 1, 0.99, False)
    assert found.weights == known.weights


def test_every_version_stays_and_the_next_counts_on(say: Say) -> None:
    say(100, True)
    say(60, False)
    versions = say.world.hub.store.calibrations("ticket")  # type: ignore[attr-defined]  # see the fixture

    assert [it.version for it in versions] == list(range(1, len(versions) + 1))
    assert [it.fitted for it in versions if it.attaching] == [100]
    assert versions[-1].fitted == 150


def test_withdrawn_answers_are_unlearned(say: Say) -> None:
    before = say(100, True)
    say(50, False, action=7)
    world = say.world  # type: ignore[attr-defined]  # see the fixture

    with world.hub.leased() as lease, world.hub.store.transaction():
        world.hub.store.withdraw_answers(7, 8)
        after = learn(world.hub.work(lease), "ticket", MODEL)

    assert before is not None
    assert after is not None
    assert (after.weights, after.answers, after.attaching) == (before.weights, 100, True)


def test_shares_add_up_and_a_guard_turns_attaching_into_asking() -> None:
    rows = [
        Valued(4.0, 1.0, 7, False),
        Valued(4.0, 1.0, 7, True),
        Valued(-1.0, 1.0, 7, False),
        Valued(-7.0, 0.0, 0, False),
    ]

    assert expect(rows, SHIPPED, 0.95, 0.1) == Expected(0.25, 0.5, 0.25, 0.982)
    assert expect(rows, SHIPPED, 0.99, 0.9) == Expected(0.0, 0.5, 0.5, 0.0)
    assert expect([], SHIPPED, 0.95, 0.1) == Expected(0.0, 0.0, 0.0, 0.0)
