"""Every SQL statement about the full-text index; only SQLite understands them.

A row's number in the index is the key of its feedback times ``CLASSES`` plus the class of its length, so that a score
can be corrected for length without reading anything further. ``cross join`` keeps SQLite from going over the whole
index: to it a range of rows of a virtual table looks no cheaper than all of them. What the index holds of a piece
stands in ``search_content``; reading that itself takes two thirds of the time.
"""

from __future__ import annotations

from opshub.store.terms import CLASSES

INDEX_TEXT = "insert into search (rowid, title, body) values (?, ?, ?)"
UNINDEX_TEXT = "delete from search where rowid = ?"
INDEXED_OF = f"""
    select s.rowid, s.title, s.body
    from {{numbers}} wanted
    cross join search s on s.rowid between wanted.value * {CLASSES} and wanted.value * {CLASSES} + {CLASSES - 1}
"""
TEXTS_OF = f"""
    select f.key, l.idea, s.c0, s.c1
    from {{numbers}} wanted cross join feedback f on f.key = wanted.value left join link l on l.feedback = f.key
    cross join search_content s on s.id between f.key * {CLASSES} and f.key * {CLASSES} + {CLASSES - 1}
"""
HOLDING = "select json_group_array(rowid) from search where search match ?"
HITS = f"""
    select s.id, f.connection, f.id, l.idea, s.c0, s.c1
    from {{numbers}} wanted cross join search_content s on s.id = wanted.value
    cross join feedback f on f.key = wanted.value / {CLASSES} left join link l on l.feedback = f.key
"""
COUNT_TERM = """
    insert into term (term, count) values (?, ?) on conflict (term) do update set count = count + excluded.count
"""
DROP_TERMS = "delete from term where term in {texts} and count = 0"
TERM_COUNTS = "select t.term, t.count from {texts} wanted cross join term t on t.term = wanted.value"

QUEUE_TEXT = "insert into unindexed (feedback) values (?) on conflict (feedback) do nothing"
UNQUEUE_TEXT = "delete from unindexed where feedback = ?"
INDEXABLE = "select key from feedback where key in {numbers} and gone is null"
UNINDEXED = """
    select f.seq, f.key, l.idea
    from unindexed u join link l on l.feedback = u.feedback join feedback f on f.key = u.feedback
    where f.gone is null order by u.feedback limit ?
"""
