"""The sixth stage: what would have to change outside so that it agrees with the decisions.

A wish is one row per target and field. It is made against what the hub last saw there; nothing is asked of the
network. Fields that a person changed since the hub wrote them are a conflict, and the connection says who wins.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from opshub.engine.connection import Connection
from opshub.engine.explain import contributions
from opshub.engine.guard import asking
from opshub.engine.report import Failure
from opshub.engine.values import Wanted, added, merged, ranking, shown
from opshub.engine.work import BATCH, Work
from opshub.errors import PausedError, RetryError, SkipError
from opshub.model import Contribution, Feedback, Value
from opshub.sdk import Creates, Publishes
from opshub.store.base import Store
from opshub.store.rows import OutboxRow, OutboxState, Written

__all__ = ["CREATION", "RANKING", "plan", "wishes"]

_AMOUNT = re.compile(r"-?[\d.,e-]+ [A-Z]{3}( \(-?[\d.,e-]+ [A-Z]{3}\))?", re.ASCII)
CREATION = ""
"""The field of a wish that an item be created."""

RANKING = "ranking"
"""The field of a wish that the ranked list be published."""

Key = tuple[str, str, str]

Flying = Collection[Key]
"""Keys of wishes that were sent and never answered."""


def plan(work: Work, limit: int = BATCH) -> bool:
    """One batch of ideas or decisions that changed, then the ranked lists; whether there was anything to do."""
    if not any(c.write or c.publish or isinstance(c.connector, Creates) for c in work.connections):
        return False
    store = work.store
    _start_over_with_new_settings(work)
    ideas = store.ideas_after(store.mark("plan.ideas"), limit)
    decisions = store.decisions_after(store.mark("plan.decisions"), limit)
    if not ideas and not decisions:
        return _lists(work)
    numbers = list(dict.fromkeys([n for _, n in ideas] + [d.idea for _, d in decisions]))
    with work.timed("plan") as stage, work.commit("plan"):
        stage.add("wishes", _wish(work, numbers))
        if ideas:
            store.set_mark("plan.ideas", ideas[-1][0])
        if decisions:
            store.set_mark("plan.decisions", decisions[-1][0])
    return True


def _start_over_with_new_settings(work: Work) -> None:
    """Every idea is planned again when the owned fields, their translations or the policies change."""
    text = repr(
        [(c.name, c.role, c.apply, c.write, c.bands, c.conflict, str(c.audience)) for c in work.connections]
    )
    shape = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    if work.store.fact("plan.shape") == shape:
        return
    with work.store.transaction(work.lease):
        for mark in ("plan.ideas", "plan.decisions"):
            work.store.set_mark(mark, 0)
        work.store.set_fact("plan.shape", shape)


def _wish(work: Work, numbers: Sequence[int]) -> int:
    """Bring the wishes of these ideas up to date; how many changed."""
    store = work.store
    ideas = {idea.number: idea for idea in store.ideas(numbers)}
    decisions, routes = store.decisions(numbers), store.routes(numbers)
    voices: dict[int, list[Feedback]] = {number: [] for number in numbers}
    for number, feedback in store.voices(numbers):
        voices[number].append(feedback)
    flying = {_key(row) for row in store.outbox(ideas=numbers, states=[OutboxState.SENDING])}
    made: list[OutboxRow] = []
    for number in numbers:
        if number in ideas and number in decisions:
            wanted = Wanted(ideas[number], decisions[number], voices[number], routes.get(number))
            made.extend(wishes(store, work.connections, wanted, flying))
    keys = {_key(row) for row in made}
    open_states = (OutboxState.PLANNED, OutboxState.CONFLICT, OutboxState.REFUSED)
    stale = [_key(row) for row in store.outbox(ideas=numbers, states=open_states) if _key(row) not in keys]
    return store.put_wishes(made) + store.drop_wishes(stale)


def _key(row: OutboxRow) -> Key:
    return row.connection, row.target, row.field


def wishes(
    store: Store, connections: Sequence[Connection], wanted: Wanted, flying: Flying = frozenset()
) -> Iterator[OutboxRow]:
    """Everything that should be different outside because of one idea; reads only."""
    item = store.item(wanted.idea.item) if wanted.idea.item is not None else None
    if item is None and wanted.route is not None and wanted.idea.item is None:
        yield from _creation(store, connections, wanted)
    for connection in connections:
        if not connection.write or connection.apply == "never":
            continue
        if connection.role == "ideas":
            if item is not None and item.ref.connection == connection.name:
                yield from _fields(store, connection, wanted, item.ref.id, dict(item.fields), flying)
            continue
        for voice in wanted.voices:
            if voice.ref.connection == connection.name:
                seen: dict[str, Value] = {"tags": voice.tags, **voice.fields}
                yield from _fields(store, connection, wanted, voice.ref.id, seen, flying)


def _creation(store: Store, connections: Sequence[Connection], wanted: Wanted) -> Iterator[OutboxRow]:
    route = wanted.route
    assert route is not None
    connection = next((c for c in connections if c.name == route.connection), None)
    if connection is None or connection.apply == "never" or not isinstance(connection.connector, Creates):
        return
    parts = contributions(store, wanted.decision)
    routes = [part for part in parts if part.effect.startswith("route")]
    yield OutboxRow(
        connection=connection.name,
        target=wanted.idea.id,
        field=CREATION,
        idea=wanted.idea.number,
        base=None,
        wish=route.project,
        why=_routed(routes[0]) if routes else "routed",
    )


def _routed(part: Contribution) -> str:
    return _source(part) if part.by else f"routed by “{part.rule}”"


def _fields(
    store: Store,
    connection: Connection,
    wanted: Wanted,
    target: str,
    seen: Mapping[str, Value],
    flying: Flying,
) -> Iterator[OutboxRow]:
    """Wishes for the owned fields of one target that do not stand there yet."""
    written = store.written(connection.name, [target])
    for hub_field, remote in connection.write.items():
        value = wanted.value(connection, hub_field)
        if value is None:
            continue
        last = written.get((target, remote))
        row = OutboxRow(
            connection=connection.name,
            target=target,
            field=remote,
            idea=wanted.idea.number,
            base=seen.get(remote),
            wish=value,
        )
        # A wish that was sent and not answered is settled first; applying it makes the idea due for planning again.
        judged = _judge(connection, row, last) if _key(row) not in flying else None
        if judged is not None:
            yield replace(judged, why=_why(store, wanted, hub_field))


def _judge(connection: Connection, row: OutboxRow, last: Written | None) -> OutboxRow | None:
    """The wish in the form in which it is kept; None where nothing needs writing."""
    if isinstance(row.wish, tuple):
        return _judge_set(connection, row, last)
    current = row.base
    if connection.role == "feedback" and last is not None:
        # Feedback is kept as if the hub had never written to it, so what was written is what stands there.
        current = last.value
    if current == row.wish:
        return None
    if last is None:
        return replace(row, base=current)
    if last.held and row.wish == last.before:
        return None
    if current != last.value:
        if connection.conflict == "remote":
            return None
        if connection.conflict == "ask":
            note = f"somebody changed it from {shown(last.value)} to {shown(current)}"
            return replace(row, state=OutboxState.CONFLICT, note=note)
    return replace(row, base=current)


def _judge_set(connection: Connection, row: OutboxRow, last: Written | None) -> OutboxRow | None:
    """Sets never conflict: the hub exchanges its own members and leaves the others."""
    own = row.wish if isinstance(row.wish, tuple) else ()
    before = last.own if last is not None else ()
    current: Value = row.base or ()
    if connection.role == "feedback" and last is not None:
        current = merged(current, (), before)
    own = added(current, before, own)
    whole = merged(current, before, own)
    if whole == tuple(sorted(current if isinstance(current, tuple) else ())):
        return None
    if last is not None and last.held and own == last.before:
        return None
    return replace(row, base=current, wish=whole, own=own)


def _why(store: Store, wanted: Wanted, hub_field: str) -> str:
    """One sentence for the plan's table; the whole answer is ``ideas why``."""
    prefix = hub_field.removeprefix("tags.") if hub_field.startswith("tags.") else ""
    if prefix or hub_field in ("tags", "urgency"):
        word = f"tag {prefix}:" if prefix else "tag" if hub_field == "tags" else "route"
        parts = contributions(store, wanted.decision)
        rules = [_source(part) for part in parts if part.effect.startswith(word)]
        return "; ".join(dict.fromkeys(rules))
    if hub_field in ("voices", "evidence"):
        count = len(wanted.voices)
        return f"{count} piece{'s' * (count != 1)} of feedback"
    name = hub_field.removeprefix("score.") if hub_field.startswith("score.") else "priority"
    parts = contributions(store, wanted.decision)
    by_hand = [part for part in parts if part.by and (part.score == name or _is_band(part, hub_field))]
    mine = [part for part in parts if part.score == name]
    changed = [part for part in mine if not part.effect.startswith(f"{name} = ") and part.amount]
    reasons = [part.because or part.rule for part in changed] or [_seen(part) for part in mine]
    told = "; ".join(filter(None, dict.fromkeys(map(_source, by_hand) if by_hand else reasons)))
    total = f"{name} {round(wanted.decision.scores.get(name, 0.0), 2):.12g}"
    return f"{total}: {told}" if told else total


def _is_band(part: Contribution, hub_field: str) -> bool:
    return hub_field == "band" and part.effect.startswith("band ")


def _source(part: Contribution) -> str:
    """Who or what said so: a person with day and reason, or a rule."""
    return f"set by {part.by} until {part.until}: {part.because}" if part.by else part.rule


def _seen(part: Contribution) -> str:
    """What a score's definition saw, where no rule added anything: ``reach 1, revenue 12,000 EUR``."""
    told = {name: _told(value) for name, value in part.saw.items()}
    found = {name: value for name, value in told.items() if value}
    if len(found) == 1 and not isinstance(part.saw[next(iter(found))], str):
        return next(iter(found))
    return ", ".join(f"{name} {value}" for name, value in found.items())


def _told(value: Value) -> str:
    """A number or an amount of money; nothing of what people wrote."""
    if isinstance(value, int | float):
        return f"{round(value, 2):.12g}"
    return value if isinstance(value, str) and _AMOUNT.fullmatch(value) else ""


def _lists(work: Work) -> bool:
    """Wish for the ranked lists to be published where they changed; whether any wish changed."""
    done = False
    for connection in work.connections:
        connector: object = connection.connector
        if not connection.publish or connection.apply == "never" or not isinstance(connector, Publishes):
            continue
        try:
            done |= _list(work, connection, connector)
        except (RetryError, PausedError, SkipError) as error:
            work.report.tell(Failure.of(error, connection.name))
    return done


def _list(work: Work, connection: Connection, connector: Publishes) -> bool:
    store = work.store
    name, now = f"plan.list.{connection.name}", f"{store.last_seq()}:{connection.publish}"
    if store.fact(name) == now:
        return False
    rows = ranking(store, connection)
    with asking(connection):
        want = connector.fingerprint(rows)
    last = store.written(connection.name, [""]).get(("", RANKING))
    with work.timed("plan") as stage, work.commit("plan"):
        store.set_fact(name, now)
        if last is not None and last.value == want:
            return False
        many = "idea has" if connection.publish == 1 else f"{connection.publish} ideas have"
        row = OutboxRow(
            connection=connection.name,
            target="",
            field=RANKING,
            idea=0,
            base=last.value if last else None,
            wish=want,
            why=f"the first {many} changed",
        )
        stage.add("wishes", store.put_wishes([row]))
    return True
