"""A text and the ideas that it may belong to, beside each other, with the words that they share marked."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence, Set
from itertools import zip_longest
from typing import Any, NamedTuple

import click

from opshub.cli.text import block, colours, cut, pad, screen, wrap

__all__ = ["beside", "marked"]

NARROWEST = 26
"""Columns that a text needs to be read; where there are fewer, texts stand below each other."""

LINES = 12
"""Lines of a text that are shown."""

WHOLE = 80
"""Lines for the pieces of a part: an answer binds all that are shown."""

_WORD = re.compile(r"[^\W_]+")


class _Cell(NamedTuple):
    head: str
    lines: Sequence[str]
    shared: frozenset[str]
    most: int = LINES


def beside(asked: Mapping[str, Any]) -> None:
    """Print one question."""
    room = screen() or 80
    cells = [_asked(asked), *(_choice(number, row) for number, row in enumerate(asked["offers"], 1))]
    width = (room - 3 * (len(cells) - 1)) // len(cells)
    if width < NARROWEST:
        for cell in cells:
            _print([cell], room)
            click.echo()
    else:
        _print(cells, width)


def _asked(asked: Mapping[str, Any]) -> _Cell:
    shared = frozenset(term for row in asked["offers"] for term in row["terms"])
    if asked["pieces"]:
        said = [f"{it['feedback']}: {it['text']}" for it in asked["seen"]]
        return _Cell(asked["name"], [f"{len(asked['pieces'])} pieces, such as", *said], shared, WHOLE)
    lines = _lines(asked["title"], asked["text"])
    if asked["kind"] == "idea":
        said = [] if lines == [asked["own_title"]] else [f"{asked['feedback']}:", *lines]
        return _Cell(asked["name"], [asked["own_title"], *said], shared)
    return _Cell(f"{asked['feedback']} ({asked['kind']})", lines, shared)


def _choice(number: int, row: Mapping[str, Any]) -> _Cell:
    voices = f"{row['voices']} voice{'s' if row['voices'] != 1 else ''}"
    lines = [f"{row['title']}", f"[{voices}, likeness {row['likeness']:.2f}]"]
    if row["nearest_text"] and row["nearest_text"] != row["title"]:
        lines += [f"{row['nearest']}:", *_lines("", row["nearest_text"])]
    return _Cell(f"{number}  {row['idea']}", lines, frozenset(row["terms"]))


def _lines(title: str, text: str) -> list[str]:
    whole = text if not title or text.startswith(title) else f"{title}\n{text}"
    return [line for line in block(whole).splitlines() if line.strip()]


def _print(cells: Sequence[_Cell], width: int) -> None:
    """Columns of so many characters, three spaces apart."""
    colour = colours(sys.stdout)
    heads = [click.style(pad(cut(cell.head, width), width), bold=True) for cell in cells]
    columns = []
    for cell in cells:
        lines = [part for line in cell.lines for part in wrap(block(line), width)]
        columns.append(lines if len(lines) <= cell.most else [*lines[: cell.most - 1], "…"])
    click.echo("   ".join(heads).rstrip() if colour else click.unstyle("   ".join(heads)).rstrip())
    for row in zip_longest(*columns, fillvalue=""):
        shown = [
            marked(pad(text, width) if at < len(cells) - 1 else text, cell.shared)
            for at, (text, cell) in enumerate(zip(row, cells, strict=True))
        ]
        click.echo("   ".join(shown).rstrip(), color=colour)


def marked(text: str, shared: Set[str]) -> str:
    """The text with every word in colour that comes to one of these terms; of Chinese, each pair of characters."""
    from opshub.matching import terms

    spans: list[tuple[int, int]] = []
    for found in _WORD.finditer(text):
        word, begin = found.group(), found.start()
        if word.isascii():
            spans += [found.span()] if not shared.isdisjoint(terms("", word)) else []
        else:
            spans += [
                (begin + at, begin + at + 2) for at in range(len(word) - 1) if word[at : at + 2] in shared
            ]
    parts, at = [], 0
    for first, last in spans:
        parts += [text[at : max(first, at)], click.style(text[max(first, at) : last], fg="green", bold=True)]
        at = max(at, last)
    return "".join([*parts, text[at:]])
