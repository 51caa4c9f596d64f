"""What explanations say in words, kept apart from what each decision saw.

The words of a rule set are the same in every decision. A decision only keeps *traces*: which entry spoke, the values
it saw, and the feedback behind it. Legend and traces together give the contributions, when somebody asks for them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

from opshub.language.meaning import Program, Verdict
from opshub.language.outcome import Part
from opshub.language.series import Alarm
from opshub.language.stories import Story

__all__ = ["Entry", "Legend", "Trace", "entries"]

E = TypeVar("E")

Trace: TypeAlias = tuple[int, tuple[Any, ...], tuple[E, ...]]
"""The number of an entry, the values in the order of its names, the evidence.

A score's values end with what it came to and whether it could be computed.
"""

Effect: TypeAlias = tuple[str, str, float, str]
"""What was done, to which score, by how much, and why."""


class Entry(NamedTuple):
    """One score, rule or band. ``words`` of the ``names``, the last ones, are shown only where they were found."""

    rule: str
    place: str
    score: str
    effects: tuple[Effect, ...]
    names: tuple[str, ...]
    words: int = 0


class Legend:
    """The words for all traces of one rule set. ``name`` changes whenever the words do."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)
        self._plain = [_split(entry) for entry in self.entries]
        self.text = json.dumps(self.entries)
        self.name = hashlib.blake2b(self.text.encode("ascii"), digest_size=8).hexdigest()

    @classmethod
    def read(cls, text: str) -> Legend:
        """The legend that has this ``text``."""
        return cls([_entry(*row) for row in json.loads(text)])

    def parts(self, traces: Sequence[Trace[E]]) -> tuple[Part[E], ...]:
        """The contributions; only the first route counts."""
        return tuple(self._parts(traces))

    def effects(self, numbers: Iterable[int]) -> list[tuple[str, str]]:
        """Rule and effect of the contributions of these entries, but for those that are computed."""
        found: list[tuple[str, str]] = []
        routed = False
        for number in numbers:
            plain, goes = self._plain[number]
            found += plain
            if goes and not routed:
                found += goes
            routed = routed or bool(goes)
        return found

    def _parts(self, traces: Sequence[Trace[E]]) -> Iterator[Part[E]]:
        routed = False
        for number, values, evidence in traces:
            entry = self.entries[number]
            saw = _saw(entry, values)
            effects = (_computed(entry, values, saw),) if entry.score else entry.effects
            goes = [effect for effect, *_ in effects if effect.startswith("route ")]
            for effect, score, amount, because in effects:
                if not (routed and effect in goes):
                    yield Part(entry.rule, entry.place, effect, score, amount, because, saw, evidence)
            routed = routed or bool(goes)


def _split(entry: Entry) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Rule and effect of what is not computed: all but routes, and routes."""
    known = [(entry.rule, effect) for effect, *_ in entry.effects if not entry.score]
    goes = [pair for pair in known if pair[1].startswith("route ")]
    return [pair for pair in known if pair not in goes], goes


def entries(program: Program, scores: Sequence[Story], rules: Sequence[Story]) -> Iterator[Entry]:
    """The entries of a program: its scores, then its rules, its bands, and its alerts."""
    for definition, story in zip(program.scores, scores, strict=True):
        yield Entry(definition.name, definition.place, definition.name, (), story.names)
    for rule, story in zip(program.rules, rules, strict=True):
        words = tuple(name for name, _ in story.words)
        names = (*story.names, *(name for name, _ in story.fields), *words)
        yield Entry(rule.name, rule.place, "", tuple(_effects(rule)), names, len(words))
    for band, _ in program.bands:
        yield Entry("bands", program.bands_place, "", ((f"band {band}", "", 0.0, ""),), (program.banded,))
    for alert in program.alerts:
        yield Entry(alert.name, alert.place, "", tuple(_opened(alert)), alert.names)


def _effects(rule: Verdict) -> Iterator[Effect]:
    for score, amount, because in rule.additions:
        yield f"{score} {amount:+.12g}", score, amount, because
    for tag in rule.tags:
        yield f"tag {tag}", "", 0.0, ""
    for goal in rule.goals:
        yield f"supports {goal}", "", 0.0, ""
    if rule.route:
        urgency, owner = (
            f" as {rule.urgency}" * bool(rule.urgency),
            f" assign {rule.owner}" * bool(rule.owner),
        )
        yield f"route to {rule.route}{urgency}{owner}", "", 0.0, ""
    if rule.stops:
        yield "stop", "", 0.0, ""


def _opened(alert: Alarm) -> Iterator[Effect]:
    yield "opened this idea", "", 0.0, " and ".join(limit.shown for limit in alert.limits)
    for tag in alert.tags:
        yield f"tag {tag}", "", 0.0, ""
    if alert.destination:
        yield f"route to {alert.destination}", "", 0.0, ""


def _entry(
    rule: str, place: str, score: str, effects: Sequence[Sequence[Any]], names: Sequence[str], words: int
) -> Entry:
    return Entry(rule, place, score, tuple((e, s, a, b) for e, s, a, b in effects), tuple(names), words)


def _saw(entry: Entry, values: Sequence[object]) -> dict[str, object]:
    """The values that decided, by name."""
    sure = len(entry.names) - entry.words
    saw = dict(zip(entry.names[:sure], values, strict=False))
    for name, word in zip(entry.names[sure:], values[sure:], strict=False):
        if word is not None:
            saw.setdefault(name, word)
    return saw


def _computed(entry: Entry, values: Sequence[Any], saw: dict[str, object]) -> Effect:
    """What a score came to."""
    value, computed = values[len(entry.names) :]
    because = "" if computed else _missing(saw)
    return f"{entry.score} = {value:.12g}", entry.score, value, because


def _missing(saw: dict[str, object]) -> str:
    names = [name for name, value in saw.items() if value is None]
    if not names:
        return "it cannot be computed: divided by zero, or too large"
    return f"{', '.join(names)} {'is' if len(names) == 1 else 'are'} missing"
