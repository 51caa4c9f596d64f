"""What a request is made of: the bounds of a connection, one call, and what an attempt at it brought."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from opshub.errors import OpshubError
from opshub.sdk.answer import Answer

__all__ = ["SAFE", "Call", "HttpRules", "Outcome"]

SAFE = frozenset({"GET", "HEAD"})
"""Methods that may be repeated without asking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRules:
    """The bounds of one connection's requests; times in seconds.

    ``deadline`` bounds one exchange from the first packet to the last. A wait beyond ``longest_wait`` is not slept
    through: it raises RateLimitedError, and the engine parks the connection.
    """

    connect_timeout: float = 10
    read_timeout: float = 30
    deadline: float = 60
    max_bytes: int = 32 * 2**20
    """Of a body after decoding."""
    attempts: int = 5
    first_wait: float = 0.5
    longest_wait: float = 60
    rate: float | None = None
    """Requests per second; None leaves it to what the vendor's headers say."""
    burst: int = 10
    private: bool = False
    """Whether the configured host may stand in a private network, or on this machine, and speak plain http."""
    ca_file: str = ""
    """Certificates to trust besides the public ones: a file in PEM form."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a connector asked for it, and how its answer is read."""

    method: str
    url: str
    repeatable: bool
    read: Callable[[Answer], Any]
    params: Mapping[str, Any] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """What messages may show of it: never the query."""
        return f"{self.method} {urlsplit(self.url).path or '/'}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt brought: a value, or an error and whether another attempt may follow.

    ``wait`` is for how many seconds the vendor asks to wait, None where it does not say.
    """

    value: Any = None
    error: OpshubError | None = None
    again: bool = False
    wait: float | None = None
