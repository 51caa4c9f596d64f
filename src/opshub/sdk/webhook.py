"""Webhooks: the raw request, and what it wakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Wake", "WebhookRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """A request as it arrived: header names in lower case, the body untouched, the moment it came."""

    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wake:
    """Fetch this record soon; an empty id means that something in the connection changed."""

    id: str = ""
    delivery: str = ""
