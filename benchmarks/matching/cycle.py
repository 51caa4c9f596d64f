"""A labelled stream through the whole cycle: a file of records, `opshub sync`, and the ideas that came of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sets import Item

from opshub.clock import SystemClock
from opshub.model import LinkMaker, Ref
from opshub.store import open_store

__all__ = ["Grouping", "ideas"]

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
CONFIG = """
[hub]
similar = "{similar}"

[connections.set]
kind = "files"
paths = ["set.jsonl"]
permalink = "https://set.example/{{no}}"

[connections.set.columns]
id = "no"
title = "title"
text = "text"
created = "date"
"""


class Grouping(NamedTuple):
    """The idea of each item, in order, and which of them a likeness put there."""

    ideas: list[int]
    by_likeness: list[bool]


def ideas(items: Sequence[Item], folder: Path, similar: str) -> Grouping:
    """What a hub makes of these items that nobody looks after."""
    (folder / "rules").mkdir()
    (folder / "opshub.toml").write_text(CONFIG.format(similar=similar), encoding="utf-8")
    with (folder / "set.jsonl").open("w", encoding="utf-8") as lines:
        for at, item in enumerate(items):
            moment = (BEGIN + timedelta(minutes=at)).isoformat()
            row = {"no": f"{at:06}", "title": item.title, "text": item.text, "date": moment}
            lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    command = [sys.executable, "-m", "opshub", "sync", "--until", "match"]
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with closing(open_store(folder / "opshub.db", clock=SystemClock())) as store:
        links = store.links_of([Ref("set", f"{at:06}") for at in range(len(items))])
    found = [links.get(Ref("set", f"{at:06}")) for at in range(len(items))]
    return Grouping(
        [link.idea if link else -at for at, link in enumerate(found, 1)],
        [link is not None and link.maker is LinkMaker.SIMILARITY for link in found],
    )
