"""Jira: the shared contract, on Cloud and on Data Center, against the twin."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any, ClassVar

from opshub.sdk import WebhookRequest
from opshub.testing import ConnectorContract, Twin
from opshub_connectors.twins.jira import JiraTwin

SECRET = "hook-secret"
INTERNAL = "They threaten to leave, do not tell them."


def filled(twin: JiraTwin) -> JiraTwin:
    """A hundred and twenty issues: in two languages, linked, commented, some within one minute."""
    for number in range(120):
        made = twin.now() - timedelta(days=30, minutes=-(number // 8) * 8, seconds=-number)
        twin.add(
            f"Export {number}",
            description=f"Please add the export to *format* {number}. 请支持导出。",
            at=made,
            reporter=("ann", "bo", "")[number % 3],
            labels=(("export",), (), ("export", "vip"))[number % 3],
            components=((), ("Reports",))[number % 2],
            priority=("Low", "Medium", "High")[number % 3],
        )
    earlier = twin.now() - timedelta(days=20)
    twin.edit("FEED-3", at=earlier, description=None, priority="")
    twin.comment("FEED-1", INTERNAL, internal=True)
    twin.comment("FEED-1", "Only for admins.", role="Administrators")
    twin.comment("FEED-1", "We are looking into it.")
    for number in range(25):
        twin.comment("FEED-2", f"Me too, {number}.")
    twin.link("FEED-4", "Duplicate", "FEED-1")
    return twin


def signed(body: dict[str, Any]) -> tuple[dict[str, str], bytes]:
    """A webhook as Jira sends it."""
    raw = json.dumps(body).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    return {"x-hub-signature": signature, "x-atlassian-webhook-identifier": "hook-1"}, raw


class OnTheTwin(ConnectorContract):
    """What both deployments share."""

    kind = "jira"
    settings: ClassVar = {"webhook_secrets": [SECRET], "fields": {"urgency": "customfield_10045"}}
    writes: ClassVar = {
        "priority": "Highest",
        "labels": ("churn-risk", "export"),
        "customfield_10042": 87.5,
        "customfield_10043": "P1",
        "customfield_10044": ("paying", "recent"),
        "customfield_10045": "urgent",
    }
    project = "FEED"

    def fresh(self, twin: Twin) -> str:
        assert isinstance(twin, JiraTwin)
        return str(twin.add("A new one").id)

    def webhook(self, twin: Twin) -> WebhookRequest:
        headers, body = signed(
            {"webhookEvent": "jira:issue_updated", "issue": {"id": "10001", "key": "FEED-1"}}
        )
        return WebhookRequest(headers=headers, body=body, received_at=self.clock.now())


class TestJiraCloud(OnTheTwin):
    internal = INTERNAL
    rate_limits: ClassVar = (
        {"headers": {"Retry-After": "120", "RateLimit-Reason": "jira-quota-tenant-based"}},
        {"headers": {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-03-02T12:00:00Z"}},
    )

    def twin(self) -> Twin:
        return filled(JiraTwin("cloud", clock=self.clock))


class TestJiraDataCenter(OnTheTwin):
    rate_limits: ClassVar = (
        {"headers": {"Retry-After": "3", "X-RateLimit-Remaining": "0", "X-RateLimit-FillRate": "1"}},
    )

    def twin(self) -> Twin:
        return filled(JiraTwin("datacenter", clock=self.clock, timezone="Asia/Shanghai"))
