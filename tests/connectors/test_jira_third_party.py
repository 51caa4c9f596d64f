"""The Jira connector against a third party's server: ``jira820``, a stateful Data Center 8.20 in Python.

What that server does not do, and so is not shown here: it finds an issue by key only, never by id; it keeps days, not
minutes, and reads a time in a query as its day; its clock stands still; it ignores the verbs ``add`` and ``remove`` of
an edit, issue properties, permissions and the paging of metadata; it deletes no remote link by ``globalId``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from typing import Any

import pytest
from jira820 import Config, build_store, make_app

from opshub.clock import FrozenClock
from opshub.sdk import Change, Draft, Feedback, HttpRules, TrackedItem
from opshub.testing.server import served
from opshub.testing.trial import build
from opshub_connectors.jira import Jira

POINTS = "customfield_10004"


@pytest.fixture
def store() -> Any:
    """Some hundred and twenty issues, made up by the server itself from a seed."""
    small = {"history_per_module": 2, "standalone_per_module": 2, "children_per_epic": (2, 4)}
    return build_store(Config(seed="7", base_date=date(2025, 6, 2), project_key="FEED", **small))


@pytest.fixture
def jira(store: Any) -> Iterator[Jira]:
    with served(make_app(store=store)) as url:
        table = {
            "kind": "jira",
            "url": url,
            "deployment": "datacenter",
            "token": "any",
            "query": "project = FEED",
            "private": True,
        }
        made = build(
            Jira,
            table,
            clock=FrozenClock(datetime(2026, 3, 2, tzinfo=UTC)),
            fields=("priority", "labels", POINTS, "remotelinks"),
            rules=HttpRules(private=True, first_wait=0),
        )
        assert isinstance(made, Jira)
        with closing(made.http):
            yield made


def test_every_issue_arrives_and_a_second_pull_brings_nothing_new(jira: Jira, store: Any) -> None:
    pages = list(jira.pull(None))
    again = [record for page in jira.pull(pages[-1].cursor) for record in page.records]

    first = [record for page in pages for record in page.records]
    seen = {str(record["key"]): jira.normalize(record) for record in first}
    assert set(seen) == set(store.issues)
    assert len(seen) > 100
    assert [record for record in again if record not in first] == []
    assert len(again) < 10  # those of the last day, as the server knows days only
    for key, issue in store.issues.items():
        one = seen[key]
        assert isinstance(one, Feedback)
        assert one.title == issue["summary"]
        assert one.created_at.date() == issue["created"]
        assert len(one.comments) == len(issue["comments"])


def test_a_change_comes_with_the_next_pull(jira: Jira, store: Any) -> None:
    pages = list(jira.pull(None))
    first = [record for page in pages for record in page.records]
    key = next(iter(store.issues))
    store.update_issue(key, {"summary": "Changed by a person"})

    again = [record for page in jira.pull(pages[-1].cursor) for record in page.records]

    assert [record["key"] for record in again if record not in first] == [key]


def test_the_census_counts_what_there_is(jira: Jira, store: Any) -> None:
    listed = {record["id"] for page in jira.census() for record in page.records}

    assert len(listed) == len(store.issues)


def test_fields_are_written_and_read_back(jira: Jira, store: Any) -> None:
    key = next(iter(store.issues))

    receipt = jira.write(Change(target=key, fields={"priority": "Lowest", POINTS: 8}))

    assert receipt.refused == {}
    assert (store.issues[key]["priority"], store.issues[key]["sp"]) == ("Lowest", 8)
    (record,) = jira.read([key])
    item = jira.item(record)
    assert isinstance(item, TrackedItem)
    assert (item.fields["priority"], item.fields[POINTS]) == ("Lowest", 8)


def test_a_write_that_the_server_accepts_and_ignores_is_told(jira: Jira, store: Any) -> None:
    key = next(key for key, issue in store.issues.items() if not issue["labels"])

    receipt = jira.write(Change(target=key, fields={"labels": ("churn-risk",)}))

    assert receipt.refused == {"labels": "Jira took the request, but labels still holds ()"}
    assert store.issues[key]["labels"] == []


def test_a_value_that_the_screen_does_not_know_is_refused(jira: Jira, store: Any) -> None:
    receipt = jira.write(Change(target=next(iter(store.issues)), fields={"priority": "P9"}))

    assert "there are: Highest, High, Medium, Low, Lowest" in receipt.refused["priority"]


def test_a_back_link_is_written_once(jira: Jira, store: Any) -> None:
    key = next(iter(store.issues))
    wish = Change(target=key, fields={"remotelinks": ("https://desk.test/1",)})

    jira.write(wish)
    jira.write(wish)

    own = [row for row in store.issues[key]["remotelinks"] if row["url"] == "https://desk.test/1"]
    assert len(own) == 1


def test_an_issue_is_made_once_and_found_by_its_marker(jira: Jira, store: Any) -> None:
    before = len(store.issues)
    draft = Draft(
        marker="IDEA-5", project="FEED", title="Export to CSV", text="For *all* [~admin].", fields={}
    )

    receipt = jira.create(draft)

    assert len(store.issues) == before + 1
    assert jira.find("IDEA-5") == receipt.target
    assert jira.find("IDEA-6") is None
    (made,) = [issue for issue in store.issues.values() if "opshub-idea-5" in issue["labels"]]
    assert (made["summary"], made["description"]) == ("Export to CSV", r"For \*all\* \[\~admin\].")
