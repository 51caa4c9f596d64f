"""Walks through a vendor's pages: each ends at the vendor's own end mark, and none can be walked for ever.

A walker calls ``fetch`` with the place of the next page and yields what it returns. A page that is empty or short is
no end. The guards raise BadAnswerError: the same place twice, too many empty pages in a row, too many pages.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from opshub.errors import BadAnswerError
from opshub.sdk.watermark import Watermark

__all__ = ["Watermark", "by_cursor", "by_link", "by_offset", "by_token"]

T = TypeVar("T")
Items = Callable[[T], Sequence[Any]]

BUDGET = 100_000
EMPTY = 20


class _Guard:
    """Counts pages, empty pages and places, and raises once a list cannot be honest."""

    def __init__(self, budget: int, empty: int) -> None:
        self._budget = budget
        self._empty = empty
        self._pages = 0
        self._empty_in_a_row = 0
        self._places: set[str] = set()

    def leave(self, place: str) -> None:
        """The next page is at this place."""
        if place in self._places:
            raise BadAnswerError("The vendor's list leads in a circle: the same next page was named twice.")
        self._places.add(place)

    def took(self, count: int | None) -> None:
        """A page arrived with so many items; None where nobody counts."""
        self._pages += 1
        if self._pages > self._budget:
            raise BadAnswerError(f"The vendor's list has no end: stopped after {self._budget:,} pages.")
        self._empty_in_a_row = self._empty_in_a_row + 1 if count == 0 else 0
        if self._empty_in_a_row > self._empty:
            raise BadAnswerError(f"The vendor sent {self._empty_in_a_row} empty pages in a row and no end.")


def by_cursor(
    fetch: Callable[[str | None], T],
    *,
    cursor: Callable[[T], str | None],
    end: Callable[[T], bool],
    start: str | None = None,
    items: Items[T] | None = None,
    budget: int = BUDGET,
    empty: int = EMPTY,
) -> Iterator[T]:
    """Pages of a list that gives a cursor with every page and says apart from it where the end is.

    A page that is not the last and brings no cursor is a BadAnswerError, never an end.
    """
    guard, place = _Guard(budget, empty), start
    if start is not None:
        guard.leave(start)
    while True:
        page = fetch(place)
        guard.took(None if items is None else len(items(page)))
        ended, place = end(page), cursor(page)
        if not ended and not place:
            raise BadAnswerError("The vendor sent a page that is neither the last nor names the next.")
        if not ended and place:
            guard.leave(place)
        yield page
        if ended:
            return


def by_token(
    fetch: Callable[[str | None], T],
    *,
    token: Callable[[T], str | None],
    start: str | None = None,
    items: Items[T] | None = None,
    budget: int = BUDGET,
    empty: int = EMPTY,
) -> Iterator[T]:
    """Pages of a list whose last page is the one that names no next page."""
    return by_cursor(
        fetch,
        cursor=token,
        end=lambda page: not token(page),
        start=start,
        items=items,
        budget=budget,
        empty=empty,
    )


def by_link(
    fetch: Callable[[str], T],
    start: str,
    *,
    link: Callable[[T], str | None],
    items: Items[T] | None = None,
    budget: int = BUDGET,
    empty: int = EMPTY,
) -> Iterator[T]:
    """Pages of a list whose pages link to the next; ``Http.same_origin`` tells whether a link may be followed."""
    return by_token(
        lambda place: fetch(place or start),
        token=link,
        start=start,
        items=items,
        budget=budget,
        empty=empty,
    )


def by_offset(
    fetch: Callable[[int], T],
    *,
    items: Items[T],
    total: Callable[[T], int] | None = None,
    last: Callable[[T], bool] | None = None,
    start: int = 0,
    budget: int = BUDGET,
    empty: int = EMPTY,
) -> Iterator[T]:
    """Pages of a list that counts: the next page begins after the items that really came.

    The end is where ``last`` says so, or where ``total`` items are behind; one of the two is needed. The same items
    twice in a row are a vendor that does not look at the offset: BadAnswerError.
    """
    if total is None and last is None:
        raise TypeError("by_offset needs total= or last= to know the end")
    guard, offset, before = _Guard(budget, empty), start, None
    while True:
        page = fetch(offset)
        got = items(page)
        guard.took(len(got))
        if got and got == before:
            raise BadAnswerError("The vendor's list leads in a circle: the same page came twice.")
        offset, before = offset + len(got), got
        ended = last(page) if last is not None else offset >= (total(page) if total is not None else 0)
        if not ended and not got:
            raise BadAnswerError("The vendor promised more items and sent an empty page.")
        yield page
        if ended:
            return
