"""What a run has to tell: counts, times and errors as values, for the views and for the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from opshub.engine.guard import reason_of
from opshub.errors import OpshubError, PausedError, RetryError

__all__ = ["ConnectionReport", "Failure", "Report", "Silent", "StageReport", "Watch"]


@dataclass(slots=True)
class Failure:
    """One error of a run, safe to show."""

    kind: str
    message: str
    hint: str = ""
    exit_code: int = 1

    @classmethod
    def of(cls, error: OpshubError, connection: str = "") -> Failure:
        """The error as it is shown and kept, with the connection that it concerns and a next step."""
        reason, message = reason_of(error), str(error)
        if (
            connection
            and not message.startswith(f"{connection}: ")
            and f"[connections.{connection}]" not in message
        ):
            message = f"{connection}: {message}"
        hint = error.hint or _next_step(error, connection)
        return cls(type(reason).__name__, message, hint, reason.exit_code)


def _next_step(error: OpshubError, connection: str) -> str:
    if connection and isinstance(error, RetryError):
        return f"the next sync tries again; to look at it: opshub connections check {connection}"
    if connection and isinstance(error, PausedError):
        return f"correct it, then run: opshub connections check {connection}"
    return ""


@dataclass(slots=True)
class ConnectionReport:
    """One connection's part: ``expected`` is what the vendor promised (None where it does not say)."""

    name: str
    pages: int = 0
    got: int = 0
    changed: int = 0
    bad: int = 0
    gone: int = 0
    expected: int | None = None
    seconds: float = 0.0
    failure: Failure | None = None
    stopped: bool = False
    """Ended early because the process was asked to stop; the cursor continues there."""

    @property
    def complete(self) -> bool:
        """Whether everything promised has arrived."""
        return (
            self.failure is None and not self.stopped and (self.expected is None or self.got >= self.expected)
        )


@dataclass(slots=True)
class StageReport:
    """One stage's part: ``counts`` by the stage's own words, such as ``{"new": 3, "linked": 40}``."""

    name: str
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, word: str, by: int = 1) -> None:
        """Count."""
        self.counts[word] = self.counts.get(word, 0) + by


@dataclass(slots=True)
class Report:
    """The whole run."""

    run: int = 0
    connections: list[ConnectionReport] = field(default_factory=list)
    stages: list[StageReport] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    """Errors of writes and of stages, beside those of the connections."""

    notices: list[str] = field(default_factory=list)
    """What alerts have to say, one line each."""

    waiting: list[str] = field(default_factory=list)
    """Match blocks of the rules whose idea nobody knows, told when that begins."""

    def tell(self, failure: Failure) -> None:
        """Note an error once, however often a run meets it."""
        if failure not in self.failures:
            self.failures.append(failure)

    @property
    def outcome(self) -> str:
        """``done``, ``partly`` or ``failed``: partly when any connection or write fell short."""
        short = [c for c in self.connections if not c.complete]
        if self.connections and len(short) == len(self.connections) and all(c.failure for c in short):
            return "failed"
        return "partly" if short or self.failures else "done"

    @property
    def exit_code(self) -> int:
        """0 done, 7 partly; a total failure with one cause ends with that cause's code."""
        if self.outcome == "done":
            return 0
        codes = {c.failure.exit_code for c in self.connections if c.failure}
        return codes.pop() if self.outcome == "failed" and len(codes) == 1 else 7

    def as_json(self) -> Mapping[str, Any]:
        """Plain data for ``--json`` and for the run's row."""
        return {**asdict(self), "outcome": self.outcome}


class Watch(Protocol):
    """Somebody who looks on while a run goes: a progress bar, a log."""

    def pulling(self, connection: str, got: int, expected: int | None) -> None:
        """A page of the connection is stored; ``got`` counts from the start of this pull."""
        ...

    def stage(self, name: str, done: int, left: Callable[[], int] | None = None) -> None:
        """A stage has worked through so many things more; ``left`` counts what it still has to do."""
        ...


class Silent:
    """Looks away."""

    def pulling(self, connection: str, got: int, expected: int | None) -> None:
        """Nothing."""

    def stage(self, name: str, done: int, left: Callable[[], int] | None = None) -> None:
        """Nothing."""
