"""Each promise about writing can be broken, and is then found broken."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from opshub.errors import (
    ConflictError,
    UnknownOutcomeError,
)
from opshub.model import (
    Change,
    Draft,
    Ranking,
    Receipt,
    Record,
    Tombstone,
    TrackedItem,
)
from opshub.sdk import Connector, Wake, WebhookRequest
from opshub.testing import Answer
from opshub.testing.sample import Sample
from opshub.testing.sample_twin import INTERNAL, SampleTwin

Kept = Callable[..., bool]


class ReadsStrictly(Sample):
    def read(self, ids: Sequence[str]) -> Iterator[Record]:
        for one in ids:
            yield self.http.get(f"/items/{one}")


class Writes(Sample):
    """Every way in which writing can go wrong, by name."""

    way = ""

    def write(self, change: Change) -> Receipt:
        if self.way == "nothing":
            return Receipt(target=change.target)
        if self.way == "twice":
            change = replace(change, version=super().write(change).version)
        if self.way == "versionless":
            change = replace(change, version="")
        if self.way == "chatty":
            notes = [{"id": "n", "at": "2026-01-01T00:00:00Z", "text": INTERNAL, "internal": False}]
            change = replace(change, fields={**change.fields, "notes": notes})  # type: ignore[dict-item]  # the twin takes it
        if self.way == "calm":
            with contextlib.suppress(UnknownOutcomeError):
                return super().write(change)
            return Receipt(target=change.target)
        if self.way == "again":
            try:
                return super().write(change)
            except UnknownOutcomeError:
                return super().write(replace(change, version=""))
        return super().write(change)

    def item(self, record: Record) -> TrackedItem | Tombstone:
        seen = super().item(record)
        if self.way == "blind" and isinstance(seen, TrackedItem):
            return replace(seen, fields={**seen.fields, "priority": "?"})
        return seen


def writes(way: str) -> type[Connector[Any]]:
    return type(f"Writes{way.title()}", (Writes,), {"way": way})


class Grows(SampleTwin):
    """Every write leaves a comment."""

    def update(self, request: Any, body: Any) -> Answer:
        item = self.items[request.path_params["id"]]
        item["notes"] = [*item["notes"], item["notes"][0]]
        return super().update(request, body)


class LosesTheMarker(Sample):
    def create(self, draft: Draft) -> Receipt:
        return super().create(replace(draft, marker=""))


class WantsOneOnly(Sample):
    def find(self, marker: str) -> str | None:
        found = self.http.get("/search", params={"marker": marker})["ids"]
        if len(found) > 1:
            raise ConflictError("two items carry the marker")
        return found[0] if found else None


class CreatesAgain(Sample):
    def create(self, draft: Draft) -> Receipt:
        try:
            return super().create(draft)
        except UnknownOutcomeError:
            return super().create(draft)


class BadPrint(Sample):
    def published(self) -> str | None:
        return "somewhere"


class SamePrint(Sample):
    def fingerprint(self, ranking: Ranking) -> str:
        return "always"


class Appends(SampleTwin):
    def put_board(self, request: Any, body: Any) -> Answer:
        return super().put_board(request, {"rows": [*(self.board or []), *body["rows"]]})


class BelievesWebhooks(Sample):
    def event(self, request: WebhookRequest) -> Iterator[Wake]:
        yield Wake("7")


BROKEN: list[tuple[Any, ...]] = [
    ("test_a_created_item_is_found_by_its_marker", LosesTheMarker),
    ("test_a_lost_answer_to_a_creation_leaves_one_item_to_find", CreatesAgain),
    ("test_a_lost_answer_to_a_write_is_an_unknown_outcome", writes("calm")),
    ("test_a_lost_answer_to_a_write_is_an_unknown_outcome", writes("again")),
    ("test_a_lost_write_is_an_unknown_outcome_and_not_repeated", writes("again")),
    ("test_a_marker_that_two_items_carry_is_found", WantsOneOnly),
    ("test_a_stale_write_is_refused_where_items_carry_a_version", writes("versionless")),
    ("test_a_webhook_wakes_only_with_the_right_signature", BelievesWebhooks),
    ("test_a_write_is_there_and_is_done_once", writes("nothing")),
    ("test_a_write_is_there_and_is_done_once", writes("twice")),
    ("test_an_own_write_comes_back_as_it_was_written", writes("blind")),
    ("test_another_list_has_another_fingerprint", SamePrint),
    ("test_reading_leaves_out_what_is_missing", ReadsStrictly),
    ("test_the_same_list_twice_is_the_same_document", Sample, Appends),
    ("test_writing_twice_equals_writing_once", Sample, Grows),
    ("test_what_is_internal_stays_inside", writes("chatty")),
    ("test_what_was_published_has_its_fingerprint", BadPrint),
]


@pytest.mark.parametrize("broken", BROKEN, ids=lambda broken: f"{broken[0]}-{broken[1].__name__}")
def test_a_broken_promise_is_found(broken: tuple[Any, ...], keeps: Kept) -> None:
    assert not keeps(*broken)
