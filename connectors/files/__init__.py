"""Files: exports in CSV, TSV, JSON, JSONL and XLSX come in, the ranked list goes out as CSV or JSON."""

from __future__ import annotations

from opshub_connectors.files.connector import Files
from opshub_connectors.files.settings import FilesSettings

__all__ = ["Files", "FilesSettings"]
