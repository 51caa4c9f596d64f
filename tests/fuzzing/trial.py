"""What one rule file goes through: read, checked, and, where it passes, compiled, run, laid out anew and exported."""

from __future__ import annotations

import dataclasses
import json
import random
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from opshub.config import load
from opshub.config.rules import sources
from opshub.engine.declared import Declared
from opshub.engine.facts import schema
from opshub.errors import ConfigError
from opshub.language import Checked, Kind, RuleSet, Schema, Source, check, run_tests
from opshub.language.completion import Known, propose
from opshub.language.coverage import Coverage
from opshub.language.currencies import Currencies
from opshub.language.exporting import exported
from opshub.language.findings import Findings
from opshub.language.formatting import formatted
from opshub.language.parser import parse
from opshub.language.series import Series
from opshub.language.tree import Span
from opshub.language.whynot import why_not, why_not_taken
from opshub.plugins import Registry

__all__ = ["Trial"]

NOW = datetime(2026, 1, 1, tzinfo=UTC)
_SEGMENTS = ("x", "y")
_NUMBERS = (
    "idea.impact idea.confidence idea.effort idea.fields.impact idea.fields.confidence idea.fields.ease "
    "idea.fields.effort idea.fields.value idea.fields.business_value idea.fields.time_criticality "
    "idea.fields.risk_reduction idea.fields.job_size feedback.fields.importance accounts.seats"
).split()
_DECLARED = [
    *(Declared(name=name, type="number") for name in _NUMBERS),
    Declared(name="idea.urgent", type="yes-no"),
    *(
        Declared(name=name, type="money")
        for name in ("idea.budget", "account.spend", "feedback.fields.refund")
    ),
    Declared(name="idea.fields.moscow", type="text", values=("must", "should", "could", "wont")),
    *(
        Declared(name=f"feedback.fields.{name}", type="text", values=("like", "expect", "neutral", "dislike"))
        for name in ("functional", "dysfunctional")
    ),
    Declared(name="feedback.fields.areas", type="texts"),
    Declared(name="feedback.fields.since", type="date"),
    Declared(name="accounts.segment", type="text", values=_SEGMENTS),
]
_POOL: dict[Kind, list[Any]] = {
    Kind.TEXT: [
        "",
        "a",
        "x",
        "cancel",
        "I want to SWITCH  to\nanother, 退款！",
        "ﬁ\u200d\ud800",
        "slow " * 500,
        *_SEGMENTS,
    ],
    Kind.NUMBER: [-3, 0, 0.0, 0.1, 0.5, 1, 2.5, 7, 1e300, -1e-300, float("nan"), float("inf"), 10**400, True],
    Kind.MONEY: [0.0, -5.0, 99.999, 500.0, 1e300, float("nan"), float("inf")],
    Kind.BOOL: [True, False],
    Kind.TIME: [
        *(NOW + timedelta(hours=hours) for hours in (-900, -30, 0, 30)),
        datetime.min.replace(tzinfo=UTC),
        datetime.max.replace(tzinfo=UTC),
    ],
    Kind.TEXTS: [(), ("a",), ("a", "b"), ("退款", "\x00")],
    Kind.DURATION: [timedelta(0), timedelta.max, timedelta.min],
}


def _known() -> Schema:
    packs = {
        name: Source(f"packs/{name}.rules", Registry().pack(name).read_text("utf-8"))
        for name in Registry().packs()
    }
    return replace(
        schema([], declared=_DECLARED),
        destinations={"jira": ("SEC", "EXP"), "board": None, "wiki": ()},
        audiences={"jira": "internal", "board": "customer"},
        packs=packs,
        currencies=Currencies("EUR", {"USD": Decimal("0.92"), "JPY": Decimal("0.006")}),
    )


def _bare(node: object) -> object:
    """A tree without its places."""
    if isinstance(node, Span):
        return None
    if isinstance(node, tuple | list):
        return [_bare(inner) for inner in node]
    if dataclasses.is_dataclass(node):
        return type(node), {f.name: _bare(getattr(node, f.name)) for f in dataclasses.fields(node)}
    return node


def _tree(source: Source) -> object:
    return _bare(parse(Findings([source])))


class Trial:
    """Tries rule files, each as the only one of a hub; whatever it raises is a mistake of the language."""

    def __init__(self) -> None:
        memory = Path("/dev/shm")
        self._folder = tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None)
        self._file = Path(self._folder.name, "own.rules")
        place = Path(self._folder.name, "opshub.toml")
        place.write_text('[connections.desk]\nkind = "files"\npaths = ["said.csv"]\n')
        self._config = load(place, {})
        self._schema = _known()
        self.of(b"score (", random.Random(0))  # what is made once is made before anybody takes the time

    def of(self, data: bytes, chance: random.Random) -> tuple[str, tuple[str, ...]]:
        """How far a file came, ``unreadable``, ``refused`` or ``passed``, and the codes of what was found in it."""
        self._file.write_bytes(data)
        try:
            (source,) = sources(self._config, [self._file])
        except ConfigError:
            return "unreadable", ()
        found = check([source], self._schema)
        self._told(found)
        if found.rules is None:
            self._half_typed(source, chance)
        else:
            self._run(found.rules, chance)
            self._written(source)
        return "refused" if found.rules is None else "passed", tuple(d.code for d in found.diagnostics)

    @staticmethod
    def _told(found: Checked) -> None:
        assert (found.rules is None) == any(d.severity == "error" for d in found.diagnostics)
        for diagnostic in found.diagnostics:
            assert diagnostic.render().encode()
            assert diagnostic.line >= 1
            assert 1 <= diagnostic.column < diagnostic.end_column

    def _half_typed(self, source: Source, chance: random.Random) -> None:
        if chance.random() < 0.2:
            laid = formatted(source)
            assert (laid.text is None) == bool(laid.diagnostics)
            known = Known.of(self._schema, [source])
            assert all(p.label for p in propose(source.text, chance.randint(0, len(source.text)), known))

    def _row(self, kinds: Sequence[Kind], chance: random.Random) -> tuple[Any, ...]:
        return tuple(None if chance.random() < 0.2 else chance.choice(_POOL[kind]) for kind in kinds)

    def _run(self, rules: RuleSet, chance: random.Random) -> None:
        assert all(result.passed == (not result.failures) for result in run_tests(rules))
        ideas, rows = [f.kind for f in self._schema.idea], [f.kind for f in self._schema.feedback]
        coverage = Coverage(rules) if chance.random() < 0.2 else None
        for count in (0, 1, 4):
            idea, feedback = self._row(ideas, chance), [self._row(rows, chance) for _ in range(count)]
            outcome = rules.decide(idea, feedback, NOW)
            assert outcome == rules.decide(idea, feedback, NOW)
            assert outcome.due is None or outcome.due > NOW
            assert outcome.parts is not None
            if coverage is not None:
                coverage.see(idea, feedback, NOW)
            rules.survey({n: rules.measured(idea, feedback[:n], NOW) for n in range(count)})
            full = rules.completed(idea, feedback, NOW)
            for rule in rules.program.rules[:3]:
                why_not(rules.program, rule, full, feedback, NOW)
            for home in rules.program.homes[:3]:
                why_not_taken(rules.program, home, feedback)
        self._watch(rules, [self._row(rows, chance) for _ in range(3)], chance)

    @staticmethod
    def _watch(rules: RuleSet, rows: Sequence[Sequence[Any]], chance: random.Random) -> None:
        def read(series: Series, periods: int) -> list[float | None]:
            return [chance.choice([None, 0.0, 0.5, 1e300]) for _ in range(periods)]

        for period in rules.signals.periods:
            rules.signals.count(period, rows)
        for alert in rules.signals.alerts:
            rules.signals.breached(alert, read)
        own = len(rules.program.schema.idea) - len(rules.program.world)
        idea = (*[None] * own, *rules.world(NOW, lambda _: read))
        assert rules.decide(idea, rows, NOW).parts is not None

    @staticmethod
    def _written(source: Source) -> None:
        laid = formatted(source)
        assert laid.text is not None or laid.diagnostics
        if laid.text is not None:
            again = Source(source.path, laid.text)
            assert formatted(again).text == laid.text
            assert _tree(again) == _tree(source)
        json.dumps(exported([source]), allow_nan=False)
