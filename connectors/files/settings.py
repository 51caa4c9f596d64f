"""What an admin says of a set of exported files."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from opshub.sdk import Settings, Visibility, zone_of

__all__ = ["BRACES", "Columns", "CommentColumns", "DuplicateColumns", "FilesSettings", "PointColumns"]

BRACES = re.compile(r"\{([^{}]+)\}")


def _several(value: Any) -> Any:
    return ((value,) if value else ()) if isinstance(value, str) else value


Paths = Annotated[tuple[str, ...], BeforeValidator(_several)]
"""One path or a list of paths."""


class Columns(Settings):
    """Where in a row each thing stands: a column's name, or a path such as `project.key` or `links[].key`."""

    id: str = ""
    """The row's own id. Without one, the id is made from the row's content."""

    title: str = ""
    """A short heading."""

    text: Paths = ()
    """What was said; several columns are joined by blank lines."""

    kind: str = ""
    """What the row is: `bug`, `review` …"""

    created: str = ""
    """When it was said."""

    updated: str = ""
    """When it last changed."""

    author: str = ""
    """The name of who said it."""

    author_id: str = ""
    """The vendor's id of who said it; without one the name stands in, then the e-mail address."""

    email: str = ""
    """The e-mail address of who said it."""

    account: str = ""
    """The customer's name."""

    account_id: str = ""
    """The customer's id; without one the name stands in."""

    account_domain: str = ""
    """The customer's internet domain."""

    account_plan: str = ""
    """What the customer pays for."""

    account_arr: str = ""
    """Revenue a year, in the connection's `currency`."""

    rating: str = ""
    """A number on the scale that `rating_scale` names."""

    rating_scale: str = "1-5"
    """Not a column: worst and best rating, and what they count: `1-5`, `0-10 nps`, `0-1 thumbs`."""

    language: str = ""
    """The text's language: `en`, `zh`."""

    tags: Paths = ()
    """Labels: lists, or text separated by commas, semicolons or lines."""

    url: str = ""
    """Where the row can be seen; `permalink` makes one from other columns."""

    visibility: str = ""
    """`public`, `customer`, `internal` or `restricted`; true is public and false is internal."""

    duplicate_of: str = ""
    """The id of the row that this one repeats."""

    mentions: Paths = ()
    """Keys and addresses of other items that the row refers to."""

    def paths(self) -> dict[str, tuple[str, ...]]:
        """Name → the paths given for it, without those left empty."""
        names = set(type(self).model_fields) - {"rating_scale"}
        given = {name: _several(getattr(self, name)) for name in sorted(names)}
        return {name: paths for name, paths in given.items() if paths}

    @field_validator("rating_scale")
    @classmethod
    def _scale(cls, value: str) -> str:
        if not re.fullmatch(r"-?\d+(\.\d+)?\s*-\s*\d+(\.\d+)?(\s+\w+)?", value.strip()):
            raise ValueError('a scale is written worst-best and an optional name, as in "1-5" or "0-10 nps"')
        return value.strip()


class CommentColumns(Settings):
    """Where a row's comments stand, and where in one comment each thing."""

    path: str
    """The list of comments in the row: `comments`, `fields.comment.comments`."""

    text: str
    """What the comment says."""

    id: str = ""
    """The comment's id; without one its place in the list."""

    author: str = ""
    """The name of who said it."""

    created: str = ""
    """When it was said."""

    visibility: str = ""
    """As for the row; without it the comment is as visible as its row."""


class DuplicateColumns(Settings):
    """Where a row's links to what it repeats stand, among other links."""

    path: str
    """The list of links in the row."""

    key: str
    """The id of the other row, in one link."""

    where: dict[str, Paths] = Field(default_factory=dict)
    """What a link must hold to count: path → value, or list of values."""

    both_sides: bool = False
    """The export states a pair on both rows and not which came first: the later key is the duplicate."""


class PointColumns(Settings):
    """Where in a row the values of signals stand, for `as = "signals"`."""

    time: str
    """When the values were true."""

    signals: dict[str, str] = Field(default_factory=dict)
    """Signal → the column of its values, as in `adoption = "share of users"`."""

    name: str = ""
    """Instead of `signals`, where each row holds one value: the column that names the signal."""

    value: str = ""
    """The column of the value, beside `name`."""

    segment: str = ""
    """The column of a segment; its values belong to the signal `name/segment`."""

    @model_validator(mode="after")
    def _one_way(self) -> PointColumns:
        if bool(self.signals) == bool(self.name) or bool(self.name) != bool(self.value):
            raise ValueError('name the columns: signals = { adoption = "…" }, or name = "…" and value = "…"')
        return self


class FilesSettings(Settings):
    """Settings of one set of files."""

    folder: Path = Path()
    """Where relative paths begin; the folder of `opshub.toml` unless said otherwise."""

    paths: Paths = ()
    """Files to read: names or patterns such as `exports/*.csv` and `exports/**/*.jsonl`."""

    format: Literal["auto", "csv", "tsv", "json", "jsonl", "xlsx"] = "auto"
    """The files' format; `auto` goes by the name's ending."""

    encoding: str = "auto"
    """The files' encoding: `utf-8`, `gb18030`, `utf-16` …; `auto` finds it out."""

    delimiter: str = Field(default="", max_length=1)
    """What separates the cells of a CSV file; found in the first line where it is not given."""

    records: str = ""
    """In a JSON file that holds an object: the path to the list of rows, such as `data.items`."""

    sheet: str = ""
    """The sheet of an XLSX file; the first one where it is not given."""

    columns: Columns = Columns()
    """Where each thing stands in a row."""

    values: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """What holds where a row says nothing: by the names of `columns`, as in `language = "zh"`."""

    comments: CommentColumns | None = None
    """Where comments stand in a row."""

    duplicates: DuplicateColumns | None = None
    """Where links to duplicates stand in a row."""

    numbers: Paths = ()
    """Fields that hold numbers; a CSV file cannot say so itself."""

    points: PointColumns | None = None
    """Where the values of signals stand in a row, for `as = "signals"`."""

    permalink: str = ""
    """Address of a row, with columns in braces: `https://issues.example.org/browse/{key}`."""

    text_format: Literal["plain", "html", "markdown", "wiki"] = "plain"
    """How texts and comments are written."""

    dates: Paths = ()
    """Further date formats as `strptime` writes them, such as `%d.%m.%Y %H:%M`; ISO 8601 is always read."""

    zone: str = "UTC"
    """The time zone of dates that name none, such as `Asia/Shanghai`."""

    decimal: Literal[".", ","] = "."
    """What separates the fraction of a number."""

    visibility: Visibility = Visibility.INTERNAL
    """Who may read rows that do not say so themselves."""

    output: str = ""
    """The file that receives the ranked list; its ending says which: `.csv` or `.json`."""

    excel: bool = False
    """Begin a CSV output with a byte order mark, by which Excel knows that it is UTF-8."""

    @field_validator("values")
    @classmethod
    def _names(cls, values: dict[str, Any]) -> dict[str, Any]:
        names = sorted(set(Columns.model_fields) - {"rating_scale"})
        for name in values:
            if name not in names:
                close = difflib.get_close_matches(name, names, 1)
                raise ValueError(
                    f"no value is called {name!r}" + (f"; did you mean {close[0]!r}?" if close else "")
                )
        return values

    @field_validator("permalink")
    @classmethod
    def _template(cls, value: str) -> str:
        place, _, _ = value.partition("{")
        if value and not re.match(r"(https?://[^/{}]+/|file:///)", place):
            raise ValueError(
                "begin it with http://, https:// or file://; braces may stand behind the host only"
            )
        if "{" in (rest := BRACES.sub("", value)) or "}" in rest:
            raise ValueError("a brace is not closed, or closed twice")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        try:
            b"x".decode("ascii" if value == "auto" else value)
        except UnicodeError:
            return value
        except LookupError:
            raise ValueError(
                f"no encoding is called {value!r}; try utf-8, utf-16, gb18030 or cp1252"
            ) from None
        return value

    @field_validator("zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return zone_of(value).key

    @field_validator("output")
    @classmethod
    def _output(cls, value: str) -> str:
        if value and Path(value).suffix.lower() not in (".csv", ".json"):
            raise ValueError("the name must end in .csv or .json")
        return value

    @model_validator(mode="after")
    def _enough(self) -> FilesSettings:
        given = self.columns.paths().keys() | self.values.keys()
        if self.points:
            given |= {"text", "created"}
        if self.paths and not given & {"text", "title"}:
            raise ValueError('columns: say where the text stands: text = "…" or title = "…"')
        if self.paths and not given & {"created", "updated"}:
            raise ValueError(
                'columns: say when rows were written: created = "…", or for all of them '
                'values.created = "2024-01-31"'
            )
        if not self.paths and not self.output:
            raise ValueError('paths: name the files to read, as in paths = ["exports/*.csv"]')
        return self
