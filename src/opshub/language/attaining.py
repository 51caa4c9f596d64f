"""Functions that tell how a goal stands; each is one place: sentence, examples, which are run as tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

from opshub.language.meaning import COMPARE
from opshub.language.schema import Kind
from opshub.language.series import Target

__all__ = ["ATTAINING", "Attaining", "attained"]

State: TypeAlias = float | bool | None


@dataclass(frozen=True, slots=True)
class Attaining:
    """A function that rules can call with the title of a goal.

    ``cases`` map how the goal reads, and what its signal came to, to the result.
    """

    name: str
    returns: Kind
    doc: str
    cases: Mapping[tuple[str, float | None], str]

    @property
    def signature(self) -> str:
        """``progress(GOAL) -> number``."""
        return f"{self.name}(GOAL) -> {self.returns}"

    @property
    def examples(self) -> Mapping[str, str]:
        """The cases as a reader takes them in."""
        return {f'{self.name}("Win"): {self._case(*case)}': result for case, result in self.cases.items()}

    @staticmethod
    def _case(aim: str, value: float | None) -> str:
        came = "has no value" if value is None else f"came to {value:g}"
        return f"{aim} by 2026-01-31, on 2026-01-01; the signal {came}"


def attained(target: Target, value: float | None, now: datetime) -> Mapping[str, State]:
    """How a goal stands whose signal came to ``value``, by the name of each function."""
    days = float((target.by.date() - now.astimezone(UTC).date()).days)
    if value is None:
        return {"progress": None, "met": None, "days_left": days}
    met = COMPARE[target.sign](value, target.bound)
    return {"progress": 1.0 if met else _share(target, value), "met": met, "days_left": days}


def _share(target: Target, value: float) -> float:
    """How far it has come, where it is not met."""
    part, whole = (value, target.bound) if target.sign == ">=" else (target.bound, value)
    return max(0.0, round(part / whole, 6)) if whole > 0 else 0.0  # 32% of 40% is 0.8


ATTAINING: Mapping[str, Attaining] = {
    one.name: one
    for one in (
        Attaining(
            "days_left",
            Kind.NUMBER,
            "Whole days up to the date of a goal, 0 on that day, below 0 after it; days begin in UTC.",
            {("reach 40%", 0.1): "30", ("reach 40%", None): "30"},
        ),
        Attaining(
            "met",
            Kind.BOOL,
            "Whether the signal of a goal is where the goal wants it, in its last full period up to the goal's date.",
            {("reach 40%", 0.4): "true", ("fall to 5%", 0.06): "false", ("reach 40%", None): "missing"},
        ),
        Attaining(
            "progress",
            Kind.NUMBER,
            "How far a goal has come, from 0 to 1: the value of its signal as a share of the target, or, where it is "
            "to fall, the target as a share of the value.",
            {
                ("reach 40%", 0.1): "0.25",
                ("reach 40%", 0.5): "1",
                ("fall to 5%", 0.2): "0.25",
                ("fall to 5%", 0.05): "1",
                ("reach 40%", None): "missing",
            },
        ),
    )
}
