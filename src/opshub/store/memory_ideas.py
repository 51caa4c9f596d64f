"""In memory: ideas as they are read, decisions, routes, wishes, and what was written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from opshub.errors import StoreError
from opshub.model import Decision, Feedback, Idea, Override, Ref
from opshub.store.codec import (
    decode_decision,
    decode_light,
    decode_override,
    encode_decision,
    encode_override,
)
from opshub.store.memory_matching import Matching
from opshub.store.memory_work import storable
from opshub.store.moments import micros
from opshub.store.outbox import merged
from opshub.store.rows import Facet, Light, OutboxRow, OutboxState, Route, Written, facets

__all__ = ["Ideas"]

Key = tuple[str, str, str]


class Ideas(Matching):
    """Ideas, decisions, routes, outbox."""

    def idea(self, number: int) -> Idea | None:
        """One idea."""
        row = self.kept.ideas.get(number)
        return row[1] if row else None

    def ideas(self, numbers: Sequence[int]) -> list[Idea]:
        """Those that exist, in the order asked for."""
        return [self.kept.ideas[number][1] for number in numbers if number in self.kept.ideas]

    def ideas_after(self, seq: int, limit: int) -> list[tuple[int, int]]:
        """(seq, number) of ideas that changed after ``seq``, in order of sequence."""
        return sorted((mine, number) for number, (mine, _) in self.kept.ideas.items() if mine > seq)[:limit]

    def ideas_due(self, now: datetime, limit: int) -> list[int]:
        """Ideas whose decision falls due by the clock, the longest due first."""
        due = [(at, number) for number, (_, at, _) in self.kept.decisions.items() if at is not None]
        return [number for at, number in sorted(due) if at <= micros(now)][:limit]

    def ideas_of_items(self, refs: Sequence[Ref]) -> dict[Ref, int]:
        """The idea that each tracked item is bound to."""
        return {ref: self.kept.bindings[ref] for ref in refs if ref in self.kept.bindings}

    def voices(self, numbers: Sequence[int]) -> Iterator[tuple[int, Feedback]]:
        """Living feedback of the ideas, grouped by idea in the order given, oldest first within each."""
        for number in dict.fromkeys(numbers):
            refs = [ref for ref, link in self.kept.links.items() if link.idea == number]
            for ref in sorted(refs, key=lambda ref: (self.kept.feedback[ref].created, ref)):
                feedback = self.feedback(ref)
                if feedback is not None:
                    yield number, feedback

    def ranked(
        self, limit: int, offset: int = 0, band: str | None = None, facet: Facet | None = None
    ) -> list[tuple[Idea, Decision, int]]:
        """Ideas with at least one living voice or tracked item, best priority first: (idea, decision, voices)."""
        living = {self.kept.bindings[ref] for ref in self.kept.bindings if self.item(ref) is not None}
        rows = []
        for number, (_, idea) in self.kept.ideas.items():
            decision = self._decision(number) or Decision(idea=number)
            voices = sum(1 for _ in self.voices([number]))
            if (voices or number in living) and band in (None, decision.band):
                rows.append((idea, decision, voices))
        rows = [row for row in rows if facet is None or facet in facets(row[1])]
        rows.sort(key=lambda row: (-row[1].scores.get("priority", 0.0), row[0].number))
        return rows[offset : offset + limit]

    def count_ideas(self, band: str | None = None, facet: Facet | None = None) -> int:
        """How many ``ranked`` has."""
        return len(self.ranked(len(self.kept.ideas), 0, band, facet))

    def ideas_titled(self, words: Sequence[str], limit: int) -> list[int]:
        """Ideas of those that ``ranked`` has whose titles hold all the words in either case, best priority first."""
        titles = [(idea.number, idea.title.casefold()) for idea, _, _ in self.ranked(len(self.kept.ideas))]
        return [number for number, title in titles if all(word.casefold() in title for word in words)][:limit]

    # -- decisions and routes -----------------------------------------------------------------------------------

    def _decision(self, number: int) -> Decision | None:
        row = self.kept.decisions.get(number)
        return decode_decision(number, row[1], row[2]) if row else None

    def decisions(self, numbers: Sequence[int]) -> dict[int, Decision]:
        """What the rules said of the ideas."""
        found = {number: self._decision(number) for number in numbers}
        return {number: decision for number, decision in found.items() if decision is not None}

    def lasting(self, numbers: Sequence[int], seq: int, now: datetime, items: bool) -> dict[int, Light]:
        """Decisions that are not due, of ideas that stood by ``seq`` and, with ``items``, whose items stood before."""
        found = {}
        for number in self.decisions(numbers):
            mine, due, body = self.kept.decisions[number]
            changed, idea = self.kept.ideas[number]
            item = self.kept.items.get(idea.item) if items and idea.item is not None else None
            stood = changed <= seq and (due is None or due > micros(now))
            if stood and (item is None or item.seq < mine):
                found[number] = decode_light(number, due, body)
        return found

    def put_decisions(self, rows: Sequence[Decision]) -> int:
        """Keep decisions; only those that differ get a new sequence number and are counted. ``due`` always moves."""
        encoded = {row.idea: encode_decision(row) for row in rows}
        self._must_exist(encoded)
        changed = 0
        for number, (due, body) in encoded.items():
            seq, _, old = self._writing().decisions.get(number, (0, None, b""))
            if old != body:
                seq = self._take("seq")
                changed += 1
            self.kept.decisions[number] = (seq, due, body)
        return changed

    def decisions_after(self, seq: int, limit: int) -> list[tuple[int, Decision]]:
        """Decisions that changed after ``seq``, in order of sequence."""
        rows = sorted((row[0], number) for number, row in self.kept.decisions.items() if row[0] > seq)
        return [(mine, self.decisions([number])[number]) for mine, number in rows[:limit]]

    def destinations_after(self, seq: int, limit: int) -> list[tuple[int, int, str, str]]:
        """The same decisions, but only where they send the idea: (seq, idea, route, urgency)."""
        return [(mine, it.idea, it.route, it.urgency) for mine, it in self.decisions_after(seq, limit)]

    def put_override(self, override: Override) -> None:
        """Keep what a person set for an idea; a new one replaces the old. Touches the idea, which must exist."""
        kept = decode_override(override.idea, encode_override(override))
        self._must_exist([override.idea])
        self._writing().overrides[override.idea] = kept
        self._touch([override.idea])

    def drop_override(self, number: int) -> bool:
        """Forget it, and touch the idea; whether there was one."""
        there = self._writing().overrides.pop(number, None) is not None
        self._touch([number] if there else [])
        return there

    def overrides(self, numbers: Sequence[int]) -> dict[int, Override]:
        """What people set for these ideas, also where it has ended."""
        return {number: self.kept.overrides[number] for number in numbers if number in self.kept.overrides}

    def put_standing(self, rows: Sequence[tuple[str, int, float | None]]) -> int:
        """Keep scores that ideas are compared by; None for an idea that no longer counts. How many changed."""
        changed, kept = 0, self._writing().standing
        for score, number, value in rows:
            storable(score, value)
            before, seen = kept.get((score, number), (None, ""))
            changed += value != before
            if value is None:
                kept.pop((score, number), None)
            else:
                kept[score, number] = (value, seen)
        return changed

    def standing(self, score: str) -> list[tuple[int, float, str]]:
        """(idea, value, what it has seen) of every idea, by idea."""
        return [(number, *row) for (name, number), row in sorted(self.kept.standing.items()) if name == score]

    def put_seen(self, rows: Sequence[tuple[str, int, str]]) -> None:
        """Keep what ideas read of all ideas for a score. Ideas that do not stand are left out."""
        kept = self._writing().standing
        kept.update({(s, n): (kept[s, n][0], text) for s, n, text in rows if (s, n) in kept})

    def seen(self, numbers: Sequence[int]) -> list[tuple[str, int, str]]:
        """(score, idea, text) of these ideas, by score and idea."""
        rows = sorted(self.kept.standing.items())
        return [(score, number, text) for (score, number), (_, text) in rows if number in numbers]

    def drop_standing(self) -> None:
        """Forget where every idea stands."""
        self._writing().standing.clear()

    def put_routes(self, rows: Sequence[Route]) -> None:
        """Send ideas somewhere."""
        storable(rows)
        self._writing().routes.update({row.idea: row for row in rows})

    def drop_routes(self, numbers: Sequence[int]) -> None:
        """Back to the inbox."""
        for number in numbers:
            self._writing().routes.pop(number, None)

    def routes(self, numbers: Sequence[int]) -> dict[int, Route]:
        """Where each idea goes; ideas in the inbox are left out."""
        return {number: self.kept.routes[number] for number in numbers if number in self.kept.routes}

    # -- outbox -------------------------------------------------------------------------------------------------

    def put_wishes(self, rows: Sequence[OutboxRow]) -> int:
        """A newer wish replaces an older one and raises its version. How many rows changed."""
        storable(rows)
        changed = 0
        for row in rows:
            wish = merged(self._writing().outbox.get(_key(row)), row)
            if wish is not None:
                self.kept.outbox[_key(row)] = wish
                changed += 1
        return changed

    def drop_wishes(self, keys: Sequence[Key]) -> int:
        """Remove open wishes that are no longer wanted, except those in state SENDING. How many."""
        kept = (OutboxState.SENDING, OutboxState.DONE)
        outbox = self._writing().outbox
        gone = [key for key in dict.fromkeys(keys) if key in outbox and outbox[key].state not in kept]
        for key in gone:
            del outbox[key]
        return len(gone)

    def outbox(
        self,
        *,
        connection: str | None = None,
        states: Sequence[OutboxState] = (),
        ideas: Sequence[int] = (),
        limit: int | None = None,
    ) -> list[OutboxRow]:
        """Rows in order of connection, target and field."""
        rows = [
            row
            for _, row in sorted(self.kept.outbox.items())
            if connection in (None, row.connection)
            and (not states or row.state in states)
            and (not ideas or row.idea in ideas)
        ]
        return rows[:limit]

    def mark_sending(self, rows: Sequence[OutboxRow], now: datetime, run: int) -> None:
        """Before the request: state SENDING, one attempt more. StoreError if a wish changed since it was read."""
        for row in rows:
            found = self._writing().outbox.get(_key(row))
            if found is None or found.version != row.version:
                raise StoreError(
                    f"the wish for {row.field or 'a new item'} of {row.connection}:{row.target} has changed",
                    hint="make the plan again: opshub plan",
                )
            self.kept.outbox[_key(row)] = replace(
                found, state=OutboxState.SENDING, attempts=found.attempts + 1, sent_at=now, run=run
            )

    def settle(self, row: OutboxRow, state: OutboxState, *, note: str = "") -> bool:
        """Close the wish that was sent, keeping ``row.base`` as what is now known to stand there."""
        storable(note, row.base)
        found = self._writing().outbox.get(_key(row))
        if found is not None and found.version == row.version:
            self.kept.outbox[_key(row)] = replace(found, state=state, note=note, base=row.base)
            return True
        if found is not None and found.state is OutboxState.SENDING:
            self.kept.outbox[_key(row)] = replace(found, state=OutboxState.PLANNED)
        return False

    def put_written(self, rows: Sequence[Written]) -> None:
        """Remember what was written last."""
        storable(rows)
        self._writing().written.update({(row.connection, row.target, row.field): row for row in rows})

    def written(self, connection: str, targets: Sequence[str]) -> dict[tuple[str, str], Written]:
        """(target, field) → the last value written there."""
        rows = sorted(self.kept.written.items())
        return {key[1:]: row for key, row in rows if key[0] == connection and key[1] in targets}

    def written_in(self, run: int) -> list[Written]:
        """What a run wrote and no later one replaced."""
        return [row for _, row in sorted(self.kept.written.items()) if row.run == run]


def _key(row: OutboxRow) -> Key:
    return row.connection, row.target, row.field
