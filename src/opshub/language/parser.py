"""Reads rule files into syntax trees, statement by statement, so that one slip does not hide the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from opshub.language.builder import Builder
from opshub.language.currencies import DIGITS, Currencies
from opshub.language.findings import Findings, suggestion
from opshub.language.machine import lark, read, tokens
from opshub.language.scanner import DEEPEST, RESERVED, Block, scan
from opshub.language.tree import Span, Statement
from opshub.language.units import repaired

if TYPE_CHECKING:
    from lark import Token
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

__all__ = ["children", "parse"]

MOST_PARTS = 2_000

_READABLE = {
    "NAME": "a name",
    "STRING": "a text in quotes",
    "NUMBER": "a number",
    "MONEY": "an amount of money",
    "PERCENT": "a percentage",
    "DURATION": "a duration such as 90d",
    "LPAR": "'('",
    "RPAR": "')'",
    "LSQB": "'['",
    "RSQB": "']'",
    "LBRACE": "'{'",
    "RBRACE": "'}'",
    "COMMA": "','",
    "EQUAL": "'='",
    "SIGN": "'+' or '-'",
    "AT_LEAST": "'>='",
    "$END": "the end of the statement",
}
_FOREIGN = {
    "&": "write 'and'",
    "|": "write 'or'",
    "!": "write 'not', or '!=' to compare",
    "'": "texts stand in double quotes",
    "`": "texts stand in double quotes",
    ";": "lines need no end sign; leave it out",
    ":": "leave it out, or write '='",
    "$": "names have no sign before them; an amount is written with its currency behind it: 500 USD",
    "€": "write the currency behind the number: 500 EUR",
    "£": "write the currency behind the number: 500 GBP",
    "¥": "write the currency behind the number: 500 JPY, or 500 CNY",
    "%": "a percentage is a number and its sign, without a space: 15%",
    "≥": "write '>='",
    "≤": "write '<='",
    "≠": "write '!='",
    "×": "write '*'",
    "÷": "write '/'",
    "−": "write '-'",
    "＆": "write 'and'",
    "｜": "write 'or'",
}
_VALUES = frozenset(
    "DATE DURATION PERCENT MONEY NUMBER STRING NAME LPAR TRUE FALSE SIGN SIGNAL "
    "ROUTE MATCH ANY ALL NO COUNT SHARE SUM MEAN MEDIAN MIN MAX NOT".split()
)
_OPERATORS = frozenset("COMPARISON AT_LEAST IN CONTAINS MATCHES MENTIONS IS SIGN TIMES AND OR".split())
_WORDS = {
    "AND": "and",
    "OR": "or",
    "NOT": "not",
    "IN": "in",
    "True": "true",
    "False": "false",
    "None": "is missing",
}
_NAMED = {
    "let": "let popular = idea.voices > 5",
    "parameter": "parameter weight = 2",
    "score": "score reach = count feedback",
    "signal": "signal complaints = count feedback, per day",
    "bands": "bands priority { P1 >= 50, P2 otherwise }",
}
"""The words that a name follows, each with an example."""

_DIGITS = "0123456789."
_LETTERS = "".join(map(chr, range(97, 123)))
_PERIODS = {"min": "hours", "h": "hours", "d": "days", "w": "weeks"}
_NEVER_NODES = frozenset({"Kind", "Span", "bool", "float", "str"})
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?%?")


def parse(findings: Findings, currencies: Currencies | None = None) -> list[Statement]:
    """All statements of all files that could be read; ``findings`` remember what is lost with the others.

    Amounts are turned into the hub's currency where ``currencies`` are given.
    """
    statements: list[Statement] = []
    for file in range(len(findings.sources)):
        text, blocks = scan(file, findings)
        builder, parts = Builder(findings, currencies), 0
        for block in blocks:
            statement = None if block.broken or parts > MOST_PARTS else _read(text, block, findings, builder)
            if statement is not None:
                parts, deep = _measured(statement, parts)
                _report_size(block, text, deep, parts, findings)
                statement = None if deep or parts > MOST_PARTS else statement
            if statement is None:
                findings.lost.add(text[block.start : block.end], block.defines(text))
            else:
                statements.append(statement)
    return statements


def _read(text: str, block: Block, findings: Findings, builder: Builder) -> Statement | None:
    found = read(text, Span(block.file, block.start, block.end), builder)
    if found is None:
        _report_refusal(text, block, findings)
    return cast("Statement | None", found)


def _report_refusal(text: str, block: Block, findings: Findings) -> None:
    """Ask lark, which is imported only here, why a statement is none."""
    from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

    try:
        lark().parse(text[block.start : block.end])
    except UnexpectedCharacters as error:
        _report_character(text, block, error, findings)
    except UnexpectedToken as error:
        _report_token(text, block, error, findings)
    except UnexpectedInput:  # pragma: no cover - the two above are all that this parser raises
        findings.report("R006", Span(block.file, block.start, block.end), "this statement cannot be read")


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.type not in _NEVER_NODES)


def children(node: object) -> Iterator[Any]:
    """The nodes directly below a node of the tree."""
    for name in _names(cast(Any, type(node))):
        value = getattr(node, name)
        if isinstance(value, tuple) and not isinstance(value, Span):
            yield from value
        elif hasattr(value, "__dataclass_fields__"):
            yield value


def _measured(statement: Statement, parts: int) -> tuple[int, bool]:
    """The number of parts so far, and whether this statement is nested too deeply; without recursion."""
    level: list[object] = [statement]
    depth = -1
    while level:
        parts += len(level)
        depth += 1
        level = [child for node in level for child in children(node)]
    return parts, depth > DEEPEST


def _report_size(block: Block, text: str, deep: bool, parts: int, findings: Findings) -> None:
    start = block.start + len(text[block.start : block.end]) - len(text[block.start : block.end].lstrip())
    span = Span(block.file, start, start + len(text[start : block.end].split(maxsplit=1)[0]))
    if deep:
        findings.report("R009", span, f"more than {DEEPEST} levels deep", "name the inner parts with let")
    if parts > MOST_PARTS:
        findings.report(
            "R010", span, "more than 2,000 parts in this file, from here on", "split it by subject"
        )


def _report_character(text: str, block: Block, error: UnexpectedCharacters, findings: Findings) -> None:
    at = block.start + (error.pos_in_stream or 0)
    span = Span(block.file, at, at + (2 if text[at : at + 2] in ("&&", "||") else 1))
    shown = text[span.start : span.end]
    findings.report("R012", span, f"'{shown}' means nothing here", _FOREIGN.get(text[at], "leave it out"))


def _report_equals(span: Span, findings: Findings) -> None:
    findings.report(
        "R001", span, "a comparison takes '==', not '='", "write '=='; '=' is for let, score and given"
    )


def _report_token(text: str, block: Block, error: UnexpectedToken, findings: Findings) -> None:
    token, expected = error.token, set(error.expected)
    span = _token_span(text, block, token)
    missing = expected == {"NAME"} and str(token) not in RESERVED
    comparing = token.type in ("AT_LEAST", "COMPARISON")
    before = block.end if token.type == "$END" else span.start
    if missing and (word := _last(text, block, before)[0]) in _NAMED:
        _report_nameless(word, token, span, findings)
    elif token.type == "EQUAL" and expected & {"COMPARISON", "LPAR", "AND"}:
        _report_equals(span, findings)
    elif comparing and "AND" in expected and "COMPARISON" not in expected:
        hint = "put the first in brackets, or join two comparisons with 'and'"
        findings.report("R007", span, "a comparison cannot be compared again", hint)
    elif expected == {"SIGN"}:
        _report_stray_word(text, block, span, findings)
    elif token.type == "NAME" and "LET" in expected:
        findings.report(
            "R003",
            span,
            f"'{token}' is not a statement",
            "a file holds use, parameter, let, score, rule, match, bands, signal, alert, goal, test",
        )
    else:
        found = "the statement ends" if token.type == "$END" else f"found '{text[span.start : span.end]}'"
        message = f"{found} where {_choices(expected)} is expected"
        findings.report("R006", span, message, _token_hint(text, span, token, expected))


def _report_nameless(word: str, token: Token, span: Span, findings: Findings) -> None:
    quoted = token.type == "STRING" and re.fullmatch(r"[^\W\d]\w*", token[1:-1])
    hint = f"a name stands without quotes: {word} {token[1:-1]}" if quoted else f"such as: {_NAMED[word]}"
    findings.report("R016", span, f"the name is missing after '{word}'", hint)


def _report_stray_word(text: str, block: Block, after: Span, findings: Findings) -> None:
    """A word that can only be a score's name, but has no points behind it: usually something misspelt."""
    word, span = _last(text, block, after.start)
    known = ("and", "or", "not", "in", "is", "contains", "matches", "mentions", "tag", "route", "stop")
    hint = f"write '{_WORDS[word]}'" if word in _WORDS else suggestion(word, known)
    message = f"'{word}' is not expected here; a score's name has points behind it, such as +10"
    findings.report("R006", span, message, hint)


def _last(text: str, block: Block, end: int) -> tuple[str, Span]:
    """The last word, sign or literal before a place."""
    *_, token = tokens(text, Span(block.file, block.start, end))
    return token, token.span


def _token_span(text: str, block: Block, token: Token) -> Span:
    if token.type != "$END":
        start = block.start + (token.start_pos or 0)
        return Span(block.file, start, start + len(token))
    _, last = _last(text, block, block.end)
    return Span(block.file, last.end - 1, last.end)


def _choices(expected: set[str]) -> str:
    """What could stand here, at most six things; an expression counts as one."""
    names = set(expected)
    if {"NAME", "LPAR", "COUNT"} <= names:
        names -= _VALUES
        names.add("a value")
    if {"AND", "OR"} <= names:
        names -= _OPERATORS
        names.add("'and', 'or', an operator")
    readable = sorted(_READABLE.get(name, f"'{name.lower()}'" if name.isupper() else name) for name in names)
    return ", ".join(readable[:6]) + (" or another" if len(readable) > 6 else "")


def _token_hint(text: str, span: Span, token: Token, expected: set[str]) -> str:
    word = str(token)
    if word in _WORDS:
        return f"write '{_WORDS[word]}'"
    if word == "not" and "IN" in expected:
        return "write not (… in [ … ])"
    if token.type == "EQUAL" and "STRING" in expected:
        return "leave it out; '=' is for let, score and given"
    if token.type == "STRING" and "LSQB" in expected:
        return f"a list stands in square brackets: [{word}]"
    if word in RESERVED and expected == {"NAME"}:
        return f"'{word}' is a word of the language and cannot be a name"
    if token.type == "DURATION" and "NUMBER" in expected:
        if re.search(r"\bfor\s+\Z", text[: span.start]):
            return f"write {word.rstrip(_LETTERS)} {_PERIODS.get(word.lstrip(_DIGITS), 'days')}"
        return "a number is needed here, without a unit"
    if token.type == "MONEY" and "NUMBER" in expected:
        return "a number is needed here, without a currency; points, bands and signals have none"
    if token.type == "NAME" and word.upper() in DIGITS and re.search(r"[\d.][ \t]+\Z", text[: span.start]):
        return f"a currency is written in capitals: {word.upper()}"
    if token.type == "COMMA" and re.match(r"\d,\d{3}(?!\d)", text[span.start - 1 : span.start + 5]):
        return "thousands are set apart by _, or not at all: 1_000"
    if token.type == "NUMBER" and expected == {"DURATION"}:
        return _duration_hint(text, span)
    if {"NAME", "LPAR", "COUNT"} <= expected:
        return "write a field, a number or a text here"
    if token.type == "STRING" and "NUMBER" in expected and _NUMBER.fullmatch(word[1:-1].strip()):
        return f"write {word[1:-1].strip()} without quotes"
    return ""


def _duration_hint(text: str, span: Span) -> str:
    """How a duration is written whose unit is missing, or stands apart."""
    number, unit = text[span.start : span.end], re.match(r"[ \t]+([^\W\d_]+)", text[span.end :])
    return repaired(number, unit[1] if unit else "")
