"""Zendesk: what the shared contract cannot know of tickets and of writing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import orjson
import pytest

from opshub.clock import FrozenClock
from opshub.sdk import (
    Account,
    Change,
    ConflictError,
    CursorExpiredError,
    Feedback,
    Person,
    Rating,
    Ref,
    RefusedWriteError,
    Tombstone,
    TrackedItem,
    Visibility,
)
from opshub.testing.trial import START, build
from opshub_connectors.twins.zendesk import ZendeskTwin
from opshub_connectors.zendesk import Zendesk

FIELD = "custom_fields.301"
SCORE = "custom_fields.302"


@pytest.fixture
def desk() -> Iterator[Desk]:
    twin = ZendeskTwin(clock=FrozenClock(START))
    with twin.serve(), ExitStack() as closing:
        yield Desk(twin, closing)


class Desk:
    """An empty twin on a socket, and connectors that speak to it."""

    def __init__(self, twin: ZendeskTwin, closing: ExitStack) -> None:
        self.twin = twin
        self._closing = closing

    def connect(self, *fields: str, **settings: object) -> Zendesk:
        table = {**self.twin.settings(self.twin.url), **settings}
        clock = self.twin.clock
        assert isinstance(clock, FrozenClock)
        connector = build(Zendesk, table, name="support", clock=clock, fields=fields)
        assert isinstance(connector, Zendesk)
        self._closing.callback(connector.http.close)
        return connector

    def feedback(self, **settings: object) -> list[Feedback | Tombstone]:
        connector = self.connect(**settings)
        return [connector.normalize(record) for page in connector.pull(None) for record in page.records]

    def only(self, **settings: object) -> Feedback:
        (seen,) = self.feedback(**settings)
        assert isinstance(seen, Feedback)
        return seen


def test_a_ticket_becomes_feedback(desk: Desk) -> None:
    fields = {"plan": "business", "arr": "12000.50"}
    acme = desk.twin.add_organization("Acme", domains=["acme.test", "acme.example"], fields=fields)
    ann = desk.twin.add_user("Ann", email="ann@acme.test", organization=acme)
    area = desk.twin.add_field("Area", type="tagger", options=["export", "login"])
    desk.twin.add_ticket(
        "Export to CSV",
        "Please!",
        requester=ann,
        tags=["vip"],
        priority="high",
        custom_fields={area: "export"},
    )

    seen = desk.only(names={"area": area})

    assert seen.url == f"{desk.twin.url}/agent/tickets/1"
    assert (seen.title, seen.text, seen.kind) == ("Export to CSV", "Please!", "ticket")
    assert seen.created_at == START
    assert seen.author == Person(id=str(ann), name="Ann")
    assert seen.account == Account(
        id=str(acme), name="Acme", domain="acme.test", plan="business", arr=12000.5
    )
    assert seen.tags == ("export", "vip")
    assert seen.fields == {"status": "new", "priority": "high", "channel": "web", "area": "export"}


def test_addresses_are_kept_only_where_the_settings_say_so(desk: Desk) -> None:
    ann = desk.twin.add_user("Ann", email="ann@acme.test")
    via = {"channel": "email", "source": {"from": {"address": "ann@acme.test"}, "to": {}, "rel": None}}
    ticket = desk.twin.add_ticket("Export", "Please!", requester=ann, via=via)
    desk.twin.add_comment(ticket, "Still waiting.", author=ann)

    silent = [r for page in desk.connect().pull(None) for r in page.records]
    told = desk.only(emails=True)

    assert b"ann@acme.test" not in orjson.dumps(silent)
    assert told.author is not None and told.author.email == "ann@acme.test"


def test_notes_stay_internal_and_answers_are_the_customers(desk: Desk) -> None:
    ann = desk.twin.add_user("Ann")
    ticket = desk.twin.add_ticket("Export", "Please!", requester=ann)
    desk.twin.add_comment(ticket, "They may leave.", public=False)
    desk.twin.add_comment(ticket, "We will see.")

    seen = desk.only()

    assert seen.visibility is Visibility.CUSTOMER
    assert [(c.text, c.visibility) for c in seen.comments] == [
        ("They may leave.", Visibility.INTERNAL),
        ("We will see.", Visibility.CUSTOMER),
    ]
    assert [c.author.name for c in seen.comments if c.author] == ["Ops Robot", "Ops Robot"]


def test_a_ticket_that_begins_with_a_note_is_internal(desk: Desk) -> None:
    ticket = desk.twin.add_ticket("Called", "A customer called: secret roadmap.", public=False)
    desk.twin.add_comment(ticket, "Thank you for calling.")

    assert desk.only().visibility is Visibility.INTERNAL


def test_without_comments_only_a_single_public_text_is_the_customers(desk: Desk) -> None:
    desk.twin.add_ticket("One", "The only text.")
    second = desk.twin.add_ticket("Two", "Perhaps a note.")
    desk.twin.add_comment(second, "An answer.")

    one, two = desk.feedback(comments=False)

    assert isinstance(one, Feedback) and one.visibility is Visibility.CUSTOMER
    assert isinstance(two, Feedback) and two.visibility is Visibility.INTERNAL
    assert desk.twin.requests(path="/api/v2/tickets/") == []


def test_comments_are_fetched_only_where_there_are_more_than_the_first(desk: Desk) -> None:
    desk.twin.add_ticket("One", "The only text.")
    desk.twin.add_comment(desk.twin.add_ticket("Two", "First."), "Second.")

    desk.feedback()

    assert [r.path for r in desk.twin.requests(path="/api/v2/tickets/")] == [
        "/api/v2/tickets/2/comments.json"
    ]


def test_every_comment_arrives_however_many_there_are(desk: Desk) -> None:
    ticket = desk.twin.add_ticket("Long", "First.")
    for number in range(230):
        desk.twin.add_comment(ticket, f"Answer {number}")

    seen = desk.only()

    assert [c.text for c in seen.comments] == [f"Answer {number}" for number in range(230)]


def test_deleted_tickets_are_tombstones(desk: Desk) -> None:
    desk.twin.delete_ticket(desk.twin.add_ticket("Gone", "Spam."))

    assert desk.feedback() == [Tombstone(Ref("support", "1"))]


def test_a_merged_ticket_names_its_original(desk: Desk) -> None:
    first = desk.twin.add_ticket("Export", "Please!")
    second = desk.twin.add_ticket("Export again", "Please, please! See #77 of the list.")
    desk.twin.merge_ticket(second, into=first)

    originals = [seen.duplicate_of for seen in desk.feedback() if isinstance(seen, Feedback)]

    assert originals == ["", "1"]


def test_an_incident_is_a_duplicate_of_its_problem(desk: Desk) -> None:
    desk.twin.add_ticket("It is down", "For us too.", type="incident", problem_id=9)

    assert desk.only().duplicate_of == "9"


def test_linked_issues_noted_keys_and_followed_tickets_are_mentions(desk: Desk) -> None:
    noted = desk.twin.add_field("Jira key")
    via = {"channel": "web", "source": {"from": {"ticket_id": 4}, "to": {}, "rel": "follow_up"}}
    ticket = desk.twin.add_ticket("Export", "Please!", via=via, custom_fields={noted: "FEED-3, FEED-4"})
    desk.twin.link_jira(ticket, "FEED-7")

    seen = desk.only(key_fields=[noted])

    assert seen.mentions == ("FEED-7", "FEED-3", "FEED-4", f"{desk.twin.url}/agent/tickets/4")


def test_links_to_jira_are_asked_for_only_where_the_integration_left_its_tag(desk: Desk) -> None:
    desk.twin.add_ticket("Unlinked", "Text.")
    desk.twin.link_jira(desk.twin.add_ticket("Linked", "Text."), "FEED-7")

    desk.feedback()

    assert [r.param("filter[ticket_id]") for r in desk.twin.requests(path="/api/v2/jira")] == ["2"]


def test_closed_links_do_not_stop_the_tickets(desk: Desk) -> None:
    desk.twin.link_jira(desk.twin.add_ticket("Linked", "Text."), "FEED-7")
    desk.twin.faults.always("status", path="/api/v2/jira/links", code=403)

    assert desk.only().mentions == ()


@pytest.mark.parametrize(
    ("score", "rating"),
    [
        ("good", Rating(1, 0, 1, "satisfaction")),
        ("bad", Rating(0, 0, 1, "satisfaction")),
        ("offered", None),
        ("unoffered", None),
    ],
)
def test_satisfaction_is_a_rating_once_it_was_given(desk: Desk, score: str, rating: Rating | None) -> None:
    desk.twin.add_ticket("Export", "Please!", satisfaction_rating={"score": score})

    assert desk.only().rating == rating


def test_what_is_said_beside_the_rating_is_a_comment(desk: Desk) -> None:
    ann = desk.twin.add_user("Ann")
    said = {"score": "bad", "comment": "Nobody answered."}
    desk.twin.add_ticket("Export", "Please!", requester=ann, satisfaction_rating=said)

    (comment,) = desk.only().comments

    assert (comment.text, comment.visibility) == ("Nobody answered.", Visibility.CUSTOMER)
    assert comment.author == Person(id=str(ann), name="Ann")


def test_a_broken_ticket_does_not_stop_its_page(desk: Desk) -> None:
    desk.twin.add_ticket("Broken", "Text.", via="nonsense")
    desk.twin.add_ticket("Sound", "Text.")
    connector = desk.connect()

    broken, sound = next(connector.pull(None)).records

    with pytest.raises((KeyError, TypeError)):
        connector.normalize(broken)
    assert isinstance(connector.normalize(sound), Feedback)


def test_an_empty_desk_leaves_no_cursor(desk: Desk) -> None:
    (page,) = desk.connect().pull(None)

    assert (page.records, page.cursor) == ([], None)


def test_the_last_minute_comes_with_the_next_pull(desk: Desk) -> None:
    desk.twin.faults.lag = timedelta(minutes=1)
    clock = desk.twin.clock
    assert isinstance(clock, FrozenClock)
    desk.twin.add_ticket("Old", "Text.")
    clock.advance(timedelta(minutes=2))
    desk.twin.add_ticket("New", "Text.")
    connector = desk.connect()

    first = list(connector.pull(None))
    clock.advance(timedelta(minutes=2))
    second = list(connector.pull(first[-1].cursor))

    assert [r["id"] for page in first for r in page.records] == [1]
    assert [r["id"] for page in second for r in page.records] == [2]


def test_a_pull_can_begin_at_a_moment(desk: Desk) -> None:
    desk.twin.add_ticket("Old", "Text.", created_at=START - timedelta(days=90))
    desk.twin.add_ticket("New", "Text.", created_at=START - timedelta(days=1))

    (seen,) = desk.feedback(since=(START - timedelta(days=30)).isoformat())

    assert seen.ref.id == "2"


def test_a_cursor_that_the_vendor_forgot_is_called_that(desk: Desk) -> None:
    desk.twin.add_ticket("Export", "Please!")

    with pytest.raises(CursorExpiredError):
        list(desk.connect().pull({"after": "bm9uc2Vuc2U="}))


def test_an_access_token_goes_without_an_address(desk: Desk) -> None:
    desk.twin.add_ticket("Export", "Please!")

    desk.feedback(email="")

    assert desk.twin.received[0].headers["authorization"] == f"Bearer {desk.twin.token}"


def test_a_ticket_can_be_a_tracked_item(desk: Desk) -> None:
    band = desk.twin.add_field("Band")
    score = desk.twin.add_field("Score", type="decimal")
    desk.twin.add_ticket("Export", "Please!", tags=["vip"], custom_fields={band: "P2", score: "87.5"})
    connector = desk.connect("tags", "priority", FIELD, SCORE)

    (record,) = next(connector.pull(None)).records
    item = connector.item(record)

    assert isinstance(item, TrackedItem)
    assert (item.key, item.status, item.version) == ("#1", "new", "2026-03-02T09:30:07Z")
    assert item.fields == {"tags": ("vip",), "priority": None, FIELD: "P2", SCORE: 87.5}


def test_a_write_is_one_locked_update_without_a_comment(desk: Desk) -> None:
    band = desk.twin.add_field("Band")
    desk.twin.add_ticket("Export", "Please!")
    change = Change(
        target="1",
        fields={"tags": ("churn-risk",), "priority": "high", f"custom_fields.{band}": "P1"},
        version="2026-03-02T09:30:07Z",
    )

    receipt = desk.connect(*change.fields).write(change)

    (sent,) = desk.twin.requests("PUT")
    assert sent.body == {
        "ticket": {
            "tags": ["churn-risk"],
            "priority": "high",
            "custom_fields": [{"id": band, "value": "P1"}],
            "safe_update": True,
            "updated_stamp": "2026-03-02T09:30:07Z",
        }
    }
    assert (receipt.version, receipt.refused) == ("2026-03-02T09:30:08Z", {})
    assert receipt.url == f"{desk.twin.url}/agent/tickets/1"
    assert len(desk.twin.comments[1]) == 1


def test_a_ticket_that_changed_meanwhile_is_a_conflict(desk: Desk) -> None:
    ticket = desk.twin.add_ticket("Export", "Please!")
    stamp = desk.twin.tickets[ticket]["updated_at"]
    desk.twin.update_ticket(ticket, priority="low")

    with pytest.raises(ConflictError):
        desk.connect().write(Change(target="1", fields={"priority": "high"}, version=stamp))

    assert desk.twin.tickets[ticket]["priority"] == "low"


def test_a_closed_or_a_missing_ticket_refuses_and_the_connection_goes_on(desk: Desk) -> None:
    desk.twin.add_ticket("Export", "Please!", status="closed")
    connector = desk.connect()

    for target in ("1", "2"):
        with pytest.raises(RefusedWriteError, match=f"ticket {target}"):
            connector.write(Change(target=target, fields={"priority": "high"}))


def test_a_field_that_the_account_lacks_is_named_as_refused(desk: Desk) -> None:
    desk.twin.add_ticket("Export", "Please!")
    change = Change(target="1", fields={"custom_fields.999": "P1", "priority": "high"})

    receipt = desk.connect().write(change)

    assert list(receipt.refused) == ["custom_fields.999"]
    assert desk.twin.tickets[1]["priority"] == "high"


@pytest.mark.parametrize("tag", ["Churn-Risk", "churn risk"])
def test_a_tag_that_zendesk_would_change_is_refused_with_the_right_spelling(desk: Desk, tag: str) -> None:
    desk.twin.add_ticket("Export", "Please!")

    with pytest.raises(RefusedWriteError) as caught:
        desk.connect().write(Change(target="1", fields={"tags": (tag,)}))

    assert tag.lower().replace(" ", "_") in caught.value.hint
    assert desk.twin.requests("PUT") == []


@pytest.mark.parametrize("name", ["comment", "custom_fields.x", "subject", "requester_id"])
def test_nothing_but_fields_is_ever_written(desk: Desk, name: str) -> None:
    desk.twin.add_ticket("Export", "Please!")

    with pytest.raises(RefusedWriteError, match="not a field to write"):
        desk.connect().write(Change(target="1", fields={name: "anything"}))

    assert desk.twin.requests("PUT") == []


def test_a_check_names_what_is_missing(desk: Desk) -> None:
    known = desk.twin.add_field("Band")
    desk.twin.role = "agent"

    findings = list(desk.connect(f"custom_fields.{known}", "custom_fields.999", "comment").check())

    failed = {finding.subject for finding in findings if not finding.ok}
    assert failed == {"export tickets", "ticket fields", "write comment"}
    assert "999" in next(f.detail for f in findings if f.subject == "ticket fields")
