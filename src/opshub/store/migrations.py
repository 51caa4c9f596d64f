"""The database's shape, as numbered steps forward; each runs in one transaction together with its own record.

A step that was released is never changed: a new shape is a new step at the end. sqlite-utils is heavy and is only
imported where a step is due.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from opshub.errors import StoreError
from opshub.store import statements as sql

if TYPE_CHECKING:
    from sqlite_utils import Database

__all__ = ["NAMES", "applied", "migrate", "pending"]


def m001_records(db: Database) -> None:
    """Leases, counters, connections, records, quarantine, runs."""
    _table(db, "lease", "name", name=str, epoch=int, holder=str, until=int, guarded=int)
    _table(db, "counter", "name", name=str, value=int)
    _table(db, "mark", "stage", stage=str, seq=int)
    _table(db, "fact", "name", name=str, text=str)
    _connections_and_runs(db)
    _table(db, "record", "key", key=int, connection=str, id=str, hash=bytes, normalized=int, body=bytes)
    db.execute("create unique index record_name on record (connection, id)")
    db.execute("create index record_unnormalized on record (connection, key) where normalized = 0")
    names = {"key": int, "connection": str, "id": str}
    _table(db, "bad", "key", **names, reason=str, body=bytes, first_seen=int, attempts=int)
    db.execute("create unique index bad_name on bad (connection, id)")


def _connections_and_runs(db: Database) -> None:
    _table(
        db,
        "connection",
        "name",
        ("cursor", "parked_until", "last_success", "last_attempt"),
        name=str,
        cursor=bytes,
        binding=str,
        parked_until=int,
        error=str,
        error_kind=str,
        last_success=int,
        last_attempt=int,
    )
    _table(
        db,
        "run",
        "id",
        ("ended_at",),
        id=int,
        command=str,
        started_at=int,
        ended_at=int,
        outcome=str,
        detail=bytes,
    )


def m002_feedback_and_ideas(db: Database) -> None:
    """What records mean, what they speak for, and what the rules said."""
    _feedback_and_items(db)
    _table(db, "link", "feedback", feedback=int, idea=int, maker=str, reason=str, confidence=float)
    db.execute("create index link_idea on link (idea, feedback)")
    _table(db, "fingerprint", "feedback", feedback=int, print=str)
    db.execute("create index fingerprint_print on fingerprint (print, feedback)")
    _table(db, "mention", ("feedback", "key"), feedback=int, key=str)
    db.execute("create index mention_key on mention (key, feedback)")
    counted = {"number": int, "seq": int, "priority": float, "voices": int, "tracked": int, "alive": int}
    told = {
        "created": int,
        "band": str,
        "visibility": str,
        "title": str,
        "item_connection": str,
        "item_id": str,
    }
    _table(db, "idea", "number", ("item_connection", "item_id"), **counted, **told)
    db.execute("create index idea_seq on idea (seq)")
    db.execute("create index idea_rank on idea (alive, priority desc, number, band)")
    _table(db, "decision", "idea", ("due",), idea=int, seq=int, due=int, body=bytes)
    db.execute("create index decision_seq on decision (seq)")
    db.execute("create index decision_due on decision (due, idea) where due is not null")
    _table(db, "route", "idea", idea=int, connection=str, project=str, urgency=str)


def _feedback_and_items(db: Database) -> None:
    columns = {"key": int, "seq": int, "created": int, "connection": str, "id": str, "gone": str}
    _table(db, "feedback", "key", ("gone",), **columns, body=bytes)
    db.execute("create unique index feedback_name on feedback (connection, id)")
    db.execute("create index feedback_seq on feedback (seq) where gone is null")
    _table(db, "item", "key", ("gone",), **columns, label=str, url=str, body=bytes)
    db.execute("create unique index item_name on item (connection, id)")
    db.execute("create index item_seq on item (seq) where gone is null")
    db.execute("create index item_label on item (label)")
    db.execute("create index item_url on item (url)")
    _table(db, "binding", ("connection", "id"), connection=str, id=str, idea=int)
    db.execute("create index binding_idea on binding (idea)")


def m003_outbox(db: Database) -> None:
    """Wishes, and what was written."""
    place = {"connection": str, "target": str, "field": str, "idea": int}
    wish = {"base": bytes, "wish": bytes, "why": str, "state": str, "version": int}
    sent = {"attempts": int, "sent_at": int, "note": str, "run": int}
    key = ("connection", "target", "field")
    _table(db, "outbox", key, ("sent_at",), **place, **wish, **sent)
    db.execute("create index outbox_state on outbox (state)")
    db.execute("create index outbox_idea on outbox (idea)")
    _table(db, "written", key, **place, before=bytes, value=bytes, run=int, at=int, held=int)
    db.execute("create index written_run on written (run)")


def m004_own_members(db: Database) -> None:
    """Of a set: the members that are the hub's own."""
    db.execute("alter table outbox add column own blob not null default x'5b5d'")
    db.execute("alter table written add column own blob not null default x'5b5d'")


def m005_full_text(db: Database) -> None:
    """The full-text index, and the queue of feedback that it does not hold yet.

    Terms come folded and separated by spaces, so that the tokenizer only has to cut there: every printable ASCII sign
    belongs to a term, and it takes all that is not ASCII for letters.
    """
    _search(db, "terms")
    db.execute("create virtual table search_terms using fts5vocab(search, row)")
    _table(db, "unindexed", "feedback", feedback=int)
    db.execute("insert into unindexed (feedback) select key from feedback where gone is null")


def _search(db: Database, columns: str) -> None:
    """A full-text index that cuts at spaces only."""
    marks = "".join(chr(code) for code in range(33, 127) if not chr(code).isalnum())
    quoted = marks.replace("'", "''''").replace('"', '""')
    db.execute(
        f"""create virtual table search using fts5({columns}, tokenize = "ascii tokenchars '{quoted}'")"""
    )
    db.execute("insert into search (search, rank) values ('automerge', 8)")


def m006_dictionaries_and_traces(db: Database) -> None:
    """What the records of a connection have in common. Decisions keep traces instead of words, so all are made anew."""
    _table(db, "dictionary", "number", number=int, connection=str, body=bytes)
    db.execute("create unique index dictionary_connection on dictionary (connection)")
    db.execute("delete from decision")
    db.execute("delete from mark where stage = 'score'")


def m007_overrides(db: Database) -> None:
    """What people set in place of what the rules say."""
    _table(db, "override", "idea", idea=int, body=bytes)


def m008_signals(db: Database) -> None:
    """What signals came to or were reported as, the hours that are to be counted again, and alerts in breach."""
    _table(db, "signal", ("name", "begin"), ("value",), name=str, begin=int, value=float)
    _table(db, "breach", ("alert", "since"), ("until",), alert=str, since=int, until=int, idea=int, seen=str)
    _table(db, "uncounted", "hour", hour=int)
    point = {"connection": str, "id": str, "signal": str, "at": int, "value": float}
    _table(db, "point", ("connection", "id", "signal"), **point)
    db.execute("create index point_signal on point (signal, at)")
    db.execute("create index feedback_created on feedback (created) where gone is null")
    db.execute(sql.MARK_UNCOUNTED)


def m009_standing(db: Database) -> None:
    """Where ideas stand among all, and what each has seen of the others."""
    _table(db, "standing", ("score", "idea"), score=str, idea=int, value=float, seen=str)
    db.execute("create index standing_idea on standing (idea)")


def m010_goals(db: Database) -> None:
    """What people let ideas support, what ideas are found by, and breaches by the idea that they opened."""
    _table(db, "support", ("idea", "goal"), idea=int, goal=str, because=str, who=str, at=int)
    _table(db, "facet", ("name", "value", "idea"), name=str, value=str, idea=int)
    db.execute("create index facet_idea on facet (idea)")
    db.execute("create index breach_idea on breach (idea)")


def m011_actions(db: Database) -> None:
    """What people did to ideas and links, by whom it is found; links never to be made; ideas merged into others."""
    _table(db, "action", "number", number=int, undoes=int, body=bytes)
    db.execute("create index action_undoes on action (undoes) where undoes > 0")
    _table(db, "acted", ("what", "action"), what=str, action=int)
    _table(db, "apart", ("feedback", "idea"), feedback=int, idea=int)
    db.execute("create index apart_idea on apart (idea)")
    _table(db, "merged", "idea", idea=int, survivor=int)


def m012_said(db: Database) -> None:
    """What was found in texts."""
    _table(db, "said", "feedback", feedback=int, known=int, facts=str)


def m013_questions(db: Database) -> None:
    """What people are asked about likenesses, what they said, and what was learned from that."""
    values = {"logit": float, "margin": float, "chance": float, "version": int}
    told = {"kind": str, "model": str}
    asked = {"worth": float, "pieces": int, "linked": int, "offered": int, "guarded": int}
    _table(db, "question", "feedback", feedback=int, **told, state=str, **values, **asked, body=bytes)
    db.execute("create index question_open on question (offered, worth, pieces, kind) where state = 'open'")
    db.execute("create index question_kind on question (kind, version)")
    said = {"at": int, "who": str, "verdict": str, "offered": int, "idea": int}
    made = {"guarded": int, "action": int, "withdrawn": int}
    _table(db, "answer", "number", number=int, feedback=int, **told, **said, **values, **made)
    db.execute("create index answer_kind on answer (kind, model, number)")
    db.execute("create index answer_action on answer (action)")
    weights = {"constant": float, "logit": float, "margin": float}
    counts = {"fitted": int, "answers": int, "sure": int, "met": int, "promise": float, "attaching": int}
    shares = {"attached": float, "asked": float, "at": int}
    _table(
        db,
        "calibration",
        ("kind", "version"),
        kind=str,
        version=int,
        model=str,
        **weights,
        **counts,
        **shares,
    )


def m014_vectors(db: Database) -> None:
    """What an encoder made of feedback, its signs once more where they are read at one go; what waits for it."""
    _table(db, "vector", "number", number=int, feedback=int, signs=bytes, body=bytes)
    db.execute("create unique index vector_feedback on vector (feedback)")
    db.execute("create index vector_signs on vector (number, signs)")
    _table(db, "unencoded", "feedback", feedback=int)


def m015_alike(db: Database) -> None:
    """Pieces that resemble pieces of other ideas; ideas that seem to hold two subjects; what people refused of both."""
    _table(db, "resemblance", ("feedback", "nearest"), feedback=int, nearest=int, likeness=int)
    _table(db, "twofold", "idea", idea=int, worth=int, body=bytes)
    _table(db, "refusal", ("idea", "other"), idea=int, other=int, at=int, who=str)


def m016_terms(db: Database) -> None:
    """A smaller full-text index that keeps titles apart, and in how many pieces each term stands; all is read again."""
    db.execute("drop table search_terms")
    db.execute("drop table search")
    _search(db, "title, body, detail = none, columnsize = 0")
    db.execute("create table term (term text primary key, count integer not null) without rowid")
    db.execute("delete from unindexed")
    db.execute("insert into unindexed (feedback) select key from feedback where gone is null")


def m017_near(db: Database) -> None:
    """The pieces that lie nearest to each piece, wherever they belong: what an idea falls apart by."""
    _table(db, "near", "feedback", feedback=int, body=bytes)


def m018_gone(db: Database) -> None:
    """What is gone, found without a look at all feedback; what resembles a piece, found from that piece."""
    db.execute("create index feedback_gone on feedback (gone) where gone is not null")
    db.execute("create index resemblance_nearest on resemblance (nearest)")


_STEPS: Sequence[Callable[[Database], None]] = (
    m001_records,
    m002_feedback_and_ideas,
    m003_outbox,
    m004_own_members,
    m005_full_text,
    m006_dictionaries_and_traces,
    m007_overrides,
    m008_signals,
    m009_standing,
    m010_goals,
    m011_actions,
    m012_said,
    m013_questions,
    m014_vectors,
    m015_alike,
    m016_terms,
    m017_near,
    m018_gone,
)

NAMES = tuple(step.__name__ for step in _STEPS)
"""All steps in order."""

_DEFAULTS = {int: 0, str: "", float: 0.0}


def _table(
    db: Database, name: str, key: str | tuple[str, ...], empty: Sequence[str] = (), /, **columns: type
) -> None:
    """A table whose columns all have a value, but those in ``empty``."""
    keys = (key,) if isinstance(key, str) else key
    filled = {column for column in columns if column not in empty}
    defaults = {
        column: _DEFAULTS[kind]
        for column, kind in columns.items()
        if column in filled and column not in keys and kind in _DEFAULTS
    }
    db.table(name).create(columns, pk=key, not_null=filled - {key}, defaults=defaults)


def applied(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Names of the steps that the database has been through, in order."""
    if connection.execute(sql.MIGRATIONS_KEPT).fetchone() is None:
        return ()
    return tuple(name for (name,) in connection.execute(sql.MIGRATIONS_DONE))


def pending(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Names of the steps to take. StoreError where the database is newer than this program."""
    done = applied(connection)
    unknown = [name for name in done if name not in NAMES]
    if unknown:
        raise StoreError(
            f"the database was made by a newer opshub (it knows the step {unknown[0]})",
            hint="install that version again, or restore the backup from before the upgrade",
        )
    return tuple(name for name in NAMES if name not in done)


def migrate(
    connection: sqlite3.Connection, *, until: str | None = None, begin: Callable[[], object] | None = None
) -> None:
    """Take all steps that are due, or those up to and with ``until``; ``begin`` opens each step's transaction.

    Another process may be doing the same: what is due is asked again inside each step's own transaction.
    """
    from sqlite_utils import Database, Migrations

    steps = Migrations("opshub")
    for step in _STEPS:
        steps()(step)
    wanted = NAMES if until is None else NAMES[: NAMES.index(until) + 1]
    db = Database(connection, execute_plugins=False)
    for name in wanted:
        begin() if begin else connection.execute(sql.BEGIN)
        try:
            if name in pending(connection):
                later = NAMES[NAMES.index(name) + 1 :]
                steps.apply(db, stop_before=later)
            connection.execute(sql.COMMIT)
        except BaseException:
            if connection.in_transaction:
                connection.execute(sql.ROLLBACK)
            raise
