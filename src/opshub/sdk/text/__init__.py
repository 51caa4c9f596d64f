"""Vendors' rich texts to plain text, and plain text to what we write."""

from __future__ import annotations

from opshub.sdk.text.adf import adf_from_plain, plain_from_adf
from opshub.sdk.text.html import plain_from_html, plain_from_storage
from opshub.sdk.text.markdown import plain_from_markdown
from opshub.sdk.text.plain import quote
from opshub.sdk.text.storage import escape_storage, storage_from_plain
from opshub.sdk.text.wiki import plain_from_wiki, wiki_from_plain

__all__ = [
    "adf_from_plain",
    "escape_storage",
    "plain_from_adf",
    "plain_from_html",
    "plain_from_markdown",
    "plain_from_storage",
    "plain_from_wiki",
    "quote",
    "storage_from_plain",
    "wiki_from_plain",
]
