"""What could stand at a place of a half-typed rule file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opshub.language.across import EVERY
from opshub.language.attaining import ATTAINING
from opshub.language.diagnostics import Source
from opshub.language.functions import FUNCTIONS
from opshub.language.names import GOALS
from opshub.language.scanner import OPENING, RESERVED, STATEMENTS
from opshub.language.schema import Field, Schema
from opshub.language.statements import URGENCIES
from opshub.language.symbols import Symbol, Word, symbols, words

__all__ = ["Known", "Proposal", "propose"]

_STATEMENT = re.compile(rf"^[ \t]*(?:{OPENING})", re.M)
_OPERATORS = (
    *(
        "and",
        "or",
        "==",
        "!=",
        ">=",
        "<=",
        ">",
        "<",
        "in [",
        "contains",
        "contains any [",
        "contains all [",
        "matches",
        "mentions [",
    ),
    *("is missing", "is not missing", "where"),
)
_COMPARED = frozenset({"==", "!=", "contains"})
_EFFECTS = ("tag", "supports", "route to", "stop", "because")
_NOUNS = frozenset({"feedback", "account", "accounts", "person", "persons"})
_OUTCOME = ("band", "tags", "route", "urgency", "goals", "owner", "match")


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that could be typed, to replace the text from ``start``.

    ``kind`` is ``keyword``, ``field``, ``value``, ``function``, ``let``, ``score`` or ``destination``.
    """

    label: str
    kind: str
    start: int
    detail: str = ""
    doc: str = ""


@dataclass(frozen=True)
class Known:
    """The names of a rule set, as far as its files can be read."""

    schema: Schema
    symbols: Sequence[Symbol]
    tags: tuple[str, ...]

    @staticmethod
    def of(schema: Schema, sources: Sequence[Source]) -> Known:
        """What these files define over this schema."""
        tags = {tag for source in sources for tag in re.findall(r'\btag[ \t]+"([^"\\\n]+)"', source.text)}
        return Known(schema, symbols(sources), tuple(sorted(tags)))

    def named(self, *kinds: str) -> list[Symbol]:
        """The symbols of some statements."""
        return [symbol for symbol in self.symbols if symbol.word in kinds and symbol.name]

    def fields(self) -> list[Field]:
        """All fields."""
        return [*self.schema.idea, *self.schema.feedback]

    def short(self, field: Field) -> str:
        """The shortest name under which a field of feedback is known."""
        last = field.name.rpartition(".")[2]
        same = [other for other in self.schema.feedback if other.name.rpartition(".")[2] == last]
        return last if len(same) == 1 and field in same else field.name

    def field(self, name: str) -> Field | None:
        """A field by its full or its short name."""
        return next((field for field in self.fields() if name in (field.name, self.short(field))), None)

    def destinations(self) -> list[str]:
        """Where ideas can be routed; a connection that takes any project ends in a point."""
        return [
            place
            for connection, projects in self.schema.destinations.items()
            for place in (
                *([connection] if projects != () and connection in self.schema.based else ()),
                *([f"{connection}."] if projects is None else _places(connection, projects)),
            )
        ]


def _places(connection: str, projects: tuple[str, ...]) -> list[str]:
    return [f"{connection}.{project}" for project in projects] or [connection]


def propose(text: str, offset: int, known: Known) -> list[Proposal]:
    """What could be typed at a place; each label once."""
    begin = max((found.start() for found in _STATEMENT.finditer(text, 0, offset)), default=0)
    before = list(words(text, begin, offset))
    if before and before[-1].kind == "comment":
        return []
    last = before[-1] if before and before[-1].end == offset else None
    typed = last if last and (last.kind in ("name", "number") or not last.closed) else None
    if typed is not None:
        before.pop()
    before = [word for word in before if word.kind != "comment"]
    start = typed.start if typed else offset
    line = text[text.rfind("\n", 0, start) + 1 : start]
    found = _Place(before, start, not line.strip(), known).proposals(bool(typed and typed.kind == "text"))
    return list({proposal.label: proposal for proposal in found}.values())


class _Place:
    """One place: the words of its statement before it, and whether it begins a line."""

    def __init__(self, before: list[Word], start: int, begins: bool, known: Known) -> None:
        self._before = before
        self._texts = [word.text for word in before]
        self._start = start
        self._begins = begins
        self._known = known

    def _is(self, *last: str) -> bool:
        return tuple(self._texts[-len(last) :]) == last

    def proposals(self, quoted: bool) -> Iterator[Proposal]:
        values = self._values()
        if values is not None or quoted:
            yield from self._plain("value", [f'"{value}"' for value in values or ()])
        elif self._is("route", "to"):
            yield from self._plain("destination", self._known.destinations())
        elif self._is("to"):
            yield from self._plain("keyword", ["idea"])
        elif self._is("as"):
            yield from self._plain("value", URGENCIES)
        elif self._is("bands"):
            yield from self._scores()
        elif self._is("signal") and self._texts[0] != "signal":
            yield from self._signals()
        else:
            yield from self._general()

    def _general(self) -> Iterator[Proposal]:
        if self._depth() == 0 and self._begins:
            yield from self._plain("keyword", STATEMENTS)
        statement = self._texts[0] if self._texts else ""
        if statement in ("rule", "match") and self._is("{"):
            yield from self._plain("keyword", ["when"])
        elif statement == "rule" and self._begins and self._depth() == 1:
            yield from self._plain("keyword", _EFFECTS)
            yield from self._scores()
        elif statement == "match" and self._begins and self._depth() == 1:
            yield from self._plain("keyword", ["to"])
        if self._before and self._before[-1].kind == "number":
            yield from self._plain("value", self._known.schema.currencies.known)
        if self._after_operand():
            yield from self._plain("keyword", _OPERATORS)
        elif statement:
            yield from self._operands(statement)
        yield from self._plain("keyword", sorted(RESERVED - set(STATEMENTS)))

    def _operands(self, statement: str) -> Iterator[Proposal]:
        section = next((word for word in reversed(self._texts) if word in ("given", "expect")), "")
        if section == "given":
            for symbol in self._known.named("score"):
                doc = "The scores of the other ideas, one number for each."
                yield Proposal(f"others.{symbol.name}", "score", self._start, "numbers", doc)
            yield from self._fields(self._known.fields(), full=True)
        elif section == "expect":
            yield from self._plain("field", _OUTCOME)
            yield from self._scores()
            return
        elif self._in_feedback() or statement in ("let", "match"):
            yield from self._fields(self._known.schema.feedback)
        if statement != "match":
            yield from self._fields(self._known.schema.idea)
            yield from self._scores()
        for symbol in self._known.named("let", "parameter"):
            yield Proposal(symbol.name, "let", self._start, symbol.word, symbol.text)
        if self._texts[0] == "signal":
            yield from self._signals()
        for name, function in EVERY.items():
            if statement == "match" and (name not in FUNCTIONS or FUNCTIONS[name].clock):
                continue
            yield Proposal(name, "function", self._start, function.signature, function.doc)

    def _plain(self, kind: str, labels: Sequence[str]) -> Iterator[Proposal]:
        return (Proposal(label, kind, self._start) for label in labels)

    def _scores(self) -> Iterator[Proposal]:
        yield Proposal("priority", "score", self._start, "score")
        for symbol in self._known.named("score"):
            yield Proposal(symbol.name, "score", self._start, "score", symbol.text)

    def _signals(self) -> Iterator[Proposal]:
        for symbol in self._known.named("signal"):
            yield Proposal(symbol.name, "let", self._start, "signal", symbol.text)

    def _fields(self, fields: Sequence[Field], full: bool = False) -> Iterator[Proposal]:
        for field in fields:
            sure = "; may be missing" if field.optional else ""
            own = field.name.startswith("feedback.") and not full
            label = self._known.short(field) if own else field.name
            yield Proposal(label, "field", self._start, f"{field.kind}{sure}", field.doc)

    def _values(self) -> tuple[str, ...] | None:
        """The texts that can stand here, where those are known."""
        if self._is("tag"):
            return self._known.tags
        goals = tuple(symbol.name for symbol in self._known.named("goal"))
        if self._is("supports") or any(self._is(function, "(") for function in ATTAINING):
            return goals
        compared = self._compared()
        bands = tuple(symbol.name for symbol in self._known.named("band"))
        if "expect" in self._texts and compared in _OUTCOME:
            places = tuple(self._known.destinations())
            return {
                "band": bands,
                "tags": self._known.tags,
                "route": places,
                "urgency": URGENCIES,
                "goals": goals,
                "match": tuple(symbol.name for symbol in self._known.named("match")),
            }.get(compared, ())
        if compared == GOALS:
            return goals
        field = self._known.field(compared)
        return field.values if field and field.values else None

    def _compared(self) -> str:
        """The name that a text here would be compared with: ``name ==``, ``name in [ "a",`` and their like."""
        texts = self._texts
        if texts[-1:] and texts[-1] in (*_COMPARED, "="):
            return texts[-2] if len(texts) > 1 else ""
        if "[" not in texts or (not self._is("[") and not self._is(",")):
            return ""
        opened = len(texts) - 1 - texts[::-1].index("[")
        if "]" in texts[opened:]:
            return ""
        name = opened - (3 if texts[opened - 1] in ("any", "all") else 2)
        return texts[name] if name >= 0 else ""

    def _depth(self) -> int:
        return sum((text in "({[") - (text in ")}]") for text in self._texts)

    def _after_operand(self) -> bool:
        if not self._before:
            return False
        last = self._before[-1]
        if last.kind == "name":
            return last.text not in RESERVED or last.text in ("feedback", "accounts", "persons", "missing")
        return last.kind in ("number", "text") or last.text in (")", "]")

    def _in_feedback(self) -> bool:
        """Whether the place is in a condition on one piece of feedback."""
        inside = [False]
        for previous, text in zip(["", *self._texts], self._texts, strict=False):
            if text == "(":
                inside.append(inside[-1] or previous in _NOUNS)
            elif text == ")" and len(inside) > 1:
                inside.pop()
            elif text in ("where", "sum", "mean", "min", "max", "median"):
                inside[-1] = True
        return inside[-1]
