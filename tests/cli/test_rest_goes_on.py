"""Bad input beside good: a message with its place and the next step, the right exit code, and the rest goes on.

Each as a user meets it: the real command in a process of its own, twins on sockets.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from opshub.cli.reporting import finish
from opshub.engine.report import ConnectionReport, Report
from opshub.plugins import Registry
from opshub.testing import Twin

OTHER = """
[connections.other]
kind = "files"
paths = ["other.csv"]
columns = { id = "id", text = "text", created = "created" }
"""
HEAD = "id,text,created\n"
CANARY = "canary-7f3a1"


class Folder:
    """A folder with one good connection, and what a test adds to it."""

    def __init__(self, path: Path, closing: ExitStack) -> None:
        self.path = path
        self._closing = closing
        self.put("other.csv", HEAD + "9,Please add an export,2026-01-05T08:00:00Z\n")

    def put(self, name: str, text: str | bytes) -> None:
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)

    def configure(self, text: str) -> None:
        self.put("opshub.toml", text + OTHER)

    def exports(self, data: str | bytes, more: str = "") -> None:
        """A second file, with its connection."""
        self.put("exports.csv", data)
        self.configure(OTHER.replace("other", "exports") + more)

    def twin(self, kind: str, **changes: object) -> Any:
        """A twin with its connection, called ``it``."""
        twin: Twin = Registry().twin(kind)()
        url = self._closing.enter_context(twin.serve())
        self.table({**twin.settings(url), **changes})
        return twin

    def table(self, table: Mapping[str, object]) -> None:
        rows = "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
        self.configure(f"[connections.it]\n{rows}\n")

    def run(self, *args: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "opshub", *args]
        done = subprocess.run(
            command, cwd=self.path, capture_output=True, text=True, check=False, env=dict(os.environ)
        )
        assert "Traceback" not in done.stdout + done.stderr
        assert CANARY not in done.stdout + done.stderr
        return done

    def ideas(self) -> set[str]:
        rows: list[dict[str, Any]] = json.loads(self.run("ideas", "list", "--json").stdout)
        return {row["title"] for row in rows}


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Folder]:
    with ExitStack() as closing:
        yield Folder(tmp_path, closing)


def said(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """The command ended with this code, named all that, and told the next step."""
    assert done.returncode == code, done.stdout + done.stderr
    for word in words:
        assert word in done.stderr, done.stderr
    assert "next: " in done.stderr


def test_broken_toml(here: Folder) -> None:
    here.put("opshub.toml", '[hub]\ndatabase = "x\n\n[connections.a]\nkind = files\n')

    said(here.run("sync"), 2, "opshub.toml:2: this is no TOML")


def test_unknown_keys_and_wrong_types_come_all_at_once(here: Folder) -> None:
    here.put(
        "opshub.toml",
        '[hub]\ndatabse = "x"\nmax_changes = "many"\n[connections.a]\nkind = "files"\npaths = 7\n'
        'colums = {}\nevery = "soon"\nwrite = ["x"]\n[conections.b]\nkind = "files"\n',
    )

    said(
        here.run("sync"),
        2,
        "opshub.toml has 7 mistakes",
        'opshub.toml:2: [hub] unknown setting "databse"; did you mean "database"?',
        'opshub.toml:3: [hub] "max_changes" must be a whole number',
        'opshub.toml:6: [connections.a] "paths" must be a list, such as',
        'opshub.toml:7: [connections.a] unknown setting "colums"; did you mean "columns"?',
        'opshub.toml:8: [connections.a] "every" must be a duration such as "30s"',
        'opshub.toml:9: [connections.a] "write" must be a table, such as',
        'opshub.toml:10: unknown table "conections"; did you mean "connections"?',
    )


def test_a_missing_secret(here: Folder) -> None:
    here.table({"kind": "zendesk", "url": "https://acme.zendesk.com", "email": "ops@acme.test"})

    synced = here.run("sync")

    said(synced, 7, 'opshub.toml:1: [connections.it] "token" is missing', "OPSHUB_CONNECTIONS__IT__TOKEN")
    assert here.ideas() == {"Please add an export"}
    assert here.run("sync", "other").returncode == 0
    said(here.run("sync", "it"), 2, '"token" is missing')


def test_a_missing_secret_forgets_no_plan(here: Folder) -> None:
    twin = here.twin("jira", **{"as": "ideas", "write": {}})
    table = {**twin.settings(twin.url), "as": "ideas", "query": "project = FEED"}
    text = "\n".join(f"{key} = {json.dumps(value)}" for key, value in table.items())
    here.configure(f'[connections.it]\n{text}\nwrite = {{ tags = "labels" }}\n')
    here.put("rules/a.rules", 'rule "All" { when idea.voices >= 1 tag "asked" }\n')
    twin.add("An issue")
    here.put("other.csv", HEAD + "9,Please look at FEED-1,2026-01-05T08:00:00Z\n")
    here.run("sync")
    before = json.loads(here.run("plan", "--json").stdout)
    whole = (here.path / "opshub.toml").read_text()

    here.put("opshub.toml", "\n".join(line for line in whole.splitlines() if not line.startswith("token")))
    lacking = here.run("sync")
    here.put("opshub.toml", whole)

    said(lacking, 7, '"token" is missing')
    assert json.loads(here.run("plan", "--json").stdout) == before
    assert "asked" in json.dumps(before)


def test_what_is_planned_for_others_is_written_where_a_secret_is_missing(here: Folder) -> None:
    here.table({"kind": "zendesk", "url": "https://acme.zendesk.com", "email": "ops@acme.test"})
    text = (here.path / "opshub.toml").read_text() + 'publish = 5\noutput = "ranked.csv"\n'
    here.put("opshub.toml", text)
    here.run("sync")

    planned, applied = here.run("plan"), here.run("apply")

    for done in (planned, applied):
        said(done, 7, '"token" is missing', "OPSHUB_CONNECTIONS__IT__TOKEN")
        assert done.stderr.count('"token" is missing') == 1
    assert "1 to write" in planned.stdout
    assert "Please add an export" in (here.path / "ranked.csv").read_text()
    assert here.run("apply", "other").returncode == 0
    said(here.run("apply", "it"), 2, '"token" is missing')
    assert '"token" is missing' in here.run("status").stdout


def test_records_are_not_blamed_for_a_missing_secret(here: Folder) -> None:
    twin = here.twin("zendesk")
    twin.add_ticket("Export", "We need an export")
    here.run("sync", "--until", "pull")
    whole = (here.path / "opshub.toml").read_text()
    here.put("opshub.toml", "\n".join(line for line in whole.splitlines() if not line.startswith("token")))

    here.run("sync")

    assert json.loads(here.run("records", "list", "--json").stdout) == []


def test_a_rule_file_with_five_mistakes(here: Folder) -> None:
    here.configure("")
    here.run("sync")
    mistakes = [
        'when idea.titel == "x"',
        'when idea.voices > "3"',
        "when nonsense(idea.title)",
        "when idea.voices = 3",
        "when idea.voices > 3 route to nowhere.X",
    ]
    text = "".join(f'rule "r{n}" {{ {line} priority +1 because "x" }}\n' for n, line in enumerate(mistakes))
    here.put("rules/bad.rules", text)

    checked, synced = here.run("rules", "check"), here.run("sync")

    assert checked.returncode == 2
    said(synced, 2, "the rules have", *(f"rules/bad.rules:{line}:" for line in range(1, 6)))
    assert here.ideas() == {"Please add an export"}
    assert here.run("status").returncode == 0


def test_a_file_in_the_wrong_encoding(here: Folder) -> None:
    here.exports((HEAD + "2,导出表格,2026-01-05T08:00:00Z\n").encode("gb18030"), 'encoding = "utf-8"\n')

    said(here.run("sync"), 7, "exports: exports.csv, line 2", "this is not utf-8", "set encoding")
    assert here.ideas() == {"Please add an export"}


def test_a_column_that_is_not_there(here: Folder) -> None:
    here.exports(HEAD.replace("text", "words") + "1,hello,2026-01-05T08:00:00Z\n")

    said(here.run("sync"), 7, "exports.csv: there is no column 'text'", "id, words, created")
    assert here.ideas() == {"Please add an export"}


def test_a_cell_of_20_megabytes(here: Folder) -> None:
    rows = f'1,Good,2026-01-05T08:00:00Z\n2,"{"x" * 20_000_000}",2026-01-05T08:00:00Z\n3,Fine,2026-01-06T08:00:00Z\n'
    here.exports(HEAD + rows)

    synced, listed = here.run("sync"), here.run("records", "list")

    assert (synced.returncode, here.ideas()) == (0, {"Please add an export", "Good", "Fine"})
    assert "1 bad" in synced.stdout
    assert "exports.csv, line 3: too large" in listed.stdout
    assert "opshub records show KEY" in listed.stdout
    assert len(here.run("records", "show", "1").stdout) < 30_000


def test_a_wrong_token(here: Folder) -> None:
    here.twin("zendesk", token=CANARY)

    said(here.run("sync"), 7, "it: ", "401", "credentials")
    assert here.ideas() == {"Please add an export"}
    assert here.run("connections", "check").returncode == 3
    assert "401" in here.run("status").stdout


def test_a_missing_permission(here: Folder) -> None:
    twin = here.twin("zendesk")
    twin.faults.always("status", code=403)

    said(here.run("sync"), 7, "it: ", "403", "Give the account the permission")
    assert here.ideas() == {"Please add an export"}
    assert here.run("connections", "check", "it").returncode == 4


def test_an_unknown_project(here: Folder) -> None:
    here.twin("jira", query="project = NOPE")

    said(here.run("sync"), 7, "it: ", "'NOPE' does not exist", "correct `query`")
    assert here.ideas() == {"Please add an export"}
    assert here.run("connections", "check", "it").returncode == 5


def test_a_server_that_is_down(here: Folder) -> None:
    # Nothing listens on port 9 of this machine.
    twin: Twin = Registry().twin("zendesk")()
    here.table({**twin.settings("http://127.0.0.1:9"), "token": CANARY})

    said(here.run("sync"), 7, "it: 127.0.0.1", "no connection", "Check the address")
    checked = here.run("connections", "check")
    assert (checked.returncode, checked.stdout.count("no connection")) == (1, 1)
    assert "2 looked at, 1 failed" in checked.stdout
    assert here.ideas() == {"Please add an export"}


def test_a_vendor_that_promises_more_than_it_gives(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(run=1, connections=[ConnectionReport("it", got=23, expected=1069)])

    code = finish(report, as_json_=False)

    shown = capsys.readouterr()
    assert code == 7
    assert "short by 1046" in shown.out
    assert "it: the vendor promised 1,069 records, and 23 came" in shown.err
    assert "next: to look again from the start: opshub sync it --full" in shown.err
