"""The least that a load can be: httpx, orjson, and one ``executemany`` with an upsert for each page.

``floor.py URL DATABASE`` loads; ``floor.py URL`` only downloads and decodes nothing but the place of the next page.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator

import httpx
import orjson

UPSERT = """
    insert into ticket (id, updated_at, status, subject, raw) values (?, ?, ?, ?, ?)
    on conflict (id) do update set
        updated_at = excluded.updated_at, status = excluded.status, subject = excluded.subject, raw = excluded.raw
"""
INCLUDED = "users,organizations,comment_count"


def load(url: str, path: str) -> None:
    """Fetch, decode and write page by page, in turn."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma journal_mode = wal")
    database.execute("pragma synchronous = normal")
    database.execute("create table ticket (id integer primary key, updated_at, status, subject, raw)")
    for body in _pages(url):
        page = orjson.loads(body)
        rows = [
            (one["id"], one["updated_at"], one["status"], one["subject"], orjson.dumps(one))
            for one in page["tickets"]
        ]
        database.execute("begin immediate")
        database.executemany(UPSERT, rows)
        database.execute("commit")


def _pages(url: str) -> Iterator[bytes]:
    place = {"start_time": "0"}
    with httpx.Client(base_url=url, trust_env=False) as client:
        while True:
            params = {**place, "per_page": "1000", "include": INCLUDED}
            body = client.get("/api/v2/incremental/tickets/cursor.json", params=params).content
            yield body
            tail = orjson.loads(b'{"after_cursor"' + body.rpartition(b'"after_cursor"')[2])
            if tail["end_of_stream"]:
                return
            place = {"cursor": tail["after_cursor"]}


if __name__ == "__main__":
    if len(sys.argv) == 3:
        load(sys.argv[1], sys.argv[2])
    else:
        for _ in _pages(sys.argv[1]):
            pass
