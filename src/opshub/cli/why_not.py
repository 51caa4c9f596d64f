"""What ``ideas why-not`` shows: the clauses that decided, the nearest piece of feedback, and the nearest miss.

Of a match block, what came of the pieces for which it holds stands before that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from opshub.cli.text import cut, hang, line, screen
from opshub.cli.view import heading, plain, say, short
from opshub.cli.why import quote, shown_value
from opshub.engine.whynot import Refusal, Untaken

__all__ = ["ready", "view"]

MOST = 5
"""Single changes, and pieces for which a match block holds, that are shown."""


def ready(found: Refusal | Untaken) -> dict[str, Any]:
    """The answer as plain values."""
    value: dict[str, Any] = plain(found)
    idea = found.idea
    return {**value, "idea": idea.id if idea else "", "title": idea.title if idea else ""}


def view(value: Mapping[str, Any], zone: str) -> None:
    """Print the answer for people."""
    block = "to" in value
    heading(f"{value['idea']}  {line(value['title'])}" if value["idea"] else "it belongs to no idea yet")
    say(hang("match " if block else "rule  ", [f"{line(value['rule'])}  ({value['place']})"], screen()))
    say(hang("when  ", [line(value["condition"])], screen()))
    if block:
        say(hang("to    ", [line(value["to"])], screen()))
    say("")
    if block:
        _block(value, zone)
    else:
        _rule(value, zone)


def _rule(value: Mapping[str, Any], zone: str) -> None:
    if value["stopped"]:
        say(f"it is never asked: an earlier rule says stop: {line(value['stopped'])}")
    if value["holds"]:
        _holds(value)
        return
    say("it does not hold, because", bold=True)
    _unmet(value)
    if value["nearest"]:
        say("")
        _nearest(value, 1)
    say("")
    _misses(value["misses"], zone)


def _block(value: Mapping[str, Any], zone: str) -> None:
    pieces, held = value["pieces"], value["held"]
    if not pieces:
        say("no feedback speaks for it, and a match block asks nothing else")
        return
    if held:
        one = value["piece"] is not None
        say("it holds" if one else f"it holds for {len(held)} of {pieces} pieces of feedback", bold=True)
        for place, each in enumerate(held[:MOST], 1):
            quote(place, each["feedback"])
            say(hang("    ", [line(each["because"])], screen()))
        if len(held) > MOST:
            say(f"  and {len(held) - MOST} more: --json lists all")
    if len(held) == pieces:
        return
    if held:
        say("")
    left = "" if pieces == 1 else f" for {'the others' if held else 'any'} of {pieces} pieces of feedback"
    say(f"it does not hold{left}, because", bold=True)
    _unmet(value)
    say("")
    if pieces > 1:
        _nearest(value, min(len(held), MOST) + 1)
    else:
        quote(1, value["nearest"])
    say("")
    _misses(value["misses"], zone)


def _unmet(value: Mapping[str, Any]) -> None:
    for clause in value["unmet"]:
        saw = ", ".join(f"{line(name)} is {_cut(seen)}" for name, seen in clause["saw"].items())
        say(hang(f"  {clause['answer']:<8}", [line(clause["clause"]), f"({saw})" if saw else ""], screen()))


def _nearest(value: Mapping[str, Any], number: int) -> None:
    lacking = value["lacking"]
    say(f"the nearest piece of feedback fails {lacking} clause{'s' * (lacking != 1)}", bold=True)
    quote(number, value["nearest"])


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
