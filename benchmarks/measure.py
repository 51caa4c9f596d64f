"""Runs commands as processes of their own and tells what they cost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

__all__ = ["Cost", "CostError", "interleaved", "run", "serving"]

HERE = Path(__file__).parent


class CostError(Exception):
    """A measured command failed; what it cost means nothing."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of time and of CPU (the process and its children), and the most memory it held, in MB."""

    wall: float
    cpu: float
    memory: float


def run(command: Sequence[str | Path], *, folder: Path, environment: Mapping[str, str] | None = None) -> Cost:
    """What a command costs from its start to its end; CostError with its output where it fails."""
    shown = folder / "output.txt"
    with shown.open("wb") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = shown.read_text(encoding="utf-8", errors="replace")[-3000:]
        raise CostError(f"{' '.join(map(str, command))} ended with {process.returncode}:\n{said}")
    unit = 2**20 if sys.platform == "darwin" else 1024
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / unit)


def interleaved(sides: Mapping[str, Callable[[], Cost]], rounds: int) -> dict[str, Cost]:
    """The median cost of each side, run in turns, so that a noisy minute hits all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            costs[name].append(side())
    return {
        name: Cost(
            median(one.wall for one in found),
            median(one.cpu for one in found),
            median(one.memory for one in found),
        )
        for name, found in costs.items()
    }


@contextmanager
def serving(pages: Path, latency: float = 0.0) -> Iterator[str]:
    """The address of a loopback desk with these pages."""
    command = [sys.executable, str(HERE / "server.py"), str(pages), "--latency", str(latency)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        finally:
            process.stdin.close()
            process.wait(10)
