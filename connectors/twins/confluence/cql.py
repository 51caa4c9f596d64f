"""The part of CQL that the twin understands: comparisons, lists, and/or/not, parentheses, order by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

__all__ = ["Query", "parsed"]

TOKEN = re.compile(r'\s*(?:"((?:[^"\\]|\\.)*)"|(>=|<=|!=|!~|[=~<>(),])|([^\s"=~<>!(),]+))')
DATES = ("%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y/%m/%d", "%Y-%m-%d")
LISTS = ("label",)

Row = Mapping[str, Any]
Test = Callable[[Row], bool]


class Query:
    """Which rows, and in which order."""

    def __init__(self, test: Test, order: str, descending: bool) -> None:
        self.test, self.order, self.descending = test, order, descending


def parsed(text: str, zone: str) -> Query:
    """The query; ValueError for what the twin does not understand."""
    return _Parser(text, ZoneInfo(zone)).query()


class _Parser:
    def __init__(self, text: str, zone: ZoneInfo) -> None:
        self._zone = zone
        self._tokens: list[tuple[str, bool]] = []
        at = 0
        while at < len(text.rstrip()):
            found = TOKEN.match(text, at)
            if found is None:
                raise ValueError(f"cannot parse the query at {at}: {text[at : at + 20]}")
            quoted = found[1] is not None
            self._tokens.append(
                (re.sub(r"\\(.)", r"\1", found[1]) if quoted else found[2] or found[3], quoted)
            )
            at = found.end()

    def query(self) -> Query:
        test = self._any()
        order, descending = "id", False
        if self._word("order"):
            self._expect("by")
            order = self._take()[0].lower()
            descending = self._word("desc")
            self._word("asc")
        if self._tokens:
            raise ValueError(f"unexpected {self._tokens[0][0]!r}")
        return Query(test, order, descending)

    def _any(self) -> Test:
        tests = [self._all()]
        while self._word("or"):
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> Test:
        tests = [self._one()]
        while self._word("and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> Test:
        if self._word("not"):
            inner = self._one()
            return lambda row: not inner(row)
        if self._word("("):
            inner = self._any()
            self._expect(")")
            return inner
        name = self._take()[0].lower()
        operator = self._take()[0].lower()
        if operator == "not":
            self._expect("in")
            wanted = self._values()
            return lambda row: not _has(row, name, wanted)
        if operator == "in":
            wanted = self._values()
            return lambda row: _has(row, name, wanted)
        value = self._take()[0]
        return self._compared(name, operator, value)

    def _compared(self, name: str, operator: str, value: str) -> Test:
        if operator in ("=", "!="):
            return lambda row: _has(row, name, [value]) == (operator == "=")
        if operator == "~":
            return lambda row: value.lower() in str(row.get(name, "")).lower()
        if name not in ("lastmodified", "created"):
            raise ValueError(f"{name} {operator} is not understood")
        moment = self._moment(value)
        compare: dict[str, Callable[[datetime], bool]] = {
            ">=": lambda at: at >= moment,
            ">": lambda at: at >= moment + timedelta(minutes=1),
            "<=": lambda at: at < moment + timedelta(minutes=1),
            "<": lambda at: at < moment,
        }
        return lambda row: compare[operator](row[name])

    def _moment(self, text: str) -> datetime:
        for form in DATES:
            try:
                return datetime.strptime(text, form).replace(tzinfo=self._zone)
            except ValueError:
                continue
        raise ValueError(f"{text!r} is not a date")

    def _values(self) -> list[str]:
        self._expect("(")
        values = [self._take()[0]]
        while self._word(","):
            values.append(self._take()[0])
        self._expect(")")
        return values

    def _take(self) -> tuple[str, bool]:
        if not self._tokens:
            raise ValueError("the query ends too early")
        return self._tokens.pop(0)

    def _word(self, word: str) -> bool:
        if self._tokens and not self._tokens[0][1] and self._tokens[0][0].lower() == word:
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._word(word):
            raise ValueError(f"{word!r} is missing")


def _has(row: Row, name: str, wanted: list[str]) -> bool:
    if name not in row:
        raise ValueError(f"no field is called {name!r}")
    held = row[name]
    return any(str(value) in wanted for value in held) if name in LISTS else str(held) in wanted
