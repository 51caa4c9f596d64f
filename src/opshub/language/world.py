"""What every idea reads the same: what signals came to, how goals stand. Its values stand behind an idea's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from opshub.language import tree, watching
from opshub.language.attaining import ATTAINING
from opshub.language.meaning import Term
from opshub.language.parser import children
from opshub.language.schema import Field, Kind

__all__ = ["Slot", "slots"]


class Slot(NamedTuple):
    """One value: of a ``signal`` that has this name, or what a function says of the goal that has it.

    ``period`` is how explanations name a signal's period.
    """

    quantity: str
    name: str
    period: str = ""

    @property
    def field(self) -> Field:
        """The value as a field."""
        if self.quantity == "signal":
            return Field(f"signal {self.name}", Kind.NUMBER, f"what {self.name} came to in the {self.period}")
        function = ATTAINING[self.quantity]
        return Field(f'{self.quantity}("{self.name}")', function.returns, function.doc)

    def term(self, index: int) -> Term:
        """How a rule reads it; the period is a part of the term, for explanations."""
        field = self.field
        shown = (Term("constant", Kind.TEXT, (), self.period),) if self.period else ()
        return Term("idea", field.kind, shown, (index, field.name), optional=True)


def slots(statements: Sequence[tree.Statement]) -> tuple[Slot, ...]:
    """Everything that these statements let every idea read."""
    periods: dict[str, str] = {}
    for statement in statements:
        if isinstance(statement, watching.Signal):
            periods.setdefault(statement.name, statement.period or _shared(statement, periods))
    goals = dict.fromkeys(node.name for node in statements if isinstance(node, watching.Goal))
    return (
        *(Slot("signal", name, f"last full {period}") for name, period in periods.items()),
        *(Slot(function, name) for name in goals for function in ATTAINING),
    )


def _shared(signal: watching.Signal, periods: Mapping[str, str]) -> str:
    """The period of the parts of a combined signal, which stand above it."""
    return next((periods[name] for name in _named(signal.value) if name in periods), "period")


def _named(value: object) -> Iterator[str]:
    """The names in an expression."""
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, tree.Name | tree.Reading):
            yield node.name
        stack.extend(children(node))
