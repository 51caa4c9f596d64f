"""What vendors' headers say of their limits, and how a connection keeps to them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opshub.clock import FrozenClock
from opshub.sdk.throttle import LONGEST, Quota, Throttle, asked_wait, quotas

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (
            {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "7", "x-ratelimit-reset": "30"},
            {"": Quota(100, 7, 30)},
        ),
        ({"ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "7"}, {"": Quota(100, 7)}),
        ({"ratelimit": "limit=10, remaining=3, reset=5"}, {"": Quota(10, 3, 5)}),
        ({"beta-ratelimit": '"jira-burst";r=3;t=5'}, {"": Quota(None, 3, 5)}),
        ({"x-rate-limit": "700", "x-rate-limit-remaining": "699"}, {"": Quota(700, 699)}),
        ({"x-ratelimit-total": "400", "x-ratelimit-remaining": "1"}, {"": Quota(400, 1)}),
        ({"x-ratelimit-limit-minute": "200", "x-ratelimit-remaining-minute": "5"}, {"minute": Quota(200, 5)}),
        (
            {"x-ratelimit-app-global-day-limit": "500", "x-ratelimit-app-global-day-reset": "60"},
            {"app-global-day": Quota(500, None, 60)},
        ),
        (
            {"x-ratelimit-requests-remaining": "1", "x-ratelimit-complexity-remaining": "2"},
            {"requests": Quota(None, 1), "complexity": Quota(None, 2)},
        ),
        ({"x-ratelimit-nearlimit": "true", "ratelimit-reason": "jira-burst-based", "content-type": "x"}, {}),
        ({"x-ratelimit-remaining": "-1", "x-ratelimit-reset": "soon"}, {}),
        ({"x-ratelimit-reset": "2026-03-01T12:00:30Z"}, {"": Quota(None, None, 30)}),
        ({"x-ratelimit-reset": "1772366430"}, {"": Quota(None, None, 30)}),
        ({"x-ratelimit-reset": "1772366430000"}, {"": Quota(None, None, 30)}),
    ],
)
def test_each_spelling_is_understood(headers: dict[str, str], expected: dict[str, Quota]) -> None:
    assert quotas(headers, NOON) == expected


@given(
    st.dictionaries(
        st.sampled_from(["retry-after", "x-ratelimit-reset", "ratelimit", "x-ratelimit-remaining"]), st.text()
    )
)
def test_no_header_breaks_anything(headers: dict[str, str]) -> None:
    wait = asked_wait(headers, NOON)

    Throttle(FrozenClock(NOON), None, 1).learn(headers)
    assert wait is None or 0 <= wait <= LONGEST


def test_a_bucket_lets_a_burst_go_and_then_keeps_the_rate() -> None:
    clock = FrozenClock(NOON)
    throttle = Throttle(clock, 2.0, 3)

    waits = [throttle.reserve(reading=True) for _ in range(6)]

    assert waits == pytest.approx([0, 0, 0, 0.5, 1, 1.5])


@given(st.lists(st.floats(0, 5), min_size=1, max_size=60), st.integers(1, 5))
def test_no_window_ever_holds_more_than_rate_and_burst_allow(gaps: list[float], burst: int) -> None:
    clock = FrozenClock(NOON)
    throttle = Throttle(clock, 1.0, burst)
    sent: list[float] = []

    for gap in gaps:
        clock.sleep(gap)
        clock.sleep(throttle.reserve(reading=False))
        sent.append(clock.monotonic())

    for first, last in ((a, b) for a in range(len(sent)) for b in range(a, len(sent))):
        assert last - first + 1 <= sent[last] - sent[first] + burst + 1e-6


def test_reads_yield_to_writes_where_little_is_left() -> None:
    clock = FrozenClock(NOON)
    throttle = Throttle(clock, None, 1)
    throttle.learn({"x-ratelimit-limit": "100", "x-ratelimit-remaining": "6", "x-ratelimit-reset": "60"})
    throttle.reserve(reading=True)

    assert throttle.reserve(reading=True) == 10
    assert throttle.reserve(reading=False) == 0


def test_plenty_slows_nobody_down() -> None:
    throttle = Throttle(FrozenClock(NOON), None, 1)
    throttle.learn({"x-ratelimit-limit": "100", "x-ratelimit-remaining": "60", "x-ratelimit-reset": "60"})

    assert [throttle.reserve(reading=True) for _ in range(3)] == [0, 0, 0]


def test_the_scarcest_of_several_limits_decides() -> None:
    throttle = Throttle(FrozenClock(NOON), None, 1)
    throttle.learn(
        {
            "x-ratelimit-minute-limit": "100",
            "x-ratelimit-minute-remaining": "10",
            "x-ratelimit-minute-reset": "60",
            "x-ratelimit-day-limit": "500",
            "x-ratelimit-day-remaining": "10",
            "x-ratelimit-day-reset": "36000",
        }
    )
    throttle.reserve(reading=True)

    assert throttle.reserve(reading=True) == 3600


def test_a_hold_ends_when_its_time_is_over() -> None:
    clock = FrozenClock(NOON)
    throttle = Throttle(clock, None, 1)

    throttle.hold(30)
    before = throttle.held()
    clock.advance(timedelta(seconds=30))

    assert (before, throttle.held()) == (30, 0)
