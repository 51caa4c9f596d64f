"""The checked tree of a rule set as plain values, for tools that read rules without reading their language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, cast

from opshub.language.currencies import Money
from opshub.language.diagnostics import Source
from opshub.language.findings import Findings
from opshub.language.parser import parse
from opshub.language.tree import Span

__all__ = ["VERSION", "exported"]

VERSION = 1
"""Rises when a node loses a value, or a value its meaning; new nodes and new values leave it."""


def exported(sources: Sequence[Source]) -> Mapping[str, Any]:
    """The trees of files that passed their check: ``version``, and ``files`` with their statements.

    Each node has its kind under ``node``, its place under ``at`` (lines and columns from 1, the end exclusive), and its
    parts under their names. Times are ISO 8601, durations seconds, amounts of money have an
    ``amount`` and its ``currency``.
    """
    findings = Findings(sources)
    places = _Places(findings)
    files: list[dict[str, Any]] = [{"path": source.path, "statements": []} for source in sources]
    for statement in parse(findings):
        files[statement.span.file]["statements"].append(places.plain(statement))
    return {"version": VERSION, "files": files}


class _Places:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings

    def plain(self, value: object) -> Any:
        """A node, or any part of one, as what JSON knows."""
        if isinstance(value, Span):
            return self._at(value)
        if isinstance(value, tuple):
            return [self.plain(inner) for inner in value]
        if is_dataclass(value):
            named = {field.name: getattr(value, field.name) for field in fields(cast(Any, value))}
            at = named.pop("span")
            return {
                "node": type(value).__name__.lower(),
                "at": self._at(at),
                **{name: self.plain(part) for name, part in named.items()},
            }
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, Money):
            return {"amount": value.amount, "currency": value.code}
        return value.value if isinstance(value, Enum) else value

    def _at(self, span: Span) -> dict[str, int]:
        line, column = self._findings.position(span.file, span.start)
        end_line, end_column = self._findings.position(span.file, span.end)
        return {"line": line, "column": column, "end_line": end_line, "end_column": end_column}
