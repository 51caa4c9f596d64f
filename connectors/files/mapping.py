"""A row as feedback, by the columns that the settings name: a pure function of the row."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from opshub.sdk import (
    Account,
    Comment,
    Feedback,
    Person,
    Point,
    Record,
    Ref,
    Value,
    Visibility,
    ungrouped,
    zone_of,
)
from opshub_connectors.files.select import EMPTY, first, root, select
from opshub_connectors.files.settings import (
    BRACES,
    CommentColumns,
    DuplicateColumns,
    FilesSettings,
    PointColumns,
)
from opshub_connectors.files.values import listed, moment, number, rating, scale, visible

__all__ = ["FILE", "OWN", "RowMapping"]

FILE = "opshub:file"
"""The key under which a record names its file, where nothing else gives it an address."""

OWN = "opshub:"
"""What keys of ours in a record begin with."""

Convert = Callable[[str], str]


class RowMapping:
    """Knows where in a row each thing stands."""

    def __init__(self, settings: FilesSettings, declared: Mapping[str, str] = MappingProxyType({})) -> None:
        self._settings = settings
        self._declared = declared
        self._paths = settings.columns.paths()
        self._zone = zone_of(settings.zone)
        self._scale = scale(settings.columns.rating_scale)
        self._used = self._used_columns()
        self.needs_file = not (settings.permalink or "url" in self._paths)

    def wanted(self) -> dict[str, tuple[str, ...]]:
        """Setting → paths that rows are expected to have."""
        s = self._settings
        more: dict[str, tuple[str, ...]] = {f"columns.{name}": paths for name, paths in self._paths.items()}
        more['"from" of a field'] = tuple(self._declared)
        more["permalink"] = tuple(BRACES.findall(s.permalink))
        if s.comments:
            more["comments.path"] = (s.comments.path,)
        if s.points:
            columns = (
                s.points.time,
                *s.points.signals.values(),
                s.points.name,
                s.points.value,
                s.points.segment,
            )
            more["points"] = tuple(column for column in columns if column)
        if s.duplicates:
            more["duplicates.path"] = (s.duplicates.path,)
        return more

    def identity(self, row: Record) -> str:
        """The row's own id, empty where it has none."""
        found = self._get(row, "id")
        return "" if found is None else str(found).strip()

    def points(self, row: Record, ref: Ref) -> tuple[Point, ...]:
        """The values of signals in a row; an empty cell is none. ValueError says what does not fit."""
        where = self._points
        said = first(row, where.time)
        if said is None:
            raise ValueError(f"no time: {where.time!r} is empty")
        at = moment(said, self._settings.dates, self._zone)
        segment = str(first(row, where.segment) or "").strip() if where.segment else ""
        columns = where.signals or {str(first(row, where.name) or "").strip(): where.value}
        given = {name: first(row, column) for name, column in columns.items()}
        return tuple(
            Point(ref=ref, name=name, at=at, value=number(value, self._settings.decimal), segment=segment)
            for name, value in given.items()
            if value is not None
        )

    def moment_of(self, row: Record) -> str:
        """What tells a row with values of signals from others: its time, signal and segment."""
        where = self._points
        named = [
            str(first(row, column) or "").strip()
            for column in (where.time, where.name, where.segment)
            if column
        ]
        return "|".join(named) if all(named[:1]) else ""

    @property
    def _points(self) -> PointColumns:
        if self._settings.points is None:
            raise ValueError(
                "the settings do not say where values of signals stand: [connections.NAME.points]"
            )
        return self._settings.points

    def feedback(self, row: Record, ref: Ref, convert: Convert) -> Feedback:
        """The row as feedback; ``convert`` makes its texts plain. ValueError says what does not fit."""
        created = self._time(row, "created") or self._time(row, "updated")
        if created is None:
            raise ValueError("no date: the column for created is empty, and values.created says nothing")
        audience = self._visibility(row)
        text = convert("\n\n".join(str(part) for part in self._all(row, "text")))
        title = self._text(row, "title")
        if not text.strip() and not title.strip():
            raise ValueError("no text and no title")
        given = self._get(row, "rating")
        return Feedback(
            ref=ref,
            url=self._url(row, ref),
            title=title,
            text=text,
            kind=self._text(row, "kind") or "feedback",
            created_at=created,
            updated_at=self._time(row, "updated"),
            visibility=audience,
            author=self._author(row),
            account=self._account(row),
            comments=self._comments(row, audience, convert),
            language=self._text(row, "language"),
            rating=None if given is None else rating(given, self._scale, self._settings.decimal),
            tags=tuple(sorted(listed(self._all(row, "tags")))),
            fields=self._fields(row),
            mentions=listed(self._all(row, "mentions")),
            duplicate_of=self._original(row),
        )

    def _used_columns(self) -> frozenset[str]:
        paths = [path for several in self.wanted().values() for path in several if path not in self._declared]
        return frozenset(path for path in paths) | frozenset(
            root(path) for path in paths if "." in path or "[" in path
        )

    def _all(self, row: Record, name: str) -> list[object]:
        found = [
            value for path in self._paths.get(name, ()) for value in select(row, path) if value not in EMPTY
        ]
        fixed = self._settings.values.get(name)
        return found or ([] if fixed is None else [fixed])

    def _get(self, row: Record, name: str) -> object:
        return next(iter(self._all(row, name)), None)

    def _text(self, row: Record, name: str) -> str:
        found = self._get(row, name)
        return "" if found is None else str(found).strip()

    def _time(self, row: Record, name: str) -> datetime | None:
        found = self._get(row, name)
        return None if found is None else moment(found, self._settings.dates, self._zone)

    def _visibility(self, row: Record) -> Visibility:
        found = self._get(row, "visibility")
        return self._settings.visibility if found is None else visible(found)

    def _author(self, row: Record) -> Person | None:
        name, email = self._text(row, "author"), self._text(row, "email")
        who = self._text(row, "author_id") or name or email
        return Person(id=who, name=name, email=email) if who else None

    def _account(self, row: Record) -> Account | None:
        name, domain = self._text(row, "account"), self._text(row, "account_domain")
        known = self._text(row, "account_id") or name or domain
        if not known:
            return None
        revenue = self._get(row, "account_arr")
        return Account(
            id=known,
            name=name,
            domain=domain,
            plan=self._text(row, "account_plan"),
            arr=None if revenue is None else number(revenue, self._settings.decimal),
        )

    def _url(self, row: Record, ref: Ref) -> str:
        address = self._text(row, "url")
        if re.match(r"(https?|file)://", address, re.IGNORECASE):
            return address
        if self._settings.permalink:
            return BRACES.sub(lambda brace: self._quoted(row, brace[1]), self._settings.permalink)
        path = Path(self._settings.folder, str(row.get(FILE, ""))).absolute()
        return f"{path.as_uri()}#{quote(ref.id, safe='')}"

    def _quoted(self, row: Record, path: str) -> str:
        found = first(row, path)
        if found is None:
            raise ValueError(f"the permalink needs {path!r}, which is empty")
        return quote(str(found), safe="", errors="replace")

    def _comments(self, row: Record, audience: Visibility, convert: Convert) -> tuple[Comment, ...]:
        where = self._settings.comments
        if where is None:
            return ()
        made = (
            self._comment(each, n, where, audience, convert)
            for n, each in enumerate(select(row, where.path), 1)
        )
        return tuple(comment for comment in made if comment is not None)

    def _comment(
        self, row: object, number_: int, where: CommentColumns, audience: Visibility, convert: Convert
    ) -> Comment | None:
        if not isinstance(row, Mapping):
            if row in EMPTY:
                return None
            raise ValueError(f"comment {number_} is a {type(row).__name__}, not an object")
        text, said = first(row, where.text), first(row, where.created)
        name, seen = first(row, where.author), first(row, where.visibility)
        return Comment(
            id=str(first(row, where.id) or number_),
            text=convert(str(text)) if text is not None else "",
            created_at=None if said is None else moment(said, self._settings.dates, self._zone),
            author=None if name is None else Person(id=str(name), name=str(name)),
            visibility=audience if seen is None else visible(seen),
        )

    def _fields(self, row: Record) -> dict[str, Value]:
        plain = {key: key for key in row if key not in self._used and not key.startswith(OWN)}
        found: dict[str, Value] = {}
        for name, path in (plain | {path: path for path in self._declared}).items():
            value = self._declared_field(select(row, path), name)
            if value is not None:
                found[name] = value
        return found

    def _declared_field(self, values: list[object], name: str) -> Value:
        """A declared field as its kind; what does not fit stays as it came, and counts as missing for rules."""
        found = self._field(values, name)
        kind = self._declared.get(name, "")
        if kind == "texts" and isinstance(found, str):
            return tuple(sorted(listed([found])))
        if not isinstance(found, str) or kind not in _AS:
            return found
        with suppress(ValueError):
            return _AS[kind](self, found)
        return found

    def _as_number(self, text: str) -> Value:
        return number(text, self._settings.decimal)

    def _as_money(self, text: str) -> Value:
        """As the setting ``decimal`` has it; which currency an amount names is the hub's to read."""
        return ungrouped(text, self._settings.decimal)

    def _as_time(self, text: str) -> Value:
        return moment(text, self._settings.dates, self._zone)

    def _as_truth(self, text: str) -> Value:
        return _TRUTH.get(text.strip().lower(), text)

    def _field(self, values: list[object], name: str) -> Value:
        scalars = [value for value in values if isinstance(value, str | int | float | bool) and value != ""]
        if not scalars or len(scalars) < len([value for value in values if value not in EMPTY]):
            return None
        if name in self._settings.numbers:
            return number(scalars[0], self._settings.decimal)
        only = scalars[0]
        return only if len(scalars) == 1 else tuple(sorted({str(value) for value in scalars}))

    def _original(self, row: Record) -> str:
        if named := self._text(row, "duplicate_of"):
            return named
        where = self._settings.duplicates
        if where is None:
            return ""
        keys = [str(first(link, where.key) or "") for link in select(row, where.path) if _counts(link, where)]
        own = self.identity(row)
        if where.both_sides:
            keys = [key for key in keys if _age(key) < _age(own)]
        return next((key for key in keys if key and key != own), "")


_AS: Mapping[str, Callable[[RowMapping, str], Value]] = {
    "number": RowMapping._as_number,
    "money": RowMapping._as_money,
    "date": RowMapping._as_time,
    "yes-no": RowMapping._as_truth,
}
"""Kind of a declared field → how a cell's text is read as it."""

_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def _counts(link: object, where: DuplicateColumns) -> bool:
    return all(
        any(str(value) in wanted for value in select(link, path)) for path, wanted in where.where.items()
    )


def _age(key: str) -> list[Any]:
    """Keys in the order in which trackers give them out: numbers in them count as numbers."""
    return [
        (1, int(part), "") if part.isdecimal() else (0, 0, part) for part in re.split(r"(\d+)", key[:200])
    ]
