"""Any store: ideas, voices, ranking, decisions, routes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from opshub.errors import StoreError
from opshub.model import Decision, Idea, Override, Tombstone, Visibility
from opshub.store import Store
from opshub.store.rows import Route

DAY = timedelta(days=1)


def decide(store: Store, *decisions: Decision) -> int:
    with store.transaction():
        return store.put_decisions(decisions)


def test_an_idea_comes_back_exactly(store: Store, make: Any, now: datetime) -> None:
    idea = Idea(
        number=7,
        title="导出 “fails”",
        created_at=now,
        visibility=Visibility.PUBLIC,
        item=make.ref("1", "jira"),
    )

    with store.transaction():
        store.put_ideas([idea, Idea(number=8, title="", created_at=now)])

    assert store.idea(7) == idea
    assert store.idea(9) is None
    assert [found.number for found in store.ideas([8, 9, 7])] == [8, 7]
    assert store.ideas([]) == []


def test_an_idea_put_again_keeps_its_voices_and_gets_a_new_sequence_number(
    store: Store, make: Any, now: datetime
) -> None:
    number = make.idea("1", "2")
    decide(store, make.decision(number, 5.0, "P1"))
    seq = store.last_seq()

    with store.transaction():
        store.put_ideas([Idea(number=number, title="renamed", created_at=now)])

    assert [(idea.title, decision.band, voices) for idea, decision, voices in store.ranked(9)] == [
        ("renamed", "P1", 2)
    ]
    assert store.ideas_after(seq, 9) == [(seq + 1, number)]


def test_ideas_after_a_mark_come_in_order_of_sequence(store: Store, make: Any) -> None:
    first, second, third = make.idea("1"), make.idea("2"), make.idea("3")
    seq = store.last_seq()

    with store.transaction():
        store.touch_ideas([third, first, third])

    assert store.ideas_after(seq, 9) == [(seq + 1, third), (seq + 2, first)]
    assert store.ideas_after(seq, 1) == [(seq + 1, third)]
    assert store.ideas_after(0, 9)[0][1] == second


def test_voices_come_by_idea_in_the_order_given_the_oldest_first(
    store: Store, make: Any, now: datetime
) -> None:
    first = make.idea("a", "b", "c")
    second = make.idea("d")
    make.idea("e")
    make.put(make.feedback("b", created_at=now - DAY), make.feedback("a", created_at=now - DAY))

    voices = [(number, voice.ref.id) for number, voice in store.voices([second, first, 99, second])]

    assert voices == [(second, "d"), (first, "a"), (first, "b"), (first, "c")]
    assert list(store.voices([])) == []


def test_many_voices_of_many_ideas_come_back_whole(store: Store, make: Any) -> None:
    numbers = [make.idea(*[f"{idea}.{voice}" for voice in range(3)]) for idea in range(4)]
    big = make.idea(*[f"big.{voice:04}" for voice in range(1100)])

    voices = list(store.voices([big, *numbers]))

    assert [number for number, _ in voices] == [big] * 1100 + [n for n in numbers for _ in range(3)]
    assert [voice.ref.id for _, voice in voices[:2]] == ["big.0000", "big.0001"]


def test_voices_can_be_read_while_something_is_written(store: Store, make: Any) -> None:
    numbers = [make.idea(f"{idea}") for idea in range(5)]

    seen = []
    for number, _ in store.voices(numbers):
        decide(store, make.decision(number, 1.0))
        seen.append(number)

    assert seen == numbers


def test_ideas_are_ranked_by_priority_then_by_number(store: Store, make: Any) -> None:
    numbers = [make.idea(str(name)) for name in range(5)]
    decide(
        store, *[make.decision(numbers[place], score) for place, score in enumerate([1.0, 9.5, 1.0, -2.0])]
    )

    ranked = [idea.number for idea, _, _ in store.ranked(9)]

    assert ranked == [numbers[1], numbers[0], numbers[2], numbers[4], numbers[3]]
    assert [idea.number for idea, _, _ in store.ranked(2, 1)] == ranked[1:3]
    assert store.ranked(9)[3][1] == Decision(idea=numbers[4])


def test_ideas_can_be_ranked_within_a_band(store: Store, make: Any) -> None:
    numbers = [make.idea(str(name)) for name in range(4)]
    for number, band in zip(numbers, ["P1", "P2", "P1", "P3"], strict=True):
        decide(store, make.decision(number, float(number), band))

    assert [idea.number for idea, _, _ in store.ranked(9, band="P1")] == [numbers[2], numbers[0]]
    assert [idea.number for idea, _, _ in store.ranked(9, 1, "P1")] == [numbers[0]]
    assert (store.count_ideas(), store.count_ideas("P1"), store.count_ideas("none")) == (4, 2, 0)


def test_an_idea_that_nobody_speaks_for_is_not_ranked(store: Store, make: Any) -> None:
    make.idea()
    number = make.idea("1")
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("1"))])

    assert store.ranked(9) == []
    assert store.count_ideas() == 0
    assert store.idea(number) is not None


def test_an_idea_with_a_tracked_item_is_ranked_without_any_voice(store: Store, make: Any) -> None:
    make.put_items(make.item("1"))
    number = make.idea(item=make.ref("1", "jira"))

    assert [(idea.number, voices) for idea, _, voices in store.ranked(9)] == [(number, 0)]


def test_a_decision_comes_back_exactly(store: Store, make: Any, now: datetime) -> None:
    number = make.idea("1")
    decision = Decision(
        idea=number,
        scores={"reach": 3.0, "priority": 81.25, "a": 0.1},
        band="P1",
        tags=("churn-risk",),
        route="jira.SEC",
        urgency="urgent",
        legend="0123456789abcdef",
        traces=(
            (3, ("business", 3, 0.5, now, ("a", "b"), None, "退款"), (("desk", "1"), ("app", "2"))),
            (0, (), ()),
        ),
        due=now + DAY,
    )

    decide(store, decision)

    assert store.decisions([number, 99]) == {number: decision}
    assert list(store.decisions([number])[number].scores) == ["reach", "priority", "a"]
    assert store.decisions([]) == {}


def test_only_decisions_that_differ_get_a_new_sequence_number(store: Store, make: Any) -> None:
    first, second = make.idea("1"), make.idea("2")

    assert decide(store, make.decision(first, 1.0), make.decision(second, 2.0)) == 2
    seq = store.last_seq()
    assert decide(store, make.decision(first, 1.0), make.decision(second, 3.0)) == 1

    assert [(at, row.idea) for at, row in store.decisions_after(seq, 9)] == [(seq + 1, second)]
    assert [row.idea for _, row in store.decisions_after(0, 1)] == [first]


def test_destinations_are_read_without_the_rest_of_the_decision(store: Store, make: Any) -> None:
    first, second, third = make.idea("1"), make.idea("2"), make.idea("3")
    seq = store.last_seq()
    decide(store, make.decision(first, 1.0, route="jira.SEC", urgency="urgent"), make.decision(second, 2.0))
    decide(store, make.decision(third, 3.0, route="导出"))

    assert store.destinations_after(seq, 9) == [
        (seq + 1, first, "jira.SEC", "urgent"),
        (seq + 2, second, "", ""),
        (seq + 3, third, "导出", ""),
    ]
    assert store.destinations_after(seq + 2, 9) == [(seq + 3, third, "导出", "")]
    assert [idea for _, idea, _, _ in store.destinations_after(seq, 1)] == [first]


def test_the_moment_a_decision_falls_due_always_moves(store: Store, make: Any, now: datetime) -> None:
    number = make.idea("1")
    decide(store, make.decision(number, 1.0, due=now))
    seq = store.last_seq()

    assert decide(store, make.decision(number, 1.0, due=now + DAY)) == 0

    assert store.last_seq() == seq
    assert store.decisions([number])[number].due == now + DAY
    assert store.ideas_due(now, 9) == []


def test_ideas_fall_due_by_the_clock_the_longest_due_first(store: Store, make: Any, now: datetime) -> None:
    numbers = [make.idea(str(name)) for name in range(4)]
    for number, due in zip(numbers, [now, now - DAY, now + DAY, None], strict=True):
        decide(store, make.decision(number, 1.0, due=due))

    assert store.ideas_due(now, 9) == [numbers[1], numbers[0]]
    assert store.ideas_due(now, 1) == [numbers[1]]
    assert store.ideas_due(now - 2 * DAY, 9) == []


def test_a_decision_needs_an_idea_that_exists(store: Store, make: Any) -> None:
    number = make.idea("1")

    with pytest.raises(StoreError, match="IDEA-99 is not in the store"), store.transaction():
        store.put_decisions([make.decision(number, 1.0), make.decision(99, 1.0)])

    assert store.decisions([number, 99]) == {}


def test_a_decision_with_a_score_that_is_no_number_is_refused_by_name(store: Store, make: Any) -> None:
    number = make.idea("1")

    with pytest.raises(StoreError, match=f"IDEA-{number} cannot be stored: its scores.priority holds"):
        decide(store, make.decision(number, float("nan")))


def test_a_decision_does_not_touch_its_idea(store: Store, make: Any) -> None:
    number = make.idea("1")
    seq = store.last_seq()

    decide(store, make.decision(number, 1.0))

    assert store.ideas_after(seq, 9) == []


def test_routes_are_kept_replaced_and_dropped(store: Store, make: Any) -> None:
    first = Route(idea=1, connection="jira", project="SEC", urgency="urgent")
    second = Route(idea=2, connection="jira", project="EXP")
    with store.transaction():
        store.put_routes([first, second, Route(idea=3, connection="x", project="y")])
        store.put_routes([Route(idea=3, connection="jira", project="OPS")])
        store.drop_routes([2, 9])
        store.drop_routes([])

    assert store.routes([1, 2, 3, 4]) == {
        1: first,
        3: Route(idea=3, connection="jira", project="OPS"),
    }
    assert store.routes([]) == {}


def by_hand(number: int, now: datetime, **more: Any) -> Override:
    return Override(idea=number, because="so", who="ann", at=now, until=now + DAY, day="2026-03-02", **more)


def test_what_a_person_set_is_kept_replaced_and_dropped_and_touches_its_idea(
    store: Store, make: Any, now: datetime
) -> None:
    first, second = make.idea("1"), make.idea("2")
    seq = store.last_seq()

    with store.transaction():
        store.put_override(by_hand(first, now, priority=90.0))
        store.put_override(by_hand(second, now, band="P1", tags=("a", "b")))
        store.put_override(by_hand(first, now, route="jira.SEC"))
        dropped = [store.drop_override(second), store.drop_override(second)]

    assert store.overrides([second, first, 99]) == {first: by_hand(first, now, route="jira.SEC")}
    assert store.overrides([]) == {}
    assert dropped == [True, False]
    assert [number for _, number in store.ideas_after(seq, 9)] == [first, second]
    assert store.last_seq() == seq + 4


def test_nothing_is_set_for_an_idea_that_is_not_there(store: Store, now: datetime) -> None:
    with pytest.raises(StoreError, match="IDEA-7 is not in the store"), store.transaction():
        store.put_override(by_hand(7, now))

    assert store.overrides([7]) == {}


def test_a_priority_that_no_database_holds_is_refused(store: Store, make: Any, now: datetime) -> None:
    infinite = by_hand(make.idea("1"), now, priority=float("inf"))

    with pytest.raises(StoreError, match="its priority holds the number inf"), store.transaction():
        store.put_override(infinite)


def test_where_ideas_stand_is_kept_with_what_they_have_seen(store: Store) -> None:
    with store.transaction():
        first = store.put_standing([("reach", 2, 5.0), ("reach", 1, 7.0), ("rice", 1, 0.0)])
        store.put_seen([("reach", 1, "[100]"), ("reach", 2, "[71]"), ("reach", 9, "[0]")])
        again = store.put_standing(
            [("reach", 2, 5.0), ("reach", 1, 8.0), ("rice", 1, None), ("rice", 9, None)]
        )

    assert (first, again) == (3, 2)
    assert store.standing("reach") == [(1, 8.0, "[100]"), (2, 5.0, "[71]")]
    assert store.standing("rice") == []
    assert store.seen([2, 1, 9]) == [("reach", 1, "[100]"), ("reach", 2, "[71]")]
    assert store.seen([]) == []

    with store.transaction():
        store.drop_standing()

    assert store.standing("reach") == []


# -- titles -----------------------------------------------------------------------------------------------------


def test_titles_are_found_by_all_their_words_in_either_case_the_best_priority_first(
    store: Store, make: Any, now: datetime
) -> None:
    numbers = [make.idea(name) for name in ("1", "2", "3", "4")]
    titles = ["Тёмная тема, Straße", "Dark mode", "MODE dark, for the editor", "导出 Excel"]
    with store.transaction():
        store.put_ideas(
            [
                Idea(number=number, title=title, created_at=now)
                for number, title in zip(numbers, titles, strict=True)
            ]
        )
    decide(store, make.decision(numbers[2], 9.0), make.decision(numbers[1], 5.0))

    assert store.ideas_titled(["dark", "Mode"], 9) == [numbers[2], numbers[1]]
    assert store.ideas_titled(["dark", "Mode"], 1) == [numbers[2]]
    assert store.ideas_titled(["ТЁМНАЯ", "STRASSE"], 9) == [numbers[0]]
    assert store.ideas_titled(["导出"], 9) == [numbers[3]]
    assert store.ideas_titled(["dark", "导出"], 9) == []
    assert store.ideas_titled(["%"], 9) == []


def test_an_idea_without_voices_and_items_is_not_found_by_its_title(store: Store, make: Any) -> None:
    number = make.idea("1")
    assert store.ideas_titled(["idea"], 9) == [number]

    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("1"))])

    assert store.ideas_titled(["idea"], 9) == []
