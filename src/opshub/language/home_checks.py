"""Checks match blocks: each asks one piece of feedback alone, and names an idea."""

from __future__ import annotations

import re
from collections.abc import Iterable

from opshub.language import tree
from opshub.language.across import ACROSS
from opshub.language.attaining import ATTAINING
from opshub.language.belonging import Match, To
from opshub.language.checker import Checker
from opshub.language.clauses import is_clock
from opshub.language.findings import Findings
from opshub.language.functions import FUNCTIONS
from opshub.language.lints import implies
from opshub.language.meaning import BROKEN, Home, Term, leaves
from opshub.language.names import Names, Place
from opshub.language.parser import children
from opshub.language.watches import below

__all__ = ["LINK", "HomeChecker"]

LINK = "feedback.link"
"""The field that says what tied feedback to its idea, which is known only once it is tied."""

LONGEST = 100
"""Characters of a title, as of one that is taken from a text."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*-[0-9]+")
_OWN = "ask it for its own fields: text, tags, connection, its account and its author"


class HomeChecker:
    """The match blocks of one rule set, checked in their order."""

    def __init__(self, checker: Checker, names: Names, findings: Findings) -> None:
        self._checker = checker
        self._names = names
        self._findings = findings
        self._found: list[tuple[Match, Home]] = []

    @property
    def homes(self) -> tuple[Home, ...]:
        """What the blocks mean."""
        return tuple(home for _, home in self._found)

    def match(self, node: Match) -> None:
        """Check a block; what it names must stand above it."""
        first = next((other for other, _ in self._found if other.name == node.name), None)
        if first is not None:
            hint = f"the first stands at {self._findings.place(first.mark)}"
            self._findings.report("R108", node.mark, f"'{node.name}' is defined twice", hint)
        when = self._condition(node.when)
        self._check_target(node.to)
        home = Home(node.name, self._findings.place(node.span), when, node.to.name.strip(), node.to.begins)
        self._found.append((node, home))

    def _condition(self, node: tree.Expression) -> Term:
        self._names.used.update(part.name for part in below(node) if isinstance(part, tree.Name))
        left, sound = [node], True
        while left:
            part = left.pop()
            told = self._foreign(part)
            if told is None:
                left.extend(children(part))
                continue
            sound = False
            message = f"a match block asks one piece of feedback alone; {told[0]}"
            self._findings.report("R340", part.span, message, told[1])
        return self._checker.condition(node, Place.FEEDBACK) if sound else BROKEN

    def _foreign(self, part: tree.Expression) -> tuple[str, str] | None:
        """What else than one piece of feedback a part asks, and what to do about it."""
        match part:
            case tree.Gather(verb=verb):
                return f"'{verb}' asks all feedback of an idea", _OWN
            case tree.Reading(name=name):
                return f"signal {name} is counted over all feedback", _OWN
            case tree.Call(function=name) if name in ATTAINING or name in ACROSS:
                return f"'{name}' asks more than that", _OWN
            case tree.Call(function=name) if name in FUNCTIONS and FUNCTIONS[name].clock:
                return _clock(f"'{name}'")
            case tree.Name(name=name):
                return self._named(name)
        return None

    def _named(self, name: str) -> tuple[str, str] | None:
        if name in self._names.lets:
            return self._through(name, leaves(self._names.lets[name].term, self._names.lets))
        if name in self._names.scores or name == "priority":
            return f"'{name}' is a score of an idea", _OWN
        found = self._names.field(name)
        if found is not None and found[1] == "idea":
            return f"'{name}' is a field of an idea", _OWN
        if found is not None and found[0].name == LINK:
            return f"'{name}' is known only once it belongs to an idea", "leave it out"
        return None

    def _through(self, name: str, terms: Iterable[Term]) -> tuple[str, str] | None:
        """The same of what a let names."""
        for term in terms:
            if term.late or term.op == "idea":
                return f"'{name}' asks an idea", _OWN
            if is_clock(term):
                return _clock(f"'{name}'")
            if term.op == "row" and term.field[1] == LINK:
                return f"'{name}' is known only once it belongs to an idea", "leave it out"
        return None

    def _check_target(self, to: To) -> None:
        name = to.name.strip()
        message, hint = "", ""
        if not name or len(name) > LONGEST:
            message = "no idea has this name"
            hint = 'write the name of an idea or of a tracked item: to "IDEA-45", to "FEED-12"'
        elif to.begins and _NAME.fullmatch(name):
            message = f"'{name}' is the name of an idea or of a tracked item, not a title"
            hint = f'write: to "{name}"'
        elif not to.begins and re.search(r"\s", name):
            message = f"no idea and no tracked item is called '{name}'"
            hint = f'write IDEA-45 or FEED-12; an idea of this title is begun by: to idea "{name}"'
        if message:
            self._findings.report("R341", to.mark, message, hint)

    def report_unreached(self) -> None:
        """Warn of blocks whose feedback an earlier one takes."""
        sound = [(node, home) for node, home in self._found if home.when.kind is not None]
        for number, (node, home) in enumerate(sound):
            for other, earlier in sound[:number]:
                if implies(home.when, earlier.when, self._names.lets):
                    message = f"'{node.name}' is never reached: '{other.name}' at {earlier.place} comes first"
                    hint = "move it up, or tell their conditions apart"
                    self._findings.report("R342", node.mark, message, hint)
                    break


def _clock(what: str) -> tuple[str, str]:
    return f"{what} reads the clock", "compare with a day that is written out: created >= 2026-01-31"
