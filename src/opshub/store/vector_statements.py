"""Every SQL statement about vectors."""

from __future__ import annotations

FORGET_VECTORS = "delete from vector"
FORGET_QUEUE = "delete from unencoded"
QUEUE_ALL = """
    insert into unencoded (feedback)
    select f.key from feedback f left join unindexed u on u.feedback = f.key
    where f.gone is null and u.feedback is null
"""
QUEUE = """
    insert into unencoded (feedback) select value from {numbers}
    where exists (select 1 from fact where name = 'encoder' and text <> '')
        and not exists (select 1 from vector where feedback = value)
    on conflict (feedback) do nothing
"""
UNQUEUE = "delete from unencoded where feedback = ?"
UNENCODED = """
    select f.seq, f.key, l.idea
    from unencoded u join link l on l.feedback = u.feedback join feedback f on f.key = u.feedback
    where f.gone is null order by u.feedback limit ?
"""
ENCODABLE = "select key from feedback where key in {numbers} and gone is null"
PUT_VECTOR = "insert into vector (number, feedback, signs, body) values (?, ?, ?, ?)"
DROP_VECTOR = "delete from vector where feedback = ?"
COUNT_VECTORS = "select (select count(*) from vector), (select count(*) from unencoded)"
SIGNS_AFTER = """
    select number, signs from vector indexed by vector_signs where number > ? order by number limit ?
"""
VECTORS = "select number, body from vector where number in {numbers}"
VECTORS_OF = "select feedback, body from vector where feedback in {numbers}"
ENCODED = """
    select v.number, f.connection, f.id, l.idea from vector v
    join feedback f on f.key = v.feedback left join link l on l.feedback = v.feedback
    where v.number in {numbers}
"""
