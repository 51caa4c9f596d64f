"""The functions of the language; each is one place: signature, sentence, examples, which are run as tests."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, get_type_hints

from opshub.language.runtime import utc
from opshub.language.schema import Kind

__all__ = ["FUNCTIONS", "Function", "function"]

_KINDS: Mapping[object, Kind] = {
    str: Kind.TEXT,
    float: Kind.NUMBER,
    bool: Kind.BOOL,
    datetime: Kind.TIME,
    timedelta: Kind.DURATION,
}
_Body = TypeVar("_Body", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Function:
    """A function that rules can call.

    It is given values only: where an argument is missing, so is the result, and it is not called. ``least`` counts
    the arguments without a default; ``many`` lets the last be repeated. ``clock`` asks for the time as a first
    argument; ``turns`` then tells from the same arguments at which moment the value will be another one, and without
    it the value moves with every moment. Arguments that are ``written`` stand in the rules as they are; ``amounts`` are
    those that may be money as well, all of them or none, and then the result is too.
    """

    name: str
    parameters: tuple[tuple[str, Kind], ...]
    least: int
    many: bool
    clock: bool
    returns: Kind
    doc: str
    examples: Mapping[str, str]
    body: Callable[..., Any]
    written: frozenset[str] = frozenset()
    turns: Callable[..., datetime | None] | None = None
    amounts: frozenset[str] = frozenset()

    @property
    def signature(self) -> str:
        """``days_since(moment: time) -> number``."""
        shown = [
            f"{name}: {kind}{' or money' if name in self.amounts else ''}" for name, kind in self.parameters
        ]
        shown[self.least :] = [f"[{text}]" for text in shown[self.least :]]
        if self.many:
            shown.append("…")
        return f"{self.name}({', '.join(shown)}) -> {self.returns}{' or money' if self.amounts else ''}"


FUNCTIONS: dict[str, Function] = {}


def function(
    examples: Mapping[str, str],
    written: Iterable[str] = (),
    turns: Callable[..., datetime | None] | None = None,
    amounts: Iterable[str] = (),
) -> Callable[[_Body], _Body]:
    """Make a Python function one of the language, under its own name without a trailing underscore.

    ``examples`` maps a call to its result, both as rules write them; calls that read the clock see 2026-01-01.
    """

    def register(body: _Body) -> _Body:
        hints = get_type_hints(body)
        parameters = list(inspect.signature(body).parameters.values())
        clock = parameters[0].name == "clock"
        taken = parameters[clock:]
        name = body.__name__.removesuffix("_")
        FUNCTIONS[name] = Function(
            name=name,
            parameters=tuple((parameter.name, _KINDS[hints[parameter.name]]) for parameter in taken),
            least=sum(p.default is p.empty and p.kind is not p.VAR_POSITIONAL for p in taken),
            many=taken[-1].kind is inspect.Parameter.VAR_POSITIONAL,
            clock=clock,
            returns=_KINDS[hints["return"]],
            doc=inspect.cleandoc(body.__doc__ or ""),
            examples=examples,
            body=body,
            written=frozenset(written),
            turns=turns,
            amounts=frozenset(amounts),
        )
        return body

    return register


_DAY = timedelta(days=1)
_LEAST = 0.001


def _days(clock: datetime, moment: datetime) -> int:
    """How often it has been midnight since; negative for a day that is yet to come."""
    return (clock.date() - utc(moment).date()).days


def _next_day(clock: datetime, moment: datetime) -> datetime | None:
    """The midnight that ends this day, or the day of a moment that is yet to come."""
    day = max(clock, utc(moment)).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return day + _DAY
    except OverflowError:
        return None


def _fades(clock: datetime, moment: datetime, half_life: timedelta) -> datetime | None:
    return _next_day(clock, moment) if decay(clock, moment, half_life) else None


@function(
    {"age(2025-12-01) > 30d": "true", "age(2025-12-31) == 24h": "true", "age(2026-01-31) > 0d": "false"}
)
def age(clock: datetime, moment: datetime) -> timedelta:
    """How long ago a moment is, below 0d for the future. It is compared; a number of days is ``days_since``."""
    return clock - utc(moment)


@function(
    {"2025-12-01 > ago(90d)": "true", "ago(2d) == 2025-12-30": "true", "ago(36h) < 2025-12-31": "true"},
    written=["duration"],
)
def ago(clock: datetime, duration: timedelta) -> datetime:
    """The moment that long before now. A clause that compares with it is looked at again when it can flip."""
    try:
        return clock - duration
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)


@function(
    {"clamp(120, 0, 100)": "100", "clamp(-5, 0, 100)": "0", "clamp(42, 0, 100)": "42"},
    amounts=["value", "low", "high"],
)
def clamp(value: float, low: float, high: float) -> float:
    """The value, but not below ``low`` and not above ``high``."""
    return min(max(value, low), high)


@function({"days_since(2025-12-30)": "2", "days_since(2026-02-01)": "0"}, turns=_next_day)
def days_since(clock: datetime, moment: datetime) -> float:
    """How often it has been midnight UTC since a moment; 0 for the future. It moves once a day, at 00:00 UTC."""
    return float(max(_days(clock, moment), 0))


@function(
    {
        "decay(2025-12-31, 1d)": "0.5",
        "decay(2025-12-02, 15d)": "0.25",
        "decay(2026-02-01, 30d)": "1",
        "decay(2024-01-01, 30d)": "0",
    },
    written=["half_life"],
    turns=_fades,
)
def decay(clock: datetime, moment: datetime, half_life: timedelta) -> float:
    """A weight that halves with each half-life: 1 on the day itself and for the future, 0 once it is below 0.001.

    It moves once a day, at 00:00 UTC.
    """
    days = _days(clock, moment)
    if days <= 0:
        return 1.0
    weight = 0.5 ** (days * _DAY / half_life) if half_life else 0.0
    return weight if weight >= _LEAST else 0.0


@function(
    {"max(3, 7)": "7", "max(idea.effort, 0.5)": "missing", "max(1, 2, 3)": "3"},
    amounts=["value", "others"],
)
def max_(value: float, *others: float) -> float:
    """The largest of the values."""
    return max(value, *others) if others else value


@function({"min(3, 7)": "3", "min(100, 20 * 8)": "100"}, amounts=["value", "others"])
def min_(value: float, *others: float) -> float:
    """The smallest of the values."""
    return min(value, *others) if others else value


@function({"round(2.5)": "3", "round(-2.5)": "-3", "round(1 / 3, 2)": "0.33"}, amounts=["value"])
def round_(value: float, digits: float = 0.0) -> float:
    """The value with that many digits after the point, none if not said; halves go away from zero."""
    if not math.isfinite(value) or not math.isfinite(digits):
        return value
    places = int(min(max(digits, 0.0), 6.0))
    scaled = abs(value) * 10.0**places
    if scaled >= 2.0**52:
        return value
    # 1.005 * 100 is 100.49999999999999: what people wrote is the decimal, so decide by its shortest form.
    return math.copysign(math.floor(round(scaled, 9) + 0.5) / 10.0**places, value)
