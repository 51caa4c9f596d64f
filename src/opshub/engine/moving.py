"""When match blocks change: all feedback is asked once more, and only that moves of which they say something else.

Two passes in batches, each with its mark. The first moves what a block takes now, and frees what none takes any more;
the second, once all are freed, places those by the rest of the evidence. So it is the same in batches of any size.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from opshub.engine.asking import look_again, settle
from opshub.engine.blocks import BLOCKS, UNKNOWN, Blocks, awaited, unknown
from opshub.engine.declared import tables_read
from opshub.engine.facts import reading
from opshub.engine.match import claim, place, wordless
from opshub.engine.past import ALERTS
from opshub.engine.work import BATCH, Work
from opshub.matching import references
from opshub.model import Link, LinkMaker, Ref
from opshub.store.base import Store
from opshub.store.rows import Seen

__all__ = ["ask_again", "move"]

SEEN = "blocks.seen"
"""The fact that names the rules, and the tables that they read, whose match blocks are known."""

ASKED, FREED, LAST = "blocks.asked", "blocks.freed", "blocks.last"
"""The marks of the first pass, of the second (0 where nothing was freed), and of the feedback with which both end."""

_SURER = (LinkMaker.PERSON, LinkMaker.KEY)


def move(work: Work, limit: int = BATCH) -> bool:
    """One batch of what is to be asked again since the match blocks changed; whether there was any."""
    store = work.store
    _look(work)
    last, asked, freed = store.mark(LAST), store.mark(ASKED), store.mark(FREED)
    if asked < last:
        rows = [row for row in store.feedback_after(asked, limit) if row.seq <= last]
        with work.timed("match"), work.commit("match"):
            _ask(work, rows)
            store.set_mark(ASKED, rows[-1].seq if rows else last)
        return True
    if freed:
        rows = [row for row in store.feedback_after(freed - 1, limit) if row.seq <= last]
        with work.timed("match"), work.commit("match"):
            place(work, [row for row in rows if row.idea is None and not wordless(row.feedback)])
            store.set_mark(FREED, rows[-1].seq + 1 if rows else 0)
        return True
    return False


def _look(work: Work) -> None:
    """Begin anew where the match blocks are others than those in force, and tell which of them wait."""
    store = work.store
    hash, known = json.loads(store.fact(SEEN) or '["", {}]')
    digests = {
        one.table.name: one.table.digest for one in work.declared if one.table and one.table.name in known
    }
    if (hash, known) != (work.rules.hash, digests):
        homes = work.rules.homes
        read = {table.name: table.digest for table in tables_read(work.declared, homes.reads)}
        blocks = json.dumps([homes.hash, reading(), read]) if homes.hash else ""
        with store.transaction(work.lease):
            if store.fact(BLOCKS) != blocks:
                store.set_fact(BLOCKS, blocks)
                ask_again(store)
            _tell(work)
            store.set_fact(SEEN, json.dumps([work.rules.hash, read]))
    elif store.fact(UNKNOWN) and store.fact(UNKNOWN) != unknown(store, work.rules.homes.all):
        with store.transaction(work.lease):
            if awaited(store, work.rules.homes.all):
                ask_again(store)
            _tell(work)


def _tell(work: Work) -> None:
    before, now = work.store.fact(UNKNOWN), unknown(work.store, work.rules.homes.all)
    fresh = set(json.loads(now or "[]")) - set(json.loads(before or "[]"))
    work.report.waiting += sorted(fresh)
    if now != before:
        work.store.set_fact(UNKNOWN, now)


def ask_again(store: Store) -> None:
    """Let all feedback that is matched be asked once more."""
    store.set_mark(ASKED, 0)
    store.set_mark(FREED, 0)
    store.set_mark(LAST, store.mark("match"))


def _ask(work: Work, rows: Sequence[Seen]) -> None:
    """The first pass over some rows."""
    store, changes = work.store, _Changes(work)
    blocks = Blocks(store, work.rules, work.declared)
    refs = [row.feedback.ref for row in rows]
    known, apart = store.links_of(refs), store.apart(refs)
    for row in rows:
        ref, old = row.feedback.ref, known.get(row.feedback.ref)
        if ref.connection == ALERTS or (old is not None and old.maker in _SURER):
            continue
        if key := blocks.waits(row.feedback):
            changes.waiting += [(ref, name) for name in [*references(row.feedback), key]]
        changes.see(row, old, blocks.link(row.feedback, apart.get(ref, ()), old))
    changes.put()


@dataclass(slots=True)
class _Changes:
    """What the first pass does to some rows."""

    work: Work
    links: list[Link] = field(default_factory=list)
    taken: list[Ref] = field(default_factory=list)
    """What blocks take, whether it moves or not."""
    freed: list[Seen] = field(default_factory=list)
    waiting: list[tuple[Ref, str]] = field(default_factory=list)

    def see(self, row: Seen, old: Link | None, link: Link | None) -> None:
        """Note what becomes of a row whose ``old`` link a block's would replace."""
        if link is None:
            self.freed += [row] if old is not None and old.maker is LinkMaker.RULE else []
            return
        self.taken.append(link.feedback)
        if link != old:
            self.links.append(link)
            self.work.stage("match").add("moved by rule", int(old is None or old.idea != link.idea))

    def put(self) -> None:
        """Do it; inside of a transaction."""
        store = self.work.store
        store.put_links(self.links)
        store.put_mentions(self.waiting)
        store.drop_links([row.feedback.ref for row in self.freed])
        claim(self.work, [link.feedback for link in self.links])
        settle(store, self.taken)
        if self.freed:
            look_again(store, self.freed[0].seq)
            self.work.stage("match").add("released by rule", len(self.freed))
            store.set_mark(FREED, store.mark(FREED) or self.freed[0].seq)
