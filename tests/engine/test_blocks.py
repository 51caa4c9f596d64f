"""Match blocks at work: which feedback they move, what they leave alone, and what follows when they change."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from opshub.engine.linked import Sign
from opshub.engine.merge import merge
from opshub.engine.moving import move
from opshub.engine.regroup import link, unlink
from opshub.engine.undo import undo
from opshub.model import Link, LinkMaker, Ref, Tombstone, Visibility

EXPORT = 'match "Export form" { when tags contains "export" to "IDEA-1" }\n'
OWN = 'match "Dark" { when text mentions ["dark mode", "深色"] to idea "A dark theme" }\n'
ITEM = 'match "Import desk" { when tags contains "import" to "EXP-7" }\n'


@pytest.fixture(params=["memory", "sqlite"])
def hub(request: Any, worlds: Any) -> Any:
    """A world with three tickets, each an idea of its own."""
    world = worlds(request.param)
    world.desk.add(1, "the export fails")
    world.desk.add(2, "dark mode")
    world.desk.add(3, "CSV please", tags=["export"])
    world.hub.sync()
    assert world.where(1, 2, 3) == [1, 2, 3]
    return world


def made(world: Any, number: object) -> Link:
    link: Link = world.hub.store.links_of([Ref("desk", str(number))])[Ref("desk", str(number))]
    return link


def counted(world: Any, **more: Any) -> dict[str, int]:
    """What the match stage of one more sync counts."""
    report = world.hub.sync(**more)
    return next((stage.counts for stage in report.stages if stage.name == "match"), {})


def use(world: Any, text: str) -> dict[str, int]:
    world.use(text)
    return counted(world)


def test_new_feedback_goes_where_the_first_block_that_holds_says(hub: Any) -> None:
    use(hub, EXPORT + OWN)
    hub.desk.add(4, "quite another wish, in dark mode", tags=["export", "ui"])
    hub.hub.sync()

    found = made(hub, 4)
    assert (found.idea, found.maker) == (1, LinkMaker.RULE)
    assert found.reason == "match rule 'Export form' (t.rules:1): feedback.tags = [export, ui]"


def test_a_key_outweighs_a_block_and_a_block_the_same_text(hub: Any) -> None:
    hub.board.add("EXP-1", "A tracked item")
    use(hub, EXPORT)
    hub.desk.add(4, "EXP-1 fails", tags=["export"])
    hub.desk.add(5, "dark mode", tags=["export"])
    hub.desk.add(6, "dark mode")
    hub.hub.sync()

    assert [made(hub, n).maker for n in (4, 5, 6)] == [LinkMaker.KEY, LinkMaker.RULE, LinkMaker.SAME]
    assert hub.where(4, 5, 6) == [4, 1, 2]


def test_a_block_can_begin_an_idea_which_it_keeps(hub: Any) -> None:
    use(hub, OWN)
    hub.desk.add(4, "我要深色")
    hub.hub.sync()
    (idea,) = hub.hub.store.ideas([4])

    assert hub.where(2, 4) == [4, 4]
    assert (idea.title, idea.visibility) == ("A dark theme", Visibility.INTERNAL)
    use(hub, "score reach = count feedback\n")
    use(hub, OWN.replace("Dark", "Other name").replace("A dark", "a  Dark"))
    assert hub.where(2, 4) == [4, 4]


def test_the_title_of_an_own_idea_is_not_as_open_as_its_feedback(hub: Any) -> None:
    hub.desk.add(4, "dark mode", visibility="public")
    use(hub, OWN)

    assert hub.hub.store.ideas([made(hub, 4).idea])[0].visibility is Visibility.INTERNAL


def test_other_rules_move_only_what_they_say_something_else_of(hub: Any) -> None:
    told = use(hub, EXPORT)
    before = {n: made(hub, n) for n in (1, 2)}

    assert hub.where(1, 2, 3) == [1, 2, 1]
    assert told == {"moved by rule": 1}
    assert {n: made(hub, n) for n in (1, 2)} == before
    assert hub.voices() == {1: 2, 2: 1}


def test_rules_that_say_the_same_of_feedback_ask_it_nothing(hub: Any) -> None:
    use(hub, EXPORT)
    hub.use(EXPORT + "score reach = count feedback\n")

    with hub.hub.leased() as lease:
        assert not move(hub.hub.work(lease))


def test_a_block_on_another_line_is_named_there_and_moves_nothing(hub: Any) -> None:
    use(hub, EXPORT)

    assert use(hub, f"\n\n{EXPORT}") == {"moved by rule": 0}
    assert made(hub, 3).reason.startswith("match rule 'Export form' (t.rules:3): ")


def test_a_removed_block_releases_its_feedback_to_the_rest_of_the_evidence(hub: Any) -> None:
    hub.desk.add(4, "dark mode", tags=["export"])
    hub.desk.add(5, "one wish", tags=["export"])
    hub.desk.add(6, "One  wish", tags=["export"])
    use(hub, EXPORT)
    assert hub.where(3, 4, 5, 6) == [1, 1, 1, 1]

    told = use(hub, "score reach = count feedback\n")

    assert told["released by rule"] == 4
    assert hub.where(1, 2) == [1, 2]
    assert [made(hub, n).maker for n in (3, 4, 5, 6)] == [LinkMaker.SAME] * 4
    third, fourth, fifth, sixth = hub.where(3, 4, 5, 6)
    assert fourth == 2
    assert fifth == sixth
    assert len({1, 2, third, fifth}) == 4


@pytest.mark.parametrize("limit", [1, 2, 1000])
def test_batches_of_any_size_come_to_the_same(hub: Any, limit: int) -> None:
    for number in range(4, 9):
        hub.desk.add(number, f"wish {number % 3}", tags=["export"])
    use(hub, EXPORT)
    assert set(hub.where(*range(3, 9))) == {1}

    hub.use(OWN)
    with hub.hub.leased() as lease:
        work = hub.hub.work(lease)
        turns = 0
        while move(work, limit):
            turns += 1

    assert hub.where(*range(1, 9)) == [1, 4, 5, 6, 7, 8, 6, 7]
    assert turns == {1: 15, 2: 8, 1000: 3}[limit]


def test_what_was_stopped_in_between_goes_on(hub: Any) -> None:
    for number in range(4, 9):
        hub.desk.add(number, f"wish {number % 3}", tags=["export"])
    use(hub, EXPORT)
    hub.use("score reach = count feedback\n")
    with hub.hub.leased() as lease:
        work = hub.hub.work(lease)
        for _ in range(6):
            assert move(work, 2)

    hub.hub.sync()

    assert None not in hub.where(*range(1, 9))
    assert hub.where(4, 5) == hub.where(7, 8)
    assert LinkMaker.RULE not in {made(hub, n).maker for n in range(1, 9)}


def test_what_began_an_idea_stays_with_it_whatever_blocks_come_and_go(hub: Any) -> None:
    began = made(hub, 1)
    use(hub, EXPORT.replace('tags contains "export"', 'text mentions ["export", "CSV"]'))
    assert (made(hub, 1), hub.where(3)) == (began, [1])
    hub.desk.add(1, "the CSV export fails")
    hub.hub.sync()
    assert made(hub, 1) == began

    use(hub, "score reach = count feedback\n")

    assert made(hub, 1) == began
    assert hub.where(3) != [1]


def test_feedback_that_no_longer_fits_its_block_leaves(hub: Any) -> None:
    use(hub, EXPORT)

    hub.desk.add(3, "CSV please", tags=["ui"])
    hub.hub.sync()

    assert made(hub, 3).maker is LinkMaker.SAME
    assert made(hub, 3).idea not in (1, 2)
    hub.desk.add(3, "CSV please", tags=["export"])
    hub.hub.sync()
    assert hub.where(3) == [1]


def test_a_person_s_word_is_never_undone_by_a_block(hub: Any) -> None:
    hub.act(link, "desk:3", "IDEA-2")
    use(hub, EXPORT)
    hub.desk.add(3, "CSV please now", tags=["export"])
    hub.hub.sync()
    assert hub.where(3) == [2]

    hub.desk.add(4, "something else", tags=["export"])
    hub.hub.sync()
    hub.act(unlink, "desk:4")
    alone = hub.where(4)
    assert alone != [1]
    use(hub, "\n" + EXPORT)
    hub.desk.add(4, "something else again", tags=["export"])
    hub.hub.sync(full=True)

    assert hub.where(4) == alone


def test_a_block_whose_item_is_not_there_waits_and_says_so_once(hub: Any) -> None:
    hub.desk.add(4, "the import fails", tags=["import"])
    hub.use(ITEM)
    report = hub.hub.sync()
    sentence = "match rule 'Import desk' (t.rules:1) waits: there is no EXP-7 yet"

    assert report.waiting == [sentence]
    assert made(hub, 4).maker is LinkMaker.SAME
    assert hub.hub.sync().waiting == []
    assert hub.hub.status().waiting == (sentence,)

    hub.board.add("EXP-7", "Imports")
    told = counted(hub)

    assert told["moved by rule"] == 1
    assert hub.where(4) == [hub.hub.show("EXP-7").idea.number]
    assert made(hub, 4).maker is LinkMaker.RULE
    hub.hub.sync()
    assert hub.hub.status().waiting == ()


@pytest.mark.parametrize("size", [1, 100])
def test_a_block_takes_what_came_before_the_idea_that_it_names_by_its_number(worlds: Any, size: int) -> None:
    world = worlds("sqlite")
    world.use(EXPORT.replace("IDEA-1", "IDEA-2"))
    world.desk.size = size
    world.desk.add(1, "it fails", tags=["export"])
    world.desk.add(2, "dark mode")
    world.hub.sync()

    assert world.where(1, 2) == [2, 2]
    assert counted(world) == {}


def test_feedback_that_came_before_its_block_waits_for_the_item_too(hub: Any) -> None:
    use(hub, ITEM.replace("import", "export"))
    assert hub.where(3) == [3]

    hub.board.add("EXP-7", "Exports")
    hub.hub.sync()

    assert hub.where(3) == [hub.hub.show("EXP-7").idea.number]


def test_an_idea_that_there_is_none_of_takes_nothing(hub: Any) -> None:
    hub.use(EXPORT.replace("IDEA-1", "IDEA-999"))

    assert hub.hub.sync().waiting == ["match rule 'Export form' (t.rules:1) waits: there is no IDEA-999 yet"]
    assert hub.where(3) == [3]


def test_an_item_that_is_gone_leaves_its_feedback_where_it_is(hub: Any) -> None:
    hub.board.add("EXP-7", "Imports")
    use(hub, ITEM)
    hub.desk.add(4, "the import fails", tags=["import"])
    hub.hub.sync()
    idea = hub.where(4)

    with hub.hub.leased() as lease, hub.hub.store.transaction(lease):
        hub.hub.store.put_tombstones([Tombstone(Ref("board", "EXP-7"))])
    assert hub.hub.store.item(Ref("board", "EXP-7")) is None
    del hub.board.items["EXP-7"]
    use(hub, "\n" + ITEM)
    hub.desk.add(4, "the import still fails", tags=["import"])
    hub.hub.sync()

    assert hub.where(4) == idea


@pytest.mark.parametrize(
    "text", [OWN, EXPORT.replace('tags contains "export"', 'text mentions ["dark mode"]')]
)
def test_a_block_follows_an_idea_that_was_merged(hub: Any, text: str) -> None:
    use(hub, text)
    merged = made(hub, 2).idea
    hub.act(merge, f"IDEA-{merged}", "IDEA-3")
    hub.desk.add(4, "really, dark mode")
    hub.hub.sync()
    assert hub.where(2, 4) == [3, 3]

    done = hub.act(undo, None)

    assert hub.where(2, 4) == [merged, merged]
    assert f"desk:4 follows to IDEA-{merged}" in "\n".join(done.notes)


def test_what_is_undone_is_asked_by_the_rules_of_today(hub: Any) -> None:
    use(hub, EXPORT)
    hub.act(link, "desk:3", "IDEA-2")
    use(hub, OWN)

    hub.act(undo, None)

    assert made(hub, 3).maker is LinkMaker.SAME
    assert made(hub, 3).idea not in (1, 2)


def test_duplicates_follow_their_original(hub: Any) -> None:
    hub.desk.add(4, "see the other", duplicate_of="3")
    hub.hub.sync()
    assert hub.where(3, 4) == [3, 3]

    use(hub, EXPORT)
    assert hub.where(3, 4) == [1, 1]

    use(hub, "score reach = count feedback\n")
    third, fourth = hub.where(3, 4)
    assert third == fourth not in (1, 2)


def test_a_bare_rating_goes_where_a_block_says_and_begins_nothing_else(hub: Any) -> None:
    hub.desk.add(4, "", tags=["export"])
    hub.desk.add(5, "", tags=["import"])
    hub.hub.sync()
    assert hub.where(4, 5) == [None, None]

    use(hub, EXPORT + ITEM)
    assert hub.where(4, 5) == [1, None]
    hub.desk.add(6, "", tags=["import"])
    hub.hub.sync()
    hub.board.add("EXP-7", "Imports")
    hub.hub.sync()
    imports = hub.hub.show("EXP-7").idea.number
    assert hub.where(5, 6) == [imports, imports]

    use(hub, "score reach = count feedback\n")
    assert hub.where(4, 5, 6) == [None, None, None]


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_what_an_alert_says_is_no_block_s_business(kind: str, worlds: Any) -> None:
    world, block = worlds(kind), 'match "All" { when text is not missing to idea "Everything" }\n'
    watched = 'signal n = count feedback, per hour\nalert "Many" { when signal n > 0 open idea "Look" }\n'
    world.use(watched + block)
    world.desk.add(1, "dark mode")
    world.hub.sync()
    world.clock.advance(timedelta(hours=1))
    for text in (watched + block, watched + block, watched, block + watched, watched):
        world.use(text)
        world.hub.sync()
        assert [(it.number, n) for it, _, n in world.hub.ranked() if it.title == "Look"] == [(2, 1)]


def test_a_link_is_explained_beside_what_the_blocks_say_today(hub: Any) -> None:
    hub.board.add("EXP-1", "Tracked")
    use(hub, EXPORT)
    hub.desk.add(4, "EXP-1 dark mode", tags=["export"])
    hub.hub.sync()
    says = "match rule 'Export form' (t.rules:1): feedback.tags = [export]"

    (ruled, *_) = hub.hub.why_linked("desk:3").signs
    (_, weaker, *_) = hub.hub.why_linked("desk:4").signs

    assert ruled == Sign("rule", says, 1, "decides")
    assert weaker == Sign("rule", says, 1, "weaker", "it refers to EXP-1")
    hub.use(ITEM.replace("import", "export"))
    hub.hub.sync()
    unknown = next(sign for sign in hub.hub.why_linked("desk:3").signs if sign.maker == "rule")
    assert (unknown.idea, unknown.standing) == (0, "unknown")


def test_a_trial_says_how_many_pieces_would_move(hub: Any) -> None:
    hub.desk.add(4, "the import fails", tags=["import"])
    hub.desk.add(5, "another export", tags=["export"])
    hub.hub.sync()
    hub.act(link, "desk:5", "IDEA-2")
    use(hub, ITEM.replace("EXP-7", "IDEA-2"))
    before = hub.where(1, 2, 3, 4, 5)

    found = hub.hub.simulate(hub.rules(EXPORT + OWN + ITEM))

    assert found.matches == (("Export form", 1), ("Dark", 1), ("", 1))
    assert hub.where(1, 2, 3, 4, 5) == before
    assert hub.hub.simulate(hub.rules("score reach = count feedback\n")).matches == (("", 1),)
    assert hub.hub.simulate(hub.rules(ITEM.replace("EXP-7", "IDEA-2"))).matches == ()
