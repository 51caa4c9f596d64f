"""What `ideas show` says of an idea's own words, for people and as JSON."""

from __future__ import annotations

import pytest
from tests.cli.conftest import Begin, Run, value

from opshub.cli.text import width_of

TEXTS = [
    "The weekly export loses its last column \x1b[2J",
    "Weekly export cuts the column at the end",
    "导出报表总是失败",
    "導出報表失敗，一直轉圈，沒有反應",
    "导出报表失败了，提示网络错误，请尽快处理这个问题，我们每周都要用，谢谢你们",
    "Alone",
]


@pytest.fixture
def run(begin: Begin) -> Run:
    """Runs a command in a folder where five pieces of feedback speak for one idea, and a sixth for another."""
    rows = [f'{at},"{text}",2026-01-05T08:00:00Z' for at, text in enumerate(TEXTS, 1)]
    desk = "\n".join(["id,text,created", *rows])
    run = begin({"desk.csv": desk}, desk='permalink = "https://desk.test/{id}"')
    for number in range(2, 6):
        assert run("ideas", "link", f"desk:{number}", "IDEA-1").exit_code == 0
    return run


def test_an_idea_is_shown_with_its_terms_its_middle_and_its_themes(run: Run) -> None:
    shown = run("ideas", "show", "IDEA-1").stdout

    assert "speaks of  导出报表  失败" in shown
    assert "in the middle  “導出報表失敗，一直轉圈，沒有反應”" in shown
    assert "desk:4 (internal)  https://desk.test/4" in shown
    assert [line.split()[:2] for line in shown.split("Themes\n")[1].splitlines()[1:3]] == [
        ["3", "导出报表,"],
        ["2", "weekly"],
    ]
    assert "\x1b[2J" not in shown


def test_the_same_stands_in_json_with_where_each_quote_comes_from(run: Run) -> None:
    found = value(run("ideas", "show", "IDEA-1", "--json"))["summary"]

    assert found["terms"][:2] == ["导出报表", "失败"]
    assert found["read"] == 5
    assert found["middle"]["feedback"] == "desk:4"
    assert found["middle"]["visibility"] == "internal"
    assert [(theme["voices"], theme["middle"]["url"]) for theme in found["themes"]] == [
        (3, "https://desk.test/4"),
        (2, "https://desk.test/1"),
    ]


@pytest.mark.parametrize("columns", [40, 60, 80])
def test_themes_fit_the_screen(run: Run, columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    table = run("ideas", "show", "IDEA-1").stdout.split("Themes\n")[1].split("\n\n")[0]

    assert max(map(width_of, table.splitlines())) <= columns


def test_of_a_single_piece_nothing_is_said_twice(run: Run) -> None:
    assert "speaks of" not in run("ideas", "show", "IDEA-6").stdout
    assert value(run("ideas", "show", "IDEA-6", "--json"))["summary"] is None
