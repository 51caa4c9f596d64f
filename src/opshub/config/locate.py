"""Finds on which line of a TOML text each table, key and list entry stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

__all__ = ["KeyPath", "line_of", "lines_of"]

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys from the root; a number is a position in a list."""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'",
    re.DOTALL,
)
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_PLAIN = re.compile(r"[^\[\]{}\"',#\n]+")


def lines_of(text: str) -> dict[KeyPath, int]:
    """Path → line, counted from 1, of a text that ``tomllib`` accepts; the first header of a table counts."""
    return _Scan(text).run()


def line_of(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of the path, or of the nearest thing around it; 1 where nothing of it stands in the text."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return 1


class _Scan:
    """One walk over the text; values are skipped, except for where their list entries begin."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self.table: KeyPath = ()
        self.arrays: dict[KeyPath, int] = {}

    def run(self) -> dict[KeyPath, int]:
        self._skip(_BLANK)
        while self.at < len(self.text):
            start = self.at
            if self.text[self.at] == "[":
                self._header()
            else:
                path = self.table + self._key()
                self._note(path, start)
                self._value(path)
            self._skip(_BLANK)
            if self.at == start:
                break
        return self.lines

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            return ""
        self.at = found.end()
        return found.group()

    def _note(self, path: KeyPath, at: int) -> None:
        line = self.text.count("\n", 0, at) + 1
        for size in range(1, len(path) + 1):
            self.lines.setdefault(path[:size], line)

    def _header(self) -> None:
        start = self.at
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        path = self._inside_arrays(self._key())
        if double:
            self.arrays[path] = self.arrays.get(path, -1) + 1
            path = (*path, self.arrays[path])
        self._note(path, start)
        self.table = path
        self.at = self._until("]") + (2 if double else 1)

    def _inside_arrays(self, path: KeyPath) -> KeyPath:
        full: KeyPath = ()
        for part in path[:-1]:
            full = (*full, part)
            if full in self.arrays:
                full = (*full, self.arrays[full])
        return (*full, *path[-1:])

    def _until(self, mark: str) -> int:
        found = self.text.find(mark, self.at)
        return len(self.text) if found < 0 else found

    def _key(self) -> KeyPath:
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            quoted = self._skip(_STRING)
            parts.append(_unquote(quoted) if quoted else self._skip(_BARE))
            self._skip(_SPACE)
            if not self.text.startswith(".", self.at):
                return tuple(parts)
            self.at += 1

    def _value(self, path: KeyPath) -> None:
        self.at = self._until("=") + 1
        depth, entry, lists = 0, -1, False
        while self.at < len(self.text):
            mark = self.text[self.at]
            if mark == "\n" and not depth:
                return
            if lists and depth == 1 and mark == "," and self._more():
                entry += 1
                self.at += 1
                self._entry(path, entry)
            elif mark in "[{":
                depth += 1
                self.at += 1
                if depth == 1 and mark == "[":
                    lists, entry = True, 0
                    self._entry(path, 0)
            elif mark in "]}":
                depth -= 1
                self.at += 1
            elif not (self._skip(_STRING) or self._skip(_PLAIN) or self._skip(re.compile(r"#[^\n]*"))):
                self.at += 1

    def _more(self) -> bool:
        found = _BLANK.match(self.text, self.at + 1)
        return found is not None and not self.text.startswith("]", found.end())

    def _entry(self, path: KeyPath, index: int) -> None:
        self._skip(_BLANK)
        if not self.text.startswith("]", self.at):
            self._note((*path, index), self.at)


def _unquote(key: str) -> str:
    import tomllib

    return next(iter(tomllib.loads(f"{key} = 0")))
