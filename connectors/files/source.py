"""Files on disk: which there are, whether they changed, and their rows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from opshub.sdk import (
    BadAnswerError,
    Examined,
    MissingError,
    OpshubError,
    PausedError,
    PermissionDeniedError,
    Row,
    UnavailableError,
    delimited,
    digest_of,
    examine,
)
from opshub_connectors.files.formats import JSON_LIMIT, json_items, json_lines
from opshub_connectors.files.settings import FilesSettings

__all__ = ["Source", "reading_error", "sources"]

ENDINGS = {".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".txt": "csv", ".json": "json", ".xlsx": "xlsx"}
LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True, slots=True)
class Source:
    """One file. ``stamp`` is its size and time of change: while they stay, the file is not opened."""

    path: Path
    name: str
    format: str
    stamp: str
    settings: FilesSettings

    @property
    def tabular(self) -> bool:
        """Whether every row has every column."""
        return self.format in ("csv", "tsv", "xlsx")

    def examine(self) -> Examined:
        """Its encoding and a hash of its content."""
        try:
            if self.format == "xlsx":
                return Examined("", digest_of(self.path))
            return examine(self.path, self.name, self.settings.encoding)
        except OSError as error:
            raise reading_error(error, self.name) from None

    def rows(self, encoding: str) -> Iterator[Row]:
        """Its rows, one after another."""
        try:
            yield from self._rows(encoding)
        except UnicodeError:
            raise BadAnswerError(f"{self.name}: it changed while it was read", hint="run it again") from None
        except OSError as error:
            raise reading_error(error, self.name) from None

    def _rows(self, encoding: str) -> Iterator[Row]:
        if self.format == "xlsx":
            from opshub_connectors.files.sheets import sheet_rows

            yield from sheet_rows(self.path, self.name, self.settings.sheet)
            return
        with self.path.open(encoding=encoding, newline="") as stream:
            if self.format == "jsonl":
                yield from json_lines(stream)
            elif self.format == "json":
                if (size := self.path.stat().st_size) > JSON_LIMIT:
                    raise PausedError(
                        f"{self.name}: {size >> 20} MB of JSON in one piece, more than {JSON_LIMIT >> 20} MB",
                        hint="export it as JSON lines (.jsonl), which are read row by row",
                    )
                yield from json_items(stream.read(), self.name, self.settings.records)
            else:
                delimiter = self.settings.delimiter or ("\t" if self.format == "tsv" else "")
                yield from delimited(stream, self.name, delimiter)


def sources(settings: FilesSettings, errors: list[OpshubError]) -> Iterator[Source]:
    """The files that the settings name, each once, in the order of the settings and of names.

    What cannot be had is added to ``errors``; the file that receives the ranked list is never read.
    """
    taken = {(settings.folder / settings.output).resolve()} if settings.output else set()
    for pattern in settings.paths:
        matches = list(_matches(settings.folder, pattern))
        if not matches:
            errors.append(_nothing(settings.folder, pattern))
        for path in matches:
            if path.resolve() in taken:
                continue
            taken.add(path.resolve())
            try:
                yield _source(path, settings)
            except OSError as error:
                errors.append(reading_error(error, _name(path, settings.folder)))
            except OpshubError as error:
                errors.append(error)


def _matches(folder: Path, pattern: str) -> list[Path]:
    if (folder / pattern).is_file():
        return [folder / pattern]
    base = Path(Path(pattern).anchor) if Path(pattern).is_absolute() else folder
    relative = str(Path(pattern).relative_to(base)) if Path(pattern).is_absolute() else pattern
    return sorted(path for path in base.glob(relative) if path.is_file())


def _nothing(folder: Path, pattern: str) -> OpshubError:
    if any(char in pattern for char in "*?["):
        return MissingError(
            f"{pattern}: no file in {folder} matches", hint="put the export there, or correct paths"
        )
    return MissingError(
        f"{folder / pattern}: there is no such file", hint="put the export there, or correct paths"
    )


def _name(path: Path, folder: Path) -> str:
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _source(path: Path, settings: FilesSettings) -> Source:
    status = path.stat()
    ending = path.suffix.lower()
    form = (
        settings.format
        if settings.format != "auto"
        else "jsonl"
        if ending in LINES
        else ENDINGS.get(ending, "")
    )
    name = _name(path, settings.folder)
    if not form:
        raise PausedError(
            f"{name}: the format cannot be told from the ending {ending!r}",
            hint='set format to "csv", "tsv", "json", "jsonl" or "xlsx"',
        )
    return Source(path, name, form, f"{status.st_size}:{status.st_mtime_ns}", settings)


def reading_error(error: OSError, name: str) -> OpshubError:
    """The error of ours that a failed reading is."""
    if isinstance(error, FileNotFoundError):
        return MissingError(f"{name}: the file is gone", hint="put the export there again, or correct paths")
    if isinstance(error, PermissionError):
        return PermissionDeniedError(f"{name}: this user may not read it", hint=f"run: chmod u+r {name}")
    reason = os.strerror(error.errno) if error.errno else type(error).__name__
    return UnavailableError(f"{name}: cannot be read: {reason}", hint="check the disk, then run it again")
