"""The generated sections of the manual of the language: grammar, functions and diagnostics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from opshub.language.across import EVERY, Across
from opshub.language.attaining import Attaining
from opshub.language.checking import check
from opshub.language.codes import CODES, Code
from opshub.language.diagnostics import Source
from opshub.language.functions import Function
from opshub.language.schema import Field, Kind, Schema

__all__ = ["cut", "evaluate", "reference"]

_SCHEMA = Schema((Field("idea.effort", Kind.NUMBER, "Not given."),), (), {})
_CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
_LONGEST = 160


def reference(manual: str) -> str:
    """The manual with the sections between ``<!-- begin NAME -->`` and ``<!-- end NAME -->`` made anew."""
    for name, text in _sections().items():
        begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
        before, opened, rest = manual.partition(begin)
        _, closed, after = rest.partition(end)
        if opened and closed:
            manual = f"{before}{begin}\n{text}\n{end}{after}"
    return manual


def evaluate(expression: str) -> str:
    """What an example's expression gives, as rules write it; ``idea.effort`` is missing, the clock shows 2026-01-01."""
    as_number = check([Source("example", f"score priority = {expression}")], _SCHEMA)
    if as_number.rules is not None:
        (part,) = as_number.rules.decide((None,), (), _CLOCK).parts
        return "missing" if part.because else f"{part.amount:.12g}"
    as_condition = check([Source("example", f'rule "R" {{ when {expression} tag "x" }}')], _SCHEMA)
    if as_condition.rules is None:
        return as_condition.diagnostics[0].render()
    return "true" if as_condition.rules.decide((None,), (), _CLOCK).tags else "false"


def _sections() -> Mapping[str, str]:
    from opshub.language.machine import grammar

    return {
        "grammar": f"```text\n{grammar().strip()}\n```\n",
        "functions": "\n".join(_function(function) for _, function in sorted(EVERY.items())),
        "diagnostics": "\n".join(_code(name, code) for name, code in CODES.items()),
    }


def _function(function: Function | Across | Attaining) -> str:
    rows = "".join(f"| `{call}` | `{result}` |\n" for call, result in function.examples.items())
    return f"### `{function.signature}`\n\n{function.doc}\n\n| example | gives |\n|---|---|\n{rows}"


def _code(name: str, code: Code) -> str:
    before, after = (cut(text) for text in (code.before, code.after))
    return (
        f"### {name}\n\n**{code.title}** ({code.severity}). {code.reason}\n\n"
        f"Before:\n\n```text\n{before}\n```\n\nAfter:\n\n```text\n{after}\n```\n"
    )


def cut(text: str) -> str:
    """An example without the bulk that makes it too large."""
    lines = [
        line if len(line) <= _LONGEST else f"{line[: _LONGEST // 2]} …" for line in text.strip().splitlines()
    ]
    return "\n".join(lines)
