"""Webhooks: the raw request, what it wakes, and the checks that it comes from the vendor.

Check first, parse later, compare in constant time; an event only wakes a fetch. Each check takes several secrets, so
that the old and the new one both hold while an admin changes them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from opshub.errors import AuthenticationError
from opshub.sdk.times import parse_time

__all__ = ["Wake", "WebhookRequest", "check_hmac_base64", "check_hmac_hex", "check_window"]

Digest = Literal["sha1", "sha256"]
HINT = "Compare the webhook secret in the settings with the one that the vendor shows."


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


def check_hmac_hex(
    signature: str, message: bytes, secrets: Sequence[str], *, prefix: str = "", digest: Digest = "sha256"
) -> None:
    """Raise AuthenticationError unless ``signature`` is ``prefix`` and the message's HMAC in hex, by any secret."""
    made = [prefix + _hmac(secret, message, digest).hex() for secret in _usable(secrets)]
    lower = prefix + signature[len(prefix) :].lower() if signature.startswith(prefix) else signature
    _compare(lower, made)


def check_hmac_base64(
    signature: str, message: bytes, secrets: Sequence[str], *, prefix: str = "", digest: Digest = "sha256"
) -> None:
    """Raise AuthenticationError unless ``signature`` is ``prefix`` and the message's HMAC in base64."""
    made = [prefix + base64.b64encode(_hmac(secret, message, digest)).decode() for secret in _usable(secrets)]
    _compare(signature, made)


def check_window(stamp: str, received_at: datetime, width: timedelta = timedelta(minutes=5)) -> None:
    """Raise AuthenticationError unless the signed time stamp, ISO 8601 or since 1970, is near the arrival."""
    try:
        sent_at = parse_time(stamp)
    except ValueError:
        raise AuthenticationError("The webhook's time stamp cannot be read.") from None
    if abs(sent_at - received_at) > width:
        raise AuthenticationError(
            f"The webhook's time stamp is more than {width.total_seconds():.0f} seconds off: an old request?",
            hint="Compare the clock of this machine with the true time.",
        )


def _usable(secrets: Sequence[str]) -> list[str]:
    usable = [secret for secret in secrets if secret]
    if not usable:
        raise AuthenticationError(
            "No webhook secret is set, so nothing that arrives can be trusted.", hint=HINT
        )
    return usable


def _hmac(secret: str, message: bytes, digest: Digest) -> bytes:
    return hmac.new(secret.encode(), message, getattr(hashlib, digest)).digest()


def _compare(signature: str, made: Sequence[str]) -> None:
    given = signature.encode(errors="replace")
    held = [hmac.compare_digest(given, one.encode()) for one in made]
    if not any(held):
        raise AuthenticationError("The webhook's signature does not hold.", hint=HINT)
