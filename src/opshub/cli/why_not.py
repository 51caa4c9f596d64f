"""What ``ideas why-not`` shows: the clauses that decided, the nearest piece of feedback, and the nearest miss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opshub.cli.text import cut, hang, line, screen
from opshub.cli.view import heading, plain, say, short
from opshub.cli.why import quote, shown_value
from opshub.engine.whynot import Refusal

__all__ = ["ready", "view"]

MOST = 5
"""Single changes that are shown."""


def ready(found: Refusal) -> dict[str, Any]:
    """The answer as plain values."""
    value: dict[str, Any] = plain(found)
    return {**value, "idea": found.idea.id, "title": found.idea.title}


def view(value: Mapping[str, Any], zone: str) -> None:
    """Print the answer for people."""
    heading(f"{value['idea']}  {line(value['title'])}")
    say(hang("rule  ", [f"{line(value['rule'])}  ({value['place']})"], screen()))
    say(hang("when  ", [line(value["condition"])], screen()))
    say("")
    if value["stopped"]:
        say(f"it is never asked: an earlier rule says stop: {line(value['stopped'])}")
    if value["holds"]:
        _holds(value)
        return
    say("it does not hold, because", bold=True)
    for clause in value["unmet"]:
        saw = ", ".join(f"{line(name)} is {_cut(seen)}" for name, seen in clause["saw"].items())
        say(hang(f"  {clause['answer']:<8}", [line(clause["clause"]), f"({saw})" if saw else ""], screen()))
    if value["nearest"]:
        lacking = value["lacking"]
        say("")
        say(f"the nearest piece of feedback fails {lacking} clause{'s' * (lacking != 1)}", bold=True)
        quote(1, value["nearest"])
    say("")
    _misses(value["misses"], zone)


def _cut(value: object) -> str:
    return cut(shown_value(value), 60)


def _holds(value: Mapping[str, Any]) -> None:
    if value["routed"]:
        say(f"it holds, but the first route wins: {line(value['routed'])}")
    elif not value["stopped"]:
        say(f"it holds: opshub ideas why {value['idea']}")
    else:
        say("its own condition holds")


def _misses(misses: Sequence[Mapping[str, Any]], zone: str) -> None:
    if not misses:
        say("no change of a single value would have made it hold")
        return
    say("nearest miss" if len(misses) == 1 else "nearest miss, and other single changes", bold=True)
    for miss in misses[:MOST]:
        parts = [f"{line(miss['value'])}: {_cut(miss['saw'])} → {line(miss['needed'])}"]
        if miss["until"]:
            parts.append(f"it was so until {short(miss['until'], zone)}")
        if miss["since"]:
            parts.append(f"it will be so from {short(miss['since'], zone)}")
        if miss["feedback"]:
            parts.append(line(miss["feedback"]["url"]))
        say(hang("  ", parts, screen()))
    if len(misses) > MOST:
        say(f"  and {len(misses) - MOST} more: --json lists all")
