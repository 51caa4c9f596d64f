"""What people are asked about likenesses, what their answers do, and what is never touched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.conftest import World

from opshub.engine.asking import begin_again
from opshub.engine.deed import Asked, Done
from opshub.engine.inquiry import Inquiry
from opshub.engine.likeness import Judge
from opshub.engine.merge import merge
from opshub.engine.points import watch_points
from opshub.engine.questions import sampled
from opshub.engine.regroup import link
from opshub.engine.review import answer, inquiries, inquiry, prepare
from opshub.engine.undo import undo
from opshub.errors import NotFoundError, UsageError
from opshub.matching import Candidate, Matcher, terms
from opshub.model import Feedback, LinkMaker, Ref
from opshub.store.asked import Answer, QuestionState, Verdict

FIRST = "The weekly export to Excel loses its last column"
SECOND = "Weekly export loses the last column when opened in Excel"
OTHER = "Please give us a dark mode for the editor"


def sync(world: Any, whole: bool = False) -> None:
    """A sync, and then the quiet in which questions are prepared."""
    world.hub.sync(full=whole)
    world.hub.act("review", prepare)


def asked(world: Any) -> list[str]:
    """Which pieces are asked about, and the ideas that are offered."""
    found: list[Inquiry] = inquiries(world.hub.store, 99)
    return [f"{it.feedback.ref} {' '.join(c.idea.id for c in it.choices)}" for it in found]


def say(world: Any, piece: str, said: str, by: str = "ann") -> Done:
    done: Done = world.hub.act("review", partial(answer, name=piece, said=said, asked=Asked(by)))
    return done


def answers(world: Any) -> list[Answer]:
    return list(world.hub.store.answers("feedback", Judge(world.hub.store, world.hub.limits).model))


def made_by(world: Any, number: object) -> LinkMaker:
    ref = Ref("desk", str(number))
    maker: LinkMaker = world.hub.store.links_of([ref])[ref].maker
    return maker


@pytest.fixture(params=["memory", "sqlite"])
def alike(request: Any, worlds: Any) -> Any:
    """A world with two tickets that are alike and one that is not."""
    world = worlds(request.param)
    for number, text in ((1, FIRST), (2, OTHER), (3, SECOND)):
        world.desk.add(number, text)
    sync(world)
    return world


def test_in_a_fresh_hub_a_likeness_attaches_nothing_and_the_later_piece_is_asked_about(alike: Any) -> None:
    assert alike.where(1, 2, 3) == [1, 2, 3]
    assert asked(alike) == ["desk:3 IDEA-1"]


def test_yes_moves_the_piece_by_the_hand_of_a_person(alike: Any) -> None:
    done = say(alike, "desk:3", "yes")

    assert alike.where(1, 3) == [1, 1]
    assert made_by(alike, 3) is LinkMaker.PERSON
    assert done.action.told() == "ann linked desk:3 to IDEA-1"
    assert asked(alike) == []
    (kept,) = answers(alike)
    assert (kept.verdict, kept.offered, kept.idea, kept.who, kept.action) == (Verdict.YES, 1, 1, "ann", 1)
    assert alike.voices() == {1: 2, 2: 1}


def test_no_and_new_keep_it_apart_for_good(alike: Any) -> None:
    done = say(alike, "desk:3", "no")

    assert alike.where(3) == [3]
    assert done.action.told() == "ann said that desk:3 does not belong to IDEA-1"
    assert alike.hub.store.apart([Ref("desk", "3")]) == {Ref("desk", "3"): {1}}
    assert [it.verdict for it in answers(alike)] == [Verdict.NO]
    alike.desk.add(3, SECOND + " again")
    alike.hub.limits = replace(alike.hub.limits, similar="attach")
    sync(alike, whole=True)
    assert (alike.where(3), asked(alike)) == ([3], [])


def test_another_idea_can_be_named(alike: Any) -> None:
    say(alike, "desk:3", "IDEA-2")

    assert alike.where(3) == [2]
    assert [(it.verdict, it.offered, it.idea) for it in answers(alike)] == [(Verdict.OTHER, 1, 2)]


@pytest.mark.parametrize("said", ["yes", "no", "new", "IDEA-2"])
def test_undoing_the_action_withdraws_the_answer_and_asks_again(alike: Any, said: str) -> None:
    before = asked(alike)
    done = say(alike, "desk:3", said)
    assert len(answers(alike)) == 1

    alike.act(undo, str(done.action.number))

    assert answers(alike) == []
    assert asked(alike) == before
    assert alike.where(1, 2, 3) == [1, 2, 3]
    assert alike.hub.store.apart([Ref("desk", "3")]) == {}
    say(alike, "desk:3", "yes")
    assert alike.where(3) == [1]


def test_linking_and_merging_by_hand_answer_what_was_asked(alike: Any, worlds: Any) -> None:
    alike.act(link, "desk:3", "IDEA-1")
    assert [it.verdict for it in answers(alike)] == [Verdict.YES]
    alike.act(undo, None)

    alike.act(merge, "IDEA-3", "IDEA-1")
    assert [(it.verdict, it.idea) for it in answers(alike)] == [(Verdict.YES, 1)]
    alike.act(undo, None)
    assert asked(alike) == ["desk:3 IDEA-1"]

    alike.act(merge, "IDEA-1", "IDEA-3")
    assert [(it.verdict, it.idea) for it in answers(alike)] == [(Verdict.YES, 3)]
    alike.act(undo, None)

    alike.act(merge, "IDEA-3", "IDEA-2")
    assert [(it.verdict, it.idea) for it in answers(alike)] == [(Verdict.OTHER, 2)]


def test_a_merge_of_others_answers_nothing(alike: Any) -> None:
    alike.act(merge, "IDEA-2", "IDEA-1")

    assert answers(alike) == []
    assert asked(alike) == ["desk:3 IDEA-1"]


def test_where_others_say_the_same_a_yes_takes_the_whole_idea_along(alike: Any) -> None:
    alike.desk.add(4, SECOND.upper())
    sync(alike)
    found = inquiry(alike.hub.store, "desk:3")
    assert found.moves == 2

    done = say(alike, "desk:3", "yes")

    assert done.action.told() == "ann merged IDEA-3 into IDEA-1"
    assert alike.where(1, 3, 4) == [1, 1, 1]
    assert [it.verdict for it in answers(alike)] == [Verdict.YES]


def test_an_answer_about_a_whole_idea_teaches_no_weights(alike: Any) -> None:
    for number, text in ((5, "Dark mode for the editor, please"), (6, "DARK MODE for the editor, please")):
        alike.desk.add(number, text)
    sync(alike)
    assert inquiry(alike.hub.store, "desk:5").moves == 2

    say(alike, "desk:5", "yes")
    say(alike, "desk:3", "yes")

    assert [(str(it.feedback), it.guarded) for it in answers(alike)] == [("desk:5", True), ("desk:3", False)]


def test_what_a_key_or_a_person_decides_is_asked_about_no_more(alike: Any) -> None:
    alike.board.add("EXP-1", "Export")
    alike.desk.add(3, f"{SECOND} EXP-1")
    sync(alike)

    assert asked(alike) == []
    with pytest.raises(UsageError, match="nobody is asked about desk:3"):
        say(alike, "desk:3", "yes")


def test_what_a_match_block_takes_is_asked_about_no_more_until_it_is_released(alike: Any) -> None:
    alike.use('match "Export" { when text mentions ["opened"] to "IDEA-2" }\n')
    sync(alike)
    assert (asked(alike), alike.where(1, 3)) == ([], [1, 2])

    alike.use("score reach = count feedback\n")
    sync(alike)

    assert asked(alike) == ["desk:3 IDEA-1"]
    assert alike.where(3) == [4]


@pytest.mark.parametrize("text", [SECOND, f"{SECOND} again"])
def test_what_began_the_idea_that_a_block_gives_it_to_is_asked_about_no_more(alike: Any, text: str) -> None:
    alike.use('match "Export" { when text mentions ["opened"] to "IDEA-3" }\n')
    alike.desk.add(3, text)
    sync(alike)

    assert (made_by(alike, 3), asked(alike)) == (LinkMaker.SAME, [])


@pytest.mark.parametrize("said", ["perhaps", "IDEA-99", ""])
def test_an_answer_that_means_nothing_is_refused(alike: Any, said: str) -> None:
    with pytest.raises(NotFoundError):
        say(alike, "desk:3", said)

    assert asked(alike) == ["desk:3 IDEA-1"]


def test_an_answer_is_given_once(alike: Any) -> None:
    say(alike, "desk:3", "no")

    with pytest.raises(UsageError, match="answered that already"):
        say(alike, "desk:3", "yes")
    with pytest.raises(NotFoundError):
        say(alike, "desk:9", "yes")


def test_its_own_idea_is_no_other(alike: Any) -> None:
    with pytest.raises(UsageError, match="is in IDEA-3 already"):
        say(alike, "desk:3", "IDEA-3")


def test_an_offer_follows_its_nearest_piece(alike: Any) -> None:
    alike.act(link, "desk:1", "IDEA-2")

    assert asked(alike) == ["desk:3 IDEA-2"]
    say(alike, "desk:3", "yes")
    assert alike.where(3) == [2]


def test_feedback_without_words_and_alerts_are_not_asked_about(alike: Any) -> None:
    alike.desk.add(4, "")
    sync(alike)

    assert Ref("desk", "4") not in alike.hub.store.questions([Ref("desk", "4")])


def test_a_changed_text_is_looked_at_again(alike: Any) -> None:
    alike.desk.add(3, OTHER.replace("Please give us", "We want"))
    sync(alike)

    assert asked(alike) == ["desk:3 IDEA-2"]


PIECES = (
    FIRST,
    OTHER,
    SECOND,
    "The weekly export loses a column",
    "Give the editor a dark mode please",
    SECOND + "!",
)
STEPS = st.tuples(st.integers(0, 9), st.sampled_from(["yes", "no", "new", "IDEA-1", "IDEA-2", "merge"]))


def stand(world: Any) -> tuple[Any, ...]:
    """Where everything is, what may not be, what is asked and what counts."""
    refs = [Ref("desk", str(number)) for number in range(1, len(PIECES) + 1)]
    store = world.hub.store
    merged = store.merged(range(1, 20))
    return store.links_of(refs), store.apart(refs), asked(world), answers(world), merged, store.calibrations()


@settings(max_examples=25, deadline=None)
@given(st.lists(STEPS, max_size=6))
def test_any_answers_undone_in_turn_give_back_the_start(steps: list[tuple[int, str]]) -> None:
    world = World(None, None)
    for number, text in enumerate(PIECES, 1):
        world.desk.add(number, text)
    sync(world)
    states, done = [stand(world)], []
    for pick, said in steps:
        found = inquiries(world.hub.store, 99)
        if not found:
            break
        one = found[pick % len(found)]
        try:
            if said == "merge":
                made = world.act(merge, one.choices[0].idea.id, one.own.id)
            else:
                made = say(world, str(one.feedback.ref), said)
        except UsageError:
            continue
        done.append(made.action.number)
        states.append(stand(world))

    for number, before in zip(reversed(done), reversed(states[:-1]), strict=True):
        world.act(undo, str(number))
        assert stand(world) == before


# -- attaching once it was proved ---------------------------------------------------------------------------------


def crowd(world: Any, begin: int, end: int) -> None:
    """Pairs of tickets: those of one topic share four words that no other topic has."""
    for number in range(begin, end):
        topic = number // 2
        words = " ".join(f"{word}{topic}x" for word in ("export", "column", "sheet", "weekly"))
        world.desk.add(number, f"{words} own{number}y", who=f"p{number}")


def answer_all(world: Any, said: str) -> int:
    """A reviewer who answers everything alike; how many answers it took."""
    count = 0
    while found := inquiries(world.hub.store, 1):
        say(world, str(found[0].feedback.ref), said)
        count += 1
    return count


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory, empty: Path) -> Path:
    """A database with 240 tickets and 120 questions, all answered with yes."""
    folder = tmp_path_factory.mktemp("answered")
    world = World(folder, empty)
    world.desk.size = 500
    crowd(world, 0, 240)
    sync(world)
    assert answer_all(world, "yes") == 120
    world.hub.store.close()
    return folder / "hub.db"


@pytest.fixture
def proved(tmp_path: Path, answered: Path) -> Iterator[Any]:
    """A world in which a perfect reviewer has answered."""
    made = World(tmp_path, answered)
    made.desk.size = 500
    yield made
    made.hub.store.close()


def test_a_perfect_reviewer_switches_attaching_on_and_wrong_ones_off(proved: Any) -> None:
    world = proved
    newest = world.hub.store.calibrations("feedback")[-1]
    assert newest.attaching

    crowd(world, 240, 260)
    sync(world)

    assert all(made_by(world, number) is LinkMaker.SIMILARITY for number in range(241, 260, 2))
    checks = [number for number in range(241, 260, 2) if sampled(Ref("desk", str(number)))]
    assert asked(world) == [f"desk:{number} IDEA-{world.where(number)[0]}" for number in checks]

    with world.hub.leased() as lease, world.hub.store.transaction():
        spoil(world, world.hub.work(lease))
    crowd(world, 260, 280)
    sync(world)
    assert all(made_by(world, number) is LinkMaker.SAME for number in range(261, 280, 2))


def spoil(world: Any, work: Any) -> None:
    """Ten sure answers that were wrong."""
    from opshub.engine.learning import learn

    store = world.hub.store
    model = Judge(store, world.hub.limits).model
    last = store.answers("feedback", model)[-1]
    for _ in range(10):
        wrong = replace(last, number=store.next_answer(), verdict=Verdict.NO, chance=0.99)
        store.put_answer(wrong)
        learn(work, "feedback", model)


def test_what_a_likeness_attached_draws_nothing_after_it(proved: Any) -> None:
    world = proved
    words = "export900x column900x sheet900x weekly900x"
    world.desk.add(900, f"{words} first900y")
    world.desk.add(901, f"{words} one900y two900y")
    sync(world)
    assert made_by(world, 901) is LinkMaker.SIMILARITY

    world.desk.add(902, f"{words} one900y two900y three900y")
    world.desk.add(903, f"{words} first900y four900y")
    sync(world)

    assert made_by(world, 902) is LinkMaker.SAME
    assert made_by(world, 903) is LinkMaker.SIMILARITY
    assert f"desk:902 IDEA-{world.where(900)[0]}" in asked(world)


def test_of_a_page_four_of_five_questions_are_drawn_by_lot_of_what_is_nearly_sure(world: Any) -> None:
    world.desk.size = 500
    crowd(world, 0, 120)
    sync(world)
    store, limits = world.hub.store, world.hub.limits

    def page(count: int, kind: str = "", **more: Any) -> list[str]:
        found = inquiries(store, count, kind, limits=replace(limits, attach=0.6, **more))
        return [it.name for it in found]

    by_worth = [it.name for it in inquiries(store, 5)]

    drawn = page(5)
    assert len(drawn) == 5
    assert by_worth[0] in drawn
    assert len(set(drawn) - set(by_worth)) >= 3
    assert drawn == page(5)
    assert page(5, similar="attach") == by_worth
    assert page(5, "idea") == []
    assert sorted(page(99)) == sorted(it.name for it in inquiries(store, 99))


def test_with_suggest_nothing_attaches_whatever_was_answered(proved: Any) -> None:
    world = proved
    world.hub.limits = replace(world.hub.limits, similar="suggest")

    crowd(world, 240, 250)
    sync(world)

    assert all(made_by(world, number) is LinkMaker.SAME for number in range(240, 250))
    assert len(asked(world)) == 5


def test_a_reviewer_who_says_no_switches_nothing_on(world: Any) -> None:
    world.desk.size = 500
    crowd(world, 0, 204)
    sync(world)

    assert answer_all(world, "no") >= 50
    assert not world.hub.store.calibrations("feedback")[-1].attaching


def test_what_is_open_when_it_switches_on_is_attached_where_nobody_spoke_of_it(world: Any) -> None:
    world.desk.size = 500
    crowd(world, 0, 260)
    sync(world)
    touched = inquiries(world.hub.store, 99)[-1]
    nearest = touched.choices[0].nearest
    assert nearest is not None
    world.act(link, str(nearest.ref), touched.own.id)
    world.act(undo, None)
    for _ in range(110):
        found = inquiries(world.hub.store, 2)
        one = next(it for it in found if it.own != touched.own)
        say(world, str(one.feedback.ref), "yes")
    assert world.hub.store.calibrations("feedback")[-1].attaching

    world.hub.act("review", prepare)

    makers = {made_by(world, number) for number in range(1, 260, 2)} - {LinkMaker.PERSON}
    assert LinkMaker.SIMILARITY in makers
    assert made_by(world, touched.feedback.ref.id) is LinkMaker.SAME
    assert f"{touched.feedback.ref} {touched.choices[0].idea.id}" in asked(world)


def test_an_attached_piece_that_is_asked_about_is_confirmed_or_taken_out(proved: Any) -> None:
    world = proved
    crowd(world, 240, 340)
    sync(world)
    first, second = (it for it in inquiries(world.hub.store, 2))
    assert first.attached

    say(world, str(first.feedback.ref), "yes")
    done = say(world, str(second.feedback.ref), "no")

    assert made_by(world, first.feedback.ref.id) is LinkMaker.PERSON
    assert done.action.told().startswith(f"ann unlinked {second.feedback.ref} from")
    assert [it.verdict for it in answers(world)[-2:]] == [Verdict.YES, Verdict.NO]
    assert world.where(second.feedback.ref.id) != [second.own.number]


# -- another model ------------------------------------------------------------------------------------------------


class Topics:
    """A matcher that knows what people mean: the first word."""

    model = "topics 1"

    def joins_from(self, feedback: Feedback) -> float:
        return 0.9

    def candidates(self, feedback: Feedback, search: Any, limit: int = 5) -> list[Candidate]:
        found: dict[int, Candidate] = {}
        for ref, idea, *_ in search.search_text({terms("", feedback.text)[0]: 1.0}, 50):
            if idea is not None and ref != feedback.ref:
                found.setdefault(idea, Candidate(idea, 0.97, ref, (feedback.text.split()[0],)))
        return list(found.values())[:limit]


@pytest.fixture
def other_model(monkeypatch: pytest.MonkeyPatch) -> Callable[[Matcher], None]:
    """From now on another matcher values likenesses."""

    def change(matcher: Matcher) -> None:
        monkeypatch.setattr("opshub.engine.likeness.full_text", lambda store, setting: matcher)

    return change


def test_another_model_looks_at_everything_again_and_keeps_what_people_said(
    alike: Any, other_model: Callable[[Matcher], None]
) -> None:
    alike.desk.add(4, "weekly nonsense")
    alike.desk.add(5, "the roadmap")
    sync(alike)
    say(alike, "desk:3", "no")
    alike.act(link, "desk:5", "IDEA-2")
    before = alike.where(1, 2, 3, 4, 5)

    other_model(Topics())
    alike.hub.act("review", prepare)

    assert alike.where(1, 2, 3, 4, 5) == before
    assert asked(alike) == ["desk:4 IDEA-1 IDEA-3"]
    assert answers(alike) == []


def test_what_the_new_model_would_not_attach_is_asked_about(
    alike: Any, other_model: Callable[[Matcher], None]
) -> None:
    alike.hub.limits = replace(alike.hub.limits, similar="attach")
    alike.desk.add(6, FIRST.replace("weekly", "monthly"))
    alike.desk.add(7, SECOND.replace("Weekly", "Weekly weekly"))
    sync(alike)
    # What came before the setting was changed follows its nearest pieces too.
    assert {made_by(alike, number) for number in (3, 6, 7)} == {LinkMaker.SIMILARITY}
    held = alike.where(3, 6, 7)
    assert not sampled(Ref("desk", "6"))

    class Nothing(Topics):
        model = "nothing 1"

        def candidates(self, feedback: Feedback, search: Any, limit: int = 5) -> list[Candidate]:
            return []

    other_model(Nothing())
    alike.hub.act("review", prepare)

    assert alike.where(3, 6, 7) == held
    assert {row.split()[0] for row in asked(alike)[:3]} == {"desk:3", "desk:6", "desk:7"}


# -- kill, order --------------------------------------------------------------------------------------------------


class _Killed(BaseException):
    pass


def state(world: Any) -> list[Any]:
    refs = [Ref("desk", str(number)) for number in range(300)]
    questions = world.hub.store.questions(refs)
    return [questions.get(ref) for ref in refs]


@pytest.mark.parametrize("at", ["match.before_commit", "match.committed"])
@pytest.mark.parametrize("turn", [1, 3])
def test_a_kill_between_two_batches_changes_nothing_in_the_end(worlds: Any, at: str, turn: int) -> None:
    whole, killed = worlds("sqlite"), worlds("sqlite")
    for world in (whole, killed):
        world.desk.size = 500
        crowd(world, 0, 40)
        world.hub.sync()
    whole.hub.act("review", partial(prepare, each=40))
    left = turn

    def kill(name: str) -> None:
        nonlocal left
        left -= name == at
        if left == 0:
            raise _Killed

    watch_points(kill)
    try:
        with pytest.raises(_Killed):
            killed.hub.act("review", partial(prepare, each=5))
    finally:
        watch_points(None)
    killed.hub.act("review", partial(prepare, each=7))

    assert state(killed) == state(whole)
    assert len(asked(whole)) == 20


def test_the_size_of_pages_and_of_batches_changes_no_question(worlds: Any) -> None:
    ends = []
    for size, each in ((2, 3), (500, 100)):
        world = worlds("sqlite")
        world.desk.size = size
        crowd(world, 0, 30)
        world.hub.sync()
        world.hub.act("review", partial(prepare, each=each))
        ends.append(state(world))

    assert ends[0] == ends[1]


def test_a_bounded_look_says_that_it_has_not_come_to_the_end(alike: Any) -> None:
    crowd(alike, 10, 20)
    alike.desk.size = 500
    alike.hub.sync()

    assert alike.hub.act("review", partial(prepare, most=4, each=2)) is False
    assert alike.hub.act("review", prepare) is True


def test_looking_again_from_the_beginning_finds_the_same(alike: Any) -> None:
    before = asked(alike)
    questions = alike.hub.store.questions([Ref("desk", "3")])

    def again(work: Any) -> bool:
        with work.commit("match"):
            begin_again(work)
        return prepare(work)

    assert alike.hub.act("matching", again)
    assert asked(alike) == before
    assert alike.hub.store.questions([Ref("desk", "3")]) == questions
    assert questions[Ref("desk", "3")].state is QuestionState.OPEN


def test_a_default_sync_looks_for_no_likeness(world: Any) -> None:
    world.desk.add(1, FIRST)
    world.desk.add(2, SECOND)
    world.hub.sync()

    assert world.hub.store.count_questions() == {}
    assert len(world.hub.store.unindexed(9)) == 2
