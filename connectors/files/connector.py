"""The connector: which files are new, their rows page by page, and the ranked list back into a file."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from opshub.sdk import (
    BadRecordError,
    ConfigError,
    Connector,
    Cursor,
    Feedback,
    Finding,
    MissingError,
    OpshubError,
    Page,
    Point,
    Ranking,
    Receipt,
    Record,
    Row,
    plain_from_html,
    plain_from_markdown,
    plain_from_wiki,
)
from opshub_connectors.files import ranking as lists
from opshub_connectors.files.mapping import FILE, OWN, RowMapping
from opshub_connectors.files.select import found
from opshub_connectors.files.settings import FilesSettings
from opshub_connectors.files.source import Source, sources

__all__ = ["Files"]

T = TypeVar("T")

ID = "opshub:id"
PLACE = "opshub:place"
PROBLEM = "opshub:problem"

TEXTS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "html": plain_from_html,
    "markdown": plain_from_markdown,
    "wiki": plain_from_wiki,
}

NESTED = ("comments.path", "duplicates.path")
"""Settings about what a table cannot hold."""

VITAL = ("columns.id", "columns.text", "columns.created")
"""Settings about what every JSON file holds somewhere; other keys it may leave out where they are empty."""

ROWS_A_PAGE = 500
SIZE_OF_A_PAGE = 4 << 20
"""Characters, roughly: rows with long texts make shorter pages."""


@dataclass(slots=True)
class _Progress:
    """The cursor in the making: what is known of finished files, and how far the present one has come."""

    files: dict[str, dict[str, object]]
    at: dict[str, object] | None = None

    def cursor(self) -> Cursor:
        return {"files": dict(self.files), "at": self.at}


class Files(Connector[FilesSettings]):
    """Reads exported files again only when their content changed."""

    kind = "files"
    Settings: ClassVar = FilesSettings
    revision: ClassVar[int] = 2

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._rows = RowMapping(self.settings, self.declared)
        self._convert = TEXTS[self.settings.text_format]

    @classmethod
    def base_url(cls, settings: FilesSettings) -> str:
        return ""

    @classmethod
    def list_place(cls, settings: FilesSettings) -> str:
        return str((settings.folder / settings.output).resolve()) if settings.output else ""

    def scope(self) -> object:
        said = self.settings.model_dump(mode="json", exclude={"folder", "output", "excel"})
        return {**said, "declared": self.declared} if self.declared else said

    def identify(self, record: Record) -> str:
        if not isinstance(record, Mapping):
            raise TypeError(f"a {type(record).__name__} is not a row")
        found = str(record[ID]) if ID in record else self._rows.identity(record)
        if not found:
            raise ValueError("the row has no id")
        return found

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        """Rows of files whose content changed, in order of names; what cannot be read is told at the end."""
        progress, errors = _resumed(cursor), list[OpshubError]()
        found_files = list(sources(self.settings, errors))
        progress.files = {s.name: progress.files[s.name] for s in found_files if s.name in progress.files}
        before = progress.cursor() if cursor else None
        for source in found_files:
            try:
                for page in self._pages(source, progress):
                    before = page.cursor
                    yield page
            except OpshubError as error:
                progress.at = None
                errors.append(error)
        if progress.cursor() != before:
            yield Page((), progress.cursor())
        if errors:
            raise _together(errors)

    def _pages(self, source: Source, progress: _Progress) -> Iterator[Page]:
        known = progress.files.get(source.name)
        if known and known["stamp"] == source.stamp:
            return
        content = source.examine()
        if known and known["digest"] == content.digest:
            progress.files[source.name] = {"stamp": source.stamp, "digest": content.digest}
            return
        at = progress.at
        done = at["row"] if at and (at["file"], at["digest"]) == (source.name, content.digest) else 0
        records = self._records(source.rows(content.encoding), source)
        skipped = sum(1 for _ in islice(records, int(str(done))))
        for batch in _batches(records):
            skipped += len(batch)
            progress.at = {"file": source.name, "digest": content.digest, "row": skipped}
            yield Page(batch, progress.cursor())
        progress.at = None
        progress.files[source.name] = {"stamp": source.stamp, "digest": content.digest}

    def _records(self, rows: Iterator[Row], source: Source) -> Iterator[Record]:
        same: dict[bytes, int] = {}
        head = list(islice(rows, ROWS_A_PAGE))
        self._expect_columns(head, source)
        for row in chain(head, rows):
            yield self._record(row, source, same)

    def _record(self, row: Row, source: Source, same: dict[bytes, int]) -> Record:
        """The row with what only the file knows; one that will not be understood keeps its place."""
        record = {key: value for key, value in row.values.items() if not key.startswith(OWN)}
        if row.problem:
            digest = hashlib.blake2b(json.dumps(record).encode(), digest_size=8).hexdigest()
            return record | {ID: f"bad-{digest}", PLACE: f"{source.name}, {row.place}", PROBLEM: row.problem}
        if not self._rows.identity(record):
            known = self._rows.moment_of(record) if self.settings.points else ""
            record[ID] = known or _made_up(record, same)
        if self._rows.needs_file:
            record[FILE] = source.name
        with suppress(KeyError, TypeError, ValueError):
            self._meaning(record, "", str)
            return record
        return record | {PLACE: f"{source.name}, {row.place}"}

    def _meaning(
        self, record: Record, name: str, convert: Callable[[str], str]
    ) -> Feedback | tuple[Point, ...]:
        if self.settings.points:
            return self._rows.points(record, self.ref(name))
        return self._rows.feedback(record, self.ref(name), convert)

    def points(self, record: Record) -> tuple[Point, ...]:
        """The values of signals in a row."""
        return self._understood(record, lambda ref: self._rows.points(record, ref))

    def normalize(self, record: Record) -> Feedback:
        return self._understood(record, lambda ref: self._rows.feedback(record, ref, self._convert))

    def _understood(self, record: Record, read: Callable[[Any], T]) -> T:
        name = self.identify(record)
        place = record.get(PLACE, "")
        if PROBLEM in record:
            raise BadRecordError(f"{place}: {record[PROBLEM]}", record_id=name)
        try:
            return read(self.ref(name))
        except (KeyError, TypeError, ValueError) as error:
            raise BadRecordError(f"{place}: {error}" if place else str(error), record_id=name) from None

    def _expect_columns(self, rows: list[Row], source: Source) -> None:
        """Refuse a file without a column that the settings name; JSON may leave out what is empty."""
        whole = [row.values for row in rows if not row.problem]
        if not whole:
            return
        columns = {str(key): None for values in whole for key in values}
        for setting, paths in self._rows.wanted().items():
            needed = setting not in NESTED if source.tabular else setting in VITAL
            missing = [path for path in paths if needed and not found(columns, path)]
            if missing:
                close = difflib.get_close_matches(missing[0], list(columns), 1, cutoff=0.5)
                raise MissingError(
                    f"{source.name}: there is no column {missing[0]!r}, which {setting} names; "
                    f"its columns are {', '.join(list(columns)[:40])}",
                    hint=f"set {setting} to {close[0]!r}"
                    if close
                    else f"set {setting} to one of them, or remove it",
                )

    def check(self) -> Iterator[Finding]:
        errors = list[OpshubError]()
        for source in sources(self.settings, errors):
            try:
                rows = list(islice(source.rows(source.examine().encoding), ROWS_A_PAGE))
                self._expect_columns(rows, source)
                records = [self._record(row, source, {}) for row in rows]
                yield self._first_rows(source, records)
            except OpshubError as error:
                errors.append(error)
        for failed in errors:
            yield Finding(False, "file", str(failed), failed.hint)
        if self.settings.output:
            folder = self._output().resolve().parent
            hint = "" if folder.is_dir() else f"run: mkdir -p {folder}"
            yield Finding(folder.is_dir(), "output", str(self._output()), hint)

    def _first_rows(self, source: Source, records: list[Record]) -> Finding:
        bad = [record for record in records if PLACE in record]
        detail = f"{len(records) - len(bad)} of the first {len(records)} rows are understood"
        again = len(records) - len({self.identify(record) for record in records})
        if again:
            detail += f"; {again} have the id of another row: of those the last one counts"
        if not bad:
            return Finding(True, source.name, detail)
        try:
            (self.points if self.settings.points else self.normalize)(bad[0])
        except BadRecordError as error:
            detail = f"{detail}; {error}"
        return Finding(len(bad) < len(records), source.name, detail, "compare the columns with the settings")

    def _output(self) -> Path:
        if not self.settings.output:
            raise ConfigError(
                f"{self.name}: no file is named for the ranked list",
                hint='set output = "ranking.csv"',
            )
        return self.settings.folder / self.settings.output

    def fingerprint(self, ranking: Ranking) -> str:
        return lists.fingerprint(ranking, self._output().suffix.lower())

    def published(self) -> str | None:
        path = self._output()
        try:
            return lists.fingerprint_of(path.read_bytes(), path.suffix.lower())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise lists.told(error, path) from None

    def publish(self, ranking: Ranking) -> Receipt:
        path = self._output()
        suffix = path.suffix.lower()
        lists.replace_file(path, lists.rendered(ranking, suffix, excel=self.settings.excel))
        return Receipt(
            target=self.settings.output, url=path.resolve().as_uri(), version=self.fingerprint(ranking)
        )


def _resumed(cursor: Cursor | None) -> _Progress:
    if cursor is None:
        return _Progress({})
    files, at = cursor["files"], cursor["at"]
    if not isinstance(files, dict) or not isinstance(at, dict | None):
        raise ValueError("the cursor is not one of files")
    return _Progress(dict(files), at)


def _together(errors: list[OpshubError]) -> OpshubError:
    first, *others = errors
    if not others:
        return first
    count = "one more file has" if len(others) == 1 else f"{len(others)} more files have"
    return type(first)(f"{first} ({count} an error)", hint=first.hint)


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    batch: list[Record] = []
    size = 0
    for record in records:
        batch.append(record)
        size += sum(len(value) if isinstance(value, str) else 50 for value in record.values())
        if len(batch) == ROWS_A_PAGE or size >= SIZE_OF_A_PAGE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _made_up(record: dict[str, object], same: dict[bytes, int]) -> str:
    """An id out of the content; the second of two equal rows of a file is another row."""
    digest = hashlib.blake2b(json.dumps(record, sort_keys=True).encode(), digest_size=8)
    same[digest.digest()] = times = same.get(digest.digest(), 0) + 1
    return digest.hexdigest() if times == 1 else f"{digest.hexdigest()}-{times}"
