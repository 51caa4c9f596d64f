"""How goals stand, which ideas support them, and what people say of that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from opshub.engine.explain import contributions
from opshub.engine.past import Past, SignalView
from opshub.engine.reading import find_idea
from opshub.engine.work import Work
from opshub.errors import NotFoundError, UsageError
from opshub.model import Idea
from opshub.store.base import Store
from opshub.store.rows import Support

if TYPE_CHECKING:
    from opshub.language import RuleSet
    from opshub.language.series import Target

__all__ = ["GoalView", "Supporter", "clear_support", "one", "overview", "support"]

TEXT = 500
"""Characters of a reason."""

TREND = 8
"""Full periods over which it is seen whether a goal is on track."""


@dataclass(frozen=True, slots=True)
class Supporter:
    """An idea that supports a goal, and who says so: rules by their names, people by theirs."""

    idea: str
    title: str
    band: str
    priority: float
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GoalView:
    """A goal as it stands.

    ``state`` is ``met``, ``missed``, ``on track``, ``behind`` or ``no data``; ``series`` are the last full periods of
    its signal, oldest first: when each began, and its value or None. ``supporters`` are the best of ``ideas`` many.
    """

    name: str
    place: str
    signal: str
    aim: str
    because: str
    target: float
    by: datetime
    value: float | None
    progress: float | None
    days_left: int
    state: str
    ideas: int
    supporters: tuple[Supporter, ...]
    series: tuple[tuple[datetime, float | None], ...]


def overview(store: Store, rules: RuleSet, now: datetime, limit: int) -> tuple[GoalView, ...]:
    """All goals as they stand at a moment, in the order of the rule files, each with its best ideas."""
    return tuple(_view(store, rules, target, now, TREND, limit) for target in rules.goals.values())


def one(store: Store, rules: RuleSet, name: str, now: datetime, periods: int, limit: int) -> GoalView:
    """One goal, by its title or a part of it that no other has. NotFoundError."""
    return _view(store, rules, find_goal(rules, name), now, periods, limit)


def find_goal(rules: RuleSet, name: str) -> Target:
    """A goal by its title, or by a part of it that no other has. NotFoundError."""
    wanted = " ".join(name.casefold().split())
    known = {title.casefold(): target for title, target in rules.goals.items()}
    if wanted in known:
        return known[wanted]
    found = [target for title, target in known.items() if wanted and wanted in title]
    if len(found) == 1:
        return found[0]
    near = get_close_matches(wanted, list(known), n=1, cutoff=0.5)
    listed = ", ".join(rules.goals) or 'none; write one in a rule file: goal "…" { signal … reach … by … }'
    hint = f"did you mean {known[near[0]].name!r}?" if near and not found else f"goals are: {listed}"
    many = f"{len(found)} goals have {name!r} in their title"
    raise NotFoundError(many if found else f"there is no goal {name!r}", hint=hint)


def _view(store: Store, rules: RuleSet, target: Target, now: datetime, periods: int, limit: int) -> GoalView:
    from opshub.language.attaining import attained

    past = Past(store, rules.signals, target.moment(now))
    seen = past.view(target.signal, max(periods, TREND))
    value = seen.values[-1][1]
    found = attained(target, value, now)
    progress, days = found["progress"], found["days_left"]
    assert days is not None
    facet = ("goal", target.name)
    return GoalView(
        name=target.name,
        place=target.place,
        signal=target.signal,
        aim=target.shown,
        because=target.because,
        target=target.bound,
        by=target.by,
        value=value,
        progress=progress,
        days_left=int(days),
        state=_state(target, seen, now),
        ideas=store.count_ideas(facet=facet),
        supporters=tuple(_supporters(store, target.name, limit)),
        series=seen.values[-periods:],
    )


def _state(target: Target, seen: SignalView, now: datetime) -> str:
    """Whether it is met; if not, whether the signal would come there by going on as over its last periods."""
    from opshub.language.meaning import COMPARE

    known = [(begin.timestamp(), value) for begin, value in seen.values[-TREND:] if value is not None]
    value = seen.values[-1][1]
    if value is None:
        return "no data"
    if COMPARE[target.sign](value, target.bound):
        return "met"
    end = target.moment(datetime.max.replace(tzinfo=UTC)).timestamp()
    if now.timestamp() >= end:
        return "missed"
    (first, low), (last, high) = known[0], known[-1]
    rise = (high - low) / (last - first) if last > first else 0.0
    return "on track" if COMPARE[target.sign](high + rise * (end - last), target.bound) else "behind"


def _supporters(store: Store, goal: str, limit: int) -> Iterator[Supporter]:
    for idea, decision, _ in store.ranked(limit, facet=("goal", goal)):
        parts = contributions(store, decision)
        by = [part.by or part.rule for part in parts if part.effect == f"supports {goal}"]
        priority = decision.scores.get("priority", 0.0)
        yield Supporter(idea.id, idea.title, decision.band, priority, tuple(dict.fromkeys(by)))


def support(work: Work, idea: str, goal: str, said: Support) -> Support:
    """Keep that a person lets an idea support a goal. NotFoundError, UsageError."""
    if len(said.because) > TEXT:
        raise UsageError(f"--because is longer than {TEXT} characters", hint="people read it beside the goal")
    found = said._replace(idea=find_idea(work.store, idea).number, goal=find_goal(work.rules, goal).name)
    with work.store.transaction(work.lease):
        work.store.put_support(found)
    return found


def clear_support(work: Work, name: str, goal: str) -> str:
    """Forget what a person said; the goal's title. NotFoundError where nobody did."""
    idea = find_idea(work.store, name)
    said = [row.goal for row in work.store.supports([idea.number])]
    title = goal if goal in said else _title(work.rules, idea, goal, said)
    with work.store.transaction(work.lease):
        work.store.drop_support(idea.number, title)
    return title


def _title(rules: RuleSet, idea: Idea, goal: str, said: Sequence[str]) -> str:
    """The title of a goal that the rules know; what people said of one that they no longer know goes by its own."""
    title = find_goal(rules, goal).name
    if title not in said:
        listed = ", ".join(said) or "none"
        raise NotFoundError(
            f"nobody said that {idea.id} supports {title!r}", hint=f"goals that people named: {listed}"
        )
    return title
