"""Telling what is gone: only a complete and successful list of what exists proves that something does not."""

from __future__ import annotations

from collections.abc import Iterator

from opshub.engine.connection import Connection
from opshub.engine.report import ConnectionReport, Failure
from opshub.engine.work import Work
from opshub.errors import PausedError, RetryError, SkipError
from opshub.model import Ref, Tombstone, TombstoneReason
from opshub.sdk import Counts

__all__ = ["census"]


def census(work: Work, connection: Connection, report: ConnectionReport) -> None:
    """Declare gone what the vendor no longer lists; refuse where that would be suspiciously much."""
    connector: object = connection.connector
    if not isinstance(connector, Counts):
        return
    try:
        absent = work.store.absent(connection.name, _ids(connection, connector))
    except (RetryError, PausedError) as error:
        report.failure = Failure.of(error)
        return
    known = work.store.count_records(connection.name)
    if absent and len(absent) > known * work.limits.sweep_guard:
        refusal = SkipError(
            f"{connection.name}: {len(absent)} of {known} records seem to be gone, which is more than "
            f"{work.limits.sweep_guard:.0%}: nothing was removed",
            hint="check that the account may still see everything; sweep_guard in [hub] sets the limit",
        )
        work.report.failures.append(Failure.of(refusal))
        return
    with work.store.transaction(work.lease):
        gone = [Tombstone(Ref(connection.name, name), TombstoneReason.OUT_OF_SCOPE) for name in absent]
        report.gone += work.store.put_tombstones(gone)


def _ids(connection: Connection, connector: Counts) -> Iterator[str]:
    for page in connector.census():
        for record in page.records:
            yield connection.connector.identify(record)
