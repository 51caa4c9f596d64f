"""Random rules over random data: compiled rules agree with a slow interpreter, and nothing ever fails."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.language.drawn import LETS, SIGNALS, SIGNS, conditions, files, own_conditions

from opshub.language import Checked, Kind, RuleSet, Schema, Source, belonging, tree
from opshub.language.across import ACROSS, QUANTITIES
from opshub.language.attaining import ATTAINING
from opshub.language.currencies import Money
from opshub.language.findings import Findings
from opshub.language.functions import FUNCTIONS
from opshub.language.interpreter import Interpreter as Stepwise
from opshub.language.legend import Trace
from opshub.language.lints import implies
from opshub.language.moments import added, less, ratio
from opshub.language.parser import children, parse
from opshub.language.runtime import settled
from opshub.language.whynot import why_not, why_not_taken

NOW = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("cancel", "switch to", "refund", "退款", "slow")
Check = Callable[..., Checked]
_SETTINGS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


OTHERS = (1.0, 2.0, 2.0, 5.0)
"""What other ideas have for the score that ideas are placed by."""


# --- random data -------------------------------------------------------------------------------------------------

_texts = st.one_of(
    st.lists(st.sampled_from([*WORDS, "x", "ﬁ", "，", "CANCEL", " ", "-", "\n"]), max_size=5).map(" ".join),
    st.lists(st.sampled_from([*WORDS, "x", "，"]), max_size=4).map("".join),
    st.text(max_size=10),
)
_times = st.one_of(
    st.integers(-40 * 24, 24).map(lambda hours: NOW + timedelta(hours=hours)),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from([datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]),
)
_VALUES: Mapping[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.one_of(st.sampled_from(["free", "business", "a", "b"]), _texts),
    Kind.NUMBER: st.one_of(
        st.integers(-3, 5), st.sampled_from([0.1, 0.2, 0.5, 1e300, math.nan, math.inf, 10**400])
    ),
    Kind.BOOL: st.booleans(),
    Kind.TIME: _times,
    Kind.TEXTS: st.lists(st.sampled_from("abc"), max_size=2, unique=True).map(
        lambda tags: tuple(sorted(tags))
    ),
    Kind.DURATION: st.timedeltas(),
    Kind.MONEY: st.one_of(
        st.sampled_from([Money(92.0, 100.0, "USD", "EUR"), Money(100.0, 100.0, "EUR", "EUR")]),
        st.integers(-3, 500),
        st.sampled_from([276.0, 0.1, 1e300, math.nan, math.inf, 10**400]),
    ),
}


def _row(fields: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*(st.one_of(st.none(), _VALUES[field.kind]) for field in fields))


# --- the slow interpreter ----------------------------------------------------------------------------------------


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    try:
        return float(value) if math.isfinite(float(value)) else None
    except OverflowError:
        return None


class Interpreter:
    """Walks the syntax tree for every value, keeps nothing, and shares no code with the compiler."""

    def __init__(self, text: str, schema: Schema, idea: Any, rows: Any) -> None:
        findings = Findings([Source("0.rules", text)])
        self.statements = parse(findings, schema.currencies)
        self.lets = {s.name: s.value for s in self.statements if isinstance(s, tree.Let | tree.Parameter)}
        self.scores: dict[str, float] = {"priority": 0.0}
        self.idea = {field.name: value for field, value in zip(schema.idea, idea, strict=True)}
        self.goals: set[str] | None = None
        self.rows = [{f.name: v for f, v in zip(schema.feedback, row, strict=True)} for row in rows]

    def outcome(self) -> tuple[dict[str, float], list[str], str]:
        for statement in self.statements:
            if isinstance(statement, tree.Score):
                value = _number(self.value(statement.value, None))
                self.scores[statement.name] = 0.0 if value is None else round(value, 6)
        totals, tags, route = dict(self.scores), list[str](), ""
        self.goals = set()
        for rule in self.statements:
            if not isinstance(rule, tree.Rule) or self.value(rule.when, None) is not True:
                continue
            for effect in rule.effects:
                if isinstance(effect, tree.Add):
                    totals[effect.score] = round(totals[effect.score] + effect.amount, 6)
                elif isinstance(effect, tree.Tag):
                    tags.append(effect.tag)
                elif isinstance(effect, tree.Supports):
                    self.goals.add(effect.goal)
                elif isinstance(effect, tree.Route):
                    route = route or effect.destination
            if any(isinstance(effect, tree.Stop) for effect in rule.effects):
                break
        return totals, sorted(set(tags)), route

    def home(self, row: dict[str, Any]) -> belonging.Match | None:
        blocks = [statement for statement in self.statements if isinstance(statement, belonging.Match)]
        return next((block for block in blocks if self.value(block.when, row) is True), None)

    @staticmethod
    def band(priority: float) -> str:
        return "A" if priority >= 3 else "B" if priority >= -0.2 else "C"

    def name(self, name: str, row: dict[str, Any] | None) -> Any:
        if name in self.lets:
            return self.value(self.lets[name], row)
        if name in self.scores:
            return self.scores[name]
        if name in self.idea:
            return self.idea[name]
        assert row is not None
        return row[next(full for full in row if full == name or full.endswith(f".{name}"))]

    def value(self, node: Any, row: dict[str, Any] | None) -> Any:
        match node:
            case tree.Literal():
                return node.value
            case tree.Name():
                return self.name(node.name, row)
            case tree.Reading():
                return self.idea[f"signal {node.name}"]
            case tree.Negation():
                return self.value(node.operand, row) is not True
            case tree.Junction():
                return (all if node.word == "and" else any)(self.value(o, row) is True for o in node.operands)
            case tree.Comparison():
                left, right = self.value(node.left, row), self.value(node.right, row)
                return left is not None and right is not None and SIGNS[node.sign](left, right)
            case tree.Member():
                return self.value(node.value, row) in [item.value for item in node.items.items]
            case tree.Contains() if row is None and self.goals is not None and _asks_goals(node):
                return self.value(node.item, row) in {*(self.idea["idea.goals"] or ()), *self.goals}
            case tree.ContainsList() if row is None and self.goals is not None and _asks_goals(node):
                known = {*(self.idea["idea.goals"] or ()), *self.goals}
                return (any if node.verb == "any" else all)(item.value in known for item in node.items.items)
            case tree.Contains():
                return self.value(node.item, row) in (self.value(node.value, row) or ())
            case tree.ContainsList():
                there = self.value(node.value, row) or ()
                return (any if node.verb == "any" else all)(item.value in there for item in node.items.items)
            case tree.Matches():
                text = self.value(node.value, row)
                return text is not None and re.search(node.pattern, text) is not None
            case tree.Mentions():
                return self.mentions(self.value(node.value, row), [str(w.value) for w in node.words.items])
            case tree.Missing():
                return (self.value(node.value, row) is None) is not node.negated
            case tree.Negative():
                operand = _number(self.value(node.operand, row))
                return None if operand is None else -operand
            case tree.Arithmetic():
                return self.arithmetic(node, row)
            case tree.Call() if (
                row is None and node.function in ("min", "max") and self.rowwise(node.arguments)
            ):
                return self.gather(tree.Gather(node.span, node.function, "feedback", node.arguments[0], None))
            case tree.Call() if node.function in ATTAINING:
                goal = cast(tree.Literal, node.arguments[0]).value
                return self.idea[f'{node.function}("{goal}")']
            case tree.Call():
                return self.call(node, row)
        return self.gather(node)

    def mentions(self, text: str | None, words: list[str]) -> bool:
        import unicodedata

        if text is None:
            return False
        folded = " ".join(
            unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split()
        )
        letter = "[^\\W_\u2e80-\ua4cf]"
        patterns = [w if w == "退款" else f"(?<!{letter}){re.escape(w)}(?!{letter})" for w in words]
        return any(re.search(pattern, folded) for pattern in patterns)

    def arithmetic(self, node: tree.Arithmetic, row: dict[str, Any] | None) -> Any:
        left, right = (_stored(part, self.value(part, row)) for part in (node.left, node.right))
        if isinstance(left, datetime | timedelta) and right is not None:
            return {"+": added, "-": less, "/": ratio}[node.sign](left, right)
        if left is None or right is None or (node.sign == "/" and right == 0):
            return None
        operators = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}
        return float(operators[node.sign](left, right))

    def call(self, node: tree.Call, row: dict[str, Any] | None) -> Any:
        if node.function in ACROSS:
            own = self.scores[cast(tree.Name, node.arguments[0]).name]
            return QUANTITIES[node.function](own, sorted([own, *OTHERS]))
        arguments = [_stored(a, self.value(a, row)) for a in node.arguments]
        if FUNCTIONS[node.function].clock and None not in arguments:
            return FUNCTIONS[node.function].body(NOW, *arguments)
        return None if None in arguments else FUNCTIONS[node.function].body(*arguments)

    def gather(self, node: tree.Gather) -> Any:
        window = cast(timedelta, node.window.value) if node.window else None
        rows = [
            row
            for row in self.rows
            if window is None or ((written := row["feedback.created"]) and written > NOW - window)
        ]
        found = [row for row in rows if node.where is None or self.value(node.where, row) is True]
        key = {"accounts": "account.id", "persons": "author.id"}.get(node.over)
        count, whole = (
            len(part) if key is None else len({row[key] for row in part} - {None}) for part in (found, rows)
        )
        if node.verb in ("any", "no", "all"):
            return {"any": count > 0, "no": count == 0, "all": 0 < count == whole}[node.verb]
        if node.verb == "share":
            return count / whole if whole else None
        if node.verb == "count":
            return count
        values = self.values(found, node.value, key)
        if node.verb == "sum":
            return _sum(values)
        if not values:
            return None
        takes: Mapping[str, Callable[[Any], Any]] = {
            "mean": lambda v: _sum(v) / len(v),
            "median": _median,
            "min": min,
            "max": max,
        }
        return takes[node.verb](values)

    def rowwise(self, arguments: tuple[Any, ...]) -> bool:
        """Whether one value of feedback is asked for where there is no piece of feedback."""
        return len(arguments) == 1 and self.reads_row(arguments[0])

    @staticmethod
    def gathers(node: Any) -> bool:
        """With one argument these gather where that reads feedback; with more they are functions of a row."""
        return isinstance(node, tree.Call) and node.function in ("min", "max") and len(node.arguments) == 1

    def reads_row(self, node: Any) -> bool:
        if isinstance(node, tree.Name):
            if node.name in self.lets:
                return self.reads_row(self.lets[node.name])
            return node.name not in self.scores and node.name not in self.idea
        if isinstance(node, tree.Gather) or self.gathers(node):
            return False
        return any(self.reads_row(child) for child in children(node))

    def values(self, found: list[dict[str, Any]], value: Any, key: str | None) -> list[Any]:
        pairs = [(None if key is None else row[key], _number(self.value(value, row))) for row in found]
        if key is None:
            return [value for _, value in pairs if value is not None]
        keys = {who for who, value in pairs if who is not None and value is not None}
        return [max(value for who, value in pairs if who == one and value is not None) for one in keys]


def _asks_goals(node: Any) -> bool:
    return isinstance(node.value, tree.Name) and node.value.name == "idea.goals"


def _sum(values: list[float]) -> float:
    try:
        return math.fsum(values)
    except OverflowError:
        return math.inf


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = [ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]]
    return middle[0] if len(ordered) % 2 else _sum(middle) / 2


def _attains(node: Any) -> bool:
    return isinstance(node, tree.Call) and node.function in ATTAINING


def _stored(node: Any, value: Any) -> Any:
    return _number(value) if isinstance(node, tree.Name | tree.Reading) or _attains(node) else value


# --- the properties ----------------------------------------------------------------------------------------------


def _among_others(rules: RuleSet, idea: Any, rows: Any) -> Any:
    """An idea's values with its place among the others."""
    return rules.completed(idea, rows, NOW, {"base": OTHERS})


@_SETTINGS
@given(text=files(), data=st.data())
def test_compiled_rules_say_what_the_slow_interpreter_says(
    text: str, data: st.DataObject, checked: Check, schema: Schema
) -> None:
    found = checked(text)
    assert found.rules is not None, "\n".join(d.render() for d in found.diagnostics)
    whole = found.rules.program.schema
    idea = data.draw(_row(whole.idea))
    rows = data.draw(st.lists(_row(schema.feedback), max_size=4))

    outcome = found.rules.decide(_among_others(found.rules, idea, rows), rows, NOW)

    slow = Interpreter(text, whole, idea, rows)
    totals, tags, route = slow.outcome()
    assert set(outcome.goals) == slow.goals
    assert dict(outcome.scores) == totals
    assert (list(outcome.tags), outcome.route) == (tags, route)
    assert outcome.band == slow.band(totals["priority"])
    assert all(
        len(part.evidence) <= 5 and set(part.evidence) <= set(range(len(rows))) for part in outcome.parts
    )
    for name, value in outcome.scores.items():
        if abs(value) < 1e9:
            assert math.isclose(
                value, math.fsum(p.amount for p in outcome.parts if p.score == name), abs_tol=1e-5
            )


@_SETTINGS
@given(text=files(), data=st.data())
def test_compiled_match_blocks_take_what_both_slow_interpreters_say(
    text: str, data: st.DataObject, checked: Check, schema: Schema
) -> None:
    found = checked(text)
    assert found.rules is not None, "\n".join(d.render() for d in found.diagnostics)
    rows = data.draw(st.lists(_row(schema.feedback), max_size=4))
    whole = found.rules.program.schema
    slow = Interpreter(text, whole, (None,) * len(whole.idea), rows)
    stepwise = Stepwise(found.rules.program, (), rows, NOW)

    taken = [found.rules.homes.of(row) for row in rows]

    named = [None if one is None else one.home.name for one in taken]
    blocks, homes = map(slow.home, slow.rows), map(stepwise.home, range(len(rows)))
    assert named == [None if one is None else one.name for one in blocks]
    assert named == [None if one is None else one.name for one in homes]


@settings(_SETTINGS, max_examples=40)
@given(text=files(), data=st.data())
def test_nothing_changes_before_the_due_moment(
    text: str, data: st.DataObject, checked: Check, schema: Schema
) -> None:
    found = checked(text)
    assert found.rules is not None
    idea = data.draw(_row(found.rules.program.schema.idea))
    rows = data.draw(st.lists(_row(schema.feedback), max_size=4))
    outcome = found.rules.decide(idea, rows, NOW)
    last = (
        datetime(9999, 12, 31, tzinfo=UTC) if outcome.due is None else outcome.due - timedelta(microseconds=1)
    )

    between, later = (found.rules.decide(idea, rows, now) for now in (NOW + (last - NOW) / 2, last))

    assert outcome.due is None or outcome.due > NOW
    assert (between, later) == (outcome, outcome)


def _fired(rules: RuleSet, traces: tuple[Trace[int], ...]) -> list[str]:
    scores = len(rules.program.scores)
    entries = [rules.legend.entries[number] for number, _, _ in traces if number >= scores]
    return [entry.rule for entry in entries if entry.rule != "bands"]


@_SETTINGS
@given(text=files(), data=st.data())
def test_each_rule_holds_where_the_compiled_function_says_so(
    text: str, data: st.DataObject, checked: Callable[..., Checked], schema: Schema
) -> None:
    rules = checked(text).rules
    assert rules is not None
    drawn = data.draw(_row(rules.program.schema.idea))
    rows = data.draw(st.lists(_row(schema.feedback), max_size=4))
    idea = _among_others(rules, drawn, rows)

    slow = Stepwise(rules.program, idea, rows, NOW)

    outcome = rules.decide(idea, rows, NOW)
    held = list(slow.held())
    totals: dict[str, float] = {"priority": 0.0, **slow.scores()}
    for rule in held:
        for name, amount, _ in rule.additions:
            totals[name] = settled(totals[name] + amount)
    assert [rule.name for rule in held] == _fired(rules, outcome.explain())
    assert totals == dict(outcome.scores)


@_SETTINGS
@given(one=conditions, other=conditions, data=st.data())
def test_what_is_proven_of_two_conditions_holds_on_all_data(
    one: str, other: str, data: st.DataObject, rules: Callable[[str], RuleSet], schema: Schema
) -> None:
    both = f"({one}) and ({other})"
    heads = (
        f"{SIGNALS}\n"
        'let early = created < 2025-12-30\nlet angry = rating < 0.3 and text mentions ["slow"]\n'
        "let popular = idea.voices > 2\nlet pressing = idea.urgent\n"
        "score base = idea.voices\nlet double = base * 2\nlet weight = rating * 3\n"
        "let dear = account.spend >= 300 USD\n"
    )
    names = "\n".join(f'rule "{i}" {{ when {when} tag "t{i}" }}' for i, when in enumerate((one, other, both)))
    program = rules(heads + names).program
    slow = Stepwise(
        program,
        data.draw(_row(program.schema.idea)),
        data.draw(st.lists(_row(schema.feedback), max_size=3)),
        NOW,
    )

    held = [slow.judge(rule.when).holds for rule in program.rules]

    for i, later in enumerate(program.rules):
        for j, earlier in enumerate(program.rules):
            if held[i] and implies(later.when, earlier.when, program.lets):
                assert held[j]


@_SETTINGS
@given(text=files(), data=st.data())
def test_every_nearest_miss_would_have_made_the_rule_hold(
    text: str, data: st.DataObject, rules: Callable[[str], RuleSet], schema: Schema
) -> None:
    made = rules(text)
    program = made.program
    drawn = data.draw(_row(program.schema.idea))
    rows = data.draw(st.lists(_row(schema.feedback), max_size=4))
    idea = _among_others(made, drawn, rows)
    slow = Stepwise(program, idea, rows, NOW)

    for rule in program.rules:
        found = why_not(program, rule, idea, rows, NOW)

        for change in found.changes:
            changed = slow.changed({(change.clause or change.term, change.row): change.value})
            assert changed.judge(rule.when).holds


@_SETTINGS
@given(when=st.lists(own_conditions, min_size=1, max_size=3), data=st.data())
def test_every_nearest_miss_would_have_made_a_match_block_hold(
    when: list[str], data: st.DataObject, rules: Callable[[str], RuleSet], schema: Schema
) -> None:
    blocks = "\n".join(f'match "{i}" {{ when {own} to "IDEA-{i}" }}' for i, own in enumerate(when))
    program = rules(f"{LETS}\n{blocks}").program
    rows = data.draw(st.lists(_row(schema.feedback), max_size=4))
    slow = Stepwise(program, (), rows, NOW)

    for home in program.homes:
        found = why_not_taken(program, home, rows)

        assert found.holds == tuple(row for row in range(len(rows)) if slow.judge(home.when, row).holds)
        assert bool(found.clauses) is (len(found.holds) < len(rows))
        for change in found.changes:
            changed = slow.changed({(change.clause or change.term, change.row): change.value})
            assert changed.judge(home.when, found.nearest).holds
