"""Takes known secrets out of texts that people will read, in every spelling in which a server may echo them."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

from opshub.sdk.text.plain import quote as shortened

__all__ = ["Redactor"]

SHORTEST = 4
"""Shorter secrets would blot out ordinary words, and guard nothing."""

TELLING = ("authorization", "cookie", "proxy-authorization")
HARMLESS = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}
)
WINDOW = 4_000


class Redactor:
    """Knows the secrets of one connection."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._forms = _forms(secrets)

    def __repr__(self) -> str:
        return "Redactor()"

    def excerpt(self, text: str, headers: Mapping[str, str] | None = None, width: int = 200) -> str:
        """At most ``width`` characters of the text's beginning, on one line, without any secret.

        ``headers`` are those of the request: what they carried is taken for secret too.
        """
        forms = sorted({*self._forms, *_forms(_carried(headers or {}))}, key=len, reverse=True)
        longest = len(forms[0]) if forms else 0
        window = text[: WINDOW + longest]
        for form in forms:
            window = window.replace(form, "[secret]")
        # A secret that the window's end cuts in two is not recognized: that end is left out.
        kept = window[: max(0, len(window) - longest)] if len(text) > WINDOW + longest else window
        return shortened("".join(part if part.isprintable() else " " for part in kept), width)


def _carried(headers: Mapping[str, str]) -> Iterable[str]:
    for name, value in headers.items():
        if name.lower() in HARMLESS:
            continue
        yield value
        if name.lower() in TELLING:
            yield value.rpartition(" ")[2]


def _forms(secrets: Iterable[str]) -> frozenset[str]:
    forms: set[str] = set()
    for secret in secrets:
        if len(secret) < SHORTEST:
            continue
        forms |= {secret, quote(secret, safe=""), quote(secret), quote_plus(secret), html.escape(secret)}
        forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        forms |= _in_base64(secret.encode(errors="replace"))
    return frozenset(form for form in forms if len(form) >= SHORTEST)


def _in_base64(secret: bytes) -> set[str]:
    """How the secret looks inside base64 of something longer, such as ``user:secret``: one form for each offset."""
    forms = set()
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + secret).decode()
        first = (offset * 8 + 5) // 6
        last = (offset + len(secret)) * 8 // 6
        core = coded[first:last]
        if len(core) >= SHORTEST + 2:
            forms |= {core, core.translate(str.maketrans("+/", "-_"))}
    return forms
