"""Walks end at the vendor's end mark, and never go on for ever."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opshub.sdk import BadAnswerError, by_cursor, by_link, by_offset, by_token

Body = dict[str, Any]


def items(body: Body) -> Sequence[int]:
    found: list[int] = body["items"]
    return found


def page(**content: Any) -> Body:
    """What a vendor sends."""
    return content


def chain(pages: list[list[int]]) -> Any:
    """A fetch over pages whose token is the number of the next."""

    def fetch(token: str | None) -> Body:
        number = int(token or 0)
        following = str(number + 1) if number + 1 < len(pages) else None
        return {"items": pages[number], "next": following, "end": following is None}

    return fetch


LAYOUTS = st.lists(st.lists(st.integers(), max_size=3), min_size=1, max_size=12)


@given(LAYOUTS)
def test_all_pages_come_in_order_short_and_empty_ones_too(pages: list[list[int]]) -> None:
    by_tokens = [items(body) for body in by_token(chain(pages), token=lambda body: body["next"])]
    cursors = by_cursor(chain(pages), cursor=lambda body: body["next"] or "9", end=lambda body: body["end"])
    links = by_link(chain(pages), "0", link=lambda body: body["next"])

    assert by_tokens == pages
    assert [items(body) for body in cursors] == pages
    assert [items(body) for body in links] == pages


@given(st.integers(0, 30), st.lists(st.integers(1, 7), min_size=1))
def test_an_offset_counts_what_came_and_not_what_was_asked_for(count: int, sizes: list[int]) -> None:
    asked: list[int] = []

    def fetch(offset: int) -> Body:
        asked.append(offset)
        size = sizes[len(asked) % len(sizes)]
        return {"items": list(range(offset, min(count, offset + size))), "total": count}

    got = [
        item
        for body in by_offset(fetch, items=items, total=lambda body: body["total"])
        for item in items(body)
    ]

    assert got == list(range(count))


def test_an_offset_list_may_mark_its_last_page() -> None:
    pages = {0: page(items=[1, 2], last=False), 2: page(items=[3], last=True)}

    got = list(by_offset(pages.__getitem__, items=items, last=lambda body: body["last"]))

    assert [body["items"] for body in got] == [[1, 2], [3]]


def test_a_token_that_comes_twice_ends_the_walk_in_an_error() -> None:
    def fetch(token: str | None) -> Body:
        return {"items": [1], "next": "b" if token == "a" else "a"}

    walk = by_token(fetch, token=lambda body: body["next"])

    with pytest.raises(BadAnswerError, match="circle"):
        list(walk)


def test_a_token_that_leads_to_where_the_walk_began_is_a_circle() -> None:
    walk = by_token(lambda token: page(next=token), token=lambda body: body["next"], start="a")

    with pytest.raises(BadAnswerError, match="circle"):
        next(walk)


def test_an_offset_that_the_vendor_ignores_is_a_circle() -> None:
    walk = by_offset(lambda _: page(items=[1, 2], total=9), items=items, total=lambda body: body["total"])

    with pytest.raises(BadAnswerError, match="circle"):
        list(walk)


def test_a_promise_of_more_with_an_empty_page_is_no_end() -> None:
    walk = by_offset(lambda _: page(items=[], total=9), items=items, total=lambda body: body["total"])

    with pytest.raises(BadAnswerError, match="promised"):
        list(walk)


def test_a_page_without_cursor_that_is_not_the_last_is_no_end() -> None:
    walk = by_cursor(lambda _: page(next=None), cursor=lambda body: body["next"], end=lambda _: False)

    with pytest.raises(BadAnswerError, match="neither"):
        list(walk)


def test_the_cursor_of_the_last_page_may_repeat() -> None:
    walk = by_cursor(
        lambda place: page(next="z"), cursor=lambda body: body["next"], end=lambda _: True, start="z"
    )

    assert len(list(walk)) == 1


def test_empty_pages_without_end_are_given_up() -> None:
    count = iter(range(10_000))
    walk = by_token(
        lambda _: page(items=[], next=str(next(count))),
        token=lambda body: body["next"],
        items=items,
        empty=5,
    )

    with pytest.raises(BadAnswerError, match="6 empty pages"):
        list(walk)


def test_a_list_without_end_is_given_up() -> None:
    count = iter(range(10_000))
    walk = by_token(lambda _: page(next=str(next(count))), token=lambda body: body["next"], budget=50)

    with pytest.raises(BadAnswerError, match="50 pages"):
        list(walk)


def test_an_offset_walk_needs_an_end_mark() -> None:
    with pytest.raises(TypeError):
        next(by_offset(lambda _: {"items": []}, items=items))
