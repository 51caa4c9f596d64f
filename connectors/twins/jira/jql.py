"""The part of JQL that clients of the twin send, evaluated over its issues.

Grammar: clauses joined by AND, OR, NOT and brackets, then ORDER BY. Whatever it does not know is a
``JqlError`` with the sentence that Jira itself answers with status 400.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from opshub_connectors.twins.jira.state import Issue

__all__ = ["JqlError", "Query", "parse"]

Test = Callable[[Issue], bool]

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<op>>=|<=|!=|!~|=|~|<|>)|(?P<mark>[(),])"""
    r"""|(?P<word>[^\s"'=!~<>(),]+))""",
    re.DOTALL,
)
_PERIOD = re.compile(r"([+-]?)(\d+)([wdhm])")
_UNITS = {"w": timedelta(weeks=1), "d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
_FORMATS = ("%Y-%m-%d %H:%M", "%Y/%m/%d %H:%M", "%Y-%m-%d", "%Y/%m/%d")
_ALIASES = {
    "issuekey": "key",
    "issue": "key",
    "id": "key",
    "updateddate": "updated",
    "createddate": "created",
    "type": "issuetype",
    "component": "components",
    "fixversion": "fixversions",
}
_DATES = {"updated", "created"}
_WORDS = {"project", "labels", "status", "issuetype", "priority", "components", "reporter", "resolution"}
_TEXTS = {"summary", "description", "comment", "text"}
_SORTS = {"key", "updated", "created", "priority", "status", "summary", "project"}


class JqlError(ValueError):
    """The query is refused; the message is what Jira puts into ``errorMessages``."""


class _Token(NamedTuple):
    kind: str
    text: str

    def says(self, *words: str) -> bool:
        return self.kind == "word" and self.text.lower() in words


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: which issues, and in which order."""

    test: Test
    order: tuple[tuple[str, bool], ...] = ()
    bounded: bool = True

    def run(self, issues: Iterable[Issue]) -> list[Issue]:
        """The matching issues in the query's order; without one, the newest first as Jira does."""
        found = sorted((i for i in issues if self.test(i)), key=lambda i: i.id, reverse=not self.order)
        for name, down in reversed(self.order):
            found.sort(key=partial(_sort_value, name=name), reverse=down)
        return found


@dataclass(frozen=True, slots=True)
class Names:
    """What exists in the site, for the messages about what does not."""

    projects: frozenset[str]
    keys: frozenset[str]
    fields: frozenset[str] = frozenset()
    issuetypes: frozenset[str] = frozenset()


def parse(text: str, *, names: Names, zone: ZoneInfo, now: datetime) -> Query:
    """The query as a test and an order; JqlError with Jira's own words where it is wrong."""
    return _Parser(_tokens(text), names, zone, now).query()


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text.rstrip()):
        hit = _TOKEN.match(text, at)
        if hit is None:
            raise JqlError(
                f"Error in the JQL Query: The character {text[at:].strip()[:1]!r} is not allowed here."
            )
        kind = hit.lastgroup or ""
        raw = hit[kind]
        found.append(_Token(kind, re.sub(r"\\(.)", r"\1", raw[1:-1]) if kind == "text" else raw))
        at = hit.end()
    return found


@dataclass(slots=True)
class _Parser:
    tokens: Sequence[_Token]
    names: Names
    zone: ZoneInfo
    now: datetime
    at: int = 0
    clauses: int = field(default=0)

    def query(self) -> Query:
        test = self._any() if self.tokens and not self._peek().says("order") else _everything
        order = self._order() if self._peek().says("order") else ()
        if self.at < len(self.tokens):
            raise JqlError(
                f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{self._peek().text}'."
            )
        return Query(test, order, bounded=self.clauses > 0)

    def _peek(self) -> _Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _Token("end", "")

    def _take(self, wanted: str) -> _Token:
        token = self._peek()
        if token.kind == "end":
            raise JqlError(f"Error in the JQL Query: Expecting {wanted} before the end of the query.")
        self.at += 1
        return token

    def _any(self) -> Test:
        parts = [self._all()]
        while self._peek().says("or") or self._peek().text == "||":
            self.at += 1
            parts.append(self._all())
        return parts[0] if len(parts) == 1 else lambda issue: any(part(issue) for part in parts)

    def _all(self) -> Test:
        parts = [self._one()]
        while self._peek().says("and") or self._peek().text == "&&":
            self.at += 1
            parts.append(self._one())
        return parts[0] if len(parts) == 1 else lambda issue: all(part(issue) for part in parts)

    def _one(self) -> Test:
        if self._peek().says("not"):
            self.at += 1
            inner = self._one()
            return lambda issue: not inner(issue)
        if self._peek() == ("mark", "("):
            self.at += 1
            inner = self._any()
            if self._take("')'") != ("mark", ")"):
                raise JqlError("Error in the JQL Query: Expecting ')' before the end of the query.")
            return inner
        return self._clause()

    def _clause(self) -> Test:
        name = self._name(self._take("a field name"))
        operator, values = self._operator(name), self._values
        self.clauses += 1
        if operator in ("is", "is not"):
            empty = self._take("'EMPTY'")
            if not empty.says("empty", "null"):
                raise JqlError(f"Error in the JQL Query: Expecting 'EMPTY' but got '{empty.text}'.")
            return lambda issue: (not _held(issue, name)) is (operator == "is")
        return self._comparison(name, operator, values(operator))

    def _name(self, token: _Token) -> str:
        lowered = token.text.lower()
        name = _ALIASES.get(lowered, lowered)
        custom = re.fullmatch(r"cf\[(\d+)\]", name)
        name = f"customfield_{custom[1]}" if custom else name
        if token.kind not in ("word", "text"):
            raise JqlError(f"Error in the JQL Query: Expecting a field name but got '{token.text}'.")
        if name not in {"key", *_DATES, *_WORDS, *_TEXTS, *_SORTS, *self.names.fields}:
            raise JqlError(f"Field '{token.text}' does not exist or you do not have permission to view it.")
        return name

    def _operator(self, name: str) -> str:
        token = self._take(f"operator after '{name}'")
        word = token.text.lower()
        if token.kind == "word" and word in ("is", "not"):
            follows = self._peek()
            if (word, follows.text.lower()) in (("is", "not"), ("not", "in")):
                self.at += 1
                return f"{word} {follows.text.lower()}"
        if token.kind == "op" or (token.kind == "word" and word in ("in", "is")):
            return word
        raise JqlError(
            f"Error in the JQL Query: Expecting operator but got '{token.text}'. The valid operators are "
            "'=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'."
        )

    def _values(self, operator: str) -> list[_Token]:
        if operator not in ("in", "not in"):
            return [self._value()]
        if self._take("'('") != ("mark", "("):
            raise JqlError("Error in the JQL Query: Expecting '(' after 'IN'.")
        found = [self._value()]
        while (mark := self._take("')'")) == ("mark", ","):
            found.append(self._value())
        if mark != ("mark", ")"):
            raise JqlError(f"Error in the JQL Query: Expecting ')' but got '{mark.text}'.")
        return found

    def _value(self) -> _Token:
        token = self._take("a value")
        if token.kind not in ("word", "text"):
            raise JqlError(
                f"Error in the JQL Query: Expecting either a value, list or function but got '{token.text}'."
            )
        if self._peek() == ("mark", "("):
            self.at += 1
            if self._take("')'") != ("mark", ")") or token.text.lower() != "now":
                raise JqlError(f"Unable to find JQL function '{token.text}()'.")
            return _Token("word", str(int(self.now.timestamp() * 1000)))
        return token

    def _comparison(self, name: str, operator: str, values: list[_Token]) -> Test:
        if name in _DATES:
            return self._date(name, operator, values[0])
        texts = [value.text for value in values]
        if name in _TEXTS and operator in ("~", "!~"):
            return lambda issue: _mentions(issue, name, texts[0]) is (operator == "~")
        if operator not in ("=", "!=", "in", "not in"):
            raise JqlError(f"The operator '{operator}' is not supported by the '{name}' field.")
        self._must_exist(name, values)
        wanted = {text.casefold() for text in texts}
        positive = operator in ("=", "in")
        return lambda issue: bool(_held(issue, name) & wanted) is positive

    def _must_exist(self, name: str, values: list[_Token]) -> None:
        for value in values:
            folded = value.text.casefold()
            if name == "project" and folded not in self.names.projects:
                raise JqlError(f"The value '{value.text}' does not exist for the field 'project'.")
            if name == "issuetype" and folded not in self.names.issuetypes:
                raise JqlError(f"The value '{value.text}' does not exist for the field 'issuetype'.")
            if name == "key" and folded not in self.names.keys:
                raise JqlError(f"An issue with key '{value.text}' does not exist for field 'key'.")

    def _date(self, name: str, operator: str, value: _Token) -> Test:
        bound = self._moment(name, value.text)
        compare: dict[str, Callable[[datetime], bool]] = {
            ">=": lambda at: at >= bound,
            ">": lambda at: at > bound,
            "<=": lambda at: at <= bound,
            "<": lambda at: at < bound,
            "=": lambda at: at == bound,
            "!=": lambda at: at != bound,
        }
        if operator not in compare:
            raise JqlError(f"The operator '{operator}' is not supported by the '{name}' field.")
        check = compare[operator]
        return lambda issue: check(issue.updated if name == "updated" else issue.created)

    def _moment(self, name: str, text: str) -> datetime:
        """A literal in the account's own zone, a period from now, or milliseconds since the epoch."""
        for pattern in _FORMATS:
            try:
                return datetime.strptime(text, pattern).replace(tzinfo=self.zone).astimezone(UTC)
            except ValueError:
                continue
        if re.fullmatch(r"-?\d{9,}", text):
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        periods = text.split()
        if periods and all(_PERIOD.fullmatch(part) for part in periods):
            back = text.lstrip().startswith("-")
            steps = (_PERIOD.fullmatch(part) for part in periods)
            total = sum((int(s[2]) * _UNITS[s[3]] for s in steps if s), timedelta())
            return self.now - total if back else self.now + total
        raise JqlError(
            f"Date value '{text}' for field '{name}' is invalid. Valid formats include: 'yyyy/MM/dd HH:mm', "
            "'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period format e.g. '-5d', '4w 2d'."
        )

    def _order(self) -> tuple[tuple[str, bool], ...]:
        self.at += 1
        if not self._take("'BY'").says("by"):
            raise JqlError("Error in the JQL Query: Expecting 'BY' after 'ORDER'.")
        found = []
        while True:
            name = self._name(self._take("a field name"))
            if name not in _SORTS:
                raise JqlError(f"Not able to sort using field '{name}'.")
            down = self._peek().says("desc")
            self.at += self._peek().says("asc", "desc")
            found.append((name, down))
            if self._peek() != ("mark", ","):
                break
            self.at += 1
        if len(found) > 7:
            raise JqlError("The maximum number of ORDER BY fields is 7.")
        return tuple(found)


def _everything(issue: Issue) -> bool:
    return True


def _held(issue: Issue, name: str) -> set[str]:
    """What the issue has in a field, folded; an empty set for nothing."""
    if name == "key":
        return {issue.key.casefold(), str(issue.id)}
    values: dict[str, Sequence[Any]] = {
        "project": (issue.project,),
        "labels": issue.labels,
        "components": issue.components,
        "status": (issue.status,),
        "issuetype": (issue.type,),
        "priority": (issue.priority,),
        "reporter": (issue.reporter,),
        "resolution": (issue.resolution,),
        "summary": (issue.summary,),
        "description": (issue.description,),
    }
    held = values.get(name, (issue.custom.get(name),))
    return {str(value).casefold() for value in held if value not in (None, "")}


def _mentions(issue: Issue, name: str, needle: str) -> bool:
    texts = {"summary": [issue.summary], "description": [str(issue.description or "")]}
    texts["comment"] = [str(comment.body) for comment in issue.comments]
    texts["text"] = [*texts["summary"], *texts["description"], *texts["comment"]]
    words = needle.strip('"*').casefold().split()
    return any(all(word in text.casefold() for word in words) for text in texts[name])


def _sort_value(issue: Issue, name: str) -> tuple[Any, ...]:
    if name == "key":
        return (issue.project, issue.number)
    if name in _DATES:
        return (issue.updated if name == "updated" else issue.created,)
    return (str(getattr(issue, name) or ""),)
