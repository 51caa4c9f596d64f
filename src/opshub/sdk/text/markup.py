"""Markup as a flat row of tags and texts.

Made for hostile input, where a tree builder is not: browsers' rules for open formatting tags let a hundred kilobytes
grow into millions of nodes. This walk is linear, holds no stack, and knows the CDATA of Confluence's storage format.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["Tag", "attribute", "unescape", "walk"]

NAME = re.compile(r"[A-Za-z][^\s/>]{0,63}")
SPECIAL = re.compile("[\"'<>]")
MOST_SPECIALS = 64
"""So many quotes are looked at to find a tag's end; then the first ``>`` ends it."""

LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")
ATTRIBUTE = re.compile(r"""([^\s=/"'<>]{1,64})\s{0,8}=\s{0,8}(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+))""")


class Tag(NamedTuple):
    """One tag: its name in lower case, its attributes as they stand, and which end of an element it is."""

    name: str
    attributes: str
    is_end: bool
    is_empty: bool


def unescape(text: str) -> str:
    """The text with character references replaced; absurd ones become U+FFFD."""
    if "&" not in text:
        return text
    return html.unescape(LONG_REFERENCE.sub("\ufffd", text))


def attribute(tag: Tag, name: str) -> str:
    """A tag's attribute, empty where it has none."""
    for found in ATTRIBUTE.finditer(tag.attributes[:8_000]):
        if found[1].lower() == name:
            return unescape(found[2] or found[3] or found[4] or "")
    return ""


def walk(source: str) -> Iterator[Tag | str]:
    """Tags, and the texts between them with their references replaced; comments and declarations are left out."""
    finder = _Finder(source)
    position = 0
    while True:
        start = finder.find("<", position)
        if start < 0:
            break
        if start > position:
            yield unescape(source[position:start])
        position, part = _part(finder, start)
        if part is not None:
            yield part
    if position < len(source):
        yield unescape(source[position:])


def _part(finder: _Finder, start: int) -> tuple[int, Tag | str | None]:
    """What begins at a ``<``, and where it ends."""
    source = finder.source
    for opening, closing in (("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"), ("<?", ">")):
        if source.startswith(opening, start):
            end = finder.find(closing, start + len(opening))
            if end < 0:
                return start + len(opening), None
            text = source[start + len(opening) : end] if closing == "]]>" else None
            return end + len(closing), text
    is_end = source.startswith("/", start + 1)
    name = NAME.match(source, start + 1 + is_end)
    end = _tag_end(finder, name.end()) if name is not None else -1
    if name is None or end < 0:
        return start + 1, "<"
    attributes = source[name.end() : end]
    return end + 1, Tag(name[0].lower(), attributes, is_end, attributes.endswith("/"))


def _tag_end(finder: _Finder, position: int) -> int:
    """Where the ``>`` is that is not part of a quoted value; the first one where quotes do not fit together."""
    first = finder.find(">", position)
    if first < 0:
        return -1
    for _ in range(MOST_SPECIALS):
        special = SPECIAL.search(finder.source, position)
        if special is None or special[0] == "<":
            return first
        if special[0] == ">":
            return special.start()
        closing = finder.find(special[0], special.end())
        if closing < 0:
            return first
        position = closing + 1
    return first


class _Finder:
    """Searches forward, and does not search twice for what is not there any more."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._absent: set[str] = set()

    def find(self, text: str, position: int) -> int:
        """Where the text next stands; -1 for nowhere. Positions asked for must grow by and large."""
        if text in self._absent:
            return -1
        found = self.source.find(text, position)
        if found < 0:
            self._absent.add(text)
        return found
