"""Confluence: the shared contract on both deployments, and what it cannot know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from opshub.clock import FrozenClock
from opshub.sdk import (
    ConflictError,
    Connector,
    Feedback,
    PermissionDeniedError,
    RankedIdea,
    Ranking,
    RefusedWriteError,
    Tombstone,
    UnknownOutcomeError,
    Visibility,
    WebhookRequest,
)
from opshub.testing import ConnectorContract, SpecJudge, Twin
from opshub.testing.trial import START, build
from opshub_connectors.confluence import Confluence
from opshub_connectors.twins.confluence import ConfluenceTwin

TABLE = "<p>Votes</p><table><tbody><tr><th>Who</th></tr><tr><td>Acme</td></tr></tbody></table>"


def filled(**options: Any) -> ConfluenceTwin:
    """Two dozen pages in two spaces, some with comments, and one that receives the ranked list."""
    twin = ConfluenceTwin(**options)
    start = twin.now() - timedelta(days=3)
    twin.add_page("Ranked ideas", "<p>Our list, see below.</p>", space="PM", at=start)
    for number in range(24):
        page = twin.add_page(
            f"Call {number} with Acme",
            f"<p>They miss export {number} &amp; 导出。</p>{TABLE if number % 5 == 0 else ''}",
            labels=["call"] if number % 2 else [],
            at=start + timedelta(hours=number),
        )
        if number % 4 == 0:
            said = twin.add_comment(page, "<p>Also heard from Bolt.</p>", at=start + timedelta(hours=number, minutes=5))
            twin.add_comment(page, "<p>And from us.</p>", reply_to=said, at=start + timedelta(hours=number, minutes=7))
    return twin


class TestConfluenceCloud(ConnectorContract):
    kind = "confluence"
    settings: ClassVar = {"spaces": ["FEED"], "page": "65537"}
    deployment: ClassVar[Any] = "cloud"
    waived: ClassVar = {
        "test_a_webhook_wakes_only_with_the_right_signature": "Confluence Cloud signs no webhooks that an admin can set up"
    }

    def twin(self) -> Twin:
        twin = filled(clock=self.clock, deployment=self.deployment)
        twin.page_limit = 15
        return twin

    def fresh(self, twin: Twin) -> str:
        assert isinstance(twin, ConfluenceTwin)
        return twin.add_page("A late call", "<p>Late</p>")


class TestConfluenceDataCenter(TestConfluenceCloud):
    deployment: ClassVar[Any] = "datacenter"
    waived: ClassVar = {
        "test_an_expired_cursor_is_called_that": "Data Center's lists are counted, there is no token that expires",
    }

    def webhook(self, twin: Twin) -> WebhookRequest:
        assert isinstance(twin, ConfluenceTwin)
        return twin.webhook("65538")
