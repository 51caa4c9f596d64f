"""``opshub goals`` and ``opshub ideas support``, as a person meets them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Begin, Run, value

CONFIG = """
[hub]
database = "hub.db"
rules = ["own.rules"]

[connections.desk]
kind = "files"
paths = ["desk.csv"]
[connections.desk.columns]
id = "id"
text = "text"
created = "created"

[connections.product]
kind = "files"
as = "signals"
paths = ["numbers.csv"]
[connections.product.columns]
id = "day"
created = "day"
[connections.product.points]
time = "day"
signals = { adoption = "adoption" }
"""
RULES = """
signal adoption = reported, per day
goal "Adoption by winter" {
    signal adoption reach 40% by 2099-12-31
    because "it pays from there"
}
rule "Helps" { when any feedback (text mentions ["onboarding"]) supports "Adoption by winter" }
"""
DESK = (
    "id,text,created\n1,The onboarding is long,2026-01-05T08:00:00Z\n2,导出 Excel 失败,2026-01-06T08:00:00Z\n"
)


@pytest.fixture
def run(begin: Begin) -> Run:
    """Runs a command in a folder where everything is synced; yesterday a fifth had adopted."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    numbers = f"day,adoption\n{yesterday:%Y-%m-%d},0.2\n"
    return begin({"desk.csv": DESK, "numbers.csv": numbers, "opshub.toml": CONFIG, "own.rules": RULES})


def test_the_list_tells_how_goals_stand_and_who_supports_them(run: Run) -> None:
    head, row = run("goals").stdout.splitlines()

    assert head.split() == "goal aim now progress days left ideas".split()
    assert row.startswith("Adoption by winter  adoption reach 40% by 2099-12-31  0.2       50%")
    assert row.endswith("behind  IDEA-1")


def test_one_goal_comes_with_its_signal_and_its_ideas(run: Run) -> None:
    told = run("goals", "show", "winter", "--periods", "2").stdout

    assert told.startswith("Adoption by winter  behind\naim      adoption reach 40% by 2099-12-31\n")
    assert "because  it pays from there\n" in told
    assert "now      0.2, 50% of the way\n" in told
    assert "IDEA-1" in told and "Helps" in told


def test_a_person_lets_an_idea_support_a_goal_and_takes_it_back(run: Run) -> None:
    done = run("ideas", "support", "IDEA-2", "winter", "--because", "导出也算")
    shown = value(run("ideas", "show", "IDEA-2", "--json"))
    why = run("ideas", "why", "IDEA-2").stdout
    listed = value(run("ideas", "list", "--goal", "winter", "--json"))
    rows = list(csv.DictReader(run("ideas", "export").stdout.splitlines()))
    back = run("ideas", "support", "IDEA-2", "winter", "--clear")

    assert done.stdout == "IDEA-2: supports Adoption by winter; what would be written: opshub plan\n"
    assert shown["goals"] == ["Adoption by winter"]
    assert "supports  Adoption by winter  because 导出也算  said by " in why
    assert {row["idea"] for row in listed} == {"IDEA-1", "IDEA-2"}
    assert {row["goals"] for row in rows} == {"Adoption by winter"}
    assert back.stdout == "IDEA-2: no person lets it support Adoption by winter any more\n"
    assert value(run("ideas", "show", "IDEA-2", "--json"))["goals"] == []


def test_json_holds_numbers_and_times(run: Run) -> None:
    (goal,) = value(run("goals", "--json"))
    (then,) = value(run("goals", "--at", "2026-01-01", "--json"))

    assert (goal["target"], goal["value"], goal["progress"], goal["state"]) == (0.4, 0.2, 0.5, "behind")
    assert (goal["by"], goal["ideas"]) == ("2099-12-31T00:00:00+00:00", 1)
    assert (then["value"], then["state"]) == (None, "no data")


def test_a_goal_that_is_not_there_is_told_with_those_that_are(run: Run) -> None:
    failed = run("goals", "show", "Summer")
    clear = run("ideas", "support", "IDEA-2", "winter", "--clear", "--because", "x")
    unsaid = run("ideas", "support", "IDEA-2", "winter", "--clear")

    assert failed.exit_code == 5
    assert "there is no goal 'Summer'" in failed.stderr
    assert "goals are: Adoption by winter" in failed.stderr
    assert clear.exit_code == 2 and "--clear takes no reason" in clear.stderr
    assert "nobody said that IDEA-2 supports 'Adoption by winter'" in unsaid.stderr


def test_simulated_rules_show_who_would_support_what(run: Run, tmp_path: Path) -> None:
    other = tmp_path / "other.rules"
    other.write_text(RULES.replace('"onboarding"', '"导出"'), encoding="utf-8")

    told = run("rules", "simulate", "--against", str(other), "--html", "page.html").stdout

    (row,) = [line for line in told.splitlines() if line.startswith("Adoption by winter")]
    assert row.split() == ["Adoption", "by", "winter", "1", "1"]
    assert "begin to support it" in (tmp_path / "page.html").read_text(encoding="utf-8")
