"""Files as values of signals: wide and long tables, corrections, and what cannot be understood."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from opshub.clock import FrozenClock
from opshub.config import load, open_hub
from opshub.sdk import BadRecordError, MissingError, Reports
from opshub_connectors.files import Files, FilesSettings

WIDE = {"time": "week", "signals": {"adoption": "share", "weekly actives": "wau"}}
LONG = {"time": "day", "name": "metric", "value": "value", "segment": "plan"}
NOW = datetime(2026, 3, 16, 9, tzinfo=UTC)


def files(folder: Path, points: dict[str, Any], **more: Any) -> Files:
    options: dict[str, Any] = {"paths": ["*.csv"], "points": points} | more
    return Files("numbers", FilesSettings(folder=folder, **options), None)


def values(connector: Files) -> list[tuple[str, str, float]]:
    records = [record for page in connector.pull(None) for record in page.records]
    points = [point for record in records for point in connector.points(record)]
    return [(f"{point.at:%Y-%m-%d}", point.signal, point.value) for point in points]


def test_each_column_can_be_a_signal_and_an_empty_cell_is_no_value(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("week,share,wau\n2026-03-02,0.38,48000\n2026-03-09,,51000\n")

    found = values(files(tmp_path, WIDE))

    assert found == [
        ("2026-03-02", "adoption", 0.38),
        ("2026-03-02", "weekly actives", 48000.0),
        ("2026-03-09", "weekly actives", 51000.0),
    ]


def test_each_row_can_name_its_signal_and_its_segment(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("day;metric;value;plan\n02.03.2026;ltv;1.200,5;\n02.03.2026;ltv;3;free\n")

    found = values(files(tmp_path, LONG, decimal=",", dates=["%d.%m.%Y"]))

    assert found == [("2026-03-02", "ltv", 1200.5), ("2026-03-02", "ltv/free", 3.0)]


def test_a_corrected_value_has_the_name_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    names = []
    for value in ("0.38", "0.39"):
        path.write_text(f"week,share,wau\n2026-03-02,{value},1\n")
        connector = files(tmp_path, WIDE)
        names += [connector.identify(record) for page in connector.pull(None) for record in page.records]

    assert names == ["2026-03-02", "2026-03-02"]


def test_what_is_no_number_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("week,share,wau\n2026-03-02,many,1\n")
    connector = files(tmp_path, WIDE)
    (record,) = [record for page in connector.pull(None) for record in page.records]

    with pytest.raises(BadRecordError, match=r"a\.csv, line 2: .*many"):
        connector.points(record)


def test_a_column_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("weak,share,wau\n2026-03-02,1,1\n")

    with pytest.raises(MissingError, match="no column 'week'"):
        values(files(tmp_path, WIDE))


def test_settings_name_values_in_one_of_two_ways() -> None:
    for wrong in ({"time": "t"}, {"time": "t", "name": "n"}, WIDE | {"name": "n", "value": "v"}):
        with pytest.raises(ValidationError, match="name the columns"):
            FilesSettings(paths=["*.csv"], points=wrong)


def test_files_report() -> None:
    assert isinstance(Files("box", FilesSettings(paths=["*.csv"], points=WIDE), None), Reports)


TOML = """
[hub]
rules = ["t.rules"]

[connections.numbers]
kind = "files"
as = "signals"
paths = ["numbers.csv"]
points = { time = "day", signals = { adoption = "share" } }
"""
RULES = """
signal adoption = reported, per day
signal peak = max reported "adoption", per week
alert "Adopted" {
    when signal adoption > 40% for 2 days
    open idea "Scenario campaigns"
}
"""


def test_reported_values_go_all_the_way_to_an_alert_and_back(tmp_path: Path) -> None:
    (tmp_path / "opshub.toml").write_text(TOML)
    (tmp_path / "t.rules").write_text(RULES)
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("day,share\n2026-03-14,0.41\n2026-03-15,0.39\n2026-03-15 12:00,nothing\n")
    hub = open_hub(load(tmp_path / "opshub.toml"), clock=(clock := FrozenClock(NOW)))
    try:
        hub.sync()
        assert [value for _, value in hub.signal("adoption", 3).values] == [None, 0.41, 0.39]
        assert hub.signal("peak", 1).values[0][1] == 0.41
        assert len(hub.store.bad()) == 1
        assert hub.ranked() == []

        numbers.write_text("day,share\n2026-03-14,0.41\n2026-03-15,0.42\n")
        hub.sync()
        assert [idea.title for idea, _, _ in hub.ranked()] == ["Scenario campaigns"]

        clock.advance(timedelta(days=1))
        assert hub.sync().notices == ["Adopted: it is over"]
    finally:
        hub.store.close()
