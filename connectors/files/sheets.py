"""Rows out of an XLSX sheet, read as a stream; openpyxl is fetched only when a sheet is."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from opshub.sdk import BadAnswerError, ConfigError, MissingError, Row, header_names

__all__ = ["sheet_rows"]

UNPACKED_LIMIT = 1 << 30
"""Bytes that a workbook may unpack to: the sheet is streamed, but its table of texts is held in memory."""


def sheet_rows(path: Path, name: str, sheet: str) -> Iterator[Row]:
    """Rows of a sheet under the names of its first row that is not empty; formulas by their saved results."""
    workbook = _opened(path, name)
    try:
        rows = _sheet(workbook, name, sheet).iter_rows(values_only=True)
        header: list[str] = []
        for number, cells in enumerate(_guarded(rows, name), 1):
            if all(cell in (None, "") for cell in cells):
                continue
            if not header:
                header = header_names(_trimmed(cells))
                continue
            yield _row(number, header, cells)
        if not header:
            raise BadAnswerError(f"{name}: the sheet is empty", hint="export it again, or name another sheet")
    finally:
        workbook.close()


def _opened(path: Path, name: str) -> Any:
    try:
        import openpyxl
    except ImportError:
        raise ConfigError(
            f"{name}: XLSX files need the package openpyxl", hint='run: pip install "opshub[xlsx]"'
        ) from None
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        if size > UNPACKED_LIMIT:
            raise BadAnswerError(f"{name}: unpacks to {size >> 20} MB", hint="export it as CSV")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (OSError, BadAnswerError):
        raise
    except Exception as error:  # openpyxl lets through whatever a damaged part makes it stumble over
        raise BadAnswerError(
            f"{name}: not an XLSX workbook, or a damaged one ({type(error).__name__})",
            hint="open it in a spreadsheet program and save it as .xlsx again",
        ) from None


def _sheet(workbook: Any, name: str, sheet: str) -> Any:
    names = [each.title for each in workbook.worksheets]
    if sheet and sheet not in names:
        raise MissingError(
            f"{name}: it has no sheet {sheet!r}; its sheets are {', '.join(names)}",
            hint="set sheet to one of them",
        )
    if not names:
        raise MissingError(f"{name}: it has no sheet with cells", hint="export it again")
    chosen = workbook[sheet or names[0]]
    # Programs other than Excel write a wrong size, and the rows behind it would be lost.
    chosen.reset_dimensions()
    return chosen


def _guarded(rows: Iterator[tuple[Any, ...]], name: str) -> Iterator[tuple[Any, ...]]:
    number = 0
    while True:
        number += 1
        try:
            cells = next(rows, None)
        except Exception as error:  # as above: the parts are read while we go
            raise BadAnswerError(
                f"{name}, row {number}: the sheet is damaged ({type(error).__name__})",
                hint="open it in a spreadsheet program and save it as .xlsx again",
            ) from None
        if cells is None:
            return
        yield cells


def _trimmed(cells: tuple[Any, ...]) -> list[Any]:
    last = max(index for index, cell in enumerate(cells) if cell not in (None, ""))
    return list(cells[: last + 1])


def _row(number: int, header: list[str], cells: tuple[Any, ...]) -> Row:
    if any(cell not in (None, "") for cell in cells[len(header) :]):
        text = " | ".join(str(cell) for cell in cells if cell is not None)
        return Row.broken(f"row {number}", f"cells beyond the {len(header)} named columns", text)
    return Row(f"row {number}", {key: _plain(cell) for key, cell in zip(header, cells, strict=False)})


def _plain(cell: object) -> object:
    """What JSON can hold; a sheet has no zones, so times stay without one."""
    if isinstance(cell, datetime | date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return int(cell)
    return cell if isinstance(cell, str | int | float | bool) or cell is None else str(cell)
