"""What rules look for in texts, kept for each piece of feedback until its text changes.

Searches are numbered in the order in which they came into force. What is kept of a text holds for all searches up to a
number, so that new ones alone are looked for, and each only once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opshub.engine.facts import reading
from opshub.model import Ref
from opshub.store.base import Store
from opshub.store.rows import NOTHING_SAID, Said

if TYPE_CHECKING:
    from opshub.language import RuleSet
    from opshub.language.predicates import Facts, Predicates

__all__ = ["SAID", "Texts", "enroll", "looked_for"]

SAID = frozenset({"feedback.text", "feedback.title"})
"""Fields that change with the text of feedback alone; what stands in others is looked for each time."""

_NUMBERS = "searches"
"""The fact that holds the numbers of the searches in force."""


def looked_for(rules: RuleSet) -> Predicates:
    """All that rules and signals look for in texts."""
    return rules.predicates | rules.signals.predicates


def enroll(store: Store, rules: RuleSet) -> None:
    """Number what is looked for under the rules in force; what nobody looks for any more loses its number."""
    last, before = _numbers(store)
    names = looked_for(rules).over(SAID).names
    numbers = {name: number for name, number in before.items() if name in names}
    for name in sorted(names - numbers.keys()):
        last += 1
        numbers[name] = last
    if numbers != before:
        store.set_fact(_NUMBERS, json.dumps([_code(), last, numbers]))


def _numbers(store: Store) -> tuple[int, Mapping[str, int]]:
    """The largest number ever given, and those in force; none where texts were searched in another way."""
    text = store.fact(_NUMBERS)
    if not text:
        return 0, {}
    code, last, numbers = json.loads(text)
    return last, numbers if code == _code() else {}


def _code() -> list[str]:
    """The names of the code that says what stands in a text."""
    from opshub.language.deferred import meaning

    return [meaning(), reading()]


class Texts:
    """The facts of rows as they are made: those that the store has, and what is looked for now.

    With ``keeping`` the latter are gathered in ``fresh``, to be put into the store; ``predicates`` are then all that is
    looked for under the rules in force. Rows must hold the ``fields`` that are looked into.
    """

    def __init__(self, store: Store, predicates: Predicates, *, keeping: bool = False) -> None:
        self._store = store
        self.fields = predicates.fields
        self._numbered = predicates.over(SAID)
        self._others = predicates.but(self._numbered.names)
        self._last, self._numbers = _numbers(store) if predicates.names else (0, {})
        self._keeping = keeping and self._numbers.keys() == self._numbered.names
        self._needed = max((self._number(name) for name in self._numbered.names), default=0.0)
        self._unknown = Said(0 if self._numbered.names else self._last)
        self._missing: dict[int, tuple[Predicates, frozenset[str]]] = {}
        self.fresh: dict[Ref, Said] = {}

    def _number(self, name: str) -> float:
        return self._numbers.get(name, float("inf"))

    def facts(self, refs: Sequence[Ref], rows: Sequence[Sequence[Any]]) -> list[Facts]:
        """All that is looked for and stands in the texts of each row; ``refs`` are their feedback."""
        held = self._store.said(refs) if self._numbered.names else {}
        said = [held.get(ref, self._unknown) for ref in refs]
        facts = [it.facts for it in said]
        behind: dict[int, list[int]] = {}
        for place, it in enumerate(said):
            if it.known < self._needed:
                behind.setdefault(it.known, []).append(place)
        for known, places in behind.items():
            self._search(known, places, rows, facts)
            if self._keeping:
                self.fresh.update((refs[at], Said(self._last, facts[at] or NOTHING_SAID)) for at in places)
        if self._others.names:
            others = self._others.among(rows)
            return [{**mine, **more} for mine, more in zip(facts, others, strict=True)]
        return facts

    def _search(
        self, known: int, places: Sequence[int], rows: Sequence[Sequence[Any]], facts: list[Facts]
    ) -> None:
        """Put what is looked for now beside what is known of the rows at these places."""
        missing, lasting = self._missing.get(known) or self._parted(known)
        for place, found in zip(places, missing.among([rows[at] for at in places]), strict=True):
            kept = {name: what for name, what in facts[place].items() if name in lasting}
            facts[place] = {**kept, **found} if kept else found

    def _parted(self, known: int) -> tuple[Predicates, frozenset[str]]:
        """What has to be looked for where all searches up to a number are known, and the names of the others."""
        lasting = frozenset(name for name in self._numbered.names if self._number(name) <= known)
        self._missing[known] = parted = self._numbered.but(lasting), lasting
        return parted

    def keep(self) -> None:
        """Put what is fresh into the store; inside a transaction."""
        if self.fresh:
            self._store.put_said(self.fresh)
            self.fresh = {}
