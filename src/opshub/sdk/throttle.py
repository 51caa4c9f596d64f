"""How fast a connection may ask: a token bucket that learns from what the vendor's headers say."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from opshub.clock import Clock
from opshub.sdk.times import EPOCH

__all__ = ["LONGEST", "Quota", "Throttle", "asked_wait", "quotas"]

LONGEST = 24 * 3600.0
"""No vendor's word parks a connection for longer, in seconds."""

SCARCE = 0.2
"""Below this share of the limit, reads are spread over the time that is left."""

NAME = re.compile(r"(?:x-|beta-)?rate-?limit(?:-(?P<rest>[a-z-]+))?", re.ASCII)
NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?", re.ASCII)
LISTED = re.compile(r"\b(limit|remaining|reset|q|r|t)=(\d{1,15})\b", re.ASCII)
ROLES = {
    "limit": "limit",
    "q": "limit",
    "r": "remaining",
    "remaining": "remaining",
    "reset": "reset",
    "t": "reset",
    "total": "limit",
}
WAITS = ("retry-after", "x-pc-retry-after")


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of one of a vendor's limits; ``reset`` in seconds from now."""

    limit: float | None = None
    remaining: float | None = None
    reset: float | None = None

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left, and there is a time to wait for."""
        return self.remaining is not None and self.remaining <= 0 and bool(self.reset and self.reset > 0)


def quotas(headers: Mapping[str, str], now: datetime) -> dict[str, Quota]:
    """The vendor's limits by name, from the many spellings of their headers (names in lower case).

    ``X-RateLimit-Remaining``, ``RateLimit-Remaining``, ``X-Rate-Limit``, ``X-RateLimit-Remaining-Minute``,
    ``X-RateLimit-App-Global-Day-Reset``, ``RateLimit: "default";r=5;t=30`` … A reset is an ISO or HTTP date, seconds or
    milliseconds since 1970, or seconds from now.
    """
    found: dict[str, Quota] = {}
    for name, value in headers.items():
        match = NAME.fullmatch(name)
        if match is None:
            continue
        rest = match["rest"] or ""
        if not rest and "=" in value:
            for role, number in LISTED.findall(value):
                _note(found, rest, ROLES[role], float(number))
            continue
        words = rest.split("-") if rest else ["limit"]
        role = next((ROLES[word] for word in words if len(word) > 1 and word in ROLES), "")
        group = "-".join(word for word in words if word not in ROLES)
        amount = _moment(value, now) if role == "reset" else _amount(value)
        if role and amount is not None:
            _note(found, group, role, amount)
    return found


def asked_wait(headers: Mapping[str, str], now: datetime) -> float | None:
    """For how many seconds the vendor asks to wait, at most ``LONGEST``; None where it does not say."""
    asked = [
        _moment(value, now)
        for name, value in headers.items()
        if name in WAITS or ("limit" in name and name.endswith("retry-after"))
    ]
    known = quotas(headers, now).values()
    spent = [quota.reset for quota in known if quota.is_spent and quota.reset is not None]
    unclear = [quota.reset for quota in known if quota.remaining is None and quota.reset is not None]
    waits = [wait for wait in asked if wait is not None] + spent
    if not waits and unclear:
        waits = [min(unclear)]
    return min(max(waits), LONGEST) if waits else None


class Throttle:
    """Tells for how long a request must wait; sends and sleeps nothing itself. Safe for several threads.

    ``rate`` is in requests per second, None for no bound but the vendor's; ``burst`` may go at once.
    """

    def __init__(self, clock: Clock, rate: float | None, burst: int) -> None:
        self._clock = clock
        self._step = 1 / rate if rate else 0.0
        self._allowance = self._step * (max(1, burst) - 1)
        self._lock = threading.Lock()
        self._next = float("-inf")
        self._held_until = float("-inf")
        self._scarce_until = float("-inf")
        self._scarce_step = 0.0
        self._last_read = float("-inf")

    def held(self) -> float:
        """For how many seconds nothing may be sent at all."""
        return max(0.0, self._held_until - self._clock.monotonic())

    def reserve(self, *, reading: bool) -> float:
        """Take one request's place; it may go after so many seconds. Where little is left, reads wait for writes."""
        with self._lock:
            now = self._clock.monotonic()
            start = max(now, self._held_until)
            if self._step:
                self._next = max(self._next, start)
                start = max(start, self._next - self._allowance)
                self._next += self._step
            if reading:
                if now < self._scarce_until:
                    start = max(start, self._last_read + self._scarce_step)
                self._last_read = start
            return start - now

    def hold(self, seconds: float) -> None:
        """Nothing may be sent for so long."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.monotonic() + min(seconds, LONGEST))

    def learn(self, headers: Mapping[str, str]) -> None:
        """Take in what an answer says of the vendor's limits."""
        known = quotas(headers, self._clock.now()).values()
        if not known:
            return
        for quota in known:
            if quota.is_spent and quota.reset is not None:
                self.hold(quota.reset)
        with self._lock:
            self._scarce_until = float("-inf")
            for quota in known:
                self._spread(quota)

    def _spread(self, quota: Quota) -> None:
        if quota.limit is None or quota.remaining is None or quota.reset is None or quota.reset <= 0:
            return
        if 0 < quota.remaining < quota.limit * SCARCE:
            step = min(quota.reset, LONGEST) / quota.remaining
            now = self._clock.monotonic()
            self._scarce_step = max(step, self._scarce_step) if now < self._scarce_until else step
            self._scarce_until = max(self._scarce_until, now + min(quota.reset, LONGEST))


def _note(found: dict[str, Quota], group: str, role: str, amount: float) -> None:
    quota = found.get(group, Quota())
    if role == "limit":
        found[group] = replace(quota, limit=amount)
    elif role == "remaining":
        found[group] = replace(quota, remaining=amount)
    else:
        found[group] = replace(quota, reset=amount)


def _amount(value: str) -> float | None:
    first = value.strip().split(",")[0].split(";")[0].strip()
    return float(first) if NUMBER.fullmatch(first) else None


def _moment(value: str, now: datetime) -> float | None:
    """Seconds from now; a number may count from now or, in seconds or milliseconds, from 1970."""
    text = value.strip()
    if NUMBER.fullmatch(text):
        number = float(text)
        if number < 1e9:
            return number
        return max(0.0, (number / 1000 if number >= 1e11 else number) - (now - EPOCH).total_seconds())
    try:
        moment = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(0.0, (aware - now).total_seconds())
