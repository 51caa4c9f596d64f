"""One side of the comparison as a process: ``side.py NAME IDEAS texts|bare`` prints what it and opshub cost."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from by_hand import answer, conclude, plain, prefiltered
from engines import ENGINES, context
from ideas import NOW, Answer, Idea, digest, make

HERE = Path(__file__).parent


def opshub() -> tuple[Callable[[Idea], Answer], Callable[[Idea], Any]]:
    """Decides, and decides with traces for an explanation."""
    from opshub.language import Field, Kind, Schema, Source, check

    def field(name: str, kind: Kind = Kind.TEXT, optional: bool = True) -> Field:
        return Field(name, kind, "", optional)

    number, time_ = Kind.NUMBER, Kind.TIME
    idea = ("idea.impact", "idea.confidence", "idea.effort")
    schema = Schema(
        idea=(
            *(field(name, number, False) for name in idea),
            field("idea.status"),
            field("idea.tags", Kind.TEXTS, False),
            field("idea.voices", number, False),
        ),
        feedback=(
            field("feedback.text", optional=False),
            field("feedback.kind", optional=False),
            field("feedback.created", time_, False),
            field("feedback.rating", number),
            field("feedback.language"),
            field("account.plan"),
            field("account.id"),
            field("author.id"),
            field("account.arr", number),
        ),
        destinations={"jira": None},
    )
    rules = check([Source("bench.rules", (HERE / "bench.rules").read_text(encoding="utf-8"))], schema).rules
    assert rules is not None

    def outcome(it: Idea) -> Any:
        return rules.decide((*it[:5], len(it.voices)), it.voices, NOW)

    def decide(it: Idea) -> Answer:
        found = outcome(it)
        return Answer(found.scores["priority"], found.band, found.tags, found.route)

    return decide, lambda it: outcome(it).explain()


ROUNDS = 5
SPAN = 0.3
"""CPU seconds that a side works in each round, at least."""


def measured(
    sides: Sequence[Callable[[Any], Any]], items: Sequence[list[Any]]
) -> tuple[list[float], list[Any]]:
    """CPU seconds of each over its own items, the medians of rounds in turns, and what each gave.

    A quick side goes over its items again and again, so that no side is measured over a moment only.
    """
    costs: list[list[float]] = [[] for _ in sides]
    given = [[side(item) for item in mine] for side, mine in zip(sides, items, strict=True)]
    gc.freeze()
    gc.disable()
    for _ in range(ROUNDS):
        for number, side in enumerate(sides):
            begun, turns = time.process_time(), 0
            while not turns or time.process_time() - begun < SPAN:
                for item in items[number]:
                    side(item)
                turns += 1
            costs[number].append((time.process_time() - begun) / turns)
    return list(map(median, costs)), given


def main(name: str, count: int, texts: bool) -> None:
    """Measure opshub and the side beside it, in turns, in this one process."""
    ideas = list(make(count, texts=texts))
    decide, explain = opshub()
    result: dict[str, Any]
    if name in ENGINES:
        judge, look = ENGINES[name][1](), prefiltered()
        contexts = [context(idea, look) for idea in ideas]
        (cost, ours), (held, answers) = measured([judge, decide], [contexts, ideas])
        theirs = [conclude(i, int(c["reach"]), h) for i, c, h in zip(ideas, contexts, held, strict=True)]
        result = {"cost": cost, "ours": ours, "same": digest(theirs) == digest(answers)}
    else:
        hand = [lambda it, look=look: answer(it, look) for look in (plain(), prefiltered())]
        (ours, told, slow, quick), (answers, *_) = measured([decide, explain, *hand], [ideas] * 4)
        same = all(digest(map(side, ideas)) == digest(answers) for side in hand)
        result = {"ours": ours, "explained": told, "plain": slow, "prefiltered": quick, "same": same}
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == "texts")
