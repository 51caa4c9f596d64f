"""Makes the weights of the shipped scorer from the ``dev`` parts of labelled streams: the same input, the same weights.

    python benchmarks/matching/train.py FOLDER           tell what each form learns, and how well it orders `test`
    python benchmarks/matching/train.py FOLDER --write   write src/opshub/matching/weights.py too
    python benchmarks/matching/train.py FOLDER --encoder universal [--write]
                                                         the same with an encoder; written into meaning_weights.py
    python benchmarks/matching/train.py FOLDER --encoder minilm --only banking77 openoffice
                                                         of one that reads English alone
    python benchmarks/matching/train.py FOLDER --most 800   of each set only about so many items: quicker

By words alone each item that has an earlier one of its topic is compared with the pool that the hub finds for it; a
logistic regression learns which of the pool have its topic. With an encoder every item is, because what is like nothing
else teaches most about how near a twin lies, and what is learned first says which of each pool are nearest, so that
from then on only these are learned from; each time the order of the pools is, and then how likely each piece of them
has the topic. Needs numpy and scipy.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hub import Hub
from sets import Item, files, read

from opshub.matching import piece_of
from opshub.matching.fulltext import compared
from opshub.matching.fusion import ACROSS, fused
from opshub.matching.meaning_weights import MEANING
from opshub.matching.pairs import Pair, form
from opshub.matching.retrieval import ALONE, BESIDE, Other, Retrieval
from opshub.matching.scorer import learned
from opshub.matching.terms import COMMON

SETS = ("banking77", "openoffice", "hadoop", "lcqmc_zh", "bq_zh")
TWO_LANGUAGES = "expenses"
"""The set in which pieces of two languages have one topic: what a cosine says across languages is learned from it.

In xsid only translations have one topic, so that two that differ in the name of a song are told to be unlike.
"""

RANKED = 0.95
"""What the order of a pool counts beside an encoder, and not how near each of its pieces lies for itself: with nothing
else that one orders worse, with the order alone the likenesses fit worse. Found on `dev`."""

TARGET = Path(__file__).parents[2] / "src" / "opshub" / "matching" / "weights.py"
MEANING_TARGET = TARGET.with_name("meaning_weights.py")
NAMES = (*Pair._fields, "meaning", "reach", "crowd")
"""What is compared: the last three, the cosine of the vectors among them, are known with an encoder only."""

UNUSED = {
    "cjk": {"title", "trigrams"},
    "plain": {"title", "characters"},
    "titled": {"characters", "pairs", "trigrams"},
}
"""Features that say nothing about texts of a form, or, of long texts, nothing that is worth their time."""

PARTLY = {False: {"bq_zh": 0.3}, True: {"bq_zh": 0.1, "hadoop": 0.1}}
"""What a set counts, by words alone and with an encoder: one marks only a part of what belongs together, of the other
hardly an item has a twin."""

NEAREST = 8
"""Pieces of a pool that are learned from with an encoder, once it is known which are nearest."""

ROUNDS = 3
"""How often it is learned from these."""

HELD_BACK = {"plain": 0.75}
"""What is taken off the constant of a form, so that of 100 first ideas with a likeness of 0.9 about 95 are right."""

MEANING_HEAD = '''"""Weights of the scorer with an encoder, made by ``benchmarks/matching/train.py``."""

from __future__ import annotations

__all__ = ["MEANING"]

MEANING: dict[str, dict[str, tuple[float, ...]]] = {
'''

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
    features: Sequence[float]
    same: bool


class Pool(NamedTuple):
    """All that one item was compared with, and whether an earlier one has its topic."""

    repeated: bool
    found: list[Example]


def pools(items: Sequence[Item], encoder: str, most: int) -> Iterator[Pool]:
    """What is found for each item, by words for each with an earlier one of its topic; for about ``most`` of them."""
    every = encoder != "off"
    wanted = len(items) - (0 if every else len({item.cluster for item in items}))
    step, asked = max(1, round(wanted / most)), 0
    with tempfile.TemporaryDirectory() as folder:
        hub = Hub(Path(folder), encoder)
        seen: set[str] = set()
        for at, item in enumerate(items):
            repeated = item.cluster in seen
            asked += repeated or every
            if (repeated or every) and asked % step == 0:
                found = [
                    Example(at, kind, features, items[other.idea - 1].cluster == item.cluster)
                    for kind, features, other in judged(hub, item)
                ]
                yield Pool(repeated, found)
            seen.add(item.cluster)
            hub.add(item)


def judged(hub: Hub, item: Item) -> Iterator[tuple[str, Sequence[float], Other]]:
    """By which weights, and by what, an item is judged beside each one that is found for it."""
    feedback = hub.feedback(item)
    own = piece_of(feedback)
    retrieval = Retrieval.begin(own, hub.store)
    pool = retrieval.pool(feedback.ref, BESIDE if hub.meaning else ALONE)
    if not hub.meaning:
        for other, pair in compared(retrieval, pool):
            yield form(own, other.piece), pair, other
        return
    telling = retrieval.weights.keys() - COMMON
    pool, senses = fused(
        retrieval, feedback, [it for it in pool if not telling.isdisjoint(it.piece.often)], hub.meaning
    )
    for other, pair in compared(retrieval, pool):
        yield senses.form(own, other.piece), senses.features(other.ref, pair), other


def learn(rows: Sequence[tuple[Example, float]], unused: set[str]) -> list[float]:
    """The constant and the weights for examples that each count so much.

    By words no weight is below 0, so that nothing in common ever makes two texts less alike; on `dev` that also orders
    better. Beside a cosine some are, because what two texts share is told twice there; and what is best of a pool is
    learned first, then how likely it is.
    """
    import numpy

    width = len(rows[0][0].features)
    beside = width > len(Pair._fields)
    used = [at for at, name in enumerate(NAMES[:width]) if name not in unused]
    given = numpy.array([[1.0, *(example.features[at] for at in used)] for example, _ in rows])
    same = numpy.array([float(example.same) for example, _ in rows])
    counts = numpy.array([count for _, count in rows])
    counts *= len(rows) / counts.sum()
    pool = numpy.array([example.item for example, _ in rows])
    starts = numpy.flatnonzero(numpy.r_[True, pool[1:] != pool[:-1]])
    if not beside:
        return spread(least(given, same, counts, bounded=True), used, width)
    found = least(given, same, counts, starts=starts)
    ordered = given[:, 1:] @ found[1:]
    constant, factor = least(numpy.stack([numpy.ones_like(ordered), ordered], 1), same, counts)
    return spread([constant, *(factor * found[1:])], used, width)


def spread(found: Sequence[float], used: Sequence[int], width: int) -> list[float]:
    """The constant, and a weight for each feature: 0 for those that are not used."""
    weights = dict(zip(used, found[1:], strict=True))
    return [float(found[0]), *(float(weights.get(at, 0.0)) for at in range(width))]


def least(given: Any, same: Any, counts: Any, *, starts: Any = None, bounded: bool = False) -> Any:
    """The constant and the weights for which the examples are likeliest; with ``starts``, of each pool, its order too.

    ``bounded``: no weight is below 0.
    """
    import numpy
    from scipy.optimize import minimize

    def loss(weights: Any) -> tuple[float, Any]:
        found = given @ weights
        slope = counts * (1 / (1 + numpy.exp(-found)) - same)
        lost = (counts * (numpy.logaddexp(0, found) - same * found)).sum()
        if starts is not None:
            disorder, steps = disordered(found, same, counts, starts)
            lost, slope = (one + RANKED * (two - one) for one, two in ((lost, disorder), (slope, steps)))
        slope = given.T @ slope
        slope[1:] += weights[1:] / FREE
        return float(lost + weights[1:] @ weights[1:] / FREE / 2), slope

    bounds = [(None, None), *[(0 if bounded else None, None)] * (given.shape[1] - 1)]
    told = minimize(loss, numpy.zeros(len(bounds)), jac=True, method="L-BFGS-B", bounds=bounds, options=STEPS)
    return told.x


def disordered(found: Any, same: Any, counts: Any, starts: Any) -> tuple[float, Any]:
    """How unlikely it is that the first of each pool has the topic: each is, by the exponential of what was found.

    With the slope of that. Pools without one of the topic say nothing. A pool counts as much as one of its examples.
    """
    import numpy

    sizes = numpy.diff(numpy.r_[starts, len(found)])
    top = numpy.repeat(numpy.maximum.reduceat(found, starts), sizes)
    each = numpy.exp(found - top)
    every, right = numpy.add.reduceat(each, starts), numpy.add.reduceat(each * same, starts)
    there = right > 0
    share = numpy.where(there, right, 1.0) / every
    weight = counts[starts] * there
    slope = each / numpy.repeat(every, sizes) - each * same / numpy.repeat(
        numpy.where(there, right, 1.0), sizes
    )
    return float(-(weight * numpy.log(share)).sum()), slope * numpy.repeat(weight, sizes)


def score(example: Example, weights: Mapping[str, Sequence[float]]) -> float:
    """How likely two items have one topic, as a logit."""
    constant, *rest = weights[example.form]
    return constant + sum(a * b for a, b in zip(rest, example.features, strict=True))


def nearest(pool: Pool, weights: Mapping[str, Sequence[float]]) -> list[Example]:
    """The best of a pool first."""
    return sorted(pool.found, key=lambda it: -score(it, weights))


def order(found: Sequence[Pool], weights: Mapping[str, Sequence[float]]) -> list[float]:
    """The shares of items with an earlier one for which the best one and the best five of the pool hold such a one."""
    hits = dict.fromkeys((1, 5, 40), 0)
    repeated = [pool for pool in found if pool.repeated]
    for pool in repeated:
        best = nearest(pool, weights)
        for most in hits:
            hits[most] += any(example.same for example in best[:most])
    return [hit / max(1, len(repeated)) for hit in hits.values()]


def shipped(encoder: str) -> dict[str, Sequence[float]]:
    """What each form is judged by so far: a set may hold pairs of a form that nothing is learned about from it."""
    if encoder == "off":
        return {form: learned(form) for form in UNUSED}
    return {form: learned(form, encoder) for form in (*UNUSED, ACROSS)}


def forms(dev: Mapping[str, Sequence[Pool]], encoder: str) -> dict[str, tuple[float, ...]]:
    """The weights of each form that is met."""
    beside = encoder != "off"
    told = {name: [pool.found for pool in found] for name, found in dev.items()}
    weights = fitted(told, beside)
    for _ in range(ROUNDS if beside else 0):
        so_far = shipped(encoder) | weights
        told = {name: [nearest(pool, so_far)[:NEAREST] for pool in found] for name, found in dev.items()}
        weights = fitted(told, beside)
    for kind, less in HELD_BACK.items() if not beside else ():
        weights[kind][0] -= less
    return {kind: tuple(round(value, 3) for value in values) for kind, values in sorted(weights.items())}


def fitted(told: Mapping[str, Sequence[Sequence[Example]]], beside: bool) -> dict[str, list[float]]:
    """What each form learns from these; each set counts the same, but for those that count less."""
    kinds = UNUSED | ({ACROSS: {*Pair._fields, "reach", "crowd"}} if beside else {})
    rows: dict[str, list[tuple[Example, float]]] = {kind: [] for kind in kinds}
    for name, found in told.items():
        for kind in kinds:
            if (name == TWO_LANGUAGES) != (kind == ACROSS):
                continue
            there = [[it for it in pool if it.form == kind] for pool in found]
            count = PARTLY[beside].get(name, 1) / max(1, sum(map(bool, there)))
            rows[kind] += ((it, count) for pool in there for it in pool)
    return {kind: learn(there, kinds[kind]) for kind, there in rows.items() if there}


def write(weights: dict[str, tuple[float, ...]], encoder: str) -> None:
    """Put the weights where the hub reads them; those of other encoders stay."""
    if encoder == "off":
        lines = [f'    "{kind}": {values},\n' for kind, values in weights.items()]
        TARGET.write_text(HEAD + "".join(lines) + "}\n", encoding="utf-8")
        return
    lines = []
    for name, found in sorted({**MEANING, encoder: weights}.items()):
        told = [f'        "{kind}": {values},\n' for kind, values in sorted(found.items())]
        lines += [f'    "{name}": {{\n', *told, "    },\n"]
    MEANING_TARGET.write_text(MEANING_HEAD + "".join(lines) + "}\n", encoding="utf-8")


def main() -> None:
    """Learn from `dev`, look at `test`."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--only", nargs="+", metavar="SET")
    parser.add_argument("--encoder", default="off", metavar="NAME")
    parser.add_argument("--most", type=int, default=10**9, metavar="ITEMS")
    told = parser.parse_args()
    there = files(told.folder)
    names = told.only or [*SETS, *((TWO_LANGUAGES,) if told.encoder != "off" else ())]
    dev = {name: list(pools(read(there[name], "dev"), told.encoder, told.most)) for name in names}
    weights = forms(dev, told.encoder)
    print(NAMES, *(f"{kind}: {values}" for kind, values in weights.items()), sep="\n", flush=True)
    if told.write:
        write(weights, told.encoder)
    judging = shipped(told.encoder) | weights
    for name in names:
        print(
            f"{name:<12} dev  " + " ".join(f"{share:.4f}" for share in order(dev[name], judging)), flush=True
        )
        test = list(pools(read(there[name], "test"), told.encoder, told.most))
        print(f"{name:<12} test " + " ".join(f"{share:.4f}" for share in order(test, judging)), flush=True)


if __name__ == "__main__":
    main()
