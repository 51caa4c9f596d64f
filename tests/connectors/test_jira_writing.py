"""What the Jira connector writes, to twins of Cloud and of Data Center."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import pytest

from opshub.clock import FrozenClock
from opshub.errors import (
    MissingError,
    PermissionDeniedError,
    RefusedWriteError,
    UnknownOutcomeError,
)
from opshub.sdk import Change, Draft, HttpRules, Receipt, TrackedItem, Value
from opshub.testing.trial import build
from opshub_connectors.jira import Jira
from opshub_connectors.twins.jira import JiraTwin
from opshub_connectors.twins.jira.state import PersonRow

START = datetime(2026, 3, 2, 9, 30, 7, tzinfo=UTC)
OWNED = ("priority", "labels", "customfield_10042", "customfield_10043", "customfield_10045", "remotelinks")


class Bench:
    """A twin with one issue, and a connector that owns some of its fields."""

    def __init__(self, twin: JiraTwin, closing: ExitStack) -> None:
        self.twin = twin
        self.closing = closing
        self.jira = self.connect()
        twin.add("Export to CSV", labels=("vip",), at=START - timedelta(days=1))

    def connect(self, *fields: str, **settings: object) -> Jira:
        table = {**self.twin.settings(self.twin.url), **settings}
        rules = HttpRules(private=True, first_wait=0)
        made = build(Jira, table, clock=self.clock, fields=fields or OWNED, rules=rules)
        self.closing.callback(made.http.close)
        assert isinstance(made, Jira)
        return made

    def write(self, **fields: Value) -> Receipt:
        return self.jira.write(Change(target=str(self.twin.issue("FEED-1").id), fields=fields))

    def now(self) -> TrackedItem:
        (record,) = self.jira.read([str(self.twin.issue("FEED-1").id)])
        seen = self.jira.item(record)
        assert isinstance(seen, TrackedItem)
        return seen

    @property
    def clock(self) -> FrozenClock:
        assert isinstance(self.twin.clock, FrozenClock)
        return self.twin.clock

    def put(self) -> Any:
        """The body of the last PUT."""
        return self.twin.requests("PUT")[-1].body


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


def draft(**options: Any) -> Draft:
    values: dict[str, Any] = {"marker": "IDEA-12", "project": "FEED", "title": "Export", "text": "Asked for."}
    return Draft(**{**values, **options})


def test_all_fields_go_in_one_request(bench: Bench) -> None:
    receipt = bench.write(priority="High", customfield_10042=87.5, customfield_10043="P1")

    assert receipt.refused == {}
    assert receipt.url == f"{bench.twin.url}/browse/FEED-1"
    assert bench.twin.writes == {("edit", "FEED-1"): 1}
    assert bench.put() == {
        "fields": {
            "priority": {"name": "High"},
            "customfield_10042": 87.5,
            "customfield_10043": {"value": "P1"},
        }
    }


def test_labels_are_added_and_removed_one_by_one(bench: Bench) -> None:
    bench.write(labels=("churn-risk", "export"))

    assert bench.put() == {
        "update": {"labels": [{"add": "churn-risk"}, {"add": "export"}, {"remove": "vip"}]}
    }


def test_components_are_exchanged_and_named(bench: Bench) -> None:
    jira = bench.connect("components")
    bench.twin.edit("FEED-1", components=("Import",))

    made = jira.write(
        Change(target=str(bench.twin.issue("FEED-1").id), fields={"components": ("Export", "Import")})
    )

    assert made.refused == {}
    assert bench.put() == {"fields": {"components": [{"name": "Export"}, {"name": "Import"}]}}
    assert bench.twin.issue("FEED-1").components == ("Export", "Import")
    (record,) = jira.read([str(bench.twin.issue("FEED-1").id)])
    seen = jira.item(record)
    assert isinstance(seen, TrackedItem)
    assert seen.fields["components"] == ("Export", "Import")


def test_a_label_that_another_adds_meanwhile_stays(bench: Bench) -> None:
    read = bench.now().fields["labels"]
    assert isinstance(read, tuple)
    bench.twin.edit("FEED-1", labels=("vip", "new-by-bo"))

    bench.write(labels=(*read, "export", "new-by-bo"))

    assert bench.twin.issue("FEED-1").labels == ("vip", "new-by-bo", "export")


def test_the_hubs_own_marker_is_never_removed(bench: Bench) -> None:
    bench.twin.edit("FEED-1", labels=("vip", "opshub-idea-12"))

    bench.write(labels=())

    assert bench.twin.issue("FEED-1").labels == ("opshub-idea-12",)
    assert bench.now().fields["labels"] == ()


def test_labels_that_stand_already_need_no_request(bench: Bench) -> None:
    receipt = bench.write(labels=("vip",))

    assert receipt.refused == {}
    assert bench.twin.requests("PUT") == []


def test_a_field_that_the_screen_lacks_is_refused_and_the_rest_is_written(bench: Bench) -> None:
    bench.twin.state.projects["FEED"].off_screen.add("customfield_10042")

    receipt = bench.write(priority="High", customfield_10042=87.5)

    assert bench.now().fields["priority"] == "High"
    assert list(receipt.refused) == ["customfield_10042"]
    told = receipt.refused["customfield_10042"]
    assert "not on the edit screen of Task issues in FEED" in told
    assert "Project settings > Screens" in told


def test_the_refusal_names_the_way_of_a_team_managed_project(cloud: Bench) -> None:
    project = cloud.twin.state.projects["FEED"]
    project.simplified = True
    project.off_screen.add("priority")

    receipt = cloud.write(priority="High")

    assert "(team-managed)" in receipt.refused["priority"]
    assert "Project settings > Issue types" in receipt.refused["priority"]
    assert cloud.twin.requests("PUT") == []


def test_a_screen_that_changed_since_it_was_looked_at_costs_one_field(bench: Bench) -> None:
    bench.write(priority="Low")
    bench.twin.state.projects["FEED"].off_screen.add("customfield_10042")

    receipt = bench.write(priority="High", customfield_10042=1.0)

    assert bench.now().fields["priority"] == "High"
    assert "not on the appropriate screen" in receipt.refused["customfield_10042"]


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("priority", "P9", "there are: Highest, High, Medium, Low, Lowest"),
        ("customfield_10043", "P9", "Band (customfield_10043) has no value 'P9'; there are: P1, P2, P3"),
        ("customfield_10042", "much", "takes a number"),
        ("customfield_10042", True, "takes a number"),
        ("labels", ("churn risk",), "labels without spaces"),
        ("labels", ("x" * 256,), "at most 255"),
        ("customfield_10045", "x" * 300, "255 characters"),
        ("customfield_10045", ("a", "b"), "one text"),
        ("assignee", "ann", "of the type 'user'"),
        ("customfield_99", 1, "not on the edit screen"),
    ],
)
def test_what_a_field_does_not_take_is_refused_with_a_sentence(
    bench: Bench, field: str, value: Value, told: str
) -> None:
    receipt = bench.write(**{field: value})

    assert told in receipt.refused[field]
    assert bench.twin.requests("PUT") == []


def test_fields_are_emptied_again(bench: Bench) -> None:
    bench.write(customfield_10042=1.0, customfield_10043="P1", customfield_10045="now")

    receipt = bench.write(customfield_10042=None, customfield_10043=None, customfield_10045=None)

    assert receipt.refused == {}
    assert {bench.now().fields[f"customfield_1004{n}"] for n in (2, 3, 5)} == {None}


def test_a_write_that_was_accepted_and_lost_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench.twin.state, "edit", lambda issue, at, **changes: issue)

    receipt = bench.write(priority="High", labels=("a",))

    assert receipt.refused["priority"].endswith("priority still holds 'Medium'")
    assert receipt.refused["labels"].endswith("labels still holds ('vip',)")


def test_nobody_is_notified_where_the_account_may_keep_silent(bench: Bench) -> None:
    bench.twin.admin = True

    bench.write(priority="High")

    assert bench.twin.requests("PUT")[0].param("notifyUsers") == "false"


def test_an_account_that_may_not_keep_silent_writes_all_the_same(bench: Bench) -> None:
    bench.jira.site._silent["FEED"] = True

    receipt = bench.write(priority="High")

    assert [r.status for r in bench.twin.requests("PUT")] == [403, 200 if bench.twin.cloud else 204]
    assert receipt.refused == {}


def test_what_everybody_writes_asks_for_screens_and_rights_once(bench: Bench) -> None:
    for number in range(5):
        bench.twin.add(f"Issue {number}")
        target = str(bench.twin.issue(f"FEED-{number + 2}").id)
        bench.jira.write(Change(target=target, fields={"priority": "High"}))

    paths = [r.path for r in bench.twin.requests("GET")]
    assert len([path for path in paths if path.endswith("/editmeta")]) == 1
    assert len([path for path in paths if path.endswith("/mypermissions")]) == 1


def test_an_issue_that_is_gone_is_refused_and_no_error_of_the_connection(bench: Bench) -> None:
    with pytest.raises(RefusedWriteError, match="gone or out of reach"):
        bench.jira.write(Change(target="424242", fields={"priority": "High"}))


def test_an_account_without_the_permission_is_told_so(bench: Bench) -> None:
    bench.write(priority="Low")
    bench.twin.denied.add("EDIT_ISSUES")

    with pytest.raises(PermissionDeniedError):
        bench.write(priority="High")


def test_back_links_become_those_that_are_wished_and_others_stay(bench: Bench) -> None:
    other = {"id": 1, "globalId": "theirs", "object": {"url": "https://other.test", "title": "x"}}
    bench.twin.edit("FEED-1", remote=(other,))

    bench.write(remotelinks=("https://desk.test/1", "https://desk.test/2"))
    first = bench.now().fields["remotelinks"]
    bench.write(remotelinks=("https://desk.test/2", "https://desk.test/3"))
    again = bench.now().fields["remotelinks"]
    bench.write(remotelinks=("https://desk.test/2", "https://desk.test/3"))

    assert first == ("https://desk.test/1", "https://desk.test/2")
    assert again == ("https://desk.test/2", "https://desk.test/3")
    assert other in bench.twin.issue("FEED-1").remote
    assert sorted(bench.twin.writes.values()) == [1, 1, 1, 1]


def test_an_account_that_may_not_link_writes_the_other_fields(bench: Bench) -> None:
    bench.twin.denied.add("LINK_ISSUES")

    receipt = bench.write(priority="High", remotelinks=("https://desk.test/1",))

    assert list(receipt.refused) == ["remotelinks"]
    assert bench.now().fields["priority"] == "High"


def test_a_new_issue_carries_text_fields_and_marker(bench: Bench) -> None:
    fields: dict[str, Value] = {"priority": "High", "labels": ("export",), "customfield_10042": 3}

    receipt = bench.jira.create(draft(title="Export\nto CSV", text="One [~admin]\n*two*", fields=fields))

    made = bench.twin.issue(receipt.target)
    assert receipt.refused == {}
    assert (made.summary, made.priority, made.custom) == ("Export to CSV", "High", {"customfield_10042": 3})
    assert made.labels == ("export", "opshub-idea-12")
    assert made.properties == {"opshub": {"marker": "IDEA-12"}}
    (record,) = bench.jira.read([receipt.target])
    seen = bench.jira.item(record)
    assert isinstance(seen, TrackedItem)
    assert (seen.marker, seen.text) == ("IDEA-12", "One [~admin]\n*two*")


def test_a_lost_answer_leaves_an_issue_that_the_marker_finds_when_the_search_has_caught_up(
    bench: Bench,
) -> None:
    bench.twin.faults.lag = timedelta(minutes=4)
    bench.twin.faults.once("lost_answer", method="POST", path="*/issue")

    with pytest.raises(UnknownOutcomeError):
        bench.jira.create(draft())
    early = bench.jira.find("IDEA-12")
    bench.clock.advance(bench.jira.lag)
    late = bench.jira.find("IDEA-12")

    assert early is None
    assert late == str(bench.twin.issue("FEED-2").id)
    assert bench.twin.writes == {("create", "opshub-idea-12"): 1}


def test_a_server_error_leaves_a_creation_in_doubt_and_is_not_repeated(bench: Bench) -> None:
    bench.twin.faults.always("status", method="POST", path="*/issue", code=503)

    with pytest.raises(UnknownOutcomeError):
        bench.jira.create(draft())

    assert len(bench.twin.requests("POST")) == 1


def test_the_newest_of_two_twins_of_an_idea_is_found(bench: Bench) -> None:
    bench.jira.create(draft())
    bench.clock.advance(timedelta(minutes=1))
    newest = bench.jira.create(draft())

    assert bench.jira.find("IDEA-12") == newest.target


def test_a_field_that_the_create_screen_lacks_is_left_out_and_named(bench: Bench) -> None:
    bench.twin.state.projects["FEED"].off_screen.add("priority")

    receipt = bench.jira.create(draft(fields={"priority": "High", "customfield_10043": "P1"}))

    assert "not on the create screen of Task issues in FEED" in receipt.refused["priority"]
    assert bench.twin.issue(receipt.target).custom == {"customfield_10043": "P1"}


def test_without_labels_on_the_screen_no_issue_is_made(bench: Bench) -> None:
    bench.twin.state.projects["FEED"].off_screen.add("labels")

    with pytest.raises(RefusedWriteError, match="its marker is a label"):
        bench.jira.create(draft())

    assert bench.twin.requests("POST") == []


def test_an_unknown_type_names_those_that_there_are(bench: Bench) -> None:
    with pytest.raises(MissingError, match="it can make: Task, Bug, Story, Idea, Sub-task"):
        bench.connect(issue_type="Epos").create(draft())


def test_an_unknown_project_is_missing(bench: Bench) -> None:
    with pytest.raises(MissingError, match="NOPE"):
        bench.jira.create(draft(project="NOPE"))


def test_the_settings_name_the_project_where_the_route_names_none(bench: Bench) -> None:
    made = bench.connect(project="FEED").create(draft(project=""))

    assert bench.twin.issue(made.target).project == "FEED"
    with pytest.raises(RefusedWriteError, match="no project"):
        bench.jira.create(draft(project=""))


def test_a_check_names_what_is_wrong_and_the_next_step(bench: Bench) -> None:
    bench.twin.denied |= {"EDIT_ISSUES", "CREATE_ISSUES"}
    jira = bench.connect("priority", "Skore", "remotelinks", query="project = NOPE", project="FEED")

    found = {finding.subject: finding for finding in jira.check()}

    assert found["sign in"].ok and "America/New_York" in found["sign in"].detail
    assert not found["query"].ok and "'NOPE' does not exist" in found["query"].detail
    assert "lacks EDIT_ISSUES" in found["permissions"].detail
    assert found["write priority"].ok
    assert found["write Skore"].hint == "did you mean customfield_10042 (Score)?"
    assert "lacks CREATE_ISSUES in FEED" in found["project FEED"].detail
    assert not found["make issues in FEED"].ok
    assert all(finding.hint for finding in found.values() if not finding.ok)


@pytest.mark.parametrize("person", ["ann@acme.test", "ANN@acme.test", "Ann Lee", "ann"])
def test_a_new_issue_is_given_to_its_owner(bench: Bench, person: str) -> None:
    made = bench.jira.create(draft(owner=person))

    assert made.refused == {}
    assert bench.twin.issue(made.target).assignee == "ann"


def test_an_owner_that_means_nobody_or_several_is_said_and_the_issue_made(bench: Bench) -> None:
    bench.twin.state.people["ann2"] = PersonRow("ann2", "Ann Lee", "lee@acme.test")

    for person in ("zoe@acme.test", "Ann Lee"):
        made = bench.jira.create(draft(owner=person))

        assert made.refused == {
            "owner": f"no one account in FEED that can have issues is meant by {person!r}"
        }
        assert bench.twin.issue(made.target).assignee == ""


def test_an_owner_is_said_where_the_screen_has_no_assignee(bench: Bench) -> None:
    bench.twin.state.projects["FEED"].off_screen.add("assignee")

    made = bench.jira.create(draft(owner="ann@acme.test"))

    assert "assignee cannot be set" in made.refused["owner"]
