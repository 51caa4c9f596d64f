"""Typeform: the shared contract, and what it cannot know."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from opshub.sdk import WebhookRequest
from opshub.testing import ConnectorContract, Twin
from opshub_connectors.twins.typeform import TypeformTwin

SECRET = "hook-secret"

QUESTIONS = [
    TypeformTwin.question("nps", "How likely are you to recommend us?", ref="nps"),
    TypeformTwin.question("long_text", "Why?", ref="why"),
    TypeformTwin.question("multiple_choice", "Which area?", ref="area", choices=["Export", "Login"]),
    TypeformTwin.question(
        "multiple_choice", "What else?", ref="else", choices=["Speed", "Price"], allow_multiple_selection=True
    ),
    TypeformTwin.question("rating", "And the support?", ref="support", steps=7),
    TypeformTwin.question("opinion_scale", "How easy?", ref="easy", steps=5, start_at_one=True),
    TypeformTwin.question(
        "contact_info",
        "Who are you?",
        ref="who",
        fields=[
            TypeformTwin.question("short_text", "First name", ref="first"),
            TypeformTwin.question("email", "E-mail", ref="mail"),
        ],
    ),
    TypeformTwin.question("yes_no", "May we call?", ref="call"),
]
HIDDEN = ["user", "company", "plan", "arr"]


def filled(**options: Any) -> TypeformTwin:
    """Two dozen responses, two in each second of their time."""
    twin = TypeformTwin(**options)
    form = twin.add_form("Product survey", QUESTIONS, id="u6nXL7", hidden=HIDDEN)
    for number in range(22):
        answers: dict[str, object] = {"nps": number % 11, "why": f"I miss format {number}. 请支持导出。"}
        if number % 2:
            answers |= {"area": "Export", "else": ["Speed", "Price"], "first": "Ann", "mail": "ann@acme.test"}
        twin.add_response(
            form,
            answers,
            hidden={"user": f"u{number}", "company": "acme", "plan": "business", "arr": "12000"},
            submitted_at=twin.now() - timedelta(days=9) + timedelta(hours=number // 2),
        )
    return twin


class TestTypeform(ConnectorContract):
    kind = "typeform"
    settings: ClassVar = {"webhook_secrets": [SECRET], "emails": True, "account": "company", "author": "user"}

    def twin(self) -> Twin:
        twin = filled(clock=self.clock)
        twin.page_limit = 9
        return twin

    def fresh(self, twin: Twin) -> str:
        assert isinstance(twin, TypeformTwin)
        return twin.add_response("u6nXL7", {"nps": 3, "why": "It came just now."})

    def webhook(self, twin: Twin) -> WebhookRequest:
        assert isinstance(twin, TypeformTwin)
        first = twin.responses["u6nXL7"][0]["response_id"]
        headers, body = twin.event("u6nXL7", first, SECRET)
        return WebhookRequest(headers=headers, body=body, received_at=self.clock.now())
