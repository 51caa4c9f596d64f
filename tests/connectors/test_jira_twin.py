"""The Jira twin: judged by the vendor's description, by a third party's client, and by real issues."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import pytest
from jira.exceptions import JIRAError
from jsonschema import Draft4Validator

from jira import JIRA
from opshub.clock import FrozenClock
from opshub.sdk import Change, Draft, Feedback, HttpRules
from opshub.testing import Received, SpecJudge
from opshub.testing.trial import build
from opshub_connectors.jira import Jira
from opshub_connectors.twins.jira import Issue, JiraTwin
from opshub_connectors.twins.jira.jql import JqlError, Names, parse

START = datetime(2026, 3, 2, 9, 30, 7, tzinfo=UTC)
OWNED = ("priority", "labels", "customfield_10042", "customfield_10043", "remotelinks")


def lively(twin: JiraTwin) -> JiraTwin:
    """Issues with everything that the vendor's description describes."""
    for number in range(120):
        twin.add(f"Issue {number}", description="Bold *text*\nand more.", at=START - timedelta(days=number))
    for number in range(25):
        twin.comment("FEED-1", f"Me too, {number}.", internal=number % 2 == 0)
    twin.comment("FEED-2", "Only for admins.", role="Administrators")
    twin.link("FEED-3", "Duplicate", "FEED-1")
    twin.edit("FEED-4", custom={"customfield_10043": "P1", "customfield_10042": 2.5}, resolution="Done")
    return twin


def exercise(twin: JiraTwin) -> list[Received]:
    """Everything that the connector ever asks, and what the twin answers."""
    twin.admin = True
    with twin.serve() as url:
        table = {**twin.settings(url), "project": "FEED"}
        rules = HttpRules(private=True, first_wait=0)
        clock = twin.clock
        assert isinstance(clock, FrozenClock)
        jira = build(Jira, table, clock=clock, fields=OWNED, rules=rules)
        assert isinstance(jira, Jira)
        with closing(jira.http):
            cursor = [page.cursor for page in jira.pull(None)][-1]
            assert [record for page in jira.pull(cursor) for record in page.records] == []
            assert sum(len(page.records) for page in jira.census()) == 120
            target = str(twin.issue("FEED-1").id)
            fields: dict[str, Any] = {
                "priority": "High",
                "labels": ("a", "b"),
                "customfield_10042": 3.25,
                "customfield_10043": "P2",
                "remotelinks": ("https://desk.test/1", "https://desk.test/2"),
            }
            assert not jira.write(Change(target=target, fields=fields)).refused
            links = {"remotelinks": ("https://desk.test/1",)}
            assert not jira.write(Change(target=target, fields=links)).refused
            draft = Draft(
                marker="IDEA-7", project="FEED", title="New", text="One\n\ntwo", owner="ann@acme.test"
            )
            assert jira.create(draft).target == jira.find("IDEA-7")
            assert all(finding.ok for finding in jira.check())
            list(jira.read(["424242"]))
    return twin.received


@pytest.fixture(scope="module")
def spoken() -> list[Received]:
    """All that passes between the connector and Cloud."""
    return exercise(lively(JiraTwin("cloud", clock=FrozenClock(START))))


def test_cloud_is_spoken_as_the_vendor_describes_it(shared: Path, spoken: list[Received]) -> None:
    """The one exception is the description's: it calls a list of remote links an object, and shows a list."""
    judge = SpecJudge(shared / "specs" / "jira-cloud-v3.json")

    found = judge.check_all(spoken)

    assert [line for line in found if "/remotelink: answer 200: value: [" not in line] == []


def test_data_center_is_asked_as_the_vendor_describes_it(shared: Path) -> None:
    """The description is of 7.6.1: it names no bodies, and neither properties nor what came with 8.4."""
    judge = SpecJudge(shared / "specs" / "jira-server-7.6.1.json", base="/rest")

    found = judge.check_all(exercise(lively(JiraTwin("datacenter", clock=FrozenClock(START)))))

    silent = (
        "a body was sent, and none is described",
        "status 20",
        "/createmeta/FEED/issuetypes",
        "query parameter 'properties' is not described",
        "'True' is not of type 'boolean'",
    )
    assert [line for line in found if not any(words in line for words in silent)] == []


def test_every_document_that_is_sent_or_shown_is_one(shared: Path, spoken: list[Received]) -> None:
    schema = json.loads((shared / "specs" / "atlassian-document-format.schema.json").read_text("utf-8"))
    judge = Draft4Validator(schema)

    documents = [d for one in spoken for side in (one.body, one.answer) for d in _documents(side)]
    assert len(documents) > 100
    assert [error.message for document in documents for error in judge.iter_errors(document)] == []


def _documents(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        if node.get("type") == "doc":
            yield node
        else:
            for child in node.values():
                yield from _documents(child)
    elif isinstance(node, list):
        for child in node:
            yield from _documents(child)


@pytest.fixture(params=["cloud", "datacenter"])
def twin(request: pytest.FixtureRequest) -> JiraTwin:
    deployment: Literal["cloud", "datacenter"] = request.param
    return JiraTwin(deployment, clock=FrozenClock(START))


@pytest.fixture
def client(twin: JiraTwin) -> Iterator[JIRA]:
    """The ``jira`` package as anybody uses it, its own session and all."""
    with twin.serve() as url:
        account: dict[str, Any] = {"basic_auth": (twin.email, twin.token)}
        account = account if twin.cloud else {"token_auth": twin.token}
        with closing(JIRA(url, max_retries=0, timeout=10, **account)) as made:
            yield made


def test_a_third_partys_client_reads_the_twin(twin: JiraTwin, client: JIRA) -> None:
    lively(twin)

    found: Any = client.search_issues("project = FEED AND labels is EMPTY ORDER BY key", maxResults=0)

    assert [issue.key for issue in found] == [f"FEED-{number}" for number in range(1, 121)]
    first = client.issue("FEED-1")
    assert first.fields.summary == "Issue 0"
    assert first.fields.description == "Bold *text*\nand more."
    assert first.fields.reporter.displayName == "Ann Lee"
    assert len(client.comments("FEED-1")) == 25
    assert client.issue("FEED-3").fields.issuelinks[0].outwardIssue.key == "FEED-1"
    assert client.myself()["timeZone"] == "America/New_York"
    assert [row.name for row in client.priorities()][:2] == ["Highest", "High"]
    assert client.project("FEED").name == "Feedback"
    assert client.my_permissions(permissions="EDIT_ISSUES")["permissions"]["EDIT_ISSUES"]["havePermission"]


def test_a_third_partys_client_writes_the_twin(twin: JiraTwin, client: JIRA) -> None:
    made = client.create_issue(
        fields={
            "project": {"key": "FEED"},
            "issuetype": {"name": "Task"},
            "summary": "Made by another",
            "description": "h1. Why",
            "labels": ["opshub-idea-1"],
        }
    )
    made.update(fields={"priority": {"name": "High"}, "customfield_10042": 7})
    made.add_field_value("labels", "vip")
    comment = client.add_comment(made, "Internal.", is_internal=True)
    client.add_issue_property(made.key, "color", {"is": "red"})

    seen = twin.issue(made.key)
    assert (seen.priority, seen.custom, seen.labels) == (
        "High",
        {"customfield_10042": 7},
        ("opshub-idea-1", "vip"),
    )
    assert [(str(row.id), row.internal) for row in seen.comments] == [(comment.id, True)]
    assert seen.properties == {"color": {"is": "red"}}
    assert twin.writes["create", "opshub-idea-1"] == 1
    assert twin.writes["edit", made.key] == 2
    made.delete()  # type: ignore[no-untyped-call]  # its package has no type for it
    with pytest.raises(JIRAError, match="does not exist"):
        client.issue(made.key)


@pytest.mark.parametrize(
    ("jql", "words"),
    [
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("universe = 42", "Field 'universe' does not exist or you do not have permission to view it."),
        ("project FEED", "Expecting operator but got 'FEED'"),
        ("project = FEED AND", "before the end of the query"),
        ("key = FEED-99", "An issue with key 'FEED-99' does not exist for field 'key'."),
        ("project = FEED AND updated >= yesterday", "Date value 'yesterday' for field 'updated' is invalid."),
        ("project = FEED ORDER BY flavour", "Field 'flavour' does not exist"),
        ("project = FEED AND assignee > now()", "does not exist"),
    ],
)
def test_a_query_with_a_mistake_is_answered_as_jira_does(
    twin: JiraTwin, client: JIRA, jql: str, words: str
) -> None:
    with pytest.raises(JIRAError) as caught:
        client.search_issues(jql)

    assert caught.value.status_code == 400
    assert words in str(caught.value.text)


def test_cloud_lists_nothing_without_a_restriction_and_forgets_the_old_search() -> None:
    twin = JiraTwin("cloud", clock=FrozenClock(START))
    account = (twin.email, twin.token)
    with twin.serve() as url, closing(JIRA(url, basic_auth=account, max_retries=0)) as client:
        with pytest.raises(JIRAError, match="Unbounded JQL"):
            client.enhanced_search_issues("ORDER BY key")
        client.deploymentType = "Server"
        with pytest.raises(JIRAError, match="CHANGE-2046") as caught:
            client.search_issues("project = FEED")

    assert caught.value.status_code == 410


def test_the_search_is_late_and_a_direct_read_is_not() -> None:
    twin = JiraTwin("cloud", clock=FrozenClock(START))
    clock = twin.clock
    assert isinstance(clock, FrozenClock)
    twin.faults.lag = timedelta(minutes=5)
    with twin.serve() as url, closing(JIRA(url, basic_auth=(twin.email, twin.token))) as client:
        issue = twin.add("New")
        early: Any = client.enhanced_search_issues("project = FEED")
        sure: Any = client.enhanced_search_issues("project = FEED", reconcileIssues=[issue.id])
        direct = client.issue("FEED-1")
        clock.advance(timedelta(minutes=6))
        late: Any = client.enhanced_search_issues("project = FEED")

    assert (list(early), direct.key) == ([], "FEED-1")
    assert [i.key for i in sure] == [i.key for i in late] == ["FEED-1"]


ISSUES = [
    Issue(
        id=number,
        key=f"{project}-{number}",
        type="Task",
        summary=f"Export {number}",
        created=START,
        updated=START + timedelta(minutes=number),
        labels=("vip",) if number % 2 else (),
    )
    for number, project in enumerate(("A", "B", "A", "B"), 1)
]


@pytest.mark.parametrize(
    ("jql", "keys"),
    [
        ("project = A", ["A-3", "A-1"]),
        ("project = a ORDER BY key", ["A-1", "A-3"]),
        ("project in (A, B) AND labels = vip ORDER BY key ASC", ["A-1", "A-3"]),
        ("project = A OR labels = vip AND project = B ORDER BY key", ["A-1", "A-3"]),
        ("(project = B OR labels = vip) AND NOT key = B-2 ORDER BY key DESC", ["B-4", "A-3", "A-1"]),
        ("labels is EMPTY ORDER BY updated DESC", ["B-4", "B-2"]),
        ("labels is not EMPTY ORDER BY id", ["A-1", "A-3"]),
        ("labels not in (vip) order by key", ["B-2", "B-4"]),
        ('text ~ "export 3"', ["A-3"]),
        ('updated >= "2026-03-02 04:33" ORDER BY updated', ["A-3", "B-4"]),
        ("updated >= 1772444000000 ORDER BY updated", ["B-4"]),
        ("updated < now() ORDER BY key", ["A-1"]),
        ('updated >= "-30m" AND updated <= -0m ORDER BY key', ["A-1"]),
    ],
)
def test_what_a_query_finds(jql: str, keys: list[str]) -> None:
    names = Names(frozenset({"a", "b"}), frozenset(i.key.casefold() for i in ISSUES))
    now = START + timedelta(seconds=100)

    query = parse(jql, names=names, zone=ZoneInfo("America/New_York"), now=now)

    assert [issue.key for issue in query.run(ISSUES)] == keys


def test_more_than_seven_orders_are_refused() -> None:
    names = Names(frozenset({"a"}), frozenset())

    with pytest.raises(JqlError, match="maximum"):
        parse("project = a ORDER BY " + ", ".join(["key"] * 8), names=names, zone=ZoneInfo("UTC"), now=START)


@pytest.mark.parametrize("deployment", ["cloud", "datacenter"])
def test_real_issues_arrive_whole(shared: Path, deployment: Literal["cloud", "datacenter"]) -> None:
    source = shared / "data" / "fluid-jira.jsonl"
    lines = filter(None, source.read_text("utf-8").split("\n"))
    rows = {row["key"]: row for row in map(json.loads, lines)}
    clock = FrozenClock(START)
    twin = JiraTwin(deployment, clock=clock)
    assert twin.load_jsonl(source) == len(rows)
    projects = ", ".join(sorted({row["project"]["key"] for row in rows.values()}))
    with twin.serve() as url:
        table = {**twin.settings(url), "query": f"project in ({projects})"}
        jira = build(Jira, table, clock=clock, rules=HttpRules(private=True))
        with closing(jira.http):
            pages = list(jira.pull(None))
            again = [record for page in jira.pull(pages[-1].cursor) for record in page.records]

    seen = {str(r["key"]): jira.normalize(r) for page in pages for r in page.records}
    assert (len(seen), again, pages[-1].total) == (len(rows), [], len(rows))
    for key, row in rows.items():
        one = seen[key]
        assert isinstance(one, Feedback)
        assert one.title == row["summary"]
        assert one.created_at == datetime.fromisoformat(row["date"])
        assert one.updated_at == datetime.fromisoformat(row["updated"])
        assert [c.created_at for c in one.comments] == [
            datetime.fromisoformat(c["date"]) for c in row["comments"]
        ]
        assert one.mentions == tuple(dict.fromkeys(link["key"] for link in row["issueLinks"]))
        assert set(row["components"]) == set(one.tags)
    duplicates = {key for key, one in seen.items() if isinstance(one, Feedback) and one.duplicate_of}
    resolved = [k for k in duplicates if rows[k].get("resolution") == "Duplicate"]
    assert len(duplicates) == 28
    assert len(resolved) == 19
