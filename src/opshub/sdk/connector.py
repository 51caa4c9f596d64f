"""What a connector is: facts as class attributes, pulling as a generator, translation as a pure function.

A connector owns no time, no retry, no log and no store. It is handed its ``http`` and yields pages; whatever else it
can do it says by having the method: the capabilities are protocols.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from opshub.errors import OpshubError, UnavailableError
from opshub.model import (
    Change,
    Cursor,
    Draft,
    Feedback,
    Point,
    Ranking,
    Receipt,
    Record,
    Ref,
    Tombstone,
    TrackedItem,
)
from opshub.sdk.http import Http
from opshub.sdk.settings import Settings

if TYPE_CHECKING:
    import httpx

    from opshub.sdk.webhook import Wake, WebhookRequest

__all__ = [
    "OWNER",
    "Assigns",
    "Connector",
    "Counts",
    "Creates",
    "Finding",
    "Page",
    "Publishes",
    "Reads",
    "Receives",
    "Reports",
    "Rewinds",
    "Tracks",
    "Writes",
]

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True)
class Page:
    """Records, and the cursor that resumes after them.

    ``total`` is how many records the vendor promises for the whole pull, where it says so.
    """

    records: Sequence[Record]
    cursor: Cursor | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``connections check``: ``ok`` or not, what was looked at, and the next step where it failed."""

    ok: bool
    subject: str
    detail: str = ""
    hint: str = ""
    exit_code: int = 1
    """What a command ends with because of it."""
    down: bool = False
    """The vendor could not be reached: further looks would only find the same."""

    @classmethod
    def of(cls, subject: str, look: Callable[[], str]) -> Finding:
        """What a look finds: its answer is the detail, an error of ours the reason and the next step."""
        try:
            return cls(True, subject, look())
        except OpshubError as error:
            down = isinstance(error, UnavailableError)
            return cls(False, subject, str(error), error.hint, error.exit_code, down)


class Connector(Generic[S]):
    """Base of all connectors.

    Subclasses set ``kind`` and ``Settings``, and implement ``pull`` and ``normalize``. The engine calls those; the
    other methods here are offers and call nothing that a subclass implements.
    """

    kind: ClassVar[str]
    """Name of the connector, as in ``kind = "zendesk"``."""

    Settings: ClassVar[type[Any]]
    """The settings class, a subclass of ``opshub.sdk.Settings``."""

    revision: ClassVar[int] = 1
    """Raised when ``normalize`` gives another result for the same record: stored records are then redone."""

    cursor_version: ClassVar[int] = 1
    """Raised when cursors change shape: the next pull then begins anew."""

    granularity: ClassVar[timedelta] = timedelta(0)
    """The step of the vendor's own time filter; cursors are floored to it."""

    lag: ClassVar[timedelta] = timedelta(0)
    """How late a change may show up in the vendor's lists, and a new item in its search."""

    def __init__(
        self,
        name: str,
        settings: S,
        http: Http,
        *,
        fields: Sequence[str] = (),
        declared: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """``name`` is the connection's; ``fields`` are the remote names of the fields that the hub owns there.

        ``declared`` are names under which what is made of a record must hold more in its ``fields``, because rules
        may read it, each with its kind: ``text``, ``number``, ``yes-no``, ``date``, ``texts`` or ``money``. A vendor
        that spells such a value as a text is its connector's matter; what does not fit stays as it came.
        """
        self.name = name
        self.settings = settings
        self.http = http
        self.fields = tuple(fields)
        self.declared = dict(declared)

    @classmethod
    def base_url(cls, settings: S) -> str:
        """The origin and path that every relative request of the connection starts from; empty needs no network."""
        return str(getattr(settings, "url", "") or "").rstrip("/")

    @classmethod
    def list_place(cls, settings: S) -> str:
        """Where the ranked list goes, the same text for the same document; empty where that cannot be told."""
        return ""

    @classmethod
    def apart(cls, settings: S, others: S) -> bool:
        """Whether two connections to the same site certainly find different records."""
        return False

    @classmethod
    def auth(cls, settings: S) -> httpx.Auth | None:
        """How requests prove who sends them."""
        return None

    @classmethod
    def headers(cls, settings: S) -> dict[str, str]:
        """Headers of every request."""
        return {}

    def scope(self) -> object:
        """What the cursor is bound to, as plain JSON: when it changes, the next pull begins anew."""
        return None

    def identify(self, record: Record) -> str:
        """The vendor's id of a record; raises KeyError or TypeError where there is none."""
        return str(record["id"])

    def ref(self, record_id: object) -> Ref:
        """The hub's name for a record of this connection."""
        return Ref(self.name, str(record_id))

    def pull(self, cursor: Cursor | None) -> Iterator[Page]:
        """Pages of records after the cursor, oldest change first; ends when the vendor says that it is the end."""
        raise NotImplementedError

    def normalize(self, record: Record) -> Feedback | Tombstone:
        """The record as feedback: pure, and free to raise KeyError, TypeError or ValueError on junk."""
        raise NotImplementedError

    def check(self) -> Iterator[Finding]:
        """What an admin wants to know before relying on the connection; one cheap request a finding."""
        yield from ()


@runtime_checkable
class Tracks(Protocol):
    """Its records can be seen as tracked items; needed for ``as = "ideas"`` and for writing."""

    def item(self, record: Record) -> TrackedItem | Tombstone:
        """The record as a tracked item: pure. ``fields`` holds every owned and declared field's present value."""
        ...


@runtime_checkable
class Reports(Protocol):
    """Its records are values of signals; needed for ``as = "signals"``."""

    def points(self, record: Record) -> Iterable[Point] | Tombstone:
        """The values that a record holds, each signal and segment once: pure. They replace what it held before."""
        ...


@runtime_checkable
class Reads(Protocol):
    """Fetches single records by id."""

    def read(self, ids: Sequence[str]) -> Iterable[Record]:
        """The records with these ids, in any order; those that are gone or out of reach are left out."""
        ...


@runtime_checkable
class Writes(Reads, Tracks, Protocol):
    """Changes fields of existing items."""

    def write(self, change: Change) -> Receipt:
        """Write the fields in one request, guarded by ``change.version`` where the vendor can.

        Raises ConflictError where the item changed since, UnknownOutcomeError where no answer came.
        """
        ...


@runtime_checkable
class Creates(Writes, Protocol):
    """Makes items for ideas that have none."""

    def find(self, marker: str) -> str | None:
        """The id of the item that carries the marker; None where the vendor's search shows none."""
        ...

    def create(self, draft: Draft) -> Receipt:
        """Make the item, its marker in the same request. Never repeated by itself; raises UnknownOutcomeError."""
        ...


OWNER = "owner"
"""The name under which ``Receipt.refused`` says why nobody was given an item."""


@runtime_checkable
class Assigns(Creates, Protocol):
    """Gives the items that it makes to a person, where ``Draft.owner`` names one."""

    def assignable(self, project: str, person: str) -> str | None:
        """The vendor's id of the one account that this address or name means there; None for nobody or several."""
        ...


@runtime_checkable
class Publishes(Protocol):
    """Puts the ranked list into a document that people read."""

    def fingerprint(self, ranking: Ranking) -> str:
        """A short hash of what ``publish`` would put there; pure."""
        ...

    def published(self) -> str | None:
        """The fingerprint of what stands there now, computed from the content itself; None for nothing yet."""
        ...

    def publish(self, ranking: Ranking) -> Receipt:
        """Replace the hub's own section and nothing else; the same list twice is the same document."""
        ...


@runtime_checkable
class Receives(Protocol):
    """Understands the vendor's webhooks."""

    def event(self, request: WebhookRequest) -> Iterable[Wake]:
        """What to fetch because of it. Raises AuthenticationError unless the signature holds."""
        ...


@runtime_checkable
class Counts(Protocol):
    """Lists what exists, to tell deleted from never seen."""

    def census(self) -> Iterator[Page]:
        """Pages of records that hold at least the id; complete, or it raises."""
        ...


@runtime_checkable
class Rewinds(Protocol):
    """Can start again from a moment, for ``sync --since``."""

    def rewind(self, since: datetime) -> Cursor:
        """The cursor that a pull from that moment starts with."""
        ...
