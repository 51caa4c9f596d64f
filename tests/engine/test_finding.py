"""A person names an idea by its words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.matching.encoders import Small

from opshub.errors import UsageError
from opshub.matching import encoder as encoders


def found(world: Any, said: str, limit: int = 10) -> list[str]:
    """The names of the ideas."""
    return [it.idea.id for it in world.hub.find(said, limit)]


@pytest.fixture
def told(world: Any) -> Any:
    """Five wishes, each an idea of its own."""
    world.desk.add(1, "The export to CSV loses its last column", title="Broken export")
    world.desk.add(2, "导出 Excel 失败，最后一列丢失")
    world.desk.add(3, "Please give us a dark mode")
    world.desk.add(4, "I want to save my report as CSV", title="Save reports")
    world.desk.add(5, "The mode of payment cannot be changed", title="ДОБАВИТЬ оплату")
    world.hub.sync()
    return world


@pytest.fixture
def meaning(told: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The same with a small encoder."""
    monkeypatch.setitem(encoders.NAMES, "small", (lambda: Small("small 1"), (), "semantic"))
    told.hub.limits = replace(told.hub.limits, encoder="small")
    yield told
    encoders.open_encoder.cache_clear()


def test_what_is_said_in_feedback_finds_its_idea_in_english_and_in_chinese(told: Any) -> None:
    assert sorted(found(told, "csv")) == ["IDEA-1", "IDEA-4"]
    assert found(told, "丢失") == ["IDEA-2"]
    assert found(told, "丟失") == ["IDEA-2"], "in the other script"


def test_one_character_of_several_is_no_word(told: Any) -> None:
    told.desk.add(6, "十分钟以后就断开了", title="Connection")
    told.hub.sync()

    assert found(told, "分享") == []
    assert found(told, "分") == ["IDEA-6"]


def test_a_title_with_all_the_words_comes_before_what_is_only_alike(told: Any) -> None:
    (first, *rest) = told.hub.find("save reports")

    assert (first.idea.id, first.titled, first.voices) == ("IDEA-4", True, 1)
    assert not any(it.titled for it in rest)
    assert found(told, "добавить") == ["IDEA-5"], "letters of any alphabet, in either case"


def test_an_idea_that_nobody_spoke_for_is_found_by_its_title(told: Any) -> None:
    told.board.add("EXP-9", "Offline maps")
    told.hub.sync()

    (it,) = told.hub.find("offline")

    assert (it.idea.title, it.voices, it.nearest, it.titled) == ("Offline maps", 0, None, True)


def test_it_says_which_piece_is_nearest_and_what_it_shares(told: Any) -> None:
    (it,) = told.hub.find("column")

    assert (str(it.nearest.ref), it.shared, it.titled) == ("desk:1", ("column",), False)


def test_titles_take_half_of_a_short_list_where_feedback_is_alike_too(told: Any) -> None:
    for number in range(10, 14):
        told.desk.add(number, f"dark mode number {number}", title=f"Something else {number}")
    for number in range(20, 24):
        told.desk.add(number, f"Said {number}", title=f"Dark mode {number}")
    told.hub.sync()

    titled = [it.titled for it in told.hub.find("dark mode", 4)]

    assert titled == [True, True, False, False]
    assert [it.titled for it in told.hub.find("dark mode", 3)] == [True, True, False]


def test_what_is_like_nothing_finds_nothing(told: Any) -> None:
    assert told.hub.find("xyzzy") == []


def test_an_encoder_finds_what_is_meant_behind_what_shares_a_word(meaning: Any) -> None:
    meaning.desk.add(6, "shut")
    meaning.desk.add(7, "When it rains and nobody is there, the lid ought to close by itself")
    meaning.hub.sync()

    assert found(meaning, "close grey water pipe blue stone green leaf")[:2] == ["IDEA-7", "IDEA-6"]
    assert found(meaning, "close bill") == ["IDEA-6", "IDEA-7"], "which is like enough to be sure"
    assert found(meaning, "关闭")[0] == "IDEA-6"


@pytest.mark.parametrize("said", ["", "  ", "?!", "\x00", "\x1b[\x07"])
def test_without_any_word_the_error_names_a_command(told: Any, said: str) -> None:
    with pytest.raises(UsageError) as wrong:
        told.hub.find(said)

    assert "opshub ideas find" in wrong.value.hint


@pytest.mark.parametrize("said", ["mode\x00", "mo\x00de", "mode\ud800", 'mode" OR *', "mode') --", "%mode_"])
def test_whatever_is_typed_is_text(told: Any, said: str) -> None:
    assert set(found(told, said)) <= {"IDEA-3", "IDEA-5"}


def test_a_search_changes_no_idea(told: Any) -> None:
    before = told.hub.store.last_seq()

    told.hub.find("csv")

    assert told.hub.store.last_seq() == before
