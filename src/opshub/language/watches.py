"""Checks signals and alerts."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from opshub.language import tree, watching
from opshub.language.checker import Checker
from opshub.language.clauses import is_clock
from opshub.language.findings import Findings, suggestion
from opshub.language.gathering import is_extreme
from opshub.language.meaning import BROKEN, Term, leaves
from opshub.language.names import Names, Place
from opshub.language.pricing import priced
from opshub.language.schema import Field, Kind
from opshub.language.series import PERIODS, Alarm, Limit, Series
from opshub.language.tree import Name, Reading, Span

__all__ = ["Watches", "below"]

KEY_SIGNALS = 3
LONGEST = 366


class Watches:
    """The signals and alerts of one rule set; ``route`` checks a destination."""

    def __init__(self, names: Names, findings: Findings, route: Callable[[str, Span], None]) -> None:
        self.signals: dict[str, Series] = {}
        self.alerts: list[Alarm] = []
        self._names = names
        self._findings = findings
        self._route = route
        self.clauses: dict[Span, Term] = {}
        """The conditions of counted signals, by their place."""
        self._opened: dict[str, tuple[str, Span]] = {}
        self._marks: dict[tuple[str, str], Span] = {}

    def signal(self, node: watching.Signal) -> None:
        """Check a signal; later ones and alerts can name it."""
        self.once("signal", node.name, node.mark)
        if node.period and node.period not in PERIODS:
            hint = suggestion(node.period, PERIODS)
            self._findings.report("R121", node.pace, f"a signal is not counted per '{node.period}'", hint)
        place = self._findings.place(node.span)
        match node.value:
            case watching.Reported(verb=verb, points=points):
                self._check_period(node, True, "a reported signal needs its period")
                made = Series(node.name, place, node.period, node.key, None, (), verb, points or node.name)
            case value if self._counts(value):
                self._check_period(node, True, "what is counted over feedback needs its period")
                made = Series(node.name, place, node.period, node.key, self._counted(value))
            case value:
                made = self._combined(node, value, place)
        self.signals.setdefault(node.name, made)
        self._check_key(node)

    def once(self, what: str, name: str, mark: Span) -> None:
        """Report a name that the same kind of thing has already."""
        first = self._marks.setdefault((what, name), mark)
        if first is not mark:
            hint = f"the first stands at {self._findings.place(first)}"
            self._findings.report("R108", mark, f"'{name}' is defined twice", hint)

    def _counts(self, value: tree.Expression) -> bool:
        """Whether it is counted over feedback, as ``max (rating)`` is, which looks like a call."""
        return any(
            isinstance(part, tree.Gather) or (is_extreme(part) and any(map(self._of_feedback, below(part))))
            for part in below(value)
        )

    def _of_feedback(self, part: object) -> bool:
        return isinstance(part, tree.Name) and part.name not in self.signals and self._names.is_row(part.name)

    def _check_period(self, node: watching.Signal, needed: bool, reason: str) -> None:
        if bool(node.period) is not needed:
            hint = "end it with ', per day'" if needed else f"leave out ', per {node.period}'"
            self._findings.report("R226", node.pace, reason, hint)

    def _check_key(self, node: watching.Signal) -> None:
        keys = [series.name for series in self.signals.values() if series.key]
        if node.key and len(keys) > KEY_SIGNALS:
            hint = f"the key signals so far are {', '.join(keys[:-1])}; leave 'key' out here"
            self._findings.report("R311", node.mark, f"'{node.name}' is key signal number {len(keys)}", hint)

    def _counted(self, value: tree.Expression) -> Term:
        checker = Checker(self._names, self._findings)
        term = self._number(value, checker)
        self.clauses |= checker.clauses
        for leaf in leaves(term, self._names.lets):
            read = "the clock" if is_clock(leaf) else ""
            if leaf.op in ("idea", "score"):
                read = f"'{leaf.field[1] if leaf.op == 'idea' else leaf.detail}'"
            if read:
                message = f"a signal is counted over feedback alone; this reads {read}"
                hint = "the period says which feedback counts; use feedback's own fields"
                self._findings.report("R225", value.span, message, hint)
        return term

    def _number(self, value: tree.Expression, checker: Checker) -> Term:
        term = checker.term(value, Place.IDEA)
        if term.kind not in (Kind.NUMBER, None):
            hint = "count it: share of feedback where …, count feedback where …"
            if term.kind is Kind.MONEY:
                hint = f"divide it by an amount: … / {priced(1.0, self._names.hub)}"
            self._findings.report("R203", value.span, "a signal is a number for each period", hint)
            return BROKEN
        return term

    def _combined(self, node: watching.Signal, value: tree.Expression, place: str) -> Series:
        self._check_period(node, False, "a combined signal has the period of its parts")
        parts = _Parts(self.signals, self._names, self._findings)
        term = self._number(value, Checker(self._names, self._findings, parts))
        found = [self.signals[part] for part in parts.found]
        periods = sorted({series.period for series in found})
        if len(periods) > 1:
            message = f"its parts are counted per {' and per '.join(periods)}"
            self._findings.report("R226", value.span, message, "combine signals of the same period")
        elif not periods and term.kind is not None:
            hint = "count over feedback, write reported, or combine other signals"
            self._findings.report("R226", value.span, "this is the same in every period", hint)
        period = periods[0] if periods else ""
        return Series(node.name, place, period, node.key, term, tuple(parts.found))

    def alert(self, node: watching.Alert) -> None:
        """Check an alert; all signals are known by now."""
        self.once("alert", node.name, node.mark)
        limits = tuple(made for breach in node.breaches if (made := self._limit(breach)) is not None)
        if not (node.opens or node.notes):
            hint = 'add: open idea "…", or notify "…"'
            message = "a tag needs an idea to stand on" if node.tags else f"'{node.name}' does nothing"
            self._findings.report("R228", node.mark, message, hint)
        for more in node.opens[1:]:
            self._findings.report("R228", more.span, "an alert opens one idea", "leave the others out")
        opened = node.opens[0] if node.opens else None
        self._check_opened(node)
        if opened is not None and opened.destination:
            self._route(opened.destination, opened.mark)
        self.alerts.append(
            Alarm(
                name=node.name,
                place=self._findings.place(node.span),
                limits=limits,
                title=opened.title if opened else "",
                destination=opened.destination if opened else "",
                tags=tuple(dict.fromkeys(tag.text for tag in node.tags)),
                notes=tuple(note.text for note in node.notes),
            )
        )

    def _check_opened(self, node: watching.Alert) -> None:
        """Report an idea that another alert opens under the same title: there would be two of it."""
        for opened in node.opens[:1]:
            first, mark = self._opened.setdefault(opened.title.casefold(), (node.name, opened.mark))
            if first != node.name:
                message = f"'{first}' at {self._findings.place(mark)} opens an idea of this title too"
                hint = "each opens one of its own: tell the titles apart, or join the conditions in one alert"
                self._findings.report("R335", opened.span, message, hint)

    def known(self, name: str, mark: Span) -> Series | None:
        """The signal of a name; a wrong name is reported."""
        found = self.signals.get(name)
        if found is None and not self._names.is_lost(name):
            hint = suggestion(name, tuple(self.signals))
            self._findings.report("R120", mark, f"there is no signal '{name}'", hint)
        return found

    def _limit(self, node: watching.Breach) -> Limit | None:
        series = self.known(node.signal, node.mark)
        if series is None:
            return None
        if node.unit and node.unit.removesuffix("s") != series.period and series.period in PERIODS:
            message = f"'{node.signal}' is counted per {series.period}"
            hint = f"count in {series.period}s: for {_periods(node, series.period)} {series.period}s"
            self._findings.report("R227", node.pace, message, hint)
        if not (node.periods.is_integer() and 1 <= node.periods <= LONGEST):
            hint = f"write a whole number from 1 to {LONGEST}"
            self._findings.report("R227", node.pace, f"{node.periods:g} is no number of periods", hint)
        shown = self._findings.text(node.span).removeprefix("signal ")
        return Limit(node.signal, node.sign, node.bound, int(node.periods), shown)


def _periods(node: watching.Breach, period: str) -> int:
    """About as many periods of a signal as were asked for in another unit."""
    days = {"hour": 1 / 24, "day": 1, "week": 7, "month": 30}
    asked = node.periods * days.get(node.unit.removesuffix("s"), days[period])
    return max(1, min(LONGEST, round(asked / days[period])))


class _Parts:
    """The names of a combined signal: other signals, each a value of one row."""

    def __init__(self, signals: dict[str, Series], names: Names, findings: Findings) -> None:
        self.found: dict[str, int] = {}
        self._signals = signals
        self._names = names
        self._findings = findings

    def of(self, term: Term) -> Field | None:
        return None

    def resolve(self, node: Name, place: Place) -> Term:
        return self._part(node.name, node.span)

    def reading(self, node: Reading) -> Term:
        return self._part(node.name, node.mark)

    def _part(self, name: str, mark: Span) -> Term:
        if name in self._signals:
            index = self.found.setdefault(name, len(self.found))
            return Term("idea", Kind.NUMBER, (), (index, name), optional=True)
        if not self._names.is_lost(name):
            hint = suggestion(name, tuple(self._signals)) or "signals are combined from earlier ones"
            self._findings.report("R120", mark, f"there is no signal '{name}'", hint)
        return BROKEN


def below(node: object) -> Iterator[object]:
    """All nodes of an expression."""
    from opshub.language.parser import children

    stack = [node]
    while stack:
        found = stack.pop()
        yield found
        stack.extend(children(found))
