"""Each promise about reporting signals can be broken, and is then found broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from opshub.model import Point, Record
from opshub.sdk import parse_time
from opshub.testing.contract import promises
from opshub.testing.sample import Sample

Kept = Callable[..., bool]


class Counting(Sample):
    """Every item is a value of one signal, in one of many ways."""

    way = ""
    count = 0

    def points(self, record: Record) -> Any:
        it: Any = record
        good = Point(
            ref=self.ref(self.identify(record)), name="titles", at=parse_time(it["updated"]), value=1.0
        )
        Counting.count += 1
        match self.way:
            case "moody":
                return [replace(good, value=float(Counting.count))]
            case "silent":
                return []
            case "twice":
                return [good, replace(good, value=2.0)]
            case "naive":
                return [replace(good, at=datetime(2026, 1, 1))]  # what the promise forbids
            case "endless":
                return [replace(good, value=float("inf"))]
            case "nameless":
                return [replace(good, name=" ")]
            case "foreign":
                return [replace(good, ref=self.ref("another"))]
            case "asking":
                return [replace(good, value=float(len(self.http.get("/items"))))]
            case "telling":
                return [replace(good, segment=self.settings.token.get_secret_value())]
            case "frail":
                return [replace(good, value=1.0 / (it["title"] != None))]  # noqa: E711  # frail on purpose
            case "rough":
                raise RuntimeError("no title") if not isinstance(it.get("title"), str) else KeyError("title")
        return [good]


MINE = [name for name in promises() if "points" in name]


@pytest.mark.parametrize("promise", MINE)
def test_a_sound_reporter_keeps_each_promise(promise: str, keeps: Kept) -> None:
    assert len(MINE) == 5
    assert keeps(promise, Counting)


@pytest.mark.parametrize(
    ("promise", "way"),
    [
        ("test_points_are_pure_and_repeatable", "moody"),
        ("test_points_are_pure_and_repeatable", "asking"),
        ("test_some_points_are_reported", "silent"),
        ("test_points_are_sound_and_each_signal_stands_once", "twice"),
        ("test_points_are_sound_and_each_signal_stands_once", "naive"),
        ("test_points_are_sound_and_each_signal_stands_once", "endless"),
        ("test_points_are_sound_and_each_signal_stands_once", "nameless"),
        ("test_points_are_sound_and_each_signal_stands_once", "foreign"),
        ("test_junk_gives_no_unsound_points", "frail"),
        ("test_junk_gives_no_unsound_points", "rough"),
        ("test_points_hold_no_secret", "telling"),
    ],
)
def test_a_broken_promise_about_points_is_found(promise: str, way: str, keeps: Kept) -> None:
    wrong = type("Wrong", (Counting,), {"way": way, "__module__": Counting.__module__})

    assert not keeps(promise, wrong)
