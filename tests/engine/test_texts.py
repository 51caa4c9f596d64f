"""What rules look for in texts is found once, and what is kept of it is what a fresh search would find."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opshub.engine.explain import legend_fact
from opshub.engine.facts import Reader
from opshub.engine.texts import SAID, Texts, looked_for
from opshub.model import Ref
from opshub.store.rows import Said

LEAVES = 'rule "L" { when any feedback (text mentions ["cancel", "退订"]) tag "leaves" }\n'
ORDER = 'rule "O" { when any feedback (text matches "(?i)order #[0-9]+") tag "order" }\n'
TITLE = 'rule "T" { when any feedback (feedback.title mentions ["cancel"]) tag "title" }\n'
AUTHOR = 'rule "A" { when any feedback (account.plan mentions ["gold"]) tag "gold" }\n'
SIGNAL = "signal unhappy = count feedback where text mentions ['sad'], per day\n".replace("'", '"')
RULES = (LEAVES, ORDER, TITLE, AUTHOR, SIGNAL)
WORDS = ("cancel", "Order #12", "退订", "sad", "nothing", "orders", "")


def kept(world: Any, *names: int) -> dict[str, Said]:
    found = world.hub.store.said([Ref("desk", str(name)) for name in names])
    return {ref.id: said for ref, said in found.items()}


def tags(world: Any) -> dict[int, tuple[str, ...]]:
    return {idea.number: decision.tags for idea, decision, _ in world.hub.store.ranked(99)}


def plant(world: Any, name: int, facts: dict[str, str]) -> None:
    """Let the store hold other facts than those of the text: who asks for them does not search."""
    store = world.hub.store
    with store.transaction():
        store.put_said({Ref("desk", str(name)): Said(kept(world, name)[str(name)].known, facts)})


def test_what_stands_in_a_text_is_kept_with_the_decision(world: Any) -> None:
    world.use(LEAVES + ORDER)
    world.desk.add(1, "I cancel order #12")
    world.desk.add(2, "nothing")

    world.hub.sync()

    found = kept(world, 1, 2)
    assert sorted(found["1"].facts.values()) == ["cancel", "order #12"]
    assert found["2"].facts == {} and found["1"].known == found["2"].known == 2


def test_a_text_is_not_searched_again_while_it_stays_as_it_is(world: Any) -> None:
    world.use(LEAVES)
    world.desk.add(1, "nothing")
    world.hub.sync()
    (name,) = world.hub.rules.predicates.names
    plant(world, 1, {name: "cancel"})

    world.use(LEAVES.replace("leaves", "goes"))
    world.desk.add(1, "nothing", tags=["vip"])
    world.hub.sync()

    assert tags(world) == {1: ("goes",)}
    assert world.hub.why("IDEA-1").parts[0][0].saw["feedback.text mentions"] == "cancel"


def test_an_edited_text_is_searched_anew(world: Any) -> None:
    world.use(LEAVES)
    world.desk.add(1, "nothing")
    world.hub.sync()
    (name,) = world.hub.rules.predicates.names
    plant(world, 1, {name: "cancel"})

    world.desk.add(1, "nothing else")
    world.hub.sync()

    assert tags(world) == {1: ()}
    assert kept(world, 1)["1"].facts == {}


def test_a_new_search_is_made_and_the_others_stay(world: Any) -> None:
    world.use(LEAVES)
    world.desk.add(1, "order #7")
    world.hub.sync()
    (name,) = world.hub.rules.predicates.names
    plant(world, 1, {name: "cancel"})

    world.use(LEAVES + ORDER)
    world.hub.sync()

    assert tags(world) == {1: ("leaves", "order")}
    assert sorted(kept(world, 1)["1"].facts.values()) == ["cancel", "order #7"]


def test_a_search_that_was_given_up_is_made_anew_when_it_comes_back(world: Any) -> None:
    world.use(LEAVES)
    world.desk.add(1, "nothing")
    world.hub.sync()
    (name,) = world.hub.rules.predicates.names
    plant(world, 1, {name: "cancel"})

    world.use(ORDER)
    world.hub.sync()
    assert kept(world, 1)["1"].facts == {}
    world.use(LEAVES)
    world.hub.sync()

    assert tags(world) == {1: ()}


def test_what_does_not_stand_in_the_text_itself_is_looked_for_each_time(world: Any) -> None:
    world.use(AUTHOR + LEAVES)
    world.desk.add(1, "I cancel", account="a", plan="gold")
    world.hub.sync()
    assert tags(world) == {1: ("gold", "leaves")}
    assert list(kept(world, 1)["1"].facts.values()) == ["cancel"]

    world.desk.add(1, "I cancel", account="a", plan="silver")
    world.hub.sync()

    assert tags(world) == {1: ("leaves",)}


def test_texts_are_searched_though_no_rule_reads_them_otherwise(world: Any) -> None:
    world.use(SIGNAL)
    world.desk.add(1, "so sad")
    world.hub.sync(until="match")
    voice = world.hub.store.feedback(Ref("desk", "1"))

    reader = Reader(frozenset(), (), Texts(world.hub.store, looked_for(world.hub.rules)))

    (row,) = reader.feedback([voice])
    assert list(row[-1].values()) == ["sad"]


def test_signals_keep_and_use_the_same_facts(world: Any) -> None:
    world.use(SIGNAL + LEAVES)
    world.desk.add(1, "sad, I cancel")

    world.hub.sync()

    assert sorted(kept(world, 1)["1"].facts.values()) == ["cancel", "sad"]


def test_facts_found_by_other_code_count_for_nothing(world: Any, monkeypatch: Any) -> None:
    world.use(LEAVES)
    world.desk.add(1, "nothing")
    world.hub.sync()
    (name,) = world.hub.rules.predicates.names
    plant(world, 1, {name: "cancel"})

    monkeypatch.setattr("opshub.engine.texts.reading", lambda: "other")
    world.use(LEAVES.replace("leaves", "goes"))
    world.hub.sync()

    assert tags(world) == {1: ()}
    assert kept(world, 1)["1"].facts == {}


def test_a_simulation_reads_the_facts_and_keeps_none(world: Any) -> None:
    world.use(LEAVES)
    world.desk.add(1, "order #7")
    world.hub.sync()
    (name,) = world.hub.rules.predicates.names
    plant(world, 1, {name: "cancel"})
    with world.hub.store.transaction():
        world.hub.store.touch_ideas([1])  # what was decided before the facts were planted does not last
    before = kept(world, 1)

    found = world.hub.simulate(world.rules(LEAVES + ORDER))

    assert found.tags == (("order", 1, 0),)
    assert kept(world, 1) == before


def test_words_of_old_rules_are_forgotten_when_no_decision_needs_them(world: Any) -> None:
    world.use(LEAVES)
    world.desk.add(1, "I cancel")
    world.hub.sync()
    old = world.hub.rules.legend.name
    assert world.hub.store.fact(legend_fact(old))

    world.use(LEAVES + ORDER)
    world.hub.sync()

    assert not world.hub.store.fact(legend_fact(old))
    assert world.hub.why("IDEA-1").parts


STEPS = st.lists(
    st.tuples(st.integers(1, 3), st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join))
    | st.sets(st.sampled_from(RULES), min_size=1),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_what_is_kept_is_what_a_fresh_search_finds_whatever_changed(steps: Any, worlds: Any) -> None:
    world = worlds("memory")
    texts: dict[int, str] = {}
    world.use(LEAVES)
    for step in steps:
        if isinstance(step, tuple):
            number, text = step
            texts[number] = text
            world.desk.add(number, text.strip() or "-", title=text if number == 2 else "")
        else:
            world.use("".join(sorted(step)))
        world.hub.sync()

        store, rules = world.hub.store, world.hub.rules
        known, fresh = Texts(store, looked_for(rules), keeping=True), looked_for(rules).over(SAID)
        reader = Reader(rules.reads | rules.signals.reads)
        refs = [Ref("desk", str(number)) for number in texts]
        rows = reader.feedback([store.feedback(ref) for ref in refs])
        for row, facts in zip(rows, known.facts(refs, rows), strict=True):
            assert {name: facts[name] for name in facts if name in fresh.names} == fresh.facts(row)
        assert not known.fresh  # it was all kept, and none of it is too old
