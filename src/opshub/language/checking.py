"""From the texts of rule files to a rule set, or to everything that is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from opshub.language.deferred import fingerprint, used
from opshub.language.diagnostics import Diagnostic, Source
from opshub.language.ruleset import RuleSet
from opshub.language.schema import Schema

__all__ = ["Checked", "check"]


@dataclass(frozen=True)
class Checked:
    """The findings, errors and warnings, by file and line; ``rules`` is None when there is any error."""

    rules: RuleSet | None
    diagnostics: tuple[Diagnostic, ...]


def check(sources: Sequence[Source], schema: Schema) -> Checked:
    """Check all files as one rule set, in the given order, and compile them where there is no error."""
    from opshub.language.findings import Findings
    from opshub.language.packs import arrange
    from opshub.language.parser import parse
    from opshub.language.statements import build

    findings = Findings([*sources, *used(sources, schema.packs)])
    statements = parse(findings, schema.currencies)
    arranged = arrange(statements, findings, len(sources), schema.packs)
    program = build(arranged.statements, schema, findings, arranged.settings)
    found = findings.all()
    if any(diagnostic.severity == "error" for diagnostic in found):
        return Checked(None, found)
    return Checked(RuleSet(program, fingerprint(sources, schema)), found)
