"""What an admin declares beyond the hub's own fields: custom fields of a connection, and lookup tables."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from opshub.sdk.settings import Settings

__all__ = ["FieldName", "FieldSettings", "Fields", "declared_only"]

_NAME = re.compile(r"[^\W\d]\w{0,99}")
_CODE = re.compile(r"[A-Z]{3}")


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
    """Only the tables of ``fields``: a text there belongs to the connector, which has a setting of that name."""
    if not isinstance(given, Mapping):
        return given
    return {name: value for name, value in given.items() if not isinstance(value, str)}


class FieldSettings(Settings):
    """One field that rules can read, as `feedback.fields.NAME`, or `idea.fields.NAME` where the connection has
    `as = "ideas"`."""

    type: Literal["text", "number", "yes-no", "date", "texts", "money"]
    """What it holds. A value of another kind counts as missing, and is counted in the report of the run."""

    source: str = Field(default="", alias="from", max_length=500)
    """What the vendor calls it, such as `customfield_10050` or `custom_fields.360001`; default: the same name."""

    values: tuple[str, ...] = ()
    """The only texts that it can hold, for `text` and `texts`: rules that name another one do not pass."""

    currency: str = ""
    """For `money`: the currency of its numbers, as `EUR`."""

    about: str = Field(default="", max_length=200)
    """What it means, for `opshub rules fields`."""

    @model_validator(mode="after")
    def _fits(self) -> FieldSettings:
        if self.values and self.type not in ("text", "texts"):
            raise ValueError(f'"values" is for text and texts, not for {self.type}')
        if self.type == "money" and not _CODE.fullmatch(self.currency):
            raise ValueError('money needs "currency": a code of three capitals, such as "EUR"')
        if self.type != "money" and self.currency:
            raise ValueError(f'"currency" is for money, not for {self.type}')
        return self


Fields = Annotated[dict[FieldName, FieldSettings], BeforeValidator(declared_only)]
"""Declarations by their names."""
