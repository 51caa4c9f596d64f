"""Every SQL statement about goals, and about what ideas are found by."""

from __future__ import annotations

from opshub.store import statements as sql

PUT_SUPPORT = """
    insert into support (idea, goal, because, who, at) values (?, ?, ?, ?, ?)
    on conflict (idea, goal) do update set because = excluded.because, who = excluded.who, at = excluded.at
"""
DROP_SUPPORT = "delete from support where idea = ? and goal = ?"
SUPPORTS = "select idea, goal, because, who, at from support where idea in {numbers} order by idea, goal"
BREACHES_OF = sql.BREACHES.replace("from breach", "from breach where idea in {numbers}")

DROP_FACETS = "delete from facet where idea in {numbers}"
PUT_FACET = "insert into facet (name, value, idea) values (?, ?, ?)"

_WITH = "alive = 1 and number in (select idea from facet where name = ? and value = ?)"
RANKED_WITH = sql.RANKED.replace("alive = 1", _WITH)
RANKED_IN_BAND_WITH = sql.RANKED_IN_BAND.replace("alive = 1", _WITH)
COUNT_IDEAS_WITH = sql.COUNT_IDEAS.replace("alive = 1", _WITH)
COUNT_IDEAS_IN_BAND_WITH = sql.COUNT_IDEAS_IN_BAND.replace("alive = 1", _WITH)
