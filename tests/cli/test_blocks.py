"""Match blocks as an admin meets them: over fields and tables of one's own, tried, synced and explained."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Begin, Run, value

CONFIG = """
[hub]
database = "hub.db"
rules = ["own.rules"]

[tables.crm]
file = "crm.csv"
key = "Domain"
joins = "account.domain"
columns.segment = { type = "text", from = "Segment" }
columns.seats = { type = "number", from = "Seats" }

[connections.survey]
kind = "files"
paths = ["survey.csv"]
columns = { id = "id", text = "text", account_domain = "domain" }
values.created = "2026-01-05"
fields.form = { type = "text", from = "form" }
"""
SURVEY = (
    "id,text,form,domain\n1,The export is slow,export-2024,a.test\n2,I want CSV,export-2024,b.test\n"
    "3,dark mode please,ui,a.test\n4,an importer,import,b.test\n"
)
CRM = "Domain,Segment,Seats\na.test,small,3\nb.test,big,900\n"
SCORE = "score priority = count feedback where crm.seats > 1\n"
BLOCKS = """
match "Export form" { when feedback.fields.form == "export-2024" to "IDEA-1" }
match "Imports" { when feedback.fields.form == "import" to "FEED-12" }
match "Small customers" { when crm.segment == "small" to idea "What small ones want" }
"""


@pytest.fixture
def run(begin: Begin) -> Run:
    """Runs a command in a folder where everything is synced, without any block."""
    return begin({"opshub.toml": CONFIG, "survey.csv": SURVEY, "crm.csv": CRM, "own.rules": SCORE})


def ideas(run: Run) -> dict[str, int]:
    return {idea["title"]: idea["voices"] for idea in value(run("ideas", "list", "--json"))}


def test_a_trial_says_what_would_move_and_a_sync_moves_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.rules").write_text(SCORE + BLOCKS, encoding="utf-8")

    tried = run("rules", "simulate").stdout
    told = run("sync").stdout

    assert "Feedback that moves at the next sync\nmatch block      pieces that move\n" in tried
    assert "Export form                     1\nSmall customers                 1\n" in tried
    assert "match      2 moved by rule\n" in told
    assert ideas(run) == {"The export is slow": 2, "an importer": 1, "What small ones want": 1}


def test_a_block_that_waits_is_told_once_and_stands_in_the_status(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.rules").write_text(SCORE + BLOCKS, encoding="utf-8")
    sentence = "match rule 'Imports' (own.rules:4) waits: there is no FEED-12 yet"

    assert f"match      {sentence}\n" in run("sync").stdout
    assert sentence not in run("sync").stdout
    assert f"\n{sentence}\n" in run("status").stdout
    assert value(run("status", "--json"))["waiting"] == [sentence]


def test_a_link_says_which_line_made_it_and_what_it_saw(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.rules").write_text(SCORE + BLOCKS, encoding="utf-8")
    run("sync")
    form, segment = (
        f"match rule '{name}' (own.rules:{line}): {seen}"
        for name, line, seen in (
            ("Export form", 3, "feedback.fields.form = export-2024"),
            ("Small customers", 5, "crm.segment = small"),
        )
    )

    assert f"linked by rule: {form}\n" in run("ideas", "show", "IDEA-1").stdout
    assert f"linked by rule: {segment}\n" in run("ideas", "why-linked", "survey:3").stdout


def test_a_changed_table_moves_what_blocks_read_of_it(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.rules").write_text(SCORE + BLOCKS.replace('"import"', '"other"'), encoding="utf-8")
    run("sync")
    (tmp_path / "crm.csv").write_text(CRM.replace("big", "small").replace("3", "4"), encoding="utf-8")

    told = run("sync").stdout

    assert "match      1 moved by rule\n" in told
    assert ideas(run) == {"The export is slow": 2, "What small ones want": 2}


def test_why_not_says_what_kept_a_block_from_the_pieces_of_an_idea(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.rules").write_text(SCORE + BLOCKS, encoding="utf-8")
    run("sync")

    told = run("ideas", "why-not", "IDEA-1", "export").stdout
    piece = run("ideas", "why-not", "survey:4", "small").stdout
    waits = run("ideas", "why-not", "survey:4", "imports").stdout
    data = value(run("ideas", "why-not", "survey:4", "small", "--json"))

    assert told.startswith(
        "IDEA-1  The export is slow\n"
        "match Export form  (own.rules:3)\n"
        'when  feedback.fields.form == "export-2024"\n'
        "to    IDEA-1\n\n"
        "it holds for 2 of 2 pieces of feedback\n"
        "[1] “The export is slow”\n"
    )
    assert "    it belongs to IDEA-1, linked by rule: match rule 'Export form' (own.rules:3): " in told
    assert (
        "\n\nit does not hold, because\n"
        '  false   crm.segment == "small"  (crm.segment is big)\n\n'
        "[1] “an importer”\n"
    ) in piece
    assert '\n\nnearest miss\n  crm.segment: big → "small"  ' in piece
    assert "it holds\n[1] “an importer”\n" in waits
    assert waits.endswith("    there is no FEED-12 yet\n")
    empty = run("ideas", "why-not", "IDEA-2", "small").stdout
    assert empty.endswith("\n\nno feedback speaks for it, and a match block asks nothing else\n")
    assert (data["idea"], data["piece"]["feedback"], data["to"]) == (
        "IDEA-4",
        "survey:4",
        'idea "What small ones want"',
    )
    assert [(clause["answer"], clause["saw"]) for clause in data["unmet"]] == [
        ("false", {"crm.segment": "big"})
    ]
