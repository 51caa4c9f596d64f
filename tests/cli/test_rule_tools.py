"""The commands over rule files: fmt, explain, export, and the strict check."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from opshub.cli import cli

Run = Callable[..., Result]
UNTIDY = "score priority=count feedback # voices\n"
TIDY = "score priority = count feedback  # voices\n"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder with one rule file."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules").mkdir()
    (tmp_path / "opshub.toml").write_text('[hub]\nrules = ["rules"]\n', encoding="utf-8")
    (tmp_path / "rules" / "own.rules").write_text(UNTIDY, encoding="utf-8")

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli, args, catch_exceptions=False)

    return invoke


def _value(result: Result) -> Any:
    return json.loads(result.stdout)


def test_fmt_writes_what_its_check_announced_and_then_has_nothing_to_do(run: Run) -> None:
    file = Path("rules/own.rules")

    announced = run("rules", "fmt", "--check")
    assert (announced.exit_code, file.read_text(encoding="utf-8")) == (1, UNTIDY)
    assert "would change rules/own.rules" in announced.stdout

    written = run("rules", "fmt")
    assert (written.exit_code, file.read_text(encoding="utf-8")) == (0, TIDY)
    assert "changed rules/own.rules" in written.stdout

    again = run("rules", "fmt", "--check")
    assert again.exit_code == 0
    assert [path.name for path in Path("rules").iterdir()] == ["own.rules"]


def test_fmt_keeps_the_permissions_of_a_file_and_follows_a_link_to_it(run: Run) -> None:
    Path("shared.rules").write_text(UNTIDY, encoding="utf-8")
    Path("shared.rules").chmod(0o640)
    Path("rules/own.rules").unlink()
    Path("rules/own.rules").symlink_to(Path("shared.rules").absolute())

    run("rules", "fmt")

    assert Path("rules/own.rules").is_symlink()
    assert Path("shared.rules").read_text(encoding="utf-8") == TIDY
    assert Path("shared.rules").stat().st_mode & 0o777 == 0o640


def test_fmt_leaves_a_file_alone_that_cannot_be_read_and_does_the_others(run: Run) -> None:
    broken = "score reach = = 1\n"
    Path("rules/a.rules").write_text(broken, encoding="utf-8")

    result = run("rules", "fmt")

    assert result.exit_code == 2
    assert "--> rules/a.rules:1:15" in result.stdout
    assert "1 file cannot be read" in result.stdout
    assert Path("rules/a.rules").read_text(encoding="utf-8") == broken
    assert Path("rules/own.rules").read_text(encoding="utf-8") == TIDY


def test_fmt_takes_the_files_that_are_named(run: Run) -> None:
    Path("rules/other.rules").write_text("let  a=rating<1\n", encoding="utf-8")

    run("rules", "fmt", "rules/other.rules")

    assert Path("rules/other.rules").read_text(encoding="utf-8") == "let a = rating < 1\n"
    assert Path("rules/own.rules").read_text(encoding="utf-8") == UNTIDY


def test_explain_gives_reason_before_and_after(run: Run) -> None:
    shown = run("rules", "explain", "r102")
    value = _value(run("rules", "explain", "R102", "--json"))

    assert "error[R102]: Never a value of this field" in shown.stdout
    assert 'visibility == "pubic"' in shown.stdout
    assert 'visibility == "public"' in shown.stdout
    assert set(value) == {"code", "severity", "title", "reason", "before", "after"}


def test_explain_suggests_the_nearest_code(run: Run) -> None:
    result = run("rules", "explain", "R1002")

    assert result.exit_code == 2
    assert "there is no code 'R1002'" in result.stderr
    assert "did you mean 'R1" in result.stderr


def test_export_gives_every_statement_with_its_place_and_parts(run: Run) -> None:
    value = _value(run("rules", "export", "--json"))

    assert value == {
        "version": 1,
        "files": [
            {
                "path": "rules/own.rules",
                "statements": [
                    {
                        "node": "score",
                        "at": {"line": 1, "column": 1, "end_line": 1, "end_column": 30},
                        "mark": {"line": 1, "column": 7, "end_line": 1, "end_column": 15},
                        "name": "priority",
                        "value": value["files"][0]["statements"][0]["value"],
                    }
                ],
            }
        ],
    }
    assert value["files"][0]["statements"][0]["value"]["node"] == "gather"


def test_export_of_rules_with_a_mistake_gives_the_mistake(run: Run) -> None:
    Path("rules/own.rules").write_text("score reach = idea.voicse\n", encoding="utf-8")

    result = run("rules", "export", "--json")

    assert result.exit_code == 2
    assert [d["code"] for d in _value(result)["diagnostics"]] == ["R101"]


def test_export_outlines_the_files_for_people(run: Run) -> None:
    assert "1  score priority" in run("rules", "export").stdout


def test_a_strict_check_fails_on_a_warning(run: Run) -> None:
    Path("rules/own.rules").write_text("let unused = rating < 1\n", encoding="utf-8")

    assert run("rules", "check").exit_code == 0
    strict = run("rules", "check", "--strict", "--json")
    assert (strict.exit_code, _value(strict)["passed"]) == (2, False)


def test_a_strict_check_passes_where_there_is_nothing_to_say(run: Run) -> None:
    assert run("rules", "check", "--strict").exit_code == 0


COVERED = """\
rule "Many" {
    when idea.voices > 5
    tag "many"
}

rule "Any" {
    when idea.voices > 0
    tag "any"
}

test "one voice" {
    given  idea.voices = 1
    expect tags contains "any"
}
"""


def _with_an_idea(run: Run) -> None:
    Path("rules/own.rules").write_text(COVERED, encoding="utf-8")
    Path("a.csv").write_text("id,text,created\n1,Slow,2026-01-05T08:00:00Z\n", encoding="utf-8")
    Path("opshub.toml").write_text(
        '[hub]\nrules = ["rules"]\n[connections.a]\nkind = "files"\npaths = ["a.csv"]\n'
        '[connections.a.columns]\nid = "id"\ntext = "text"\ncreated = "created"\n',
        encoding="utf-8",
    )
    assert run("sync").exit_code == 0


def test_coverage_names_clauses_that_were_never_tried_and_dead_rules(run: Run) -> None:
    _with_an_idea(run)

    shown = run("rules", "coverage").stdout

    assert "2 clauses, 2 not tried both ways" in shown
    assert "rules/own.rules:2  idea.voices > 5  never true" in shown
    assert "rules/own.rules:7  idea.voices > 0  never false" in shown
    assert "rules/own.rules:1  Many  no test and no idea" in shown
    assert "tried on 1 test and 1 stored idea" in shown


def test_coverage_gives_the_counts_of_all_as_json(run: Run) -> None:
    _with_an_idea(run)

    value = _value(run("rules", "coverage", "--json"))

    assert (value["tests"], value["ideas"]) == (1, 1)
    assert value["rules"][1] == {"name": "Any", "place": "rules/own.rules:6", "tests": 1, "ideas": 1}
    assert value["clauses"][0]["tests"] == {"true": 0, "false": 1}
    assert value["clauses"][0]["ideas"] == {"true": 0, "false": 1}


def test_coverage_of_a_hub_without_ideas_judges_by_the_tests_alone(run: Run) -> None:
    Path("rules/own.rules").write_text(COVERED, encoding="utf-8")

    result = run("rules", "coverage")

    assert result.exit_code == 0
    assert "rules/own.rules:1  Many  no test\n" in result.stdout


def test_new_copies_a_pack_and_what_uses_it_goes_on_with_the_copy(run: Run) -> None:
    own = 'use "starter"\n\nscore own = reach * 2\n'
    Path("rules/own.rules").write_text(own, encoding="utf-8")
    assert run("rules", "check", "--strict").exit_code == 0

    made = run("rules", "new", "starter")
    copy = Path("rules/starter.rules")
    copy.write_text(
        copy.read_text(encoding="utf-8").replace("score reach ", "score extent"), encoding="utf-8"
    )
    broken = run("rules", "check")

    assert "wrote " in made.stdout
    assert "there is no 'reach'" in broken.stdout
    assert "did you mean" in broken.stdout


def test_new_leaves_a_copy_alone_that_is_there(run: Run) -> None:
    Path("rules/starter.rules").write_text("# mine\n", encoding="utf-8")

    result = run("rules", "new", "starter")

    assert result.exit_code == 2
    assert Path("rules/starter.rules").read_text(encoding="utf-8") == "# mine\n"


def test_new_lists_the_packs_and_suggests_the_nearest(run: Run) -> None:
    listed = _value(run("rules", "new", "--json"))
    unknown = run("rules", "new", "startr")

    assert {"rice", "starter"} <= {row["pack"] for row in listed}
    assert unknown.exit_code != 0
    assert "did you mean 'starter'" in unknown.stderr
