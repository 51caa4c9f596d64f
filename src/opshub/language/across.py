"""Functions that place an idea among all ideas; each is one place: sentence, examples, which are run as tests."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from opshub.language.attaining import ATTAINING, Attaining
from opshub.language.functions import FUNCTIONS, Function

__all__ = ["ACROSS", "EVERY", "QUANTITIES", "Across", "placed", "places"]

Place: TypeAlias = Callable[[float, Sequence[float]], float]
"""From an idea's value and the values of all ideas, in ascending order, its own among them."""


@dataclass(frozen=True, slots=True)
class Across:
    """A function that rules can call with the name of a score.

    ``shows`` are the quantities that explain it, by the name that the explanation gives them. ``cases`` map the values
    of all ideas, the one asked for first, to the result.
    """

    name: str
    doc: str
    shows: Mapping[str, str]
    cases: Mapping[tuple[float, ...], str]

    @property
    def signature(self) -> str:
        """``normalize(SCORE) -> number``."""
        return f"{self.name}(SCORE) -> number"

    @property
    def examples(self) -> Mapping[str, str]:
        """The cases as a reader takes them in."""
        return {self._case(*case): result for case, result in self.cases.items()}

    def _case(self, own: float, *others: float) -> str:
        among = f" among {', '.join(f'{value:g}' for value in others)}" if others else " alone"
        return f"{self.name}(reach) of {own:g}{among}"


def _normalize(value: float, values: Sequence[float]) -> float:
    low, high = _low(value, values), values[-1]
    share = value / 2 - low / 2, high / 2 - low / 2  # halves, so that no difference is too large for a float
    return 100.0 * (share[0] / share[1]) if share[1] else 0.0


def _low(value: float, values: Sequence[float]) -> float:
    return min(values[0], 0.0)


def _percentile(value: float, values: Sequence[float]) -> float:
    others = len(values) - 1
    return 100.0 * bisect_left(values, value) / others if others else 100.0


QUANTITIES: Mapping[str, Place] = {
    "normalize": _normalize,
    "rank": lambda value, values: float(1 + len(values) - bisect_right(values, value)),
    "percentile": _percentile,
    "low": _low,
    "high": lambda value, values: values[-1],
    "ideas": lambda value, values: float(len(values)),
}
"""Everything that an idea can know of all ideas: the functions, and what explains them."""

ACROSS: Mapping[str, Across] = {
    one.name: one
    for one in (
        Across(
            "normalize",
            "0 to 100: where the score lies between the lowest of all ideas, or 0 if that is lower, and the highest.",
            {"{} at 0": "low", "{} at 100": "high"},
            {(3, 6, 2): "50", (1, 5, -5): "60", (-2, -5, -1): "75", (0, 0): "0"},
        ),
        Across(
            "percentile",
            "How many in a hundred of the other ideas have a lower score; 100 for an idea that is alone.",
            {"ideas": "ideas"},
            {(5, 1, 2, 9, 9): "50", (7,): "100", (3, 3): "0"},
        ),
        Across(
            "rank",
            "The idea's place by the score, 1 for the highest; ideas with the same score share the better place.",
            {"ideas": "ideas"},
            {(5, 9, 9, 1): "3", (9, 9, 1): "1", (7,): "1"},
        ),
    )
}


EVERY: Mapping[str, Function | Across | Attaining] = {**FUNCTIONS, **ACROSS, **ATTAINING}
"""All functions that rules can call."""


def placed(
    across: Sequence[tuple[str, str]], measured: Mapping[str, float], others: Mapping[str, Sequence[float]]
) -> tuple[float, ...]:
    """What an idea reads of all ideas: ``measured`` are its own scores, ``others`` those of the other ideas."""
    return places(across, measured, {s: sorted([value, *others.get(s, ())]) for s, value in measured.items()})


def places(
    across: Sequence[tuple[str, str]], measured: Mapping[str, float], values: Mapping[str, Sequence[float]]
) -> tuple[float, ...]:
    """What an idea reads of all ideas: ``values`` are those of every idea, in ascending order."""
    return tuple(QUANTITIES[name](measured[score], values[score]) for name, score in across)
