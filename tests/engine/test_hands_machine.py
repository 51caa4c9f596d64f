"""Whatever people do by hand and whatever comes meanwhile: decisions hold, and undone in reverse all is as before.

Everything is done to a hub in memory and to one in SQLite, which must agree after each step.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from opshub.engine.merge import merge, split
from opshub.engine.regroup import link, unlink
from opshub.engine.rename import rename
from opshub.engine.suggest import refuse
from opshub.engine.undo import undo
from opshub.errors import NotFoundError, UsageError
from opshub.model import LinkMaker, Ref

VOICES = [str(number) for number in range(1, 7)]
KEYS = ["EXP-1", "EXP-2", "EXP-3"]
REFS = [Ref("desk", name) for name in VOICES]
ITEMS = [Ref("board", key) for key in KEYS]

voices = st.sampled_from(VOICES)
originals = st.sampled_from(["", "", *VOICES])
people = st.sampled_from(["p", "q"])
texts = st.sampled_from(["", "export", "Export ", "导出", "dark", "EXP-1", "EXP-2 dark", "EXP-3 EXP-1"])
ideas = st.integers(1, 12)

SCORE = "score priority = idea.persons\n"
BLOCKS = """
match "dark" { when text mentions ["dark"] to "EXP-2" }
match "export" { when text mentions ["export"] to idea "Exports" }
match "导出" { when text mentions ["导出"] to "IDEA-2" }
"""


def snapshot(world: Any) -> dict[str, Any]:
    """All that an action could change, but for the numbers of ideas that are used up."""
    store = world.hub.store
    return {
        "links": store.links_of(REFS),
        "bound": store.ideas_of_items(ITEMS),
        "apart": store.apart(REFS),
        "merged": store.merged(list(range(1, 60))),
        "refused": {(it.idea, it.other) for it in store.refusals()},
        "ideas": world.hub.ranked(),
    }


class Hands(RuleBasedStateMachine):
    """Feedback and items come and go; people link, unlink, merge, split, refuse, rename and undo."""

    make: Callable[[str, Path], Any]
    blocks = ""
    """The match blocks in force at first; with any, the rules change too."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.worlds = [self.make(kind, Path(self.folder.name)) for kind in ("memory", "sqlite")]
        self.numbers: list[int] = []
        """The actions in force since anything came, oldest first."""
        self.earlier: list[int] = []
        """Those from before."""
        self.begin = snapshot(self.worlds[0])

    def teardown(self) -> None:
        for world in self.worlds:
            world.hub.store.close()
        self.folder.cleanup()

    def come(self, change: Callable[[Any], Any]) -> None:
        """Something changes outside; what people linked must stay where it is."""
        for world in self.worlds:
            before = decided(world)
            change(world)
            world.hub.sync(full=True)
            assert decided(world) == before
        self.earlier += self.numbers
        self.numbers = []
        self.begin = snapshot(self.worlds[0])

    def do(self, deed: Callable[..., Any], *words: Any, **more: Any) -> bool:
        """Somebody does something; a refusal changes nothing."""
        before, told = snapshot(self.worlds[0]), []
        for world in self.worlds:
            try:
                told.append((world.act(deed, *words, **more).action.number, ""))
            except (UsageError, NotFoundError) as error:
                told.append((0, str(error)))
        assert told[0] == told[1]
        if told[0][0] == 0:
            assert snapshot(self.worlds[0]) == before
        elif deed is not undo:
            self.numbers.append(told[0][0])
        return bool(told[0][0])

    @initialize(first=st.lists(texts, min_size=len(VOICES), max_size=len(VOICES)))
    def begin_with_feedback(self, first: list[str]) -> None:
        def add(world: Any) -> None:
            for name, text in zip(VOICES, first, strict=True):
                world.desk.add(name, text, who=name)
            world.board.add(KEYS[0], "One", prio="P9", labels=[])

        self.come(add)

    @rule(name=voices, text=texts, original=originals, who=people)
    def feedback(self, name: str, text: str, original: str, who: str) -> None:
        self.come(lambda world: world.desk.add(name, text, duplicate_of=original, who=who, account=who))

    @rule(name=voices)
    def gone(self, name: str) -> None:
        self.come(lambda world: world.desk.add(name, "x", deleted=True))

    @rule(key=st.sampled_from(KEYS), title=st.sampled_from(["One", "Two"]), idea=st.just(0) | ideas)
    def item(self, key: str, title: str, idea: int) -> None:
        def add(world: Any) -> None:
            there = world.board.items.get(key)
            row = world.board.add(key, title, prio="P9", labels=[])
            row["marker"] = there["marker"] if there else f"IDEA-{idea}" if idea else ""

        self.come(add)

    @rule(blocks=st.sampled_from(["", BLOCKS, BLOCKS[: BLOCKS.index("match", 9)]]))
    def other_blocks(self, blocks: str) -> None:
        if self.blocks:
            self.come(lambda world: world.use(SCORE + blocks))

    @rule(data=st.data())
    def link(self, data: st.DataObject) -> None:
        self.do(link, f"desk:{self.a_voice(data)}", f"IDEA-{self.an_idea(data)}")

    @rule(data=st.data())
    def unlink(self, data: st.DataObject) -> None:
        self.do(unlink, f"desk:{self.a_voice(data)}")

    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        one = self.an_idea(data)
        if self.do(merge, f"IDEA-{one}", f"IDEA-{self.an_idea(data)}"):
            for world in self.worlds:
                assert world.hub.show(f"IDEA-{one}").merged is not None

    @rule(data=st.data())
    def split(self, data: st.DataObject) -> None:
        idea = self.an_idea(data)
        mine = [piece.ref.id for _, piece in self.worlds[0].hub.store.voices([idea])] or VOICES
        names = data.draw(st.lists(st.sampled_from(mine), min_size=1, max_size=3))
        self.do(split, f"IDEA-{idea}", [f"desk:{name}" for name in names])

    @rule(data=st.data(), two=st.booleans())
    def refuse(self, data: st.DataObject, two: bool) -> None:
        self.do(refuse, [f"IDEA-{self.an_idea(data)}" for _ in range(1 + two)])

    @rule(data=st.data(), title=st.sampled_from(["", "One", "Three"]))
    def rename(self, data: st.DataObject, title: str) -> None:
        piece = "" if title else f"desk:{self.a_voice(data)}"
        self.do(rename, f"IDEA-{self.an_idea(data)}", title=title, piece=piece)

    def a_voice(self, data: st.DataObject) -> str:
        there = [ref.id for ref in REFS if self.worlds[0].hub.store.feedback(ref) is not None]
        return data.draw(st.sampled_from(there or VOICES))

    def an_idea(self, data: st.DataObject) -> int:
        """Mostly one that somebody speaks for; at times one that was merged away, is empty, or is not there."""
        known: list[int] = sorted(self.worlds[0].voices())
        return data.draw(st.sampled_from([*known * 3, 1, 5, 9]))

    @precondition(lambda self: self.numbers)
    @rule()
    def undo_the_last(self) -> None:
        assert self.do(undo, str(self.numbers.pop()))

    @precondition(lambda self: self.numbers or self.earlier)
    @rule(data=st.data())
    def undo_any(self, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from([*self.earlier, *self.numbers]))
        if self.do(undo, str(number)):
            if number in self.numbers:
                self.numbers.remove(number)
            else:
                # What is undone behind the back of later actions leaves them a start of their own.
                self.earlier.remove(number)
                self.earlier += self.numbers
                self.numbers, self.begin = [], snapshot(self.worlds[0])

    @precondition(lambda self: self.numbers)
    @rule()
    def undone_in_reverse_all_is_as_at_the_start(self) -> None:
        while self.numbers:
            assert self.do(undo, str(self.numbers.pop()))
        assert snapshot(self.worlds[0]) == self.begin

    @precondition(lambda self: self.numbers or self.earlier)
    @rule()
    def with_everything_undone_nothing_of_people_is_left(self) -> None:
        for number in sorted([*self.earlier, *self.numbers], reverse=True):
            assert self.do(undo, str(number))
        self.earlier, self.numbers = [], []
        self.begin = snapshot(self.worlds[0])
        assert decided(self.worlds[0]) == {}
        assert self.begin["apart"] == self.begin["merged"] == {}

    @invariant()
    def both_agree(self) -> None:
        assert snapshot(self.worlds[0]) == snapshot(self.worlds[1])

    @invariant()
    def nothing_is_where_a_person_said_that_it_does_not_belong(self) -> None:
        store = self.worlds[0].hub.store
        apart = store.apart(REFS)
        assert [ref for ref, it in store.links_of(REFS).items() if it.idea in apart.get(ref, ())] == []

    @invariant()
    def merged_ideas_hold_nothing(self) -> None:
        world = self.worlds[0]
        store = world.hub.store
        for number in store.merged(list(range(1, 60))):
            assert (store.links_to(number), store.bound_to(number)) == ([], [])
            assert number not in world.voices()

    @invariant()
    def every_voice_and_every_voter_counts_once(self) -> None:
        world = self.worlds[0]
        store = world.hub.store
        living = [ref for ref, it in store.links_of(REFS).items() if store.feedback(ref) is not None]
        assert sum(world.voices().values()) == len(living)
        for number, group in world.voices().items():
            mine = [piece for _, piece in store.voices([number])]
            assert len({piece.ref for piece in mine}) == len(mine) == group
            scores = store.decisions([number])[number].scores
            assert scores["priority"] == len({piece.author.id for piece in mine if piece.author})


def decided(world: Any) -> dict[Ref, int]:
    """Where people put feedback."""
    links = world.hub.store.links_of(REFS)
    return {ref: it.idea for ref, it in links.items() if it.maker is LinkMaker.PERSON}


@pytest.mark.parametrize("blocks", ["", BLOCKS], ids=["without", "with"])
def test_people_s_decisions_hold_and_can_be_undone(empty: Path, blocks: str) -> None:
    from tests.engine.conftest import World

    def make(kind: str, folder: Path) -> Any:
        world = World(None, None) if kind == "memory" else World(folder, empty)
        world.use(SCORE + blocks)
        world.desk.size = 100
        return world

    machine = type("HandsOfPeople", (Hands,), {"make": staticmethod(make), "blocks": blocks})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )
