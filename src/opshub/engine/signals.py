"""Signals and alerts, before ideas are scored: counting what changed, and telling breaches from their end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from opshub.engine.declared import tables_read
from opshub.engine.past import ALERTS, Past, spoken
from opshub.engine.periods import begin_of, following
from opshub.engine.texts import Texts, enroll, looked_for
from opshub.engine.work import JUDGED, Work
from opshub.engine.world import observe
from opshub.model import Feedback, Idea, Link, LinkMaker, Ref
from opshub.store.moments import EPOCH
from opshub.store.rows import Breach, SignalValue

if TYPE_CHECKING:
    from opshub.language.series import Alarm
    from opshub.language.signals import Signals

__all__ = ["watch"]

_NAME = 100
"""Characters of an alert's name that name its feedback."""


def watch(work: Work) -> bool:
    """Count one month of what changed, or look at all alerts once an hour and after counting; whether it did."""
    store, now = work.store, work.clock.now()
    seen, rules = store.fact(JUDGED), work.rules.hash
    if seen == f"{rules} none" or (seen == f"{rules} {now:%Y-%m-%dT%H}" and not store.uncounted_hours()):
        return False
    signals = work.rules.signals
    with work.timed("score"):
        if signals.periods and _count(work, signals):
            return True
        with work.commit("score"):
            _judge(work, signals)
            observe(work)
            if signals.all and not signals.periods:
                # Nothing waits for anybody; should something be counted again, that begins anew.
                store.mark_counted(store.uncounted_hours())
                store.set_fact("signals.counted", "")
            store.set_fact(JUDGED, f"{rules} {now:%Y-%m-%dT%H}" if signals.all else f"{rules} none")
    return True


def _count(work: Work, signals: Signals) -> bool:
    """Count the first month of what waits; all over again where other things, or with other tables, than before."""
    store = work.store
    counted = " ".join([signals.hash, *(table.digest for table in tables_read(work.declared, signals.reads))])
    if store.fact("signals.counted") != counted:
        with work.commit("score"):
            store.forget_values()
            enroll(store, work.rules)
            store.set_fact("signals.counted", counted)
    waiting = [EPOCH + timedelta(hours=hour) for hour in store.uncounted_hours()]
    if not waiting:
        return False
    end = following(begin_of(waiting[0], "month"), "month")
    chosen = [moment for moment in waiting if moment < end]
    texts = Texts(store, looked_for(work.rules), keeping=True)
    with work.commit("score"):
        for period in signals.periods:
            for begin in sorted({begin_of(moment, period) for moment in chosen}):
                end = following(begin, period)
                rows = list(spoken(store, signals, work.declared, begin, end, texts))
                texts.keep()
                values = signals.count(period, rows)
                if rows:
                    store.put_values([SignalValue(name, begin, value) for name, value in values.items()])
                else:
                    store.drop_values([*values], begin)
        store.mark_counted([(moment - EPOCH) // timedelta(hours=1) for moment in chosen])
        store.set_fact(JUDGED, "")
    return True


def _judge(work: Work, signals: Signals) -> None:
    """Begin what is newly in breach, end what is no longer."""
    store, now = work.store, work.clock.now()
    past = Past(store, signals, now)
    remembered = {(breach.alert, breach.since): breach for breach in store.breaches()}
    going = {breach.alert: breach for breach in remembered.values() if breach.until is None}
    for alert in signals.alerts:
        seen = signals.breached(alert, past.read)
        if seen is None or going.pop(alert.name, None) is not None:
            continue
        first = alert.limits[0]
        since = past.begins(signals.all[first.signal], first.periods)[0]
        _begin(work, alert, remembered.get((alert.name, since)) or Breach(alert.name, since, None, 0, seen))
    for breach in going.values():
        _end(work, breach)


def _begin(work: Work, alert: Alarm, breach: Breach) -> None:
    """Tell of a breach and open its idea; one that was over by mistake goes on with the idea it had."""
    store, idea = work.store, breach.idea
    if alert.title and not idea:
        idea = store.next_idea_number()
        voice = _voice(alert, breach, work.clock.now())
        store.put_feedback([voice])
        opened = Idea(number=idea, title=alert.title, created_at=voice.created_at)
        reason = f'the alert "{alert.name}" opened it'
        link = Link(feedback=voice.ref, idea=idea, maker=LinkMaker.RULE, reason=reason)
        store.begin_ideas([(opened, link)])
    store.put_breach(breach._replace(until=None, idea=idea))
    store.touch_ideas([idea] if idea else [])
    work.stage("score").add("alerts begun")
    work.report.notices += [f"{alert.name}: {note}" for note in alert.notes]


def _end(work: Work, breach: Breach) -> None:
    """Tell that a breach is over."""
    store, until = work.store, begin_of(work.clock.now(), "hour")
    store.put_breach(breach._replace(until=until))
    voice = store.feedback(_name(breach))
    if voice is not None:
        store.put_feedback([replace(voice, text=f"{voice.text}\nOver since {until:%Y-%m-%d %H:%M} UTC.")])
    work.stage("score").add("alerts over")
    work.report.notices.append(f"{breach.alert}: it is over")


def _name(breach: Breach) -> Ref:
    return Ref(ALERTS, f"{breach.alert[:_NAME]}@{breach.since.astimezone(UTC):%Y-%m-%dT%H}")


def _voice(alert: Alarm, breach: Breach, now: datetime) -> Feedback:
    """What the alert has to say, as feedback of its own."""
    values = ", ".join(f"{value:.4g}" for value in breach.seen)
    limits = " and ".join(limit.shown for limit in alert.limits)
    text = f"{limits}: {values}, since {breach.since:%Y-%m-%d %H:%M} UTC."
    return Feedback(ref=_name(breach), url="", text=text, title=alert.title, kind="alert", created_at=now)
