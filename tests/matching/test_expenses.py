"""The labelled feedback that the benchmark of matching streams: its form, and what its README says of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

DATA = Path(__file__).parent / "data"
FIELDS = {"id", "ts", "lang", "source", "title", "text", "cluster", "split", "near"}


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / "expenses.jsonl").read_text(encoding="utf-8").splitlines()]


def test_every_line_has_the_fields_of_a_labelled_stream(rows: list[dict[str, Any]]) -> None:
    assert [row["id"] for row in rows if row.keys() != FIELDS or not row["text"].strip()] == []
    assert {row["split"] for row in rows} == {"dev", "test"}
    assert {row["lang"] for row in rows} == {"en", "zh", "mixed"}
    assert {row["source"] for row in rows} == {"ticket", "response", "review", "chat"}


def test_items_stand_in_order_of_arrival_and_none_stands_twice(rows: list[dict[str, Any]]) -> None:
    assert [row["ts"] for row in rows] == list(range(len(rows)))
    assert [row["id"] for row in rows] == [f"expenses-{row['ts']:04}" for row in rows]
    assert len({(row["title"], row["text"]) for row in rows}) == len(rows)


def test_an_idea_is_in_one_part_only_and_so_are_those_that_it_is_easily_taken_for(
    rows: list[dict[str, Any]],
) -> None:
    parts = {row["cluster"]: row["split"] for row in rows}
    near = {row["cluster"]: row["near"] for row in rows}

    assert [row["id"] for row in rows if row["split"] != parts[row["cluster"]]] == []
    assert [(one, two) for one, others in near.items() for two in others if parts[one] != parts[two]] == []
    assert [(one, two) for one, others in near.items() for two in others if one not in near[two]] == []


def test_both_languages_and_sizes_of_ideas_have_the_share_that_the_set_is_for(
    rows: list[dict[str, Any]],
) -> None:
    languages = Counter(row["lang"] for row in rows)
    sizes = Counter(row["cluster"] for row in rows).values()
    both = {row["cluster"] for row in rows if row["lang"] == "zh"} & {
        row["cluster"] for row in rows if row["lang"] == "en"
    }

    assert 0.5 <= languages["en"] / len(rows) <= 0.6
    assert 0.35 <= languages["zh"] / len(rows) <= 0.45
    assert (len(sizes), min(sizes), max(sizes)) == (133, 1, 15)
    assert len(both) > 100
    assert 0.4 <= sum(row["split"] == "dev" for row in rows) / len(rows) <= 0.6


def test_the_readme_tells_the_counts(rows: list[dict[str, Any]]) -> None:
    told = (DATA / "README.md").read_text(encoding="utf-8")
    counts = Counter(row["lang"] for row in rows) + Counter(row["source"] for row in rows)

    assert f"{len(rows)} pieces of feedback" in told
    assert [
        name for name, count in counts.items() if f"({count}" not in told.split(f"`{name}`", 1)[1][:45]
    ] == []
