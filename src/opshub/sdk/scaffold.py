"""Writes a new connector that runs, and its test: a start that already keeps the contract."""

from __future__ import annotations

import keyword
import re
from importlib.resources import files
from pathlib import Path
from string import Template

from opshub.errors import UsageError

__all__ = ["write_scaffold"]

KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")


def write_scaffold(kind: str, folder: Path) -> list[Path]:
    """Write ``kind.py`` into the folder and its contract test into ``tests/`` below; returns what was written.

    Raises UsageError for a kind that is no module's name, and where one of the files exists already.
    """
    if not KIND.fullmatch(kind) or keyword.iskeyword(kind):
        raise UsageError(
            f"{kind!r} cannot be the name of a connector",
            hint="Use small letters, digits and underscores, and begin with a letter: acme_desk.",
        )
    words = {"kind": kind, "Name": "".join(part.capitalize() for part in kind.split("_"))}
    written = {
        folder / f"{kind}.py": _filled("scaffold_connector.txt", words),
        folder / "tests" / f"test_{kind}.py": _filled("scaffold_test.txt", words),
    }
    for path in written:
        if path.exists():
            raise UsageError(f"{path} exists already", hint="Choose another name, or remove the file.")
    for path, text in written.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return list(written)


def _filled(name: str, words: dict[str, str]) -> str:
    template = files("opshub.sdk") / name
    return Template(template.read_text(encoding="utf-8")).substitute(words)
