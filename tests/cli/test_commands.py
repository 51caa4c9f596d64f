"""The commands as a person runs them, over real files and a real database."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from opshub.cli import cli
from opshub.cli.sync import moment_of

CONFIG = """\
[hub]
rules = ["rules"]
timezone = "Asia/Shanghai"

[connections.exports]
kind  = "files"
paths = ["feedback/*.csv"]
publish = 10
output = "ranked.csv"
[connections.exports.columns]
id      = "id"
title   = "title"
text    = "text"
created = "created"
"""

FEEDBACK = """\
id,title,text,created
1,Export to CSV,"We need our data in a spreadsheet, please",2026-01-05T08:00:00Z
2,导出 Excel,希望可以导出表格，否则退款,2026-01-06T08:00:00Z
3,Hostile,"\x1b[2Jclear \u202eeslaf, then =cmd()",2026-01-07T08:00:00Z
4,=2+5,"a heading that a spreadsheet would run",2026-01-08T08:00:00Z
broken,No date,"this one has no date",whenever
"""

RULES = """\
score priority = count feedback

rule "A customer may leave" {
    when any feedback (feedback.text mentions ["cancel", "退款"])
    priority +30 because "a customer talks about leaving"
    tag "churn-risk"
}

bands priority { P1 >= 20, P2 otherwise }

test "somebody threatens to leave" {
    given  feedback.text = "I will cancel."
    expect priority >= 30, tags contains "churn-risk"
}
"""

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder with feedback and rules."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "feedback").mkdir()
    (tmp_path / "rules").mkdir()
    (tmp_path / "opshub.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "feedback" / "a.csv").write_text(FEEDBACK, encoding="utf-8")
    (tmp_path / "rules" / "own.rules").write_text(RULES, encoding="utf-8")

    def invoke(*args: str) -> Result:
        return CliRunner().invoke(cli, args, catch_exceptions=False)

    return invoke


def value(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_whole_cycle_by_hand(run: Run) -> None:
    synced = run("sync")
    listed = run("ideas", "list")
    why = run("ideas", "why", "IDEA-2")

    assert synced.exit_code == 0, synced.output
    assert "4 new ideas" in synced.stdout
    assert "1  IDEA-2  P1" in listed.stdout
    assert "because a customer talks about leaving" in why.stdout
    assert "“希望可以导出表格，否则退款”" in why.stdout
    assert "file://" in why.stdout.splitlines()[-1] or "file://" in why.stdout


def test_a_second_sync_changes_nothing(run: Run) -> None:
    run("sync")

    again = value(run("sync", "--json"))

    assert again["outcome"] == "done"
    assert [row["changed"] for row in again["connections"]] == [0]


READING = [
    ("plan",),
    ("ideas", "list"),
    ("ideas", "show", "IDEA-1"),
    ("ideas", "find", "hostile"),
    ("ideas", "why", "IDEA-1"),
    ("ideas", "why-not", "IDEA-3", "may leave"),
    ("rules", "simulate"),
    ("rules", "simulate", "--against", "rules/own.rules", "--at", "1d"),
    ("rules", "check"),
    ("rules", "test"),
    ("rules", "fields"),
    ("rules", "functions"),
    ("records", "list"),
    ("connections", "list"),
    ("connections", "check"),
    ("connections", "kinds"),
    ("status",),
]


@pytest.mark.parametrize("command", READING, ids=" ".join)
def test_reading_commands_speak_json_and_text(run: Run, command: tuple[str, ...]) -> None:
    run("sync")

    text, data = run(*command), run(*command, "--json")

    assert text.exit_code == data.exit_code == 0, text.output
    assert text.stdout.strip()
    assert isinstance(value(data), list | dict)
    assert "\x1b" not in text.output + data.output
    assert "\u202e" not in text.output + data.output


def test_ideas_are_found_by_words_and_a_search_without_words_is_an_error(run: Run) -> None:
    run("sync")

    found = value(run("ideas", "find", "HOSTILE", "--limit", "1", "--json"))
    shown = run("ideas", "find", "hostile")
    wrong = run("ideas", "find", "\x1b", "?!")

    assert [(row["idea"], row["nearest"]) for row in found] == [("IDEA-3", "exports:3")]
    assert shown.stdout.splitlines()[0].split() == ["idea", "voices", "title", "somebody", "says"]
    assert shown.stdout.splitlines()[-1] == "one of them: opshub ideas show IDEA"
    assert run("ideas", "find", "xyzzy").stdout == "no idea says anything like that\n"
    assert (wrong.exit_code, wrong.stderr.splitlines()[0]) == (2, "error: there is no word to look for")


def test_feedback_cannot_steer_the_terminal(run: Run) -> None:
    run("sync")

    shown = run("ideas", "show", "IDEA-3")

    assert "clear" in shown.stdout
    assert not set("\x1b\u202e") & set(shown.stdout)


def test_new_rules_are_tried_beside_the_configured_ones(run: Run, tmp_path: Path) -> None:
    run("sync")
    (tmp_path / "drafts").mkdir()
    (tmp_path / "drafts" / "own.rules").write_text(RULES.replace("+30", "+10"), encoding="utf-8")

    told = run("rules", "simulate", "--against", "drafts", "--html", "page.html")
    gone = run("rules", "simulate", "--against", "nowhere")

    assert told.exit_code == 0, told.output
    assert "31 → 11" in told.stdout
    assert "1 of 4 ideas change" in told.stdout
    assert "31 → 11" in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert gone.exit_code != 0 and "nowhere does not exist" in gone.output


def test_an_export_is_safe_in_a_spreadsheet(run: Run, tmp_path: Path) -> None:
    run("sync")

    printed = run("ideas", "export")
    run("ideas", "export", "--format", "json", "--output", "ideas.json")

    assert '"\'=2+5"' in printed.stdout
    assert len(json.loads((tmp_path / "ideas.json").read_text(encoding="utf-8"))) == 4


def test_bad_records_are_listed_shown_and_tried_again(run: Run) -> None:
    run("sync")

    listed = value(run("records", "list", "--json"))
    shown = value(run("records", "show", str(listed[0]["key"]), "--json"))
    retried = value(run("records", "retry", "--json"))

    assert [row["id"] for row in listed] == ["broken"]
    assert shown["record"]["title"] == "No date"
    assert {"still bad": 1}.items() <= next(
        s["counts"] for s in retried["stages"] if s["name"] == "normalize"
    ).items()


def test_a_dry_run_keeps_nothing(run: Run) -> None:
    dry = run("sync", "--dry-run")

    assert dry.exit_code == 0, dry.output
    assert "dry run" in dry.stdout
    assert value(run("ideas", "list", "--json")) == []


def test_the_ranked_list_is_planned_applied_and_then_in_order(run: Run, tmp_path: Path) -> None:
    run("sync")

    planned = run("plan")
    applied = run("apply")
    after = run("plan")

    assert "ranked list" in planned.stdout
    assert "opshub apply" in planned.stdout
    assert applied.exit_code == 0, applied.output
    assert (tmp_path / "ranked.csv").exists()
    assert "nothing to write" in after.stdout


def test_progress_goes_to_stderr_and_not_among_the_json(run: Run) -> None:
    synced = run("sync", "--json")

    assert value(synced)["run"] == 1
    assert "exports: 5 records pulled" in synced.stderr


def test_until_stops_after_a_stage(run: Run) -> None:
    run("sync", "--until", "normalize")

    assert value(run("ideas", "list", "--json")) == []
    assert value(run("status", "--json"))["connections"][0]["records"] == 5


def test_times_are_shown_in_the_configured_zone(run: Run) -> None:
    run("sync")

    assert "2026-01-05 16:00" in run("ideas", "show", "IDEA-1").stdout


@pytest.mark.parametrize(
    ("word", "moment"),
    [
        ("2026-01-01", "2025-12-31T16:00:00+00:00"),
        ("2026-01-01T08:00", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01T08:00+02:00", "2026-01-01T06:00:00+00:00"),
        ("1d12h", "2026-02-27T12:00:00+00:00"),
    ],
)
def test_since_takes_dates_moments_and_spans(word: str, moment: str) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)

    assert moment_of(word, "Asia/Shanghai", now).astimezone(UTC).isoformat() == moment


def test_since_is_refused_where_a_connector_cannot_do_it(run: Run) -> None:
    refused = run("sync", "--since", "7d")

    assert refused.exit_code == 2
    assert "opshub sync exports --full" in refused.stderr


def test_init_writes_what_passes_its_own_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(cli, ["init"])

    for command in (
        ["rules", "check"],
        ["rules", "test"],
        ["connections", "check"],
        ["ideas", "list"],
        ["status"],
    ):
        done = CliRunner().invoke(cli, command)
        assert done.exit_code == 0, done.output

    assert made.exit_code == 0
    assert "passed" not in made.output


def test_the_examples_that_init_comments_out_are_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    CliRunner().invoke(cli, ["init"])
    file = tmp_path / "opshub.toml"
    lines = file.read_text(encoding="utf-8").splitlines()
    example = [line.removeprefix("# ") for line in lines if "=" in line or line.startswith("# [")]
    text = "\n".join(line for line in example if tomllib_accepts(line)).replace("[hub]", "")
    file.write_text(f"[hub]\n{text}\n", encoding="utf-8")
    monkeypatch.setenv("OPSHUB_CONNECTIONS__SUPPORT__TOKEN", "canary-token")
    monkeypatch.setenv("OPSHUB_CONNECTIONS__JIRA__TOKEN", "canary-token")

    listed = CliRunner().invoke(cli, ["connections", "list", "--json"])
    status = CliRunner().invoke(cli, ["status"])

    assert [row["name"] for row in json.loads(listed.stdout)] == ["exports", "support", "jira"]
    assert status.exit_code == 0, status.output


def tomllib_accepts(line: str) -> bool:
    try:
        tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return False
    return True


def test_init_overwrites_nothing_unless_forced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "opshub.toml").write_text("# mine", encoding="utf-8")

    refused = CliRunner().invoke(cli, ["init"])
    kept = (tmp_path / "opshub.toml").read_text(encoding="utf-8")
    forced = CliRunner().invoke(cli, ["init", "--force"])

    assert refused.exit_code == 2
    assert "--force" in refused.stderr
    assert kept == "# mine"
    assert forced.exit_code == 0
    assert (tmp_path / "opshub.toml").read_text(encoding="utf-8") != "# mine"


def test_a_new_connector_is_among_the_kinds(run: Run) -> None:
    run("connections", "new", "acme")

    kinds = {row["kind"]: row for row in value(run("connections", "kinds", "--json"))["kinds"]}

    assert kinds["acme"]["origin"].endswith("acme.py")
    assert kinds["files"]["origin"] == "bundled"
    assert "writes" in kinds["jira"]["can"]


def test_a_new_connector_overwrites_nothing(run: Run) -> None:
    run("connections", "new", "acme")

    again = run("connections", "new", "acme")

    assert again.exit_code == 2
    assert "exists already" in again.stderr


def test_a_record_that_nobody_will_repair_is_dropped(run: Run) -> None:
    run("sync")

    dropped = run("records", "drop", "1")

    assert (dropped.exit_code, run("records", "list").stdout) == (0, "every record was understood\n")
    assert "1 dropped" in dropped.stdout
    assert run("records", "drop", "1").exit_code == 5


def test_all_quarantined_records_of_a_connection_are_dropped_at_once(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "feedback" / "a.csv"
    file.write_text(f"{FEEDBACK}other,No date,neither has this,never\n", encoding="utf-8")
    run("sync")

    assert run("records", "drop", "--connection", "nope").exit_code == 5
    assert run("records", "drop", "--connection", "exports").exit_code == 0

    assert value(run("records", "list", "--json")) == []


@pytest.mark.parametrize("words", [(), ("1", "--connection", "exports")])
def test_what_is_dropped_is_said_exactly(run: Run, words: tuple[str, ...]) -> None:
    run("sync")

    refused = run("records", "drop", *words)

    assert refused.exit_code == 2
    assert len(value(run("records", "list", "--json"))) == 1


@pytest.mark.parametrize(("answer", "code", "left"), [("n\n", 130, 1), ("y\n", 0, 0)])
def test_a_person_is_asked_before_records_are_dropped(
    run: Run, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, left: int
) -> None:
    run("sync")
    monkeypatch.setattr("opshub.cli.records.at_terminal", lambda: True)

    dropped = CliRunner().invoke(cli, ["records", "drop", "1"], input=answer)

    assert dropped.exit_code == code
    assert len(value(run("records", "list", "--json"))) == left


def test_records_of_a_connection_that_is_gone_are_told_of(run: Run, tmp_path: Path) -> None:
    run("sync")
    (tmp_path / "opshub.toml").write_text(
        CONFIG.replace("connections.exports", "connections.new"), encoding="utf-8"
    )

    retried = run("records", "retry")

    assert retried.exit_code == 7
    assert "exports: this connection is no longer configured" in retried.stderr
    assert "opshub records drop --connection exports" in retried.stderr


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("OPSHUB_HUB_DATABASE", "OPSHUB_HUB__SETTING"),
        ("OPSHUB_CONNECTION__EXPORTS__OUTPUT", "OPSHUB_CONNECTIONS__NAME__SETTING"),
        ("OPSHUB_HUBB__DATABASE", "OPSHUB_HUB__SETTING"),
    ],
)
def test_a_variable_that_only_looks_like_a_setting_is_refused(
    run: Run, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    monkeypatch.setenv("OPSHUB_IMAGE", "not ours")
    assert run("status").exit_code == 0
    monkeypatch.setenv(name, "x")

    refused = run("status")

    assert refused.exit_code == 2
    assert f"environment variable {name}: there is no such setting" in refused.stderr
    assert told in refused.stderr


def test_a_variable_of_the_wrong_type_is_told_in_plain_words(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSHUB_HUB__MAX_CHANGES", "many")

    assert '"max_changes" must be a whole number\n' in run("status").stderr


@pytest.mark.parametrize("group", ["ideas", "records", "rules", "connections"])
def test_a_family_of_commands_alone_shows_its_help(run: Run, group: str) -> None:
    shown = run(group)

    assert f"Usage: cli {group}" in shown.output
    assert "error: " not in shown.output


def test_an_empty_list_of_ideas_says_why_it_is_empty(run: Run) -> None:
    assert "no ideas yet: opshub sync" in run("ideas", "list").stdout
    run("sync")

    assert "no idea in band P9; there are 4 in all" in run("ideas", "list", "--band", "P9").stdout
    assert "no idea is that far down; there are 4 in all" in run("ideas", "list", "--offset", "9").stdout


def test_connections_say_that_the_ranked_list_is_written_there(run: Run) -> None:
    assert "ranked list" in run("connections", "list").stdout
    assert value(run("connections", "list", "--json"))[0]["publish"] == 10


def test_the_demo_names_the_command_as_it_was_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from opshub.cli.demo import called

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", [str(tmp_path / ".venv" / "bin" / "opshub"), "demo"])

    monkeypatch.setenv("PATH", str(tmp_path))
    assert called() == ".venv/bin/opshub"
    (tmp_path / "opshub").touch(mode=0o755)
    assert called() == "opshub"
