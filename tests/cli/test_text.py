"""What strangers wrote reaches the terminal as text, in columns that line up."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.cli.progress import Bars, Lines
from opshub.cli.text import block, cut, fit, line, pad, width_of
from opshub.cli.view import Column, as_json, table
from opshub.clock import FrozenClock
from opshub.model import Ref, Visibility

HOSTILE = [
    "\x1b[2J\x1b[31mred",
    "\x1b]0;title\x07",
    "\x9b31m",
    "a\u202egnp.exe",
    "\u2066hidden\u2069",
    "\rover",
    "a\x00b",
    "zero\u200bwidth",
    "\ud800",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_can_steer_the_terminal(text: str) -> None:
    for shown in (line(text), block(text)):
        assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in shown if char != "\n")
        assert not set(shown) & set("\u202e\u2066\u2069\u200b\ud800")


@pytest.mark.parametrize("text", HOSTILE[:-1])
def test_json_holds_the_text_and_still_cannot_steer_the_terminal(text: str) -> None:
    shown = as_json({"text": text})

    assert json.loads(shown) == {"text": text}
    assert not any(ord(char) < 0x20 or 0x7F <= ord(char) < 0xA0 for char in shown if char != "\n")
    assert not set(shown) & set("\u202e\u2066\u2069\u200b")


def test_chinese_stays_readable_in_json() -> None:
    assert "导出" in as_json({"title": "导出"})


def test_values_of_the_hub_become_plain_json() -> None:
    value = {
        "ref": Ref("desk", "7"),
        "at": datetime(2026, 1, 2, tzinfo=UTC),
        "who": Visibility.PUBLIC,
        "n": (1, 2),
    }

    assert json.loads(as_json(value)) == {
        "ref": "desk:7",
        "at": "2026-01-02T00:00:00+00:00",
        "who": "public",
        "n": [1, 2],
    }


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(exclude_categories=["C"])), st.integers(1, 30))
def test_a_cut_text_fits(text: str, width: int) -> None:
    shown = cut(text, width)

    assert width_of(shown) <= max(width, 1)
    assert shown == text or shown.endswith("…")


def test_chinese_takes_two_columns() -> None:
    assert width_of("导出 csv") == 8
    assert pad("导出", 6) == "导出  "
    assert pad("7", 3, right=True) == "  7"
    assert cut("导出到表格", 6) == "导出…"


@pytest.mark.parametrize(
    ("widths", "room"), [([5, 50, 50], 60), ([100], 20), ([10, 10], 40), ([9, 30, 9], 40)]
)
def test_columns_share_the_terminal(widths: list[int], room: int) -> None:
    fitted = fit(widths, room)

    assert sum(fitted) + 2 * (len(widths) - 1) <= room
    assert all(new <= old for new, old in zip(fitted, widths, strict=True))


def test_a_table_lines_up_whatever_the_script(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"id": "IDEA-1", "title": "导出 Excel", "n": 3},
        {"id": "IDEA-12", "title": "Dark mode", "n": 1200},
    ]

    table(rows, (Column("idea", "id"), Column("title", "title"), Column("voices", "n", right=True)))

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "idea     title       voices"
    assert {width_of(text) for text in lines} == {27}


def test_a_table_is_cut_to_the_width_of_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")

    table([{"id": "IDEA-1", "title": "很长的标题" * 20}], (Column("idea", "id"), Column("title", "title")))

    assert all(width_of(text) <= 40 for text in capsys.readouterr().out.splitlines())


def test_a_pipe_gets_the_whole_text(capsys: pytest.CaptureFixture[str]) -> None:
    table([{"title": "x" * 300}], (Column("title", "title"),))

    assert "x" * 300 in capsys.readouterr().out


def test_without_a_terminal_progress_is_plain_lines() -> None:
    out, clock = io.StringIO(), FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
    looking = Lines(out, clock)

    looking.pulling("desk\x1b[2J", 100, 1000)
    looking.pulling("desk\x1b[2J", 200, 1000)
    clock.sleep(10)
    looking.pulling("desk\x1b[2J", 300, 1000)
    looking.close()

    assert out.getvalue().splitlines() == ["desk␛[2J: 300 of 1,000 records", "desk␛[2J: 300 records pulled"]


def test_a_single_record_is_told_in_the_singular() -> None:
    out, clock = io.StringIO(), FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
    looking = Lines(out, clock)

    looking.pulling("desk", 0, 1)
    clock.sleep(10)
    looking.pulling("desk", 1, 1)
    looking.close()

    assert out.getvalue().splitlines() == ["desk: 1 of 1 record", "desk: 1 record pulled"]


def test_on_a_terminal_one_line_is_drawn_again_and_again() -> None:
    out, clock = io.StringIO(), FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
    looking = Bars(out, clock)

    looking.pulling("desk", 500, 1000)
    clock.sleep(1)
    looking.stage("match", 1)
    looking.close()

    assert "\n" not in out.getvalue()
    assert "desk ██████████░░░░░░░░░░ 50% 500/1,000" in out.getvalue()
    assert out.getvalue().endswith("\r\x1b[2K")


def test_a_bar_is_drawn_of_a_stage_that_knows_how_much_is_left() -> None:
    out, clock, left = io.StringIO(), FrozenClock(datetime(2026, 1, 1, tzinfo=UTC)), iter([300, 150])
    looking = Bars(out, clock)

    for done in (100, 200, 150, 100):  # before the last two, 250 more have come
        looking.stage("ask", done, lambda: next(left))
        clock.sleep(1)

    drawn = [text for text in out.getvalue().split("\r\x1b[2K") if text]
    assert drawn == [
        "ask █████░░░░░░░░░░░░░░░ 25% 100/400",
        "ask ███████████████░░░░░ 75% 300/400",
        "ask ███████████████░░░░░ 75% 450/600",
        "ask ██████████████████░░ 92% 550/600",
    ]


def test_without_a_terminal_a_long_stage_tells_now_and_then_how_far_it_is() -> None:
    out, clock = io.StringIO(), FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
    looking = Lines(out, clock)

    for _ in range(5):
        looking.stage("ask", 1000, lambda: 4000)
        looking.stage("match", 1)
        clock.sleep(3)
    looking.close()

    assert out.getvalue().splitlines() == ["ask: 3,000 of 5,000", "ask: 5,000 of 5,000"]


def test_help_has_no_colours_where_nobody_sees_them() -> None:
    from opshub.cli import cli

    result = CliRunner().invoke(cli, ["nonsense"])

    assert "\x1b" not in result.output
