"""Every SQL statement about what was found in texts, and about decisions as others need them."""

from __future__ import annotations

SAID = "select feedback, known, facts from said where feedback in {numbers}"
PUT_SAID = """
    insert into said (feedback, known, facts) values (?, ?, ?)
    on conflict (feedback) do update set known = excluded.known, facts = excluded.facts
"""
DROP_SAID = "delete from said where feedback = ?"

LASTING = """
    select d.idea, d.due, d.body
    from decision d join idea i on i.number = d.idea
    left join item t on t.connection = i.item_connection and t.id = i.item_id
    where d.idea in {numbers} and i.seq <= ? and (d.due is null or d.due > ?) and (? or t.seq is null or t.seq < d.seq)
"""
LEGENDS = "select distinct json_extract(cast(body as text), '$[5]') from decision"
"""SQLite only."""
FACTS = "select name from fact order by name"
DROP_FACTS = "delete from fact where name in {texts}"
