"""Rules over a stored hub: ``stored.py IDEAS STORED`` prints what deciding and trying other rules cost.

``decide``: so many ideas out of an SQLite store whose texts were searched before, beside Python by hand over the same
ideas in memory. ``simulate``: other rule files tried over a larger store, beside reading its rows once. ``check``: the
rule file read, checked and compiled in a warm process.
"""

from __future__ import annotations

import gc
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from by_hand import answer, plain
from ideas import NOW, Answer, digest, make

from opshub.clock import FrozenClock
from opshub.engine.connection import Limits
from opshub.engine.declared import Declared
from opshub.engine.facts import Reader, schema
from opshub.engine.score import score, seen
from opshub.engine.simulate import simulate
from opshub.engine.texts import Texts, enroll, looked_for
from opshub.engine.trial import Trial
from opshub.engine.work import Work
from opshub.language import RuleSet, Source, check
from opshub.model import Account, Feedback, Idea, Link, LinkMaker, Person, Rating, Ref, TrackedItem
from opshub.store import Store, open_store

BATCH = 500
BORN = NOW - timedelta(days=300)
OWN = ("impact", "confidence", "effort")
DECLARED = tuple(Declared(name=f"idea.fields.{name}", type="number", keys={"jira": name}) for name in OWN)
TEXT = (Path(__file__).parent / "bench.rules").read_text(encoding="utf-8")


def rules(change: Callable[[str], str] = str) -> RuleSet:
    """The rules of the benchmark over the hub's own fields, changed."""
    text = change(TEXT)
    for name in OWN:
        text = text.replace(f"idea.{name}", f"idea.fields.{name}")
    known = schema([], declared=DECLARED)
    found = check([Source("bench.rules", text)], type(known)(known.idea, known.feedback, {"jira": None}))
    assert found.rules is not None, found.diagnostics
    return found.rules


def fill(store: Store, count: int) -> None:
    """Put ideas with a tracked item each, their feedback, and what stands in its texts."""
    ideas, numbers = make(count), 0
    while group := list(islice(ideas, BATCH)):
        names = range(numbers + 1, numbers + len(group) + 1)
        numbers += len(group)
        voices = [list(_voices(n, idea)) for n, idea in zip(names, group, strict=True)]
        items = [_item(n, idea) for n, idea in zip(names, group, strict=True)]
        with store.transaction():
            store.put_feedback([voice for group in voices for voice in group])
            store.put_ideas(
                [
                    Idea(number=n, title=f"idea {n}", created_at=BORN, item=items[i].ref)
                    for i, n in enumerate(names)
                ]
            )
            store.put_items(items)
            store.bind_items([(item.ref, n) for n, item in zip(names, items, strict=True)])
            links = zip(names, voices, strict=True)
            store.put_links(
                [Link(feedback=v.ref, idea=n, maker=LinkMaker.SAME, reason="") for n, g in links for v in g]
            )
    with store.transaction():
        enroll(store, rules())


def _voices(number: int, idea: Any) -> Iterator[Feedback]:
    for place, v in enumerate(idea.voices):
        yield Feedback(
            ref=Ref("desk", f"{number}-{place}"),
            url=f"https://desk.test/{number}/{place}",
            text=v.text,
            created_at=v.created,
            kind=v.kind,
            language=v.language,
            rating=None if v.rating is None else Rating(v.rating, 0, 1, "share"),
            author=Person(id=v.author, name="Somebody"),
            account=Account(id=v.account, name="Acme", plan=v.plan, arr=v.arr),
        )


def _item(number: int, idea: Any) -> TrackedItem:
    return TrackedItem(
        ref=Ref("jira", str(number)),
        key=f"FEED-{number}",
        url=f"https://jira.test/{number}",
        title=f"idea {number}",
        created_at=BORN,
        status=idea.status,
        tags=idea.tags,
        kind="Idea",
        fields={name: getattr(idea, name) for name in OWN},
    )


def rows(store: Store, found: RuleSet, *, keeping: bool = False) -> Iterator[Any]:
    """Every idea with the rows of its feedback, as rules are given them."""
    texts = Texts(store, looked_for(found), keeping=keeping)
    reader, mark = Reader(found.reads, DECLARED, texts), 0
    while batch := store.ideas_after(mark, BATCH):
        mark = batch[-1][0]
        yield from seen(store, reader, [number for _, number in batch])
        if keeping:
            with store.transaction():
                texts.keep()


def settle(store: Store, found: RuleSet) -> None:
    """Decide every idea as a sync does, and keep what it keeps."""
    clock = FrozenClock(NOW)
    lease = store.acquire("rules", "benchmark", timedelta(days=1), NOW)
    assert lease is not None
    work = Work(store, [], found, clock, Limits(), lease, declared=DECLARED)
    while score(work):
        pass
    store.release(lease)


def decided(store: Store, found: RuleSet) -> list[Answer]:
    """What rules say of every idea in the store."""
    outcomes = (found.decide(one.values, one.rows, NOW) for one in rows(store, found))
    return [Answer(o.scores["priority"], o.band, o.tags, o.route) for o in outcomes]


def timed(sides: dict[str, Callable[[], Any]], rounds: int) -> dict[str, float]:
    """The median CPU seconds of each side, in turns, with the garbage collector at rest."""
    costs: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            gc.collect()
            gc.disable()
            begun = time.process_time()
            side()
            costs[name].append(time.process_time() - begun)
            gc.enable()
    return {name: median(cost) for name, cost in costs.items()}


def from_store(folder: Path, count: int) -> dict[str, Any]:
    """Deciding out of the store beside Python by hand in memory."""
    store, found = open_store(folder / "small.db", clock=FrozenClock(NOW)), rules()
    fill(store, count)
    for _ in rows(store, found, keeping=True):
        pass
    ideas, look = list(make(count)), plain()
    gc.freeze()
    same = digest(answer(idea, look) for idea in ideas) == digest(decided(store, found))
    sides: dict[str, Callable[[], Any]] = {
        "stored": lambda: decided(store, found),
        "plain": lambda: [answer(idea, look) for idea in ideas],
    }
    costs = timed(sides, 5)
    store.close()
    return {**costs, "count": count, "same": same}


TRIALS: dict[str, Callable[[str], str]] = {
    "number": lambda text: text.replace("revenue > 500000", "revenue > 900000"),
    "word": lambda text: text.replace('"refund", ', '"refund", "refunds", '),
}
"""What is changed in the rule file: a number; a word, for which every text is searched again."""


def trials(folder: Path, count: int) -> dict[str, Any]:
    """Other rules tried over a store, beside reading what they need once."""
    store, current = open_store(folder / "large.db", clock=FrozenClock(NOW)), rules()
    fill(store, count)
    settle(store, current)
    told: dict[str, int] = {}

    def tried(name: str) -> None:
        trial = Trial(current=current, new=rules(TRIALS[name]), now=NOW, declared=DECLARED)
        told[name] = simulate(store, [], trial).changed

    sides: dict[str, Callable[[], Any]] = {"rows": lambda: sum(1 for _ in rows(store, current))}
    for name in TRIALS:
        sides[name] = lambda name=name: tried(name)  # type: ignore[misc]  # a default binds the name
    costs = timed(sides, 3)
    store.close()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**costs, "count": count, "changed": told, "memory": memory}


def compiled() -> dict[str, float]:
    """Reading, checking and compiling the rule file: the first time in a process, and later ones."""
    begun = time.process_time()
    rules()
    first = time.process_time() - begun
    return {"first": first, **timed({"check": rules}, 31)}


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    checked = compiled()
    with tempfile.TemporaryDirectory(prefix="opshub-rules-") as folder:
        result = {
            "check": checked,
            "decide": from_store(Path(folder), int(arguments[0])),
            "simulate": trials(Path(folder), int(arguments[1])),
        }
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
