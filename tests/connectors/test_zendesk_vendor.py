"""Zendesk and its twin, judged by the vendor's description, by real answers and by a third party's client."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from opshub.clock import FrozenClock
from opshub.sdk import Change, Feedback, Person, Ref, Value, Visibility
from opshub.testing import SpecJudge
from opshub.testing.trial import START, build
from opshub_connectors.twins.zendesk import ZendeskTwin
from opshub_connectors.zendesk import Zendesk

DESCRIPTION_FLAWS = re.compile(
    # Its prose says that deleted tickets are exported with this status, and that a cursor comes without a start.
    r"tickets\[1\]\.status: 'deleted' is not one of|cursor\.json: query parameter 'start_time' is missing"
    # It describes a custom field's value by the definition of the field; its manual shows id and value.
    r"|PUT .* ticket\.custom_fields\[\d\]: '(key|type|title)' is a required property"
)


@pytest.fixture
def twin() -> Iterator[ZendeskTwin]:
    twin = ZendeskTwin(clock=FrozenClock(START))
    acme = twin.add_organization("Acme", domains=["acme.test"], fields={"plan": "business", "arr": 12000})
    ann = twin.add_user("Ann", email="ann@acme.test", organization=acme)
    twin.add_field("Band")
    twin.add_field("Score", type="decimal")
    twin.add_ticket("Export to CSV", "Please!", requester=ann, tags=["vip"], status="open")
    twin.add_comment(1, "An internal note.", public=False)
    twin.link_jira(1, "FEED-7")
    twin.add_ticket("Gone", "Spam.")
    twin.delete_ticket(2)
    for number in range(130):
        twin.add_ticket(f"Ticket {number}", "Text.", requester=ann)
    with twin.serve():
        yield twin


@contextmanager
def connected(twin: ZendeskTwin, *fields: str) -> Iterator[Any]:
    assert isinstance(twin.clock, FrozenClock)
    made = build(Zendesk, twin.settings(twin.url), name="support", clock=twin.clock, fields=fields)
    yield made
    made.http.close()


def test_every_exchange_is_as_the_vendor_describes_it(twin: ZendeskTwin, shared: Path) -> None:
    spec = shared / "specs" / "zendesk-support.json"
    if not spec.is_file():
        pytest.skip("the vendor's API description is not in the shared folder")
    # Recorded answers hold nulls that the description forgets; side-loading and cursors are described in prose only.
    extra = ("include", "per_page", "page")
    judge = SpecJudge(spec, suffix=".json", nulls=True, extra_query=extra)
    wishes: dict[str, Value] = {
        "tags": ("churn-risk",),
        "priority": "high",
        "custom_fields.301": "P1",
        "custom_fields.302": 8.5,
    }
    stamp = twin.tickets[1]["updated_at"]

    with connected(twin, *wishes) as connector:
        list(connector.pull(None))
        list(connector.read(["1", "3"]))
        list(connector.check())
        connector.write(Change(target="1", fields=wishes, version=stamp))

    judged = [received for received in twin.received if "/jira/" not in received.path]
    found = judge.check_all(judged)
    assert {"/api/v2/tickets/1/comments.json", "/api/v2/tickets/1.json"} <= {r.path for r in judged}
    assert [line for line in found if not DESCRIPTION_FLAWS.search(line)] == []


def test_a_judge_that_knows_no_such_operation_says_so(twin: ZendeskTwin, shared: Path) -> None:
    spec = shared / "specs" / "zendesk-support.json"
    if not spec.is_file():
        pytest.skip("the vendor's API description is not in the shared folder")

    with connected(twin) as connector:
        list(connector.check())

    violations = SpecJudge(spec, suffix=".json", nulls=True).check_all(twin.received)
    assert any("/api/v2/jira/links" in line for line in violations)


def test_many_tickets_are_read_in_portions_that_the_vendor_takes(twin: ZendeskTwin) -> None:
    with connected(twin) as connector:
        found = list(connector.read([str(number) for number in range(1, 141)]))

    assert len(found) == 131
    assert len(twin.requests(path="/api/v2/tickets/show_many")) == 2


def recorded(shared: Path, name: str) -> Any:
    path = shared / "recordings" / "zendesk-go" / "fixture" / "GET" / f"{name}.json"
    if not path.is_file():
        pytest.skip("the recordings of Zendesk are not in the shared folder")
    return orjson.loads(path.read_bytes())


class Repeater:
    """Stands where HTTP is, with recorded answers by the end of their path."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    def get(self, path: str, *, params: Any = None) -> Any:
        return self._answers[urlsplit(path).path.rsplit("/", 1)[-1]]


def test_real_tickets_with_real_comments_are_understood(shared: Path) -> None:
    comments = recorded(shared, "ticket_comments") | {"meta": {"has_more": False}}
    answers = {"show_many.json": recorded(shared, "ticket_show_many"), "comments.json": comments}
    clock = FrozenClock(START)
    settings = {"url": "https://acme.zendesk.com", "email": "ops@acme.test", "token": "s3cret"}
    connector: Any = build(Zendesk, settings, name="support", clock=clock)
    connector.http.close()
    connector.http = Repeater(answers)

    first, second = (connector.normalize(record) for record in connector.read(["2", "3"]))

    assert isinstance(first, Feedback) and isinstance(second, Feedback)
    assert first.ref == Ref("support", "2")
    assert first.title == "Mail to create fixture ticket for testing"
    assert first.text.endswith("nukosuke (●ↀ ω ↀ●)")
    assert first.created_at == datetime(2019, 6, 3, 2, 23, 47, tzinfo=UTC)
    assert first.visibility is Visibility.CUSTOMER
    assert [c.text for c in first.comments] == ["Mail to create fixture ticket for testing"]
    assert first.fields == {"status": "solved", "channel": "email"}
    assert (second.title, second.text) == ("にゃー", "ぬこすけ")


def test_a_real_user_becomes_the_author(shared: Path) -> None:
    user = recorded(shared, "users")["users"][0]
    ticket = {**recorded(shared, "ticket")["ticket"], "requester_id": user["id"], "comment_count": 1}
    answers = {"show_many.json": {"tickets": [ticket], "users": [user]}}
    settings = {"url": "https://acme.zendesk.com", "email": "ops@acme.test", "token": "s3cret"}
    connector: Any = build(Zendesk, settings, name="support", clock=FrozenClock(START))
    connector.http.close()
    connector.http = Repeater(answers)

    (record,) = connector.read(["2"])
    seen = connector.normalize(record)

    assert isinstance(seen, Feedback)
    assert seen.author == Person(id=str(user["id"]), name="Sample customer")
    assert b"customer@example.com" not in orjson.dumps(record)
    assert b"nukosuke@lavabit.com" not in orjson.dumps(record)


@pytest.fixture
def client(twin: ZendeskTwin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    requests = pytest.importorskip("requests")
    zenpy = pytest.importorskip("zenpy")
    monkeypatch.setenv("ZENPY_FORCE_SCHEME", "http")
    monkeypatch.setenv("ZENPY_FORCE_NETLOC", urlsplit(twin.url).netloc)
    with requests.Session() as session:
        made = zenpy.Zenpy(
            subdomain="acme", email=twin.email, token=twin.token, session=session, disable_cache=True
        )
        yield made


zenpy_is_noisy = pytest.mark.filterwarnings("ignore::DeprecationWarning:zenpy")


@zenpy_is_noisy
def test_a_third_partys_client_exports_every_ticket(client: Any, twin: ZendeskTwin) -> None:
    twin.page_limit = 50

    found = {ticket.id: ticket for ticket in client.tickets.incremental(start_time=0)}

    assert set(found) == set(range(1, 133))
    assert found[1].subject == "Export to CSV"
    assert found[2].status == "deleted"


@zenpy_is_noisy
def test_a_third_partys_client_reads_people_comments_and_links(client: Any) -> None:
    ticket = client.tickets(id=1)

    assert (ticket.requester.name, ticket.organization.name) == ("Ann", "Acme")
    assert [(c.public, c.body) for c in client.tickets.comments(ticket=1)] == [
        (True, "Please!"),
        (False, "An internal note."),
    ]
    assert [link.issue_key for link in client.jira_links(ticket_id=1)] == ["FEED-7"]
    assert client.users.me().role == "admin"


@zenpy_is_noisy
def test_what_a_third_partys_client_writes_reaches_the_connector(client: Any, twin: ZendeskTwin) -> None:
    ticket = client.tickets(id=1)
    ticket.tags.append("from-zenpy")
    ticket.priority = "urgent"

    audit = client.tickets.update(ticket)

    assert audit.ticket.priority == "urgent"
    with connected(twin) as connector:
        (record,) = connector.read(["1"])
    assert sorted(record["tags"]) == ["from-zenpy", "jira_escalated", "vip"]


@zenpy_is_noisy
def test_what_the_connector_writes_reaches_a_third_partys_client(client: Any, twin: ZendeskTwin) -> None:
    fields: dict[str, Value] = {"tags": ("churn-risk",), "custom_fields.301": "P1"}
    stamp = twin.tickets[1]["updated_at"]

    with connected(twin, *fields) as connector:
        connector.write(Change(target="1", fields=fields, version=stamp))

    ticket = client.tickets(id=1)
    assert ticket.tags == ["churn-risk"]
    assert {f["id"]: f["value"] for f in ticket.custom_fields}[301] == "P1"


@zenpy_is_noisy
def test_a_third_partys_client_meets_the_lock(client: Any, twin: ZendeskTwin) -> None:
    exceptions = pytest.importorskip("zenpy.lib.exception")
    ticket = client.tickets(id=1)
    twin.update_ticket(1, priority="low")
    ticket.tags.append("too-late")
    ticket.safe_update = True
    ticket.updated_stamp = ticket.updated_at

    with pytest.raises(exceptions.APIException, match="UpdateConflict"):
        client.tickets.update(ticket)

    assert "too-late" not in twin.tickets[1]["tags"]
