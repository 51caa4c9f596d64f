"""What each name of a rule set stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from enum import Enum

from opshub.language.findings import Findings, suggestion
from opshub.language.meaning import BROKEN, Definition, Term, leaves
from opshub.language.schema import Field, Kind, Schema
from opshub.language.tree import Name, Reading, Span
from opshub.language.world import Slot

__all__ = ["GOALS", "Names", "Outside", "Place"]

GOALS = "idea.goals"
"""The field that holds the goals that people let an idea support."""


class Place(Enum):
    """Where an expression stands, which decides what it may name."""

    LET = "let"
    IDEA = "idea"
    FEEDBACK = "feedback"


class Names:
    """Fields of the schema, by full and by short name, and what the rule set has defined so far."""

    def __init__(
        self, schema: Schema, findings: Findings, later: Iterable[str], world: Sequence[Slot] = ()
    ) -> None:
        self.lets: dict[str, Definition] = {}
        self.scores: dict[str, Definition] = {}
        self.parameters: dict[str, Term] = {}
        self.used: set[str] = set()
        self.across: dict[tuple[str, str], int] = {}
        self.placed: set[str] = set()
        self.hub = schema.currencies.hub
        self._own = len(schema.idea) + len(world)
        self._world = {slot[:2]: slot.term(len(schema.idea) + i) for i, slot in enumerate(world)}
        self._told = {slot.field.name: slot.field for slot in world}
        self.goals = tuple(dict.fromkeys(slot.name for slot in world if slot.quantity != "signal"))
        self.ruled: dict[str, tuple[Term, ...]] = {}
        """Within a rule: by goal, the conditions of the rules above it that let an idea support it."""
        self._findings = findings
        self._lost = findings.lost
        self._later = frozenset(later)
        self._fields: dict[str, tuple[Field, str, int]] = {}
        self._short: dict[str, list[str]] = {}
        self._know(schema)

    def _know(self, schema: Schema) -> None:
        for op, fields in (("idea", schema.idea), ("row", schema.feedback)):
            for index, field in enumerate(fields):
                self._fields[field.name] = (field, op, index)
                if op == "row" and not field.origin:
                    self._short.setdefault(field.name.rpartition(".")[2], []).append(field.name)

    def is_short(self, name: str) -> bool:
        """Whether a name is the short name of a field."""
        return name in self._short

    def is_row(self, name: str) -> bool:
        """Whether a name stands for something of one piece of feedback."""
        if name in self.lets:
            return self.lets[name].term.row
        return name in self._short or (name in self._fields and self._fields[name][1] == "row")

    def is_lost(self, name: str) -> bool:
        """Whether a statement that could not be read may have defined the name."""
        return self._lost.defines(name)

    def field(self, name: str) -> tuple[Field, str, int] | None:
        """A field by its full or unambiguous short name, with ``idea`` or ``row`` and its index."""
        full = self._short.get(name, [])
        return self._fields.get(full[0] if len(full) == 1 else name)

    def of(self, term: Term) -> Field | None:
        """The field that a term reads, through any ``let`` that only renames it."""
        while term.op == "let":
            term = self.lets[str(term.detail)].term
        if term.op not in ("idea", "row"):
            return None
        known = self._fields.get(term.field[1])
        return known[0] if known else self._told.get(term.field[1])

    def quantity(self, name: str, score: str, shown: str) -> Term:
        """A number that an idea reads of all ideas: it comes behind the idea's own values."""
        index = self._own + self.across.setdefault((name, score), len(self.across))
        return Term("idea", Kind.NUMBER, (), (index, shown), late=True)

    def score(self, name: str) -> Term:
        """What a score came to by its line."""
        return Term("score", Kind.NUMBER, (), name, late=True)

    def reads_others(self, term: Term) -> bool:
        """Whether a term depends on other ideas, through scores too."""
        return any(
            (leaf.op == "idea" and leaf.field[0] >= self._own)
            or (leaf.op == "score" and leaf.detail in self.placed)
            for leaf in leaves(term, self.lets)
        )

    def resolve(self, node: Name, place: Place) -> Term:
        """What a name means at a place; a mistake is reported and means nothing."""
        term = self._defined(node) or self._field_term(node)
        if term is None:
            self._report_unknown(node)
            return BROKEN
        if place is Place.IDEA and term.row:
            self._report_row(node, term)
            return BROKEN
        if place is Place.FEEDBACK and term.late:
            message = f"'{node.name}' is known only when all feedback has been read"
            hint = "inside of feedback there are its own fields and those of the idea"
            self._findings.report("R209", node.span, message, hint)
            return BROKEN
        return term

    def reading(self, node: Reading) -> Term:
        """What a signal came to; a wrong name is reported."""
        found = self._world.get(("signal", node.name))
        if found is None and not self.is_lost(node.name):
            hint = suggestion(node.name, [name for quantity, name in self._world if quantity == "signal"])
            self._findings.report("R120", node.mark, f"there is no signal '{node.name}'", hint)
        return found or BROKEN

    def goal(self, title: str, mark: Span) -> bool:
        """Whether there is a goal of that title; a wrong one is reported."""
        if title not in self.goals and not self.is_lost(title):
            hint = suggestion(title, self.goals) or 'write one: goal "…" { signal … reach … by … }'
            self._findings.report("R130", mark, f"there is no goal '{title}'", hint)
        return title in self.goals

    def attaining(self, function: str, title: str, mark: Span) -> Term:
        """How a goal stands; a wrong title is reported."""
        return self._world[function, title] if self.goal(title, mark) else BROKEN

    def _defined(self, node: Name) -> Term | None:
        if node.name in self.parameters:
            return self.parameters[node.name]
        if node.name in self.lets:
            self.used.add(node.name)
            term = self.lets[node.name].term
            if term.kind is None:
                return BROKEN
            return Term("let", term.kind, (), node.name, term.optional, term.row, term.late)
        if node.name in self.scores or (node.name == "priority" and "priority" not in self._later):
            return self.score(node.name)
        return None

    def _field_term(self, node: Name) -> Term | None:
        full = self._short.get(node.name, [])
        if len(full) > 1:
            hint = f"write {', '.join(full[:-1])} or {full[-1]}"
            self._findings.report("R107", node.span, f"'{node.name}' could be more than one field", hint)
            return BROKEN
        found = self.field(node.name)
        if found is None:
            return None
        field, op, index = found
        return Term(op, field.kind, (), (index, field.name), optional=True, row=op == "row")

    def _report_unknown(self, node: Name) -> None:
        if node.name in self._later:
            hint = "move its line up; files are read in the order of their names"
            self._findings.report("R109", node.span, f"'{node.name}' is used before it is defined", hint)
        elif not self._lost.defines(node.name):
            known = [*self._fields, *(s for s, full in self._short.items() if len(full) == 1)]
            hint = self._declared_hint(node.name) or suggestion(
                node.name, [*known, *self.lets, *self.scores, *self.parameters]
            )
            hint = hint or self._idea_hint(node.name)
            self._findings.report("R101", node.span, f"there is no '{node.name}'", hint)

    def _declared_hint(self, name: str) -> str:
        """Fields that an admin declared are read by their full names; one that nobody declared says how."""
        of, _, own = name.partition(".fields.")
        own_fields = [key for key, (field, _, _) in self._fields.items() if field.origin]
        if own and not get_close_matches(
            name, [key for key in own_fields if key.startswith(f"{of}.")], 1, 0.8
        ):
            role = ' that has as = "ideas"' if of == "idea" else ""
            return f"declare it: [connections.NAME.fields.{own}] in opshub.toml, NAME a connection{role}"
        full = [
            key for key, (field, _, _) in self._fields.items() if field.origin and key.endswith(f".{name}")
        ]
        return f"did you mean '{full[0]}'?" if full else ""

    def _idea_hint(self, name: str) -> str:
        if f"idea.{name}" in self._fields:
            return f"did you mean 'idea.{name}'?"
        return "'rules fields' lists all fields"

    def _report_row(self, node: Name, term: Term) -> None:
        hint = "say which: any feedback (…), no feedback (…), count feedback where …"
        if f"idea.{node.name}" in self._fields:
            hint = f"did you mean 'idea.{node.name}'? Otherwise {hint}"
        elif term.kind in (Kind.NUMBER, Kind.MONEY, Kind.TIME):
            hint += f", max {node.name}"
        self._findings.report("R208", node.span, f"'{node.name}' belongs to one piece of feedback", hint)


class Outside:
    """The names that a test's ``expect`` can use: what the rules said."""

    _CODES: Mapping[str, str] = {
        "tags": "R106",
        "band": "R111",
        "route": "R104",
        "urgency": "R112",
        "alerts": "R122",
        "goals": "R130",
        "owner": "R132",
        "match": "R344",
    }

    def __init__(
        self, scores: Sequence[str], closed: Mapping[str, tuple[str, ...]], findings: Findings
    ) -> None:
        kinds = {"tags": Kind.TEXTS, "band": Kind.TEXT, "route": Kind.TEXT, "urgency": Kind.TEXT}
        kinds |= {"alerts": Kind.TEXTS, "goals": Kind.TEXTS, "owner": Kind.TEXT, "match": Kind.TEXT}
        self._fields = [Field(name, Kind.NUMBER, "", optional=False) for name in scores]
        self._fields += [Field(name, kind, "", False, closed.get(name, ())) for name, kind in kinds.items()]
        self._findings = findings

    def of(self, term: Term) -> Field | None:
        """The outcome's value that a term reads."""
        return self._fields[term.field[0]] if term.op == "idea" else None

    def is_open(self, term: Term, value: str) -> bool:
        """Whether the value may come from something that was not understood."""
        field = self.of(term)
        lost = self._findings.lost
        return lost.says(value) or (field is not None and field.name in lost.outcomes)

    def code(self, term: Term) -> str:
        """The code for a text that this value never has."""
        field = self.of(term)
        return self._CODES.get(field.name, "R102") if field else "R102"

    def reading(self, node: Reading) -> Term:
        """No signal is part of an outcome."""
        hint = "expect what the rules say of the idea; given sets a signal"
        self._findings.report("R209", node.span, "a signal cannot stand in a test's expect", hint)
        return BROKEN

    def resolve(self, node: Name, place: Place) -> Term:
        """What a name means in ``expect``."""
        for index, field in enumerate(self._fields):
            if field.name == node.name:
                return Term("idea", field.kind, (), (index, field.name), optional=True)
        if self._findings.lost.defines(node.name):
            return BROKEN
        hint = suggestion(node.name, [field.name for field in self._fields])
        self._findings.report("R101", node.span, f"an outcome has no '{node.name}'", hint)
        return BROKEN


def report_closed(findings: Findings, code: str, span: Span, value: str, field: Field) -> None:
    """Say that a text is never a value of a field with a closed set."""
    listed = f"it is one of {', '.join(field.values[:8])}" if field.values else "no rule gives any"
    hint = suggestion(value, field.values)
    message = f"'{value}' is never a value of {field.name}; {listed}"
    rest = "write one of these" if field.values else "let a rule give it, or leave it out"
    findings.report(code, span, message, hint if "did you" in hint else rest)
