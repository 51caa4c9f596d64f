"""Any store: hours that wait to be counted, feedback of a stretch of time, values of signals, breaches of alerts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opshub.errors import StoreError
from opshub.model import Point, Ref, Tombstone
from opshub.store import Store
from opshub.store.rows import Breach, SignalValue, Support

DAY = datetime(2026, 2, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)


def hour(moment: datetime) -> int:
    return int(moment.timestamp()) // 3600


def counted(store: Store) -> None:
    with store.transaction():
        store.mark_counted(store.uncounted_hours())


def test_new_feedback_makes_its_hour_wait_until_it_is_counted(store: Store, make: Any) -> None:
    make.put(make.feedback("1", created_at=DAY), make.feedback("2", created_at=DAY + HOUR * 1.9))

    assert store.uncounted_hours() == [hour(DAY), hour(DAY) + 1]
    counted(store)
    assert store.uncounted_hours() == []


def test_feedback_before_1970_has_an_hour_too(store: Store, make: Any) -> None:
    early = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    make.put(make.feedback("1", created_at=early), make.feedback("2", created_at=early - HOUR))
    make.put(make.feedback("3", created_at=datetime(1969, 12, 31, 22, tzinfo=UTC)))

    assert store.uncounted_hours() == [-2, -1]


def test_feedback_that_moved_in_time_makes_both_hours_wait(store: Store, make: Any) -> None:
    make.put(make.feedback("1", created_at=DAY))
    counted(store)

    make.put(make.feedback("1", created_at=DAY + 5 * HOUR))

    assert store.uncounted_hours() == [hour(DAY), hour(DAY) + 5]


def test_an_edit_and_a_tombstone_make_the_hour_wait_and_a_repetition_does_not(
    store: Store, make: Any
) -> None:
    make.put(make.feedback("1", created_at=DAY), make.feedback("2", created_at=DAY + HOUR))
    counted(store)

    make.put(make.feedback("1", created_at=DAY))
    assert store.uncounted_hours() == []
    make.put(make.feedback("1", "other words", created_at=DAY))
    assert store.uncounted_hours() == [hour(DAY)]
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("2"))])
    assert store.uncounted_hours() == [hour(DAY), hour(DAY) + 1]


def test_what_waits_is_taken_back_with_its_transaction(store: Store, make: Any) -> None:
    make.put(make.feedback("1", created_at=DAY))
    try:
        with store.transaction():
            store.mark_counted([hour(DAY)])
            raise RuntimeError
    except RuntimeError:
        pass

    assert store.uncounted_hours() == [hour(DAY)]


def test_feedback_of_a_stretch_is_living_and_in_order(store: Store, make: Any) -> None:
    moments = {
        "1": DAY + HOUR,
        "2": DAY,
        "3": DAY,
        "4": DAY + 24 * HOUR,
        "5": DAY - timedelta(microseconds=1),
    }
    make.put(*(make.feedback(name, created_at=at) for name, at in moments.items()))
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("3"))])

    found = [feedback.ref.id for feedback in store.feedback_between(DAY, DAY + 24 * HOUR)]

    assert found == ["2", "1"]


def test_values_are_kept_and_replaced(store: Store) -> None:
    with store.transaction():
        store.put_values([SignalValue("rate", DAY, 0.5), SignalValue("rate", DAY + HOUR, None)])
        store.put_values([SignalValue("rate", DAY, 0.25), SignalValue("other", DAY, 7.0)])

    assert store.values("rate", DAY, DAY + 2 * HOUR) == {DAY: 0.25, DAY + HOUR: None}
    assert store.values("rate", DAY + HOUR, DAY + 2 * HOUR) == {DAY + HOUR: None}
    assert store.values("rate", DAY, DAY) == {}
    assert store.first_value("rate") == DAY
    assert store.first_value("unknown") is None


def test_values_of_a_period_are_dropped(store: Store) -> None:
    with store.transaction():
        store.put_values([SignalValue(name, at, 1.0) for name in ("a", "b", "c") for at in (DAY, DAY + HOUR)])
        store.drop_values(["a", "b"], DAY)

    assert store.values("a", DAY, DAY + 2 * HOUR) == {DAY + HOUR: 1.0}
    assert [store.first_value(name) for name in "abc"] == [DAY + HOUR, DAY + HOUR, DAY]


def test_forgetting_values_makes_every_hour_with_living_feedback_wait(store: Store, make: Any) -> None:
    make.put(make.feedback("1", created_at=DAY), make.feedback("2", created_at=DAY + HOUR))
    with store.transaction():
        store.put_tombstones([Tombstone(make.ref("2"))])
        store.put_values([SignalValue("rate", DAY, 0.5)])
    counted(store)

    with store.transaction():
        store.forget_values()

    assert store.values("rate", DAY, DAY + HOUR) == {}
    assert store.uncounted_hours() == [hour(DAY)]


def test_a_breach_is_kept_until_it_is_over(store: Store) -> None:
    breach = Breach("Complaints grow", DAY, None, 7, (0.01, 0.02))
    with store.transaction():
        store.put_breach(breach)
    assert store.breaches() == [breach]

    with store.transaction():
        store.put_breach(breach._replace(until=DAY + HOUR))
        store.put_breach(Breach("Another", DAY, None, 0, ()))

    assert store.breaches() == [Breach("Another", DAY, None, 0, ()), breach._replace(until=DAY + HOUR)]


def test_breaches_are_asked_for_by_the_ideas_that_they_opened(store: Store) -> None:
    mine, other = Breach("a", DAY, None, 7, ()), Breach("b", DAY, None, 8, ())
    with store.transaction():
        store.put_breach(mine)
        store.put_breach(other)

    assert store.breaches([7]) == [mine]
    assert store.breaches([]) == []


def test_what_people_let_an_idea_support_is_kept_until_they_take_it_back(store: Store, make: Any) -> None:
    make.put(make.feedback("1", created_at=DAY))
    number = make.idea("1")
    before = store.last_seq()
    support = Support(number, "Adoption", "it removes the first hurdle", "ann", DAY)
    with store.transaction():
        store.put_support(support._replace(because="first thought"))
        store.put_support(support)

    assert store.supports([number, number + 1]) == [support]
    assert store.ideas_after(before, 9)[0][1] == number
    with store.transaction():
        assert store.drop_support(number, "Adoption")
        assert not store.drop_support(number, "Adoption")
    assert store.supports([number]) == []


def test_an_idea_that_is_not_there_supports_nothing(store: Store) -> None:
    with pytest.raises(StoreError, match="IDEA-9"), store.transaction():
        store.put_support(Support(9, "Adoption", "", "ann", DAY))


def point(name: str, value: float, record: str = "1", at: datetime = DAY, **more: Any) -> Point:
    return Point(ref=Ref("numbers", record), name=name, at=at, value=value, **more)


def test_points_of_a_record_replace_those_it_had(store: Store) -> None:
    first = {Ref("numbers", "1"): [point("a", 1.0), point("b", 2.0, segment="new")]}
    with store.transaction():
        assert store.put_points(first) == 1
        assert store.put_points(first) == 0
        assert store.put_points({Ref("numbers", "1"): [point("a", 3)]}) == 1

    assert store.points("a", DAY, DAY + HOUR) == [(DAY, 3.0)]
    assert store.points("b/new", DAY, DAY + HOUR) == []


def test_points_are_found_by_signal_and_time(store: Store) -> None:
    moments = {"1": DAY + HOUR, "2": DAY, "3": DAY + 2 * HOUR}
    with store.transaction():
        for record, at in moments.items():
            store.put_points({Ref("numbers", record): [point("a", float(record), record, at)]})

    assert store.points("a", DAY, DAY + 2 * HOUR) == [(DAY, 2.0), (DAY + HOUR, 1.0)]
    assert store.points("b", DAY, DAY + 2 * HOUR) == []


def test_a_record_without_points_takes_its_points_back(store: Store) -> None:
    with store.transaction():
        store.put_points({Ref("numbers", "1"): [point("a", 1.0)]})
        assert store.put_points({Ref("numbers", "1"): []}) == 1

    assert store.points("a", DAY, DAY + HOUR) == []
