"""The tables read what lark reads, and nothing else."""

from __future__ import annotations

import json
import os
import random
import runpy
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lark.exceptions import UnexpectedInput

from opshub.language import Source, machine, tabling
from opshub.language.builder import Builder
from opshub.language.codes import CODES
from opshub.language.findings import Findings
from opshub.language.machine import Reduction, lark, read
from opshub.language.tabling import main, tables
from opshub.language.tree import Span

STARTER = files("opshub_rules").joinpath("starter.rules").read_text(encoding="utf-8")
SEEDS = [
    *(text for code in CODES.values() for text in (code.before, code.after) if len(text) < 1_000),
    *(part for part in STARTER.split("\n\n") if part.strip()),
]
BITS = [
    *"(){}[]=<>+-*/,.%",
    '"x"',
    "1",
    "90d",
    "15%",
    "2026-01-31",
    "1_000 EUR",
    "5 AND",
    *"and or not in where when any count tag".split(),
]


def _read(text: str) -> object:
    return read(text, Span(0, 0, len(text)), Builder(Findings([Source("x.rules", text)])))


def _allowed(text: str) -> bool:
    try:
        lark().parse(text)
    except UnexpectedInput:
        return False
    return True


@settings(max_examples=400, deadline=None)
@given(text=st.sampled_from(SEEDS), seed=st.integers(0, 2**32))
def test_a_statement_is_read_exactly_where_lark_allows_it(text: str, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(chance.randint(0, 2)):
        at = chance.randrange(len(text) + 1)
        text = text[:at] + f" {chance.choice(BITS)} " + text[at + chance.choice([0, 0, 1, 3]) :]

    assert (_read(text) is not None) == _allowed(text)


@pytest.mark.parametrize("text", ["", "# nothing", "let", "let a = ", "let a = 1 let b = 2", "let a = $"])
def test_what_is_no_statement_is_not_read(text: str) -> None:
    assert _read(text) is None


def test_written_tables_are_those_that_lark_makes(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("tables") / "tables.json"
    made = tables()

    main(str(file))

    written = json.loads(file.read_text(encoding="utf-8"))
    assert set(written) == set(made)
    assert len(written["states"]) == len(made["states"])
    assert all(Reduction(*reduction).size > 0 for reduction in written["reductions"])


def test_the_tables_come_out_the_same_in_every_run(tmp_path: Path) -> None:
    made = []
    for seed in ("1", "2"):
        file = tmp_path / seed
        command = [sys.executable, "-m", "opshub.language.tabling", str(file)]
        subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        made.append(file.read_text(encoding="utf-8"))

    assert made[0] == made[1]


def test_the_command_writes_the_tables_that_are_shipped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["tabling", str(tmp_path / "tables.json")])

    runpy.run_path(str(tabling.__file__), run_name="__main__")

    shipped = files("opshub.language").joinpath("tables.json").read_text(encoding="utf-8")
    assert (tmp_path / "tables.json").read_text(encoding="utf-8") == shipped


def test_a_grammar_that_has_no_tables_yet_is_read_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    machine._tables.cache_clear()
    monkeypatch.setattr(machine, "digest", lambda: "another")

    assert _read("let a = 1 + 2") is not None
    assert _read("let a = 1 +") is None
    machine._tables.cache_clear()
