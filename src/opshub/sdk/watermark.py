"""Where a pull by time stands: the newest change seen, and what was seen close to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from opshub.model import Cursor
from opshub.sdk.times import EPOCH, parse_time

__all__ = ["Watermark"]

REMEMBERED = 5_000


class Watermark:
    """A cursor for lists that are filtered and sorted by the time of change.

    Vendors floor the time, show changes late and let several share one moment: so each pull begins some way before
    the newest change, and what was already delivered from there is left out by id and version. A version that was
    not delivered is always fresh, however old its time. At most ``REMEMBERED`` versions are kept, the newest; a
    record beyond them is delivered once more, which costs a comparison and loses nothing.
    """

    def __init__(self, mark: datetime | None = None) -> None:
        self._base = mark
        self._mark = mark
        self._back = timedelta(0)
        self._step = timedelta(0)
        self._limit: datetime | None = None
        self._seen: dict[str, tuple[datetime, str]] = {}

    @property
    def mark(self) -> datetime | None:
        """The time of the newest change seen; None before the first."""
        return self._mark

    def start(
        self,
        overlap: timedelta = timedelta(0),
        granularity: timedelta = timedelta(0),
        limit: datetime | None = None,
    ) -> datetime | None:
        """The time to ask the vendor from, its bound included; None asks for everything.

        It lies ``overlap`` before the mark, floored to ``granularity`` in UTC. Changes at or after ``limit`` do not
        move the mark: what changes while a list is being walked stands out of its order.
        """
        self._back, self._step, self._limit = overlap, granularity, limit
        return None if self._base is None else self._before(self._base)

    def fresh(self, record_id: object, changed_at: datetime, version: object = "") -> bool:
        """Whether this version of a record was not yet delivered; it counts as delivered from then on."""
        name, moment = str(record_id), changed_at.astimezone(UTC)
        told = str(version) or moment.isoformat()
        settled = self._limit is None or moment < self._limit
        if settled and (self._mark is None or moment > self._mark):
            self._mark = moment
        known = self._seen.get(name)
        if known is not None and known[1] == told:
            return False
        self._seen[name] = (moment, told)
        return True

    def encode(self, *, ordered: bool = True) -> Cursor:
        """The watermark as a small JSON object.

        Mid-way through a list that does not come oldest change first, pass ``ordered=False``: the mark then stays
        where the pull began, and only the end of the list moves it.
        """
        mark = self._mark if ordered else self._base
        if mark is None:
            return {"mark": None, "seen": self._listed(self._seen)}
        floor = self._before(mark)
        kept = {name: entry for name, entry in self._seen.items() if entry[0] >= floor}
        return {"mark": mark.isoformat(), "seen": self._listed(kept)}

    @classmethod
    def decode(cls, cursor: Cursor | None) -> Watermark:
        """The watermark that ``encode`` wrote; a new one for None. ValueError for anything else."""
        if cursor is None:
            return cls()
        mark, seen = cursor.get("mark"), cursor.get("seen")
        if not isinstance(seen, Mapping):
            raise ValueError("the cursor is not a watermark")
        found = cls(None if mark is None else parse_time(mark))
        for name, entry in seen.items():
            if not isinstance(entry, (list, tuple)) or len(entry) != 2:
                raise ValueError("the cursor is not a watermark")
            found._seen[str(name)] = (parse_time(entry[0]), str(entry[1]))
        return found

    def _before(self, moment: datetime) -> datetime:
        early = max(EPOCH, moment - self._back) if moment - EPOCH > self._back else EPOCH
        return early - (early - EPOCH) % self._step if self._step else early

    @staticmethod
    def _listed(seen: Mapping[str, tuple[datetime, str]]) -> dict[str, list[str]]:
        newest = sorted(seen.items(), key=lambda entry: entry[1][0])[-REMEMBERED:]
        return {name: [moment.isoformat(), told] for name, (moment, told) in newest}
