"""Shows a coverage every stored idea."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from opshub.engine.declared import Declared
from opshub.engine.facts import Reader
from opshub.engine.past import Past
from opshub.engine.score import seen
from opshub.engine.work import BATCH
from opshub.engine.world import world
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import RuleSet
    from opshub.language.coverage import Coverage

__all__ = ["see_ideas"]


def see_ideas(
    store: Store, declared: Sequence[Declared], rules: RuleSet, coverage: Coverage, now: datetime
) -> None:
    """Count every idea of the store, as it is at a moment, and what signals came to."""
    reader = Reader(coverage.reads, declared)
    told = world(store, rules, now)
    coverage.see_periods(Past(store, rules.signals, now).read)
    coverage.see_breaches(breach.alert for breach in store.breaches())
    after = 0
    while found := store.ideas_after(after, BATCH):
        after = found[-1][0]
        for one in seen(store, reader, list(dict.fromkeys(number for _, number in found)), told):
            coverage.see(one.values, one.rows, now)
