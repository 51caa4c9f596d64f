"""Whether what a connector made of a record can be trusted by everything behind: right types, aware times."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from math import isfinite
from operator import attrgetter
from typing import Any

from opshub.model import Account, Comment, Feedback, Person, Point, Rating, TrackedItem, Visibility

__all__ = ["flaw", "is_plain"]

_FEEDBACK = ("url", "text", "title", "kind", "language", "duplicate_of")
_ITEM = ("key", "url", "text", "title", "kind", "status", "version", "marker", "duplicate_of")
_TEXTS: Mapping[type, tuple[tuple[str, ...], Callable[[Any], tuple[object, ...]]]] = {
    kind: (names, attrgetter(*names))
    for kind, names in (
        (Feedback, _FEEDBACK),
        (TrackedItem, _ITEM),
        (Comment, ("id", "text")),
        (Person, ("id", "name", "email")),
        (Account, ("id", "name", "domain", "plan")),
    )
}
_ONLY_TEXT = {str}
_NUMBER_OR_NONE = {int, float, type(None)}
_SIMPLE = {str, int, float, bool, type(None), datetime}
_SCHEMES = ("https://", "http://", "file://")


def flaw(value: Feedback | TrackedItem) -> str:
    """What is wrong with it, in words for an admin; empty where all is well."""
    return next(_flaws(value), "")


def report_flaw(value: object) -> str:
    """What is wrong with a reported point; empty where all is well."""
    if not isinstance(value, Point):
        return f"it holds a {type(value).__name__} where a point is expected"
    if not (isinstance(value.name, str) and value.name.strip() and isinstance(value.segment, str)):
        return "a point has no name"
    if not isinstance(value.at, datetime) or value.at.tzinfo is None:
        return f"the moment of {value.name[:100]} has no time zone"
    number = type(value.value) in (int, float) and isfinite(value.value)
    return "" if number else f"the value of {value.name[:100]} is no number"


def is_plain(it: Feedback) -> bool:
    """Whether it is of the commonest make, in which nothing is wrong; ``flaw`` looks at the rest.

    Exact types are asked for, because that is quicker than to allow what may be allowed.
    """
    rating = it.rating
    return (
        type(it.comments) is tuple
        and _ONLY_TEXT.issuperset(map(type, _TEXTS[Feedback][1](it)))
        and type(it.created_at) is datetime
        and it.created_at.tzinfo is UTC
        and _is_plain_moment(it.updated_at)
        and (not it.url or it.url.startswith(_SCHEMES))
        and type(it.tags) is type(it.mentions) is tuple
        and _ONLY_TEXT.issuperset(map(type, it.tags + it.mentions))
        and type(it.visibility) is Visibility
        and type(it.fields) is dict
        and _ONLY_TEXT.issuperset(map(type, it.fields))
        and _SIMPLE.issuperset(map(type, it.fields.values()))
        and _is_plain_person(it.author)
        and _is_plain_account(it.account)
        and (rating is None or not next(_rating(rating), ""))
        and (not it.comments or all(map(_is_plain_comment, it.comments)))
    )


def _is_plain_comment(it: object) -> bool:
    return (
        type(it) is Comment
        and _has_only_texts(it)
        and _is_plain_moment(it.created_at)
        and type(it.visibility) is Visibility
        and _is_plain_person(it.author)
    )


def _is_plain_account(it: object) -> bool:
    return it is None or (type(it) is Account and _has_only_texts(it) and type(it.arr) in _NUMBER_OR_NONE)


def _is_plain_person(it: object) -> bool:
    return it is None or (type(it) is Person and _has_only_texts(it))


def _is_plain_moment(it: object) -> bool:
    return it is None or (type(it) is datetime and it.tzinfo is UTC)


def _has_only_texts(value: object) -> bool:
    return _ONLY_TEXT.issuperset(map(type, _TEXTS[type(value)][1](value)))


def _flaws(value: Feedback | TrackedItem) -> Iterator[str]:
    yield from _texts(value)
    if not isinstance(value.created_at, datetime):
        yield "it has no time"
    yield from _moments(value.created_at, value.updated_at)
    if value.url and not value.url.lower().startswith(_SCHEMES):
        yield "its permalink is not a web address"
    for name in ("tags", "mentions"):
        if not _is_texts(getattr(value, name)):
            yield f"its {name} are no texts"
    if not isinstance(value.visibility, Visibility):
        yield "its visibility is unknown"
    if not isinstance(value.fields, Mapping):
        yield "its fields are no table"
    for name, held in value.fields.items():
        if not isinstance(name, str) or not _is_value(held):
            yield f"its field {str(name)[:40]!r} holds what no field can hold"
        if isinstance(held, datetime):
            yield from _moments(held)
    yield from _people(value)


def _people(value: Feedback | TrackedItem) -> Iterator[str]:
    if not isinstance(value.comments, tuple) or not all(isinstance(c, Comment) for c in value.comments):
        yield "its comments are none"
    for comment in value.comments:
        yield from _texts(comment)
        yield from _moments(comment.created_at)
        if not isinstance(comment.visibility, Visibility):
            yield "a comment's visibility is unknown"
        yield from _person(comment.author)
    yield from _person(value.author)
    if isinstance(value, Feedback):
        yield from _account(value.account)
        yield from _rating(value.rating)


def _person(person: object) -> Iterator[str]:
    if person is not None:
        yield from _texts(person) if isinstance(person, Person) else ("its author is no person",)


def _account(account: object) -> Iterator[str]:
    if account is None:
        return
    if not isinstance(account, Account):
        yield "its account is none"
        return
    yield from _texts(account)
    if account.arr is not None and not _is_number(account.arr):
        yield "its account's revenue is no number"


def _rating(rating: object) -> Iterator[str]:
    if rating is None:
        return
    if not isinstance(rating, Rating) or not isinstance(rating.scale, str):
        yield "its rating is none"
    elif not all(_is_number(part) for part in (rating.value, rating.worst, rating.best)):
        yield "its rating is no number"


def _texts(value: object) -> Iterator[str]:
    names, get = _TEXTS[type(value)]
    held = get(value)
    if set(map(type, held)) != _ONLY_TEXT:
        yield from (
            f"its {name} is no text"
            for name, part in zip(names, held, strict=True)
            if not isinstance(part, str)
        )


def _moments(*moments: object) -> Iterator[str]:
    for moment in moments:
        if moment is None:
            continue
        if not isinstance(moment, datetime):
            yield "a time is none"
        elif moment.tzinfo is None:
            yield "its time has no zone"
        elif moment.tzinfo is not UTC and not _has_utc(moment):
            yield "its time lies beyond the calendar"


def _has_utc(moment: datetime) -> bool:
    try:
        moment.astimezone(UTC)
    except (OverflowError, ValueError):
        return False
    return True


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(part, str) for part in value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_value(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | datetime) or _is_texts(value)
