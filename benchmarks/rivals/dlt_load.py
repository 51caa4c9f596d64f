"""The load by dlt: its rest_api source into SQLite through its sqlalchemy destination, merged by id, kept flat.

``dlt_load.py URL FOLDER``; runs in dlt's own environment.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import dlt
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator
from dlt.sources.rest_api import rest_api_source


class ExportPaginator(JSONResponseCursorPaginator):
    """Cursor pages that name their end apart from the cursor, as Zendesk's do."""

    def update_state(self, response: Any, data: Any = None) -> None:
        super().update_state(response, data)
        if response.json()["end_of_stream"]:
            self._has_next_page = False


def main(url: str, folder: Path) -> None:
    """Run the pipeline once."""
    tickets = {
        "name": "tickets",
        "primary_key": "id",
        "write_disposition": "merge",
        "max_table_nesting": 0,
        "endpoint": {
            "path": "api/v2/incremental/tickets/cursor.json",
            "data_selector": "tickets",
            "params": {"per_page": 1000, "include": "users,organizations,comment_count"},
            "incremental": {
                "start_param": "start_time",
                "cursor_path": "generated_timestamp",
                "initial_value": 0,
            },
        },
    }
    paginator = ExportPaginator(cursor_path="after_cursor", cursor_param="cursor")
    source = rest_api_source({"client": {"base_url": url, "paginator": paginator}, "resources": [tickets]})
    pipeline = dlt.pipeline(
        "desk",
        pipelines_dir=str(folder / "pipelines"),
        destination=dlt.destinations.sqlalchemy(f"sqlite:///{folder / 'desk.db'}"),
        dataset_name="desk",
    )
    pipeline.run(source).raise_on_failed_jobs()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]).absolute())
