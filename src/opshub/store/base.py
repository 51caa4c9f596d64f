"""The store's contract: what the engine may ask of it, whatever database stands behind.

Every method that writes must run inside ``transaction``; each reads its own writes. A *sequence number* grows with
every change of feedback, tracked items, ideas and decisions; a stage remembers in its *mark* how far it has come and
asks for what lies after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Protocol

from opshub.model import Decision, Feedback, Idea, Link, Override, Ref, Tombstone, TrackedItem
from opshub.store.base_actions import Actions
from opshub.store.base_alike import Alike
from opshub.store.base_questions import Questions
from opshub.store.base_signals import Signals
from opshub.store.base_texts import Texts
from opshub.store.base_vectors import Vectors
from opshub.store.rows import (
    BadRow,
    ConnectionState,
    Facet,
    Lease,
    Light,
    OutboxRow,
    OutboxState,
    RawRow,
    Route,
    RunRow,
    Seen,
    Written,
)

__all__ = ["Store"]


class Store(Signals, Texts, Actions, Questions, Vectors, Alike, Protocol):
    """Where everything is kept."""

    # life

    def close(self) -> None:
        """Release the database; the store cannot be used afterwards."""
        ...

    def transaction(self, lease: Lease | None = None) -> AbstractContextManager[None]:
        """All or nothing, one writer at a time. With a lease: FencedError if it was taken over, else renewed.

        Raises StoreBusyError when another process does not let go in time.
        """
        ...

    def acquire(self, name: str, holder: str, ttl: timedelta, now: datetime) -> Lease | None:
        """Take the lease if it is free, expired or ours, with a new epoch; None while another holds it. Own tx."""
        ...

    def holder(self, name: str) -> str:
        """Who holds the lease now, for a message; empty for nobody."""
        ...

    def release(self, lease: Lease) -> None:
        """Give it back; nothing happens if it was taken over. Own transaction."""
        ...

    # connections and cursors

    def connection(self, name: str) -> ConnectionState:
        """What is remembered; an empty state for a name never seen."""
        ...

    def connections(self) -> list[ConnectionState]:
        """All that are remembered, by name."""
        ...

    def put_connection(self, state: ConnectionState) -> None: ...

    # records

    def hashes(self, connection: str, ids: Sequence[str]) -> dict[str, bytes]:
        """The content hashes of those records that are known, tombstones and quarantine included."""
        ...

    def put_records(self, rows: Sequence[RawRow], *, normalized: bool) -> None:
        """Keep records, compressed. ``normalized=False`` leaves them for the normalize stage."""
        ...

    def unnormalized(self, connection: str, limit: int) -> list[RawRow]:
        """Records that the normalize stage has yet to see, oldest first."""
        ...

    def mark_unnormalized(self, connection: str) -> int:
        """Make all records of a connection due for normalizing again; how many. For a new revision or mapping."""
        ...

    def mark_normalized(self, refs: Sequence[Ref]) -> None: ...

    def record(self, ref: Ref) -> RawRow | None: ...

    def count_records(self, connection: str) -> int: ...

    def absent(self, connection: str, ids: Iterable[str]) -> list[str]:
        """Ids of living records (feedback or items) of the connection that are not among ``ids``."""
        ...

    # what normalizing gives

    def put_feedback(
        self, rows: Sequence[Feedback], encoded: Mapping[Ref, tuple[int, bytes]] | None = None
    ) -> int:
        """Insert or replace; only real changes get a new sequence number and are counted. Revives tombstones.

        A change of feedback that has a link also touches its idea. ``encoded`` holds what ``encode_feedback`` made of
        these very values, as far as the caller has it.
        """
        ...

    def put_items(self, rows: Sequence[TrackedItem], *, own: bool = False) -> int:
        """The same for tracked items; touches the bound idea, unless ``own`` says that the hub itself wrote it."""
        ...

    def bind_items(self, rows: Sequence[tuple[Ref, int]]) -> None:
        """Say which idea each tracked item stands for; several items may stand for one idea."""
        ...

    def put_tombstones(self, rows: Sequence[Tombstone]) -> int:
        """Take the records out of all counts, keeping what was known; touches their ideas. How many were living."""
        ...

    def put_bad(self, ref: Ref, reason: str, body: bytes, now: datetime) -> None:
        """Put a record into quarantine, or count one more attempt."""
        ...

    def drop_bad(self, refs: Sequence[Ref]) -> None:
        """Take records out of quarantine: they were understood after all."""
        ...

    def bad(self, connection: str | None = None) -> list[BadRow]: ...

    def bad_by_key(self, key: int) -> BadRow | None: ...

    # sequence and marks

    def mark(self, stage: str) -> int:
        """How far a stage has come; 0 at first."""
        ...

    def set_mark(self, stage: str, seq: int) -> None: ...

    def last_seq(self) -> int:
        """The newest sequence number given out."""
        ...

    # match

    def feedback_after(self, seq: int, limit: int) -> list[Seen]:
        """Living feedback that changed after ``seq``, in order of sequence."""
        ...

    def count_feedback(self, seq: int) -> int:
        """How much living feedback changed after ``seq``."""
        ...

    def items_after(self, seq: int, limit: int) -> list[tuple[int, TrackedItem, int | None]]:
        """Living tracked items that changed after ``seq``: (seq, item, number of the bound idea or None)."""
        ...

    def feedback(self, ref: Ref) -> Feedback | None:
        """Living feedback by its name."""
        ...

    def item(self, ref: Ref) -> TrackedItem | None:
        """A living tracked item by its name."""
        ...

    def items(self, refs: Sequence[Ref]) -> dict[Ref, TrackedItem]:
        """Those of the tracked items that are living."""
        ...

    def items_by_key(self, keys: Sequence[str]) -> dict[str, tuple[Ref, int | None]]:
        """Tracked items by key (``FEED-12``) or by address: key → (ref, bound idea)."""
        ...

    def links_of(self, refs: Sequence[Ref]) -> dict[Ref, Link]: ...

    def same_text(self, fingerprints: Sequence[bytes]) -> dict[bytes, int]:
        """The idea of the first linked feedback whose text has each fingerprint."""
        ...

    def put_fingerprints(self, rows: Sequence[tuple[Ref, bytes]]) -> None: ...

    def put_mentions(self, rows: Sequence[tuple[Ref, str]]) -> None:
        """Replace what each ref mentions; a key that arrives later finds them by it."""
        ...

    def mentioning(self, keys: Sequence[str]) -> list[Ref]:
        """Living feedback that mentions any of these keys or addresses."""
        ...

    def next_idea_number(self) -> int:
        """A number never used before; taken inside the transaction that puts the idea."""
        ...

    def put_ideas(self, rows: Sequence[Idea]) -> None:
        """Insert or replace; each gets a new sequence number."""
        ...

    def put_links(self, rows: Sequence[Link]) -> None:
        """One link per feedback; a new one replaces the old. Touches both ideas."""
        ...

    def begin_ideas(self, rows: Sequence[tuple[Idea, Link]]) -> None:
        """New ideas, each with the feedback that begins it, which is living and has no link yet."""
        ...

    def touch_ideas(self, numbers: Iterable[int]) -> None:
        """Give ideas a new sequence number: something that their decision reads has changed."""
        ...

    # ideas

    def idea(self, number: int) -> Idea | None: ...

    def ideas(self, numbers: Sequence[int]) -> list[Idea]: ...

    def ideas_after(self, seq: int, limit: int) -> list[tuple[int, int]]:
        """(seq, number) of ideas that changed after ``seq``, in order of sequence."""
        ...

    def ideas_due(self, now: datetime, limit: int) -> list[int]:
        """Ideas whose decision falls due by the clock."""
        ...

    def ideas_of_items(self, refs: Sequence[Ref]) -> dict[Ref, int]: ...

    def voices(self, numbers: Sequence[int]) -> Iterator[tuple[int, Feedback]]:
        """Living feedback of the ideas, grouped by idea in the order given, oldest first within each."""
        ...

    def ranked(
        self, limit: int, offset: int = 0, band: str | None = None, facet: Facet | None = None
    ) -> list[tuple[Idea, Decision, int]]:
        """Ideas with at least one living voice or tracked item, best priority first: (idea, decision, voices).

        Ties are broken by number. Reads an index; aggregates nothing.
        """
        ...

    def count_ideas(self, band: str | None = None, facet: Facet | None = None) -> int: ...

    def ideas_titled(self, words: Sequence[str], limit: int) -> list[int]:
        """Ideas of those that ``ranked`` has whose titles hold all the words in either case, best priority first."""
        ...

    # decisions and routes

    def decisions(self, numbers: Sequence[int]) -> dict[int, Decision]: ...

    def lasting(self, numbers: Sequence[int], seq: int, now: datetime, items: bool) -> dict[int, Light]:
        """Decisions that are not due, of ideas that stood by ``seq`` and, with ``items``, whose items stood before."""
        ...

    def put_decisions(self, rows: Sequence[Decision]) -> int:
        """Keep decisions; only those that differ get a new sequence number and are counted. ``due`` always moves."""
        ...

    def decisions_after(self, seq: int, limit: int) -> list[tuple[int, Decision]]: ...

    def destinations_after(self, seq: int, limit: int) -> list[tuple[int, int, str, str]]:
        """The same decisions, but only where they send the idea: (seq, idea, route, urgency)."""
        ...

    def put_override(self, override: Override) -> None:
        """Keep what a person set for an idea; a new one replaces the old. Touches the idea, which must exist."""
        ...

    def drop_override(self, number: int) -> bool:
        """Forget it, and touch the idea; whether there was one."""
        ...

    def overrides(self, numbers: Sequence[int]) -> dict[int, Override]:
        """What people set for these ideas, also where it has ended."""
        ...

    # where ideas stand among all

    def put_standing(self, rows: Sequence[tuple[str, int, float | None]]) -> int:
        """Keep scores that ideas are compared by: (score, idea, value), None for an idea that no longer counts.

        How many were new, other or gone.
        """
        ...

    def standing(self, score: str) -> list[tuple[int, float, str]]:
        """(idea, value, what it has seen) of every idea, by idea."""
        ...

    def put_seen(self, rows: Sequence[tuple[str, int, str]]) -> None:
        """Keep what ideas read of all ideas for a score: (score, idea, text). Ideas that do not stand are left out."""
        ...

    def seen(self, numbers: Sequence[int]) -> list[tuple[str, int, str]]:
        """(score, idea, text) of these ideas, by score and idea."""
        ...

    def drop_standing(self) -> None:
        """Forget where every idea stands."""
        ...

    def put_routes(self, rows: Sequence[Route]) -> None: ...

    def drop_routes(self, numbers: Sequence[int]) -> None:
        """Back to the inbox."""
        ...

    def routes(self, numbers: Sequence[int]) -> dict[int, Route]: ...

    # outbox

    def put_wishes(self, rows: Sequence[OutboxRow]) -> int:
        """One row per (connection, target, field): a newer wish replaces an older one and raises its version.

        A row in state SENDING keeps that state (the remote must be read first) with the new wish. The same wish
        again, in a row that is open, changes nothing. How many rows changed.
        """
        ...

    def drop_wishes(self, keys: Sequence[tuple[str, str, str]]) -> int:
        """Remove open wishes that are no longer wanted, except those in state SENDING. How many."""
        ...

    def outbox(
        self,
        *,
        connection: str | None = None,
        states: Sequence[OutboxState] = (),
        ideas: Sequence[int] = (),
        limit: int | None = None,
    ) -> list[OutboxRow]:
        """Rows in order of connection, target and field."""
        ...

    def mark_sending(self, rows: Sequence[OutboxRow], now: datetime, run: int) -> None:
        """Before the request: state SENDING, one attempt more."""
        ...

    def settle(self, row: OutboxRow, state: OutboxState, *, note: str = "") -> bool:
        """Close the wish that was sent, keeping ``row.base`` as what is now known to stand there.

        False, and PLANNED again, where a newer version came meanwhile.
        """
        ...

    def put_written(self, rows: Sequence[Written]) -> None: ...

    def written(self, connection: str, targets: Sequence[str]) -> dict[tuple[str, str], Written]:
        """(target, field) → the last value written there."""
        ...

    def written_in(self, run: int) -> list[Written]:
        """What a run wrote, for ``revert``."""
        ...

    # runs, facts

    def start_run(self, command: str, now: datetime, *, alone: bool = True, keep: int | None = None) -> int:
        """A new run's id; own transaction.

        ``alone`` says that no other run can be going on: those left open by killed processes are closed as killed.
        Only the newest ``keep`` runs are remembered, and those that are going on; what older ones wrote stays known.
        """
        ...

    def end_run(self, run: int, outcome: str, detail: Mapping[str, Any], now: datetime) -> None:
        """Own transaction."""
        ...

    def runs(self, limit: int) -> list[RunRow]:
        """The newest first."""
        ...

    def fact(self, name: str) -> str:
        """A single remembered text, such as the hash of the rules in force; empty at first."""
        ...

    def set_fact(self, name: str, text: str) -> None: ...
