"""The labelled streams: items in order of arrival, each with the topic that it speaks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Item", "names", "read"]


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of feedback; those of one ``cluster`` mean the same."""

    id: str
    language: str
    source: str
    title: str
    text: str
    cluster: str


def names(folder: Path) -> list[str]:
    """The sets of a folder."""
    return sorted(path.stem for path in folder.glob("*.jsonl"))


def read(folder: Path, name: str, split: str) -> list[Item]:
    """One part of a set, ``dev`` to tune on or ``test`` to report on; topics are in one of the two only."""
    found = []
    with (folder / f"{name}.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["split"] == split:
                found.append(
                    Item(
                        row["id"], row["lang"], row["source"], row["title"], row["text"], str(row["cluster"])
                    )
                )
    return found
