"""What the Jira connector makes of webhooks, and of issues recorded from real servers."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from opshub.sdk import Feedback, Record, TrackedItem, Visibility, Wake, WebhookRequest, check_hmac_hex
from opshub_connectors.jira import Jira, JiraSettings

START = datetime(2026, 3, 2, 9, 30, 7, tzinfo=UTC)


def test_a_webhook_only_wakes_and_names_what_was_deleted() -> None:
    table = {"url": "https://x.test", "email": "a", "token": "t", "query": "project = A"}
    settings = JiraSettings.model_validate({**table, "webhook_secrets": ["old", "new"]})
    connector = Jira("jira", settings, None)  # type: ignore[arg-type]  # it sends nothing

    def wakes(body: dict[str, Any]) -> list[Wake]:
        raw = json.dumps(body).encode()
        signature = "sha256=" + hmac.new(b"new", raw, hashlib.sha256).hexdigest()
        headers = {"x-hub-signature": signature, "x-atlassian-webhook-identifier": "7"}
        return list(connector.event(WebhookRequest(headers=headers, body=raw, received_at=START)))

    assert wakes({"webhookEvent": "jira:issue_updated", "issue": {"id": "9"}}) == [Wake("", "7")]
    assert wakes({"webhookEvent": "jira:issue_deleted", "issue": {"id": "9"}}) == [Wake("9", "7")]
    assert wakes({"hello": 1}) == [Wake("", "7")]


def test_the_vendors_published_signature_holds() -> None:
    """Secret, body and signature as Atlassian's own documentation prints them."""
    signature = "sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"

    check_hmac_hex(signature, b"Hello World!", ["It's a Secret to Everybody"], prefix="sha256=")


RECORDED = "recordings/jira-jrjc/test/src/test/resources/json/issue"


@pytest.fixture
def recorded(shared: Path) -> dict[str, Record]:
    """Issues as real Jira servers sent them."""
    found = {path.name: json.loads(path.read_text("utf-8")) for path in (shared / RECORDED).glob("*.json")}
    return {name: record for name, record in found.items() if "id" in record}


def test_issues_recorded_from_real_servers_are_understood(recorded: dict[str, Record]) -> None:
    connector = offline("priority", "labels")

    for name, record in recorded.items():
        seen, item = connector.normalize(record), connector.item(record)
        assert isinstance(seen, Feedback) and isinstance(item, TrackedItem), name
        fields = record["fields"]
        assert isinstance(fields, dict)
        assert seen.title == fields["summary"]
        assert len(seen.comments) == len((fields.get("comment") or {}).get("comments", ()))
    assert len(recorded) >= 15


def test_a_recorded_issue_is_read_to_the_last_detail(recorded: dict[str, Record]) -> None:
    seen = offline().normalize(recorded["valid-visibility.json"])

    assert isinstance(seen, Feedback)
    assert [comment.visibility for comment in seen.comments] == [
        Visibility.RESTRICTED,
        Visibility.INTERNAL,
        Visibility.RESTRICTED,
        Visibility.INTERNAL,
    ]
    assert (seen.duplicate_of, seen.mentions) == ("10000", ("TST-1",))


def offline(*fields: str) -> Jira:
    """A connector that speaks to nobody."""
    settings = JiraSettings.model_validate(
        {"url": "https://x.test", "deployment": "datacenter", "token": "t", "query": "project = A"}
    )
    return Jira("jira", settings, None, fields=fields)  # type: ignore[arg-type]  # it sends nothing
