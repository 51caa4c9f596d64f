"""Makes the tables of the grammar with lark: ``python -m opshub.language.tabling FILE``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lark.parsers.lalr_analysis import Reduce

from opshub.language.machine import Reduction, digest, lark

__all__ = ["tables"]


def tables() -> dict[str, Any]:
    """The tables, as values of JSON."""
    front: Any = lark().parser
    scanner = front.lexer.scanner
    ignored = set(front.lexer.ignore_types)
    apart = {terminal.name for terminal in scanner.terminals}
    blanks = "|".join(f"(?:{t.pattern.to_regexp()})" for t in scanner.terminals if t.name in ignored)
    table = front.parser._parse_table
    numbers: dict[Any, int] = {}
    places = _places(table.states, table.start_states["start"])
    rows = [_row(table.states[state], numbers, places) for state in places]
    return {
        "grammar": digest(),
        "words": _words([t for t in scanner.terminals if t.name not in ignored], blanks),
        "names": {t.pattern.value: str(t.name) for t in front.lexer.terminals if t.name not in apart}
        | {t.pattern.value: str(t.name) for t in scanner.terminals if _is_sign(t)}
        | {"": "$END"},
        "kept": sorted(
            {str(s.name) for rule in numbers for s in rule.expansion if s.is_term and not s.filter_out}
        ),
        "states": rows,
        "reductions": [_reduction(rule) for rule in numbers],
        "start": places[table.start_states["start"]],
        "end": places[table.end_states["start"]],
    }


def _words(terminals: Sequence[Any], blanks: str) -> str:
    """What finds one word, sign or literal after another, with what stands before it.

    Tried first is what is most often there: nothing but a name begins with a letter. Lark has single signs last.
    """
    signs = "".join(map(re.escape, (t.pattern.value for t in terminals if _is_sign(t))))
    apart = sorted((t for t in terminals if not _is_sign(t)), key=lambda t: t.name != "NAME")
    # Possessive: blanks that were passed are never given back.
    return (
        f"(?:{blanks})*+(?:"
        + "|".join(f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in apart)
        + f"|(?P<SIGNS>[{signs}])|(?P<END>\\Z)|(?P<OTHER>(?s:.)))"
    )


def _is_sign(terminal: Any) -> bool:
    """Whether it is a single character that is always the same."""
    return terminal.pattern.type == "str" and len(terminal.pattern.value) == 1


def _places(states: Mapping[int, Mapping[str, tuple[Any, Any]]], start: int) -> dict[int, int]:
    """A number for each state in the order in which they are reached: lark's own differ from one run to the next."""
    places = {start: 0}
    waiting = [start]
    for state in waiting:
        for _, (action, arg) in sorted(states[state].items()):
            if action is not Reduce and int(arg) not in places:
                places[int(arg)] = len(places)
                waiting.append(int(arg))
    return places


def _row(
    actions: Mapping[str, tuple[Any, Any]], numbers: dict[Any, int], places: Mapping[int, int]
) -> dict[str, int]:
    """The actions of a state; its most frequent reduction stands for all signs that it does not name."""
    row = {
        str(sign): ~numbers.setdefault(arg, len(numbers)) if action is Reduce else places[int(arg)]
        for sign, (action, arg) in sorted(actions.items())
    }
    often = Counter(action for action in row.values() if action < 0).most_common(1)
    for action, _ in often:
        row = {sign: other for sign, other in row.items() if other != action} | {"": action}
    return row


def _reduction(rule: Any) -> Reduction:
    options = rule.options
    gaps = "".join(str(int(absent)) for absent in options.empty_indices) or "0" * len(rule.expansion)
    before = [len(ones) for ones in gaps.split("0")]
    taken, absent = [], 0
    for index, symbol in enumerate(rule.expansion):
        absent += before[index]
        if not (symbol.is_term and symbol.filter_out):
            taken.append((index, not symbol.is_term and symbol.name.startswith("_"), absent))
            absent = 0
    origin = str(rule.origin.name)
    name = "" if origin.startswith("_") and not rule.alias else str(rule.alias or origin)
    single = bool(options.expand1) and not rule.alias
    absent += before[-1]
    lone = len(rule.expansion) == len(taken) == 1 and not absent and not taken[0][2]
    lone = lone and (single or not name) and not (single and taken[0][1])
    assert lone or not single, "what may stand for its only part has one part"
    wraps = lone and not name and not taken[0][1]
    whole = not absent and taken == [(index, False, 0) for index in range(len(rule.expansion))]
    return Reduction(len(rule.expansion), origin, name, single, tuple(taken), absent, lone, wraps, whole)


def main(path: str) -> None:
    """Write the tables to a file."""
    import json
    from pathlib import Path

    # A line a state, so that a difference can be read.
    parts = [
        f"{json.dumps(name)}: " + (_lines(value) if name in ("states", "reductions") else json.dumps(value))
        for name, value in tables().items()
    ]
    Path(path).write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _lines(values: list[Any]) -> str:
    import json

    return "[\n" + ",\n".join(json.dumps(value, separators=(",", ":")) for value in values) + "\n]"


if __name__ == "__main__":
    import sys

    main(sys.argv[1])
