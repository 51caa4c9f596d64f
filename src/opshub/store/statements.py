"""Every statement of the store, by name.

They are portable but for three tokens, which each database fills in: ``?`` is a parameter, ``{texts}`` and
``{numbers}`` stand for the members of a JSON array that is one parameter. What only SQLite understands stands at the
end, and in the migrations.
"""

from __future__ import annotations

# -- lease --

LEASE = "select epoch, holder, until, guarded from lease where name = ?"
LEASES = "select name, holder from lease where holder <> '' and until > ? order by name"
TAKE_LEASE = """
    insert into lease (name, epoch, holder, until, guarded) values (?, ?, ?, ?, ?)
    on conflict (name) do update set
        epoch = excluded.epoch, holder = excluded.holder, until = excluded.until, guarded = excluded.guarded
"""
RENEW_LEASE = "update lease set until = ?, guarded = ? where name = ? and epoch = ? and holder <> ''"
END_LEASE = "update lease set holder = '', until = 0, guarded = 0 where name = ? and epoch = ?"

# -- counters and marks --

COUNTER = "select value from counter where name = ?"
SET_COUNTER = """
    insert into counter (name, value) values (?, ?) on conflict (name) do update set value = excluded.value
"""
MARK = "select seq from mark where stage = ?"
SET_MARK = "insert into mark (stage, seq) values (?, ?) on conflict (stage) do update set seq = excluded.seq"
FACT = "select text from fact where name = ?"
SET_FACT = "insert into fact (name, text) values (?, ?) on conflict (name) do update set text = excluded.text"

# -- connections --

_CONNECTION = """
    select name, cursor, binding, parked_until, error, error_kind, last_success, last_attempt from connection
"""
CONNECTION = _CONNECTION + " where name = ?"
CONNECTIONS = _CONNECTION + " order by name"
PUT_CONNECTION = """
    insert into connection
        (name, cursor, binding, parked_until, error, error_kind, last_success, last_attempt)
    values (?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (name) do update set
        cursor = excluded.cursor, binding = excluded.binding, parked_until = excluded.parked_until,
        error = excluded.error, error_kind = excluded.error_kind,
        last_success = excluded.last_success, last_attempt = excluded.last_attempt
"""

# -- records --

HASHES = "select id, hash from record where connection = ? and id in {texts}"
PUT_RECORD = """
    insert into record (connection, id, hash, normalized, body) values (?, ?, ?, ?, ?)
    on conflict (connection, id) do update set
        hash = excluded.hash, normalized = excluded.normalized, body = excluded.body
"""
DICTIONARY = "select body from dictionary where number = ?"
DICTIONARY_OF = "select body from dictionary where connection = ?"
PUT_DICTIONARY = "insert into dictionary (number, connection, body) values (?, ?, ?)"
UNNORMALIZED = """
    select id, hash, body from record where connection = ? and normalized = 0 order by key limit ?
"""
MARK_UNNORMALIZED = "update record set normalized = 0 where connection = ? and normalized = 1"
COUNT_RECORDS = "select count(*) from record where connection = ?"
MARK_NORMALIZED = """
    update record set normalized = 1 where connection = ? and id in {texts} and normalized = 0
"""
RECORD = "select hash, body from record where connection = ? and id = ?"
LIVING_IDS = """
    select id from feedback where connection = ? and gone is null
    union select id from item where connection = ? and gone is null
"""

# -- quarantine --

PUT_BAD = """
    insert into bad (key, connection, id, reason, body, first_seen, attempts) values (?, ?, ?, ?, ?, ?, 1)
    on conflict (connection, id) do update set
        reason = excluded.reason, body = excluded.body, attempts = bad.attempts + 1
"""
BAD_KEY = "select key from bad where connection = ? and id = ?"
ANY_BAD = "select 1 from bad where connection = ? limit 1"
DROP_BAD = "delete from bad where connection = ? and id in {texts}"
_BAD = "select key, connection, id, reason, body, first_seen, attempts from bad"
BAD = _BAD + " order by key"
BAD_OF = _BAD + " where connection = ? order by key"
BAD_BY_KEY = _BAD + " where key = ?"

# -- feedback --

KNOWN_FEEDBACK = """
    select f.id, f.key, f.gone, f.created, f.body, l.idea
    from feedback f left join link l on l.feedback = f.key
    where f.connection = ? and f.id in {texts}
"""
INSERT_FEEDBACK = """
    insert into feedback (key, connection, id, seq, created, body) values (?, ?, ?, ?, ?, ?)
"""
UPDATE_FEEDBACK = "update feedback set seq = ?, created = ?, body = ?, gone = null where key = ?"
LIVING_FEEDBACK = """
    select f.id, f.key, l.idea from feedback f left join link l on l.feedback = f.key
    where f.connection = ? and f.id in {texts} and f.gone is null
"""
END_FEEDBACK = "update feedback set gone = ? where key = ?"
FEEDBACK = """
    select created, body from feedback where connection = ? and id = ? and gone is null
"""
FEEDBACK_AFTER = """
    select f.seq, f.key, l.idea from feedback f left join link l on l.feedback = f.key
    where f.seq > ? and f.gone is null order by f.seq limit ?
"""
COUNT_FEEDBACK = "select count(*) from feedback where seq > ? and gone is null"
FEEDBACK_BY_KEYS = "select seq, key, connection, id, created, body from feedback where key in {numbers}"

# -- tracked items --

KNOWN_ITEMS = """
    select i.id, i.key, i.gone, i.created, i.body, b.idea
    from item i left join binding b on b.connection = i.connection and b.id = i.id
    where i.connection = ? and i.id in {texts}
"""
INSERT_ITEM = """
    insert into item (key, connection, id, seq, created, body, label, url) values (?, ?, ?, ?, ?, ?, ?, ?)
"""
UPDATE_ITEM = """
    update item set seq = ?, created = ?, body = ?, label = ?, url = ?, gone = null where key = ?
"""
LIVING_ITEMS = """
    select i.id, i.key, b.idea
    from item i left join binding b on b.connection = i.connection and b.id = i.id
    where i.connection = ? and i.id in {texts} and i.gone is null
"""
END_ITEM = "update item set gone = ? where key = ?"
ITEMS = "select id, created, body from item where connection = ? and id in {texts} and gone is null"
ITEMS_AFTER = """
    select i.seq, i.connection, i.id, i.created, i.body, b.idea
    from item i left join binding b on b.connection = i.connection and b.id = i.id
    where i.seq > ? and i.gone is null order by i.seq limit ?
"""
ITEMS_BY_KEY = """
    select i.label, i.url, i.connection, i.id, b.idea
    from item i left join binding b on b.connection = i.connection and b.id = i.id
    where i.gone is null and (i.label in {texts} or i.url in {texts}) order by i.connection, i.id
"""
BOUND = "select id, idea from binding where connection = ? and id in {texts}"
BIND = """
    insert into binding (connection, id, idea) values (?, ?, ?)
    on conflict (connection, id) do update set idea = excluded.idea
"""
BIND_FREE = (
    "insert into binding (connection, id, idea) values (?, ?, ?) on conflict (connection, id) do nothing"
)
COUNT_TRACKED = """
    update idea set tracked = (
        select count(*) from binding b
        join item i on i.connection = b.connection and i.id = b.id and i.gone is null
        where b.idea = idea.number
    ) where number in {numbers}
"""

# -- matching --

LINKS_OF = "select feedback, idea, maker, reason, confidence from link where feedback in {numbers}"
LINKABLE = """
    select f.key, f.gone, l.idea, l.maker, l.reason, l.confidence
    from feedback f left join link l on l.feedback = f.key where f.key in {numbers}
"""
PUT_LINK = """
    insert into link (feedback, idea, maker, reason, confidence) values (?, ?, ?, ?, ?)
    on conflict (feedback) do update set
        idea = excluded.idea, maker = excluded.maker, reason = excluded.reason, confidence = excluded.confidence
"""
KEYS_OF_FEEDBACK = "select id, key from feedback where connection = ? and id in {texts}"
PUT_PRINT = """
    insert into fingerprint (feedback, print) values (?, ?)
    on conflict (feedback) do update set print = excluded.print
"""
DROP_PRINT = "delete from fingerprint where feedback = ?"
SAME_TEXT = """
    select wanted.value, (
        select l.idea from fingerprint p
        join feedback f on f.key = p.feedback and f.gone is null
        join link l on l.feedback = p.feedback
        where p.print = wanted.value order by p.feedback limit 1
    ) from {texts} wanted
"""
DROP_MENTIONS = "delete from mention where feedback = ?"
PUT_MENTION = "insert into mention (feedback, key) values (?, ?) on conflict (feedback, key) do nothing"
MENTIONING = """
    select distinct f.connection, f.id from mention m join feedback f on f.key = m.feedback
    where m.key in {texts} and f.gone is null order by f.connection, f.id
"""

# -- ideas --

_IDEA = "select number, title, created, visibility, item_connection, item_id from idea"
IDEA = _IDEA + " where number = ?"
IDEAS = _IDEA + " where number in {numbers}"
PUT_IDEA = """
    insert into idea (number, title, created, visibility, item_connection, item_id, seq)
    values (?, ?, ?, ?, ?, ?, ?)
    on conflict (number) do update set
        title = excluded.title, created = excluded.created, visibility = excluded.visibility,
        item_connection = excluded.item_connection, item_id = excluded.item_id, seq = excluded.seq
"""
BEGIN_IDEA = """
    insert into idea (number, title, created, visibility, seq, voices, alive) values (?, ?, ?, ?, ?, 1, 1)
"""
BEGIN_LINK = "insert into link (feedback, idea, maker, reason, confidence) values (?, ?, ?, ?, ?)"
COUNT_VOICE = """
    update idea set
        seq = ?, voices = voices + ?, alive = case when voices + ? + tracked > 0 then 1 else 0 end
    where number = ?
"""
MARK_ALIVE = """
    update idea set alive = case when voices + tracked > 0 then 1 else 0 end where number in {numbers}
"""
KNOWN_IDEAS = "select number from idea where number in {numbers}"
IDEAS_AFTER = "select seq, number from idea where seq > ? order by seq limit ?"
IDEAS_OF_ITEMS = BOUND
VOICE_KEYS = """
    select l.idea, f.seq, f.key from link l join feedback f on f.key = l.feedback
    where l.idea in {numbers} and f.gone is null order by l.idea, f.created, f.connection, f.id
"""
_RANKED = """
    select i.number, i.title, i.created, i.visibility, i.item_connection, i.item_id, i.voices, d.due, d.body
    from (
        select number from idea where alive = 1 {band} order by priority desc, number limit ? offset ?
    ) best join idea i on i.number = best.number left join decision d on d.idea = i.number
    order by i.priority desc, i.number
"""
RANKED = _RANKED.replace("{band}", "")
RANKED_IN_BAND = _RANKED.replace("{band}", "and band = ?")
TITLED = """
    select number from idea where alive = 1
        and not exists (select 1 from json_each(?) where instr(folded(title), value) = 0)
    order by priority desc, number limit ?
"""
COUNT_IDEAS = "select count(*) from idea where alive = 1"
COUNT_IDEAS_IN_BAND = COUNT_IDEAS + " and band = ?"

# -- decisions and routes --

DECISIONS = "select idea, due, body from decision where idea in {numbers}"
PUT_DECISION = """
    insert into decision (idea, seq, due, body) values (?, ?, ?, ?)
    on conflict (idea) do update set seq = excluded.seq, due = excluded.due, body = excluded.body
"""
SET_DUE = "update decision set due = ? where idea = ?"
SET_PRIORITY = "update idea set priority = ?, band = ? where number = ?"
DECISIONS_AFTER = "select seq, idea, due, body from decision where seq > ? order by seq limit ?"
IDEAS_DUE = "select idea from decision where due <= ? order by due, idea limit ?"
PUT_OVERRIDE = """insert into override (idea, body) values (?, ?)
    on conflict (idea) do update set body = excluded.body"""
DROP_OVERRIDE = "delete from override where idea = ?"
OVERRIDES = "select idea, body from override where idea in {numbers}"
STANDING_OF = "select score, idea, value from standing where idea in {numbers}"
PUT_STANDING = """insert into standing (score, idea, value) values (?, ?, ?)
    on conflict (score, idea) do update set value = excluded.value"""
END_STANDING = "delete from standing where score = ? and idea = ?"
STANDING = "select idea, value, seen from standing where score = ? order by idea"
SET_SEEN = "update standing set seen = ? where score = ? and idea = ?"
SEEN = "select score, idea, seen from standing where idea in {numbers} order by score, idea"
DROP_STANDING = "delete from standing"
PUT_ROUTE = """
    insert into route (idea, connection, project, urgency) values (?, ?, ?, ?)
    on conflict (idea) do update set
        connection = excluded.connection, project = excluded.project, urgency = excluded.urgency
"""
DROP_ROUTES = "delete from route where idea in {numbers}"
ROUTES = "select idea, connection, project, urgency from route where idea in {numbers}"

# -- outbox --

OUTBOX = """
    select connection, target, field, idea, base, wish, own, why, state, version, attempts, sent_at, note, run
    from outbox
"""
OUTBOX_ORDER = " order by connection, target, field"
LIMIT = " limit ?"
OUTBOX_CONNECTION = "connection = ?"
OUTBOX_STATES = "state in {texts}"
OUTBOX_IDEAS = "idea in {numbers}"
WISH = OUTBOX + " where connection = ? and target = ? and field = ?"
PUT_WISH = """
    insert into outbox (connection, target, field, idea, base, wish, own, why, state, version, attempts, sent_at,
        note, run)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (connection, target, field) do update set
        idea = excluded.idea, base = excluded.base, wish = excluded.wish, own = excluded.own, why = excluded.why,
        state = excluded.state, version = excluded.version, attempts = excluded.attempts,
        sent_at = excluded.sent_at, note = excluded.note, run = excluded.run
"""
DROP_WISH = """
    delete from outbox where connection = ? and target = ? and field = ? and state not in ('sending', 'done')
"""
MARK_SENDING = """
    update outbox set state = 'sending', attempts = attempts + 1, sent_at = ?, run = ?
    where connection = ? and target = ? and field = ? and version = ?
"""
SETTLE = """
    update outbox set state = ?, note = ?, base = ?
    where connection = ? and target = ? and field = ? and version = ?
"""
REOPEN = """
    update outbox set state = 'planned' where connection = ? and target = ? and field = ? and state = 'sending'
"""
_WRITTEN = "select connection, target, field, idea, before, value, own, run, at, held from written"
PUT_WRITTEN = """
    insert into written (connection, target, field, idea, before, value, own, run, at, held)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (connection, target, field) do update set
        idea = excluded.idea, before = excluded.before, value = excluded.value, own = excluded.own,
        run = excluded.run, at = excluded.at, held = excluded.held
"""
WRITTEN = _WRITTEN + " where connection = ? and target in {texts} order by connection, target, field"
WRITTEN_IN = _WRITTEN + " where run = ? order by connection, target, field"

# -- runs --

CLOSE_RUNS = "update run set outcome = 'killed', ended_at = ? where outcome = 'running'"
START_RUN = "insert into run (id, command, started_at, outcome, detail) values (?, ?, ?, 'running', ?)"
END_RUN = "update run set outcome = ?, ended_at = ?, detail = ? where id = ?"
FORGET_RUNS = "delete from run where id <= ? and outcome <> 'running'"
RUNS = "select id, command, started_at, ended_at, outcome, detail from run order by id desc limit ?"

# -- signals --

UNCOUNTED = "select hour from uncounted order by hour"
MARK_COUNTED = "delete from uncounted where hour in {numbers}"
DROP_VALUES = "delete from signal"
FEEDBACK_BETWEEN = """
    select seq, key from feedback where gone is null and created >= ? and created < ? order by created, connection, id
"""
PUT_VALUE = """
    insert into signal (name, begin, value) values (?, ?, ?)
    on conflict (name, begin) do update set value = excluded.value
"""
DROP_VALUE = "delete from signal where name in {texts} and begin = ?"
VALUES = "select begin, value from signal where name = ? and begin >= ? and begin < ? order by begin"
POINTS_OF = "select signal, at, value from point where connection = ? and id = ? order by signal, at, value"
DROP_POINTS = "delete from point where connection = ? and id = ?"
PUT_POINT = "insert into point (connection, id, signal, at, value) values (?, ?, ?, ?, ?)"
POINTS = """
    select at, value from point where signal = ? and at >= ? and at < ? order by at, connection, id
"""
FIRST_VALUE = "select min(begin) from signal where name = ?"
PUT_BREACH = """
    insert into breach (alert, since, until, idea, seen) values (?, ?, ?, ?, ?)
    on conflict (alert, since) do update set until = excluded.until, idea = excluded.idea, seen = excluded.seen
"""
BREACHES = "select alert, since, until, idea, seen from breach order by alert, since"

# -- SQLite only --

_HOURS = "insert or ignore into uncounted (hour) select distinct {} from feedback".format(
    "(created - 3599999999 * (created < 0)) / 3600000000"
)
"""The hours since 1970 of feedback; division rounds towards zero."""
MARK_UNCOUNTED = _HOURS + " where gone is null"
COUNT_AGAIN_OF = _HOURS + " where key in {numbers}"
COUNT_AGAIN = "insert or ignore into uncounted (hour) values (?)"

TOKENS = {"{texts}": "(select value from json_each(?))", "{numbers}": "(select value from json_each(?))"}
COLUMNS = r"insert into (\w+)\s*\(([^)]*)\)"
"""How the columns of a writing statement are found when a value cannot be bound."""

BEGIN = "begin immediate"
COMMIT = "commit"
ROLLBACK = "rollback"
SAVEPOINT = "savepoint inner"
ROLLBACK_TO = "rollback to inner"
RELEASE = "release inner"
ON_OPEN = (
    "pragma busy_timeout = 250",
    "pragma page_size = 16384",
    "pragma secure_delete = on",
    "pragma temp_store = memory",
    "pragma cache_size = -16000",
)
JOURNAL = "pragma journal_mode"
USE_WAL = "pragma journal_mode = wal"
SYNCHRONOUS = "pragma synchronous = normal"
MIGRATIONS_KEPT = "select 1 from sqlite_master where type = 'table' and name = '_sqlite_migrations'"
MIGRATIONS_DONE = "select name from _sqlite_migrations where migration_set = 'opshub' order by id"
