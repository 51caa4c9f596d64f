"""Reads the lookup tables that the configuration names: CSV in any encoding, whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from opshub.config.fields import TableSettings
from opshub.config.loading import Config
from opshub.config.problems import meant
from opshub.errors import ConfigError, OpshubError

if TYPE_CHECKING:
    from opshub.engine.declared import Fits
    from opshub.engine.tables import Column, Rows, Table
    from opshub.language.currencies import Currencies
    from opshub.model import Value

__all__ = ["check_tables", "table_entries", "tables"]

MAX_SIZE = 64 << 20
"""Bytes of the largest file."""

MAX_ROWS = 200_000
"""Rows of the longest table: what rules read of it is held in memory."""

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?", re.ASCII)

TOLD = 5
"""Oddities that are told with their lines; the others are counted."""


def table_entries(config: Config) -> dict[str, list[Path]]:
    """The file of each table, as far as it is there."""
    files = {name: config.folder / Path(table.file).expanduser() for name, table in config.tables.items()}
    return {f"tables.{name}": [file] if file.is_file() else [] for name, file in files.items()}


def tables(config: Config) -> tuple[Table, ...]:
    """All tables, none of them read yet."""
    return tuple(_table(config, name, settings) for name, settings in config.tables.items())


def check_tables(config: Config) -> tuple[str, ...]:
    """Read every table in all its columns: what is odd in them; ConfigError with all that are broken."""
    notes: list[str] = []
    broken: list[ConfigError] = []
    for name, settings in config.tables.items():
        try:
            made = _table(config, name, settings)
            notes += made.rows(made.columns).notes
        except ConfigError as error:
            broken.append(error)
    if broken:
        raise ConfigError("\n".join(map(str, broken)), hint=broken[0].hint)
    return tuple(notes)


def _table(config: Config, name: str, settings: TableSettings) -> Table:
    from opshub.engine.tables import Column, Table

    path = config.folder / Path(settings.file).expanduser()
    columns = tuple(
        Column(
            name=own,
            type=one.type,
            source=one.source or own,
            values=one.values,
            about=one.about,
            currency=one.currency or config.currency if one.type == "money" else "",
        )
        for own, one in settings.columns.items()
    )
    said = json.dumps([settings.key, settings.joins, settings.encoding, settings.delimiter, settings.decimal])

    def stamp() -> str:
        return hashlib.sha256(f"{_digest(name, path)}{said}{columns}".encode()).hexdigest()[:16]

    def load(wanted: Sequence[Column]) -> Rows:
        return _Reading(name, path, settings, config.currencies).rows(wanted)

    return Table(name=name, joins=settings.joins, columns=columns, stamp=stamp, load=load)


def _digest(name: str, path: Path) -> str:
    from opshub.sdk import digest_of

    try:
        size = path.stat().st_size
        if size > MAX_SIZE:
            raise ConfigError(
                f"[tables.{name}] {path.name} has {size >> 20} MB, more than {MAX_SIZE >> 20} MB",
                hint="leave out the rows and columns that no rule needs",
            )
        return digest_of(path)
    except OSError as error:
        raise _unreadable(name, path, error) from error


def _unreadable(name: str, path: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"[tables.{name}] the file {path} cannot be read: {error.strerror or type(error).__name__}",
        hint=f'correct "file" in [tables.{name}], or let opshub\'s user read it',
    )


class _Reading:
    """One way through a file."""

    def __init__(self, name: str, path: Path, settings: TableSettings, currencies: Currencies) -> None:
        self.name, self.path, self.settings = name, path, settings
        self.currencies = currencies
        self.held: dict[str, tuple[Value, ...]] = {}
        self.places: dict[str, str] = {}
        self.twice = self.misfits = 0
        self.notes: list[str] = []

    def rows(self, wanted: Sequence[Column]) -> Rows:
        """The whole file, or ConfigError with the line that is broken."""
        from opshub.engine.tables import Rows

        fits = [(column, _cell(column, self.currencies, self.settings.decimal)) for column in wanted]
        try:
            self._read(fits)
        except (OpshubError, csv.Error) as error:
            hint = getattr(error, "hint", "") or "export the table again"
            raise ConfigError(f"[tables.{self.name}] {error}", hint=hint) from error
        except UnicodeError as error:
            raise self._broken("it changed while it was read", "run the command again") from error
        except OSError as error:
            raise _unreadable(self.name, self.path, error) from error
        more = self.twice + self.misfits - len(self.notes)
        notes = [*self.notes, f"{self.path.name}: {more} more like these"] if more else self.notes
        return Rows(self.held, self.twice, self.misfits, tuple(notes))

    def _read(self, fits: Sequence[tuple[Column, Fits]]) -> None:
        from opshub.sdk import delimited, examine

        found = examine(self.path, self.path.name, self.settings.encoding)
        delimiter = "\t" if self.path.suffix == ".tsv" else self.settings.delimiter
        same: dict[tuple[Value, ...], tuple[Value, ...]] = {}
        with self.path.open(encoding=found.encoding, newline="") as stream:
            for number, row in enumerate(delimited(stream, self.path.name, delimiter), 1):
                if row.problem:
                    raise self._broken(f"{row.place}: {row.problem}", "correct that line, or export it again")
                if number == 1:
                    self._expect_columns(row.values)
                if number > MAX_ROWS:
                    raise self._broken(
                        f"more than {MAX_ROWS:,} rows", "leave out the rows that no feedback can belong to"
                    )
                values = tuple(self._fit(row.place, row.values, column, fit) for column, fit in fits)
                self._keep(row.place, str(row.values[self.settings.key]), same.setdefault(values, values))

    def _keep(self, place: str, shown: str, values: tuple[Value, ...]) -> None:
        from opshub.engine.tables import key_of

        key = sys.intern(key_of(shown))
        if not key:
            return
        if key in self.held:
            self.twice += 1
            self._note(f'{place}: "{shown[:60]}" stands further up already, and the first one counts')
        else:
            self.held[key] = values

    def _fit(self, place: str, row: Mapping[str, object], column: Column, fit: Fits) -> Value:
        try:
            return fit(row[column.source])
        except ValueError as error:
            self.misfits += 1
            self._note(f"{place}: {column.source} counts as missing: {error}")
            return None

    def _note(self, text: str) -> None:
        if len(self.notes) < TOLD:
            self.notes.append(f"{self.path.name}, {text}")

    def _expect_columns(self, row: Mapping[str, object]) -> None:
        for wanted, setting in self._named():
            if wanted not in row:
                raise self._broken(
                    f'line 1: there is no column "{wanted}"{meant(wanted, row)}',
                    f"correct {setting} in [tables.{self.name}]; its columns are {', '.join(list(row)[:40])}",
                )

    def _named(self) -> Iterator[tuple[str, str]]:
        yield self.settings.key, '"key"'
        for name, column in self.settings.columns.items():
            yield column.source or name, f'"columns.{name}"'

    def _broken(self, what: str, hint: str) -> ConfigError:
        return ConfigError(f"{self.path.name}{', ' if what.startswith('line') else ': '}{what}", hint=hint)


def _cell(column: Column, currencies: Currencies, decimal: str) -> Fits:
    """How a cell's text is read as its column's kind: CSV has nothing but texts."""
    from opshub.engine.declared import fitting
    from opshub.sdk import ungrouped

    fits = fitting(column.type, column.values, currencies, column.currency)
    spelled = _SPELLED.get(column.type, str.strip)
    if decimal and column.type in ("number", "money"):
        return lambda cell: fits(spelled(ungrouped(str(cell), decimal)))
    return lambda cell: fits(spelled(str(cell)))


def _as_number(text: str) -> object:
    plain = text.strip()
    found = float(plain) if _NUMBER.fullmatch(plain) else math.inf
    return found if math.isfinite(found) else plain


def _as_truth(text: str) -> object:
    return {"yes": True, "true": True, "no": False, "false": False}.get(text.strip().lower(), text.strip())


def _as_texts(text: str) -> object:
    return tuple(sorted({part.strip() for part in text.replace(",", ";").split(";")} - {""}))


_SPELLED = {"number": _as_number, "yes-no": _as_truth, "texts": _as_texts}
