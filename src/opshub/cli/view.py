"""One plain value, two views of it: JSON, or text for people."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

import click

from opshub.cli import text as texts

__all__ = [
    "Column",
    "as_json",
    "at_terminal",
    "heading",
    "json_option",
    "number",
    "plain",
    "say",
    "short",
    "show",
    "span",
    "table",
]

json_option = click.option("--json", "as_json_", is_flag=True, help="Print JSON instead of text.")
"""The option of every reading command."""

_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


@dataclasses.dataclass(frozen=True, slots=True)
class Column:
    """A table's column: its heading, the key of its cells, and whether they are numbers."""

    title: str
    key: str
    right: bool = False


def at_terminal() -> bool:
    """Whether somebody is there who can be asked."""
    return sys.stdin is not None and sys.stdin.isatty()


def plain(value: object) -> Any:
    """Any value of the hub as what JSON knows; a Ref becomes ``connection:id``."""
    if value is None or isinstance(value, str | int | float | bool):
        return value.value if isinstance(value, Enum) else value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, PurePath):
        return str(value)
    if hasattr(value, "_asdict"):
        # A named tuple that says how it is written, as a Ref does, is written so.
        spelled = type(value).__str__ is not object.__str__
        return str(value) if spelled else plain(value._asdict())
    if isinstance(value, Iterable):
        return [plain(inner) for inner in value]
    return str(value)


def as_json(value: object) -> str:
    """The value as indented JSON that holds no character a terminal would obey."""
    dumped = json.dumps(plain(value), ensure_ascii=False, indent=2, allow_nan=False)
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", dumped)


def show(value: Any, as_json_: bool, view: Callable[[Any], None]) -> None:
    """Print the value as JSON, or let ``view`` print the same value for people."""
    ready = plain(value)
    if as_json_:
        click.echo(as_json(ready))
    else:
        view(ready)


def short(moment: str, zone: str) -> str:
    """An ISO time as ``2024-05-31 08:15`` in a zone."""
    from zoneinfo import ZoneInfo

    return datetime.fromisoformat(moment).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


def span(seconds: float) -> str:
    """Seconds as ``1h30m``."""
    left, words = int(seconds), ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        amount, left = divmod(left, size)
        words += f"{amount}{unit}" if amount else ""
    return words


def number(value: float, places: int = 2) -> str:
    """A number for people: ``1,234.5``, without a fraction where there is none."""
    text = f"{value:,.{places}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def say(text: str, **style: Any) -> None:
    """Print a text of several lines, made harmless."""
    shown = texts.block(text)
    styled = click.style(shown, **style) if any(style.values()) else shown
    click.echo(styled, color=texts.colours(sys.stdout))


def heading(text: str) -> None:
    """Print a line that stands out."""
    say(text, bold=True)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[Column], *, empty: str = "nothing") -> None:
    """Print rows in columns, aligned for Chinese text too and cut to the terminal's width."""
    if not rows:
        say(empty)
        return
    cells = [[_cell(row.get(column.key)) for column in columns] for row in rows]
    heads = [column.title for column in columns]
    widths = [max(texts.width_of(line[i]) for line in [heads, *cells]) for i in range(len(columns))]
    room = texts.screen()
    if room is not None:
        widths = texts.fit(widths, room)
    heading(_row(heads, widths, columns))
    for cell in cells:
        say(_row(cell, widths, columns))


def _row(cells: Sequence[str], widths: Sequence[int], columns: Sequence[Column]) -> str:
    parts = (
        texts.pad(texts.cut(cell, width), width, right=column.right)
        for cell, width, column in zip(cells, widths, columns, strict=True)
    )
    return "  ".join(parts).rstrip()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return number(value)
    if isinstance(value, list | tuple):
        return texts.line(", ".join(str(inner) for inner in value))
    return texts.line(str(value))
