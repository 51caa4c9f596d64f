"""Any store: what people are asked, what they said, and what was learned."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opshub.errors import StoreError
from opshub.model import Ref, Tombstone
from opshub.store import Store
from opshub.store.asked import Answer, Calibration, Offer, Question, QuestionState, Valued, Verdict

ONE, TWO, THREE = (Ref("desk", name) for name in "123")


def question(ref: Ref, **more: Any) -> Question:
    values: dict[str, Any] = {
        "kind": "ticket",
        "model": "words 1",
        "state": QuestionState.OPEN,
        "logit": 1.5,
        "margin": 0.25,
        "chance": 0.8,
        "worth": 0.5,
        "offers": (Offer(7, 0.82, Ref("shop", "9"), ("导出", "export")), Offer(8, 0.5, Ref("desk", "4"))),
    }
    return Question(feedback=ref, **{**values, **more})


def answer(store: Store, now: Any, ref: Ref = ONE, **more: Any) -> Answer:
    values: dict[str, Any] = {
        "kind": "ticket",
        "model": "words 1",
        "at": now,
        "who": "李娜",
        "verdict": Verdict.OTHER,
        "offered": 7,
        "idea": 9,
        "logit": 1.5,
        "margin": 0.25,
        "chance": 0.8,
        "version": 2,
        "guarded": True,
        "action": 3,
    }
    with store.transaction():
        made = Answer(number=store.next_answer(), feedback=ref, **{**values, **more})
        store.put_answer(made)
    return made


def calibration(now: Any, version: int = 1, **more: Any) -> Calibration:
    values: dict[str, Any] = {
        "kind": "ticket",
        "model": "words 1",
        "weights": (-0.5, 1.25, 0.0625),
        "fitted": 50,
        "answers": 51,
        "sure": 20,
        "right": 19,
        "promise": 0.95,
        "attaching": True,
        "attached": 0.125,
        "asked": 0.5,
        "at": now,
    }
    return Calibration(version=version, **{**values, **more})


def put(store: Store, *rows: Question) -> None:
    with store.transaction():
        store.put_questions(rows)


def test_a_question_comes_back_as_it_was_put_and_a_new_one_replaces_it(store: Store, make: Any) -> None:
    make.put(make.feedback("1"))
    asked = question(ONE, linked=3, pieces=4, version=2, guards=("negation", "numbers"))

    put(store, asked)
    assert store.questions([ONE, TWO]) == {ONE: asked}

    put(store, replace(asked, offers=(), state=QuestionState.NEW))
    assert store.questions([ONE]) == {ONE: replace(asked, offers=(), state=QuestionState.NEW)}
    assert store.questions([]) == {}


def test_nobody_is_asked_about_feedback_that_is_not_there(store: Store, make: Any, now: Any) -> None:
    with pytest.raises(StoreError, match="desk:1"):
        put(store, question(ONE))
    with pytest.raises(StoreError, match="desk:1"):
        answer(store, now)


def test_open_questions_come_by_worth_times_what_an_answer_moves(store: Store, make: Any) -> None:
    make.put(*(make.feedback(str(number)) for number in range(1, 6)))
    other = (Offer(9, 0.7, ONE),)
    put(
        store,
        question(ONE, worth=0.9, offers=other),
        question(TWO, worth=0.5),
        question(THREE, worth=0.4, pieces=2),
        question(Ref("desk", "4"), worth=0.5),
        question(Ref("desk", "5"), state=QuestionState.NEW, worth=0.9),
    )

    found = store.open_questions(9)

    # .9 × 1, .4 × 2, and .5 × 1 twice, in order of arrival.
    assert [(str(it.feedback), about) for it, about in found] == [
        ("desk:1", 1),
        ("desk:3", 3),
        ("desk:2", 3),
        ("desk:4", 3),
    ]
    assert [str(it.feedback) for it, _ in store.open_questions(1)] == ["desk:1"]


def test_a_kind_can_be_asked_alone(store: Store, make: Any) -> None:
    make.put(make.feedback("1"), make.feedback("2"))
    put(store, question(ONE), question(TWO, kind="review"))

    assert [(it.feedback, about) for it, about in store.open_questions(9, "review")] == [(TWO, 2)]


def test_feedback_that_is_gone_is_not_asked_about_or_counted(store: Store, make: Any) -> None:
    make.put(make.feedback("1"), make.feedback("2"))
    put(store, question(ONE), question(TWO))

    with store.transaction():
        store.put_tombstones([Tombstone(ONE)])

    assert [(it.feedback, about) for it, about in store.open_questions(9)] == [(TWO, 2)]
    assert store.count_questions() == {("ticket", "open"): 1}
    assert list(store.valued("ticket")) == [Valued(1.5, 0.25, 7, False)]
    make.put(make.feedback("1"))
    assert len(store.open_questions(9)) == 2


def test_questions_that_an_older_version_valued_are_found_oldest_first(store: Store, make: Any) -> None:
    make.put(*(make.feedback(str(number)) for number in range(1, 6)))
    states = (QuestionState.ATTACHED, QuestionState.NEW, QuestionState.OPEN, QuestionState.ANSWERED)
    put(store, *(question(Ref("desk", str(at)), state=state) for at, state in enumerate(states, 1)))
    put(store, question(Ref("desk", "5"), version=1))

    assert [it.feedback for it in store.questions_before("ticket", 1, 9)] == [ONE, TWO, THREE]
    assert [it.feedback for it in store.questions_before("ticket", 2, 2)] == [ONE, TWO]
    assert store.questions_before("review", 1, 9) == []


def test_what_decisions_read_says_whether_an_idea_was_offered_and_guarded(store: Store, make: Any) -> None:
    make.put(make.feedback("1"), make.feedback("2"))
    put(store, question(ONE, offers=(), logit=-7.5), question(TWO, guards=("numbers",)))

    assert list(store.valued("ticket")) == [Valued(-7.5, 0.25, 0, False), Valued(1.5, 0.25, 7, True)]


def test_answers_come_back_in_order_until_their_action_is_undone(store: Store, make: Any, now: Any) -> None:
    make.put(make.feedback("1"), make.feedback("2"))
    first = answer(store, now)
    second = answer(store, now, TWO, action=4, guarded=False)
    answer(store, now, kind="review")
    answer(store, now, model="words 2")

    assert (first.number, second.number) == (1, 2)
    assert store.answers("ticket", "words 1") == [first, second]
    assert store.answers_by(4) == [second]

    with store.transaction():
        store.withdraw_answers(4, 9)

    assert store.answers("ticket", "words 1") == [first]
    assert store.answers_by(4) == []


def test_every_version_of_a_calibration_is_kept(store: Store, now: Any) -> None:
    versions = [calibration(now), calibration(now, 2, attaching=False), calibration(now, 3, model="words 2")]
    review = calibration(now, 1, kind="review")

    with store.transaction():
        for it in (*versions, review):
            store.put_calibration(it)

    assert store.calibration("ticket", "words 1") == versions[1]
    assert store.calibration("ticket", "words 2") == versions[2]
    assert store.calibration("chat", "words 1") is None
    assert store.calibrations("ticket") == versions
    assert store.calibrations() == [review, *versions]


def test_questions_are_drawn_by_lot_of_what_is_likely_alone_and_not_guarded(store: Store, make: Any) -> None:
    names = [str(number) for number in range(1, 13)]
    for idea in (names[:3], names[3:]):
        make.idea(*idea)
    likely = [question(Ref("desk", name), chance=0.95) for name in names]
    likely[1] = replace(likely[1], chance=0.5)
    likely[2] = replace(likely[2], pieces=2)
    likely[3] = replace(likely[3], guards=("numbers",))
    likely[4] = replace(likely[4], state=QuestionState.ATTACHED)
    likely[5] = replace(likely[5], kind="issue")
    put(store, *likely)

    found = store.drawn_questions(0.9, 99, but=("issue",))

    drawn = [int(asked.feedback.id) for asked, _ in found]
    assert sorted(drawn) == [1, 7, 8, 9, 10, 11, 12]
    assert drawn != sorted(drawn)
    assert [about for _, about in found] == [11] * 7
    assert store.drawn_questions(0.9, 3, but=("issue",)) == found[:3]
    assert [asked.kind for asked, _ in store.drawn_questions(0.9, 99, "issue")] == ["issue"]
    large = store.drawn_questions(0.9, 99, but=("issue",), among=4)
    assert large == [row for row in found if row[0].feedback != ONE], "its idea has three pieces"
    assert store.drawn_questions(0.9, 99, among=10) == []
