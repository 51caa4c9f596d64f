"""Values of the model come back as they were put, whatever they hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opshub.errors import StoreError
from opshub.model import (
    Account,
    Comment,
    Decision,
    Feedback,
    Override,
    Person,
    Rating,
    Ref,
    TrackedItem,
    Visibility,
)
from opshub.store.codec import (
    decode_decision,
    decode_feedback,
    decode_item,
    decode_override,
    decode_value,
    encode_decision,
    encode_feedback,
    encode_item,
    encode_override,
    encode_value,
    is_canonical,
    stored_json,
)
from opshub.store.moments import from_micros, micros
from opshub.store.storable import unstorable

EXAMPLES = settings(max_examples=60, deadline=None)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=10)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC) | zones).map(
    lambda moment: moment.replace(fold=0)
)
numbers = st.floats(allow_nan=False, allow_infinity=False)
whole = st.integers(-(2**63), 2**63 - 1)
values: st.SearchStrategy[Any] = st.one_of(
    texts, whole, numbers, st.booleans(), moments, st.none(), st.lists(texts, max_size=3).map(tuple)
)
fields = st.dictionaries(texts, values, max_size=4)
people = st.builds(Person, id=texts, name=texts, email=texts)
accounts = st.builds(Account, id=texts, name=texts, domain=texts, plan=texts, arr=st.none() | numbers)
visibilities = st.sampled_from(Visibility)
comments = st.builds(
    Comment,
    id=texts,
    text=texts,
    created_at=st.none() | moments,
    author=st.none() | people,
    visibility=visibilities,
)
tags = st.lists(texts, max_size=3).map(tuple)
refs = st.builds(Ref, names, names)
common = {
    "ref": refs,
    "url": texts,
    "title": texts,
    "text": texts,
    "kind": texts,
    "created_at": moments,
    "updated_at": st.none() | moments,
    "visibility": visibilities,
    "author": st.none() | people,
    "comments": st.lists(comments, max_size=2).map(tuple),
    "tags": tags,
    "fields": fields,
    "mentions": tags,
    "duplicate_of": texts,
}
ratings = st.builds(Rating, numbers | whole, numbers, numbers, texts)
feedback = st.builds(
    Feedback, **common, account=st.none() | accounts, language=texts, rating=st.none() | ratings
)
items = st.builds(TrackedItem, **common, key=texts, status=texts, version=texts, marker=texts)
traces = st.tuples(
    st.integers(0, 2**31),
    st.lists(values, max_size=3).map(tuple),
    st.lists(st.tuples(names, names), max_size=2).map(tuple),
)
overrides = st.builds(
    Override,
    idea=st.integers(1, 2**40),
    priority=st.none() | numbers,
    band=texts,
    tags=tags,
    route=texts,
    because=texts,
    who=texts,
    at=moments,
    until=moments,
    day=texts,
    owner=texts,
)
decisions = st.builds(
    Decision,
    idea=st.integers(1, 2**40),
    scores=st.dictionaries(texts, numbers, max_size=3),
    band=texts,
    tags=tags,
    route=texts,
    urgency=texts,
    legend=texts,
    traces=st.lists(traces, max_size=2).map(tuple),
    due=st.none() | moments,
    goals=tags,
    owner=texts,
)


@EXAMPLES
@given(feedback)
def test_feedback_survives_the_store(it: Feedback) -> None:
    back = decode_feedback(it.ref, *encode_feedback(it))

    assert back == it
    assert _make(back) == _make(it) or not is_canonical(it)
    assert encode_feedback(back) == encode_feedback(it)


def _make(it: Feedback) -> str:
    """How it looks, but for the order of its fields."""
    return repr(replace(it, fields=dict(sorted(it.fields.items()))))


@EXAMPLES
@given(overrides)
def test_overrides_survive_the_store(it: Override) -> None:
    assert decode_override(it.idea, encode_override(it)) == it


@EXAMPLES
@given(decisions, overrides, fields)
def test_decisions_survive_with_what_a_person_set(it: Decision, by_hand: Override, ruled: Any) -> None:
    whole = replace(it, override=replace(by_hand, idea=it.idea), ruled=ruled)

    due, body = encode_decision(whole)

    assert decode_decision(it.idea, due, body) == whole
    assert encode_decision(it) == encode_decision(replace(whole, override=None, ruled={}))


@EXAMPLES
@given(items)
def test_tracked_items_survive_the_store(it: TrackedItem) -> None:
    back = decode_item(it.ref, *encode_item(it))

    assert back == it
    assert encode_item(back) == encode_item(it)


@EXAMPLES
@given(decisions)
def test_decisions_survive_the_store(it: Decision) -> None:
    back = decode_decision(it.idea, *encode_decision(it))

    assert back == it
    assert [type(score) for score in back.scores.values()] == [type(score) for score in it.scores.values()]


@EXAMPLES
@given(values)
def test_values_survive_with_their_types(value: Any) -> None:
    back = decode_value(encode_value(value))

    assert back == value
    assert type(back) is type(value)


@EXAMPLES
@given(moments, moments)
def test_moments_keep_their_order_as_numbers(one: datetime, other: datetime) -> None:
    assert (micros(one) < micros(other)) == (one < other)
    assert from_micros(micros(one)) == one


def test_the_order_in_which_fields_came_makes_no_difference() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    one = Feedback(ref=Ref("a", "1"), url="", text="", created_at=now, fields={"a": 1, "b": 2})
    other = Feedback(ref=Ref("a", "1"), url="", text="", created_at=now, fields={"b": 2, "a": 1})

    assert encode_feedback(one) == encode_feedback(other)


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-1))),
    ],
    ids=["before", "after"],
)
def test_a_moment_that_utc_cannot_name_is_refused(moment: datetime) -> None:
    it = Feedback(ref=Ref("desk", "1"), url="", text="", created_at=moment)

    with pytest.raises(StoreError, match="its created_at holds a moment outside the years 1 to 9999"):
        encode_feedback(it)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        ({"a": {"b": [1, 2**70]}}, "a.b.1"),
        ({"a": float("inf"), "b": object()}, "a"),
        ({"a": ["x", "\ud800"]}, "a.1"),
        ({"\ud800": 1}, "name"),
    ],
    ids=["huge", "first", "surrogate", "key"],
)
def test_the_place_of_what_cannot_be_stored_is_named(data: Any, place: str) -> None:
    found = unstorable(data)

    assert found is not None and found[0] == place


def test_errors_about_values_can_be_printed_whatever_the_name_holds() -> None:
    with pytest.raises(StoreError) as caught:
        stored_json({"a": {1, 2}}, "the \ud800 cursor")

    assert str(caught.value).encode()
    assert "a holds a set" in str(caught.value)
