"""The ranked list as a CSV or JSON file that people and spreadsheets open."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import re
from pathlib import Path

from opshub.sdk import MissingError, OpshubError, PermissionDeniedError, Ranking, UnavailableError

__all__ = ["fingerprint", "fingerprint_of", "rendered", "replace_file", "told"]

COLUMNS = ("rank", "idea", "title", "band", "score", "voices", "tags", "url")
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠\t\r]")
PLAIN_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


def guarded(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula: with an apostrophe before it where it could."""
    risky = FORMULA.match(text) or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if risky and not PLAIN_NUMBER.fullmatch(text) else text


def _cells(ranking: Ranking) -> list[list[str]]:
    noted = any(row.note for row in ranking.rows)
    rows = [[*COLUMNS, *["note"] * noted]]
    for row in ranking.rows:
        texts = (
            row.idea,
            row.title,
            row.band,
            f"{round(row.score, 2):.12g}",
            str(row.voices),
            ", ".join(row.tags),
            row.url,
            *[row.note] * noted,
        )
        rows.append([str(row.rank), *(guarded(_legal(text)) for text in texts)])
    return rows


def _items(ranking: Ranking) -> list[dict[str, object]]:
    return [
        {
            "rank": row.rank,
            "idea": row.idea,
            "title": _legal(row.title),
            "band": row.band,
            "score": row.score,
            "voices": row.voices,
            "tags": list(row.tags),
            "url": row.url,
            **({"note": row.note} if row.note else {}),
        }
        for row in ranking.rows
    ]


def _legal(text: str) -> str:
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def rendered(ranking: Ranking, suffix: str, *, excel: bool) -> bytes:
    """The file's bytes: the same list gives the same bytes."""
    if suffix == ".json":
        return (json.dumps({"ideas": _items(ranking)}, ensure_ascii=False, indent=2) + "\n").encode()
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(_cells(ranking))
    return text.getvalue().encode("utf-8-sig" if excel else "utf-8")


def fingerprint(ranking: Ranking, suffix: str) -> str:
    """A short hash of the list as the file holds it."""
    return _hash(_items(ranking) if suffix == ".json" else _cells(ranking))


def fingerprint_of(content: bytes, suffix: str) -> str:
    """The same hash of a file's content; quoting, line ends and byte order mark do not count."""
    try:
        text = content.decode("utf-8-sig")
        if suffix == ".json":
            return _hash(json.loads(text)["ideas"])
        return _hash(list(csv.reader(io.StringIO(text, newline=""))))
    except (ValueError, KeyError, TypeError, RecursionError, csv.Error):
        return hashlib.blake2b(content, digest_size=12).hexdigest()


def _hash(value: object) -> str:
    return hashlib.blake2b(json.dumps(value, ensure_ascii=True).encode(), digest_size=12).hexdigest()


def replace_file(path: Path, content: bytes) -> None:
    """Put the content there in one step: whoever reads sees the old file or the new one, whole."""
    target = path.resolve()
    draft = target.with_name(f".{target.name}.new")
    try:
        draft.unlink(missing_ok=True)
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            draft.chmod(target.stat().st_mode & 0o777)
        draft.replace(target)
    except OSError as error:
        raise told(error, path) from None


def told(error: OSError, path: Path) -> OpshubError:
    """The error of ours that a failed access to the output is."""
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return MissingError(f"{path}: there is no such folder", hint=f"run: mkdir -p {path.parent}")
    if isinstance(error, PermissionError):
        return PermissionDeniedError(
            f"{path}: may not be written by this user",
            hint="give the user write access to the folder, or set output",
        )
    if isinstance(error, IsADirectoryError):
        return MissingError(f"{path}: that is a folder, not a file", hint="set output to a file's name")
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    hint = "free some space" if error.errno == errno.ENOSPC else "check the disk, then run it again"
    return UnavailableError(f"{path}: cannot be written: {reason}", hint=hint)
