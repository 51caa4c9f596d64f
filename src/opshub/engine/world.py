"""What every idea reads the same: noted when alerts are looked at, so that only what moved decides ideas again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from opshub.engine.declared import Declared
from opshub.engine.past import Past, spoken
from opshub.engine.periods import following
from opshub.engine.standing import begin as forget_standing
from opshub.engine.work import Work
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import RuleSet
    from opshub.language.attaining import State
    from opshub.language.series import Series
    from opshub.language.signals import Signals, Value

__all__ = ["Anew", "noted", "observe", "world"]

WORLD = "world"
"""The fact that holds what ideas read the same, and for which rules; empty where they read nothing so."""

_FIRST = datetime(1, 1, 1, tzinfo=UTC)


def observe(work: Work) -> None:
    """Note, in a transaction, what all ideas read the same now; all are due again where it is other than before."""
    store, rules = work.store, work.rules
    values = _world(store, rules, work.clock.now())
    text = json.dumps([rules.hash, values]) if values else ""
    if text != store.fact(WORLD):
        store.set_fact(WORLD, text)
        store.set_mark("score", 0)
        forget_standing(work)


def world(store: Store, rules: RuleSet, now: datetime) -> tuple[State, ...]:
    """What was noted for these rules; for others what it would be now."""
    values = noted(store, rules)
    return tuple(values) if values else _world(store, rules, now)


def noted(store: Store, rules: RuleSet) -> list[State]:
    """What was noted for these rules, if anything."""
    known, values = json.loads(store.fact(WORLD) or '["", []]')
    return values if known == rules.hash else []


def _world(store: Store, rules: RuleSet, now: datetime) -> tuple[State, ...]:
    if not rules.observes:
        return ()
    return rules.world(now, lambda moment: Past(store, rules.signals, moment).read)


class Anew(Past):
    """The same for rules that are not in force: what they count is counted from the feedback that is there."""

    def __init__(self, store: Store, signals: Signals, now: datetime, declared: Sequence[Declared]) -> None:
        super().__init__(store, signals, now)
        self._declared = declared

    def read(self, series: Series, periods: int) -> Sequence[Value]:
        """The values of a signal that is not combined."""
        if not series.counted:
            return super().read(series, periods)
        return [self._counted(series, begin) for begin in self.begins(series, periods)]

    def _counted(self, series: Series, begin: datetime) -> Value:
        end = following(begin, series.period)
        rows = list(spoken(self._store, self._signals, self._declared, begin, end))
        if not rows and not any(True for _ in spoken(self._store, self._signals, (), _FIRST, begin)):
            return None
        return self._signals.count(series.period, rows)[series.name]
