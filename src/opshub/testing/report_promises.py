"""What every connector that reports signals promises: points that are pure, sound, each once, and hold no secret."""

from __future__ import annotations

import copy
import math
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from opshub.model import Point, Record, Ref, Tombstone
from opshub.sdk import Connector, Http, Reports
from opshub.testing.junk import NOT_RECORDS, broken_records
from opshub.testing.record_promises import NoHttp, known, outcome, shapes
from opshub.testing.trial import Trial, build, own_settings, secrets_of

__all__ = ["ReportPromises"]

Meaning = tuple[Point, ...] | Tombstone


class ReportPromises(Trial):
    """Promises about ``points``; ``reporting`` are the settings under which records are values of signals."""

    def test_points_are_pure_and_repeatable(self) -> None:
        connector = self._reporter()
        records = self.records(connector)
        connector.http = cast(Http, NoHttp())

        for record in records:
            before = copy.deepcopy(record)
            first = outcome(lambda one: _points(connector, one), record)
            assert first == outcome(lambda one: _points(connector, one), record)
            assert record == before, f"record {connector.identify(record)} was changed"

    def test_some_points_are_reported(self) -> None:
        connector = self._reporter()

        found = [outcome(lambda one: _points(connector, one), one) for one in self.records(connector)]

        assert any(isinstance(one, tuple) and one for one in found), "no record holds a value of a signal"

    def test_points_are_sound_and_each_signal_stands_once(self) -> None:
        """They name their record and their signal, at a moment with its zone, with a finite number."""
        connector = self._reporter()

        for record in self.records(connector):
            found = outcome(lambda one: _points(connector, one), record)
            if isinstance(found, tuple):
                assert list(_unsound(connector, record, found)) == [], connector.identify(record)

    def test_junk_gives_no_unsound_points(self) -> None:
        connector = self._reporter()
        found = shapes(self.records(connector))
        connector.http = cast(Http, NoHttp())

        for record in found:
            for place, broken in broken_records(record):
                self._judge_points(connector, place, broken)
        for junk in NOT_RECORDS:
            self._judge_points(connector, repr(junk), cast(Record, junk))

    def test_points_hold_no_secret(self) -> None:
        connector = self._reporter()
        settings = self.connector_class().Settings.model_validate(own_settings(self._reporting_table()))
        secrets = [text for text in secrets_of(settings) if text]

        for record in self.records(connector):
            said = repr(outcome(lambda one: _points(connector, one), record))
            assert not any(secret in said for secret in secrets), connector.identify(record)

    def _judge_points(self, connector: Connector[Any], place: str, broken: Record) -> None:
        found = outcome(lambda one: _points(connector, one), broken)
        if isinstance(found, BaseException):
            assert known(found), f"{place}: only KeyError, TypeError or ValueError may come, not {found!r}"
        elif isinstance(found, tuple):
            assert list(_unsound(connector, broken, found)) == [], place

    def _reporting_table(self) -> dict[str, object]:
        return {**self.table(self.url), **self.reporting}

    def _reporter(self) -> Connector[Any]:
        made = build(self.connector_class(), self._reporting_table(), clock=self.clock)
        self._open.callback(made.http.close)
        return made


def _points(connector: Connector[Any], record: Record) -> Meaning:
    assert isinstance(connector, Reports)
    found = connector.points(record)
    return found if isinstance(found, Tombstone) else tuple(found)


def _unsound(connector: Connector[Any], record: Record, points: tuple[Point, ...]) -> Iterator[str]:
    """What of a record's points breaks the model's promises."""
    for point in points:
        if point.ref != Ref(connector.name, connector.identify(record)):
            yield f"it names {point.ref}"
        if not isinstance(point.name, str) or not point.name.strip() or not isinstance(point.segment, str):
            yield f"its signal is {point.name!r}"
        if not isinstance(point.at, datetime) or point.at.utcoffset() is None:
            yield f"its time is {point.at!r}, no aware time"
        number = isinstance(point.value, int | float) and not isinstance(point.value, bool)
        if not number or not math.isfinite(point.value):
            yield f"its value is {point.value!r}"
    times = Counter(point.signal for point in points)
    yield from (f"{signal} stands {count} times" for signal, count in times.items() if count > 1)
