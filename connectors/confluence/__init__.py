"""Confluence: pages and their comments come in, the ranked list goes into a section of a page."""

from __future__ import annotations

from opshub_connectors.confluence.connector import Confluence
from opshub_connectors.confluence.settings import ConfluenceSettings

__all__ = ["Confluence", "ConfluenceSettings"]
