"""Why a decision came out as it did: its traces, put into the words that its rules had then."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from opshub.engine.work import Work
from opshub.model import Contribution, Decision, Ref, Value
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import Legend, Part

__all__ = ["contributions", "keep_legend"]


def keep_legend(work: Work) -> None:
    """Keep the words of the rules in force, so that their decisions can be explained when the rules are others."""
    name, legend = _fact(work.rules.legend.name), work.rules.legend
    if work.store.fact(name) != legend.text:
        work.store.set_fact(name, legend.text)


def contributions(store: Store, decision: Decision) -> tuple[Contribution, ...]:
    """Every rule's part in a decision, in the order of the rules."""
    if not decision.traces:
        return ()
    legend = _read(store.fact(_fact(decision.legend)))
    return tuple(map(_contribution, legend.parts(decision.traces)))


def _contribution(part: Part[tuple[str, str]]) -> Contribution:
    saw = cast("Mapping[str, Value]", part.saw)
    evidence = tuple(Ref(*name) for name in part.evidence)
    return Contribution(
        part.rule, part.place, part.effect, part.score, part.amount, part.because, saw, evidence
    )


@lru_cache(maxsize=8)
def _read(text: str) -> Legend:
    from opshub.language import Legend

    return Legend.read(text)


def _fact(legend: str) -> str:
    return f"legend {legend}"
