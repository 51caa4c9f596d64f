"""Only the vendor's own requests pass."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opshub.sdk import AuthenticationError, check_hmac_base64, check_hmac_hex, check_window

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
GITHUB = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_vector_of_github_holds() -> None:
    check_hmac_hex(GITHUB, b"Hello, World!", ["It's a Secret to Everybody"], prefix="sha256=")


def test_hex_in_capitals_holds() -> None:
    digest = hmac.new(b"new", b"body", hashlib.sha1).hexdigest().upper()

    check_hmac_hex(f"sha1={digest}", b"body", ["new"], prefix="sha1=", digest="sha1")


def test_both_secrets_hold_while_they_are_changed() -> None:
    for secret in ("old", "new"):
        made = base64.b64encode(hmac.new(secret.encode(), b"body", hashlib.sha256).digest()).decode()

        check_hmac_base64(made, b"body", ["new", "old"])


@pytest.mark.parametrize(
    "signature", ["", "sha256=", GITHUB[7:], GITHUB[:-1], GITHUB + "0", GITHUB[:-1] + "8", "sha256=密"]
)
def test_a_wrong_signature_is_refused(signature: str) -> None:
    with pytest.raises(AuthenticationError, match="does not hold"):
        check_hmac_hex(signature, b"Hello, World!", ["It's a Secret to Everybody"], prefix="sha256=")


@given(st.text(max_size=80), st.binary(max_size=20))
def test_nothing_forged_passes_or_breaks_the_check(signature: str, body: bytes) -> None:
    for check in (check_hmac_hex, check_hmac_base64):
        with pytest.raises(AuthenticationError):
            check(signature, body, ["s3cret"], prefix="sha256=")


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_without_a_secret_nothing_passes(secrets: list[str]) -> None:
    empty = hmac.new(b"", b"body", hashlib.sha256).hexdigest()

    with pytest.raises(AuthenticationError, match="No webhook secret"):
        check_hmac_hex(empty, b"body", secrets)


@pytest.mark.parametrize(
    "stamp", ["2026-03-01T12:04:59Z", "2026-03-01T11:55:01Z", "1772366400", "1772366400000"]
)
def test_a_fresh_stamp_passes(stamp: str) -> None:
    check_window(stamp, NOON)


@pytest.mark.parametrize(
    "stamp", ["2026-03-01T12:05:01Z", "2026-03-01T11:54:59Z", "0", "", "soon", "99999999999999999999"]
)
def test_an_old_a_future_or_an_unreadable_stamp_is_refused(stamp: str) -> None:
    with pytest.raises(AuthenticationError):
        check_window(stamp, NOON)


def test_the_window_can_be_narrowed() -> None:
    with pytest.raises(AuthenticationError):
        check_window("2026-03-01T12:01:01Z", NOON, timedelta(minutes=1))
