"""What the Jira connector reads, from twins of Cloud and of Data Center."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

import pytest
from pydantic import ValidationError

from opshub.clock import FrozenClock
from opshub.errors import (
    AuthenticationError,
    CursorExpiredError,
    MissingError,
    RemovedEndpointError,
    RequestError,
)
from opshub.sdk import (
    Feedback,
    HttpRules,
    Person,
    Record,
    TrackedItem,
    Visibility,
)
from opshub.testing.trial import build
from opshub_connectors.jira import Jira, JiraSettings
from opshub_connectors.twins.jira import JiraTwin

START = datetime(2026, 3, 2, 9, 30, 7, tzinfo=UTC)


class Bench:
    """A twin on a socket, and connectors that speak to it."""

    def __init__(self, twin: JiraTwin, closing: ExitStack) -> None:
        self.twin = twin
        self.closing = closing

    def connect(self, *fields: str, **settings: object) -> Jira:
        table = {**self.twin.settings(self.twin.url), **settings}
        rules = HttpRules(private=True, first_wait=0)
        declared = cast("Mapping[str, str]", table.pop("declared", {}))
        made = build(Jira, table, clock=self.clock, fields=fields, declared=declared, rules=rules)
        self.closing.callback(made.http.close)
        assert isinstance(made, Jira)
        return made

    @property
    def clock(self) -> FrozenClock:
        assert isinstance(self.twin.clock, FrozenClock)
        return self.twin.clock

    def records(self, *fields: str, **settings: object) -> dict[str, Record]:
        pages = self.connect(*fields, **settings).pull(None)
        return {str(record["key"]): record for page in pages for record in page.records}

    def feedback(self, key: str = "FEED-1", **settings: object) -> Feedback:
        seen = self.connect(**settings).normalize(self.records(**settings)[key])
        assert isinstance(seen, Feedback)
        return seen

    def item(self, key: str, *fields: str) -> TrackedItem:
        seen = self.connect(*fields).item(self.records(*fields)[key])
        assert isinstance(seen, TrackedItem)
        return seen


@pytest.fixture(params=["cloud", "datacenter"])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    deployment: Literal["cloud", "datacenter"] = request.param
    twin = JiraTwin(deployment, clock=FrozenClock(START))
    with twin.serve(), ExitStack() as closing:
        yield Bench(twin, closing)


@pytest.fixture
def cloud() -> Iterator[Bench]:
    twin = JiraTwin("cloud", clock=FrozenClock(START))
    with twin.serve(), ExitStack() as closing:
        yield Bench(twin, closing)


@pytest.fixture
def center() -> Iterator[Bench]:
    twin = JiraTwin("datacenter", clock=FrozenClock(START))
    with twin.serve(), ExitStack() as closing:
        yield Bench(twin, closing)


def test_an_issue_becomes_feedback(bench: Bench) -> None:
    bench.twin.add(
        "Export to CSV",
        description="It fails.\n\nAlways.",
        at=START - timedelta(days=1, milliseconds=1),
        labels=("export",),
        components=("Reports",),
        custom={"customfield_10045": "gold"},
    )

    seen = bench.feedback(declared={"customfield_10045": "text"})

    assert seen.ref.id == str(bench.twin.issue("FEED-1").id)
    assert seen.url == f"{bench.twin.url}/browse/FEED-1"
    assert (seen.title, seen.text, seen.kind) == ("Export to CSV", "It fails.\n\nAlways.", "issue")
    assert seen.created_at == seen.updated_at == START - timedelta(days=1, milliseconds=1)
    assert seen.author == Person(id="ann", name="Ann Lee")
    assert seen.tags == ("Reports", "export")
    assert seen.fields == {
        "key": "FEED-1",
        "project": "FEED",
        "type": "Task",
        "status": "To Do",
        "status_category": "new",
        "priority": "Medium",
        "components": ("Reports",),
        "customfield_10045": "gold",
    }


def test_a_field_may_be_declared_by_the_name_that_people_see(bench: Bench) -> None:
    bench.twin.add("Export", custom={"customfield_10045": "gold"})
    declared = {"urgency": "text", "customfield_10042": "number"}

    seen = bench.feedback(declared=declared)
    item = bench.connect(declared=declared).item(bench.records(declared=declared)["FEED-1"])

    assert seen.fields["urgency"] == "gold"
    assert isinstance(item, TrackedItem)
    assert dict(item.fields) == {"urgency": "gold", "customfield_10042": None}


def test_the_list_of_fields_is_asked_for_only_where_a_field_has_a_name_alone(bench: Bench) -> None:
    bench.twin.add("Export")
    for declared, asked in (({"customfield_10042": "number"}, 0), ({"Urgency": "text"}, 1)):
        bench.twin.received.clear()

        list(bench.connect(declared=declared).pull(None))

        assert len([one for one in bench.twin.received if one.path.endswith("/field")]) == asked


@pytest.mark.parametrize(
    ("name", "told", "hint"),
    [
        ("Urgencie", "no field of this Jira is called Urgencie", "did you mean customfield_10045 (Urgency)?"),
        ("Points", "2 fields of this Jira are called Points", "customfield_10077 or customfield_10078"),
    ],
)
def test_a_name_that_no_field_or_several_have_stops_the_pull_and_says_what_to_write(
    bench: Bench, name: str, told: str, hint: str
) -> None:
    bench.twin.add_field("customfield_10077", "Points")
    bench.twin.add_field("customfield_10078", "points")
    jira = bench.connect(declared={name: "number"})

    with pytest.raises(MissingError, match=told) as caught:
        list(jira.pull(None))
    assert hint in caught.value.hint
    with pytest.raises(MissingError, match=told):
        list(jira.read(["10001"]))
    found = [one for one in jira.check() if one.subject == f"read {name}"]
    assert [one.ok for one in found] == [False]


def test_addresses_are_kept_only_where_the_settings_say_so(bench: Bench) -> None:
    bench.twin.add("Export")
    bench.twin.comment("FEED-1", "Still waiting.")

    silent, told = bench.records(), bench.feedback(emails=True)

    assert "ann@acme.test" not in json.dumps(silent)
    assert told.author is not None and told.author.email == "ann@acme.test"


def test_all_comments_arrive_where_the_search_cuts_them(cloud: Bench) -> None:
    cloud.twin.add("Export")
    for number in range(230):
        cloud.twin.comment("FEED-1", f"Me too, {number}.")

    seen = cloud.feedback()

    assert [comment.text for comment in seen.comments] == [f"Me too, {number}." for number in range(230)]


def test_comments_that_came_whole_cost_no_request(cloud: Bench) -> None:
    cloud.twin.add("Export")
    cloud.twin.comment("FEED-1", "Me too.")

    cloud.records()

    assert [r.path for r in cloud.twin.requests() if "/comment" in r.path] == []


def test_each_comment_carries_its_visibility(cloud: Bench) -> None:
    cloud.twin.state.projects["FEED"].kind = "service_desk"
    cloud.twin.add("Export")
    cloud.twin.comment("FEED-1", "For all.", author="bo")
    cloud.twin.comment("FEED-1", "They may leave.", internal=True)
    cloud.twin.comment("FEED-1", "For admins.", role="Administrators")

    seen, shy = cloud.feedback(customers=True), cloud.feedback()

    assert [(c.text, c.visibility) for c in seen.comments] == [
        ("For all.", Visibility.CUSTOMER),
        ("They may leave.", Visibility.INTERNAL),
        ("For admins.", Visibility.RESTRICTED),
    ]
    assert seen.visibility is Visibility.CUSTOMER
    assert {shy.visibility, shy.comments[0].visibility} == {Visibility.INTERNAL}


def test_data_centers_desk_hides_comments_by_a_property(center: Bench) -> None:
    center.twin.state.projects["FEED"].kind = "service_desk"
    center.twin.add("Export")
    center.twin.comment("FEED-1", "For all.")
    center.twin.comment("FEED-1", "They may leave.", internal=True)

    seen = center.feedback(customers=True)

    assert [c.visibility for c in seen.comments] == [Visibility.CUSTOMER, Visibility.INTERNAL]


def test_a_duplicate_names_its_original_and_both_mention_each_other(bench: Bench) -> None:
    bench.twin.add("First")
    bench.twin.add("Second")
    bench.twin.link("FEED-2", "Duplicate", "FEED-1")
    bench.twin.link("FEED-2", "Relates", "CORE-7")

    first, second = bench.feedback("FEED-1"), bench.feedback("FEED-2")

    assert (first.duplicate_of, first.mentions) == ("", ("FEED-2",))
    assert (second.duplicate_of, second.mentions) == (first.ref.id, ("FEED-1", "CORE-7"))


def test_an_item_holds_every_owned_field(bench: Bench) -> None:
    bench.twin.add(
        "Export",
        labels=("vip", "opshub-idea-12", "export"),
        priority="High",
        custom={
            "customfield_10042": 42.0,
            "customfield_10043": "P1",
            "customfield_10044": ("b", "a"),
            "customfield_10045": None,
        },
        remote=(
            {"id": 1, "globalId": "opshub:1", "object": {"url": "https://desk.test/1", "title": "x"}},
            {"id": 2, "globalId": "other", "object": {"url": "https://other.test", "title": "y"}},
        ),
    )
    owned = ("priority", "labels", *(f"customfield_1004{n}" for n in range(2, 6)), "remotelinks")

    seen = bench.item("FEED-1", *owned)

    assert seen.fields == {
        "priority": "High",
        "labels": ("export", "vip"),
        "customfield_10042": 42,
        "customfield_10043": "P1",
        "customfield_10044": ("a", "b"),
        "customfield_10045": None,
        "remotelinks": ("https://desk.test/1",),
    }
    assert (seen.key, seen.marker, seen.status, seen.version) == ("FEED-1", "IDEA-12", "To Do", "")
    assert seen.mentions == ("https://other.test",)
    assert seen.tags == ("export", "vip")


def test_remote_links_cost_a_request_only_where_they_are_owned(bench: Bench) -> None:
    bench.twin.add("Export")

    bench.records("priority")

    assert [r for r in bench.twin.requests() if r.path.endswith("/remotelink")] == []


def test_many_issues_of_one_minute_all_arrive(bench: Bench) -> None:
    minute = START - timedelta(days=3, seconds=7)
    for number in range(350):
        bench.twin.add(f"Import {number}", at=minute + timedelta(milliseconds=number % 7))

    assert len(bench.records()) == 350


def test_a_list_that_shifts_while_it_is_read_loses_nothing(center: Bench) -> None:
    minute = START - timedelta(days=3)
    for number in range(350):
        center.twin.add(f"Import {number}", at=minute)
    connector, seen = center.connect(), set()

    for number, page in enumerate(connector.pull(None)):
        seen |= {str(record["key"]) for record in page.records}
        center.twin.edit(f"FEED-{number + 1}")

    assert seen == {f"FEED-{number}" for number in range(1, 351)}


def test_what_changes_while_it_is_listed_does_not_hide_what_follows(bench: Bench) -> None:
    """Killed after its second page, the next pull still brings all that lay behind that page."""
    for number in range(250):
        bench.twin.add(f"Issue {number}", at=START - timedelta(days=3) + timedelta(minutes=number))
    pages = bench.connect().pull(None)
    got = {str(record["key"]) for record in next(pages).records}
    bench.clock.advance(timedelta(minutes=1))
    bench.twin.edit("FEED-150")
    second = next(pages)
    got |= {str(record["key"]) for record in second.records}
    del pages

    rest = [r for page in bench.connect().pull(json.loads(json.dumps(second.cursor))) for r in page.records]

    assert got | {str(record["key"]) for record in rest} == {f"FEED-{n}" for n in range(1, 251)}


def test_a_change_that_the_search_shows_twenty_minutes_late_is_found(bench: Bench) -> None:
    bench.twin.faults.lag = timedelta(seconds=1)
    late = bench.twin.add("Late", at=START - timedelta(days=1))
    changed = dataclasses.replace(late, summary="Changed", updated=START - timedelta(minutes=19))
    bench.twin.state.put(changed, START + timedelta(minutes=1))
    bench.twin.add("In time", at=START - timedelta(minutes=10, seconds=30))
    cursor = [page.cursor for page in bench.connect().pull(None)][-1]
    bench.clock.advance(timedelta(minutes=2))

    found = [record for page in bench.connect().pull(cursor) for record in page.records]

    assert [record["key"] for record in found] == ["FEED-1"]


def test_times_of_the_query_are_on_the_accounts_own_clock(bench: Bench) -> None:
    bench.twin.add("Export", at=START - timedelta(days=1))
    cursor = bench.connect().rewind(datetime(2026, 2, 1, 12, 0, 59, tzinfo=UTC))

    list(bench.connect().pull(cursor))

    asked = bench.twin.requests("GET", f"/rest/api/{3 if bench.twin.cloud else 2}/search")[0].param("jql")
    assert 'AND updated >= "2026-02-01 06:50" ORDER BY updated ASC' in asked


def test_an_account_that_hides_its_zone_is_asked_from_early_on(bench: Bench) -> None:
    bench.twin.add("Export", at=START - timedelta(hours=1))
    connector = bench.connect()
    connector.site.__dict__["zone"] = None

    list(connector.pull(connector.rewind(START)))

    assert 'updated >= "2026-03-01 21:20"' in bench.twin.requests("GET")[-1].param("jql")


def test_the_admins_order_is_dropped_and_the_restriction_kept(bench: Bench) -> None:
    bench.twin.add_project("CORE")
    for project, label in (("FEED", "a"), ("CORE", "a"), ("FEED", "b"), ("CORE", "b")):
        bench.twin.add("One", project=project, labels=(label,))

    found = bench.records(query='project = FEED OR labels = "a" ORDER BY created DESC')

    assert set(found) == {"FEED-1", "CORE-1", "FEED-2"}


def test_a_long_query_travels_in_a_body(cloud: Bench) -> None:
    cloud.twin.add("Export")
    names = ", ".join(f'"label-{number}"' for number in range(500))

    found = cloud.records(query=f"project = FEED AND labels not in ({names})")

    assert set(found) == {"FEED-1"}
    assert cloud.twin.requests("POST", "/rest/api/3/search/jql")


@pytest.mark.parametrize("query", ["", "  ", "order by created", "project = A)", "(project = A", 'text ~ "a'])
def test_a_query_that_cannot_be_bounded_is_a_mistake_in_the_settings(query: str) -> None:
    with pytest.raises(ValidationError, match="query"):
        JiraSettings(url="https://x.test", email="a", token="t", query=query)


def test_an_unknown_project_is_missing_and_the_hint_says_where(bench: Bench) -> None:
    with pytest.raises(MissingError, match="'NOPE' does not exist") as caught:
        list(bench.connect(query="project = NOPE").pull(None))

    assert "`query`" in caught.value.hint


def test_a_query_with_a_mistake_is_a_wrong_request(bench: Bench) -> None:
    with pytest.raises(RequestError, match="Expecting"):
        list(bench.connect(query="project FEED").pull(None))


def test_a_wrong_token_is_called_that_and_not_shown(bench: Bench) -> None:
    with pytest.raises(AuthenticationError) as caught:
        list(bench.connect(token="n0t-the-token").pull(None))

    assert "n0t-the-token" not in str(caught.value)


def test_data_centers_search_on_cloud_is_a_removed_endpoint(cloud: Bench) -> None:
    settings = {"deployment": "datacenter", "email": "", "token": cloud.twin.token}
    connector = cloud.connect(**settings)
    connector.http.close()
    basic = cloud.connect()
    connector.http = basic.http

    with pytest.raises(RemovedEndpointError):
        list(connector.pull(None))


def test_a_cursor_that_cannot_be_read_is_expired(bench: Bench) -> None:
    with pytest.raises(CursorExpiredError):
        list(bench.connect().pull({"mark": "yesterday", "seen": 7}))


def test_a_second_pull_asks_little_and_brings_nothing(bench: Bench) -> None:
    for number in range(120):
        bench.twin.add(f"Issue {number}", at=START - timedelta(days=2, minutes=number))
    cursor = [page.cursor for page in bench.connect().pull(None)][-1]
    before = len(bench.twin.requests())

    again = [record for page in bench.connect().pull(cursor) for record in page.records]

    assert again == []
    assert len(bench.twin.requests()) - before == 3  # the site's time, the account's zone, one page


def test_the_census_lists_ids_alone_whatever_shifts(center: Bench) -> None:
    center.twin.page_limit = 100
    for number in range(250):
        center.twin.add(f"Issue {number}")
    listed: set[object] = set()

    for number, page in enumerate(center.connect().census()):
        listed |= {record["id"] for record in page.records}
        if number == 0:
            center.twin.delete("FEED-1")

    living = {str(issue.id) for issue in center.twin.state.present()}
    assert living <= listed
