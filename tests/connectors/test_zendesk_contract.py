"""Zendesk keeps the shared contract, and wakes only for fresh webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from opshub.sdk import AuthenticationError, Receives, Wake, WebhookRequest
from opshub.testing import ConnectorContract, Twin
from opshub_connectors.twins.zendesk import ZendeskTwin

SECRET = "hook-secret"
FIELD = "custom_fields.301"
SCORE = "custom_fields.302"


def filled(**options: Any) -> ZendeskTwin:
    """Two dozen tickets of four customers: notes, merges, links, ratings, both languages."""
    twin = ZendeskTwin(**options)
    twin.add_field("Band")
    twin.add_field("Score", type="decimal")
    acme = twin.add_organization("Acme", domains=["acme.test"], fields={"plan": "business", "arr": "12000"})
    people = [
        twin.add_user(name, email=f"{name.lower()}@acme.test", organization=acme)
        for name in ("Ann", "Bo", "晓明")
    ]
    for number in range(22):
        made = twin.now() - timedelta(days=30, hours=-number)
        twin.add_ticket(
            f"Export {number}",
            f"Please add the export to format {number}. 请支持导出。",
            requester=people[number % 3],
            created_at=made,
            status=("new", "open", "solved")[number % 3],
            tags=[["export"], [], ["export", "vip"]][number % 3],
            priority=(None, "low", "urgent")[number % 3],
        )
    twin.add_comment(1, "They threaten to leave, do not tell them.", public=False)
    twin.add_comment(1, "We are looking into it.")
    twin.link_jira(2, "FEED-7")
    twin.delete_ticket(5)
    twin.merge_ticket(6, into=1)
    twin.update_ticket(7, satisfaction_rating={"score": "bad", "comment": "Nobody answered."})
    return twin


class TestZendesk(ConnectorContract):
    kind = "zendesk"
    settings: ClassVar = {"webhook_secrets": [SECRET]}
    writes: ClassVar = {"tags": ("churn-risk", "export"), "priority": "high", FIELD: "P1", SCORE: 87.5}
    other_writes: ClassVar = {"tags": ("export",), "priority": "low", FIELD: "P2", SCORE: 3.0}
    internal = "They threaten to leave, do not tell them."

    def twin(self) -> Twin:
        twin = filled(clock=self.clock)
        twin.page_limit = 9
        return twin

    def fresh(self, twin: Twin) -> str:
        assert isinstance(twin, ZendeskTwin)
        return str(twin.add_ticket("A new one", "It came just now."))

    def webhook(self, twin: Twin) -> WebhookRequest:
        assert isinstance(twin, ZendeskTwin)
        headers, body = twin.event(1, SECRET)
        return WebhookRequest(headers=headers, body=body, received_at=self.clock.now())

    def test_an_old_webhook_is_refused(self) -> None:
        request = self.webhook(self.vendor)
        connector = self.connect()
        assert isinstance(connector, Receives)
        self.clock.advance(timedelta(minutes=6))
        late = WebhookRequest(headers=request.headers, body=request.body, received_at=self.clock.now())

        with pytest.raises(AuthenticationError, match="old"):
            list(connector.event(late))

    def test_a_webhook_with_a_body_of_the_admins_own_wakes_the_connection(self) -> None:
        stamp, body = "2026-03-02T09:30:07Z", b'"a text"'
        digest = hmac.new(SECRET.encode(), stamp.encode() + body, hashlib.sha256).digest()
        headers = {
            "x-zendesk-webhook-signature": base64.b64encode(digest).decode(),
            "x-zendesk-webhook-signature-timestamp": stamp,
        }
        connector = self.connect()
        assert isinstance(connector, Receives)

        wakes = list(
            connector.event(WebhookRequest(headers=headers, body=body, received_at=self.clock.now()))
        )

        assert wakes == [Wake()]
