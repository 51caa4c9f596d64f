"""Makes the weights of the shipped scorer from the ``dev`` parts of labelled streams: the same input, the same weights.

    python benchmarks/matching/train.py FOLDER           tell what each form learns, and how well it orders `test`
    python benchmarks/matching/train.py FOLDER --write   write src/opshub/matching/weights.py too

Each item that has an earlier one of its topic is compared with the pool that the hub finds for it; a logistic
regression learns which of the pool have its topic. Every set counts the same. Needs numpy and scipy.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hub import Hub
from sets import Item, files, read

from opshub.matching import piece_of
from opshub.matching.fulltext import compared
from opshub.matching.pairs import Pair, form
from opshub.matching.retrieval import Retrieval

SETS = ("banking77", "openoffice", "hadoop", "lcqmc_zh", "bq_zh")
TARGET = Path(__file__).parents[2] / "src" / "opshub" / "matching" / "weights.py"
UNUSED = {"cjk": {"title", "trigrams"}, "plain": {"title", "characters"}, "titled": {"characters"}}
"""Features that say nothing about texts of a form."""

PARTLY = {"bq_zh": 0.3}
"""What a set counts that marks only a part of what belongs together."""

HELD_BACK = {"plain": 0.75}
"""What is taken off the constant of a form, so that of 100 first ideas with a likeness of 0.9 about 95 are right."""

FREE = 100.0
STEPS = {"maxiter": 5000, "ftol": 1e-12}

HEAD = '''"""Weights of the scorer, made by ``benchmarks/matching/train.py``: a constant, then one for each feature."""

from __future__ import annotations

__all__ = ["WEIGHTS"]

WEIGHTS: dict[str, tuple[float, ...]] = {
'''


class Example(NamedTuple):
    """One item of a set that was compared with one that was found for it."""

    item: int
    form: str
    features: Pair
    same: bool


def examples(items: Sequence[Item]) -> Iterator[list[Example]]:
    """For each item that has an earlier one of its topic, all that it was compared with."""
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(Path(folder))
        seen: set[str] = set()
        for at, item in enumerate(items):
            if item.cluster in seen:
                feedback = hub.feedback(item)
                own = piece_of(feedback)
                retrieval = Retrieval.begin(own, hub.store)
                found = compared(retrieval, retrieval.pool(feedback.ref))
                yield [
                    Example(at, form(own, it.piece), pair, items[it.idea - 1].cluster == item.cluster)
                    for it, pair in found
                ]
            seen.add(item.cluster)
            hub.add(item)


def learn(rows: Sequence[tuple[Example, float]], unused: set[str]) -> list[float]:
    """The constant and the weights for examples that each count so much.

    No weight is below 0, so that nothing in common ever makes two texts less alike; on `dev` that also orders better.
    """
    import numpy
    from scipy.optimize import minimize

    used = [at for at, name in enumerate(Pair._fields) if name not in unused]
    given = numpy.array([[1.0, *(example.features[at] for at in used)] for example, _ in rows])
    same = numpy.array([float(example.same) for example, _ in rows])
    counts = numpy.array([count for _, count in rows])
    counts *= len(rows) / counts.sum()

    def loss(weights: Any) -> tuple[float, Any]:
        found = given @ weights
        slope = given.T @ (counts * (1 / (1 + numpy.exp(-found)) - same))
        slope[1:] += weights[1:] / FREE
        least = (counts * (numpy.logaddexp(0, found) - same * found)).sum()
        return float(least + weights[1:] @ weights[1:] / FREE / 2), slope

    bounds = [(None, None), *[(0, None)] * len(used)]
    told = minimize(loss, numpy.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds, options=STEPS)
    weights = dict(zip(used, told.x[1:], strict=True))
    return [float(told.x[0]), *(float(weights.get(at, 0.0)) for at in range(len(Pair._fields)))]


def order(found: Sequence[Sequence[Example]], weights: dict[str, list[float]]) -> list[float]:
    """The shares of items for which the best one and the best five of the pool hold one of the same topic."""

    def score(example: Example) -> float:
        constant, *rest = weights[example.form]
        return constant + sum(a * b for a, b in zip(rest, example.features, strict=True))

    hits = dict.fromkeys((1, 5, 40), 0)
    for pool in found:
        best = sorted(pool, key=score, reverse=True)
        for most in hits:
            hits[most] += any(example.same for example in best[:most])
    return [hit / max(1, len(found)) for hit in hits.values()]


def main() -> None:
    """Learn from `dev`, look at `test`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", nargs="+", default=SETS, metavar="SET")
    told = parser.parse_args()
    there = files(told.folder)
    dev = {name: list(examples(read(there[name], "dev"))) for name in told.only}
    rows = [
        (example, PARTLY.get(name, 1) / len(found))
        for name, found in dev.items()
        for pool in found
        for example in pool
    ]
    weights = {
        kind: learn([row for row in rows if row[0].form == kind], unused) for kind, unused in UNUSED.items()
    }
    for kind, less in HELD_BACK.items():
        weights[kind][0] -= less
    told_weights = {kind: tuple(round(value, 3) for value in values) for kind, values in weights.items()}
    lines = [f'    "{kind}": {values},\n' for kind, values in sorted(told_weights.items())]
    print(Pair._fields, *lines, sep="\n")
    if told.write:
        TARGET.write_text(HEAD + "".join(lines) + "}\n", encoding="utf-8")
    for name in told.only:
        print(f"{name:<12} dev  " + " ".join(f"{share:.4f}" for share in order(dev[name], weights)))
        test = list(examples(read(there[name], "test")))
        print(f"{name:<12} test " + " ".join(f"{share:.4f}" for share in order(test, weights)), flush=True)


if __name__ == "__main__":
    main()
