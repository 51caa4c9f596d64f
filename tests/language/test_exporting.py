"""What is exported is plain, and has every construct of the language."""

from __future__ import annotations

import json

import pytest

from opshub.language import Source
from opshub.language.codes import CODES
from opshub.language.exporting import VERSION, exported


@pytest.mark.parametrize("code", CODES)
def test_every_example_of_the_manual_can_be_exported(code: str) -> None:
    value = exported([Source("x.rules", CODES[code].after)])

    assert json.loads(json.dumps(value, allow_nan=False)) == value
    assert value["version"] == VERSION


def test_times_durations_and_kinds_are_written_out() -> None:
    value = exported([Source("x.rules", "let a = created > ago(36h)\nlet b = created < 2026-01-31\n")])

    first, second = (s["value"]["right"] for s in value["files"][0]["statements"])
    assert first["arguments"][0]["value"] == 129_600
    assert first["arguments"][0]["kind"] == "duration"
    assert second["value"] == "2026-01-31T00:00:00+00:00"
    assert second["at"] == {"line": 2, "column": 19, "end_line": 2, "end_column": 29}
