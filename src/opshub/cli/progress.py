"""Shows how far a run has come: one moving line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TextIO

from opshub.cli.text import cut, line, width_of
from opshub.clock import Clock, SystemClock

__all__ = ["Bars", "Lines", "watch", "watching"]

BAR = 20
PAUSE = {"bar": 0.1, "line": 5.0}
"""Seconds between two showings of the same thing."""


@contextmanager
def watching() -> Iterator[Bars | Lines]:
    """Somebody who looks on until the work is done, or fails, and leaves a clean line behind."""
    looking = watch()
    try:
        yield looking
    finally:
        looking.close()


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
        self.totals: dict[str, int] = {}
        self.shown: dict[str, float] = {}

    def count(self, name: str, done: int, left: Callable[[], int] | None) -> tuple[int, int | None]:
        """What a stage has done, and of how many; these are counted once, and again where more came."""
        told = self.stages[name] = self.stages.get(name, 0) + done
        if left is not None and told > self.totals.get(name, 0):
            self.totals[name] = told + left()
        return told, self.totals.get(name)

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

    def stage(self, name: str, done: int, left: Callable[[], int] | None = None) -> None:
        """Draw the stage, with a bar where it is known how much is left."""
        with self.lock:
            told, total = self.count(name, done, left)
            if self.due("bar", PAUSE["bar"]):
                self._draw(_bar(name, told, total) if total else f"{name} …")

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

    def stage(self, name: str, done: int, left: Callable[[], int] | None = None) -> None:
        """Write a line now and then where it is known how much is left; the summary has the other counts."""
        with self.lock:
            known = name in self.totals
            told, total = self.count(name, done, left)
            if total and self.due(name, PAUSE["line"]) and known:
                self.stream.write(f"{name}: {told:,} of {total:,}\n")
                self.stream.flush()

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
