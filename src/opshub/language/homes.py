"""The match blocks of a rule set at work: which idea a piece of feedback belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from opshub.language.meaning import Home, Program, distinct, leaves
from opshub.language.predicates import Predicates
from opshub.language.stories import Story, tell_row

__all__ = ["Belonging", "Homes"]


class Belonging(NamedTuple):
    """A match block that holds for a piece of feedback, with the values that decided, by name."""

    home: Home
    saw: Mapping[str, object]


class Homes:
    """``hash`` changes whenever a match block could say something else; it is empty where there is none.

    ``reads`` are the full names of the fields that the blocks need.
    """

    def __init__(self, program: Program, reads: frozenset[str]) -> None:
        self.all = program.homes
        self.reads = reads
        self._program = program

    @cached_property
    def hash(self) -> str:
        """The name of what the blocks say."""
        if not self.all:
            return ""
        lets = self._program.lets
        told = repr([(h.name, h.place, h.idea, h.begins, [*leaves(h.when, lets)]) for h in self.all])
        return hashlib.blake2b(told.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    @cached_property
    def predicates(self) -> Predicates:
        """What the blocks look for in texts."""
        reached = distinct([home.when for home in self.all], self._program.lets)
        return Predicates.of(reached, self._program)

    def of(self, row: Sequence[Any]) -> Belonging | None:
        """The first block that holds for a row of values, in the order of the schema."""
        if not self.all:
            return None
        row = row[: self.predicates.width]
        if self.predicates.names:
            row = (*row, self.predicates.facts(row))
        number = self._choose(row)
        if number is None:
            return None
        story = self._stories[number]
        names = [name for name, _ in (*story.fields, *story.words)]
        values = zip(names, story.saw((), [row], (0,)), strict=True)
        return Belonging(self.all[number], {name: value for name, value in values if value is not None})

    @cached_property
    def _choose(self) -> Callable[[Sequence[Any]], int | None]:
        from opshub.language.compiler import compile_choice

        return compile_choice(self._program)

    @cached_property
    def _stories(self) -> list[Story]:
        return [tell_row(home.when, self._program.lets) for home in self.all]
