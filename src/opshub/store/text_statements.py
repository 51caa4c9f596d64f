"""Every SQL statement about what was found in texts."""

from __future__ import annotations

SAID = "select feedback, known, facts from said where feedback in {numbers}"
PUT_SAID = """
    insert into said (feedback, known, facts) values (?, ?, ?)
    on conflict (feedback) do update set known = excluded.known, facts = excluded.facts
"""
DROP_SAID = "delete from said where feedback = ?"

LEGENDS = "select distinct json_extract(cast(body as text), '$[5]') from decision"
"""SQLite only."""
FACTS = "select name from fact order by name"
DROP_FACTS = "delete from fact where name in {texts}"
