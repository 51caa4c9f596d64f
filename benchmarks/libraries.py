"""What the libraries alone take for the hub's first sync: the same pages, and the very rows that the hub then keeps.

``libraries.py URL HUB DATABASE RULES`` downloads and decodes each page, hashes and packs its tickets, looks for the
words of a rule file in them, and puts the rows that the hub has made of them into its own tables. The time in which
rows are read from the hub's database is not counted; nothing is translated, checked, matched or decided.
It prints the seconds of CPU of each step.
"""

from __future__ import annotations

import re
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any

import ahocorasick_rs
import orjson
from floor import _pages

from opshub.clock import SystemClock
from opshub.store import open_store
from opshub.store.packing import FIRST, Packer, train


class Steps:
    """Seconds of CPU by step."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun = time.process_time()
        yield
        self.spent[name] = self.spent.get(name, 0.0) + time.process_time() - begun


class Rows:
    """All rows of a hub's tables that grow with its feedback, a page's share at a time."""

    def __init__(self, hub: str, pages: int) -> None:
        self._source = sqlite3.connect(hub)
        self._pages = pages
        names = [
            name for (name,) in self._source.execute("select name from sqlite_master where type = 'table'")
        ]
        plain = [name for name in names if not name.startswith(("search", "sqlite"))]
        self.counts = {name: count for name in plain if (count := self._count(name)) > pages}

    def _count(self, table: str) -> int:
        return int(self._source.execute(f"select count(*) from {table}").fetchone()[0])

    def page(self, number: int) -> dict[str, list[Any]]:
        """The rows of each table that fall to one page."""
        return {table: self._share(table, count, number) for table, count in self.counts.items()}

    def _share(self, table: str, count: int, number: int) -> list[Any]:
        first, end = count * number // self._pages, count * (number + 1) // self._pages
        return self._source.execute(f"select * from {table} limit {end - first} offset {first}").fetchall()


def put(database: sqlite3.Connection, rows: dict[str, list[Any]]) -> None:
    """One page's rows in one transaction."""
    database.execute("begin immediate")
    for table, share in rows.items():
        if share:
            database.executemany(f"insert into {table} values ({','.join('?' * len(share[0]))})", share)
    database.execute("commit")


def words(rules: str) -> ahocorasick_rs.BytesAhoCorasick:
    """The words that a rule file looks for in texts: those in its lists."""
    lists = re.findall(r"mentions \[([^\]]*)\]", Path(rules).read_text(encoding="utf-8"))
    found = {word for one in lists for word in re.findall(r'"([^"]+)"', one)}
    return ahocorasick_rs.BytesAhoCorasick([word.encode() for word in sorted(found)])


def main(url: str, hub: str, path: str, rules: str) -> None:
    steps, automaton, pack = Steps(), words(rules), None
    open_store(path, clock=SystemClock()).close()
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("pragma synchronous = normal")
    with sqlite3.connect(hub) as source:
        pages = -(-int(source.execute("select count(*) from record").fetchone()[0]) // 1000)
    kept, arriving = Rows(hub, pages), _pages(url)
    for number in range(pages):
        with steps.step("download"):
            body = next(arriving)
        with steps.step("decode"):
            tickets = orjson.loads(body)["tickets"]
        with steps.step("hash and pack"):
            raw = [orjson.dumps(one) for one in tickets]
            pack = pack or _packing(raw)
            for one in raw:
                blake2b(one, digest_size=16).digest()
                pack(one)
        with steps.step("words"):
            for one in tickets:
                automaton.find_matches_as_indexes(f"{one['subject']}\n{one['description']}".encode())
        rows = kept.page(number)
        with steps.step("rows"):
            put(database, rows)
    sys.stdout.write(orjson.dumps(steps.spent).decode())


def _packing(raw: list[bytes]) -> Callable[[bytes], bytes]:
    return Packer(lambda number: b"").using(train(raw, FIRST))


if __name__ == "__main__":
    main(*sys.argv[1:])
