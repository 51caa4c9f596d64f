"""Telling what is gone: only a complete and successful list of what exists proves that something does not."""

from __future__ import annotations

from collections.abc import Iterator

from opshub.engine.connection import Connection
from opshub.engine.guard import asking
from opshub.engine.pull import remember_failure
from opshub.engine.report import ConnectionReport, Failure
from opshub.engine.work import Work
from opshub.errors import PausedError, RetryError, SkipError
from opshub.model import Ref, Tombstone, TombstoneReason
from opshub.sdk import Counts, clean

__all__ = ["census"]


def census(work: Work, connection: Connection, report: ConnectionReport) -> None:
    """Declare gone what the vendor no longer lists; refuse where that would be suspiciously much."""
    connector: object = connection.connector
    if not isinstance(connector, Counts):
        return
    try:
        # Read to its end first: what an unfinished list does not hold proves nothing.
        with asking(connection):
            there = set(_ids(work, connection, connector))
    except (RetryError, PausedError) as error:
        report.failure = remember_failure(work, connection.name, error)
        return
    if work.stopping():
        return
    absent = work.store.absent(connection.name, there)
    if absent and _too_many(work, connection, len(absent)):
        return
    with work.store.transaction(work.lease):
        gone = [Tombstone(Ref(connection.name, name), TombstoneReason.OUT_OF_SCOPE) for name in absent]
        report.gone += work.store.put_tombstones(gone)


def _too_many(work: Work, connection: Connection, missing: int) -> bool:
    """Whether so many records cannot be believed to be gone; then it is a failure of the run."""
    living = len(work.store.absent(connection.name, ()))
    if missing <= living * work.limits.sweep_guard:
        return False
    refusal = SkipError(
        f"{connection.name}: {missing} of {living} records seem to be gone, which is more than "
        f"{work.limits.sweep_guard:.0%}: nothing was removed",
        hint="check that the account may still see everything; sweep_guard in [hub] sets the limit",
    )
    work.report.tell(Failure.of(refusal))
    return True


def _ids(work: Work, connection: Connection, connector: Counts) -> Iterator[str]:
    for page in connector.census():
        for record in page.records:
            yield clean(connection.connector.identify(record))
        if work.stopping():
            return
