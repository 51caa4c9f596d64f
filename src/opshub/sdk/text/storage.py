"""Confluence's storage format: what we write into pages, escaped so that it stays text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from opshub.sdk.clean import clean
from opshub.sdk.text.plain import link_pattern, tidy

__all__ = ["escape_storage", "storage_from_plain"]

ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def escape_storage(text: str) -> str:
    """The text for use between tags or in a quoted attribute; what XML cannot hold becomes U+FFFD."""
    return ILLEGAL.sub("\ufffd", text).translate(ESCAPES)


def storage_from_plain(text: str, links: Sequence[str] = ()) -> str:
    """Paragraphs that show the text as it is: no macro, mention or markup in it takes effect.

    Blank lines part paragraphs, single line breaks stay. Addresses that begin with one of ``links`` (origins such as
    ``https://acme.zendesk.com``) become links.
    """
    pattern = link_pattern(tuple(links))
    blocks = [block.strip("\n") for block in tidy(clean(text)).split("\n\n") if block.strip()]
    return "".join(
        f"<p>{'<br/>'.join(_line(line, pattern) for line in block.split(chr(10)))}</p>" for block in blocks
    )


def _line(line: str, pattern: re.Pattern[str] | None) -> str:
    parts: list[str] = []
    position = 0
    for found in pattern.finditer(line) if pattern is not None else ():
        address = escape_storage(found[0])
        parts += [escape_storage(line[position : found.start()]), f'<a href="{address}">{address}</a>']
        position = found.end()
    return "".join(parts) + escape_storage(line[position:])
