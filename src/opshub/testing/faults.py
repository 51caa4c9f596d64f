"""Faults that a twin shows on request: planned by hand or drawn from a seed, and always recorded."""

from __future__ import annotations

import random
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Protocol

__all__ = ["ANSWER_FAULTS", "INSTEAD_FAULTS", "VENDOR_FAULTS", "Asked", "Fault", "Faults", "Fired", "Planned"]

INSTEAD_FAULTS = frozenset(
    {"bomb", "empty", "login_page", "lost_request", "rate_limit", "redirect", "stall", "status"}
)
"""Come instead of doing what was asked."""

ANSWER_FAULTS = frozenset({"cut_gzip", "lost_answer", "malformed", "reset", "slow", "truncate"})
"""Happen to the answer, after the request was done."""

VENDOR_FAULTS = frozenset({"expire_cursor", "repeat_token"})
"""Need knowledge of the vendor: a twin asks ``faults.wants(kind, request)`` where they apply."""


class Asked(Protocol):
    """What of a request decides on its faults."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...


class _Locator(Protocol):
    @property
    def path(self) -> str: ...


class _Request(Protocol):
    """The part of a Starlette request that faults look at."""

    @property
    def method(self) -> str: ...

    @property
    def url(self) -> _Locator: ...


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of misbehaviour with its options.

    ``rate_limit`` takes ``seconds``, or ``date`` (aware), or ``headers``; ``status`` takes ``code``,
    ``headers``, ``body``; ``slow`` takes ``step`` (seconds), ``size`` (bytes a step), and ``until`` (a
    ``threading.Event`` from which on it hurries); ``redirect`` takes ``to``; ``bomb`` takes ``size``
    (decoded bytes); ``reset`` and ``truncate`` take ``share`` (of the body
    that still goes out).
    """

    kind: str
    options: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = INSTEAD_FAULTS | ANSWER_FAULTS | VENDOR_FAULTS
        if self.kind not in known:
            raise ValueError(f"no fault is called {self.kind!r}; there are: {', '.join(sorted(known))}")


@dataclass(slots=True, eq=False)
class Planned:
    """A fault that waits for its requests; ``fired`` counts how often it struck."""

    fault: Fault
    method: str | None = None
    path: str | None = None
    after: int = 0
    times: int | None = 1
    fired: int = 0

    def strikes(self, method: str, path: str) -> bool:
        """Whether this request is hit; counts it either way."""
        if self.method not in (None, method) or not (self.path is None or fnmatchcase(path, self.path)):
            return False
        if self.times is not None and self.fired >= self.times:
            return False
        if self.after > 0:
            self.after -= 1
            return False
        self.fired += 1
        return True


@dataclass(frozen=True, slots=True)
class Fired:
    """A fault that struck."""

    kind: str
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class _Draw:
    share: float
    dice: random.Random
    faults: Sequence[Fault]
    method: str | None
    path: str | None


class Faults:
    """The faults of one twin; safe to use from any thread.

    ``lag`` is how late a change shows up in the vendor's lists and searches; twins that have such a lag ask
    for it. ``fired`` lists what struck, in order.
    """

    def __init__(self, *, lag: timedelta = timedelta(0)) -> None:
        self.lag = lag
        self.fired: list[Fired] = []
        self._lock = threading.Lock()
        self._planned: list[Planned] = []
        self._draws: list[_Draw] = []

    def once(
        self,
        kind: str,
        *,
        method: str | None = None,
        path: str | None = None,
        after: int = 0,
        times: int = 1,
        **options: object,
    ) -> Planned:
        """Strike ``times`` matching requests, after letting ``after`` of them pass; ``path`` is a glob."""
        return self._plan(Planned(Fault(kind, options), method, path, after, times))

    def always(
        self,
        kind: str,
        *,
        method: str | None = None,
        path: str | None = None,
        after: int = 0,
        **options: object,
    ) -> Planned:
        """Strike every matching request, after letting ``after`` of them pass."""
        return self._plan(Planned(Fault(kind, options), method, path, after, None))

    def random(
        self,
        share: float,
        seed: int,
        kinds: Sequence[str | Fault],
        *,
        method: str | None = None,
        path: str | None = None,
    ) -> None:
        """Strike this share of the matching requests with one of the kinds; the same seed draws the same."""
        faults = [kind if isinstance(kind, Fault) else Fault(kind) for kind in kinds]
        with self._lock:
            self._draws.append(_Draw(share, random.Random(seed), faults, method, path))

    def clear(self) -> None:
        """Forget every plan; what struck stays on record."""
        with self._lock:
            self._planned.clear()
            self._draws.clear()
            self.lag = timedelta(0)

    def wants(self, kind: str, request: Asked | _Request) -> bool:
        """Whether a vendor fault strikes this request; asking uses it up."""
        path = request.path if hasattr(request, "path") else request.url.path
        return self._pick(request.method, path, frozenset({kind})) is not None

    def pick(self, method: str, path: str) -> Fault | None:
        """The fault that the server shows for this request; each request is asked for once."""
        return self._pick(method, path, INSTEAD_FAULTS | ANSWER_FAULTS)

    def count(self, kind: str) -> int:
        """How often a kind struck."""
        with self._lock:
            return sum(1 for fired in self.fired if fired.kind == kind)

    def _plan(self, planned: Planned) -> Planned:
        with self._lock:
            self._planned.append(planned)
        return planned

    def _pick(self, method: str, path: str, kinds: frozenset[str]) -> Fault | None:
        with self._lock:
            for planned in self._planned:
                if planned.fault.kind in kinds and planned.strikes(method, path):
                    return self._record(planned.fault, method, path)
            for draw in self._draws:
                if draw.method not in (None, method) or not fnmatchcase(path, draw.path or "*"):
                    continue
                candidates = [fault for fault in draw.faults if fault.kind in kinds]
                if candidates and draw.dice.random() < draw.share:
                    return self._record(draw.dice.choice(candidates), method, path)
        return None

    def _record(self, fault: Fault, method: str, path: str) -> Fault:
        self.fired.append(Fired(fault.kind, method, path))
        return fault
