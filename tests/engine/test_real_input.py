"""A real archive of issues through the whole cycle: once as a file, once served by the Jira twin."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from opshub.clock import SystemClock
from opshub.config import close, load, open_hub
from opshub.model import Ref
from opshub.plugins import Registry

ISSUES = 2837
COMMENTS = 3550

FILES = """
[hub]
database = "hub.db"

[connections.archive]
kind = "files"
paths = ["issues.jsonl"]
permalink = "https://issues.example.org/browse/{key}"
text_format = "markdown"

[connections.archive.columns]
id = "key"
title = "summary"
text = "description"
created = "date"
updated = "updated"
author = "reporter"
mentions = "issueLinks[].key"

[connections.archive.comments]
path = "comments"
text = "body"
author = "author"
created = "date"

[connections.archive.duplicates]
path = "issueLinks"
key = "key"
where = { type = "Duplicate" }
both_sides = true
"""


@pytest.fixture
def archive(shared: Path) -> Path:
    return shared / "data" / "fluid-jira.jsonl"


@contextmanager
def hub_in(folder: Path, configuration: str) -> Iterator[Any]:
    (folder / "rules").mkdir(exist_ok=True)
    with Registry().pack("starter").open("rb") as source:
        (folder / "rules" / "starter.rules").write_bytes(source.read())
    (folder / "opshub.toml").write_text(configuration, "utf-8")
    hub = open_hub(load(folder / "opshub.toml"), clock=SystemClock())
    try:
        yield hub
    finally:
        close(hub.connections)
        hub.store.close()


def rows_of(archive: Path) -> dict[str, Any]:
    rows = (json.loads(line) for line in archive.read_text("utf-8").split("\n") if line)
    return {row["key"]: row for row in rows}


def judge(hub: Any, rows: dict[str, Any], name_of: dict[str, str]) -> None:
    """All issues, comments, links and moments are there, and a second run finds nothing new."""
    first = hub.sync()
    seq = hub.store.last_seq()
    second = hub.sync()

    found = {key: hub.store.feedback(Ref("archive", name_of[key])) for key in rows}
    assert (first.exit_code, first.connections[0].changed) == (0, ISSUES)
    assert sum(len(feedback.comments) for feedback in found.values()) == COMMENTS
    for key, row in rows.items():
        assert found[key].created_at.replace(microsecond=0) == datetime.fromisoformat(row["date"]).replace(
            microsecond=0
        )
        assert {link["key"] for link in row["issueLinks"] or ()} <= {*found[key].mentions}
    assert hub.store.links_of([feedback.ref for feedback in found.values()]).keys() == {
        feedback.ref for feedback in found.values()
    }
    assert (second.connections[0].changed, hub.store.last_seq()) == (0, seq)


def test_an_archive_of_issues_as_a_file(tmp_path: Path, archive: Path) -> None:
    shutil.copy(archive, tmp_path / "issues.jsonl")
    rows = rows_of(archive)

    with hub_in(tmp_path, FILES) as hub:
        judge(hub, rows, {key: key for key in rows})


def test_the_same_archive_served_by_a_tracker(tmp_path: Path, archive: Path) -> None:
    twin = Registry().twin("jira")()
    twin.load_jsonl(archive)
    projects = ", ".join(key for key in sorted(twin.state.projects) if key != "FEED")
    rows = rows_of(archive)

    with twin.serve() as url:
        table = {**twin.settings(url), "query": f"project in ({projects})"}
        lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in table.items())
        with hub_in(tmp_path, f'[hub]\ndatabase = "hub.db"\n\n[connections.archive]\n{lines}\n') as hub:
            judge(hub, rows, {key: str(twin.issue(key).id) for key in rows})
