"""Files keep the promises of all connectors that need no network."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from opshub.testing import ConnectorContract


class TestFiles(ConnectorContract):
    kind = "files"
    waived: ClassVar = {
        "test_what_is_no_record_is_refused": "the connector makes its rows itself; a line that is none says so",
    }

    def setup_method(self) -> None:
        super().setup_method()
        self.folder = Path(self._open.enter_context(tempfile.TemporaryDirectory()))
        for name in ("one", "two", "three"):
            (self.folder / f"{name}.jsonl").write_text("".join(_row(f"{name}-{n}") for n in range(5)))

    def table(self, url: str) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "folder": str(self.folder),
            "paths": ["*.jsonl"],
            "columns": {"id": "key", "text": "said", "created": "when", "tags": "labels", "rating": "stars"},
            "output": str(self.folder / "ranked.csv"),
            "permalink": "https://surveys.test/{key}",
        }


def _row(key: str) -> str:
    row = {
        "key": key,
        "said": f"text {key}",
        "when": "2024-05-01T08:00:00Z",
        "labels": ["b", "a"],
        "stars": 4,
    }
    return json.dumps(row) + "\n"
