"""What ``ideas why`` shows: an account of each number, then the quotes that it rests on, each of them once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from opshub.cli.hands import tell_merged
from opshub.cli.text import hang, line, pad, screen, width_of, wrap
from opshub.cli.view import heading, number, say

__all__ = ["quote", "shown_value", "view"]

Part = Mapping[str, Any]

ORDER = ("tag", "supports", "route", "band")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)")
MOST = 16
"""Columns of the first two words of a line; longer ones push the rest aside."""

MANY = 5
"""Members of a list that are shown one by one."""


def view(value: Mapping[str, Any]) -> None:
    """Print the value of ``ideas why`` for people."""
    heading(f"{value['idea']}  {line(value['title'])}")
    if tell_merged(value):
        return
    scores = ", ".join(f"{name} {number(amount)}" for name, amount in value["scores"].items())
    say("  ".join(filter(None, (value["band"], scores))))
    parts = sorted((part for part in value["parts"] if part["effect"] != "stop"), key=_place)
    numbers = _numbered(parts)
    if parts:
        say("")
        _account(parts, numbers)
    else:
        say("no rule has anything to say about it")
    for index, one in enumerate(numbers.values(), 1):
        say("")
        quote(index, one)
    if value["written"]:
        say("")
    for row in value["written"]:
        say(_written(row))


def _place(part: Part) -> int:
    """What a person set comes first, then base scores, then what rules added, then what came of it."""
    if part["by"]:
        return -1
    word = part["effect"].split(" ", 1)[0]
    if part["score"]:
        return 0 if _is_base(part) else 1
    return 2 + ORDER.index(word) if word in ORDER else 2


def _is_base(part: Part) -> bool:
    return bool(part["effect"].startswith(f"{part['score']} = "))


def _numbered(parts: Sequence[Part]) -> dict[str, Mapping[str, Any]]:
    """Each quote once, by its feedback, in the order in which the account comes to it."""
    return {quote["feedback"]: quote for part in parts for quote in part["quotes"]}


def _account(parts: Sequence[Part], numbers: Mapping[str, Any]) -> None:
    """One line a contribution: what it touched, by how much, why, by which rule, on which evidence."""
    index = {feedback: place for place, feedback in enumerate(numbers, 1)}
    heads = [_head(part) for part in parts]
    widths = [
        max((width_of(head[i]) for head in heads if width_of(head[i]) <= MOST), default=0) for i in (0, 1)
    ]
    told: set[tuple[str, str]] = set()
    for part, head in zip(parts, heads, strict=True):
        left = "".join(f"{pad(text, width)}  " for text, width in zip(head, widths, strict=True))
        marks = "".join(f"[{index[quote['feedback']]}]" for quote in part["quotes"])
        who = "" if _is_base(part) or part["rule"] == "bands" or part["by"] else line(part["rule"])
        words = [f"because {line(part['because'])}" if part["because"] else "", *_own_words(part)]
        say(hang(left, [*words, who, part["place"], marks], screen()))
        rule = (part["rule"], part["place"])
        if part["saw"] and not _own_words(part) and rule not in told:
            say(hang(" " * width_of(left), list(_saw(part)), screen()))
        told.add(rule)


def _head(part: Part) -> tuple[str, str]:
    """``("priority", "+40")``, ``("tag", "security")``."""
    if part["by"] and part["score"]:
        return part["score"], part["effect"].rpartition(" ")[2]
    if part["score"]:
        amount = number(part["amount"])
        return part["score"], amount if _is_base(part) or part["amount"] < 0 else f"+{amount}"
    word, _, rest = line(part["effect"]).partition(" ")
    return word, rest


def _own_words(part: Part) -> list[str]:
    """What a definition or the bands looked at, in place of a reason."""
    if part["by"] and not part["until"]:
        return [f"said by {line(part['by'])}"]
    if part["by"]:
        by_hand = f"set by {line(part['by'])} until {part['until']}"
        return [
            by_hand,
            *(f"instead of {shown_value([] if value is None else value)}" for value in part["saw"].values()),
        ]
    return [", ".join(_saw(part))] if _is_base(part) or part["rule"] == "bands" else []


def _saw(part: Part) -> Iterator[str]:
    """The values that decided; one that says no more than the amount does is only named."""
    alone = len(part["saw"]) == 1
    for name, value in part["saw"].items():
        same = alone and _is_base(part) and isinstance(value, int | float) and value == part["amount"]
        yield line(name) if same else f"{line(name)} {shown_value(value)}"


def shown_value(value: object) -> str:
    """A value on one line; of a long list only the beginning."""
    if value is None or value == []:
        return "missing" if value is None else "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value, 4)
    if isinstance(value, list):
        more = f" and {len(value) - MANY} more" if len(value) > MANY else ""
        return ", ".join(line(str(member)) for member in value[:MANY]) + more
    text = line(str(value))
    return f"{text[:10]} {text[11:16]} UTC" if _MOMENT.fullmatch(text) else text


def quote(index: int, one: Mapping[str, Any]) -> None:
    """Print one numbered quote with who said it and where it stands."""
    mark, room = f"[{index}] ", screen()
    lines = wrap(f"“{line(one['quote'])}”", None if room is None else room - len(mark))
    space = " " * len(mark)
    say(f"\n{space}".join([mark + lines[0], *lines[1:]]))
    who, address = f"{line(one['who'] or 'somebody')} ({one['visibility']})", line(one["url"])
    fits = room is None or len(space) + width_of(who) + 2 + width_of(address) <= room
    say(f"{space}{who}  {address}" if fits else f"{space}{who}\n{space}{address}")


def _written(row: Mapping[str, Any]) -> str:
    before, value = shown_value(row["before"] if row["before"] is not None else []), shown_value(row["value"])
    head = f"written in run {row['run']}  "
    return hang(head, [f"{row['connection']} {line(row['field'])}", f"{before} → {value}"], screen())
