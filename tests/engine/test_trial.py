"""A preview takes what the rules in force say from the store; it must be what deciding both sides would give."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.engine.conftest import LEAVERS

from opshub.engine.declared import Declared
from opshub.engine.facts import schema
from opshub.engine.simulate import Simulation, simulate
from opshub.engine.trial import Trial
from opshub.language import Source, check
from opshub.model import Override

BASE = (
    LEAVERS
    + 'rule "Fresh" { when any feedback (created > ago(2d)) priority +5 tag "fresh" }\n'
    + 'rule "Done" { when idea.status == "P1" priority +3 tag "seen" }\n'
)
WORLD = BASE + 'signal talk = count feedback, per day\nrule "Loud" { when signal talk >= 2 priority +7 }\n'
ACROSS = BASE.replace(
    "score priority = 10 * count feedback", "score loud = count feedback\nscore priority = normalize(loud)"
)
RULES = (BASE, WORLD, ACROSS)
NEW = (
    BASE.replace("+50", "+20").replace("P1 >= 50", "P1 >= 25"),
    BASE.replace('["cancel"]', '["cancel", "dark"]').replace("ago(2d)", "ago(1d)"),
    BASE.replace('["cancel"]', '["slow", "cancel"]'),
    BASE.replace("count feedback", "count distinct persons").replace('tag "fresh"', "stop"),
    ACROSS,
)

_numbers = st.integers(1, 4)
_texts = st.sampled_from(["I cancel", "the export is slow", "dark mode", "EXP-1 please"])
_steps = st.one_of(
    st.tuples(st.just("say"), _numbers, _texts),
    st.tuples(st.just("gone"), _numbers),
    st.tuples(st.just("track"), st.sampled_from(["P1", "P2", ""])),
    st.tuples(st.just("wait"), st.sampled_from([1, 20, 30, 60])),
    st.tuples(st.just("set"), st.integers(1, 3), st.sampled_from([12, 40])),
    st.tuples(st.just("clear"), st.integers(1, 3)),
    st.tuples(st.just("rules"), st.sampled_from(RULES)),
    st.tuples(st.sampled_from(["sync", "sync", "match"])),
)


class _Forgetful:
    """A store in which no decision lasts."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def lasting(self, *_: Any) -> dict[int, Any]:
        return {}


def _done(world: Any, step: tuple[Any, ...]) -> None:
    match step:
        case ("say", number, text):
            world.desk.add(number, text, created=world.clock.now().isoformat())
        case ("gone", number):
            world.desk.add(number, "", deleted=True)
        case ("track", status):
            world.board.add("EXP-1", "Export", status=status, labels=[])
        case ("wait", hours):
            world.clock.advance(timedelta(hours=hours))
        case ("set", number, hours) if world.hub.store.idea(number):
            until = world.clock.now() + timedelta(hours=hours)
            made = {"priority": 90.0, "because": "a promise", "at": world.clock.now(), "until": until}
            world.hub.override(
                f"IDEA-{number}", Override(idea=0, tags=("big",), who="ann", day="soon", **made)
            )
        case ("clear", number) if world.hub.store.overrides([number]):
            world.hub.clear_override(f"IDEA-{number}")
        case ("rules", text):
            world.use(text)
        case ("sync" | "match" as stage,):
            world.hub.sync(full=True, until="apply" if stage == "sync" else stage)


class _Deaf:
    """A store that is not asked what stands in texts."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        assert name != "said"
        return getattr(self._store, name)


def _previewed(world: Any, store: Any, new: str, *, writes: bool = True) -> Simulation:
    trial = Trial(current=world.hub.rules, new=world.rules(new), now=world.clock.now())
    return simulate(store, world.hub.connections if writes else [], trial)


SYNC = ("sync",)
SAID = [("say", 1, "I cancel"), ("say", 2, "dark mode"), SYNC]


def _agree(world: Any, steps: list[tuple[Any, ...]]) -> None:
    world.connect("board", write={"band": "status", "tags": "labels"})
    world.use(BASE)
    for step in steps:
        _done(world, step)
    for new, writes in product(NEW, (True, False)):
        stored = _previewed(world, world.hub.store, new, writes=writes)
        assert stored == _previewed(world, _Forgetful(world.hub.store), new, writes=writes)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(["memory", "sqlite"]), steps=st.lists(_steps, min_size=3, max_size=12))
def test_what_is_stored_is_what_both_sides_would_say(
    worlds: Callable[[str], Any], kind: str, steps: list[tuple[Any, ...]]
) -> None:
    _agree(worlds(kind), [*steps[:-1], SYNC, steps[-1]])


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([("rules", ACROSS), *SAID, ("say", 3, "I cancel"), ("match",)], id="another idea came"),
        pytest.param([("rules", WORLD), *SAID, ("wait", 30)], id="a day is over for a signal"),
        pytest.param([*SAID, ("wait", 60)], id="the clock went on"),
        pytest.param([*SAID, ("set", 2, 40)], id="somebody set a priority"),
        pytest.param([*SAID, ("set", 2, 12), SYNC, ("wait", 20)], id="what was set has ended"),
        pytest.param([*SAID, ("rules", NEW[1])], id="the rules are others now"),
    ],
)
def test_what_is_stored_is_left_aside_where(
    worlds: Callable[[str], Any], steps: list[tuple[Any, ...]]
) -> None:
    for kind in ("memory", "sqlite"):
        _agree(worlds(kind), steps)


def test_texts_are_left_alone_where_no_rule_that_differs_looks_into_them(world: Any) -> None:
    world.use(BASE)
    for step in [("say", 1, "the export is slow"), ("say", 2, "dark mode"), SYNC]:
        _done(world, step)

    found = _previewed(world, _Deaf(world.hub.store), BASE.replace("ago(2d)", "ago(1d)"), writes=False)

    assert found.ideas == 2


def test_an_item_that_the_hub_wrote_into_is_read_as_it_stands(world: Any) -> None:
    declared = (Declared(name="idea.fields.prio", type="text", keys={"board": "prio"}),)
    known = schema(world.connections, declared=declared)
    texts = [text + 'rule "Prio" { when idea.fields.prio == "P1" priority +9 }\n' for text in (BASE, NEW[0])]
    current, new = (check([Source("t.rules", text)], known).rules for text in texts)
    assert current is not None and new is not None
    world.hub.rules, world.hub.declared = current, declared
    world.board.add("EXP-1", "Export", prio="P2", labels=[])
    world.desk.add(1, "EXP-1 I cancel")
    world.hub.sync()
    assert world.board.items["EXP-1"]["fields"]["prio"] == "P1"

    stored, decided = (
        simulate(store, [], Trial(current=current, new=new, now=world.clock.now(), declared=declared))
        for store in (world.hub.store, _Forgetful(world.hub.store))
    )

    assert stored == decided
    assert [moved.before.priority for moved in stored.moved] == [74.0]


@pytest.fixture
def counted(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A world with two ideas, decided, that counts the decisions which the rules in force are asked for."""
    world.connect("board", apply="never")
    world.use(BASE)
    world.desk.add(1, "I cancel")
    world.desk.add(2, "the export is slow")
    world.hub.sync()
    world.asked = 0
    made = world.hub.rules.decide

    def decide(*given: Any) -> Any:
        world.asked += 1
        return made(*given)

    monkeypatch.setattr(world.hub.rules, "decide", decide)
    return world


def test_rules_in_force_are_not_asked_again_while_their_decisions_stand(counted: Any) -> None:
    assert _previewed(counted, counted.hub.store, NEW[0]).changed == 1
    assert counted.asked == 0


@pytest.mark.parametrize("step", [("say", 1, "I cancel today"), ("wait", 60)])
def test_rules_in_force_are_asked_for_what_changed_or_fell_due(counted: Any, step: tuple[Any, ...]) -> None:
    _done(counted, step)
    if step[0] == "say":
        counted.hub.sync(until="match")

    _previewed(counted, counted.hub.store, NEW[0])

    assert counted.asked == (1 if step[0] == "say" else 2)


def test_a_moment_in_the_past_is_decided_on_both_sides(counted: Any) -> None:
    now = counted.clock.now()
    trial = Trial(current=counted.hub.rules, new=counted.rules(NEW[0]), now=now, past=True)

    simulate(counted.hub.store, counted.hub.connections, trial)

    assert counted.asked == 2


def test_rules_that_are_not_those_of_the_last_decision_are_asked(counted: Any) -> None:
    checked = check([Source("t.rules", BASE.replace("+50", "+51"))], counted.hub.rules.program.schema)
    assert checked.rules is not None
    counted.hub.rules = checked.rules

    told = _previewed(counted, counted.hub.store, BASE)

    assert [moved.before.priority for moved in told.moved] == [66.0]
