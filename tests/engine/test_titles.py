"""Who may read what an idea is called: whoever may read the text that it is called by."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from opshub.engine.merge import merge
from opshub.engine.undo import undo
from opshub.model import Ref, Visibility

SECRET = "Merger with a rival in May"
EXPORT = Ref("board", "EXP-1")


@pytest.fixture(params=["memory", "sqlite"])
def hub(request: Any, worlds: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A world whose tracked items are for the public, unless `world.board.seen` says otherwise."""
    world = worlds(request.param)
    world.board.seen, read = Visibility.PUBLIC, world.board.item
    monkeypatch.setattr(
        world.board, "item", lambda record: replace(read(record), visibility=world.board.seen)
    )
    return world


def idea(world: Any, number: int = 1) -> tuple[str, Visibility]:
    found = world.hub.store.idea(number)
    return found.title, found.visibility


def test_a_piece_that_becomes_more_private_takes_the_title_along(hub: Any) -> None:
    hub.desk.add(1, SECRET, visibility="public")
    hub.hub.sync()
    hub.desk.add(1, SECRET, visibility="restricted")
    hub.hub.sync()

    assert idea(hub) == (SECRET, Visibility.RESTRICTED)


def test_so_does_the_piece_that_began_the_idea_when_its_text_changes_too(hub: Any) -> None:
    hub.desk.add(1, SECRET, visibility="public")
    hub.hub.sync()
    hub.desk.add(1, "(removed)", visibility="restricted")
    hub.hub.sync()

    assert idea(hub) == (SECRET, Visibility.RESTRICTED)


def test_another_piece_or_one_that_becomes_more_public_changes_nothing(hub: Any) -> None:
    hub.desk.add(1, SECRET, visibility="customer")
    hub.desk.add(2, SECRET + "?", duplicate_of="1", visibility="customer")
    hub.hub.sync()
    hub.desk.add(1, SECRET, visibility="public")
    hub.desk.add(2, SECRET + "?", duplicate_of="1", visibility="restricted")
    hub.hub.sync()

    assert hub.where(1, 2) == [1, 1]
    assert idea(hub) == (SECRET, Visibility.CUSTOMER)


def test_an_item_that_becomes_more_private_under_the_same_title_takes_it_along(hub: Any) -> None:
    row = hub.board.add("EXP-1", SECRET)
    hub.hub.sync()
    before = idea(hub)
    hub.board.seen = Visibility.RESTRICTED
    row["version"] += 1
    hub.hub.sync()

    assert (before, idea(hub)) == ((SECRET, Visibility.PUBLIC), (SECRET, Visibility.RESTRICTED))


def test_an_item_without_a_title_tells_nobody_the_title_of_its_idea(hub: Any) -> None:
    hub.desk.add(1, SECRET, visibility="restricted")
    hub.hub.sync()
    hub.board.add("EXP-1", "")["marker"] = "IDEA-1"
    hub.hub.sync()

    assert hub.hub.store.idea(1).item == EXPORT
    assert idea(hub) == (SECRET, Visibility.RESTRICTED)


def test_nor_does_a_merge_with_its_idea_or_undoing_that(hub: Any) -> None:
    hub.desk.add(1, SECRET, visibility="restricted")
    hub.board.add("EXP-1", "")
    hub.hub.sync()
    items, secret = hub.hub.store.ideas_of_items([EXPORT])[EXPORT], hub.where(1)[0]

    hub.act(merge, f"IDEA-{items}", f"IDEA-{secret}")
    merged = (hub.hub.store.idea(secret).item, *idea(hub, secret))
    hub.act(undo, f"IDEA-{secret}")

    assert merged == (EXPORT, SECRET, Visibility.RESTRICTED)
    assert idea(hub, secret) == (SECRET, Visibility.RESTRICTED)


@pytest.mark.parametrize("marker", ["IDEA-²", "IDEA-" + "9" * 20, "IDEA-" + "9" * 5000, "IDEA-", "7"])
def test_a_strange_marker_is_none(hub: Any, marker: str) -> None:
    hub.board.add("EXP-1", "Export")["marker"] = marker
    hub.desk.add(1, "hello there")

    hub.hub.sync()

    assert idea(hub) == ("Export", Visibility.PUBLIC)
    assert hub.where(1) == [2]


def test_a_text_that_was_taken_away_draws_nothing_any_more(hub: Any) -> None:
    hub.desk.add(1, "Please bring a dark theme for the late evenings")
    hub.hub.sync()
    hub.desk.add(1, "")
    hub.hub.sync()
    hub.desk.add(2, "Please bring a dark theme for the late evenings")
    hub.hub.sync()

    assert hub.where(1, 2) == [1, 2]


def test_nor_does_a_key_that_was_taken_away(hub: Any) -> None:
    hub.desk.add(1, "EXP-1 is late")
    hub.hub.sync()
    hub.desk.add(1, "it is late")
    hub.hub.sync()
    hub.board.add("EXP-1", "Export")
    hub.hub.sync()

    assert hub.where(1) == [1]
    assert hub.hub.store.ideas_of_items([EXPORT]) == {EXPORT: 2}
