"""Why a decision came out as it did: its traces, put into the words that its rules had then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, cast

from opshub.engine.work import Work
from opshub.model import Contribution, Decision, Override, Ref, Value
from opshub.store.base import Store

if TYPE_CHECKING:
    from opshub.language import Legend, Part

__all__ = ["contributions", "doubt_legends", "keep_legend", "legend", "legend_fact", "prune_legends"]

_DOUBTED = "legends.doubted"


def keep_legend(work: Work) -> None:
    """Keep the words of the rules in force, so that their decisions can be explained when the rules are others."""
    name, words = legend_fact(work.rules.legend.name), work.rules.legend
    if work.store.fact(name) != words.text:
        work.store.set_fact(name, words.text)


def doubt_legends(store: Store) -> None:
    """Say that the rules are others now, so that earlier legends may soon be of no use."""
    store.set_fact(_DOUBTED, "yes")


def prune_legends(work: Work) -> None:
    """Once every decision is one of the rules in force, forget the words that no decision needs any more."""
    store = work.store
    if store.fact(_DOUBTED):
        with store.transaction(work.lease):
            store.drop_facts(legend_fact(""), {legend_fact(name) for name in store.legends()})
            store.set_fact(_DOUBTED, "")


def contributions(store: Store, decision: Decision) -> tuple[Contribution, ...]:
    """What a person set, then every rule's part in a decision, in the order of the rules."""
    parts = legend(store, decision).parts(decision.traces) if decision.traces else ()
    ruled = [*_said(store, decision), *map(_contribution, parts)]
    override = decision.override
    if override is None:
        return tuple(ruled)
    gone = ("band ",) * (override.band == decision.band) + ("route ",) * bool(override.route)
    return (*_set_by_hand(override, decision), *(part for part in ruled if not part.effect.startswith(gone)))


def _said(store: Store, decision: Decision) -> Iterator[Contribution]:
    """One contribution for each goal that a person let the idea support."""
    for it in store.supports([decision.idea] if decision.goals else []):
        if it.goal in decision.goals:
            yield Contribution("support", "", f"supports {it.goal}", because=it.because, by=it.who)


def _set_by_hand(it: Override, decision: Decision) -> Iterator[Contribution]:
    """One contribution for each thing that a person set, with what the rules say instead."""

    def part(effect: str, said: Mapping[str, Value], score: str = "", amount: float = 0.0) -> Contribution:
        return Contribution("override", "", effect, score, amount, it.because, said, (), it.who, it.day)

    said = {name: {"the rules": value or None} for name, value in decision.ruled.items()}
    if it.priority is not None:
        ruled = decision.ruled["priority"]
        assert isinstance(ruled, int | float)
        effect = f"priority set to {it.priority:.12g}"
        yield part(effect, {"the rules": ruled}, "priority", it.priority - ruled)
    if it.band and it.band == decision.band:
        yield part(f"band {it.band}", said["band"])
    for tag in it.tags:
        yield part(f"tag {tag}", {})
    if it.route:
        yield part(f"route to {it.route}", said["route"])
    if it.owner:
        yield part(f"owner {it.owner}", said["owner"])


def _contribution(part: Part[tuple[str, str]]) -> Contribution:
    saw = cast("Mapping[str, Value]", part.saw)
    evidence = tuple(Ref(*name) for name in part.evidence)
    return Contribution(
        part.rule, part.place, part.effect, part.score, part.amount, part.because, saw, evidence
    )


def legend(store: Store, decision: Decision) -> Legend:
    """The words that a decision with anything to say needs."""
    return _read(store.fact(legend_fact(decision.legend)))


@lru_cache(maxsize=8)
def _read(text: str) -> Legend:
    from opshub.language import Legend

    return Legend.read(text)


def legend_fact(legend: str) -> str:
    """The name under which the store keeps a legend."""
    return f"legend {legend}"
