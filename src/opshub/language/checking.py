"""From the texts of rule files to a rule set, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opshub.language.diagnostics import Diagnostic, Source
from opshub.language.ruleset import EMPTY, RuleSet
from opshub.language.schema import Schema

__all__ = ["Checked", "check"]


@dataclass(frozen=True)
class Checked:
    """The findings, errors and warnings; ``rules`` is None when there is any error."""

    rules: RuleSet | None
    diagnostics: tuple[Diagnostic, ...]


def check(sources: Sequence[Source], schema: Schema) -> Checked:
    """Check and compile all files as one rule set, in the given order."""
    return Checked(EMPTY, ())
