"""The only door for connectors: everything that one needs, and nothing that reaches past it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opshub.clock import Clock
from opshub.errors import (
    AuthenticationError,
    BadAnswerError,
    BadRecordError,
    ConfigError,
    ConflictError,
    CursorExpiredError,
    MissingError,
    OpshubError,
    PausedError,
    PermissionDeniedError,
    RateLimitedError,
    RefusedWriteError,
    RemovedEndpointError,
    RequestError,
    RetryError,
    SkipError,
    UnavailableError,
    UnknownOutcomeError,
    UnsafeAddressError,
)
from opshub.later import later as _later
from opshub.model import (
    Account,
    Change,
    Comment,
    Cursor,
    Draft,
    Feedback,
    Person,
    Point,
    RankedIdea,
    Ranking,
    Rating,
    Receipt,
    Record,
    Ref,
    Tombstone,
    TombstoneReason,
    TrackedItem,
    Value,
    Visibility,
)
from opshub.sdk.clean import clean, clean_value
from opshub.sdk.connector import (
    OWNER,
    Assigns,
    Connector,
    Counts,
    Creates,
    Finding,
    Page,
    Publishes,
    Reads,
    Receives,
    Reports,
    Rewinds,
    Tracks,
    Writes,
)
from opshub.sdk.http import Answer, Http, HttpRules, segment
from opshub.sdk.items import as_item
from opshub.sdk.paging import Watermark, by_cursor, by_link, by_offset, by_token
from opshub.sdk.settings import Settings
from opshub.sdk.times import parse_time, zone_of
from opshub.sdk.values import list_of, number_of, table_of, text_of, ungrouped, value_of

if TYPE_CHECKING:
    from opshub.sdk.encodings import Examined, digest_of, examine
    from opshub.sdk.tabular import Lines, Row, delimited, header_names
    from opshub.sdk.text.adf import adf_from_plain, plain_from_adf
    from opshub.sdk.text.html import plain_from_html, plain_from_storage
    from opshub.sdk.text.markdown import plain_from_markdown
    from opshub.sdk.text.plain import quote
    from opshub.sdk.text.storage import escape_storage, storage_from_plain
    from opshub.sdk.text.wiki import plain_from_wiki, wiki_from_plain
    from opshub.sdk.webhook import Wake, WebhookRequest, check_hmac_base64, check_hmac_hex, check_window
else:
    __getattr__ = _later(
        __name__,
        {
            "tabular": ("Lines", "Row", "delimited", "header_names"),
            "encodings": ("Examined", "digest_of", "examine"),
            "text.adf": ("adf_from_plain", "plain_from_adf"),
            "text.html": ("plain_from_html", "plain_from_storage"),
            "text.markdown": ("plain_from_markdown",),
            "text.plain": ("quote",),
            "text.storage": ("escape_storage", "storage_from_plain"),
            "text.wiki": ("plain_from_wiki", "wiki_from_plain"),
            "webhook": ("Wake", "WebhookRequest", "check_hmac_base64", "check_hmac_hex", "check_window"),
        },
    )

__all__ = [
    "OWNER",
    "Account",
    "Answer",
    "Assigns",
    "AuthenticationError",
    "BadAnswerError",
    "BadRecordError",
    "Change",
    "Clock",
    "Comment",
    "ConfigError",
    "ConflictError",
    "Connector",
    "Counts",
    "Creates",
    "Cursor",
    "CursorExpiredError",
    "Draft",
    "Examined",
    "Feedback",
    "Finding",
    "Http",
    "HttpRules",
    "Lines",
    "MissingError",
    "OpshubError",
    "Page",
    "PausedError",
    "PermissionDeniedError",
    "Person",
    "Point",
    "Publishes",
    "RankedIdea",
    "Ranking",
    "RateLimitedError",
    "Rating",
    "Reads",
    "Receipt",
    "Receives",
    "Record",
    "Ref",
    "RefusedWriteError",
    "RemovedEndpointError",
    "Reports",
    "RequestError",
    "RetryError",
    "Rewinds",
    "Row",
    "Settings",
    "SkipError",
    "Tombstone",
    "TombstoneReason",
    "TrackedItem",
    "Tracks",
    "UnavailableError",
    "UnknownOutcomeError",
    "UnsafeAddressError",
    "Value",
    "Visibility",
    "Wake",
    "Watermark",
    "WebhookRequest",
    "Writes",
    "adf_from_plain",
    "as_item",
    "by_cursor",
    "by_link",
    "by_offset",
    "by_token",
    "check_hmac_base64",
    "check_hmac_hex",
    "check_window",
    "clean",
    "clean_value",
    "delimited",
    "digest_of",
    "escape_storage",
    "examine",
    "header_names",
    "list_of",
    "number_of",
    "parse_time",
    "plain_from_adf",
    "plain_from_html",
    "plain_from_markdown",
    "plain_from_storage",
    "plain_from_wiki",
    "quote",
    "segment",
    "storage_from_plain",
    "table_of",
    "text_of",
    "ungrouped",
    "value_of",
    "wiki_from_plain",
    "zone_of",
]
