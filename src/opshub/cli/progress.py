"""Shows how far a run has come: one moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
from threading import Lock
from typing import TextIO

from opshub.cli.text import cut, line, width_of
from opshub.clock import Clock, SystemClock

__all__ = ["Bars", "Lines", "watch"]

BAR = 20
PAUSE = {"bar": 0.1, "line": 5.0}
"""Seconds between two showings of the same thing."""


def watch(stream: TextIO | None = None, clock: Clock | None = None) -> Bars | Lines:
    """What suits the stream, which is stderr unless said otherwise."""
    stream = stream or sys.stderr
    moving = stream.isatty() and os.environ.get("TERM") != "dumb"
    return (Bars if moving else Lines)(stream, clock or SystemClock())


class _Steady:
    """What both views keep: the counts so far, and when something was last shown."""

    def __init__(self, stream: TextIO, clock: Clock) -> None:
        self.stream = stream
        self.clock = clock
        self.lock = Lock()
        self.pulls: dict[str, tuple[int, int | None]] = {}
        self.stages: dict[str, int] = {}
        self.shown: dict[str, float] = {}

    def due(self, name: str, pause: float) -> bool:
        """Whether enough time has passed to show this again."""
        now = self.clock.monotonic()
        if name in self.shown and now - self.shown[name] < pause:
            return False
        self.shown[name] = now
        return True


class Bars(_Steady):
    """Rewrites one line: a bar for each connection that is being pulled, then the stage."""

    def pulling(self, connection: str, got: int, expected: int | None) -> None:
        """Draw the connection's bar anew."""
        with self.lock:
            self.pulls[connection] = (got, expected)
            if self.due("bar", PAUSE["bar"]):
                self._draw("  ".join(_bar(name, *counts) for name, counts in self.pulls.items()))

    def stage(self, name: str, done: int) -> None:
        """Draw the stage's count."""
        with self.lock:
            self.stages[name] = self.stages.get(name, 0) + done
            if self.due("bar", PAUSE["bar"]):
                self._draw(f"{name} …")

    def close(self) -> None:
        """Leave a clean line behind."""
        with self.lock:
            if self.shown:
                self._draw("")

    def _draw(self, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        self.stream.write("\r\x1b[2K" + cut(line(text), room))
        self.stream.flush()


class Lines(_Steady):
    """Writes a line for each connection now and then; for logs and pipes."""

    def pulling(self, connection: str, got: int, expected: int | None) -> None:
        """Write a line when the connection has something new to say."""
        with self.lock:
            known = connection in self.pulls
            self.pulls[connection] = (got, expected)
            if self.due(connection, PAUSE["line"]) and known:
                of = f"{got:,} of " if expected is not None else ""
                self.stream.write(
                    f"{line(connection)}: {of}{_records(got if expected is None else expected)}\n"
                )

    def stage(self, name: str, done: int) -> None:
        """Nothing: the summary has the stages' counts."""

    def close(self) -> None:
        """Write the last count of each connection that pulled anything."""
        with self.lock:
            for name, (got, _) in self.pulls.items():
                self.stream.write(f"{line(name)}: {_records(got)} pulled\n")
            self.stream.flush()


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"


def _bar(name: str, got: int, expected: int | None) -> str:
    if not expected:
        return f"{name} {got:,}"
    share = min(1.0, got / expected)
    full = round(share * BAR)
    bar = "█" * full + "░" * (BAR - full)
    return f"{name} {bar} {share:>4.0%} {got:,}/{expected:,}" if width_of(name) else bar
