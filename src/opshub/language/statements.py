"""Checks statements against each other, and makes the program of a rule set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from opshub.language import belonging, tree, watching
from opshub.language.checker import Checker
from opshub.language.destinations import misrouted
from opshub.language.findings import Findings, suggestion
from opshub.language.goals import GoalChecker
from opshub.language.home_checks import HomeChecker
from opshub.language.lints import implies
from opshub.language.meaning import BROKEN, Definition, Program, Term, TestCase, Verdict, constant
from opshub.language.names import Names, Place
from opshub.language.pricing import priced
from opshub.language.proofs import report_proven
from opshub.language.schema import Kind, Schema
from opshub.language.testcases import TestChecker
from opshub.language.tree import Span
from opshub.language.watches import Watches
from opshub.language.world import slots

__all__ = ["LONGEST_NAME", "URGENCIES", "build"]

LONGEST_NAME = 100
URGENCIES = ("urgent", "high", "normal", "low")
TAKEN = frozenset({"band", "now", "tags", "urgency"})


def build(
    statements: Sequence[tree.Statement],
    schema: Schema,
    findings: Findings,
    settings: Mapping[int, Mapping[str, tree.Setting]],
) -> Program:
    """The program of some statements; it means something only where ``findings`` holds no error.

    ``settings`` are the values that parameters are given, by file and name.
    """
    return _Build(statements, schema, findings, settings).program()


class _Build:
    def __init__(
        self,
        statements: Sequence[tree.Statement],
        schema: Schema,
        findings: Findings,
        settings: Mapping[int, Mapping[str, tree.Setting]],
    ) -> None:
        self._statements = statements
        self._settings = settings
        self._schema = schema
        self._findings = findings
        self._later = [s.name for s in statements if isinstance(s, tree.Let | tree.Parameter | tree.Score)]
        self._scores = {s.name for s in statements if isinstance(s, tree.Score)} | {"priority"}
        self._world = slots(statements)
        self._names = Names(schema, findings, self._later, self._world)
        self._checker = Checker(self._names, findings)
        self._watches = Watches(self._names, findings, self._check_destination)
        self._goals = GoalChecker(findings, self._watches)
        self._homes = HomeChecker(self._checker, self._names, findings)
        self._titles: dict[tuple[type, str], Span] = {}
        self._marks: dict[str, Span] = {}
        self._bands: tree.Bands | None = None
        self._rules: list[tuple[tree.Rule, Verdict]] = []
        self._supported: dict[str, tuple[Term, ...]] = {}

    def program(self) -> Program:
        alerts: list[watching.Alert] = []
        for statement in self._statements:
            match statement:
                case tree.Parameter():
                    self._parameter(statement)
                case tree.Let() | tree.Score():
                    self._define(statement)
                case tree.Rule():
                    self._rules.append((statement, self._rule(statement)))
                case belonging.Match():
                    self._homes.match(statement)
                case tree.Bands():
                    self._check_bands(statement)
                case tree.Test():
                    self._check_title(statement)
                case watching.Signal():
                    self._watches.signal(statement)
                case watching.Alert():
                    alerts.append(statement)
        for alert in alerts:
            self._watches.alert(alert)
        self._check_goals()
        self._homes.report_unreached()
        self._report_unused()
        self._report_shadowed()
        report_proven(self._rules, self._names.lets, self._names.scores, self._schema, self._findings)
        return self._finished()

    def _check_goals(self) -> None:
        for goal in self._statements:
            if isinstance(goal, watching.Goal):
                self._goals.goal(goal)
        self._goals.report_unsupported(verdict for _, verdict in self._rules)

    def _finished(self) -> Program:
        bands = self._bands
        return Program(
            schema=replace(self._schema, idea=(*self._schema.idea, *(slot.field for slot in self._world))),
            lets=self._names.lets,
            scores=tuple(self._names.scores.values()),
            rules=tuple(verdict for _, verdict in self._rules),
            banded=bands.score if bands else "",
            bands=tuple((step.name, step.least) for step in bands.steps) if bands else (),
            bands_place=self._findings.place(bands.span) if bands else "",
            tests=self._tests(),
            clauses=tuple(self._clauses()),
            signals=tuple(self._watches.signals.values()),
            alerts=tuple(self._watches.alerts),
            goals=tuple(self._goals.targets),
            homes=self._homes.homes,
            across=tuple(self._names.across),
            world=self._world,
        )

    def _clauses(self) -> Iterator[tuple[str, str, Term]]:
        lets = {s.value.span: s for s in self._statements if isinstance(s, tree.Let)}
        for span, term in sorted((self._checker.clauses | self._watches.clauses | self._named(lets)).items()):
            named = f"let {lets[span].name}" if span in lets else self._findings.text(span)
            yield self._findings.place(span), named, term

    def _named(self, lets: Mapping[Span, tree.Let]) -> dict[Span, Term]:
        """The conditions that lets name."""
        terms = {span: self._names.lets[let.name].term for span, let in lets.items()}
        return {span: term for span, term in terms.items() if term.kind is Kind.BOOL}

    def _define(self, node: tree.Let | tree.Score) -> None:
        self._check_name(node)
        place = Place.LET if isinstance(node, tree.Let) else Place.IDEA
        term = self._checker.term(node.value, place)
        if isinstance(node, tree.Score) and term.kind not in (Kind.NUMBER, None):
            message = f"a score is a number, this is {term.kind}"
            hint = "let names a condition; a rule gives points for it"
            if term.kind is Kind.MONEY:
                hint = f"divide it by an amount: … / {priced(10_000.0, self._names.hub)}"
            self._findings.report("R212", node.value.span, message, hint)
            term = BROKEN
        definition = Definition(node.name, term, self._findings.place(node.span))
        known = self._names.lets if isinstance(node, tree.Let) else self._names.scores
        known.setdefault(node.name, definition)
        if isinstance(node, tree.Score) and self._names.reads_others(term):
            self._names.placed.add(node.name)

    def _parameter(self, node: tree.Parameter) -> None:
        self._check_name(node)
        setting = self._settings.get(node.span.file, {}).get(node.name)
        value = setting.value if setting is not None else node.value
        assert isinstance(value, tree.Literal)
        self._names.parameters.setdefault(node.name, constant(node.value.kind, value.value))

    def _check_name(self, node: tree.Let | tree.Parameter | tree.Score) -> None:
        if node.name in self._marks:
            first = self._findings.place(self._marks[node.name])
            message = f"'{node.name}' is defined twice"
            self._findings.report("R108", node.mark, message, f"the first stands at {first}")
        elif self._names.is_short(node.name):
            hint = "choose a name that says what the rules mean by it"
            self._findings.report("R110", node.mark, f"'{node.name}' is the short name of a field", hint)
        elif (
            node.name in TAKEN
            or "." in node.name
            or (not isinstance(node, tree.Score) and node.name == "priority")
        ):
            hint = "a name is one word without a point; band, now, priority, tags and urgency have a meaning"
            self._findings.report("R110", node.mark, f"'{node.name}' cannot be a name", hint)
        self._marks.setdefault(node.name, node.mark)

    def _check_title(self, node: tree.Rule | tree.Test) -> None:
        first = self._titles.setdefault((type(node), node.name), node.mark)
        if first is not node.mark:
            message = f"'{node.name}' is defined twice"
            self._findings.report(
                "R108", node.mark, message, f"the first stands at {self._findings.place(first)}"
            )

    def _rule(self, node: tree.Rule) -> Verdict:
        self._check_title(node)
        self._names.ruled = self._supported
        when = self._checker.condition(node.when, Place.IDEA)
        self._names.ruled = {}
        goals = self._goals_of(node, when)
        if not node.effects:
            hint = "give it points, a tag, a route or stop"
            self._findings.report("R307", node.mark, f"'{node.name}' does nothing", hint)
        routes = [effect for effect in node.effects if isinstance(effect, tree.Route)]
        for effect in node.effects:
            if isinstance(effect, tree.Add):
                self._check_score(effect.score, effect.mark)
        for route in routes:
            self._check_route(route)
        for route in routes[1:]:
            message = "this route never wins; the rule has routed the idea already"
            self._findings.report("R303", route.span, message, "the first route wins; leave one out")
        return Verdict(
            name=node.name,
            place=self._findings.place(node.span),
            when=when,
            additions=tuple((e.score, e.amount, e.because) for e in node.effects if isinstance(e, tree.Add)),
            tags=tuple(dict.fromkeys(e.tag for e in node.effects if isinstance(e, tree.Tag))),
            route=routes[0].destination if routes else "",
            urgency=routes[0].urgency if routes else "",
            stops=any(isinstance(e, tree.Stop) for e in node.effects),
            goals=goals,
            owner=(routes[0].person or "") if routes else "",
        )

    def _goals_of(self, node: tree.Rule, when: Term) -> tuple[str, ...]:
        """The goals that a rule lets ideas support; rules below it read its condition by the rule's name."""
        effects = [effect for effect in node.effects if isinstance(effect, tree.Supports)]
        found = tuple(dict.fromkeys(e.goal for e in effects if self._names.goal(e.goal, e.mark)))
        if found and when.kind is not None:
            name = f'rule "{node.name}"'
            self._names.lets.setdefault(name, Definition(name, when, self._findings.place(node.span)))
            held = Term("let", Kind.BOOL, (), name, when.optional, when.row, when.late)
            self._supported |= {goal: (*self._supported.get(goal, ()), held) for goal in found}
        return found

    def _check_score(self, name: str, mark: Span) -> None:
        if name not in self._scores and not self._names.is_lost(name):
            hint = suggestion(name, tuple(self._scores))
            self._findings.report("R105", mark, f"there is no score '{name}'", hint)

    def _check_route(self, node: tree.Route) -> None:
        if node.urgency and node.urgency not in URGENCIES:
            hint = suggestion(node.urgency, URGENCIES)
            self._findings.report("R112", node.pace, f"'{node.urgency}' is not an urgency", hint)
            self._findings.lost.outcomes.add("urgency")
        self._check_destination(node.destination, node.mark)
        if node.person is not None:
            self._check_person(node, node.person)

    def _check_person(self, node: tree.Route, person: str) -> None:
        connection = node.destination.partition(".")[0]
        if not person.strip() or len(person) > LONGEST_NAME:
            hint = 'write an address or a name: assign "ann@example.com"'
            self._findings.report("R233", node.whom, "nobody has this name", hint)
        elif connection in self._schema.destinations and connection not in self._schema.assigns:
            message = f"'{connection}' does not give its items to people"
            hint = "the hub shows the owner; leave it out where that is not enough"
            self._findings.report("R331", node.whom, message, hint)

    def _check_destination(self, destination: str, mark: Span) -> None:
        wrong = misrouted(destination, self._schema.destinations, self._schema.based)
        if wrong is not None:
            self._findings.report("R104", mark, *wrong)
            self._findings.lost.outcomes.add("route")

    def _check_bands(self, node: tree.Bands) -> None:
        self._check_score(node.score, node.mark)
        if self._bands is not None:
            first = self._findings.place(self._bands.span)
            hint = f"the first stands at {first}"
            self._findings.report("R210", node.mark, "a rule set has one bands block", hint)
            return
        self._bands = node
        for i, step in enumerate(node.steps):
            if step.name in [earlier.name for earlier in node.steps[:i]]:
                hint = "bands have names of their own"
                self._findings.report("R108", step.span, f"'{step.name}' is defined twice", hint)
            elif i > 0:
                self._check_step(node.steps[i - 1], step)

    def _check_step(self, before: tree.Step, step: tree.Step) -> None:
        if before.least is None:
            self._findings.report("R210", step.span, "nothing is left after 'otherwise'", "make it the last")
        elif step.least is not None and step.least >= before.least:
            message = f"'{step.name}' is never reached: {step.least:g} is not below {before.least:g}"
            self._findings.report("R210", step.span, message, "order bands from best to worst")

    def _report_unused(self) -> None:
        for node in self._statements:
            if not isinstance(node, tree.Let) or self._findings.lost.uses(node.name):
                continue
            if node.name not in self._names.used:
                hint = "use it, or leave it out"
                self._findings.report("R305", node.mark, f"nothing uses '{node.name}'", hint)

    def _report_shadowed(self) -> None:
        for i, (node, verdict) in enumerate(self._rules):
            if verdict.when.kind is None:
                continue
            for other, earlier in self._rules[:i]:
                if not (earlier.stops or earlier.route) or earlier.when.kind is None:
                    continue
                if implies(verdict.when, earlier.when, self._names.lets):
                    self._report_shadow(node, verdict, other, earlier)

    def _report_shadow(self, node: tree.Rule, verdict: Verdict, other: tree.Rule, earlier: Verdict) -> None:
        where = f"'{other.name}' at {earlier.place}"
        if earlier.stops:
            message = f"'{node.name}' is never reached: {where} stops first"
            self._findings.report("R304", node.mark, message, "move it up, or tell their conditions apart")
        elif verdict.route:
            route = next(effect for effect in node.effects if isinstance(effect, tree.Route))
            message = f"this route never wins: {where} routes first"
            self._findings.report("R303", route.span, message, "move it up, or tell their conditions apart")

    def _tests(self) -> tuple[TestCase, ...]:
        scores = tuple(dict.fromkeys(["priority", *self._names.scores]))
        checker = TestChecker(
            self._names, self._schema, scores, self._closed(), self._findings, self._watches
        )
        return tuple(checker.case(node) for node in self._statements if isinstance(node, tree.Test))

    def _closed(self) -> Mapping[str, tuple[str, ...]]:
        """What an outcome can hold."""
        verdicts = [verdict for _, verdict in self._rules]
        return {
            "tags": tuple(sorted({tag for verdict in verdicts for tag in verdict.tags})),
            "band": tuple(step.name for step in self._bands.steps) if self._bands else (),
            "route": tuple(sorted({verdict.route for verdict in verdicts if verdict.route})),
            "goals": self._names.goals,
            "owner": tuple(sorted({verdict.owner for verdict in verdicts if verdict.owner})),
            "match": tuple(home.name for home in self._homes.homes),
            "alerts": tuple(alert.name for alert in self._watches.alerts),
            "urgency": tuple(sorted({verdict.urgency for verdict in verdicts if verdict.urgency})),
        }
