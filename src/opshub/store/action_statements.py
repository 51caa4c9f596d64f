"""Every SQL statement about what people did to ideas and links."""

from __future__ import annotations

from opshub.store import statements as sql

PUT_ACTION = "insert into action (number, undoes, body) values (?, ?, ?)"
PUT_ACTED = "insert into acted (what, action) values (?, ?) on conflict (what, action) do nothing"
ACTION = "select number, body from action where number = ?"
ACTIONS_NAMING = """
    select number, body from action
    where number in (select action from acted where what in {texts} and action > ?) order by number
"""
LAST_ACTIONS = "select number, body from action order by number desc limit ?"
UNDONE = "select undoes, number from action where undoes in {numbers} and undoes > 0"

PUT_APART = "insert into apart (feedback, idea) values (?, ?) on conflict (feedback, idea) do nothing"
DROP_APART = "delete from apart where feedback = ? and idea = ?"
APART = "select feedback, idea from apart where feedback in {numbers}"
APART_FROM = """
    select f.connection, f.id from apart a join feedback f on f.key = a.feedback
    where a.idea = ? order by f.connection, f.id
"""

PUT_MERGED = """
    insert into merged (idea, survivor) values (?, ?) on conflict (idea) do update set survivor = excluded.survivor
"""
DROP_MERGED = "delete from merged where idea = ?"
MERGED = "select idea, survivor from merged where idea in {numbers}"

LINKS_TO = """
    select f.connection, f.id, l.idea, l.maker, l.reason, l.confidence
    from link l join feedback f on f.key = l.feedback where l.idea = ? order by f.connection, f.id
"""
SIZE_OF = "select count(*) from (select 1 from link where idea = ? limit ?)"
DROP_LINK = "delete from link where feedback = ?"
LIVING_LINKS = sql.LINKABLE
BOUND_TO = "select connection, id from binding where idea = ? order by connection, id"
