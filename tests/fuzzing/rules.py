"""The fuzz run: mutated rule files, each read, checked and, where it passes, run, laid out anew and exported.

A crash is any exception but the one for a file that is no UTF-8 text; a hang is a file that takes longer than the
limit. Such a file is made as small as is quick, and kept under the folder named with --keep.

    python tests/fuzzing/rules.py --files 1000000 --seed 1
    python tests/fuzzing/rules.py --seed 1 --first 1712 --files 1
    python tests/fuzzing/rules.py --again tests/fuzzing/found
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import multiprocessing
import random
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

HERE = Path(__file__).parent
TRIES = 300
"""Smaller files that are tried when one has failed."""


def module(file: Path) -> Any:
    """A module beside this one, however this one was started."""
    full = f"opshub_fuzzing_{file.stem}"
    if full not in sys.modules:
        spec = importlib.util.spec_from_file_location(full, file)
        assert spec is not None and spec.loader is not None
        sys.modules[full] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[full])
    return sys.modules[full]


@dataclass
class Told:
    """What came of some files: how far they came, what was found in them, and how each crash looked."""

    ways: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    failed: dict[str, list[int]] = field(default_factory=dict)
    longest: tuple[float, int] = (0.0, -1)

    def see(self, number: int, way: str, codes: tuple[str, ...], seconds: float) -> None:
        """Count one file."""
        sort = way.partition(":")[0]
        self.ways[sort] += 1
        self.codes.update(set(codes))
        self.longest = max(self.longest, (seconds, number))
        if sort in ("crash", "hang"):
            self.failed.setdefault(way, []).append(number)

    def add(self, other: Told) -> None:
        """Count what another has."""
        self.ways += other.ways
        self.codes += other.codes
        for where, numbers in other.failed.items():
            self.failed.setdefault(where, []).extend(numbers)
        self.longest = max(self.longest, other.longest)


def failure(trial: Any, data: bytes, number: int) -> tuple[str, tuple[str, ...]]:
    """How far a file came, or where its crash happened, and the codes found in it."""
    try:
        way, codes = trial.of(data, random.Random(number))
        return way, codes
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return f"crash: {type(error).__name__} in {Path(last.filename).name}:{last.lineno}", ()


def smaller(trial: Any, data: bytes, number: int, where: str) -> bytes:
    """A file that fails in the same way, cut down while that takes few tries."""
    size, tries = max(1, len(data) // 2), 0
    while size and tries < TRIES:
        at = 0
        while at < len(data) and tries < TRIES:
            tries += 1
            shorter = data[:at] + data[at + size :]
            if failure(trial, shorter, number)[0] == where:
                data = shorter
            else:
                at += size
        size //= 2
    return data


def kept(folder: Path, data: bytes) -> None:
    """Write a file that failed under a name that its content gives."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{hashlib.sha256(data).hexdigest()[:8]}.rules").write_bytes(data)


def work(settings: argparse.Namespace, share: Share, clock: Any, answers: Any) -> None:
    """Try the files of a share and answer for every thousand; the clock has the file's number and when it began."""
    mutation, trial = module(HERE / "mutation.py"), module(settings.trial).Trial()
    told, known = Told(), set[str]()
    for number in range(share.first, share.last):
        if number not in share.skipped:
            clock[0], clock[1] = number, time.monotonic()
            data = mutation.made(settings.seed, number)
            way, codes = failure(trial, data, number)
            told.see(number, way, codes, time.monotonic() - clock[1])
            clock[1] = 0.0  # not watched: making a file smaller takes its time
            if way.startswith("crash") and way not in known:
                known.add(way)
                kept(settings.keep, smaller(trial, data, number, way))
        if number % 1000 == 999 or number == share.last - 1:
            answers.put((share.number, number + 1, told))
            told = Told()


@dataclass
class Share:
    """The files of one process; those that hung, or ended the process, are not tried again."""

    number: int
    first: int
    last: int
    skipped: frozenset[int] = frozenset()


class Run:
    """Processes that try shares of the files, each watched by this one."""

    def __init__(self, settings: argparse.Namespace) -> None:
        self.told = Told()
        self._settings = settings
        self._answers: Any = multiprocessing.SimpleQueue()
        first, size = settings.first, -(-settings.files // settings.jobs)
        ends = [min(first + size * (n + 1), first + settings.files) for n in range(settings.jobs)]
        self._shares = [Share(n, first + size * n, end) for n, end in enumerate(ends)]
        self._clocks = [multiprocessing.Array("d", 2, lock=False) for _ in self._shares]
        self._processes = [self._started(share) for share in self._shares]

    def run(self) -> Told:
        """Wait until all is tried, or the time is over."""
        begun = shown = time.monotonic()
        while any(share.first < share.last for share in self._shares):
            time.sleep(0.05)
            self._listen()
            for share in self._shares:
                self._watch(share)
            now = time.monotonic()
            if now - shown > 30:
                shown = now
                say(f"{summary(self.told)}; {now - begun:.0f} s", sys.stderr)
            if now - begun > self._settings.minutes * 60:
                break
        for process in self._processes:
            process.kill()
            process.join()
        return self.told

    def _started(self, share: Share) -> Any:
        clock = self._clocks[share.number]
        clock[1] = 0.0
        arguments = (self._settings, share, clock, self._answers)
        process = multiprocessing.Process(target=work, args=arguments, daemon=True)
        process.start()
        return process

    def _listen(self) -> None:
        while not self._answers.empty():
            number, done, told = self._answers.get()
            self._shares[number].first = done
            self.told.add(told)

    def _watch(self, share: Share) -> None:
        """End a process that hangs, and go on behind the file that it hung on."""
        process, (number, begun) = self._processes[share.number], list(self._clocks[share.number])
        hangs = begun > 0 and time.monotonic() - begun > self._settings.limit
        if not hangs and (process.is_alive() or share.first == share.last):
            return
        self._listen()
        if not hangs and share.first == share.last:
            return
        process.kill()
        process.join()
        way = (
            f"hang: over {self._settings.limit:g} s"
            if hangs
            else f"crash: the process ended ({process.exitcode})"
        )
        kept(self._settings.keep, module(HERE / "mutation.py").made(self._settings.seed, int(number)))
        self.told.see(int(number), way, (), 0.0)
        share.skipped |= {int(number)}
        self._processes[share.number] = self._started(share)


def say(text: str, stream: TextIO = sys.stdout) -> None:
    """Print a line at once."""
    stream.write(f"{text}\n")
    stream.flush()


def summary(told: Told) -> str:
    """One line on what came of the files."""
    total, (seconds, slowest) = told.ways.total(), told.longest
    ways = ", ".join(
        f"{told.ways[way]:,} {way}" for way in ("unreadable", "refused", "passed", "crash", "hang")
    )
    return f"{total:,} files: {ways}; {len(told.codes)} codes; longest {seconds:.2f} s (file {slowest})"


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first file")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument(
        "--minutes", type=float, default=float("inf"), help="end after that time, done or not"
    )
    parser.add_argument("--limit", type=float, default=30.0, help="seconds after which a file hangs")
    parser.add_argument("--keep", type=Path, default=HERE / "found", help="folder for files that failed")
    parser.add_argument("--again", type=Path, help="try the files of a folder, and nothing else")
    parser.add_argument("--trial", type=Path, default=HERE / "trial.py", help="what each file goes through")
    return parser.parse_args()


def again(settings: argparse.Namespace) -> Told:
    """Try files that once failed."""
    trial, told = module(settings.trial).Trial(), Told()
    for file in sorted(settings.again.glob("*.rules")):
        for number in range(20):  # what is tried with a file goes by its number
            way, codes = failure(trial, file.read_bytes(), number)
            told.see(number, f"{way}, {file.name}" if way.startswith("crash") else way, codes, 0.0)
    return told


def main() -> int:
    """Run, tell, and answer 1 where anything failed."""
    settings = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that its processes end with it
    begun = time.monotonic()
    told = again(settings) if settings.again else Run(settings).run()
    say(f"{summary(told)}; {time.monotonic() - begun:.0f} s")
    for where, numbers in sorted(told.failed.items()):
        say(f"{where}: {len(numbers)}, first {numbers[0]}")
    return 1 if told.failed else 0


if __name__ == "__main__":
    sys.exit(main())
