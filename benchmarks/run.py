"""Measures opshub against the least that a load can cost and against other tools, and prints ratios with their goals.

    python benchmarks/run.py                     everything, about half an hour
    python benchmarks/run.py --only load memory  some of it
    python benchmarks/run.py --tickets 5000      a quick look

Every side runs as a process of its own, against a loopback server in another process; sides take turns, and the
figures are medians. Read the ratios: seconds depend on the machine and on what else it does.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from measure import HERE, Cost, interleaved, run, serving
from server import make_pages
from sides import Hub, Rivals, downloading, floor, installed, libraries

SEED = 7
LATENCY = 0.1
SMALL = 2000


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    name: str
    value: float
    goal: float | None = None
    at_least: bool = False
    unit: str = "×"

    def __str__(self) -> str:
        if self.goal is None:
            return f"{self.name:<66}{self.value:>9.2f} {self.unit}"
        holds = self.value >= self.goal if self.at_least else self.value <= self.goal
        sign = "≥" if self.at_least else "≤"
        return f"{self.name:<66}{self.value:>9.2f} {self.unit:<3}{sign} {self.goal:<6g}{'holds' if holds else 'MISSED'}"


@dataclass(frozen=True, slots=True)
class Bench:
    """What the command was told."""

    tickets: int
    rounds: int
    large: bool
    cache: Path
    folder: Path
    python: Path
    """Of the environment that opshub is installed in."""

    def pages(self, count: int) -> Path:
        """A desk's pages, as files."""
        return make_pages(self.cache, count, seed=SEED, today=datetime.now(UTC))

    def load(self) -> Iterator[Figure]:
        """The whole first sync against the floor, and what the first search then costs."""
        with serving(self.pages(self.tickets)) as url:
            hub = Hub(self.python, url, self.folder / "hub")
            costs = interleaved(
                {
                    "floor": lambda: floor(self.python, url, self.folder / "floor"),
                    "hub, until normalize": hub.only_load,
                    "hub": hub.load,
                },
                self.rounds,
            )
            least = libraries(self.python, url, self.folder / "libraries", self.folder / "hub")
            likeness = hub.command("ideas", "show", "1")
        yield from _costs(costs)
        yield Figure("load: CPU against the floor", costs["hub"].cpu / costs["floor"].cpu, 2.5)
        yield Figure("load: time against the floor", costs["hub"].wall / costs["floor"].wall, 2.5)
        alone = costs["hub, until normalize"]
        yield Figure("load alone, nothing decided: CPU against the floor", alone.cpu / costs["floor"].cpu)
        yield Figure("what libraries take of it, their start left out: CPU", least, unit="s")
        yield Figure("what libraries take of it: CPU against the floor", least / costs["floor"].cpu)
        yield Figure("first `ideas show` after it, which indexes all texts: CPU", likeness.cpu, unit="s")

    def rivals(self) -> Iterator[Figure]:
        """The same load by other tools."""
        with serving(self.pages(self.tickets)) as url:
            others = Rivals(self.cache, url, self.folder)
            hub = Hub(self.python, url, self.folder / "hub")
            sides = {"hub": hub.load, "hub, until normalize": hub.only_load}
            sides |= {name: load for name, (load, _) in others.sides.items()}
            costs = interleaved(sides, self.rounds)
            hub.load()
            least = libraries(self.python, url, self.folder / "libraries", self.folder / "hub")
        yield from _costs(costs)
        for name in others.sides:
            yield Figure(
                f"CPU of {name} against what libraries take of our whole sync", costs[name].cpu / least
            )
        for what, ours in (("whole sync", costs["hub"]), ("load alone", costs["hub, until normalize"])):
            for name in others.sides:
                cpu, time = costs[name].cpu / ours.cpu, costs[name].wall / ours.wall
                yield Figure(f"CPU of {name} against our {what}", cpu, 8, at_least=True)
                yield Figure(f"time of {name} against our {what}", time, 8, at_least=True)

    def unchanged(self) -> Iterator[Figure]:
        """A sync that finds nothing new."""
        with serving(self.pages(SMALL)) as url:
            hub, others = Hub(self.python, url, self.folder / "hub"), Rivals(self.cache, url, self.folder)
            hub.load()
            hub.again()
            sides: dict[str, Callable[[], Cost]] = {"hub": hub.again}
            for name, (load, again) in others.sides.items():
                load()
                sides[name] = again
            costs = interleaved(sides, max(self.rounds, 5))
        yield from _costs(costs)
        for name in others.sides:
            yield Figure(f"nothing changed: CPU against {name}", costs["hub"].cpu / costs[name].cpu, 0.25)

    def start(self) -> Iterator[Figure]:
        """A fresh process."""
        sides = {
            "help": lambda: run([self.python, "-m", "opshub", "--help"], folder=self.folder),
            "pass": lambda: run([self.python, "-c", "pass"], folder=self.folder),
        }
        costs = interleaved(sides, max(self.rounds, 15))
        yield Figure(
            "`opshub --help`: CPU against `python -c pass`", costs["help"].cpu / costs["pass"].cpu, 6
        )

    def latency(self) -> Iterator[Figure]:
        """A vendor that takes 100 ms for each page."""
        with serving(self.pages(self.tickets), LATENCY) as url:
            hub = Hub(self.python, url, self.folder / "hub")
            sides = {
                "downloading": lambda: downloading(self.python, url, self.folder / "floor"),
                "hub": hub.load,
            }
            costs = interleaved(sides, self.rounds)
        yield from _costs(costs)
        ratio = costs["hub"].wall / costs["downloading"].wall
        yield Figure("load with 100 ms a page: time against downloading alone", ratio, 1.15)

    def memory(self) -> Iterator[Figure]:
        """The most memory held, at growing loads."""
        held: dict[int, float] = {}
        for count in (10_000, 50_000, *((200_000,) if self.large else ())):
            with serving(self.pages(count)) as url:
                held[count] = Hub(self.python, url, self.folder / "hub").load().memory
            yield Figure(f"peak memory at {count:,} tickets", held[count], unit="MB")
        yield Figure("peak memory, the largest load against the smallest", held[count] / held[10_000], 1.2)


def _costs(costs: Mapping[str, Cost]) -> Iterator[Figure]:
    for name, cost in costs.items():
        yield Figure(f"  {name}: CPU", cost.cpu, unit="s")
        yield Figure(f"  {name}: time", cost.wall, unit="s")


def main() -> None:
    """Measure and print."""
    names = ("load", "rivals", "unchanged", "start", "latency", "memory")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--only", nargs="+", choices=names, default=names, metavar="NAME", help=", ".join(names)
    )
    parser.add_argument("--tickets", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--large", action="store_true", help="memory at 200,000 tickets too")
    parser.add_argument(
        "--cache", type=Path, default=HERE / ".cache", help="pages and the others' environments"
    )
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="opshub-bench-") as folder:
        cache = options.cache.absolute()
        bench = Bench(
            options.tickets,
            options.rounds,
            options.large,
            cache,
            Path(folder).absolute(),
            installed(cache),
        )
        for name in names:
            if name in options.only:
                for figure in getattr(bench, name)():
                    print(figure, flush=True)


if __name__ == "__main__":
    main()
