"""Each kind of bad input ends with a clear message, its place, the next step and the right exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from opshub.cli import cli

EXPORTS = """\
[connections.exports]
kind = "files"
paths = ["a.csv"]
columns = { id = "id", text = "text", created = "created" }
"""
HEAD = "id,text,created\n"
GOOD = "1,Please add an export,2026-01-05T08:00:00Z\n"
OTHER = EXPORTS.replace("exports", "other").replace("a.csv", "b.csv")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text(HEAD + GOOD, encoding="utf-8")
    (tmp_path / "b.csv").write_text(HEAD + GOOD.replace("1,", "7,"), encoding="utf-8")
    return tmp_path


def run(*args: str, **environ: str) -> Result:
    return CliRunner().invoke(cli, args, env=environ, catch_exceptions=False)


def configure(here: Path, text: str) -> None:
    (here / "opshub.toml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[hub\n", "opshub.toml:1: this is no TOML"),
        (
            '[hub]\ndatabse = "x"\n',
            'opshub.toml:2: [hub] unknown setting "databse"; did you mean "database"?',
        ),
        (
            '[connections.a]\nkind = "typeform"\nform = "x"\ntoken = "t"\nwrite = { tags = "labels" }\n',
            'opshub.toml:5: [connections.a] "write" asks too much of typeform',
        ),
        (
            '[connections.a]\nkind = "typeform"\nform = "x"\ntoken = "t"\npublish = 3\n',
            'opshub.toml:5: [connections.a] "publish" asks too much of typeform',
        ),
        (
            '[connections.a]\nkind = "typeform"\nform = "x"\ntoken = "t"\nas = "ideas"\n',
            'opshub.toml:5: [connections.a] "as" asks too much of typeform',
        ),
        (
            '[connections.a]\nkind = "zendesk"\nurl = "http://127.0.0.1:9"\nemail = "a@a.test"\ntoken = "t"\n',
            "opshub.toml:3: [connections.a] http://127.0.0.1 would carry the credentials in clear",
        ),
        ("[hub]\nmax_changes = true\n", 'opshub.toml:2: [hub] "max_changes" must be'),
        (
            '[connections.desk]\nkind = "zendsk"\n',
            'opshub.toml:2: [connections.desk] there is no connector "zendsk"',
        ),
    ],
)
def test_a_bad_configuration_ends_with_2(here: Path, text: str, expected: str) -> None:
    configure(here, text)

    result = run("status")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: ")
    assert expected in result.stderr
    assert "\nnext: " in result.stderr
    assert "Traceback" not in result.output


def test_rules_that_are_nowhere_stop_a_sync_and_not_a_look(here: Path) -> None:
    columns = '{ id = "id", text = "text", created = "created" }'
    box = f'[connections.box]\nkind = "files"\npaths = ["a.csv"]\ncolumns = {columns}\n'
    configure(here, f'[hub]\nrules = ["nowhere/*.rules"]\n{box}')

    synced, looked = run("sync"), run("status")

    assert (synced.exit_code, looked.exit_code) == (2, 0)
    assert "opshub.toml:2: [hub]" in synced.stderr


def test_without_any_secret_a_sync_ends_with_2_and_status_tells_why(here: Path) -> None:
    configure(here, '[connections.desk]\nkind = "zendesk"\nurl = "https://a.test"\nemail = "a@a.test"\n')

    synced, looked = run("sync"), run("status")

    assert (synced.exit_code, looked.exit_code) == (2, 0)
    assert '"token" is missing' in synced.stderr
    assert '"token" is missing' in looked.stdout


def test_a_missing_file_is_named(here: Path) -> None:
    result = run("--config", "nowhere.toml", "status")

    assert result.exit_code == 2
    assert "nowhere.toml does not exist" in result.stderr


def test_five_mistakes_in_a_rule_file_come_at_once(here: Path) -> None:
    configure(here, EXPORTS)
    (here / "rules").mkdir()
    (here / "rules" / "bad.rules").write_text(
        'rule "a" {\n    when idea.titel == "x"\n    priority +1 because "x"\n}\n'
        'rule "b" {\n    when idea.voices > "3"\n    priority +1 because "x"\n}\n'
        'rule "c" {\n    when nonsense(idea.title)\n    priority +1 because "x"\n}\n'
        'rule "d" {\n    when idea.voices = 3\n    priority +1 because "x"\n}\n'
        'rule "e" {\n    when idea.voices > 3\n    route to nowhere.X\n}\n',
        encoding="utf-8",
    )

    checked, synced = run("rules", "check"), run("sync")

    for result in (checked, synced):
        assert result.exit_code == 2
        assert result.output.count("--> rules/bad.rules:") >= 5
    assert "5 mistakes" in synced.stderr
    assert "opshub rules check" in synced.stderr


def test_ideas_can_be_read_while_the_rules_are_broken(here: Path) -> None:
    configure(here, EXPORTS)
    run("sync")
    (here / "rules").mkdir()
    (here / "rules" / "bad.rules").write_text("rule {", encoding="utf-8")

    listed, status = run("ideas", "list"), run("status")

    assert listed.exit_code == 0
    assert "IDEA-1" in listed.stdout
    assert "The rule files cannot be used" in status.stdout
    assert "bad.rules:1" in status.stdout


def test_a_csv_in_the_wrong_encoding_is_named_and_the_rest_goes_on(here: Path) -> None:
    configure(here, EXPORTS + 'encoding = "utf-8"\n' + OTHER)
    (here / "a.csv").write_bytes((HEAD + "1,导出表格,2026-01-05T08:00:00Z\n").encode("gb18030"))

    result = run("sync")

    assert result.exit_code == 7
    assert "a.csv, line 2" in result.stderr
    assert "other" in result.stdout
    assert "IDEA-1" in run("ideas", "list").stdout


def test_a_cell_of_20_megabytes_does_not_stop_the_rest(here: Path) -> None:
    configure(here, EXPORTS)
    huge = "x" * 20_000_000
    (here / "a.csv").write_text(f'{HEAD}{GOOD}2,"{huge}",2026-01-05T08:00:00Z\n3,Fine,2026-01-06T08:00:00Z\n')

    result = run("sync")

    assert "Traceback" not in result.output
    assert len(result.output) < 10_000
    assert result.exit_code in (0, 1, 7)
    assert "IDEA-" in run("ideas", "list").stdout or result.exit_code != 0


def test_a_file_that_is_missing_ends_with_5(here: Path) -> None:
    configure(here, EXPORTS.replace("a.csv", "nowhere.csv"))

    result = run("sync")

    assert result.exit_code == 5
    assert "nowhere.csv" in result.stderr


def test_a_server_that_is_down_fails_alone(here: Path) -> None:
    # Nothing listens on port 9 of this machine; one attempt is enough to know.
    configure(here, DESK.format(url="http://127.0.0.1:9") + EXPORTS)

    result = run("sync", OPSHUB_CONNECTIONS__DESK__TOKEN="canary-7f3a1")

    assert result.exit_code == 7
    assert "desk" in result.stderr
    assert "canary-7f3a1" not in result.output
    assert "IDEA-1" in run("ideas", "list").stdout


DESK = """\
[connections.desk]
kind = "zendesk"
url = "{url}"
email = "ops@acme.test"
private = true
"""


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["nonsense"], "no such command: 'nonsense'"),
        (["stats"], "did you mean 'status'?"),
        (["sync", "--until", "never"], "--until"),
        (["sync", "exportz"], "exportz"),
        (["sync", "--since", "yesterday"], "--since is no date"),
        (["revert", "x"], "RUN"),
        (["connections", "new", "Not A Kind"], "cannot be the name of a connector"),
        (["connections", "check", "exportz"], 'did you mean "exports"?'),
    ],
)
def test_wrong_words_are_refused_with_the_next_step(here: Path, args: list[str], expected: str) -> None:
    configure(here, EXPORTS)

    result = run(*args)

    assert result.exit_code in (2, 5)
    assert expected in result.output
    assert "next: " in result.output


@pytest.mark.parametrize(
    "args", [["ideas", "show", "IDEA-99"], ["ideas", "why", "x"], ["records", "show", "9"], ["revert", "9"]]
)
def test_what_is_not_there_ends_with_5(here: Path, args: list[str]) -> None:
    configure(here, EXPORTS)

    result = run(*args)

    assert result.exit_code == 5
    assert "next: " in result.stderr


def test_a_bug_ends_in_words_and_shows_its_traceback_only_when_asked(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(here, EXPORTS)

    def broken(self: object) -> None:
        secret = "canary-local"
        raise ZeroDivisionError(len(secret))

    monkeypatch.setattr("opshub.cli.session.Session.config", broken)
    plain = CliRunner().invoke(cli, ["status"])
    asked = CliRunner().invoke(cli, ["--debug", "status"])

    assert plain.exit_code == asked.exit_code == 70
    assert "this is a bug" in plain.stderr
    assert "Traceback" not in plain.output
    assert "Traceback" in asked.output
    assert "canary-local" not in asked.stderr.replace('secret = "canary-local"', "")


def _start(*args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "opshub", *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def test_a_reader_that_leaves_early_is_no_error(here: Path) -> None:
    configure(here, EXPORTS)
    reading, writing = os.pipe()
    os.close(reading)

    command = [sys.executable, "-m", "opshub", "rules", "fields"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)

    assert done.stderr == ""


def test_no_color_and_pipes_get_no_colours(here: Path) -> None:
    process = _start("status")
    out, err = process.communicate(timeout=60)

    assert process.returncode == 2
    assert "\x1b" not in out + err


def test_ctrl_c_ends_with_130_and_words(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr("opshub.cli.session.Session.config", interrupted)
    # What is started in the background of a shell inherits that Ctrl-C is ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        result = CliRunner().invoke(cli, ["status"])
    finally:
        signal.signal(signal.SIGINT, before)

    assert result.exit_code == 130
    assert "stopped" in result.stderr
    assert "Traceback" not in result.output


def test_texts_in_other_scripts_survive_a_terminal_that_cannot_show_them(here: Path) -> None:
    configure(here, EXPORTS)
    (here / "a.csv").write_text(HEAD + "1,导出表格,2026-01-05T08:00:00Z\n", encoding="utf-8")
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    subprocess.run([sys.executable, "-m", "opshub", "sync"], check=True, capture_output=True, env=environ)

    done = subprocess.run(
        [sys.executable, "-m", "opshub", "ideas", "list"], check=False, capture_output=True, env=environ
    )

    assert done.returncode == 0
    assert b"IDEA-1" in done.stdout
