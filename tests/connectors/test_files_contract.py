"""Files: the shared contract, on temporary exports instead of a vendor."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from opshub.testing import ConnectorContract
from opshub_connectors.files import connector as module


class TestFiles(ConnectorContract):
    kind = "files"
    reporting: ClassVar = {"points": {"time": "when", "signals": {"stars": "stars"}}}

    def setup_method(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="opshub-files-"))
        rows = [
            {
                "key": f"K-{number}",
                "summary": f"Export {number}",
                "said": f"I miss export {number}. 请支持导出。",
                "when": f"2024-05-{number + 1:02}T08:00:00+08:00",
                "who": {"name": "Ann", "mail": "ann@acme.test"},
                "stars": number % 5 + 1,
                "labels": ["csv", "export"],
                "links": [{"type": "Duplicate", "key": "K-1"}],
                "notes": [{"body": "me too", "date": "2024-06-01"}],
            }
            for number in range(12)
        ]
        (self.folder / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
        with (self.folder / "b.csv").open("w", encoding="gb18030", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["key", "summary", "said", "when", "who.name", "who.mail", "stars", "labels"])
            writer.writerows(
                [f"C-{n}", "慢", "太慢了，打不开", "2024-05-01", "波", "", 3, "app"] for n in range(12)
            )
        super().setup_method()

    def teardown_method(self) -> None:
        super().teardown_method()
        shutil.rmtree(self.folder)

    @pytest.fixture(autouse=True)
    def short_pages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "ROWS_A_PAGE", 5)

    def table(self, url: str) -> Mapping[str, object]:
        return {
            "kind": "files",
            "folder": str(self.folder),
            "paths": ["a.jsonl", "b.csv"],
            "output": "ranking.csv",
            "columns": {
                "id": "key",
                "title": "summary",
                "text": "said",
                "created": "when",
                "author": "who.name",
                "email": "who.mail",
                "rating": "stars",
                "tags": "labels",
            },
            "comments": {"path": "notes", "text": "body", "created": "date"},
            "duplicates": {"path": "links", "key": "key", "where": {"type": "Duplicate"}},
        }
