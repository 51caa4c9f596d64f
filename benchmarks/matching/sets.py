"""The labelled streams: items in order of arrival, each with the topic that it speaks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

__all__ = ["OWN", "Item", "files", "read"]

OWN = Path(__file__).parents[2] / "tests" / "matching" / "data"
"""The set that comes with the project."""


@dataclass(frozen=True, slots=True)
class Item:
    """One piece of feedback; those of one ``cluster`` mean the same."""

    id: str
    language: str
    source: str
    title: str
    text: str
    cluster: str


def files(folder: Path | None) -> dict[str, Path]:
    """The sets of a folder, and the project's own, by name."""
    found = [*OWN.glob("*.jsonl"), *(folder.glob("*.jsonl") if folder else ())]
    return {path.stem: path for path in sorted(found, key=lambda path: path.stem)}


def read(path: Path, split: str) -> list[Item]:
    """One part of a set, ``dev`` to tune on or ``test`` to report on; topics are in one of the two only."""
    found = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["split"] == split:
                found.append(
                    Item(
                        row["id"], row["lang"], row["source"], row["title"], row["text"], str(row["cluster"])
                    )
                )
    return found
