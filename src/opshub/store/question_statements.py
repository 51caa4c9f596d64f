"""Every SQL statement about what people are asked, what they said, and what was learned."""

from __future__ import annotations

from opshub.store.asked import LOT

PUT_QUESTION = """
    insert into question (
        feedback, kind, model, state, logit, margin, chance, version, worth, pieces, linked, offered, guarded, body
    ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    on conflict (feedback) do update set
        kind = excluded.kind, model = excluded.model, state = excluded.state, logit = excluded.logit,
        margin = excluded.margin, chance = excluded.chance, version = excluded.version, worth = excluded.worth,
        pieces = excluded.pieces, linked = excluded.linked, offered = excluded.offered,
        guarded = excluded.guarded, body = excluded.body
"""
_QUESTION = """
    f.connection, f.id, q.kind, q.model, q.state, q.logit, q.margin, q.chance, q.version, q.worth, q.pieces, q.linked,
    q.body
"""
QUESTIONS = f"""
    select {_QUESTION} from question q join feedback f on f.key = q.feedback where q.feedback in {{numbers}}
"""
OPEN_QUESTIONS = f"""
    select {_QUESTION}, best.there from (
        select q.feedback, g.there, q.worth * q.pieces as value
        from (select offered, count(*) as there from question where state = 'open' group by offered) g
        join question q on q.offered = g.offered and q.state = 'open'
        join feedback f on f.key = q.feedback
        where f.gone is null and (? = '' or q.kind = ?)
        order by value desc, q.feedback limit ?
    ) best join question q on q.feedback = best.feedback join feedback f on f.key = q.feedback
    order by best.value desc, q.feedback
"""
DRAWN_QUESTIONS = f"""
    select {_QUESTION}, (select count(*) from question o where o.state = 'open' and o.offered = q.offered) from (
        select q.feedback from question q join feedback f on f.key = q.feedback join link l on l.feedback = q.feedback
        where q.state = 'open' and q.chance >= ? and q.pieces = 1 and q.guarded = 0 and f.gone is null
            and (? = '' or q.kind = ?) and q.kind not in {{texts}}
            and (select count(*) from (select 1 from link o where o.idea = l.idea limit ?)) = ?
        order by q.feedback * {LOT} % {2**32} limit ?
    ) drawn join question q on q.feedback = drawn.feedback join feedback f on f.key = q.feedback
    order by q.feedback * {LOT} % {2**32}
"""
QUESTIONS_BEFORE = f"""
    select {_QUESTION} from question q join feedback f on f.key = q.feedback
    where q.kind = ? and q.version < ? and q.state in ('open', 'new', 'attached')
    order by q.version, q.feedback limit ?
"""
COUNT_QUESTIONS = """
    select q.kind, q.state, count(*) from question q join feedback f on f.key = q.feedback
    where f.gone is null group by q.kind, q.state order by q.kind, q.state
"""
VALUED = """
    select q.logit, q.margin, q.offered, q.guarded from question q join feedback f on f.key = q.feedback
    where q.kind = ? and f.gone is null order by f.connection, f.id
"""

PUT_ANSWER = """
    insert into answer (
        number, feedback, kind, model, at, who, verdict, offered, idea, logit, margin, chance, version, guarded, action,
        withdrawn
    ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ANSWER = """
    select a.number, f.connection, f.id, a.kind, a.model, a.at, a.who, a.verdict, a.offered, a.idea, a.logit, a.margin,
        a.chance, a.version, a.guarded, a.action, a.withdrawn
    from answer a join feedback f on f.key = a.feedback
"""
ANSWERS = _ANSWER + " where a.kind = ? and a.model = ? and a.withdrawn = 0 order by a.number"
ANSWERS_BY = _ANSWER + " where a.action = ? and a.withdrawn = 0 order by a.number"
WITHDRAW_ANSWERS = "update answer set withdrawn = ? where action = ? and withdrawn = 0"

_CALIBRATION = """
    select kind, version, model, constant, logit, margin, fitted, answers, sure, met, promise, attaching, attached,
        asked, at
    from calibration
"""
PUT_CALIBRATION = """
    insert into calibration (
        kind, version, model, constant, logit, margin, fitted, answers, sure, met, promise, attaching, attached,
        asked, at
    ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
CALIBRATION = _CALIBRATION + " where kind = ? and model = ? order by version desc limit 1"
CALIBRATIONS = _CALIBRATION + " where ? = '' or kind = ? order by kind, version"
