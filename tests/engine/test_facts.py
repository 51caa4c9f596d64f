"""What rules can read is there to be read."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from opshub.engine.facts import FEEDBACK, IDEA, Reader
from opshub.language import Field, Kind
from opshub.model import Account, Feedback, Idea, Person, Rating, Ref, TrackedItem

AT = datetime(2026, 5, 4, tzinfo=UTC)
IDEA_7 = Idea(number=7, title="Export", created_at=AT)
ITEM = TrackedItem(
    ref=Ref("jira", "1"), key="F-1", url="https://x.example", title="Export", created_at=AT, status="Open"
)
VOICE = Feedback(
    ref=Ref("desk", "7"),
    url="https://desk.example/7",
    title="Export",
    text="It is broken.",
    created_at=AT,
    updated_at=AT,
    author=Person(id="ann", name="Ann"),
    account=Account(id="acme", name="Acme", domain="acme.example", plan="team", arr=1200.0),
    rating=Rating(2, 1, 5),
    language="en",
    tags=("vip",),
    fields={"sentiment": -0.5},
)
KINDS = {Kind.TEXT: str, Kind.NUMBER: int | float, Kind.TEXTS: tuple, Kind.TIME: datetime}


@pytest.mark.parametrize("field", FEEDBACK, ids=lambda field: str(field.name))
def test_every_field_of_feedback_is_read_as_the_kind_that_it_claims(field: Field) -> None:
    (row,) = Reader(frozenset([field.name])).feedback([VOICE])
    value = row[FEEDBACK.index(field)]

    assert isinstance(value, KINDS[field.kind])


def test_an_idea_has_a_value_for_every_field_that_rules_can_read() -> None:
    names = frozenset(field.name for field in IDEA)

    row = Reader(names).idea(IDEA_7, [VOICE], ITEM)

    assert [isinstance(value, KINDS[field.kind]) for field, value in zip(IDEA, row, strict=True)] == [
        True
    ] * len(row)


@pytest.mark.parametrize(("given", "read"), [(1, 1.0), (-1, -1.0), (1.5, None), ("good", None), (True, None)])
def test_a_sentiment_is_a_number_from_minus_one_to_one(given: str | float, read: float | None) -> None:
    voice = replace(VOICE, fields={"sentiment": given})

    (row,) = Reader(frozenset(["feedback.sentiment"])).feedback([voice])

    assert [value for value in row if value is not None] == ([] if read is None else [read])


@pytest.mark.parametrize(
    ("stated", "text", "read"),
    [
        ("", "The export of our report is slow since the update", "en"),
        ("", "导出报表太慢了，每次都要等十分钟", "zh"),
        ("", "Export CSV", None),
        ("pt-BR", "The export of our report is slow since the update", "pt-BR"),
    ],
)
def test_a_language_is_what_the_source_says_else_what_the_text_shows(
    stated: str, text: str, read: str | None
) -> None:
    voice = replace(VOICE, title="", text=text, language=stated)

    (row,) = Reader(frozenset(["feedback.language"])).feedback([voice])

    assert row[[field.name for field in FEEDBACK].index("feedback.language")] == read


def test_what_no_rule_reads_stays_missing() -> None:
    (row,) = Reader(frozenset(["feedback.title"])).feedback([VOICE])

    assert [value for value in row if value is not None] == ["Export"]
