"""What an admin declares beyond the hub's own fields: custom fields of a connection, and lookup tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from opshub.config.currencies import Code
from opshub.sdk.settings import Settings

__all__ = [
    "ColumnSettings",
    "FieldName",
    "FieldSettings",
    "Fields",
    "TableSettings",
    "declared_only",
    "table_name",
]

_NAME = re.compile(r"[^\W\d]\w{0,99}")


def _name(name: str) -> str:
    if _NAME.fullmatch(name):
        return name
    plain = re.sub(r"\W+", "_", name).strip("_")
    plain = f"_{plain}" if plain[:1].isdigit() else plain
    near = f': "{plain}"' if _NAME.fullmatch(plain) else ""
    raise ValueError(f"is no name for rules; use letters, digits and _{near}")


FieldName = Annotated[str, AfterValidator(_name)]
"""What rules call it."""


def declared_only(given: object) -> object:
    """Only the tables of ``fields``: a text there is told where the connection is set up, with what to write."""
    if not isinstance(given, Mapping):
        return given
    return {name: value for name, value in given.items() if not isinstance(value, str)}


class FieldSettings(Settings):
    """One field that rules can read, as `feedback.fields.NAME`, or `idea.fields.NAME` where the connection has
    `as = "ideas"`."""

    type: Literal["text", "number", "yes-no", "date", "texts", "money"]
    """What it holds. A value of another kind counts as missing, and is counted in the report of the run."""

    source: str = Field(default="", alias="from", max_length=500)
    """What the vendor calls it, such as `Story Points`, `customfield_10050` or `custom_fields.360001`; in files a
    column, or a path such as `project.title`. Default: the same name."""

    values: tuple[str, ...] = ()
    """The only texts that it can hold, for `text` and `texts`: rules that name another one do not pass."""

    currency: Code = ""
    """For `money`: the currency of amounts that come without one; default: the connection's, or else the hub's."""

    about: str = Field(default="", max_length=200)
    """What it means, for `opshub rules fields`."""

    @model_validator(mode="after")
    def _fits(self) -> FieldSettings:
        if self.values and self.type not in ("text", "texts"):
            raise ValueError(f'"values" is for text and texts, not for {self.type}')
        if self.type != "money" and self.currency:
            raise ValueError(f'"currency" is for money, not for {self.type}')
        return self


def table_name(name: str) -> str:
    """The name, if rules can call a table so; ValueError."""
    if _name(name).casefold() in _TAKEN:
        raise ValueError(f'is a word of the rules; call the table "{name}_table", or what it holds')
    return name


_TAKEN = frozenset({"idea", "feedback", "account", "author", "persons", "person", "signal", "goal"})


class ColumnSettings(FieldSettings):
    """One column that rules can read, as `TABLE.NAME`. `from` is what the file's first line calls it."""


class TableSettings(Settings):
    """A lookup table: a CSV file with one row for an account. Its columns are fields of the feedback that the account
    gives."""

    file: str = Field(min_length=1)
    """The CSV or TSV file, in any usual encoding; the first line names the columns. At most 64 MB and 200,000 rows."""

    key: str = Field(min_length=1)
    """The column that says whose row it is. Case does not count; of rows with the same key the first one counts."""

    joins: Literal["account.domain", "account.id"] = "account.domain"
    """What the key is: the customer's internet domain, or the customer's id, with or without the connection before it
    (`desk:4711`)."""

    columns: dict[FieldName, ColumnSettings] = Field(min_length=1)
    """The columns that rules can read: `segment = { type = "text" }`, or a table `[tables.NAME.columns.segment]`."""

    encoding: str = "auto"
    """The file's encoding: `utf-8`, `gb18030`, `utf-16` …; `auto` finds it out."""

    delimiter: str = Field(default="", max_length=1)
    """What separates the cells; found in the first line where it is not given."""

    decimal: Literal["", ".", ","] = ""
    """What separates the fraction of numbers and amounts; the other sign may then stand between thousands, as in
    `USD 30,000`. Without it only what can mean one thing is read."""

    @field_validator("encoding")
    @classmethod
    def _known(cls, name: str) -> str:
        try:
            _ = name == "auto" or "a".encode(name)
        except (LookupError, ValueError):
            hint = 'use "auto", "utf-8", "gb18030" or "utf-16"'
            raise ValueError(f"{name[:40]!r} is no encoding; {hint}") from None
        return name


Fields = Annotated[dict[FieldName, FieldSettings], BeforeValidator(declared_only)]
"""Declarations by their names."""
