"""Every SQL statement about ideas that resemble each other, and about those that hold two subjects."""

from __future__ import annotations

DROP_RESEMBLANCES = "delete from resemblance where feedback = ?"
PUT_RESEMBLANCE = "insert into resemblance (feedback, nearest, likeness) values (?, ?, ?)"
_LIKELY = "min(1.0, p.total / (20000.0 * min(a.voices, b.voices)))"
_GONE = "(select key from feedback where gone is not null)"
"""Read once a statement: to look at each row of feedback for it takes three times as long."""
_ALIKE_IDEAS = f"""
    select p.one, p.two, p.total, p.best, p.many, a.voices, b.voices
    from (
        select case when o.idea < t.idea then o.idea else t.idea end as one,
            case when o.idea < t.idea then t.idea else o.idea end as two,
            sum(r.likeness) as total, max(r.likeness) as best, count(*) as many
        from {{rows}} r join link o on o.feedback = r.feedback join link t on t.feedback = r.nearest
        where o.idea <> t.idea and r.feedback not in {_GONE} and r.nearest not in {_GONE}
        group by 1, 2
    ) p join idea a on a.number = p.one join idea b on b.number = p.two
    where a.voices >= ? and b.voices >= ?
    order by {_LIKELY} * {_LIKELY} * (2.0 * a.voices * b.voices / (a.voices + b.voices)) desc, p.one, p.two limit ?
"""
ALIKE_IDEAS = _ALIKE_IDEAS.format(rows="resemblance")
ALIKE_TO = _ALIKE_IDEAS.format(
    rows="""(
        select r.* from link l join resemblance r on r.feedback = l.feedback where l.idea = ?
        union select r.* from link l join resemblance r on r.nearest = l.feedback where l.idea = ?
    )"""
)
ALIKE_PIECES = """
    select f.connection, f.id, g.connection, g.id, r.likeness
    from link o join resemblance r on r.feedback = o.feedback join link t on t.feedback = r.nearest
    join feedback f on f.key = r.feedback join feedback g on g.key = r.nearest
    where o.idea = ? and t.idea = ? and f.gone is null and g.gone is null
"""

RESEMBLANCES_OF = """
    select f.connection, f.id, g.connection, g.id, r.likeness
    from resemblance r join feedback f on f.key = r.feedback join feedback g on g.key = r.nearest
    where r.feedback in (select value from json_each(?)) and f.gone is null and g.gone is null
"""

PUT_NEAR = "insert into near (feedback, body) values (?, ?) on conflict (feedback) do update set body = excluded.body"
NEAR_WITHIN = """
    select f.key, f.connection, f.id, n.body
    from link l join feedback f on f.key = l.feedback left join near n on n.feedback = l.feedback
    where l.idea = ? and f.gone is null
    order by l.feedback desc limit ?
"""

DROP_TWOFOLD = "delete from twofold where idea = ?"
PUT_TWOFOLD = "insert into twofold (idea, worth, body) values (?, ?, ?)"
TWOFOLD = "select idea, worth, body from twofold order by worth desc, idea limit ?"
TWOFOLD_OF = "select idea, worth, body from twofold where idea = ?"

PUT_REFUSAL = """
    insert into refusal (idea, other, at, who) values (?, ?, ?, ?)
    on conflict (idea, other) do update set at = excluded.at, who = excluded.who
"""
DROP_REFUSAL = "delete from refusal where idea = ? and other = ?"
REFUSALS = "select idea, other, at, who from refusal order by idea, other"
