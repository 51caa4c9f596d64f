"""Bugs to be seeded: each takes away one thing that keeps the hub from losing or repeating."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import opshub.engine.apply as apply_module
import opshub.engine.create as create_module
import opshub.engine.plan as plan_module
import opshub.engine.pull as pull_module
import opshub.store.sqlite_work as sqlite_work
from opshub.engine.points import point
from opshub.store import statements


def cursor_first() -> None:
    """The cursor is committed before the records of its page."""
    right = pull_module._store

    def wrong(work: Any, connection: Any, page: Any, report: Any, normalize: bool) -> None:
        from dataclasses import replace

        if page.cursor is not None:
            with work.store.transaction(work.lease):
                state = work.store.connection(connection.name)
                work.store.put_connection(replace(state, cursor=page.cursor))
            point("pull.committed")
        right(work, connection, page, report, normalize)

    pull_module._store = wrong


def split_outbox() -> None:
    """The wishes are committed after the mark that says that they were made."""
    right = plan_module.plan

    def wrong(work: Any, limit: int = 1000) -> bool:
        kept: list[Any] = []

        def keep(rows: Any) -> int:
            kept.extend(rows)
            return len(rows)

        store_put = work.store.put_wishes
        work.store.put_wishes = keep
        try:
            done = right(work, limit)
        finally:
            work.store.put_wishes = store_put
        if kept:
            point("plan.committed")
            with work.store.transaction(work.lease):
                work.store.put_wishes(kept)
        return done

    import opshub.engine.cycle as cycle

    vars(cycle)["plan"] = wrong


def no_read_back() -> None:
    """What may have been sent is sent again without a look."""

    def judge(work: Any, connection: Any, item: Any, rows: Any) -> Any:
        verdict = apply_module._Verdict()
        verdict.send.extend(rows)
        return verdict

    apply_module._judge = judge
    create_module._look_up = lambda work, connection, connector, row: None


def no_epoch() -> None:
    """A process that lost its lease goes on writing."""
    sqlite_work.Leases._renew = lambda self, lease: None  # type: ignore[method-assign]  # the bug


def plain_begin() -> None:
    """Transactions begin without the right to write."""
    statements.BEGIN = "begin"


MUTANTS: dict[str, Callable[[], None]] = {
    "cursor-first": cursor_first,
    "split-outbox": split_outbox,
    "no-read-back": no_read_back,
    "no-epoch": no_epoch,
    "plain-begin": plain_begin,
}
"""Name → what seeds the bug into this process."""
