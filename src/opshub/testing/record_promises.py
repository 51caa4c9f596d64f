"""What every translation promises: pure, repeatable, sound, and calm in the face of junk."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from opshub.errors import BadRecordError
from opshub.model import Comment, Feedback, Rating, Record, Ref, Tombstone, TrackedItem, Visibility
from opshub.sdk import Connector, Http
from opshub.testing.junk import NOT_RECORDS, broken_records
from opshub.testing.trial import Trial, canonical, meanings, translations

__all__ = ["NoHttp", "RecordPromises", "known", "outcome", "shapes"]

SHAPES = 4
"""How many records of different shape are broken in every way."""


class RecordPromises(Trial):
    """Promises about ``normalize`` and ``item``."""

    def test_translating_is_pure_and_repeatable(self) -> None:
        connector = self.connect()
        records = self.records(connector)
        connector.http = cast(Http, NoHttp())

        for record in records:
            before = copy.deepcopy(record)
            for translate in translations(connector):
                assert outcome(translate, record) == outcome(translate, record)
            assert record == before, f"record {connector.identify(record)} was changed"

    def test_some_records_are_understood(self) -> None:
        connector = self.connect()
        kinds = Counter(
            type(meaning) for record in self.records(connector) for meaning in meanings(connector, record)
        )

        assert kinds[Feedback] + kinds[TrackedItem], "no record was understood"

    def test_refs_are_unique_and_name_the_record(self) -> None:
        connector = self.connect()
        records = self.records(connector)

        for record in records:
            for meaning in meanings(connector, record):
                assert meaning.ref == Ref(connector.name, connector.identify(record))
        ids = Counter(connector.identify(record) for record in records)
        assert [name for name, times in ids.items() if times > 1] == []

    def test_what_is_understood_is_sound(self) -> None:
        """Times are aware, permalinks lead to the web, texts are texts, tags a sorted tuple."""
        connector = self.connect()

        for record in self.records(connector):
            for meaning in meanings(connector, record):
                assert list(unsound(meaning)) == [], connector.identify(record)

    def test_junk_is_refused_as_junk_or_read_soundly(self) -> None:
        connector = self.connect()
        connector_records = shapes(self.records(connector))
        connector.http = cast(Http, NoHttp())

        for record in connector_records:
            for place, broken in broken_records(record):
                self._judge(connector, place, broken)

    def test_what_is_no_record_is_refused(self) -> None:
        connector = self.connect()
        connector.http = cast(Http, NoHttp())

        for junk in NOT_RECORDS:
            for translate in (connector.identify, *translations(connector)):
                error = _error(translate, junk)
                assert known(error), f"{junk!r} ended in {error!r}"

    def _judge(self, connector: Connector[Any], place: str, broken: Record) -> None:
        for translate in translations(connector):
            result = outcome(translate, broken)
            if isinstance(result, BaseException):
                assert known(result), (
                    f"{place}: only KeyError, TypeError or ValueError may come, not {result!r}"
                )
            else:
                assert list(unsound(result)) == [], place


class NoHttp:
    """Stands where translation must not reach."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"translation is pure, and asked http for {name!r}")


def unsound(meaning: object) -> Iterator[str]:
    """What of a translated record breaks the model's promises."""
    if isinstance(meaning, Tombstone):
        return
    if not isinstance(meaning, Feedback | TrackedItem):
        yield f"it is a {type(meaning).__name__}"
        return
    for name in ("title", "text", "kind", "url", "duplicate_of"):
        if not isinstance(getattr(meaning, name), str):
            yield f"{name} is {getattr(meaning, name)!r}"
    if isinstance(meaning.url, str) and not meaning.url.startswith(("https://", "http://", "file://")):
        yield f"url is {meaning.url!r}"
    yield from _bad_time("created_at", meaning.created_at, needed=True)
    yield from _bad_time("updated_at", meaning.updated_at)
    for name in ("tags", "mentions"):
        texts = getattr(meaning, name)
        if not isinstance(texts, tuple) or not all(isinstance(text, str) for text in texts):
            yield f"{name} is {texts!r}"
    if not isinstance(meaning.visibility, Visibility):
        yield f"visibility is {meaning.visibility!r}"
    for name, value in meaning.fields.items():
        if not isinstance(value, str | int | float | bool | datetime | tuple | None):
            yield f"field {name} is a {type(value).__name__}"
    for comment in meaning.comments:
        yield from _bad_comment(comment)
    rating = getattr(meaning, "rating", None)
    if rating is not None and not (isinstance(rating, Rating) and 0 <= rating.share <= 1):
        yield f"rating is {rating!r}"


def _bad_comment(comment: object) -> Iterator[str]:
    if (
        not isinstance(comment, Comment)
        or not isinstance(comment.text, str)
        or not isinstance(comment.id, str)
    ):
        yield f"a comment is {comment!r}"
    else:
        yield from _bad_time("a comment's time", comment.created_at)


def _bad_time(name: str, value: object, *, needed: bool = False) -> Iterator[str]:
    if value is None and not needed:
        return
    if not isinstance(value, datetime) or value.utcoffset() is None:
        yield f"{name} is {value!r}, no aware time"


def shapes(records: list[Record]) -> list[Record]:
    """Records that differ in what they hold, so that each way of translating is seen."""
    shapes: dict[tuple[tuple[str, str], ...], Record] = {}
    for record in records:
        shapes.setdefault(tuple((key, type(value).__name__) for key, value in record.items()), record)
    return sorted(shapes.values(), key=lambda record: len(canonical(record)), reverse=True)[:SHAPES]


def outcome(translate: Any, record: object) -> object:
    """The translation or the error in its place, which compares by its text."""
    try:
        return translate(record)
    except AssertionError:
        raise
    # Every error is judged by the caller.
    except Exception as error:
        return _Refusal(error)


class _Refusal(Exception):
    def __init__(self, cause: Exception) -> None:
        super().__init__(repr(cause))
        self.cause = cause

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Refusal) and repr(self.cause) == repr(other.cause)

    __hash__ = Exception.__hash__


def _error(translate: Any, record: object) -> BaseException | None:
    result = outcome(translate, record)
    return result if isinstance(result, _Refusal) else None


def known(error: BaseException | None) -> bool:
    """Whether junk may be refused with this error."""
    cause = error.cause if isinstance(error, _Refusal) else error
    return isinstance(cause, KeyError | TypeError | ValueError | BadRecordError)
