"""Files: real exports arrive whole."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from opshub.sdk import Feedback
from opshub_connectors.files import Files, FilesSettings

JIRA = {
    "permalink": "https://issues.example.org/browse/{key}",
    "text_format": "markdown",
    "columns": {
        "id": "key",
        "title": "summary",
        "text": "description",
        "kind": "type",
        "created": "date",
        "updated": "updated",
        "author": "reporter",
        "tags": ["tags", "components[]"],
        "mentions": "issueLinks[].key",
    },
    "comments": {"path": "comments", "text": "body", "author": "author", "created": "date"},
    "duplicates": {"path": "issueLinks", "key": "key", "where": {"type": "Duplicate"}, "both_sides": True},
}


@pytest.fixture(scope="module")
def data() -> Path:
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the shared folder with real exports is not beside the repository")
    return folder


def arrived(folder: Path, *declared: str, **options: Any) -> tuple[Files, dict[str, Feedback], Any]:
    connector = Files(
        "box", FilesSettings(folder=folder, **options), None, declared=dict.fromkeys(declared, "text")
    )
    pages = list(connector.pull(None))
    found = [connector.normalize(record) for page in pages for record in page.records]
    assert len({each.ref.id for each in found}) == len(found)
    return connector, {each.ref.id: each for each in found}, pages[-1].cursor


@pytest.fixture(scope="module")
def archive(data: Path) -> tuple[Files, dict[str, Feedback], Any]:
    return arrived(data, "project.title", paths="fluid-jira.jsonl", **JIRA)


def test_every_issue_of_a_jira_archive_arrives_with_comments_links_and_dates(
    data: Path, archive: tuple[Files, dict[str, Feedback], Any]
) -> None:
    lines = (data / "fluid-jira.jsonl").read_text("utf-8").split("\n")
    issues = {issue["key"]: issue for issue in map(json.loads, filter(None, lines))}

    connector, found, cursor = archive

    assert len(found) == len(issues) == 2837
    assert sum(len(each.comments) for each in found.values()) == 3550
    for key, each in found.items():
        issue = issues[key]
        assert each.created_at == datetime.fromisoformat(issue["date"])
        assert each.updated_at == datetime.fromisoformat(issue["updated"])
        assert each.title == issue["summary"].strip()
        assert [c.created_at for c in each.comments] == [
            datetime.fromisoformat(c["date"]) for c in issue["comments"]
        ]
        assert set(each.mentions) == {link["key"] for link in issue["issueLinks"]}
        assert each.url == f"https://issues.example.org/browse/{key}"
    assert list(connector.pull(cursor)) == []


def test_of_two_issues_that_call_each_other_duplicates_only_the_later_is_one(
    archive: tuple[Files, dict[str, Feedback], Any],
) -> None:
    pairs = {key: each.duplicate_of for key, each in archive[1].items() if each.duplicate_of}

    assert pairs["C2LC-140"] == "C2LC-11"
    assert len(pairs) >= 28
    assert not [key for key, original in pairs.items() if pairs.get(original) == key]


def test_every_review_of_a_file_without_ids_and_dates_arrives(data: Path) -> None:
    connector, found, cursor = arrived(
        data,
        paths="waimai-reviews.csv",
        columns={"text": "review", "rating": "label", "rating_scale": "0-1 thumbs"},
        values={"created": "2018-01-01", "language": "zh", "kind": "review"},
    )

    assert len(found) == 2996
    assert {each.rating.share for each in found.values() if each.rating} == {0, 1}
    assert {each.created_at for each in found.values()} == {datetime(2018, 1, 1, tzinfo=UTC)}
    assert "方便，快捷，味道可口，快递给力" in {each.text for each in found.values()}
    assert list(connector.pull(cursor)) == []
