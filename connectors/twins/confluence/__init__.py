"""A loopback Confluence, Cloud or Data Center."""

from __future__ import annotations

from opshub_connectors.twins.confluence.twin import ConfluenceTwin

__all__ = ["ConfluenceTwin"]
