"""Our own connection to SQLite: opening, transactions, counters, and every failure as one of our errors."""

from __future__ import annotations

import contextlib
import math
import os
import re
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from opshub.clock import Clock
from opshub.errors import OpshubError, StoreBusyError, StoreError
from opshub.model import Ref
from opshub.store import migrations
from opshub.store import statements as sql
from opshub.store.moments import micros
from opshub.store.storable import fit_names, unstorable

__all__ = ["Database", "by_connection", "json_of"]

_POLL = 0.25
_INSERT = re.compile(sql.COLUMNS)


@cache
def _render(statement: str) -> str:
    """The statement in SQLite's words."""
    for token, text in sql.TOKENS.items():
        statement = statement.replace(token, text)
    return statement


class Database:
    """One SQLite file. Threads of a process share it: each call, and each transaction as a whole, takes turns."""

    def __init__(self, path: Path, clock: Clock, wait: timedelta) -> None:
        """Create or open, and bring up to date. ``wait`` is how long a write waits for another process."""
        self.path = path
        self.clock = clock
        self._tries = max(1, math.ceil(wait.total_seconds() / _POLL))
        self._turn = threading.RLock()
        self._counters: list[dict[str, int]] = []
        self._broken = False
        _create(path)
        with self._translated():
            self._db = sqlite3.connect(
                path, timeout=_POLL, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        try:
            self._prepare()
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        with self._translated():
            # SQLite's own lower() knows the letters A to Z alone.
            self._db.create_function("folded", 1, str.casefold, deterministic=True)
            for pragma in sql.ON_OPEN:
                self._db.execute(pragma)
            if self._db.execute(sql.JOURNAL).fetchone()[0] != "wal":
                self._patiently(sql.USE_WAL)
            self._db.execute(sql.SYNCHRONOUS)
            if migrations.pending(self._db):
                migrations.migrate(self._db, begin=lambda: self._patiently(sql.BEGIN))

    def close(self) -> None:
        """Release the database; the store cannot be used afterwards."""
        with self._turn:
            self._db.close()

    # -- transactions -------------------------------------------------------------------------------------------

    @contextmanager
    def _atomic(self) -> Iterator[None]:
        """All or nothing; inside another one, a part of it that can fail by itself."""
        with self._turn:
            inner = bool(self._counters)
            if inner:
                self._execute(sql.SAVEPOINT)
            else:
                with self._translated():
                    self._patiently(sql.BEGIN)
            self._counters.append(dict(self._counters[-1]) if inner else {})
            try:
                yield
                self._finish(inner)
            except BaseException:
                self._undo(inner)
                raise

    def _finish(self, inner: bool) -> None:
        self._unbroken()
        if inner:
            self._execute(sql.RELEASE)
            taken = self._counters.pop()
            self._counters[-1] = taken
            return
        for name, value in self._counters[-1].items():
            self._execute(sql.SET_COUNTER, (name, value))
        self._execute(sql.COMMIT)
        self._counters.pop()

    def _forget(self) -> None:
        """Drop what is remembered of rows: a transaction was undone, and their numbers may be given out again."""

    def _undo(self, inner: bool) -> None:
        self._forget()
        self._counters.pop()
        self._broken = False
        # A full disk, among others, makes SQLite roll back by itself; then even the outer part is gone.
        if not self._db.in_transaction:
            self._broken = inner
            return
        with contextlib.suppress(sqlite3.Error):
            if inner:
                self._db.execute(sql.ROLLBACK_TO)
                self._db.execute(sql.RELEASE)
            else:
                self._db.execute(sql.ROLLBACK)

    def _patiently(self, statement: str) -> None:
        """Run a statement that needs the write lock, in short waits, so that Ctrl-C is heard between them."""
        for left in reversed(range(self._tries)):
            try:
                self._db.execute(statement)
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or left == 0:
                    raise

    def _take(self, counter: str, count: int = 1) -> int:
        """The first of so many numbers never given out before."""
        self._in_transaction("numbers are taken")
        before = self._counter(counter)
        self._counters[-1][counter] = before + count
        return before + 1

    def _counter(self, name: str) -> int:
        with self._turn:
            if self._counters and name in self._counters[-1]:
                return self._counters[-1][name]
            row = self._row(sql.COUNTER, (name,))
            return int(row[0]) if row else 0

    # -- statements ---------------------------------------------------------------------------------------------

    def _rows(self, statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        with self._turn:
            return self._execute(statement, parameters).fetchall()

    def _row(self, statement: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        with self._turn:
            row: tuple[Any, ...] | None = self._execute(statement, parameters).fetchone()
            return row

    def _write(self, statement: str, parameters: Sequence[Any] = ()) -> int:
        """Run one writing statement; how many rows it touched."""
        with self._turn:
            self._in_transaction("it writes")
            try:
                return self._execute(statement, parameters).rowcount
            except BaseException:
                self._broken = True
                raise

    def _write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> int:
        """Run a writing statement for each row; how many rows they touched together."""
        if not rows:
            return 0
        with self._turn:
            self._in_transaction("it writes")
            try:
                with self._translated(statement, rows):
                    return self._db.executemany(_render(statement), rows).rowcount
            except BaseException:
                self._broken = True
                raise

    def _execute(self, statement: str, parameters: Sequence[Any] = ()) -> sqlite3.Cursor:
        try:
            return self._db.execute(_render(statement), parameters)
        except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
            raise self._failure(error, statement, (parameters,)) from error

    def _in_transaction(self, what: str) -> None:
        if not self._counters:
            raise StoreError(f"{what} outside of a transaction", hint="this is a defect of opshub; report it")
        self._unbroken()

    def _unbroken(self) -> None:
        """After a failed write nothing more may go into the transaction: half of a page must not be kept."""
        if self._broken:
            raise StoreError(
                "a write inside this transaction failed, so nothing of it is kept",
                hint="run the command again; if it stays, look at the error that came first",
            )

    # -- failures -----------------------------------------------------------------------------------------------

    @contextmanager
    def _translated(self, statement: str = "", rows: Iterable[Sequence[Any]] = ()) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, UnicodeEncodeError, OverflowError) as error:
            raise self._failure(error, statement, rows) from error

    def _failure(self, error: Exception, statement: str, rows: Iterable[Sequence[Any]]) -> OpshubError:
        if _is_busy(error):
            return self._busy()
        if not isinstance(error, sqlite3.Error) or isinstance(
            error, sqlite3.ProgrammingError | sqlite3.InterfaceError
        ):
            blamed = _blame(statement, rows)
            if blamed:
                return StoreError(blamed, hint="clean the value where the record is read")
        reason, hint = _reason(error)
        return StoreError(f"the database {self.path.name} {reason}", hint=hint.format(path=self.path))

    def _busy(self) -> StoreBusyError:
        holders: list[tuple[str, str]] = []
        with contextlib.suppress(sqlite3.Error):
            holders = self._db.execute(sql.LEASES, (micros(self.clock.now()),)).fetchall()
        who = ", ".join(f"{holder} (for {name})" for name, holder in holders) or "another process"
        return StoreBusyError(
            f"the database {self.path.name} is in use: {who} is writing to it",
            hint="wait for it to end or stop it, then run the command again",
        )


def _create(path: Path) -> None:
    """Make the file, readable by its owner alone; SQLite gives the files beside it the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"the database {path} cannot be opened: {error.strerror or error}",
            hint="name a file in a folder that you may write to, under [hub] database",
        ) from error


def _is_busy(error: Exception) -> bool:
    code = getattr(error, "sqlite_errorcode", None) or 0
    return code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _reason(error: Exception) -> tuple[str, str]:
    """What happened and the next step; in the hint ``{path}`` stands for the file."""
    code = (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF
    if isinstance(error, sqlite3.ProgrammingError) and "closed" in str(error):
        return "is closed", "this is a defect of opshub; report it"
    return _REASONS.get(
        code, (f"fails: {error}", "check the disk, and restore a backup if the file is damaged")
    )


_REASONS: Mapping[int, tuple[str, str]] = {
    sqlite3.SQLITE_FULL: ("cannot grow: the disk is full", "free some space, then run the command again"),
    sqlite3.SQLITE_NOTADB: (
        "is not a database, or is encrypted",
        "name another file under [hub] database, or restore {path} from a backup",
    ),
    sqlite3.SQLITE_CORRUPT: ("is damaged", "restore {path} from a backup"),
    sqlite3.SQLITE_READONLY: (
        "cannot be written to",
        "make {path} and its folder writable for the user that runs opshub",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "cannot be opened",
        "check that {path} is a file in a folder that the user who runs opshub may write to",
    ),
    sqlite3.SQLITE_PERM: ("may not be used", "give the user that runs opshub access to {path}"),
    sqlite3.SQLITE_IOERR: ("cannot be read or written", "check the disk that holds {path}"),
}


def _blame(statement: str, rows: Iterable[Sequence[Any]]) -> str:
    """Which field of which row cannot be bound; empty if that is not what went wrong."""
    match = _INSERT.search(statement)
    columns = [name.strip() for name in match[2].split(",")] if match else []
    for row in rows:
        for position, value in enumerate(row):
            found = unstorable(value)
            if found is not None and not isinstance(value, float):
                named = position < len(columns)
                place = columns[position] if named else f"value {position + 1}"
                of = f" of {match[1]}" if match else ""
                name = ":".join(ascii(part)[1:-1] for part in row[:position] if isinstance(part, str))
                return f"{place}{of} {name} cannot be stored: it holds {found[1]}".replace("  ", " ")
    return ""


def json_of(values: Iterable[str] | Iterable[int]) -> str:
    """A JSON array for ``{texts}`` or ``{numbers}``. StoreError for a text that the database would cut."""
    listed = list(values)
    try:
        text = orjson.dumps(listed).decode()
    except TypeError:
        text = "\\u0000"
    # SQLite before 3.45 ends a text at a NUL when it reads it out of JSON: "a\0b" would find "a".
    if "\\u0000" in text:
        fit_names(listed)
    return text


def by_connection(refs: Iterable[Ref]) -> dict[str, list[str]]:
    """Ids by connection, each in the order given."""
    found: dict[str, list[str]] = {}
    for connection, record_id in refs:
        found.setdefault(connection, []).append(record_id)
    return found
